"""A list of many plain values: in memory, and beyond a few thousand in a temporary file."""

from __future__ import annotations

import marshal
import tempfile
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any, Generic, TypeVar, overload

#: Beyond so many they go to a file.
IN_MEMORY = 2000

#: A tuple of what marshal knows: texts, numbers, booleans, None, bytes, and what is built of them.
Item = TypeVar("Item")

Shown = TypeVar("Shown", covariant=True)


def packed(items: list[Item]) -> bytes:
    """The items as they wait in the file. To pack them takes long: another thread may."""
    return marshal.dumps(items)


class Spool(Generic[Item]):
    """A list that grows without growing the memory, and can be cut back."""

    def __init__(self) -> None:
        self._tail: list[Item] = []
        self._file: IO[bytes] | None = None
        self._places: list[tuple[int, int, int]] = []  # how many lie before, where in the file, how many bytes
        self._spilled = 0

    def __len__(self) -> int:
        return self._spilled + len(self._tail)

    def extend(self, items: Iterable[Item]) -> None:
        """Add some at the end."""
        self._tail.extend(items)
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


class SpooledSequence(Sequence[Shown]):
    """A sequence that keeps plain values and makes an item of them whenever it is asked for, best in order."""

    def __init__(self) -> None:
        self._spool: Spool[Any] = Spool()

    @abstractmethod
    def _made(self, values: Any) -> Shown:
        """The item of these values."""

    def __len__(self) -> int:
        return len(self._spool)

    def __iter__(self) -> Iterator[Shown]:
        for batch in self._batches():
            yield from map(self._made, batch)

    def _batches(self) -> Iterator[list[Any]]:
        return self._spool.batches()

    @overload
    def __getitem__(self, at: int) -> Shown: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Shown]: ...
    def __getitem__(self, at: int | slice) -> Shown | Sequence[Shown]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            return list(islice(self, start, stop, step)) if step > 0 else list(self)[at]
        place = range(len(self))[at]
        return next(islice(self, place, None))


def _read(file: IO[bytes], place: int, size: int) -> list[Any]:
    file.seek(place)
    found: list[Any] = marshal.loads(file.read(size))  # noqa: S302 - written by this process, in an unnamed file
    return found
