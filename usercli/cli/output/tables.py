"""Tables for people, as wide as the terminal: cells fold between words, and nothing is cut."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from usercli.cli.colors import BOLD, GREEN, RED, YELLOW, obeys, painted, wanted

_TIME = len("2026-11-21T02:23:27.110262Z")
_NARROWEST = 10
_FIELD_TABLE = 60
_GAP = 2

#: Where a cell may fold: after a blank, and after what separates roles or the items of JSON.
_PIECES = re.compile(r"[^\s;,]*[;,]\s*|[^\s;,]+\s*|\s+")
#: Where a word may fold that is wider than its column.
_PARTS = re.compile(r"[^.@_/-]*[.@_/-]|[^.@_/-]+")
#: Joined emoji, their variants and flags: terminals do not agree on their width.
_JOINED = re.compile("[\u200d\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")

_COLORS: Mapping[str, Mapping[str, str]] = {
    "is_active": {"yes": GREEN, "no": YELLOW},
    "state": {
        "ok": GREEN,
        "current": GREEN,
        **dict.fromkeys(("warn", "behind", "ahead"), YELLOW),
        **dict.fromkeys(("fail", "missing", "drifted"), RED),
    },
    "outcome": dict.fromkeys(("refused", "failed"), YELLOW),
}


def row_table(rows: Iterable[Sequence[str]], names: Sequence[str], *, has_header: bool = True) -> str:
    """Rows under a header line, if it is wanted; long cells fold, nothing is cut."""
    cells = [[writable(cell) for cell in row] for row in rows]
    floor = sum((_TIME if name.endswith("_at") else _NARROWEST) + _GAP for name in names)
    widths = _widths(cells, names, max(width(), floor))
    header = _lines(
        [_folded(name, room) for name, room in zip(names, widths, strict=True)], widths, [BOLD] * len(names)
    )
    lines = [line for row in cells for line in _row(row, names, widths)]
    return "".join([*header, *lines] if has_header else lines)


def field_table(pairs: Iterable[tuple[str, str]]) -> str:
    """One thing, a field a line."""
    fields = [(name, writable(value)) for name, value in pairs]
    first = max(map(len, dict(fields)), default=0)
    widths = [first, max(width(), _FIELD_TABLE) - first - _GAP]
    return "".join(
        line
        for name, value in fields
        for line in _lines([[name], _folded(value, widths[1])], widths, [BOLD, _color(name, value)])
    )


def paragraph(text: str, first: str = "", others: str = "") -> Iterator[str]:
    """Lines of a text that is folded between words at the width of the terminal, with what they begin with."""
    room = max(width() - max(len(first), len(others)), _NARROWEST)
    for number, line in enumerate(_folded(writable(text), room)):
        yield f"{others if number else first}{line}".rstrip() + "\n"


def width() -> int:
    """The columns of the terminal; 80 where there is none."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    for stream in (0, 1, 2):
        with suppress(OSError):
            if columns := os.get_terminal_size(stream).columns:
                return columns
    return 80


def fitted(text: str, room: int) -> str:
    """The text in so many cells of a terminal; the middle of a longer one is left out."""
    if cell_width(text) <= room:
        return text + " " * (room - cell_width(text))
    end = set_cell_size(text[::-1], room // 3)[::-1].lstrip()
    start = set_cell_size(text, room - cell_width(end) - 1).rstrip()
    return f"{start}~{end}".ljust(room)


def writable(cell: str) -> str:
    """The cell as it will be written: what the locale cannot write takes the room of its escape."""
    encoding = sys.stdout.encoding or "utf-8"
    return cell.encode(encoding, errors="backslashreplace").decode(encoding)


def _row(row: Sequence[str], names: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    folded = [_folded(cell, room) for cell, room in zip(row, widths, strict=True)]
    return _lines(folded, widths, [_color(name, cell) for name, cell in zip(names, row, strict=True)])


def _color(name: str, cell: str) -> str:
    return RED if name == "deleted_at" else _COLORS.get(name, {}).get(cell, "")


def _lines(cells: Sequence[Sequence[str]], widths: Sequence[int], colors: Sequence[str]) -> Iterator[str]:
    """The lines of a row; a cell behind one of unsure width is put into its column by the terminal itself."""
    is_colored, is_placed = wanted(sys.stdout), obeys(sys.stdout)
    for number in range(max(map(len, cells))):
        line, column, is_unsure = "", 0, False
        for cell, room, color in zip(cells, widths, colors, strict=True):
            text = cell[number] if number < len(cell) else ""
            if text and is_unsure and is_placed:
                line += f"\x1b[{column + 1}G"
            blanks = " " * (room - cell_width(text))
            if color == BOLD and is_colored:
                line += painted(text + blanks, color)
            else:
                line += (painted(text, color) if color and text and is_colored else text) + blanks
            line += " " * _GAP
            column += room + _GAP
            is_unsure = is_unsure or _JOINED.search(text) is not None
        yield line.rstrip() + "\n"


# -- widths, in the cells of a terminal


def cell_width(text: str) -> int:
    """The room that a text takes; the most that a terminal may give it where they do not agree."""
    if text.isascii():
        return len(text)
    if _JOINED.search(text):
        return max(cell_len(text), sum(map(get_character_cell_size, text)))
    return cell_len(text)


def _widths(rows: Sequence[Sequence[str]], names: Sequence[str], room: int) -> list[int]:
    """The width of each column: no word is folded while there is room for all of them."""
    columns = [[name, *(row[place] for row in rows)] for place, name in enumerate(names)]
    widest = [max(map(cell_width, column)) for column in columns]
    room -= _GAP * (len(names) - 1)
    if sum(widest) <= room:
        return widest
    least = [
        widest[place] if _is_whole(names[place]) else max(map(_longest_word, column))
        for place, column in enumerate(columns)
    ]
    limit = max(least)
    while sum(least) > room and limit > _NARROWEST:
        limit -= 1
        least = [
            number if _is_whole(name) else min(number, limit) for number, name in zip(least, names, strict=True)
        ]
    spare = max(room - sum(least), 0)
    for left, place in enumerate(sorted(range(len(names)), key=lambda place: widest[place] - least[place])):
        share = min(widest[place] - least[place], spare // (len(names) - left))
        least[place] += share
        spare -= share
    return least


def _is_whole(name: str) -> bool:
    """Times and ids: of no use when they are broken over two lines."""
    return name in {"at", "id"} or name.endswith(("_at", "_id"))


def _longest_word(cell: str) -> int:
    return max((cell_width(piece.rstrip()) for piece in _PIECES.findall(cell)), default=0)


def _folded(cell: str, room: int) -> list[str]:
    """The cell in lines of at most so many cells, folded between words where they fit."""
    if cell_width(cell) <= room:
        return [cell]
    lines: list[str] = []
    line = ""
    for piece in _PIECES.findall(cell):
        for part in [piece] if cell_width(piece.rstrip()) <= room else _parts(piece, room):
            if line and cell_width(line + part.rstrip()) > room:
                lines.append(line.rstrip())
                line = ""
            line += part
    return [*lines, line.rstrip()]


def _parts(word: str, room: int) -> Iterator[str]:
    """A word that is too wide, in parts that are not: after a dot, an @, - or _, else anywhere between letters."""
    for part in _PARTS.findall(word):
        start = 0
        for end in range(1, len(part) + 1):
            if cell_width(part[start:end]) > room and end - 1 > start and "\u200d" not in part[end - 2 : end]:
                yield part[start : end - 1]
                start = end - 1
        yield part[start:]
