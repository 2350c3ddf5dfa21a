"""The rows of a table as records: whatever holds the cells, a line of text or a sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, Record
from usercli.readers.known_headers import plain, without_notes
from usercli.readers.table_header import Column, ForeignIds, Header
from usercli.readers.table_values import CellReader, join_cells, reversed_flag, unmasked, word_reader
from usercli.schemas.import_rows import FIELDS, IGNORED, SomeAttributes
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.text import csv_cell, visible, without_formula_guard


class TableRecords:
    """Makes records of rows; `names` are of the columns, `width` counts those without a name at the end, too."""

    #: A row of the right width is a record as it is: its cells by `names`.
    is_plain = False

    def __init__(self, names: Sequence[str], width: int, line: int, *, escaped: bool = False) -> None:
        self.names, self._width, self._line, self._escaped = list(names), width, line, escaped
        self.is_guarded = not escaped

    def record(self, number: int, cells: list[str]) -> Record | BadRecord | None:
        """The record; None for a row of blanks."""
        if not any(map(str.strip, cells)):
            return None
        named = len(self.names)
        if named < len(cells) <= self._width:
            if any(map(str.strip, cells[named:])):
                raise InvalidInput(f"line {self._line}: a column has no name")
            cells = cells[:named]
        if len(cells) == named:
            return self._whole(number, cells)
        reason = f"{len(cells)} fields where the header has {self._width}"
        if len(cells) > named:
            return BadRecord(number, reason, self._joined(cells))
        return BadRecord(number, reason, self._texts(cells))

    def _whole(self, number: int, cells: list[str]) -> Record | BadRecord:
        return Record(number, self._texts(cells))

    def _joined(self, cells: list[str]) -> dict[str, Any]:
        """The row as the reject file keeps it: with all of its cells, and not to be imported as it is."""
        return as_text("\t".join(cells) if self._escaped else ",".join(map(csv_cell, cells)))

    def _texts(self, cells: list[str]) -> dict[str, Any]:
        """The cells that there are, by the names of their columns."""
        return dict(zip(self.names, map(self._unguarded, cells), strict=False))

    def _unguarded(self, cell: str) -> str:
        return without_formula_guard(cell) if self.is_guarded and cell[:1] == "'" else cell


class _Cell:
    """Where a field stands in a row; `is_guarded` in a column that our export may have written."""

    __slots__ = ("attribute", "field", "is_guarded", "is_single", "last", "places")

    def __init__(self, field: str, places: tuple[int, ...], *, is_guarded: bool) -> None:
        self.field, self.places, self.last, self.is_guarded = field, places, max(places), is_guarded
        self.is_single = len(places) == 1
        self.attribute = field.removeprefix(ATTRIBUTE) if field.startswith(ATTRIBUTE) else ""

    def joined(self, cells: Sequence[str]) -> str:
        return join_cells([cells[place] for place in self.places], ";" if self.field == "roles" else " ")


class UserRecords(TableRecords):
    """Makes records of a table of users, whose columns must all fit. Raises InvalidInput."""

    def __init__(self, header: Header, *, escaped: bool = False) -> None:
        super().__init__(header.names, len(header.cells), header.line, escaped=escaped)
        header.require_fit()
        self._header, self._options = header, header.options
        self._said_words = set(self._options.values)
        columns = [column for column in header.columns if column.field not in IGNORED]
        may_be_guarded = not escaped and IGNORED.isdisjoint(header.names)  # a reject file has texts as they are
        self._cells = [
            _Cell(column.field, column.places, is_guarded=may_be_guarded and header.title(column) in FIELDS)
            for column in columns
        ]
        self._readers = [self._reader(column) for column in columns]
        self._unread = [None] * len(columns)
        if self._said_words:
            raise header.error(f"there is no column {min(self._said_words)} to read words of")
        self.is_guarded = any(cell.is_guarded for cell in self._cells)
        is_each_a_field = [cell.places for cell in self._cells] == [(place,) for place in range(len(self.names))]
        self._may_be_plain = is_each_a_field and not any(self._readers)
        self._may_be_plain &= all(cell.field in FIELDS for cell in self._cells)
        self._id = next((column for column in header.columns if column.field == "id"), None)
        if "id" in self._options.mapping.values():
            self._id = None  # somebody said that it is ours
        self._be_plain()
        if note := header.note():
            self._options.on_note(note)

    def _be_plain(self) -> None:
        self.is_plain = self._may_be_plain and self._id is None
        if self.is_plain:
            self.names = [cell.field for cell in self._cells]

    def _reader(self, column: Column) -> CellReader | None:
        """What reads the cells of a column; None for those that are taken as they are."""
        words: dict[str, str] = {}
        for name in self._names_of(column) if self._options.values else ():
            words |= self._options.values[name]
            self._said_words.discard(name)
        title = self._header.title(column)
        if words:
            return word_reader(title, words, is_list=column.field == "roles")
        if column.reversed:
            return reversed_flag(title)
        return unmasked if column.field == "password" != title else None

    def _names_of(self, column: Column) -> list[str]:
        """The names in the options that mean this column: ours, or theirs as a mapping finds them."""
        theirs = [self._header.names[place] for place in column.places]
        forms = {plain(form) for name in theirs for form in (name, without_notes(name))} | {plain(column.field)}
        return [name for name in self._options.values if name in theirs or plain(name) in forms]

    def _whole(self, number: int, cells: list[str]) -> Record | BadRecord:
        if self._id is not None:
            self._look_at_id(number, cells)
        if any(cells[place].strip() for place in self._header.nameless):
            raise self._header.error("a column has no name")
        try:
            return Record(number, self._fields(cells, self._readers))
        except InvalidInput as error:
            return BadRecord(number, error.message, self._texts(cells), error.hint)

    def _look_at_id(self, number: int, cells: list[str]) -> None:
        """The first id shows whether they are ours: another program's numbers would be dropped without a word."""
        assert self._id is not None  # noqa: S101 - the caller checked
        cell = cells[self._id.places[0]].strip()
        if not cell:
            return
        if not is_uuid(cell):
            raise ForeignIds(self._header, number, visible(cell[:50]))
        self._id = None
        self._be_plain()

    def _texts(self, cells: list[str]) -> dict[str, Any]:
        return self._fields(cells, self._unread)

    def _fields(self, cells: list[str], readers: Sequence[CellReader | None]) -> dict[str, Any]:
        """The fields of as many columns as there are cells. Raises InvalidInput."""
        fields: dict[str, Any] = {}
        count = len(cells)
        for column, read in zip(self._cells, readers, strict=True):
            if column.last >= count:
                continue
            cell = cells[column.last] if column.is_single else column.joined(cells)
            if column.is_guarded and cell[:1] == "'":
                cell = without_formula_guard(cell)
            if read is not None:
                cell = read(cell)
            if not column.attribute:
                fields[column.field] = cell
            elif cell:
                fields.setdefault("attributes", SomeAttributes())[column.attribute] = cell
        return fields


def as_text(line: str) -> dict[str, Any]:
    """The fields of a row that cannot be taken apart; no such email is imported."""
    return {"email": line.rstrip("\r\n")}


def is_uuid(text: str) -> bool:
    """Whether it may be an id of ours."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
