"""The chain of the audit log, byte for byte as docs/audit.md describes it. Pure functions, no database.

body_hash = SHA-256 of the body's canonical JSON (RFC 8785)
hash      = SHA-256 of prev_hash, seq, at and body_hash, a line each
"""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any

#: prev_hash of the first event.
GENESIS = "0" * 64

_ENCODE = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode

_CONSTANTS = {None: "null", True: "true", False: "false"}

#: Unequal values of one of these types are different in JSON as well; equal ones may be.
_COMPARABLE = frozenset({dict, str, bool})

#: What the body holds, besides the hash of the personal values.
BODY_FIELDS = (
    "action",
    "after",
    "before",
    "change_id",
    "db_role",
    "outcome",
    "personal_hash",
    "target_id",
    "target_kind",
    "tool",
    "undoes",
)

#: Of marshal, that in which equal values, with equal types and in the same order, are equal bytes.
_MARSHAL_VERSION = 2


def canonical(value: Any) -> str:
    """Canonical JSON (RFC 8785) of text, booleans, null, integers below 2^53, and what is built of them.

    Keys must be ASCII: there Python's order by code point is the order by UTF-16 that the RFC wants.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:  # by hand: making an encoder costs more than most objects
        members = [
            f"{encode_basestring(key)}:{encode_basestring(item) if type(item) is str else canonical(item)}"
            for key, item in sorted(value.items())
        ]
        return "{" + ",".join(members) + "}"
    if kind is list:
        return "[" + ",".join([canonical(item) for item in value]) + "]"
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    if kind is int:
        return str(value)
    return _ENCODE(value)


def differs_as_json(one: Any, other: Any) -> bool:
    """The two are different values in JSON; to Python 1 and true are equal."""
    if type(one) is type(other) and type(one) in _COMPARABLE and one != other:
        return True
    are_objects = type(one) is dict and type(other) is dict
    if are_objects and marshal.dumps(one, _MARSHAL_VERSION) == marshal.dumps(other, _MARSHAL_VERSION):
        return False  # as most are: a fifth of the time
    return canonical(one) != canonical(other)


def personal_hash(salt: str, personal: str) -> str:
    """What stays in the chain of the erasable values: SHA-256 of the salt's bytes and the text's."""
    return hashlib.sha256(bytes.fromhex(salt) + personal.encode()).hexdigest()


def body_hash(event: Mapping[str, Any]) -> str:
    """The hash of everything that an event says, without its place in the log."""
    body = {name: _to_json(event[name]) for name in BODY_FIELDS}
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def link_hash(prev_hash: str, seq: int, at: datetime, body: str) -> str:
    """The hash that ties an event to its place: to the one before, its number and its time."""
    return hashlib.sha256(f"{prev_hash}\n{seq}\n{stamp(at)}\n{body}\n".encode()).hexdigest()


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, always with six digits of a second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _to_json(value: Any) -> Any:
    return value if value is None or isinstance(value, str | dict) else str(value)
