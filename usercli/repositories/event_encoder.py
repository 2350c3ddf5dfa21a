"""Events of one change: drafts that wait for the commit, and the rows that are made of them.

What is hashed here is what `usercli.hash_chain` defines; the JSON is put together by hand, because an import makes
a million events of one change that differ in a few fields.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, TypedDict, Unpack

from usercli.hash_chain import canonical, stamp
from usercli.origin import Origin
from usercli.schemas.user_fields import PERSONAL

#: What one event says, in texts, marshalled while it waits: action, outcome, kind, target id, email; the personal
#: fields before and after, and the others before and after, as canonical JSON; undoes, error.
Draft = tuple[str, str, str, str | None, str | None, str, str, str, str, str | None, str | None]

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


class EventWriter:
    """Makes rows of the drafts of one change; what its events share is encoded once."""

    def __init__(self, origin: Origin, change_id: uuid.UUID, db_role: str) -> None:
        self._actor = f'{{"actor":{canonical(origin.actor)},"after":'
        self._host = f'"host":{canonical(origin.host)},"reason":{canonical(origin.reason)},"target_email":'
        self._ticket = f',"ticket":{canonical(origin.ticket)}}}'
        self._change = f'"change_id":{canonical(str(change_id))},"db_role":{canonical(db_role)},"outcome":'
        self._tool = f',"tool":{canonical(origin.tool)},"undoes":'

    def rows(self, drafts: Iterable[Draft]) -> list[EventRow]:
        """The rows, each with a salt of its own."""
        drafts = list(drafts)
        salts = os.urandom(_SALT_BYTES * len(drafts))
        return [
            self._row(draft, salts[at * _SALT_BYTES : (at + 1) * _SALT_BYTES]) for at, draft in enumerate(drafts)
        ]

    def _row(self, draft: Draft, salt: bytes) -> EventRow:
        action, outcome, kind, target_id, email, personal_before, personal_after, before, after, undoes, error = (
            draft
        )
        failed = "" if error is None else f'"error":{encode_basestring(error)},'
        named, target, undone = map(_text_or_null, (email, target_id, undoes))
        personal = (
            f'{self._actor}{personal_after},"before":{personal_before},{failed}{self._host}{named}{self._ticket}'
        )
        personal_hash = sha256(salt + personal.encode()).hexdigest()
        body = (
            f'{{"action":{encode_basestring(action)},"after":{after},"before":{before},'
            f'{self._change}{encode_basestring(outcome)},"personal_hash":"{personal_hash}",'
            f'"target_id":{target},"target_kind":{encode_basestring(kind)}{self._tool}{undone}}}'
        )
        return (
            action,
            outcome,
            kind,
            target_id,
            before,
            after,
            undoes,
            personal,
            salt.hex(),
            personal_hash,
            sha256(body.encode()).hexdigest(),
        )


def _text_or_null(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


def link_rows(rows: Iterable[EventRow], seq: int, prev_hash: str, at: datetime) -> Iterator[LinkedRow]:
    """The rows with their places in the chain, after the event `seq`: number, prev_hash, hash, row."""
    time = stamp(at)
    for seq, row in enumerate(rows, seq + 1):  # noqa: B020 - the number goes on
        link = sha256(f"{prev_hash}\n{seq}\n{time}\n{row[-1]}\n".encode()).hexdigest()
        yield seq, prev_hash, link, row
        prev_hash = link


class Said(TypedDict, total=False):
    """What an event says of one target: its fields `before` and `after`, those that differ."""

    kind: str
    target_id: object
    email: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    outcome: str
    undoes: uuid.UUID | None
    error: str | None


def made_draft(action: str, **said: Unpack[Said]) -> Draft:
    """The draft of an event; of a user, and of what was done, unless something else is said."""
    personal_before, open_before = split_personal(said.get("before"))
    personal_after, open_after = split_personal(said.get("after"))
    target, undoes = (None if value is None else str(value) for value in map(said.get, ("target_id", "undoes")))
    return (
        action,
        said.get("outcome", "done"),
        said.get("kind", "user"),
        target,
        said.get("email"),
        personal_before,
        personal_after,
        open_before,
        open_after,
        undoes,
        said.get("error"),
    )


def split_personal(fields: Mapping[str, Any] | None) -> tuple[str, str]:
    """The personal fields, and the others, as canonical JSON."""
    if not fields:
        return "{}", "{}"
    personal: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in fields.items():
        (personal if name in PERSONAL else others)[name] = value
    return canonical(personal), canonical(others)
