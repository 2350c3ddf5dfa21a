"""CSV and TSV: our own export, and tables from elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.csv_quotes import STRAY_QUOTE, has_stray_quote
from usercli.readers.table_header import Header, header_names
from usercli.readers.table_records import TableRecords, UserRecords, as_text
from usercli.readers.text_source import MAX_LINE_BYTES, BadLine, blocks, lines_of
from usercli.readers.title_rows import FIRST_ROWS, header_place, names_email, titles_note

_DELIMITERS = (",", ";", "\t", "|")
# Lines that programs write before the header: Excel, which names the delimiter, PowerShell and Microsoft Entra.
_PREAMBLE = re.compile(r'"?(?:sep=(.)"?[,;\t|]*|#TYPE\b[^\n]*|version:v[0-9.]+"?[,;\t|]*)\s*\Z', re.IGNORECASE)
# Of a row without a cell, as spreadsheets write a blank one.
_OF_NO_CELL = "".join(_DELIMITERS) + '" \r\n'
_QUOTED = re.compile('"[^"]*"')
_UNESCAPED = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """A table with a header line, which shows whether the delimiter is comma, semicolon, tab or pipe."""
    return _UserTable(source, options).records()


def read_tsv(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    r"""Tab-separated values as usercli writes them: escapes \t \n \r \\, no quotes."""
    return _UserTable(source, options, escaped=True).records()


def rows(source: BinaryIO, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row and its line, the header first; broken rows are left out. Raises InvalidInput."""
    return _RawTable(source, options).rows()


def rows_tsv(source: BinaryIO, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """The same of our TSV."""
    return _RawTable(source, options, escaped=True).rows()


def read_columns(source: BinaryIO, wanted: Sequence[str], *, escaped: bool = False) -> Iterator[Record | BadRecord]:
    """A table of something else than users, with at least the `wanted` columns; `escaped` for our TSV."""
    return _PlainTable(source, wanted, escaped=escaped).records()


def read_foreign(
    source: BinaryIO, options: ReadOptions, name_columns: Callable[[list[str]], list[str]]
) -> Iterator[Record | BadRecord]:
    """A table of another system, its columns named by `name_columns`, which may raise InvalidInput."""
    return _ForeignTable(source, options, name_columns).records()


class _Lines:
    """The lines of the file; those of the current record can be given back."""

    def __init__(self, source: BinaryIO) -> None:
        self._blocks = blocks(source)
        self.buffered: deque[tuple[int, str | BadLine]] = deque()
        self.current: list[tuple[int, str]] = []
        self.bad: BadLine | None = None
        self._length = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while not self.buffered:
            number, block = next(self._blocks)
            self.push_back(number, block)
        number, line = self.buffered.popleft()
        if isinstance(line, BadLine):
            self.bad = line
            raise StopIteration
        self.current.append((number, line))
        self._length += len(line)
        if self._length > MAX_LINE_BYTES and len(self.current) > 1:
            raise csv.Error("a quote is opened and not closed")
        return line

    def block(self) -> tuple[int, str] | None:
        """Many lines at once and the number of the first; None if lines were pushed back to be read one by one."""
        if self.buffered:
            return None
        number, block = next(self._blocks, (0, ""))
        if isinstance(block, str):
            return number, block
        self.push_back(number, block)
        return None

    def push_back(self, number: int, block: str | list[str | BadLine]) -> None:
        """Put lines back, to be read one by one."""
        self.buffered.extend(enumerate(lines_of(block) if isinstance(block, str) else block, number))

    def end_record(self) -> None:
        """Forget the lines of the current record: it is complete."""
        self.current, self._length = [], 0

    def look_ahead(self, count: int) -> list[str]:
        """So many lines, the current one first; fewer where the file ends, or a line cannot be read."""
        with suppress(csv.Error):
            while len(self.current) < count and next(self, None) is not None:
                pass
        if self.bad is not None:
            self.buffered.appendleft((self.bad.number, self.bad))
            self.bad = None
        return [line for _, line in self.current]

    def keep(self, place: int) -> None:
        """Of the current lines keep one: those above it are gone, those below it pushed back."""
        self.buffered.extendleft(reversed(self.current[place + 1 :]))
        self.current = [self.current[place]]
        self._length = len(self.current[0][1])

    def rewind(self) -> tuple[int, str]:
        """Push back all lines of the current record but the first; returns that one."""
        (number, line), *rest = self.current
        self.buffered.extendleft(reversed(rest))
        self.end_record()
        return number, line


class _EscapedRows:
    """The interface of csv.reader for TSV without quotes."""

    def __init__(self, lines: Iterable[str], cells: Callable[[str], list[str]]) -> None:
        self._lines, self._cells = iter(lines), cells
        self.line_num = 0

    def __iter__(self) -> _EscapedRows:
        return self

    def __next__(self) -> list[str]:
        self.line_num += 1
        return self._cells(next(self._lines))


class _UserTable:
    #: A person made it, and may have written above the header.
    _may_have_titles = True

    def __init__(self, source: BinaryIO, options: ReadOptions, *, escaped: bool = False) -> None:
        self._options, self._escaped = options, escaped
        self._lines = _Lines(source)
        csv.field_size_limit(MAX_LINE_BYTES)

    def records(self) -> Iterator[Record | BadRecord]:
        header_line = self._header_line()
        self._delimiter = (
            self._options.delimiter
            or self._named_delimiter
            or ("\t" if self._escaped else detect_delimiter(header_line))
        )
        self._table = self._records_of(self._cells(header_line))
        self._lines.end_record()
        while True:
            block = self._lines.block()
            if block is None:
                yield from self._strict_records()
            elif not block[1]:
                return
            elif not self._escaped and has_stray_quote(block[1], self._delimiter):
                self._lines.push_back(*block)
            else:
                yield from self._fast_records(*block)

    def _fast_records(self, first: int, text: str) -> Iterator[Record | BadRecord]:
        """The records of a block; from a record that is broken or incomplete on, the lines are pushed back."""
        rows = self._rows(io.StringIO(text, newline="\n"))
        table = self._table
        is_plain = table.is_plain and not (table.is_guarded and "'" in text)
        header, width, record = table.names, len(table.names), table.record
        read = 0
        try:
            for cells in rows:
                number, read = first + read, rows.line_num
                if is_plain and len(cells) == width and cells[0].strip():
                    yield Record(number, dict(zip(header, cells, strict=True)))
                elif (found := record(number, cells)) is not None:
                    yield found
        except csv.Error:
            self._lines.push_back(first + read, "".join(lines_of(text)[read:]))

    def _strict_records(self) -> Iterator[Record | BadRecord]:
        """The records of the lines that were pushed back."""
        rows = self._rows(self._lines)
        while self._lines.buffered:
            try:
                cells = next(rows)
            except StopIteration:
                if self._lines.bad is None:
                    return
                yield from self._report_bad_line()
                rows = self._rows(self._lines)
                continue
            except csv.Error as error:
                number, line = self._lines.rewind()
                yield BadRecord(number, _reason(error), as_text(line))
                rows = self._rows(self._lines)
                continue
            number = self._lines.current[0][0]
            text = "".join(line for _, line in self._lines.current)
            self._lines.end_record()
            if not self._escaped and has_stray_quote(text, self._delimiter):
                yield BadRecord(number, STRAY_QUOTE, as_text(text))
            elif (found := self._table.record(number, cells)) is not None:
                yield found

    def _header_line(self) -> str:
        """The first line that is neither blank nor written before the header by a program."""
        self._named_delimiter = ""
        for line in self._lines:
            found = None if self._escaped else preamble(line)
            if found is not None:
                self._named_delimiter = found or self._named_delimiter
            elif line.strip(_OF_NO_CELL):
                return self._below_titles(line)
            self._lines.end_record()
        if self._lines.bad is not None:
            raise self._lines.bad.refusal()
        raise InvalidInput("the file is empty: there is no header line")

    def _below_titles(self, line: str) -> str:
        """The header, of which this is the first line that may be it."""
        if (
            self._may_have_titles
            and not self._escaped
            and not names_email(self._guessed_cells(line), self._options)
        ):
            rows = [self._guessed_cells(ahead) for ahead in self._lines.look_ahead(FIRST_ROWS)]
            place = header_place(rows, self._options)
            line = self._lines.current[place][1]
            self._lines.keep(place)
            if note := titles_note(rows[:place]):
                self._options.on_note(note)
        self._header_number = self._lines.current[0][0]
        return line

    def _guessed_cells(self, line: str) -> list[str]:
        """The cells of a line that may be a title, which need not be well-formed."""
        delimiter = self._options.delimiter or self._named_delimiter or detect_delimiter(line)
        return [cell.strip(' "\r\n') for cell in line.split(delimiter)]

    def _rows(self, lines: Iterable[str]) -> Any:
        """The cells of each record, as a csv.reader or alike."""
        if self._escaped:
            return _EscapedRows(lines, self._cells)
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _cells(self, line: str) -> list[str]:
        if self._escaped:
            text = line.rstrip("\n").removesuffix("\r")
            return [_unescaped(cell) for cell in text.split("\t")] if text else []
        try:
            return next(csv.reader([line], delimiter=self._delimiter, strict=True))
        except csv.Error:
            if "\r" in line.rstrip("\r\n"):
                raise self._bad_header("lines end with CR alone; convert them first: tr '\\r' '\\n'") from None
            raise self._bad_header("the header line cannot be read: a quote is not closed") from None

    def _bad_header(self, reason: str) -> InvalidInput:
        return InvalidInput(f"line {self._header_number}: {reason}")

    def _records_of(self, cells: list[str]) -> TableRecords:
        """What makes records of the rows below this header. Raises InvalidInput, UnfitColumns."""
        return UserRecords(Header(cells, self._options, self._header_number), escaped=self._escaped)

    def _report_bad_line(self) -> Iterator[BadRecord]:
        bad, self._lines.bad = self._lines.bad, None
        assert bad is not None  # noqa: S101 - the caller checked
        if self._lines.current:  # inside a quoted field that began earlier
            number, line = self._lines.rewind()
            yield BadRecord(number, "a quote is opened and not closed", as_text(line))
        yield BadRecord(bad.number, bad.reason)


class _PlainTable(_UserTable):
    """A table other than of users, written by usercli and filled in by a person, perhaps in a spreadsheet."""

    _may_have_titles = False

    def __init__(self, source: BinaryIO, wanted: Sequence[str], *, escaped: bool) -> None:
        super().__init__(source, ReadOptions(), escaped=escaped)
        self._wanted = wanted

    def _records_of(self, cells: list[str]) -> TableRecords:
        names = header_names(cells)
        for name in self._wanted:
            if name not in names:
                raise self._bad_header(f"there is no column {name}")
            if names.count(name) > 1:
                raise self._bad_header(f"the column {name} appears twice")
        return TableRecords(names, len(cells), self._header_number, escaped=self._escaped)


class _RawTable(_UserTable):
    """A table as it is, to be shown."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        records = self.records()
        first = next(records, None)
        yield self._header_number, self._header
        for record in records if first is None else chain([first], records):
            if isinstance(record, Record):
                yield record.line, list(record.fields.values())

    def _records_of(self, cells: list[str]) -> TableRecords:
        self._header = cells
        names = [str(place) for place in range(len(header_names(cells)))]
        records = TableRecords(names, len(cells), self._header_number, escaped=self._escaped)
        records.is_guarded = False
        return records


class _ForeignTable(_UserTable):
    """A table of another system, whose cells are taken as they are."""

    _may_have_titles = False

    def __init__(
        self, source: BinaryIO, options: ReadOptions, name_columns: Callable[[list[str]], list[str]]
    ) -> None:
        super().__init__(source, options)
        self._name_columns = name_columns

    def _records_of(self, cells: list[str]) -> TableRecords:
        try:
            names = self._name_columns(header_names(cells))
        except InvalidInput as error:
            raise self._bad_header(error.message) from None
        records = TableRecords(names, len(cells), self._header_number)
        records.is_guarded = False
        return records


def preamble(line: str) -> str | None:
    """None unless a program wrote the line before the header; the delimiter that it names, or an empty text."""
    found = _PREAMBLE.match(line)
    return (found[1] or "") if found else None


def detect_delimiter(header: str) -> str:
    """The most frequent delimiter of the header line, outside quotes."""
    return max(_DELIMITERS, key=_QUOTED.sub("", header).count)


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "end of data" in text or "not closed" in text:
        return "a quote is opened and not closed"
    if "field larger" in text:
        return f"a field is longer than {MAX_LINE_BYTES:,} bytes, or a quote is not closed"
    if "expected after" in text:
        return "text follows a closing quote"
    return "the line is not valid CSV"


def _unescaped(cell: str) -> str:
    if "\\" not in cell:
        return cell
    found, rest = [], cell
    while rest:
        before, slash, after = rest.partition("\\")
        found.append(before)
        if slash:
            found.append(_UNESCAPED.get("\\" + after[:1], "\\" + after[:1]))
        rest = after[1:]
    return "".join(found)
