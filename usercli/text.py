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

#: Starts of cells that spreadsheets take for formulas, unless preceded by ' (OWASP, CSV Injection). They include '
#: itself, so that the guard can be removed unambiguously.
FORMULA_STARTS = tuple("=+-@\t\r'")


def visible(text: str) -> str:
    """The text with characters that control terminals or are invisible written as escapes."""
    return _UNSAFE.sub(lambda match: _SHORT.get(match[0]) or escape_character(match[0]), text)


def escape_character(character: str) -> str:
    """`\\x1b` or `\\u202e`, for a character below U+10000."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def json_safe(encoded: str) -> str:
    """Encoded JSON with unsafe characters as JSON escapes; it decodes to the same value."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)


def json_text(value: Any) -> str:
    """Compact JSON, keys in insertion order; unsafe characters are not escaped."""
    if value is None or value is True or value is False:
        return _JSON_CONSTANTS[value]
    if not value and type(value) in {dict, list}:
        return "{}" if type(value) is dict else "[]"
    return _ENCODE_JSON(value)


def json_line(value: Any) -> str:
    """Compact JSON on one line, keys in insertion order, unsafe characters escaped."""
    return json_safe(json_text(value))


def csv_cell(text: str) -> str:
    """A CSV field, quoted where RFC 4180 requires it."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def without_formula_guard(cell: str) -> str:
    """A CSV cell without the ' that guards a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean: a, b` to append to a message; empty if nothing is similar."""
    from difflib import get_close_matches

    near = get_close_matches(word, known)
    return f"; did you mean: {', '.join(near)}" if near else ""
