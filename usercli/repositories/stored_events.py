"""Reading events of the log one way or the other, whatever somebody made of their rows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from usercli.errors import DatabaseUnavailable, UserCliError
from usercli.hash_chain import canonical
from usercli.models.audit import AuditEvent
from usercli.times import sqlite_time

_ROWS_A_FETCH = 1000

#: What decoding a stored value raises.
UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError, UserCliError)

_COLUMNS = tuple(AuditEvent.__table__.columns)
_TEXTS = tuple(
    column.key
    for column in _COLUMNS
    if column.key not in {"seq", "at", "change_id", "undoes", "before", "after", "target_id", "personal", "salt"}
)
_TEXTS_OR_NULL = ("target_id", "personal", "salt")


class BadEvent(NamedTuple):
    """An event that cannot be read, or that is not stored in the form in which this program stores it."""

    seq: int
    reason: str = "the event cannot be read"


def in_order(session: Session, first: int | None) -> Iterator[dict[str, Any] | BadEvent]:
    """Every event from a number on, or all, in order, streamed; each as stored, and only if it is in exact form."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    columns = [type_coerce(column, NullType()).label(column.key) if on_sqlite else column for column in _COLUMNS]
    query: Select[Any] = select(*columns)
    if first is not None:
        query = query.where(AuditEvent.seq >= first)
    for row in read_on(session, query, AuditEvent.seq):
        if isinstance(row, BadEvent):
            yield row
            continue
        event = dict(row._mapping)
        try:
            yield _exact(event) if on_sqlite else event
        except UNREADABLE:
            yield BadEvent(row.seq, "the event is not stored in the exact form")


def read_on(
    session: Session, query: Select[Any], seq: Any, *, descending: bool = False, limit: int | None = None
) -> Iterator[Row[Any] | BadEvent]:
    """The rows of a query on events, by their number, streamed; a row that cannot be decoded does not end it."""
    order = seq.desc() if descending else seq.asc()
    last: int | None = None
    left = limit

    def rest() -> Select[Any]:
        found = query.order_by(order)
        if last is not None:
            found = found.where(seq < last if descending else seq > last)
        return found if left is None else found.limit(left)

    while left is None or left > 0:
        try:
            for row in session.execute(rest().execution_options(yield_per=_ROWS_A_FETCH)):
                last = _number(row)
                left = None if left is None else left - 1
                yield row
        except DatabaseUnavailable:
            raise
        except UNREADABLE:
            pass
        else:
            return
        # some row of the last fetch holds what no program of ours wrote: one by one, to tell which
        numbers = session.scalars(
            rest().with_only_columns(seq).limit(min(left or _ROWS_A_FETCH, _ROWS_A_FETCH))
        ).all()
        for last in numbers:
            left = None if left is None else left - 1
            yield _one(session, query.where(seq == last), last)
        if not numbers:
            return


def _one(session: Session, query: Select[Any], number: int) -> Row[Any] | BadEvent:
    try:
        # none where the index of a damaged file holds a number that its table does not
        return session.execute(query).one_or_none() or BadEvent(number)
    except DatabaseUnavailable:
        raise
    except UNREADABLE:
        return BadEvent(number)


def _number(row: Row[Any]) -> int:
    number: int = row[0].seq if isinstance(row[0], AuditEvent) else row.seq
    return number


def _exact(event: dict[str, Any]) -> dict[str, Any]:
    """The values of an event of SQLite, each spelled as this program spells it. Raises ValueError, TypeError."""
    for name in _TEXTS:
        if type(event[name]) is not str:
            raise TypeError(name)
    for name in _TEXTS_OR_NULL:
        if type(event[name]) not in {str, type(None)}:
            raise TypeError(name)
    undoes = event["undoes"]
    return {
        **event,
        "change_id": _uuid(event["change_id"]),
        "undoes": None if undoes is None else _uuid(undoes),
        "at": _time(event["at"]),
        "before": _object(event["before"]),
        "after": _object(event["after"]),
    }


def _uuid(text: str) -> uuid.UUID:
    found = uuid.UUID(hex=text)
    if found.hex != text:
        raise ValueError(text)
    return found


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text).replace(tzinfo=UTC)
    if sqlite_time(found) != text:
        raise ValueError(text)
    return found


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if type(found) is not dict or canonical(found) != text:
        raise ValueError(text)
    return found
