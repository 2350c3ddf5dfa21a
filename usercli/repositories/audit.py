"""The audit log: what waits to be written, and questions about what was."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain as joined
from sys import maxsize
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Row, Select, Text, cast, func, select, type_coerce, update
from sqlalchemy.orm import Session, aliased

from usercli import hash_chain
from usercli.batches import batched
from usercli.models.audit import AuditEvent
from usercli.models.clock import next_time
from usercli.models.types import UtcDateTime
from usercli.origin import Origin
from usercli.repositories.event_conditions import conditions
from usercli.repositories.event_encoder import (
    COLUMNS,
    Draft,
    EventRow,
    EventWriter,
    LinkedRow,
    Said,
    link_rows,
    made_draft,
)
from usercli.repositories.log_lock import lock_log
from usercli.repositories.pending_events import PendingEvents
from usercli.repositories.postgres_copy import copy_rows, escaped
from usercli.repositories.stored_events import UNREADABLE, BadEvent, in_order, read_on
from usercli.repositories.user_lookup import among
from usercli.schemas.audit import EventCriteria
from usercli.schemas.users import lookup_key
from usercli.times import sqlite_time, utcnow

_ROWS_A_FETCH = 1000
#: So many are hashed in no time.
_FEW = 10
#: From so many events on PostgreSQL takes them by COPY.
_WORTH_A_COPY = 100

#: What is written of an event: its place in the log and what all events of a change share, then its EventRow.
_INSERTED = ("seq", "change_id", "at", "db_role", "tool", "prev_hash", "hash", *COLUMNS)

#: After so long SQLite's events get a new time.
_OLD = timedelta(seconds=10)

#: So far back is asked, without an index, what became of an email.
_NEWEST = 10_000

#: Events that share a time.
LinkedBatch = tuple[datetime, list[LinkedRow]]

_NULL = r"\N"
_UNDOES = COLUMNS.index("undoes")

_STORED = tuple(AuditEvent.__table__.columns)

_HEAD = (
    select(AuditEvent.seq, AuditEvent.hash, type_coerce(AuditEvent.at, UtcDateTime()).label("at"))
    .order_by(AuditEvent.seq.desc())
    .limit(1)
)


class AuditRepository:
    """The log's writer and reader. What is recorded waits until `write`, which the commit calls last."""

    def __init__(self, session: Session, origin: Origin, change_id: uuid.UUID) -> None:
        self.session = session
        self._origin, self._change_id = origin, change_id
        self._pending = PendingEvents()
        self._db_role: str | None = None
        #: The number and hash of the last event that was written in this transaction.
        self.last_written: tuple[int, str] | None = None
        dialect = session.get_bind().dialect
        self._on_postgresql = dialect.name == "postgresql"
        #: As many events are sent by COPY; with asyncpg, which takes no texts as ids and times, even one.
        self._copied_from = {"psycopg": _WORTH_A_COPY, "asyncpg": 1}.get(dialect.driver, maxsize)

    def record(self, action: str, **said: Unpack[Said]) -> None:
        """Note what happened to one target; the commit writes it."""
        self.add([made_draft(action, **said)])

    def add(self, drafts: Iterable[Draft]) -> None:
        """Note what drafts say; for many at a time."""
        self._pending.add(drafts)

    def add_packed(self, data: bytes, count: int) -> None:
        """The same of drafts that usercli.spool has packed."""
        self._pending.add_packed(data, count)

    def mark(self) -> int:
        """The place to go back to when a block is rolled back."""
        return self._pending.mark()

    def discard_since(self, mark: int) -> None:
        """Drop what was recorded since: it did not happen."""
        self._pending.truncate(mark)
        self.last_written = None  # it may have been written since as well

    def drop(self, target_ids: Iterable[str], mark: int, events: int) -> None:
        """Drop what was recorded of these targets since: so many events, which others take the place of."""
        self._pending.drop(target_ids, mark, events)

    def hash_ahead(self) -> None:
        """Hash what waits: now, and not while others wait for locks that the change will hold."""
        self._pending.hash(EventWriter(self._origin, self._change_id, self._role()))

    def write(self, on_written: Callable[[int, int], object]) -> None:
        """Lock the log's head and append what waits; many at hand are hashed before the lock.

        `on_written` is told how many events are written, of how many.
        """
        if not (waiting := len(self._pending)):
            return
        head = self._lock_head() if waiting <= _FEW else None  # which asks for the role as well
        made = self._pending.rows(EventWriter(self._origin, self._change_id, self._role()))
        first = next(made)
        batches = _told(self._linked(joined([first], made), *(head or self._lock_head())), waiting, on_written)
        if waiting >= self._copied_from:
            copy_rows(
                self.session, AuditEvent.__tablename__, _INSERTED, joined.from_iterable(map(self._lines, batches))
            )
        else:
            for batch in batches:
                self._insert(self._values(batch))
        self._pending.clear()

    def _linked(
        self, batches: Iterable[list[EventRow]], seq: int, prev_hash: str, at: datetime
    ) -> Iterator[LinkedBatch]:
        """The batches with their time and their places in the chain, after the event `seq`.

        SQLite's trigger refuses an event whose time is a minute old, and a million take longer to write: the time
        goes on.
        """
        for rows in batches:
            events = list(link_rows(rows, seq, prev_hash, at))
            yield at, events
            seq, prev_hash = self.last_written = events[-1][0], events[-1][2]
            if not self._on_postgresql and utcnow() - at > _OLD:
                at = utcnow()

    def _lines(self, batch: LinkedBatch) -> Iterator[str]:
        """The events as lines for COPY, many at a time."""
        at, events = batch
        shared = "\t".join(map(escaped, (str(self._change_id), str(at), self._role(), self._origin.tool)))
        for some in batched(events, _ROWS_A_FETCH):
            yield "".join(
                f"{seq}\t{shared}\t{prev}\t{link}\t{_copy_cells(*row)}\n" for seq, prev, link, row in some
            )

    def _values(self, batch: LinkedBatch) -> list[tuple[Any, ...]]:
        """The events as values to insert."""
        at, events = batch
        if self._on_postgresql:
            shared = (str(self._change_id), str(at), self._role(), self._origin.tool)
            return [(seq, *shared, prev, link, *row) for seq, prev, link, row in events]
        shared = (self._change_id.hex, sqlite_time(at), self._role(), self._origin.tool)
        return [(seq, *shared, prev, link, *_with_hex(row)) for seq, prev, link, row in events]

    def _insert(self, values: list[tuple[Any, ...]]) -> None:
        mark = "%s" if self._on_postgresql else "?"
        names, marks = (
            ", ".join(f'"{name}"' for name in _INSERTED),
            ", ".join([mark] * len(_INSERTED)),
        )
        sql = f"INSERT INTO audit_events ({names}) VALUES ({marks})"  # noqa: S608 - constants
        self.session.connection().exec_driver_sql(sql, values)

    def _lock_head(self) -> tuple[int, str, datetime]:
        """The last seq and hash, and the time of what follows: the server's, never before the last event's."""
        if self._on_postgresql:
            self._db_role, now, seq, last_hash, at = lock_log(self.session.connection())
        else:
            now, (seq, last_hash, at) = utcnow(), self.head() or (None, "", None)
        return (0, hash_chain.GENESIS, now) if seq is None else (seq, last_hash, next_time(at, now))

    def _role(self) -> str:
        if self._db_role is None:
            self._db_role = str(self.session.scalar(select(func.current_user()))) if self._on_postgresql else ""
        return self._db_role

    # -- questions

    def head(self) -> Row[int, str, datetime] | None:
        """Number, hash and time of the last event, whatever else somebody made of it; or None."""
        return self.session.execute(_HEAD).first()

    def last_number(self) -> int | None:
        """The number of the last event, or None."""
        return self.session.scalar(select(func.max(AuditEvent.seq)))

    def find(self, seq: int) -> Row[Any] | None:
        """The event of that number as stored, or None."""
        return self.session.execute(select(*_STORED).where(AuditEvent.seq == seq)).first()

    def hash_of(self, seq: int) -> str | None:
        """The hash of the event of that number, or None."""
        return self.session.scalar(select(AuditEvent.hash).where(AuditEvent.seq == seq))

    def stored(self, first: int | None = None) -> Iterator[dict[str, Any] | BadEvent]:
        """Every event from that number on, or all, as stored, in order, streamed."""
        return in_order(self.session, first)

    def matching(self, criteria: EventCriteria, limit: int | None = None) -> Iterator[AuditEvent | BadEvent]:
        """The events that fit, streamed: the oldest first; with a limit the newest ones."""
        query = select(AuditEvent).where(*conditions(criteria, self.session))
        if limit is None:
            return self._stream(query, AuditEvent.seq)
        newest = query.order_by(AuditEvent.seq.desc()).limit(limit).subquery()
        return self._stream(select(aliased(AuditEvent, newest)), newest.c.seq)

    def count_matching(self, criteria: EventCriteria, at_most: int | None = None) -> int:
        """How many events fit; counting may end at a number."""
        fitting = select(AuditEvent.seq).where(*conditions(criteria, self.session)).limit(at_most).subquery()
        return self.session.scalar(select(func.count()).select_from(fitting)) or 0

    def of_change(self, change_id: uuid.UUID, kind: str, targets: Sequence[str] = ()) -> Iterator[Any]:
        """What a change did to users, or roles: the events of each together, by the first of them; streamed.

        Only of these targets, if any are named. Of each the action, the target, and as texts of JSON `personal`,
        `before` and `after`.
        """
        met = func.min(AuditEvent.seq).over(partition_by=AuditEvent.target_id)
        done = self._done(change_id)
        table = AuditEvent.__table__.c
        told = [table.action, table.target_id, table.personal, *map(self._as_text, (table.before, table.after))]
        query = select(*told).where(*done, AuditEvent.target_kind == kind).order_by(met, AuditEvent.seq)
        query = query.where(AuditEvent.target_id.in_(targets)) if targets else query
        yield from self.session.execute(query.execution_options(yield_per=_ROWS_A_FETCH))

    def _as_text(self, column: Any) -> Any:
        """A column of JSON as its text."""
        text: Any = cast(column, Text) if self._on_postgresql else type_coerce(column, Text)
        return text.label(column.key)

    def actions_of(self, change_id: uuid.UUID) -> tuple[dict[str, int], bool]:
        """The actions of a change, each with its number of events; whether personal values of it were erased."""
        done = self._done(change_id)
        query = select(AuditEvent.action, func.count()).where(*done).group_by(AuditEvent.action)
        actions = {row[0]: row[1] for row in self.session.execute(query)}
        erased = select(AuditEvent.seq).where(*done, AuditEvent.personal.is_(None)).limit(1)
        return actions, self.session.scalar(erased) is not None

    def _done(self, change_id: uuid.UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return AuditEvent.change_id == change_id, AuditEvent.outcome == "done"

    def touched(self, target_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Those of the targets that the present change touched in a transaction before this one."""
        ids = [str(target_id) for target_id in target_ids]
        ours = AuditEvent.change_id == self._change_id, among(self.session, AuditEvent.target_id, ids)
        return {uuid.UUID(found) for found in self.session.scalars(select(AuditEvent.target_id).where(*ours))}

    def undone_by(self, change_id: uuid.UUID) -> uuid.UUID | None:
        """The change that undid this one, unless that was undone in turn."""
        return self._undone_by(change_id, {change_id})

    def _undone_by(self, change_id: uuid.UUID, seen: set[uuid.UUID]) -> uuid.UUID | None:
        undoing = select(AuditEvent.change_id).where(AuditEvent.undoes == change_id).distinct()
        for candidate in self.session.scalars(undoing.order_by(AuditEvent.change_id.desc())):
            if candidate not in seen:  # only who edits the log can make a circle
                seen.add(candidate)
                if self._undone_by(candidate, seen) is None:
                    return candidate
        return None

    def for_target(self, target_id: object) -> Iterator[AuditEvent | BadEvent]:
        """Everything that was done, or refused, to one target."""
        return self._stream(select(AuditEvent).where(AuditEvent.target_id == str(target_id)), AuditEvent.seq)

    def renamed_from(self, key: str) -> list[str]:
        """The ids of those whose email, of this key, the newest events changed to another."""
        last = select(func.max(AuditEvent.seq)).scalar_subquery()
        query = select(AuditEvent.target_id, AuditEvent.personal).where(
            AuditEvent.seq > last - _NEWEST,
            AuditEvent.target_kind == "user",
            AuditEvent.outcome == "done",
            func.lower(AuditEvent.personal).contains(key, autoescape=True),
        )
        found = self.session.execute(query.order_by(AuditEvent.seq)).all()
        return list(
            dict.fromkeys(target for target, personal in found if target and _is_renamed(personal or "", key))
        )

    def mentioning(self, target_id: uuid.UUID, names: Callable[[str], bool]) -> list[int]:
        """The numbers of events that hold personal values of somebody: as the target, or by what they say.

        `names` looks at the personal values. Not in SQL: there the engines disagree on upper and lower case.
        """
        query = select(AuditEvent.seq, AuditEvent.target_id, AuditEvent.personal)
        query = query.where(AuditEvent.personal.is_not(None)).order_by(AuditEvent.seq)
        found = self.session.execute(query.execution_options(yield_per=_ROWS_A_FETCH))
        return [seq for seq, target, personal in found if target == str(target_id) or names(str(personal))]

    def erase(self, seqs: Sequence[int]) -> None:
        """Null the personal values of events, and nothing else; the chain holds without them."""
        for some in batched(seqs, _ROWS_A_FETCH):
            self.session.execute(
                update(AuditEvent).where(AuditEvent.seq.in_(some)).values(personal=None, salt=None)
            )

    def _stream(self, query: Select[Any], seq: Any) -> Iterator[AuditEvent | BadEvent]:
        for row in read_on(self.session, query, seq):
            if isinstance(row, BadEvent):
                yield row
            else:
                yield row[0]
                self.session.expunge(row[0])


def _told(
    batches: Iterable[LinkedBatch], total: int, on_written: Callable[[int, int], object]
) -> Iterator[LinkedBatch]:
    """The batches, each told once it is written."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch[1])
        on_written(done, total)


def _is_renamed(personal: str, key: str) -> bool:
    try:
        values = json.loads(personal)
        return "email" in values["after"] and lookup_key(values["before"]["email"]) == key
    except UNREADABLE:
        return False


def _with_hex(row: EventRow) -> EventRow:
    """The row with its id as SQLite stores ids."""
    undoes = row[_UNDOES]
    return row if undoes is None else (*row[:_UNDOES], undoes.replace("-", ""), *row[_UNDOES + 1 :])  # type: ignore[return-value]  # one text for another


def _copy_cells(  # one name for each of COLUMNS: a loop over them would cost more than the hashes
    action: str,
    outcome: str,
    kind: str,
    target_id: str | None,
    before: str,
    after: str,
    undoes: str | None,
    personal: str,
    *hashes: str,
) -> str:
    """The row as fields of COPY: texts, and canonical JSON, in which only a backslash may need an escape."""
    if "\\" in personal or "\\" in before or "\\" in after:
        before, after, personal = escaped(before), escaped(after), escaped(personal)
    salt, personal_hash, body_hash = hashes
    return (
        f"{action}\t{outcome}\t{kind}\t{_NULL if target_id is None else target_id}\t{before}\t{after}\t"
        f"{_NULL if undoes is None else undoes}\t{personal}\t{salt}\t{personal_hash}\t{body_hash}"
    )
