"""Read, export and verify the audit log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from usercli import hash_chain
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import DatabaseUnreachable, UserCliError
from usercli.schemas.audit import ChangeView, Checkpoint, EventCriteria, EventView, RawEvent, Verification
from usercli.schemas.users import UserKey
from usercli.validation import require_count


class EventListing:
    """The events that fit, streamed, oldest first; with a limit the newest ones. `total` counts all that fit."""

    def __init__(self, criteria: EventCriteria, uow: UnitOfWork, limit: int | None = None) -> None:
        self._criteria, self._uow, self._limit = criteria, uow, require_count(limit, "limit")
        self.shown, self.total = 0, 0

    def __iter__(self) -> Iterator[EventView]:
        with self._uow as uow:
            if self._limit is not None:
                self.total = uow.audit.count_matching(self._criteria)
            for event in uow.audit.matching(self._criteria, self._limit):
                self.shown += 1
                yield EventView.of(event)


def export(since: int, uow: UnitOfWork) -> Iterator[RawEvent]:
    """Events exactly as stored, from a number on, streamed: enough to verify the chain elsewhere."""
    require_count(since, "since")
    with uow:
        for event in uow.audit.since(since):
            yield RawEvent.model_validate(event)


def history(key: UserKey, uow: UnitOfWork) -> Iterator[EventView]:
    """Everything that happened to a user, in the bin or not; by id also to one that was removed permanently.

    An email that fits a user outside the bin is that user's. Raises UserNotFound, Ambiguous.
    """
    with uow:
        target_id = _target(key, uow)
        for event in uow.audit.for_target(target_id):
            yield EventView.of(event)


def _target(key: UserKey, uow: UnitOfWork) -> uuid.UUID:
    if key.id is not None and next(uow.audit.for_target(key.id), None) is not None:
        return key.id
    [user] = uow.users.pick_including_deleted([key], live_first=True)
    return user.id


def list_changes(uow: UnitOfWork, limit: int | None = None) -> Iterator[ChangeView]:
    """The commands that changed something, the newest first, streamed."""
    require_count(limit, "limit")
    with uow:
        for event, users, actions in uow.audit.changes(limit):
            view = EventView.of(event)
            yield ChangeView(
                change_id=view.change_id,
                at=view.at,
                actor=view.actor,
                action=view.action,
                users=users,
                summary=_summary(view, users, actions),
                undone_by=uow.audit.undone_by(view.change_id),
            )


def _summary(first: EventView, users: int, actions: Sequence[str]) -> str:
    what = first.target_email or first.after.get("name") or first.before.get("name") or first.target_id or ""
    if users > 1:
        what = f"{users:,} users"
    elif first.action == "user.updated":
        what = f"{what}: {', '.join(dict.fromkeys((*first.before, *first.after)))}"
    undoing = f" (undoes {first.undoes})" if first.undoes else ""
    return f"{' and '.join(actions)} {what}{undoing}"


def checkpoint(uow: UnitOfWork) -> Checkpoint:
    """The log's length and head, to be kept elsewhere."""
    with uow:
        head = uow.audit.head()
        return Checkpoint(count=head.seq if head else 0, head=head.hash if head else hash_chain.GENESIS)


def verify(
    uow: UnitOfWork,
    *,
    expect_head: str | None = None,
    expect_count: int | None = None,
    since: int = 1,
) -> Verification:
    """Recompute every hash and link, in constant memory; the first break, or that there is none.

    An expected head and count come from an earlier checkpoint: the log may have grown since, but the event of
    that number must still have that hash. `since` trusts what lies before that number.
    """
    require_count(since, "since")
    with uow:
        return _Verifier(expect_head, expect_count).run(uow, since)


class _Broken(Exception):
    """The chain does not hold at this number."""

    def __init__(self, seq: int, reason: str) -> None:
        self.seq, self.reason = seq, reason


class _Verifier:
    def __init__(self, expect_head: str | None, expect_count: int | None) -> None:
        self._expected = expect_head
        self._expected_at = expect_count
        self._seen_expected = expect_head in (None, hash_chain.GENESIS)
        self._bare: set[int] = set()  # personal values gone, erasure not yet seen
        self._seq, self._head = 0, hash_chain.GENESIS

    def run(self, uow: UnitOfWork, since: int) -> Verification:
        try:
            self._start(uow, since)
            self._follow(uow, since)
            self._finish()
        except _Broken as broken:
            return Verification(
                ok=False, count=self._seq, head=self._head, broken_at=broken.seq, reason=broken.reason
            )
        return Verification(ok=True, count=self._seq, head=self._head)

    def _start(self, uow: UnitOfWork, since: int) -> None:
        if since > 1:
            before = uow.audit.find(since - 1)
            if before is None:
                raise _Broken(since - 1, "there is no event of this number")
            self._seq, self._head = before.seq, before.hash
        at = self._expected_at
        if self._expected is not None and (at is None or 0 < at < since):
            marked = uow.audit.find(since - 1 if at is None else at)
            if marked is not None and marked.hash == self._expected:
                self._seen_expected = True
            elif at is not None:
                raise _Broken(at, "the event is not the one that was expected here")

    def _follow(self, uow: UnitOfWork, since: int) -> None:
        try:
            for event in uow.audit.since(since):
                self._link(event)
        except _UNREADABLE as error:
            if isinstance(error, DatabaseUnreachable):
                raise
        else:
            return
        # some event of the last fetch holds what no program of ours wrote: one by one, to tell which
        while True:
            try:
                found = uow.audit.find(self._seq + 1)
                if found is None:
                    raise _Broken(self._seq + 1, "an event is missing")
                self._link(found)
            except _UNREADABLE as error:
                if isinstance(error, DatabaseUnreachable):
                    raise
                raise _Broken(self._seq + 1, "the event cannot be read") from None

    def _link(self, event: Any) -> None:
        seq = self._seq + 1
        if event.seq != seq:
            raise _Broken(seq, "an event is missing")
        if event.prev_hash != self._head:
            raise _Broken(seq, "the link to the event before is broken")
        if event.personal is None or event.salt is None:
            if event.personal is not event.salt:
                raise _Broken(seq, "the personal values are erased in part")
            self._bare.add(seq)
        elif not _is_personal(event):
            raise _Broken(seq, "the personal values were changed")
        if hash_chain.body_hash(event._mapping) != event.body_hash:
            raise _Broken(seq, "the event was changed")
        if hash_chain.link_hash(self._head, seq, event.at, event.body_hash) != event.hash:
            raise _Broken(seq, "the hash does not fit the event")
        if self._bare and event.action == "user.erased":
            self._bare = {bare for bare in self._bare if not _names(event.after, bare)}
        self._seq, self._head = seq, event.hash
        if self._expected == event.hash and self._expected_at in (None, seq):
            self._seen_expected = True
        elif self._expected is not None and self._expected_at == seq:
            raise _Broken(seq, "the event is not the one that was expected here")

    def _finish(self) -> None:
        if self._expected_at is not None and self._seq < self._expected_at:
            raise _Broken(self._seq + 1, f"the log is cut: {self._expected_at} events were expected")
        if not self._seen_expected:
            raise _Broken(self._seq + 1, "the expected head is not in the log")
        if self._bare:
            raise _Broken(min(self._bare), "the personal values are gone without an event of their erasure")


#: What decoding a stored value raises.
_UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, UserCliError)


def _is_personal(event: Any) -> bool:
    try:
        return bool(hash_chain.personal_hash(event.salt, event.personal) == event.personal_hash)
    except ValueError:  # a salt that is no hexadecimal number
        return False


def _names(after: dict[str, Any], seq: int) -> bool:
    """An event of erasure names this number."""
    return any(first <= seq <= last for first, last in after.get("erased", []))


def as_ranges(seqs: Sequence[int]) -> list[list[int]]:
    """Sorted numbers as [first, last] pairs."""
    ranges: list[list[int]] = []
    for seq in seqs:
        if ranges and seq == ranges[-1][1] + 1:
            ranges[-1][1] = seq
        else:
            ranges.append([seq, seq])
    return ranges
