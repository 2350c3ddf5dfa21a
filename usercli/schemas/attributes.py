"""What attributes may hold: JSON that both databases keep."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from usercli.errors import InvalidInput
from usercli.hash_chain import differs_as_json
from usercli.text import visible
from usercli.validation import require_json_texts

ATTRIBUTES_BYTES = 65_536
ATTRIBUTES_DEPTH = 100  # SQLite reads no JSON beyond 1000 levels
_WRITTEN_WITH_EXPONENT = 1e16  # and without a fraction
_json_text = json.JSONEncoder(ensure_ascii=False).encode


def check_attributes(value: dict[str, Any]) -> dict[str, Any]:
    """The attributes, if both databases can hold them. Raises InvalidInput."""
    _require_storable(value)
    if any(not key for key in value):
        raise InvalidInput("an attribute has no name")
    if len(_json_text(value).encode()) > ATTRIBUTES_BYTES:
        raise InvalidInput(f"the attributes are longer than {ATTRIBUTES_BYTES} bytes of JSON")
    return value


def stored_attributes(value: dict[str, Any]) -> dict[str, Any]:
    """The attributes, checked, their numbers as both databases give them back. Raises InvalidInput."""
    _require_storable(value)
    for name, item in value.items():
        _require_json(item, name)
    found = as_stored(value)
    require_json_texts(found, "an attribute")
    return check_attributes(found)


def _require_storable(value: Any, depth: int = 0) -> None:
    """Python reads NaN and any depth as JSON; neither database does."""
    if depth > ATTRIBUTES_DEPTH:
        raise InvalidInput(f"an attribute is nested deeper than {ATTRIBUTES_DEPTH} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput("an attribute is not a JSON number (NaN or infinity)")
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            _require_storable(item, depth + 1)


def _require_json(value: Any, name: str) -> None:
    """A program may give a value of the attribute of that name for which JSON has no form. Raises InvalidInput."""
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        parts = list(value.values())
    elif isinstance(value, list | tuple):
        parts = list(value)
    elif value is None or isinstance(value, str | int | float):
        return
    else:
        kind = "keys that are no texts" if isinstance(value, dict) else type(value).__name__
        raise InvalidInput(f"the attribute {visible(name)} is no JSON value ({kind})")
    for part in parts:
        _require_json(part, name)


def as_stored(value: Any) -> Any:
    """The value with its numbers as both databases give them back: what is stored is the same once it is read."""
    if isinstance(value, dict):
        return {key: as_stored(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_stored(item) for item in value]
    return _stored_number(value) if isinstance(value, float) else value


def differ_once_stored(one: Any, other: Any) -> bool:
    """The two are different values in JSON, also once they are stored."""
    return differs_as_json(one, other) and differs_as_json(as_stored(one), as_stored(other))


def _stored_number(value: float) -> float | int:
    """For PostgreSQL 1e22 is a whole number, and there is no -0.0: a change would seem to be another one."""
    if value == 0:
        return 0.0
    return int(Decimal(repr(value))) if abs(value) >= _WRITTEN_WITH_EXPONENT else value
