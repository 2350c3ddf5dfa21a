"""Rules for text: what may come in, and how hostile text is shown."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable

from usercli.errors import InvalidInput

# C0, DEL and C1 drive terminals; bidi embeddings, overrides and isolates reorder what a person reads;
# U+2028/2029 break lines; lone surrogates cannot be encoded (Unicode TR 36, "Trojan Source" 2021).
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text with everything that a terminal would obey, or a reader not see, written as an escape."""
    return _UNSAFE.sub(lambda match: _SHORT.get(match[0]) or _escape(match[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def json_safe(encoded: str) -> str:
    """Encoded JSON text with the unsafe characters as JSON escapes; the value stays the same."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)


def json_line(value: object) -> str:
    """A value as compact JSON on one line, the unsafe characters as escapes."""
    return json_safe(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def csv_cell(text: str) -> str:
    """A field of a CSV line, quoted where RFC 4180 wants it."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def require_printable(text: str, what: str) -> str:
    """The text, unless it holds what no field may hold. Raises InvalidInput.

    Control characters (C0, DEL, C1, NUL among them) and bytes that are not UTF-8 are refused.
    """
    require_utf8(text, what)
    if found := _CONTROL.search(text):
        raise InvalidInput(f"{what} must not contain control characters (found {_escape(found[0])})")
    return text


def require_storable(text: str, what: str) -> str:
    """The text, unless no database can hold it: NUL, or not UTF-8. Raises InvalidInput."""
    if "\0" in text:
        raise InvalidInput(f"{what} holds a NUL character")
    return require_utf8(text, what)


def require_utf8(text: str, what: str) -> str:
    """The text, unless it was made of bytes that are not UTF-8. Raises InvalidInput."""
    if _SURROGATE.search(text):
        encoding = sys.getfilesystemencoding()
        if encoding != "utf-8":
            raise InvalidInput(
                f"{what} cannot be read in the encoding {encoding} of this locale; set LC_ALL=C.UTF-8"
            )
        raise InvalidInput(f"{what} is not valid UTF-8")
    return text


def require_json_texts(value: object, what: str, require: Callable[[str, str], str] = require_printable) -> None:
    """Every string in a JSON value, keys included, is plain text, or what else is required. Raises InvalidInput."""
    if isinstance(value, str):
        require(value, what)
    elif isinstance(value, dict):
        for key, item in value.items():
            require(key, what)
            require_json_texts(item, what, require)
    elif isinstance(value, list):
        for item in value:
            require_json_texts(item, what, require)


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean: a, b` or nothing, for the end of a message."""
    from difflib import get_close_matches

    near = get_close_matches(word, known)
    return f"; did you mean: {', '.join(near)}" if near else ""
