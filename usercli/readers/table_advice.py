"""What may be meant by columns that fit no field of ours, by their names and by what stands below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pkgutil import resolve_name
from typing import BinaryIO, NamedTuple

from usercli.errors import InvalidInput
from usercli.hash_forms import looks_like_hash
from usercli.readers import TABLES, ReadOptions, Record, unheard
from usercli.readers.key_names import is_secret
from usercli.readers.known_headers import FAMILY, GIVEN, PARTS, known_words, meaning, readings
from usercli.readers.table_header import Header, Unfit, attribute_for
from usercli.readers.table_records import UserRecords, is_uuid
from usercli.schemas.boolean_words import STATE_WORDS
from usercli.schemas.user_fields import ATTRIBUTE

#: A table, to be opened.
Source = AbstractContextManager[BinaryIO]
#: So many rows show what a column holds.
_ROWS = 500
#: How alike a misspelled header must be.
_ALIKE = 0.8


class Choice(NamedTuple):
    """What may become of a column, or of several that are joined by `+`: a field, or nothing where it is empty."""

    column: str
    field: str


@dataclass(frozen=True)
class Sample:
    """The header of a table and the first rows."""

    header: Header
    rows: Sequence[Sequence[str]] = ()

    def cells(self, place: int) -> list[str]:
        """What stands in a column, without what is blank."""
        return [row[place].strip() for row in self.rows if place < len(row) and row[place].strip()]

    def records(self, options: ReadOptions) -> list[Record]:
        """The rows as records, read with other options; none if that cannot be done."""
        header = self.header
        with suppress(InvalidInput):
            options = replace(options, on_note=unheard)
            records = UserRecords(Header(header.cells, options, header.line))
            found = (records.record(0, list(row)) for row in self.rows)
            return [record for record in found if isinstance(record, Record)]
        return []


@contextmanager
def table_rows(source: Source, form: str, options: ReadOptions) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The line and the cells of each row of a table, the header first. Raises InvalidInput."""
    with source as table:
        yield resolve_name(TABLES[form])(table, options)


def sample(source: Source, form: str, options: ReadOptions) -> Sample:
    """The start of a table. Raises InvalidInput if it cannot be read."""
    if form not in TABLES:
        raise InvalidInput(f"{form} is no table: there are no columns to choose")
    with table_rows(source, form, options) as rows:
        line, cells = next(rows)
        return Sample(Header(cells, options, line), [row for _, row in islice(rows, _ROWS)])


def with_choices(options: ReadOptions, choices: Sequence[Choice]) -> ReadOptions:
    """The options, and besides what was chosen."""
    maps = {choice.column: choice.field for choice in choices if choice.field}
    skips = {choice.column for choice in choices if not choice.field}
    return replace(options, mapping={**options.mapping, **maps}, skipped=options.skipped | skips)


def advise(found: Sample) -> list[Choice]:
    """The best that can be made of each column that does not fit."""
    return _Advice(found).choices


def nearest_field(name: str) -> str:
    """The field, or the part of a name, that a header means or nearly means; empty if there is none."""
    known = known_words()
    exact = meaning(name)
    if exact is not None:
        return "" if exact.reversed else exact.field
    near = (
        word for form in readings(name) for word in get_close_matches(form, known, 3, _ALIKE) if _may_be(form, word)
    )
    best = next((known[word] for word in near), None)
    return best.field if best is not None and not best.reversed else ""


def _may_be(form: str, word: str) -> bool:
    """A slip of the keyboard: not another word that is only alike."""
    return form[0] == word[0] and abs(len(form) - len(word)) <= 1


def _are_hashes(cells: Sequence[str]) -> bool:
    return 2 * sum(map(looks_like_hash, cells)) > len(cells)


class _Advice:
    def __init__(self, found: Sample) -> None:
        self._sample, self._header = found, found.header
        self._taken = {column.field for column in self._header.columns}
        self.choices: list[Choice] = []
        self._renumber()
        self._rehash()
        left = list(self._header.unfit)
        for advise_some in (self._empty, self._secrets, self._email, self._names, self._state, self._near):
            left = advise_some(left)
        for column in left:
            self._choose(column.name, attribute_for(column.name, self._taken))

    def _choose(self, column: str, field: str) -> None:
        self._taken.add(field)
        self.choices.append(Choice(column, field))

    def _renumber(self) -> None:
        """The ids of another program become an attribute."""
        ids = [column for column in self._header.columns if column.field == "id"]
        if not ids or "id" in self._header.options.mapping.values():
            return
        cells = self._sample.cells(ids[0].places[0])
        if cells and not is_uuid(cells[0]):
            self._taken.discard("id")
            self._choose(self._header.title(ids[0]), f"{ATTRIBUTE}old_id")

    def _rehash(self) -> None:
        """What is called a password holds hashes, as in a table that a program made."""
        for column in self._header.columns:
            if column.field == "password" and _are_hashes(self._sample.cells(column.places[0])):
                self._taken.discard("password")
                self._choose(self._header.title(column), self._hashed())

    def _hashed(self) -> str:
        return "" if "hashed_password" in self._taken else "hashed_password"

    def _secrets(self, columns: Sequence[Unfit]) -> list[Unfit]:
        """A hash is a password's, and no other secret may be seen in an attribute."""
        left = []
        for column in columns:
            if _are_hashes(self._sample.cells(column.place)):
                self._choose(column.name, self._hashed())
            elif is_secret(column.name):
                self._choose(column.name, "")
            else:
                left.append(column)
        return left

    def _empty(self, columns: Sequence[Unfit]) -> list[Unfit]:
        """Where nothing stands in any row, nothing is lost."""
        empty = [column for column in columns if self._sample.rows and not self._sample.cells(column.place)]
        for column in empty:
            self._choose(column.name, "")
        return [column for column in columns if column not in empty]

    def _email(self, columns: Sequence[Unfit]) -> list[Unfit]:
        """One column must be the email: the first that may be, or that holds addresses."""
        if "email" in self._taken:
            return list(columns)
        named = [column for column in columns if column.field == "email" or nearest_field(column.name) == "email"]
        held = [column for column in columns if self._holds_addresses(column)]
        best = next(iter([column for column in named if column in held] or held or named), None)
        if best is not None:
            self._choose(best.name, "email")
        return [column for column in columns if column is not best]

    def _holds_addresses(self, column: Unfit) -> bool:
        cells = self._sample.cells(column.place)
        return bool(cells) and all(cell.count("@") == 1 and " " not in cell for cell in cells)

    def _names(self, columns: Sequence[Unfit]) -> list[Unfit]:
        """A full name of the column that is called so, else of its parts."""
        if "full_name" in self._taken:
            return self._other_half(columns)
        whole = [column for column in columns if nearest_field(column.name) == "full_name"]
        parts = [(PARTS.index(part), column) for column in columns if (part := nearest_field(column.name)) in PARTS]
        single = len({place for place, _ in parts}) == len(parts)
        chosen = whole[:1] or ([column for _, column in sorted(parts)] if single else [])
        if chosen:
            self._choose("+".join(column.name for column in chosen), "full_name")
        return [column for column in columns if column not in chosen]

    def _other_half(self, columns: Sequence[Unfit]) -> list[Unfit]:
        """`Vorname` beside `Nom`, two languages: what alone is a full name holds the other half of it."""
        whole = next((each for each in self._header.columns if each.field == "full_name" and each.is_guess), None)
        parts = [column for column in columns if nearest_field(column.name) in (GIVEN, FAMILY)]
        if (
            whole is None
            or len(whole.places) > 1
            or len(parts) != 1
            or self._holds(whole.places[0], parts[0].place)
        ):
            return list(columns)
        names = [self._header.title(whole), parts[0].name]
        if nearest_field(parts[0].name) == GIVEN:
            names.reverse()
        self._choose("+".join(names), "full_name")
        return [column for column in columns if column is not parts[0]]

    def _holds(self, whole: int, part: int) -> bool:
        """Whether what stands in a column contains, in most rows, what stands in the other."""
        pairs = [
            (row[whole].casefold(), row[part].strip().casefold())
            for row in self._sample.rows
            if max(whole, part) < len(row) and row[part].strip()
        ]
        return 2 * sum(name in text for text, name in pairs) > len(pairs)

    def _state(self, columns: Sequence[Unfit]) -> list[Unfit]:
        """`Estado` is a state or a province: it is a state where the words below it are mostly those of one."""
        if "is_active" in self._taken:
            return list(columns)
        for column in columns:
            words = {cell.casefold() for cell in self._sample.cells(column.place)}
            if words and 2 * sum(word in STATE_WORDS for word in words) >= len(words):
                self._choose(column.name, "is_active")
                return [other for other in columns if other is not column]
        return list(columns)

    def _near(self, columns: Sequence[Unfit]) -> list[Unfit]:
        left = []
        for column in columns:
            field = column.field or nearest_field(column.name)
            if field in {*PARTS, *self._taken, "id", ""}:
                left.append(column)
            else:
                self._choose(column.name, field)
        return left
