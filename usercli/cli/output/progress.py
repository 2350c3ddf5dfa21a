"""How far a long command is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import os
import sys
from time import monotonic
from types import TracebackType
from typing import Any, Self

from usercli.cli.context import Invocation

_SECONDS_A_LINE = 5.0
_SECONDS_UNTIL_BAR = 1.0  # what is done by then needs none


class Progress:
    """Counts up to `total` (None: nobody knows) with rate and time left."""

    def __init__(self, invocation: Invocation, verb: str, total: int | None) -> None:
        self._invocation, self._verb, self._total = invocation, verb, total
        self._start = self._last = monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def at(self, done: int, total: int | None = None, verb: str | None = None) -> None:
        """So much is done, of another kind of work if `verb` names it."""
        self._total = total or self._total
        now = monotonic()
        rate = done / max(now - self._start, 0.001)
        if self._bar is None and now - self._start >= _SECONDS_UNTIL_BAR and self._may_draw():
            self._start_bar()
        if self._bar is not None:
            counts = {"completed": done, "total": self._total, "rate": f"{rate:,.0f}/s"}
            self._bar.update(self._task, description=verb or self._verb, **counts)
        elif now - self._last >= _SECONDS_A_LINE:
            self._last = now
            of = f" of {self._total:,}" if self._total else ""
            left = f", {(self._total - done) / rate:,.0f} s left" if self._total and rate else ""
            self._invocation.info(f"{verb or self._verb} {done:,}{of} ({rate:,.0f}/s{left})")

    def _may_draw(self) -> bool:
        terminal = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        return terminal and not self._invocation.options.no_input

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(self._verb, total=self._total, rate="")
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
