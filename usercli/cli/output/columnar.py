"""Rows of machine formats, made column by column: the bytes that Output gives row by row, for a million of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from types import NoneType
from typing import Any

from usercli.cli.output.cells import cell_text
from usercli.column_batches import Block, Encoded, Texts
from usercli.text import FORMULA_STARTS, TSV_ESCAPES, csv_cell, json_safe, json_text

#: The first character of a text that is no formula, whatever follows; to look at all others costs more.
_BEYOND_FORMULAS = chr(ord(max(FORMULA_STARTS)) + 1)
_FORMULA = re.compile("^[" + re.escape("".join(FORMULA_STARTS)) + "]", re.MULTILINE)

#: Types of columns that hold few different values; True and 1 are one key of a dict, so not both at once.
_LOW_CARDINALITY = {bool, int, NoneType}


def delimited(
    blocks: Iterable[Block], delimiter: str, cells: Callable[[Sequence[Any]], Sequence[str]]
) -> Iterator[str]:
    """The lines of a table, without its header; `cells` makes those of a column."""
    for block in blocks:
        columns = _encode_block(block, cells)
        yield "\n".join(map(delimiter.join, zip(*columns, strict=True))) + "\n"


def json_lines(blocks: Iterable[Block]) -> Iterator[list[str]]:
    """JSON objects, for each block. A column of several fields holds the names of all but the first one."""
    for block in blocks:
        shape = "{" + ",".join(f'"{names.partition(",")[0]}":%s' for names in block) + "}"
        columns = _encode_block(block, lambda column: _encode_column(column, encode_basestring, json_text))
        lines = [shape % row for row in zip(*columns, strict=True)]
        yield lines if _needs_no_escape("".join(lines)) else list(map(json_safe, lines))


def _encode_block(block: Block, cells: Callable[[Sequence[Any]], Sequence[str]]) -> list[Sequence[str]]:
    return [column if type(column) is Encoded else cells(column) for column in block.values()]


def _needs_no_escape(encoded: str) -> bool:
    """Can there be nothing for json_safe to escape?"""
    return (encoded.isascii() and "\x7f" not in encoded) or encoded.isprintable()  # the former is the faster


def csv_cells(column: Sequence[Any]) -> Sequence[str]:
    """A column of CSV, safe for spreadsheets."""
    texts = column if _is_text_column(column) else [value for value in column if type(value) is str]
    if texts and min(texts) < _BEYOND_FORMULAS and _FORMULA.search("\n".join(texts)):
        column = [
            f"'{value}" if type(value) is str and value.startswith(FORMULA_STARTS) else value for value in column
        ]
    return raw_csv_cells(column)


def raw_csv_cells(column: Sequence[Any]) -> Sequence[str]:
    """A column of CSV, as it is."""
    return _escaped(column, ',"\r\n', csv_cell)


def tsv_cells(column: Sequence[Any]) -> Sequence[str]:
    """A column of TSV."""
    return _escaped(column, "\\\t\r\n", lambda text: text.translate(TSV_ESCAPES))


def _escaped(column: Sequence[Any], marks: str, escape: Callable[[str], str]) -> Sequence[str]:
    cells = _encode_column(column, str, cell_text)
    together = "".join(cells)  # to look through once: most columns have nothing to escape
    if not any(mark in together for mark in marks):
        return cells
    escaped = {cell: escape(cell) for cell in set(cells)}
    return [escaped[cell] for cell in cells]


def _encode_column(column: Sequence[Any], text: Callable[[str], str], other: Callable[[Any], str]) -> Sequence[str]:
    """A column's cells; of numbers, booleans and nulls each value is encoded once."""
    if _is_text_column(column):
        return column if text is str else list(map(text, column))
    kinds = set(map(type, column))
    if kinds <= _LOW_CARDINALITY and len(kinds - {NoneType}) < 2:
        made = {value: other(value) for value in set(column)}
        return [made[value] for value in column]
    if not any(column) and len(kinds) == 1:
        return [other(column[0])] * len(column)
    return [text(value) if type(value) is str else other(value) for value in column]


def _is_text_column(column: Sequence[Any]) -> bool:
    return type(column) is Texts or set(map(type, column)) == {str}
