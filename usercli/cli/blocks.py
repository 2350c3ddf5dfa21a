"""Rows of machine formats, made column by column: the bytes that Output gives row by row, for a million of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from types import NoneType
from typing import Any

from usercli.cli.output import FORMULA_STARTS, TSV_ESCAPES, cell_text, json_text
from usercli.columns import Block
from usercli.text import csv_cell, json_safe

_FORMULA = re.compile("^[" + re.escape("".join(FORMULA_STARTS)) + "]", re.MULTILINE)

#: Types of columns that hold few different values; True and 1 are one key of a dict, so not both at once.
_FEW = {bool, int, NoneType}


def separated(
    blocks: Iterable[Block], names: Sequence[str], comma: str, cells: Callable[[Sequence[Any]], list[str]]
) -> Iterator[str]:
    """The lines of a table, without its header; `cells` makes those of a column."""
    for block in blocks:
        columns = [cells(block[name]) for name in names]
        yield "\n".join(map(comma.join, zip(*columns, strict=True))) + "\n"


def json_lines(blocks: Iterable[Block], names: Sequence[str]) -> Iterator[list[str]]:
    """JSON objects with these fields, for each block."""
    shape = "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    for block in blocks:
        columns = [_each(block[name], encode_basestring, json_text) for name in names]
        lines = [shape % row for row in zip(*columns, strict=True)]
        yield lines if "".join(lines).isprintable() else list(map(json_safe, lines))


def csv_cells(column: Sequence[Any]) -> list[str]:
    """A column of CSV, safe for spreadsheets."""
    texts = "\n".join([value for value in column if type(value) is str])
    if _FORMULA.search(texts):
        column = [
            f"'{value}" if type(value) is str and value.startswith(FORMULA_STARTS) else value for value in column
        ]
    return raw_csv_cells(column)


def raw_csv_cells(column: Sequence[Any]) -> list[str]:
    """A column of CSV, as it is."""
    return _escaped(column, ',"\r\n', csv_cell)


def tsv_cells(column: Sequence[Any]) -> list[str]:
    """A column of TSV."""
    return _escaped(column, "\\\t\r\n", lambda text: text.translate(TSV_ESCAPES))


def _escaped(column: Sequence[Any], marks: str, escape: Callable[[str], str]) -> list[str]:
    cells = _each(column, str, cell_text)
    together = "".join(cells)  # to look through once: most columns have nothing to escape
    return list(map(escape, cells)) if any(mark in together for mark in marks) else cells


def _each(column: Sequence[Any], text: Callable[[str], str], other: Callable[[Any], str]) -> list[str]:
    """What texts and other values become; of numbers, truths and nothings each only once."""
    kinds = set(map(type, column))
    if kinds <= _FEW and len(kinds - {NoneType}) < 2:
        made = {value: other(value) for value in set(column)}
        return [made[value] for value in column]
    if not any(column) and len(kinds) == 1:
        return [other(column[0])] * len(column)
    return [text(value) if type(value) is str else other(value) for value in column]
