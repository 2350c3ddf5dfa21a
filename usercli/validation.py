"""Checks of input text. `what` names the field in the error message."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from usercli.errors import InvalidInput
from usercli.text import escape_character

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")  # C0, DEL, C1
_SURROGATE = re.compile("[\ud800-\udfff]")

#: What a cell of a table may say for true and false, in lower case.
BOOLEAN_WORDS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def require_printable(text: str, what: str) -> str:
    """The text. Raises InvalidInput for control characters (C0, DEL, C1) and bytes that are not UTF-8."""
    require_utf8(text, what)
    if found := _CONTROL.search(text):
        raise InvalidInput(f"{what} must not contain control characters (found {escape_character(found[0])})")
    return text


def require_storable(text: str, what: str) -> str:
    """The text. Raises InvalidInput for what no database can hold: NUL, and bytes that are not UTF-8."""
    if "\0" in text:
        raise InvalidInput(f"{what} holds a NUL character")
    return require_utf8(text, what)


def require_utf8(text: str, what: str) -> str:
    """The text. Raises InvalidInput if it was decoded from bytes that are not UTF-8."""
    if _SURROGATE.search(text):
        encoding = sys.getfilesystemencoding()
        if encoding != "utf-8":
            raise InvalidInput(
                f"{what} cannot be read in the encoding {encoding} of this locale; set LC_ALL=C.UTF-8"
            )
        raise InvalidInput(f"{what} is not valid UTF-8")
    return text


def require_json_texts(value: object, what: str, require: Callable[[str, str], str] = require_printable) -> None:
    """Apply `require` to every string of a JSON value, keys included. Raises InvalidInput."""
    if isinstance(value, str):
        require(value, what)
    elif isinstance(value, dict):
        for key, item in value.items():
            require(key, what)
            require_json_texts(item, what, require)
    elif isinstance(value, list):
        for item in value:
            require_json_texts(item, what, require)
