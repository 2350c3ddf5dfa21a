"""Tables for people. Rich draws; it never interprets: markup, emoji and highlighting are off."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_TIME = len("2026-11-21T02:23:27.110262Z")
_NARROWEST = 10
_FIELD_TABLE = 60


def row_table(rows: Iterable[Sequence[str]], names: Sequence[str], *, has_header: bool = True) -> str:
    """Rows under a header line; long cells fold, nothing is cut."""
    table = Table(box=None, show_header=has_header, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=_is_whole(name))
    for row in rows:
        table.add_row(*(_text(cell) for cell in row))
    return _render(table, sum((_TIME if name.endswith("_at") else _NARROWEST) + 2 for name in names))


def _is_whole(name: str) -> bool:
    """Times and ids: of no use when they are broken over two lines."""
    return name in {"at", "id"} or name.endswith(("_at", "_id"))


def field_table(pairs: Iterable[tuple[str, str]]) -> str:
    """One thing, a field a line."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(_text(name), _text(value))
    return _render(table, _FIELD_TABLE)


def _text(cell: str) -> Text:
    """The cell as it will be written: what the locale cannot write takes the room of its escape."""
    encoding = sys.stdout.encoding or "utf-8"
    return Text(cell.encode(encoding, errors="backslashreplace").decode(encoding))


def width() -> int:
    """The columns of the terminal; 80 where there is none."""
    return Console(file=sys.stdout).width


def _render(table: Table, floor: int) -> str:
    """The table, as wide as the terminal, but never below the columns in which Rich would cut cells."""
    console = Console(
        file=sys.stdout,
        width=max(width(), floor),
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        soft_wrap=False,
    )
    with console.capture() as capture:
        console.print(table)
    lines = io.StringIO(capture.get())
    return "".join(line.rstrip() + "\n" for line in lines)
