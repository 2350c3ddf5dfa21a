"""On which line of the file the user of an id stands, for an import that makes the ids."""

from __future__ import annotations

import threading
import uuid
from array import array
from bisect import bisect_right, insort
from collections.abc import Sequence
from operator import itemgetter

from usercli.schemas.import_rows import UserRow
from usercli.uuid7 import position


class IdLines:
    """Remembers the lines of a million users in a few kilobytes: nearly always one follows the other."""

    def __init__(self) -> None:
        self._batches: list[tuple[int, Sequence[int]]] = []
        self._lock = threading.Lock()  # a thread makes batches ahead

    def add(self, ids: Sequence[str], rows: Sequence[UserRow]) -> None:
        """The ids of rows, as ChangeIds made them: each one more than the last."""
        if not rows:
            return
        first, last = rows[0].line, rows[-1].line
        follows = last - first == len(rows) - 1
        lines = range(first, last + 1) if follows else array("Q", [row.line for row in rows])
        with self._lock:
            insort(self._batches, (position(ids[0]), lines), key=itemgetter(0))

    def of(self, user_id: uuid.UUID) -> int | None:
        """The line; None for an id that is not of this import."""
        wanted = position(str(user_id))
        with self._lock:
            place = bisect_right(self._batches, wanted, key=itemgetter(0)) - 1
        if place < 0:
            return None
        start, lines = self._batches[place]
        return lines[wanted - start] if wanted - start < len(lines) else None
