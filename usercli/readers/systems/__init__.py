"""Readers of the files that other systems export."""
