"""Text made safe for output: terminals, JSON, CSV; and suggestions for a misspelled word."""

from __future__ import annotations

import json
import re
from typing import Any

# C0, DEL and C1 drive terminals; bidi embeddings, overrides and isolates reorder what a person reads;
# U+2028/2029 break lines; lone surrogates cannot be encoded (Unicode TR 36, "Trojan Source" 2021).
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ENCODE_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_JSON_CONSTANTS = {None: "null", True: "true", False: "false"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: A spreadsheet takes a cell that starts so for a formula, unless ' precedes it (OWASP, CSV Injection). ' itself is
#: among them, so that the one that was put there can be removed.
FORMULA_STARTS = tuple("=+-@\t\r'")


def visible(text: str) -> str:
    """The text with everything that a terminal would obey, or a reader not see, written as an escape."""
    return _UNSAFE.sub(lambda match: _SHORT.get(match[0]) or escape_character(match[0]), text)


def escape_character(character: str) -> str:
    """`\\x1b` or `\\u202e` for a character of the basic plane."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def json_safe(encoded: str) -> str:
    """Encoded JSON text with the unsafe characters as JSON escapes; the value stays the same."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)


def json_text(value: Any) -> str:
    """Compact JSON, its keys in their own order; unsafe characters stay as they are."""
    if value is None or value is True or value is False:
        return _JSON_CONSTANTS[value]
    if not value and type(value) in {dict, list}:
        return "{}" if type(value) is dict else "[]"
    return _ENCODE_JSON(value)


def json_line(value: Any) -> str:
    """Compact JSON on one line, its keys in their own order, the unsafe characters as escapes."""
    return json_safe(json_text(value))


def csv_cell(text: str) -> str:
    """A field of a CSV line, quoted where RFC 4180 wants it."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def without_formula_guard(cell: str) -> str:
    """A CSV cell without the ' that was put before a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean: a, b` or nothing, for the end of a message."""
    from difflib import get_close_matches

    near = get_close_matches(word, known)
    return f"; did you mean: {', '.join(near)}" if near else ""
