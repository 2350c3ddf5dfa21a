"""UUIDv7 (RFC 9562), one at a time or in batches."""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> uuid.UUID:
    """A UUIDv7: time-ordered, so new rows land at the end of the index."""
    from uuid_utils.compat import uuid7

    return uuid7()


class ChangeIds:
    """Increasing UUIDv7s for the rows of one change, recognizable by 30 bits taken from a seed.

    48 bits of milliseconds, a counter of 12 bits (when it overflows the time runs ahead, RFC 9562 section 6.2),
    the seed's bits, 32 random bits.
    """

    def __init__(self, seed: uuid.UUID) -> None:
        self._mark = mark(seed)
        self._last = 0

    def make(self, count: int) -> list[str]:
        """`count` new ids, as texts."""
        random = os.urandom(4 * count).hex()
        start = max(self._last + 1, (time.time_ns() // 1_000_000) << 12)
        self._last = start + count - 1
        ids: list[str] = []
        while len(ids) < count:
            position = start + len(ids)
            milliseconds = f"{position >> 12:012x}"
            prefix = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
            counters = range(position & 0xFFF, min((position & 0xFFF) + count - len(ids), 0x1000))
            ids += [
                f"{prefix}{counter:03x}-{self._mark}{random[at : at + 8]}"
                for counter, at in zip(counters, range(8 * len(ids), 8 * count, 8), strict=False)
            ]
        return ids

    def made(self, row_id: uuid.UUID) -> bool:
        """Whether the id was made for this change."""
        return mark(row_id) == self._mark


def mark(some_id: uuid.UUID) -> str:
    """The 30 bits, as they are written, that the ids of a change have in common with its seed."""
    return str(some_id)[19:28]


def first_of_moment(some_id: uuid.UUID) -> uuid.UUID:
    """The least UUIDv7 that can be made in the millisecond of this one."""
    return uuid.UUID(int=some_id.int >> 80 << 80)


def position(row_id: str) -> int:
    """Time and counter of a UUIDv7 as one number: those that were made together follow each other."""
    return int(row_id[:8] + row_id[9:13] + row_id[15:18], 16)
