"""Quotes of CSV that do not open a cell: csv.reader takes them as text, and the delimiters behind them as such."""

from __future__ import annotations

import re
from functools import cache

#: Why a record with such a quote is bad.
STRAY_QUOTE = (
    "a quote is inside a cell that does not begin with one; quote the whole cell, and double the quote inside"
)


def has_stray_quote(text: str, delimiter: str) -> bool:
    """Whether a quote of whole records neither opens nor closes a cell, and is not doubled inside one."""
    return '"' in text and _quoted_cells(delimiter).match(text) is None


@cache
def _quoted_cells(delimiter: str) -> re.Pattern[str]:
    """Text whose quotes all belong to quoted cells; the last one may be open, as at the end of a block."""
    mark = re.escape(delimiter)
    begin, end = rf"(?<![^{mark}\n])", rf"(?=[{mark}\r\n]|\Z)"
    closed = rf'[^"]*+{begin}"[^"]*+"(?:"[^"]*+")*+{end}'
    opened = rf'{begin}"[^"]*+(?:""[^"]*+)*+'
    return re.compile(rf'(?:{closed})*+[^"]*+(?:{opened})?\Z')
