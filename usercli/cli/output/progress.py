"""How far a long command is: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from stat import S_ISREG
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from usercli.cli.context import Invocation

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork

_SECONDS_A_LINE = 10.0
_SECONDS_UNTIL_BAR = 1.0  # what is done by then needs none
_BAR_WIDTH = 16  # with the longest stage and a million users in 80 columns


class Progress:
    """Counts up, with rate and time left, each stage of the work for itself.

    `done` is what an earlier run did. `count` is asked for the total where nobody tells one, and only once
    something is shown: it may cost as much as the work. `to_stdout` is of work that writes there meanwhile: no
    bar into the terminal of another program, and nothing into its own output.
    """

    def __init__(
        self,
        invocation: Invocation,
        stage: str,
        done: int = 0,
        *,
        count: Callable[[], int | None] | None = None,
        to_stdout: bool = False,
    ) -> None:
        self._invocation, self._stage, self._count = invocation, stage, count
        on_terminal = _is_terminal(sys.stderr)
        self._is_silent = bool(invocation.options.quiet) or (to_stdout and on_terminal and _is_terminal(sys.stdout))
        self._draws = (
            on_terminal
            and os.environ.get("TERM") != "dumb"
            and not invocation.options.no_input
            and not (to_stdout and not _is_file(sys.stdout))
        )
        self._start = self._last = self._last_line = monotonic()
        self._begun = {stage: (self._start, done)}
        self._counted: int | None = None
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def at(self, done: int, total: int | None = None, stage: str | None = None, *, estimated: bool = False) -> None:
        """So much is done, of another stage if one is named; nothing and no total only names the stage."""
        if self._is_silent:
            return
        now, self._stage = monotonic(), stage or self._stage
        begun = self._begun.setdefault(self._stage, (self._last, 0))
        self._last = now
        if self._bar is None and now - self._start >= _SECONDS_UNTIL_BAR and self._draws:
            self._start_bar()
        if self._bar is None and now - self._last_line < _SECONDS_A_LINE:
            return
        if total is None and done:
            total = self._ask_for_total()
        rate = max(done - begun[1], 0) / max(now - begun[0], 0.001)
        counts, pace, left = _words(done, total, rate, estimated)
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=self._stage,
                completed=done,
                total=total,
                counts=counts,
                pace=pace,
                left=left,
            )
        elif not self._draws:
            self._last_line = now
            details = ", ".join(filter(None, (pace, left)))
            self._invocation.info(" ".join(filter(None, (self._stage, counts, details and f"({details})"))))

    def _ask_for_total(self) -> int | None:
        if self._count is not None:
            self._counted, self._count = self._count(), None
        return self._counted

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
        counts, pace, left = (TextColumn(f"{{task.fields[{name}]}}") for name in ("counts", "pace", "left"))
        columns = (TextColumn("{task.description}"), BarColumn(_BAR_WIDTH), counts, pace, left)
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(self._stage, total=None, counts="", pace="", left="")
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def watched(
    invocation: Invocation, uow: UnitOfWork, stage: str, done: int = 0, *, to_stdout: bool = False
) -> Iterator[None]:
    """Show how far the work on this unit of work is."""
    with Progress(invocation, stage, done, to_stdout=to_stdout) as progress, uow.watched_by(progress.at):
        yield


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _is_file(stream: TextIO | None) -> bool:
    """Neither a terminal nor a pipe, behind which another program may draw on the terminal."""
    try:
        return stream is not None and S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _words(done: int, total: int | None, rate: float, estimated: bool) -> tuple[str, str, str]:
    """`20,000 of ~95,000`, `7,000/s`, `11 s left`; nothing of what nobody knows."""
    if not done and total is None:
        return "", "", ""
    of = "" if not total else f" of ~{_rounded(max(total, done)):,}" if estimated else f" of {total:,}"
    left = f"{_duration((total - done) / rate)} left" if total and rate and total > done else ""
    return f"{done:,}{of}", f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s", left


def _rounded(number: int) -> int:
    """An estimate with the two digits that mean something."""
    size: int = 10 ** max(len(str(number)) - 2, 0)
    return round(number / size) * size


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"
