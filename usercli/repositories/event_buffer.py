"""Events that wait for the commit: in memory, and beyond a few thousand in a temporary file."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any, Generic, TypeVar

from usercli.repositories.event_encoder import Draft, EventRow

#: Beyond so many they go to a file.
IN_MEMORY = 5000

Item = TypeVar("Item", Draft, EventRow)


def packed(drafts: list[Item]) -> bytes:
    """The drafts as they wait in the file. To pack them takes long: another thread may."""
    return marshal.dumps(drafts)


class EventBuffer(Generic[Item]):
    """A list of drafts, or rows, that grows without growing the memory, and can be cut back."""

    def __init__(self) -> None:
        self._tail: list[Item] = []
        self._file: IO[bytes] | None = None
        self._places: list[tuple[int, int, int]] = []  # how many lie before, where in the file, how many bytes
        self._spilled = 0

    def __len__(self) -> int:
        return self._spilled + len(self._tail)

    def extend(self, drafts: Iterable[Item]) -> None:
        """Add some at the end."""
        self._tail.extend(drafts)
        while len(self._tail) > IN_MEMORY:
            rest = self._tail[IN_MEMORY:]
            del self._tail[IN_MEMORY:]
            self._spill()
            self._tail = rest

    def extend_packed(self, data: bytes, count: int) -> None:
        """Add so many that are packed."""
        if self._tail:
            self._spill()
        self._append(data, count)

    def truncate(self, length: int) -> None:
        """Drop everything after the first `length`."""
        while length < self._spilled and self._file is not None:
            before, place, size = self._places.pop()
            self._tail = _read(self._file, place, size)
            self._file.seek(place)
            self._file.truncate()
            self._spilled = before
        del self._tail[length - self._spilled :]

    def batches(self) -> Iterator[list[Item]]:
        """Everything in order, some thousands at a time."""
        if self._file is not None:
            for _, place, size in self._places:
                yield _read(self._file, place, size)
        if self._tail:
            yield self._tail

    def clear(self) -> None:
        """Begin anew."""
        if self._file is not None:
            self._file.close()
        self.__init__()  # type: ignore[misc]  # it is exactly as new

    def _spill(self) -> None:
        self._append(packed(self._tail), len(self._tail))
        self._tail = []

    def _append(self, data: bytes, count: int) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object; never has a name
        self._file.seek(0, 2)
        self._places.append((self._spilled, self._file.tell(), len(data)))
        self._file.write(data)
        self._spilled += count


def _read(file: IO[bytes], place: int, size: int) -> list[Any]:
    file.seek(place)
    found: list[Any] = marshal.loads(file.read(size))  # noqa: S302 - written by this process, in an unnamed file
    return found
