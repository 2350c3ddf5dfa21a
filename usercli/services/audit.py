"""Read, export and verify the audit log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from usercli import hash_chain
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Ambiguous, ChangeNotFound, DatabaseUnavailable, DoneInPart, UserNotFound
from usercli.repositories.changes import ActionCount
from usercli.repositories.stored_events import UNREADABLE, BadEvent
from usercli.schemas.audit import ChangeView, Checkpoint, EventCriteria, EventView, RawEvent
from usercli.schemas.users import UserKey
from usercli.services.audit_verification import verify
from usercli.services.watched_events import watched_events
from usercli.text import MOST_COUNTED
from usercli.times import rfc3339
from usercli.validation import require_count, require_limit

__all__ = [
    "EventListing",
    "UnreadableEvents",
    "as_ranges",
    "change_meant",
    "checkpoint",
    "export",
    "find_change",
    "histories",
    "history",
    "list_changes",
    "verify",
    "views",
]

#: So many events that cannot be read are named; the others are counted.
_MOST_NAMED = 20

#: So many changes are named that an id might stand for.
_MOST_FITTING = 10

#: The digits of an id, and how many of them may stand for it: with fewer, all changes of a minute look the same.
_DIGITS, _SHORTEST = 32, 8
_HEX = frozenset("0123456789abcdef")


class UnreadableEvents:
    """The numbers of events that could not be read, met while the others were."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[int] = []

    def note(self, seq: int) -> None:
        """Count one."""
        self.count += 1
        if len(self._first) < _MOST_NAMED:
            self._first.append(seq)

    def require_none(self) -> None:
        """Raise DoneInPart if there was one."""
        if self.count:
            named = ", ".join(map(str, self._first))
            more = f" and {self.count - len(self._first):,} more" if self.count > len(self._first) else ""
            raise DoneInPart(f"events of the log that cannot be read: seq {named}{more}; run: usercli audit verify")


class EventListing:
    """The events that fit, streamed, oldest first; with a limit the newest ones.

    With a limit `total` counts all that fit, up to MOST_COUNTED + 1.

    Those that cannot be read are left out, and noted in `unreadable`.
    """

    def __init__(self, criteria: EventCriteria, uow: UnitOfWork, limit: int | None = None) -> None:
        self._criteria, self._uow, self._limit = criteria, uow, require_limit(limit)
        self.shown, self.total = 0, 0
        self.unreadable = UnreadableEvents()

    def __iter__(self) -> Iterator[EventView]:
        with self._uow as uow:
            if self._limit is not None:
                self.total = uow.audit.count_matching(self._criteria, MOST_COUNTED + 1)
            for view in views(uow.audit.matching(self._criteria, self._limit), self.unreadable):
                self.shown += 1
                yield view


def views(events: Iterable[Any], unreadable: UnreadableEvents) -> Iterator[EventView]:
    """The views of events; those that cannot be read are noted."""
    for event in events:
        view = None if isinstance(event, BadEvent) else _view(event)
        if view is None:
            unreadable.note(event.seq)
        else:
            yield view


def _view(event: Any) -> EventView | None:
    try:
        return EventView.of(event)
    except UNREADABLE:
        return None


def export(since: int, uow: UnitOfWork, unreadable: UnreadableEvents | None = None) -> Iterator[RawEvent]:
    """Events exactly as stored, from a number on, streamed: enough to verify the chain elsewhere.

    What cannot be read, or is not in the form in which events are stored, is left out and noted; without
    somewhere to note it, raises DoneInPart at the end.
    """
    require_count(since, "since")
    noted = UnreadableEvents() if unreadable is None else unreadable
    with uow:
        for event in watched_events(uow, since, "exporting events"):
            raw = None if isinstance(event, BadEvent) else _raw(event)
            if raw is None:
                noted.note(event.seq if isinstance(event, BadEvent) else event["seq"])
            else:
                yield raw
    if unreadable is None:
        noted.require_none()


def _raw(event: dict[str, Any]) -> RawEvent | None:
    try:
        return RawEvent.model_validate(event)
    except UNREADABLE:
        return None


def history(key: UserKey, uow: UnitOfWork, unreadable: UnreadableEvents | None = None) -> Iterator[EventView]:
    """Everything that happened to a user, in the bin or not; by id also to one that was removed permanently.

    An email that fits a user outside the bin is that user's. Raises UserNotFound, Ambiguous; without
    somewhere to note what cannot be read DoneInPart, at the end.
    """
    noted = UnreadableEvents() if unreadable is None else unreadable
    with uow:
        target_id = _target(key, uow)
        yield from views(uow.audit.for_target(target_id), noted)
    if unreadable is None:
        noted.require_none()


def histories(
    keys: Sequence[UserKey],
    uow: UnitOfWork,
    unreadable: UnreadableEvents,
    target: Callable[[UserKey, UnitOfWork], object] | None = None,
) -> Iterator[tuple[UserKey, Iterator[EventView]]]:
    """What `history` tells of each user; the events of one are to be read before the next is asked for.

    `target` gives the id that the log has of a user of another program's table.

    Raises UserNotFound naming all missing, Ambiguous.
    """
    with uow:
        targets: list[object] = []
        missing: list[object] = []
        for key in keys:
            try:
                targets.append((target or _target)(key, uow))
            except UserNotFound as error:
                missing += error.users
        if missing:
            raise UserNotFound(missing)
        for key, target_id in zip(keys, targets, strict=True):
            yield key, views(uow.audit.for_target(target_id), unreadable)


def _target(key: UserKey, uow: UnitOfWork) -> uuid.UUID:
    if key.id is not None and next(uow.audit.for_target(key.id), None) is not None:
        return key.id
    [user] = uow.users.pick_including_deleted([key], live_first=True)
    return user.id


def find_change(text: str, uow: UnitOfWork, *, done: bool = False) -> uuid.UUID:
    """The change of that id, or the only one whose id begins with these 8 digits or more.

    `done` looks only at those that changed something. Raises ChangeNotFound, Ambiguous.
    """
    try:
        return uuid.UUID(text)
    except ValueError:
        bounds = _bounds(text)
    if bounds is None:
        is_start = 0 < len(digits := _digits(text)) < _SHORTEST and set(digits) <= _HEX
        needed = f" (write {_SHORTEST} digits of its id or more)" if is_start else ""
        raise ChangeNotFound(f"no such change: {text}{needed}", text)
    with uow:
        fitting = uow.changes.starting_with(*bounds, _MOST_FITTING + 1, done=done)
        found = [(change_id, _described(change_id, event)) for change_id, event in fitting]
    if not found:
        raise ChangeNotFound(f"no such change: {text}", text)
    if len(found) > 1:
        more = ", ..." if len(found) > _MOST_FITTING else ""
        listed = ", ".join(described for _, described in found[:_MOST_FITTING])
        raise Ambiguous(f"several changes begin with {text}; name one of: {listed}{more}")
    return found[0][0]


def change_meant(keys: Sequence[UserKey], uow: UnitOfWork) -> str | None:
    """The first text that names a change in place of a user: its id, or the beginning of one or several."""
    with uow:
        for key in keys[:_MOST_FITTING]:
            text = key.typed if key.id is None else str(key.id)
            if (bounds := _bounds(text)) is not None and uow.changes.starting_with(*bounds, 1):
                return text
    return None


def _bounds(text: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The first and the last id that begin so; None for what is no beginning, or too short for one."""
    digits = _digits(text)
    if not _SHORTEST <= len(digits) <= _DIGITS or not set(digits) <= _HEX:
        return None
    return uuid.UUID(digits.ljust(_DIGITS, "0")), uuid.UUID(digits.ljust(_DIGITS, "f"))


def _digits(text: str) -> str:
    return text.replace("-", "").lower()


def _described(change_id: uuid.UUID, event: Any) -> str:
    """A change by its id, with the time and the action of an event of it that can be read."""
    view = None if isinstance(event, BadEvent) else _view(event)
    return str(change_id) if view is None else f"{change_id} ({rfc3339(view.at)} {view.action})"


def list_changes(
    uow: UnitOfWork,
    limit: int | None = None,
    unreadable: UnreadableEvents | None = None,
    criteria: EventCriteria | None = None,
) -> Iterator[ChangeView]:
    """The commands that changed something, the newest first, streamed; those that did what fits the criteria.

    Those whose first event cannot be read are noted; without somewhere to note them raises DoneInPart at the end.
    """
    require_limit(limit)
    noted = UnreadableEvents() if unreadable is None else unreadable
    with uow:
        for change in uow.changes.matching(limit, criteria):
            view = None if isinstance(change, BadEvent) else _change(*change, uow)
            if view is None:
                noted.note(change.seq if isinstance(change, BadEvent) else change[0].seq)
            else:
                yield view
    if unreadable is None:
        noted.require_none()


def _change(event: Any, users: int, actions: Sequence[ActionCount], uow: UnitOfWork) -> ChangeView | None:
    try:
        view = EventView.of(event)
        return ChangeView(
            change_id=view.change_id,
            at=view.at,
            actor=view.actor,
            action=view.action,
            users=users,
            summary=_summary(view, users, actions),
            undone_by=uow.audit.undone_by(view.change_id),
            reason=view.reason,
            ticket=view.ticket,
        )
    except DatabaseUnavailable:
        raise
    except UNREADABLE:
        return None


def _summary(first: EventView, users: int, actions: Sequence[ActionCount]) -> str:
    undoing = f" (undoes {first.undoes})" if first.undoes else ""
    what = first.target_email or first.after.get("name") or first.before.get("name") or first.target_id or ""
    if actions and (users > 1 or any(action.kind != "user" for action in actions)):
        return f"{', '.join(map(_counted, actions))}{undoing}"
    if actions:
        return f"{', '.join(action.action for action in actions)} {what}{undoing}"
    if users > 1:
        what = f"{users:,} users"
    elif first.action == "user.updated":
        what = f"{what}: {', '.join(dict.fromkeys((*first.before, *first.after)))}"
    return f"{first.action} {what}{undoing}"


def _counted(action: ActionCount) -> str:
    users = "" if action.kind != "user" else " user" if action.targets == 1 else " users"
    return f"{action.action} {action.targets:,}{users}"


def checkpoint(uow: UnitOfWork) -> Checkpoint:
    """The log's length and head, to be kept elsewhere."""
    with uow:
        head = uow.audit.head()
        return Checkpoint(count=head.seq if head else 0, head=head.hash if head else hash_chain.GENESIS)


def as_ranges(seqs: Sequence[int]) -> list[list[int]]:
    """Sorted numbers as [first, last] pairs."""
    ranges: list[list[int]] = []
    for seq in seqs:
        if ranges and seq == ranges[-1][1] + 1:
            ranges[-1][1] = seq
        else:
            ranges.append([seq, seq])
    return ranges
