"""Many rows as columns: what an export reads, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Names to columns, all of one length.
Block = Mapping[str, Sequence[Any]]


class Texts(list[str]):
    """A column that is known to hold nothing but texts."""


class Encoded(list[str]):
    """A column of already-escaped cells, written as they are."""


@dataclass(frozen=True)
class CellEncoding:
    """How a format writes what needs no escape, so that a database can encode it: as JSON, or bare.

    `is_guarded` says that a spreadsheet must not take a text for a formula.
    """

    json: bool
    delimiter: str = ","
    is_guarded: bool = False

    @property
    def null(self) -> str:
        """What stands for null."""
        return "null" if self.json else ""


def rows_of(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    """The same, a row at a time."""
    for block in blocks:
        for values in zip(*block.values(), strict=True):
            yield dict(zip(block, values, strict=True))
