"""CSV and TSV: our own export, and tables from elsewhere."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from usercli.errors import Hint, InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.text_source import MAX_LINE_BYTES, BadLine, blocks, lines_of
from usercli.schemas.import_rows import FIELDS, IGNORED
from usercli.text import suggestion, without_formula_guard

_DELIMITERS = (",", ";", "\t", "|")
_UNESCAPED = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """A table with a header line, which shows whether the delimiter is comma, semicolon, tab or pipe."""
    return _UserTable(source, options).records()


def read_tsv(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    r"""Tab-separated values as usercli writes them: escapes \t \n \r \\, no quotes."""
    return _UserTable(source, options, escaped=True).records()


def read_columns(source: BinaryIO, wanted: Sequence[str], *, escaped: bool = False) -> Iterator[Record | BadRecord]:
    """A table of something else than users, with at least the `wanted` columns; `escaped` for our TSV."""
    return _PlainTable(source, wanted, escaped=escaped).records()


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
    def __init__(self, source: BinaryIO, options: ReadOptions, *, escaped: bool = False) -> None:
        self._options, self._escaped = options, escaped
        self._lines = _Lines(source)
        csv.field_size_limit(MAX_LINE_BYTES)

    def records(self) -> Iterator[Record | BadRecord]:
        header_line = self._header_line()
        self._delimiter = self._options.delimiter or ("\t" if self._escaped else _detect_delimiter(header_line))
        self._header = self._field_names(self._cells(header_line))
        self._lines.end_record()
        while True:
            block = self._lines.block()
            if block is None:
                yield from self._strict_records()
            elif block[1]:
                yield from self._fast_records(*block)
            else:
                return

    def _fast_records(self, first: int, text: str) -> Iterator[Record | BadRecord]:
        """The records of a block; from a record that is broken or incomplete on, the lines are pushed back."""
        rows = self._rows(io.StringIO(text, newline="\n"))
        is_plain = self._is_plain and not (self._is_guarded and "'" in text)
        header, width, record = self._header, len(self._header), self._record
        read = 0
        try:
            for cells in rows:
                number, read = first + read, rows.line_num
                if is_plain and len(cells) == width:
                    yield Record(number, dict(zip(header, cells, strict=True)))
                elif cells:  # a blank line is no record
                    yield record(number, cells)
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
                yield BadRecord(number, _reason(error), self._rough_fields(line))
                rows = self._rows(self._lines)
                continue
            number = self._lines.current[0][0]
            self._lines.end_record()
            if cells:
                yield self._record(number, cells)

    def _header_line(self) -> str:
        for line in self._lines:
            if line.strip():
                return line
            self._lines.end_record()
        if self._lines.bad is not None:
            raise InvalidInput(f"line {self._lines.bad.number}: {self._lines.bad.reason}")
        raise InvalidInput("the file is empty: there is no header line")

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
                raise InvalidInput("line 1: lines end with CR alone; convert them first: tr '\\r' '\\n'") from None
            raise InvalidInput("line 1: the header line cannot be read: a quote is not closed") from None

    def _field_names(self, cells: list[str]) -> list[str]:
        """Our field for each column; `attributes.x` is an attribute."""
        names: list[str] = []
        for cell in cells:
            theirs = cell.strip()
            name = self._options.mapping.get(theirs, theirs)
            if not name:
                raise InvalidInput("line 1: a column has no name")
            if name in names:
                raise InvalidInput(f"line 1: the column {name} stands there twice")
            if name not in FIELDS and name not in IGNORED and not name.startswith("attributes."):
                if not self._options.unknown_to_attributes:
                    raise InvalidInput(
                        f"line 1: no such field: {name}{suggestion(name, list(FIELDS))}", hint=Hint.MAP_COLUMN
                    )
                name = f"attributes.{name}"
            names.append(name)
        if "email" not in names:
            raise InvalidInput("line 1: there is no column email", hint=Hint.MAP_EMAIL)
        missing = set(self._options.mapping) - {cell.strip() for cell in cells}
        if missing:
            raise InvalidInput(f"line 1: there is no column {sorted(missing)[0]} to map")
        self._is_guarded = not self._escaped and all(name in FIELDS for name in names)
        self._is_plain = all(name in FIELDS for name in names)
        return names

    def _record(self, number: int, cells: list[str]) -> Record | BadRecord:
        if len(cells) != len(self._header):
            reason = f"{len(cells)} fields where the header has {len(self._header)}"
            return BadRecord(number, reason, self._fields(cells))
        return Record(number, self._fields(cells))

    def _fields(self, cells: list[str]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, cell in zip(self._header, cells, strict=False):
            if name in IGNORED:
                continue
            if self._is_guarded and cell[:1] == "'":
                cell = without_formula_guard(cell)
            if name.startswith("attributes."):
                if cell:
                    fields.setdefault("attributes", {})[name.removeprefix("attributes.")] = cell
            else:
                fields[name] = cell
        return fields

    def _report_bad_line(self) -> Iterator[BadRecord]:
        bad, self._lines.bad = self._lines.bad, None
        assert bad is not None  # noqa: S101 - the caller checked
        if self._lines.current:  # inside a quoted field that began earlier
            number, line = self._lines.rewind()
            yield BadRecord(number, "a quote is opened and not closed", self._rough_fields(line))
        yield BadRecord(bad.number, bad.reason)

    def _rough_fields(self, line: str) -> dict[str, Any]:
        """The fields of a line that cannot be parsed, for the reject file."""
        return self._fields([cell.strip('"') for cell in line.rstrip("\r\n").split(self._delimiter)])


class _PlainTable(_UserTable):
    """A table other than of users, written by usercli and filled in by a person, perhaps in a spreadsheet."""

    def __init__(self, source: BinaryIO, wanted: Sequence[str], *, escaped: bool) -> None:
        super().__init__(source, ReadOptions(), escaped=escaped)
        self._wanted = wanted
        self._is_guarded, self._is_plain = not escaped, False

    def _field_names(self, cells: list[str]) -> list[str]:
        names = [cell.strip() for cell in cells]
        for name in self._wanted:
            if name not in names:
                raise InvalidInput(f"line 1: there is no column {name}")
            if names.count(name) > 1:
                raise InvalidInput(f"line 1: the column {name} stands there twice")
        return names


def _detect_delimiter(header: str) -> str:
    """The most frequent delimiter of the header line."""
    return max(_DELIMITERS, key=header.count) if any(s in header for s in _DELIMITERS) else ","


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
