"""Statistics as charts of bars for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from usercli.cli.colors import BOLD, painted, wanted
from usercli.cli.output.tables import cell_width, fitted, width, writable
from usercli.schemas.statistics import MONTHLY, Statistics, StatView, heading
from usercli.text import counted, visible
from usercli.times import rfc3339

_WIDEST = 120
_LABEL = 32
_PERCENT = 6
_EIGHTHS = "▏▎▍▌▋▊▉█"


def charts(found: Statistics, place: str) -> Iterator[str]:
    """A line about all, and a chart for each grouping, as wide as the terminal."""
    binned = found.count("total", "deleted")
    beside = f", {binned:,} in the recycle bin" if binned else ""
    when = rfc3339(found.at.replace(microsecond=0))
    yield f"{counted(found.users, 'user')}{beside}, on {visible(place)}, {when}\n"
    for by, rows in found.groups():
        title = visible(heading(by))
        yield f"\n{painted(title, BOLD) if wanted(sys.stdout) else title}\n"
        yield from _chart(rows, by, found.users)


def _chart(rows: Sequence[StatView], by: str, users: int) -> Iterator[str]:
    labels = [writable(visible(row.label)) for row in rows]
    room = min(max(map(cell_width, labels)), _LABEL)
    numbers = [f"{row.users:,}" for row in rows]
    wide = max(map(len, numbers))
    most = max(row.users for row in rows)
    bar = max(min(width(), _WIDEST) - room - wide - _PERCENT - 8, 5)
    for row, label, number in zip(rows, labels, numbers, strict=True):
        share = "" if by in MONTHLY else f"{_percent(row.users, users):>{_PERCENT}}"
        line = f"  {fitted(label, room)}  {number:>{wide}}{share}  {_bar(row.users, most, bar)}"
        yield line.rstrip() + "\n"


def _percent(part: int, whole: int) -> str:
    if not part or not whole:
        return "0%"
    share = 100 * part / whole
    return "<1%" if share < 1 else f"{min(round(share), 99)}%" if part < whole else "100%"


def _bar(users: int, most: int, room: int) -> str:
    """A bar of the length that the number has beside the largest; whatever is not zero is seen."""
    if not users:
        return ""
    eighths = max(8 * room * users // most, 1)
    if writable(_EIGHTHS) != _EIGHTHS:
        return "#" * max(eighths // 8, 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest - 1] if rest else "")
