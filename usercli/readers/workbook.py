"""Excel workbooks (.xlsx): the rows of a sheet, read as the lines of a table."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, time
from itertools import chain, count, islice
from typing import Any, BinaryIO, cast

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.csv_tsv import preamble, read_tsv, rows_tsv
from usercli.readers.table_header import Header
from usercli.readers.text_encodings import ChunkStream
from usercli.readers.text_source import seekable
from usercli.readers.title_rows import FIRST_ROWS, header_place, titles_note
from usercli.readers.workbook_archive import MAX_ROWS, require_workbook
from usercli.schemas.import_times import day_since_1900
from usercli.schemas.user_fields import TIMES
from usercli.text import TSV_ESCAPES

#: How a workbook writes characters that XML cannot hold.
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")

#: So many bytes of lines are given at a time, and the line that exceeds them.
_BLOCK = 1 << 18

#: Above it a float no longer holds every whole number.
_EXACT = 2**53


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """The users of a sheet; the line of a record is the number of its row. Raises InvalidInput.

    A cell is read as the text that it would be in a CSV file, and a formula as the value that is stored with it.
    """
    with seekable(source, "xlsx") as file:
        sheet = SheetLines(file, options)
        for found in read_tsv(sheet.stream, options):
            cell = sheet.errors.get(found.line)
            yield BadRecord(found.line, cell, found.fields) if cell else found


def rows(source: BinaryIO, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row and its number, the header first. Raises InvalidInput."""
    with seekable(source, "xlsx") as file:
        yield from rows_tsv(SheetLines(file, options).stream, options)


@contextmanager
def as_csv(source: BinaryIO, options: ReadOptions) -> Iterator[BinaryIO]:
    """The rows of a sheet as CSV, for the reader of another system. Raises InvalidInput."""
    with seekable(source, "xlsx") as file:
        yield _stream(_csv_lines(SheetLines(file, options)))


def _csv_lines(sheet: SheetLines) -> Iterator[bytes]:
    for number, texts in enumerate(sheet.rows(), 1):
        if cell := sheet.errors.get(number):
            raise InvalidInput(f"line {number}: {cell}")
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(texts)
        yield out.getvalue().encode()


def _stream(lines: Iterable[bytes]) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(ChunkStream(_blocks(lines)), _BLOCK))


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Many lines at a time, which a reader takes at once: one by one, a million blank rows cost half a minute."""
    block = bytearray()
    for line in lines:
        block += line
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def require_library() -> Any:
    """The library, openpyxl. Raises InvalidInput where it is not installed."""
    try:
        import openpyxl
    except ImportError:
        raise InvalidInput(
            "Excel workbooks need the extra usercli[excel]; install it, or use CSV (in Excel: Save as, CSV UTF-8)"
        ) from None
    # it tells of parts of a workbook that it passes over, which hold no users
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    return openpyxl


class SheetLines:
    """The rows of a sheet as lines of our TSV, in `stream`, each row on the line of its number.

    `errors` are the rows that were read so far and have a cell with an error, and which.
    """

    def __init__(self, file: BinaryIO, options: ReadOptions) -> None:
        library = require_library()
        require_workbook(file)
        self.errors: dict[int, str] = {}
        self._options = options
        with _damage_named():
            book = library.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        self._sheet = _sheet(book, options.sheet)
        self._counts_from_1904 = book.epoch == library.utils.datetime.MAC_EPOCH
        self.stream = _stream(self._lines())

    def _lines(self) -> Iterator[bytes]:
        for texts in self.rows():
            yield "\t".join(text.translate(TSV_ESCAPES) for text in texts).encode() + b"\n"

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row; none of one that is blank, or that stands above the header."""
        with _damage_named():
            self._sheet.reset_dimensions()  # the file may tell too few
            rows = map(self._texts, count(1), self._sheet.iter_rows(max_row=MAX_ROWS))
            found: list[str] = []
            for found in rows:
                if found:
                    break
                yield []
            first = [found, *islice(rows, FIRST_ROWS - 1)]
            header = self._pass_over_titles(first)
            times = self._times_since_1904(header)
            for texts in chain(first, rows):
                if texts:  # a program leaves out the last cells where they are empty
                    texts += [""] * (len(header) - len(texts))
                    for place in times:
                        texts[place] = day_since_1900(texts[place])
                yield texts

    def _times_since_1904(self, header: list[str]) -> list[int]:
        """The columns of times, where a number may be a day that is not counted from 1900."""
        if not self._counts_from_1904:
            return []
        with suppress(InvalidInput):  # which the reader of the table raises
            columns = Header(header, self._options).columns
            return [place for column in columns if column.field in TIMES for place in column.places]
        return []

    def _texts(self, number: int, row: Iterable[Any]) -> list[str]:
        """The cells of a row, without the empty ones at its end."""
        texts = []
        for cell in row:
            if cell.data_type == "e":
                self.errors.setdefault(number, f"the cell {cell.coordinate} holds the error {cell.value}")
            texts.append(cell_text(cell.value))
        while texts and not texts[-1].strip():
            texts.pop()
        return texts

    def _pass_over_titles(self, rows: list[list[str]]) -> list[str]:
        """Empty the rows above the header, which is returned."""
        for texts in rows:
            if len(texts) == 1 and preamble(texts[0]) is not None:
                texts.clear()
            elif texts:
                break
        place = header_place(rows, self._options)
        if note := titles_note(rows[:place]):
            self._options.on_note(note)
        for texts in rows[:place]:
            texts.clear()
        return rows[place]


def cell_text(value: Any) -> str:
    """The value of a cell as a CSV file has it: true, 5 (also for 5.0), 2027-01-31, 2027-01-31T08:00:00."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        is_date = value.time() == time(0)
        return value.date().isoformat() if is_date else value.isoformat()
    return value.isoformat() if isinstance(value, time) else str(value)


def _sheet(book: Any, name: str | None) -> Any:
    """The sheet of that name, or the first that is not hidden. Raises InvalidInput."""
    sheets: Sequence[Any] = book.worksheets
    if name is None:
        found = next((sheet for sheet in sheets if sheet.sheet_state == "visible"), None)
        found = found or next(iter(sheets), None)
        if found is None:
            raise InvalidInput("the workbook has no sheet")
        return found
    for sheet in sheets:
        if sheet.title == name:
            return sheet
    titles = ", ".join(sheet.title for sheet in sheets)
    raise InvalidInput(f"the workbook has no sheet {name} (sheets: {titles})")


@contextmanager
def _damage_named() -> Iterator[None]:
    """The library fails in many ways on a damaged workbook. Raises InvalidInput for all of them."""
    try:
        yield
    except InvalidInput:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise InvalidInput(
            f"the workbook is damaged, or not one that can be read ({kind}); save it again"
        ) from None
