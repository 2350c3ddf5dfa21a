"""Many rows as columns: what an export reads, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

#: Names to columns, all of one length.
Block = Mapping[str, Sequence[Any]]


def rows_of(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    """The same, a row at a time."""
    for block in blocks:
        for values in zip(*block.values(), strict=True):
            yield dict(zip(block, values, strict=True))
