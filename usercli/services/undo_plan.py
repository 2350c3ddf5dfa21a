"""What an undo would do, in lines for a person."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

_KEPT = 10


class FirstLines:
    """The first of many lines, and how many there are."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, line: str) -> None:
        """One more; kept if it is among the first."""
        self._count += 1
        if self._count <= _KEPT:
            self.first.append(line)

    def more(self) -> int:
        """How many there are besides the first."""
        return self._count - len(self.first)

    def __str__(self) -> str:
        more = [f"and {self.more():,} more"] if self.more() else []
        return "; ".join([*self.first, *more])


@dataclass
class UndoPlan:
    """What an undo would do, a line each, and what it cannot do.

    `is_whole` is false where the reading ended as soon as there was something to do.
    """

    change_id: uuid.UUID
    steps: FirstLines = field(default_factory=FirstLines)
    conflicts: FirstLines = field(default_factory=FirstLines)
    passwords: FirstLines = field(default_factory=FirstLines)
    is_whole: bool = True
