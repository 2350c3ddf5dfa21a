"""Events of one change: drafts that wait for the commit, and the rows that are made of them.

What is hashed here is what `usercli.chain` defines; the JSON is put together by hand, because an import makes
a million events of one change that differ in a few fields.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any

from usercli.chain import canonical, stamp
from usercli.origin import Origin

#: Fields whose values may name a person: they go into the erasable part.
PERSONAL_FIELDS = frozenset({"email", "full_name", "attributes"})

#: What one event says, in plain values: action, outcome, kind, target id, email, before, after, undoes, error.
Draft = tuple[
    str, str, str, str | None, str | None, Mapping[str, Any], Mapping[str, Any], str | None, str | None
]

#: An event in texts, without its place in the log; `before`, `after` and `personal` are canonical JSON.
EventRow = tuple[str, str, str, str | None, str, str, str | None, str, str, str, str]

#: Number, prev_hash, hash, and the rest.
LinkedRow = tuple[int, str, str, EventRow]

#: The columns of an EventRow.
COLUMNS = (
    "action",
    "outcome",
    "target_kind",
    "target_id",
    "before",
    "after",
    "undoes",
    "personal",
    "salt",
    "personal_hash",
    "body_hash",
)

_SALT_BYTES = 16
_CONSTANTS = {None: "null", True: "true", False: "false"}


class EventWriter:
    """Makes rows of the drafts of one change; what its events share is encoded once."""

    def __init__(self, origin: Origin, change_id: uuid.UUID, db_role: str) -> None:
        self._actor = f'{{"actor":{_json(origin.actor)},"after":{{'
        self._host = f'"host":{_json(origin.host)},"reason":{_json(origin.reason)},"target_email":'
        self._ticket = f',"ticket":{_json(origin.ticket)}}}'
        self._change = f'"change_id":{_json(str(change_id))},"db_role":{_json(db_role)},"outcome":'
        self._tool = f',"tool":{_json(origin.tool)},"undoes":'

    def rows(self, drafts: Iterable[Draft]) -> list[EventRow]:
        """The rows, each with a salt of its own."""
        drafts = list(drafts)
        salts = os.urandom(_SALT_BYTES * len(drafts))
        return [
            self._row(draft, salts[at * _SALT_BYTES : (at + 1) * _SALT_BYTES]) for at, draft in enumerate(drafts)
        ]

    def _row(self, draft: Draft, salt: bytes) -> EventRow:
        action, outcome, kind, target_id, email, before, after, undoes, error = draft
        personal_before, open_before = _parts(before)
        personal_after, open_after = _parts(after)
        failed = "" if error is None else f'"error":{encode_basestring(error)},'
        personal = (
            f'{self._actor}{personal_after}}},"before":{{{personal_before}}},{failed}'
            f"{self._host}{_json(email)}{self._ticket}"
        )
        personal_hash = sha256(salt + personal.encode()).hexdigest()
        open_before, open_after = f"{{{open_before}}}", f"{{{open_after}}}"
        body = (
            f'{{"action":{encode_basestring(action)},"after":{open_after},"before":{open_before},'
            f'{self._change}{encode_basestring(outcome)},"personal_hash":"{personal_hash}",'
            f'"target_id":{_json(target_id)},"target_kind":{encode_basestring(kind)}{self._tool}{_json(undoes)}}}'
        )
        return (
            action,
            outcome,
            kind,
            target_id,
            open_before,
            open_after,
            undoes,
            personal,
            salt.hex(),
            personal_hash,
            sha256(body.encode()).hexdigest(),
        )


def linked(rows: Iterable[EventRow], seq: int, prev_hash: str, at: datetime) -> Iterator[LinkedRow]:
    """The rows with their places in the chain, after the event `seq`: number, prev_hash, hash, row."""
    time = stamp(at)
    for seq, row in enumerate(rows, seq + 1):  # noqa: B020 - the number goes on
        link = sha256(f"{prev_hash}\n{seq}\n{time}\n{row[-1]}\n".encode()).hexdigest()
        yield seq, prev_hash, link, row
        prev_hash = link


def _parts(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The members of two JSON objects, in canonical order: the personal fields, and the others."""
    if not fields:
        return "", ""
    personal, open_ = [], []
    for name in sorted(fields):
        (personal if name in PERSONAL_FIELDS else open_).append(f'"{name}":{_json(fields[name])}')
    return ",".join(personal), ",".join(open_)


def _json(value: Any) -> str:
    if type(value) is str:
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    if not value and type(value) in (dict, list):
        return "{}" if type(value) is dict else "[]"
    return canonical(value)
