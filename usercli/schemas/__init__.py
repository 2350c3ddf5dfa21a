"""Pydantic models: what may come in, and what goes out."""
