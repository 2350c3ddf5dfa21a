"""Verify the audit log: every hash, link and form, behind a break too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from usercli import hash_chain
from usercli.database.unit_of_work import UnitOfWork
from usercli.repositories.stored_events import BadEvent
from usercli.schemas.audit import Break, Verification
from usercli.services.watched_events import watched_events
from usercli.validation import require_count

#: So many breaks are kept and named; the others are counted.
MOST_BREAKS = 1000

_CHANGED = "the personal values were changed"
_SALT = re.compile("[0-9a-f]{32}")
_HASH = re.compile("[0-9a-f]{64}")
_PERSONAL_KEYS = frozenset({"actor", "after", "before", "host", "reason", "target_email", "ticket"})


def verify(
    uow: UnitOfWork,
    *,
    expect_head: str | None = None,
    expect_count: int | None = None,
    since: int = 1,
) -> Verification:
    """Recompute every hash and link, in constant memory; every break, or that there is none.

    An expected head and count come from an earlier checkpoint: the log may have grown since, but the event of
    that number must still have that hash. `since` trusts what lies before that number. After a break the
    verification goes on with the next event; `count` and `head` are those of the part before the first one.
    """
    require_count(since, "since")
    with uow:
        return _Verifier(expect_head, expect_count).run(uow, since)


class _Breaks:
    """What is wrong, in the order in which it was found; neighbours with one reason are one range."""

    def __init__(self) -> None:
        self.kept: list[Break] = []
        self.more = 0
        self._last: Break | None = None

    def add(self, first: int, reason: str, last: int | None = None) -> None:
        """Note that the events from one number to another, or one event, are wrong."""
        last = first if last is None else last
        before = self._last
        if before is not None and before.reason == reason and before.last == first - 1:
            before.last = last
            return
        self._last = Break(first=first, last=last, reason=reason)
        if len(self.kept) < MOST_BREAKS:
            self.kept.append(self._last)
        else:
            self.more += 1


class _Verifier:
    def __init__(self, expect_head: str | None, expect_count: int | None) -> None:
        self._expected = expect_head
        self._expected_at = expect_count
        self._seen_expected = expect_head in (None, hash_chain.GENESIS)
        self._bare: set[int] = set()  # personal values gone, erasure not yet seen
        self._breaks = _Breaks()
        self._seq = 0
        self._head: str | None = hash_chain.GENESIS  # None behind an event whose hash is not known
        self._whole = 0, hash_chain.GENESIS  # count and head before the first break

    def run(self, uow: UnitOfWork, since: int) -> Verification:
        """Look at every event from `since` on."""
        if self._start(uow, since):
            for event in watched_events(uow, since, "verifying events"):
                self._take(event)
                if not self._breaks.kept:
                    self._whole = self._seq, self._head or hash_chain.GENESIS
            self._finish()
        found = self._breaks.kept
        return Verification(
            ok=not found,
            count=self._whole[0],
            head=self._whole[1],
            broken_at=found[0].first if found else None,
            reason=found[0].reason if found else None,
            breaks=found,
            more_breaks=self._breaks.more,
        )

    def _start(self, uow: UnitOfWork, since: int) -> bool:
        if since > 1:
            before = uow.audit.hash_of(since - 1)
            if before is None:
                self._breaks.add(since - 1, "there is no event of this number")
                return False
            self._seq, self._head = since - 1, before
            self._whole = since - 1, before
        at = self._expected_at
        if self._expected is not None and (at is None or 0 < at < since):
            marked = uow.audit.hash_of(since - 1 if at is None else at)
            if marked == self._expected:
                self._seen_expected = True
            elif at is not None:
                self._unexpected(at)
        return True

    def _unexpected(self, seq: int) -> None:
        self._seen_expected = True  # it is named here, and need not be named at the end
        self._breaks.add(seq, "the event is not the one that was expected here")

    def _take(self, event: Mapping[str, Any] | BadEvent) -> None:
        seq: int = event.seq if isinstance(event, BadEvent) else event["seq"]
        if seq <= self._seq:
            self._breaks.add(seq, "no event has this number")
            return
        if seq > self._seq + 1:
            self._breaks.add(self._seq + 1, "an event is missing", seq - 1)
            self._head = None
        if isinstance(event, BadEvent):
            self._breaks.add(seq, event.reason)
            self._seq, self._head = seq, None
            return
        reason, self._head = _examine(event, self._head)
        self._seq = seq
        if event["personal"] is None:
            self._bare.add(seq)
        if reason is None and event["action"] == "user.erased":
            reason = self._discard_erased(event["after"])
        if reason is not None:
            self._breaks.add(seq, reason)
        if self._expected == event["hash"] and self._expected_at in (None, seq):
            self._seen_expected = True
        elif self._expected is not None and self._expected_at == seq and reason is None:
            self._unexpected(seq)

    def _discard_erased(self, after: Mapping[str, Any]) -> str | None:
        """Take from the events without personal values those that an erasure names; or why it names none."""
        try:
            ranges = list(_erased(after))
        except (TypeError, ValueError):
            return "the numbers of what was erased are not in their form"
        clipped = ((first, min(last, self._seq)) for first, last in ranges)
        for first, last in _joined(sorted(clipped)):
            if last - first < len(self._bare):
                self._bare.difference_update(range(first, last + 1))
            else:
                self._bare = {bare for bare in self._bare if not first <= bare <= last}
        return None

    def _finish(self) -> None:
        if self._expected_at is not None and self._seq < self._expected_at:
            self._breaks.add(self._seq + 1, f"the log is cut: {self._expected_at} events were expected")
        elif not self._seen_expected:
            self._breaks.add(self._seq + 1, "the expected head is not in the log")
        for seq in sorted(self._bare):
            self._breaks.add(seq, "the personal values are gone without an event of their erasure")


def _examine(event: Mapping[str, Any], head: str | None) -> tuple[str | None, str | None]:
    """What is wrong with an event behind this head, or None; and the head for the next one, None if unknown."""
    linked = head is None or event["prev_hash"] == head
    fits = hash_chain.link_hash(event["prev_hash"], event["seq"], event["at"], event["body_hash"]) == event["hash"]
    next_head = event["hash"] if linked and fits else None
    if not linked or _HASH.fullmatch(event["prev_hash"]) is None:
        return "the link to the event before is broken", next_head
    reason = _personal_flaw(event)
    if reason is None and not (isinstance(event["before"], dict) and isinstance(event["after"], dict)):
        reason = "the event cannot be read"
    if reason is None and hash_chain.body_hash(event) != event["body_hash"]:
        reason = "the event was changed"
    if reason is None and not fits:
        reason = "the hash does not fit the event"
    return reason, next_head


def _personal_flaw(event: Mapping[str, Any]) -> str | None:
    personal, salt = event["personal"], event["salt"]
    if _HASH.fullmatch(event["personal_hash"]) is None:
        return "the event was changed"
    if personal is None or salt is None:
        return None if personal is salt else "the personal values are erased in part"
    if _SALT.fullmatch(salt) is None or hash_chain.personal_hash(salt, personal) != event["personal_hash"]:
        return _CHANGED
    return None if _is_exact_personal(personal) else _CHANGED


def _is_exact_personal(text: str) -> bool:
    """A JSON object in canonical form with exactly the keys of personal values."""
    try:
        found = json.loads(text)
        return (
            isinstance(found, dict)
            and found.keys() - {"error"} == _PERSONAL_KEYS
            and isinstance(found["before"], dict)
            and isinstance(found["after"], dict)
            and hash_chain.canonical(found) == text
        )
    except (ValueError, RecursionError):
        return False


def _erased(after: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The [first, last] pairs of an event of erasure. Raises TypeError, ValueError if there is something else."""
    for first, last in after.get("erased", []):
        if type(first) is not int or type(last) is not int:
            raise TypeError(first)
        yield first, last


def _joined(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sorted ranges without overlaps: no number is looked at twice."""
    end = 0
    for first, last in ranges:
        if last > end:
            yield max(first, end + 1), last
            end = last
