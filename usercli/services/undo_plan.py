"""What an undo would do, in lines for a person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ChangeNotFound, Conflict, Refused

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

    def discard(self, line: str) -> None:
        """Take a line back."""
        self._count -= 1
        if line in self.first:
            self.first.remove(line)

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


def newest_plan(
    uow: UnitOfWork, plan: Callable[[uuid.UUID], UndoPlan], *, looked_at: int
) -> tuple[UndoPlan, list[str]]:
    """The plan of the newest change that has one, and why those after it have none.

    What was undone already, and undos themselves, are left out. Raises ChangeNotFound beyond so many changes.
    """
    passed: set[uuid.UUID] = set()
    why: list[str] = []
    while len(passed) < looked_at:
        with uow:
            change_id = uow.changes.newest_done(passed)
        if change_id is None:
            raise ChangeNotFound("there is no change that can be undone")
        passed.add(change_id)
        try:
            return plan(change_id), why
        except Refused as error:
            why.append(f"{change_id}: {error.message}")
        except Conflict:  # undone already
            pass
    raise ChangeNotFound(f"none of the {looked_at:,} newest changes can be undone")
