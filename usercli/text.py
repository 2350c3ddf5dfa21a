"""Text made safe for output: terminals, JSON, CSV; and suggestions for a misspelled word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

# C0, DEL and C1 drive terminals; bidi marks, embeddings, overrides and isolates reorder what a person reads; all
# else of category Cf, and the tags, hides text; U+2028/2029 break lines; lone surrogates cannot be encoded (Unicode
# TR 36, "Trojan Source" 2021). The two joiners stand apart: emoji, and names in Persian or Hindi, need them.
_JOINERS = "\u200c\u200d"
_HIDING = (
    "\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_UNSAFE = re.compile(f"[{_HIDING}]")
_UNSAFE_OR_JOINER = re.compile(f"[{_HIDING}{_JOINERS}]")
_ENCODE_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_ENCODE_ASCII = json.JSONEncoder(ensure_ascii=True).encode
_JSON_CONSTANTS = {None: "null", True: "true", False: "false"}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[^\W_]+")
_LISTED = 10
#: So many letters begin a word that is meant.
_BEGUN = 3
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: Starts of cells that spreadsheets take for formulas, unless preceded by ' (OWASP, CSV Injection). They include '
#: itself, so that the guard can be removed unambiguously.
FORMULA_STARTS = tuple("=+-@\t\r'")

#: What our TSV, which has no quotes, writes as an escape.
TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


#: Nobody who reads a page needs to know more exactly how many follow: counting ends one above.
MOST_COUNTED = 10_000


def count_of_fitting(number: int) -> str:
    """How many: `1,234`, or `more than 10,000`."""
    return f"{number:,}" if number <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"


def listed(texts: Sequence[str], separator: str = ", ") -> str:
    """The first ten, and how many follow: `a, b, c`, or ten of them and `and 5 more`."""
    more = [f"and {len(texts) - _LISTED:,} more"] if len(texts) > _LISTED else []
    return separator.join([*texts[:_LISTED], *more])


def visible(text: str, *, joiners: bool = False) -> str:
    """The text with characters that control terminals or are invisible written as escapes.

    With `joiners` U+200C and U+200D pass, as names and emoji want it; an address has none.
    """
    unsafe = _UNSAFE if joiners else _UNSAFE_OR_JOINER
    return unsafe.sub(lambda match: _SHORT.get(match[0]) or escape_character(match[0]), text)


def escape_character(character: str) -> str:
    """`\\x1b`, `\\u202e` or `\\U000e0041`."""
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def json_safe(encoded: str) -> str:
    """Encoded JSON with unsafe characters as JSON escapes; it decodes to the same value."""
    return _UNSAFE.sub(lambda match: _ENCODE_ASCII(match[0])[1:-1], encoded)


def yaml_safe(encoded: str) -> str:
    """YAML whose unsafe characters stand in double quotes, with those as escapes; it decodes to the same value."""
    return _UNSAFE.sub(lambda match: escape_character(match[0]), encoded)


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


def counted(number: int, one: str, many: str = "") -> str:
    """How many of something: `1 user`, `1,200 users`; `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def csv_cell(text: str) -> str:
    """A CSV field, quoted where RFC 4180 requires it."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def without_formula_guard(cell: str) -> str:
    """A CSV cell without the ' that guards a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


_DATABASE = re.compile(r"the (database|schema)(?= (?:is|has|lacks)\b)")


def with_database(text: str, name: str, where: str = "") -> str:
    """A sentence about a database, which it names once; `where` is what it may be called there already."""
    called = re.compile(rf"(?<![\w/.-]){re.escape(where or name)}(?![\w/-]|\.\w)")
    if name in text or called.search(text):
        return text if name in text else called.sub(lambda _: name, text, count=1)
    return _DATABASE.sub(lambda found: f"the {found[1]}{' of' * (found[1] == 'schema')} {name}", text, count=1)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean: a, b` to append to a message; empty if nothing is similar."""
    near = similar(word, known)
    return f"; did you mean: {', '.join(near)}" if near else ""


def similar(word: str, known: Iterable[str]) -> list[str]:
    """Up to three of the known words: the same but for case, - and _; else nearly the same, longer or shorter.

    `name` stands in `full_name`, `url` in `database_url`, and `prod` begins `production`.
    """
    from difflib import get_close_matches

    names = list(known)
    parts = _parts(word)
    if same := [name for name in names if parts and _parts(name) == parts]:
        return same
    begun = [name for name in names if len(word) >= _BEGUN and name.lower().startswith(word.lower())]
    around = [name for name in names if _contains(parts, _parts(name)) or _contains(_parts(name), parts)]
    return list(dict.fromkeys([*get_close_matches(word, names), *begun, *around]))[:3]


def _parts(name: str) -> list[str]:
    """`lastLogin`, `last-login` and `last_login` are two words."""
    return _WORDS.findall(_HUMP.sub("_", name).lower())


def _contains(words: list[str], some: list[str]) -> bool:
    return bool(some) and any(words[at : at + len(some)] == some for at in range(len(words)))
