"""Checks of input text. `what` names the field in the error message."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from usercli.errors import InvalidInput
from usercli.text import escape_character, visible

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")  # C0, DEL, C1
_SURROGATE = re.compile("[\ud800-\udfff]")

#: What may be asked of either database, and one more.
LARGEST_COUNT = 2**63 - 2

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
        raise InvalidInput(f"{what} contains a NUL character")
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


# A key ends with a quote and a colon, perhaps with blanks between them.
_KEY_END = re.compile(r'"[ \t\r\n]*:')
_KEY_ENDS = ('":', '" ', '"\t', '"\r', '"\n')


def refuse_constant(constant: str) -> NoReturn:
    """Raise InvalidInput: NaN, Infinity and -Infinity are no JSON."""
    raise InvalidInput(f"not valid JSON: {constant} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidInput(f"the key {visible(key[:50])} appears twice")
        found[key] = value
    return found


#: A decoder that refuses NaN and Infinity, and one that refuses duplicate keys, too: it takes half as long again.
JSON_DECODER = json.JSONDecoder(parse_constant=refuse_constant)
_STRICT_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=refuse_constant)


def read_json(text: str, mistake: str = "") -> Any:
    """The JSON value. Raises InvalidInput with `mistake` and the reason.

    Reasons: no JSON, a duplicate key, NaN, a number that is too long, nested too deep.
    """
    prefix = f"{mistake}: " if mistake else ""
    try:
        value = JSON_DECODER.decode(text)
        require_single_keys(text, value)
    except json.JSONDecodeError as error:
        raise InvalidInput(mistake or f"not valid JSON: {error.msg}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{prefix}{error.message}") from None
    except ValueError:  # Python limits the digits of an integer
        raise InvalidInput(f"{prefix}a number is too long") from None
    except RecursionError:
        raise InvalidInput(f"{prefix}nested too deep") from None
    return value


def require_single_keys(text: str, value: Any) -> None:
    """Raise InvalidInput if an object of the JSON `text` has a key twice; `value` is what it was decoded to."""
    if not isinstance(value, dict | list):
        return
    keys = _count_keys(value)
    # counted from above, since nearly every text has none twice: a match inside a text only costs time
    if sum(map(text.count, _KEY_ENDS)) > keys and len(_KEY_END.findall(text)) > keys:
        _STRICT_DECODER.decode(text)


def _count_keys(value: Any) -> int:
    """The keys of an object and of the objects inside."""
    inner = value.values() if isinstance(value, dict) else value
    count = len(value) if isinstance(value, dict) else 0
    for item in inner:
        if type(item) is dict or type(item) is list:
            count += _count_keys(item)
    return count


def require_limit(value: int | None) -> int | None:
    """The length of a page, which has something on it. Raises InvalidInput."""
    if value is not None and not (isinstance(value, int) and 1 <= value <= LARGEST_COUNT):
        raise InvalidInput(f"limit must be from 1 to {LARGEST_COUNT}")
    return value


def require_count(value: int | None, what: str) -> int | None:
    """The number of things, if there may be so many. Raises InvalidInput."""
    if value is not None and not 0 <= value <= LARGEST_COUNT:
        raise InvalidInput(f"{what} must be from 0 to {LARGEST_COUNT}")
    return value
