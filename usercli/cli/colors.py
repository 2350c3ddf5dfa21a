"""Colours, on a terminal alone: none in a pipe, with NO_COLOR or --no-color, or where TERM is dumb."""

from __future__ import annotations

import os
from typing import Any

BOLD, RED, GREEN, YELLOW = "1", "31", "32", "33"
NO_COLOR = "--no-color"

_STARTS = {"error:": RED, "warning:": YELLOW}
_refused = False


def refuse(refused: bool) -> None:
    """Whether this run was told --no-color, wherever it stands in the line."""
    global _refused
    _refused = refused


def obeys(stream: Any) -> bool:
    """Whether a stream is a terminal that knows escape sequences."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def wanted(stream: Any) -> bool:
    """Whether what goes there may have colours."""
    return not _refused and not os.environ.get("NO_COLOR") and obeys(stream)


def painted(text: str, code: str) -> str:
    """A text in a colour."""
    return f"\x1b[{code}m{text}\x1b[0m"


def message(text: str) -> str:
    """A line with the word that says its kind in colour."""
    for start, code in _STARTS.items():
        if text.startswith(start):
            return painted(start, code) + text[len(start) :]
    return text
