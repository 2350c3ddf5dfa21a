"""A file of desired users and roles as plain data, and where in the file each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: The keys and positions that lead to a part of the document.
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """What a file says, and on which lines (not for JSON, whose places are paths)."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def place(self, path: Path) -> str:
        """`users.yaml:12`, or `users.json: users[3]`."""
        for length in range(len(path), -1, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return f"{self.file}:{line}"
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        return f"{self.file}: {shown.removeprefix('.')}".removesuffix(": ")
