"""Changes: the events of the log by the command that wrote them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from usercli.models.audit import AuditEvent
from usercli.repositories.event_conditions import conditions
from usercli.repositories.stored_events import BadEvent, read_on
from usercli.schemas.audit import EventCriteria


class ActionCount(NamedTuple):
    """An action of a change, and how many users, or roles, it touched."""

    action: str
    kind: str
    targets: int


#: At most so many events are read at once for the changes that wrote them.
_EVENTS_A_LOOK = 200


class ChangeRepository:
    """The log's changes, each by its id."""

    def __init__(self, session: Session) -> None:
        self.session = session
        #: Where those of the measured changes begin whose events are next to each other.
        self._runs: dict[uuid.UUID, int] = {}

    def matching(
        self, limit: int | None = None, criteria: EventCriteria | None = None
    ) -> Iterator[tuple[AuditEvent, int, Sequence[ActionCount]] | BadEvent]:
        """For each change, the newest first: its first event of a user, how many users it touched, its actions.

        One that touched none, as of a role, has its first event. The actions are those of a change of several, else
        none. With criteria, only changes that did what fits.
        """
        wanted = [*conditions(criteria, self.session)] if criteria is not None else []
        if limit is not None and not wanted:
            yield from self._newest(limit)
            return
        chosen: list[ColumnElement[bool]] = []
        if criteria is not None and criteria == EventCriteria(change_id=criteria.change_id):
            chosen = wanted  # of the events of one change without statistics PostgreSQL takes minutes the other way
        elif wanted:
            chosen = [
                AuditEvent.change_id.in_(select(AuditEvent.change_id).where(AuditEvent.outcome == "done", *wanted))
            ]
        grouped = _grouped(*chosen).subquery()
        query: Select[Any] = select(AuditEvent, grouped.c.users, grouped.c.mixed)
        query = query.join(grouped, AuditEvent.seq == grouped.c.first)
        for row in read_on(self.session, query, AuditEvent.seq, descending=True, limit=limit):
            if isinstance(row, BadEvent):
                yield row
            else:
                yield row[0], row.users, self._actions(row[0].change_id) if row.mixed else ()

    def _newest(self, limit: int) -> Iterator[tuple[AuditEvent, int, Sequence[ActionCount]] | BadEvent]:
        """The same of all changes, reading no more of the log than these changes wrote, and what lies between."""
        met: dict[int, Row[Any]] = {}
        for changes, reached in self._backwards(limit):
            for row in self._measured(changes):
                met[row.first] = row
            newest = sorted(met, reverse=True)[:limit]
            if len(newest) == limit and newest[-1] >= reached:  # what was not met yet began before
                break
        query = select(AuditEvent).where(AuditEvent.seq.in_(sorted(met, reverse=True)[:limit]))
        for found in read_on(self.session, query, AuditEvent.seq, descending=True):
            if isinstance(found, BadEvent):
                yield found
            else:
                row = met[found[0].seq]
                yield found[0], row.users, self._actions(row.change_id) if row.mixed else ()

    def _measured(self, changes: Sequence[uuid.UUID]) -> Iterator[Row[Any]]:
        """As `_grouped`. Those that only made users are counted without looking at each: none is made twice."""
        others = []
        for row in self.session.execute(_extents(changes)):
            if row.last - row.first + 1 == row.events:
                self._runs[row.change_id] = row.first
            if row.events == 1 or (row.action == "user.created" and not row.mixed):
                yield row
            else:
                others.append(row.change_id)
        if others:
            yield from self.session.execute(_grouped(AuditEvent.change_id.in_(others)))

    def _backwards(self, size: int) -> Iterator[tuple[list[uuid.UUID], int]]:
        """The ids of changes as the log is read from its end, each once, and how far it was read."""
        met: set[uuid.UUID] = set()
        reached: int | None = None
        look = size  # changes of one event each need no more, and a long one before them is not met
        newest = select(AuditEvent.seq, AuditEvent.change_id).where(AuditEvent.outcome == "done")
        newest = newest.order_by(AuditEvent.seq.desc())
        while True:
            query = newest.limit(look)
            look = max(size, min(2 * look, _EVENTS_A_LOOK))
            before = [] if reached is None else [AuditEvent.seq < reached]
            rows = self.session.execute(query.where(*before)).all()
            if rows and met.issuperset(row.change_id for row in rows):  # a long change: on to the next one
                start = self._runs.get(rows[-1].change_id)
                before = [AuditEvent.change_id.not_in(met)] if start is None else [AuditEvent.seq < start]
                rows = self.session.execute(query.where(*before, AuditEvent.seq < reached)).all()
            if not rows:
                return
            new = [change for change in dict.fromkeys(row.change_id for row in rows) if change not in met]
            met.update(new)
            reached = rows[-1].seq
            yield new, reached

    def _actions(self, change_id: uuid.UUID) -> list[ActionCount]:
        """What a change did: users before roles, in the order in which it began with each."""
        query = (
            select(AuditEvent.action, AuditEvent.target_kind, func.count(AuditEvent.target_id.distinct()))
            .where(AuditEvent.change_id == change_id, AuditEvent.outcome == "done")
            .group_by(AuditEvent.action, AuditEvent.target_kind)
            .order_by(AuditEvent.target_kind.desc(), func.min(AuditEvent.seq))
        )
        return [ActionCount(*row) for row in self.session.execute(query)]

    def starting_with(
        self, first: uuid.UUID, last: uuid.UUID, limit: int, *, done: bool = False
    ) -> list[tuple[uuid.UUID, AuditEvent | BadEvent]]:
        """The changes whose ids lie between two, the first ones, each with its first event.

        `done` looks only at events of what was done.
        """
        found = select(AuditEvent.change_id, func.min(AuditEvent.seq).label("first")).where(
            AuditEvent.change_id.between(first, last)
        )
        if done:
            found = found.where(AuditEvent.outcome == "done")
        found = found.group_by(AuditEvent.change_id).order_by(AuditEvent.change_id).limit(limit)
        changes = {row.first: row.change_id for row in self.session.execute(found)}
        query = select(AuditEvent).where(AuditEvent.seq.in_(changes))
        rows = read_on(self.session, query, AuditEvent.seq)
        events = {event.seq: event for event in (row if isinstance(row, BadEvent) else row[0] for row in rows)}
        return [(change_id, events[seq]) for seq, change_id in changes.items()]

    def newest_done(self, passed: Collection[uuid.UUID]) -> uuid.UUID | None:
        """The newest change that changed something, that is no undo, and none of those."""
        query = select(AuditEvent.change_id).where(AuditEvent.outcome == "done", AuditEvent.undoes.is_(None))
        if passed:
            query = query.where(AuditEvent.change_id.not_in(passed))
        return self.session.scalar(query.order_by(AuditEvent.seq.desc()).limit(1))


def _extents(changes: Sequence[uuid.UUID]) -> Select[Any]:
    """For each change its first and last event, and how many there are: what PostgreSQL finds out in parallel."""
    first, number = func.min(AuditEvent.seq), func.count()
    mixed = func.min(AuditEvent.action) != func.max(AuditEvent.action)
    found: Any = select(
        AuditEvent.change_id,
        first.label("first"),
        func.max(AuditEvent.seq).label("last"),
        number.label("events"),
        number.filter(AuditEvent.target_kind == "user").label("users"),
        func.min(AuditEvent.action).label("action"),
        mixed.label("mixed"),
    )
    fits = AuditEvent.outcome == "done", AuditEvent.change_id.in_(changes)
    grouped: Select[Any] = found.where(*fits).group_by(AuditEvent.change_id)
    return grouped


def _grouped(*wanted: ColumnElement[bool]) -> Select[Any]:
    """For each change its first event of a user, else of a role, how many users it touched, if it did several."""
    of_user = AuditEvent.target_kind == "user"
    first = func.coalesce(func.min(AuditEvent.seq).filter(of_user), func.min(AuditEvent.seq))
    counted: Any = select(
        AuditEvent.change_id,
        first.label("first"),
        func.count(AuditEvent.target_id.distinct()).filter(of_user).label("users"),
        (func.min(AuditEvent.action) != func.max(AuditEvent.action)).label("mixed"),
    )
    found: Select[Any] = counted.where(AuditEvent.outcome == "done", *wanted).group_by(AuditEvent.change_id)
    return found
