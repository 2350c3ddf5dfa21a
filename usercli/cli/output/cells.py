"""A value as one cell of the output, before any escape."""

from __future__ import annotations

from typing import Any

from usercli.text import json_line

_CELLS = {None: "", True: "true", False: "false"}


def cell_text(value: Any) -> str:
    """A value as TSV, CSV and tables show it, before any escape."""
    if value is None or value is True or value is False:
        return _CELLS[value]
    if isinstance(value, list | tuple) and not any(isinstance(item, dict) for item in value):
        return ";".join(str(item) for item in value)
    if isinstance(value, dict | list | tuple):
        return json_line(value) if value else "{}"
    return str(value)
