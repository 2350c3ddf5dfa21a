"""Faults, many times over: what is counted afterwards in the database, and a table of it."""
