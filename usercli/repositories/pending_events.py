"""Events that wait for the commit: drafts, and rows that were hashed ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from usercli.repositories.event_encoder import COLUMNS, Draft, EventRow, EventWriter
from usercli.spool import Spool

_TARGET = COLUMNS.index("target_id")


class _Dropped(NamedTuple):
    """Events that others take the place of: those of the targets at these places, so many."""

    places: range
    targets: frozenset[str]
    events: int


class PendingEvents:
    """What was recorded and is not written yet, in order."""

    def __init__(self) -> None:
        self._drafts: Spool[Draft] = Spool()
        self._hashed: Spool[EventRow] = Spool()
        self._dropped: list[_Dropped] = []

    def __len__(self) -> int:
        """How many will be written."""
        return self.mark() - sum(dropped.events for dropped in self._dropped)

    def add(self, drafts: Iterable[Draft]) -> None:
        """Some more."""
        self._drafts.extend(drafts)

    def add_packed(self, data: bytes, count: int) -> None:
        """The same of drafts that usercli.spool has packed."""
        self._drafts.extend_packed(data, count)

    def mark(self) -> int:
        """The place of what is recorded next."""
        return len(self._hashed) + len(self._drafts)

    def truncate(self, mark: int) -> None:
        """Drop what was recorded since."""
        self._drafts.truncate(max(mark - len(self._hashed), 0))
        self._hashed.truncate(mark)
        self._dropped = [dropped for dropped in self._dropped if dropped.places.stop <= mark]

    def drop(self, target_ids: Iterable[str], mark: int, events: int) -> None:
        """Drop what was recorded of these targets since: so many events."""
        self._dropped.append(_Dropped(range(mark, self.mark()), frozenset(target_ids), events))

    def hash(self, writer: EventWriter) -> None:
        """Hash what waits."""
        for drafts in self._drafts.batches():
            self._hashed.extend(writer.rows(drafts))
        self._drafts.clear()

    def rows(self, writer: EventWriter) -> Iterator[list[EventRow]]:
        """All, some thousands at a time."""
        place = 0
        for rows in chain(self._hashed.batches(), map(writer.rows, self._drafts.batches())):
            first, place = place, place + len(rows)
            kept = (
                [row for at, row in enumerate(rows, first) if not self._is_dropped(row, at)]
                if self._dropped
                else rows
            )
            if kept:
                yield kept

    def _is_dropped(self, row: EventRow, place: int) -> bool:
        return any(row[_TARGET] in dropped.targets and place in dropped.places for dropped in self._dropped)

    def clear(self) -> None:
        """Begin anew."""
        self._drafts.clear()
        self._hashed.clear()
        self._dropped = []
