"""Many rows as columns: what an export reads, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Names to columns, all of one length.
Block = Mapping[str, Sequence[Any]]


class Texts(list[str]):
    """A column that is known to hold nothing but texts."""


class Spelled(list[str]):
    """A column of cells that are written as they are."""


@dataclass(frozen=True)
class Spelling:
    """How a format writes what needs no escape, so that a database can spell it: as JSON, or bare."""

    json: bool
    comma: str = ","

    @property
    def null(self) -> str:
        """What stands for nothing."""
        return "null" if self.json else ""


def rows_of(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    """The same, a row at a time."""
    for block in blocks:
        for values in zip(*block.values(), strict=True):
            yield dict(zip(block, values, strict=True))
