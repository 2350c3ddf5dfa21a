"""A file of desired users and roles as plain data, and where in the file each part of it stands."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: The keys and positions that lead to a part of the document.
Path = tuple[str | int, ...]


class RowLines(Mapping[Path, int]):
    """The lines of the rows of a table, which are its users; a fifteenth of the memory of a dict."""

    def __init__(self) -> None:
        self._lines = array("Q")

    def append(self, line: int) -> None:
        """The next row ends on this line."""
        self._lines.append(line)

    def __getitem__(self, path: Path) -> int:
        match path:
            case ("users", int(place)) if 0 <= place < len(self._lines):
                return self._lines[place]
        raise KeyError(path)

    def __iter__(self) -> Iterator[Path]:
        return (("users", place) for place in range(len(self._lines)))

    def __len__(self) -> int:
        return len(self._lines)


@dataclass(frozen=True)
class Document:
    """What a file says, and on which lines (not for JSON, whose places are paths)."""

    file: str
    data: Any
    lines: Mapping[Path, int] = field(default_factory=dict)

    def place(self, path: Path) -> str:
        """`users.yaml:12`, or `users.json: users[3]`."""
        for length in range(len(path), -1, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return f"{self.file}:{line}"
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        return f"{self.file}: {shown.removeprefix('.')}".removesuffix(": ")
