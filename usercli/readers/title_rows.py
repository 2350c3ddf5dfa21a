"""The header of a spreadsheet that has titles above it: `Staff list 2026`, `Printed on 13.02.2026`."""

from __future__ import annotations

from collections.abc import Sequence

from usercli.readers import ReadOptions
from usercli.readers.known_headers import meaning, plain, without_notes
from usercli.text import counted, visible

#: The header stands in one of so many first rows.
FIRST_ROWS = 20
_SHOWN = 40


def header_place(rows: Sequence[Sequence[str]], options: ReadOptions) -> int:
    """Which of the first rows of a table, blank ones among them, is the header.

    It is the first, unless titles stand above a row that names the email, or above one with several cells. No row
    with an address is passed over.
    """
    filled = [place for place, cells in enumerate(rows) if any(map(str.strip, cells))]
    if not filled or names_email(rows[filled[0]], options):
        return filled[0] if filled else 0
    for place in filled:
        cells = rows[place]
        if any("@" in cell for cell in cells):
            break
        if names_email(cells, options):
            return place
    return _below_single_cells(rows, filled)


def _below_single_cells(rows: Sequence[Sequence[str]], filled: Sequence[int]) -> int:
    """A row with one cell is no header of a table that has several."""
    for place in filled:
        cells = [cell for cell in rows[place] if cell.strip()]
        if any("@" in cell for cell in cells):
            break
        if len(cells) > 1:
            return place
    return filled[0]


def names_email(cells: Sequence[str], options: ReadOptions) -> bool:
    """Whether one of the cells is the name of the column of addresses."""
    mapped = {
        plain(part) for key, ours in options.mapping.items() if ours == "email" for part in (key, *key.split("+"))
    }
    for cell in cells:
        found = meaning(cell.strip())
        if found is not None and found.field == "email":
            return True
        if mapped and not mapped.isdisjoint({plain(cell), plain(without_notes(cell))} - {""}):
            return True
    return False


def titles_note(rows: Sequence[Sequence[str]]) -> str:
    """What is said of the rows that were passed over; empty if there is nothing in them."""
    titles = [" ".join(filter(None, map(str.strip, cells))) for cells in rows]
    titles = [title for title in titles if title]
    if not titles:
        return ""
    more = f" and {counted(len(titles) - 1, 'more row')}" if len(titles) > 1 else ""
    return f'passed over above the header: "{visible(titles[0][:_SHOWN])}"{more}'
