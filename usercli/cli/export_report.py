"""What an export says when it has ended: how much it wrote, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from usercli.cli.context import Invocation
from usercli.cli.output.writer import Output
from usercli.text import counted

Item = TypeVar("Item")


class Counted(Generic[Item]):
    """Items as they come; `count` is how many there were, or how many things they held; `on_count` is told it."""

    def __init__(
        self,
        items: Iterable[Item],
        number_of: Callable[[Item], int] = lambda _: 1,
        on_count: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._items, self._number_of, self._on_count, self.count = items, number_of, on_count, 0

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            self.count += self._number_of(item)
            self._on_count(self.count)
            yield item


def report_export(
    invocation: Invocation, output: Output, number: int, kind: str = "user", file: str | None = None
) -> None:
    """Say on stderr how many were written and where; nothing with -q."""
    if output.format != "ids":
        what = counted(number, kind)
        invocation.info(f"exported {what} from {invocation.target} to {file or 'standard output'}")
