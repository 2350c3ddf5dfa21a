"""The header of a table: which field of ours each column gives, and what fits none."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby
from typing import NamedTuple

from usercli.errors import Hint, InvalidInput
from usercli.readers import ReadOptions
from usercli.readers.known_headers import FAMILY, GIVEN, PARTS, meaning, name_pairs, plain, readings, without_notes
from usercli.schemas.import_rows import FIELDS, IGNORED
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.text import suggestion, visible

_NAME = "full_name"


class Column(NamedTuple):
    """A field of ours, and the columns of the table that give it, in the order in which they are joined."""

    field: str
    places: tuple[int, ...]
    #: The column says the opposite, as `suspended` of is_active.
    reversed: bool = False
    #: Nobody said so: the name is one that is known.
    is_guess: bool = False


class Unfit(NamedTuple):
    """A column that gives no field, or might give one that others may give, too."""

    name: str
    place: int
    #: The field that it may be.
    field: str = ""
    #: The columns that may be this field as well.
    rivals: tuple[str, ...] = ()


class UnfitColumns(InvalidInput):
    """Columns that fit no field of ours; all of them, so that one more try is enough."""

    def __init__(self, header: Header) -> None:
        columns = header.unfit
        names = ", ".join(column.name for column in columns)
        what = "no such fields" if len(columns) > 1 else "no such field"
        near = suggestion(columns[0].name, list(FIELDS)) if len(columns) == 1 else ""
        super().__init__(f"line {header.line}: {what}: {names}{near}", hint=Hint.MAP_COLUMN)
        self.header = header


class ForeignIds(InvalidInput):
    """The column `id` holds ids of another program, which would be dropped without a word."""

    def __init__(self, header: Header, line: int, example: str) -> None:
        super().__init__(f"line {line}: the id {example} is none of ours (a UUID)", hint=Hint.MAP_ID)
        self.header = header


#: One may say the opposite of the other.
NOT_JOINED = "several columns cannot be joined to is_active; map one of them"


class _Rank(IntEnum):
    """How sure it is what a column means, the surest first."""

    GIVEN = 0
    OURS = 1
    LIKE_OURS = 2
    KNOWN = 3


@dataclass
class Header:
    """The columns of a table by their names; `line` is where they stand. Raises InvalidInput, UnfitColumns."""

    cells: Sequence[str]
    options: ReadOptions
    line: int = 1
    #: The names without the empty ones at the end, which hold nothing.
    names: list[str] = field(init=False)
    columns: list[Column] = field(init=False)
    unfit: list[Unfit] = field(init=False)
    #: The places of columns without a name, in which no cell may hold anything.
    nameless: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.names = header_names(self.cells)
        self._claims: list[tuple[_Rank, Column]] = []
        self._free = set(range(len(self.names)))
        self._given: dict[str, Column] = {}
        self._unknown: set[str] = set()  # the attributes that unknown columns became
        self.columns, self.unfit = [], []
        self._take_options()
        self._require_single_names()
        self._take_names()
        self._take_parts()
        self._settle()

    def require_fit(self) -> None:
        """Raise UnfitColumns, or InvalidInput if no column is the email."""
        self.require_names()
        if self.unfit:
            raise UnfitColumns(self)
        if not self._has_email:
            raise self.error("there is no column email", Hint.MAP_EMAIL)

    def require_names(self) -> None:
        """Raise InvalidInput where the first user stands in place of the header, and would be lost."""
        found = next(filter(_ADDRESS.fullmatch, self.names), None)
        if found is not None and not self._has_email:
            raise self.error(
                f"{visible(found)} is an address, no name of a column; add a header line, such as email,full_name"
            )

    @property
    def _has_email(self) -> bool:
        return any(column.field == "email" for column in self.columns)

    def error(self, reason: str, hint: Hint | None = None) -> InvalidInput:
        """An error about the header."""
        return InvalidInput(f"line {self.line}: {reason}", hint=hint)

    def title(self, column: Column) -> str:
        """The columns of the table, as people name them."""
        return "+".join(self.names[place] for place in column.places)

    # -- what was said

    def _take_options(self) -> None:
        skipped = {place for name in self.options.skipped for place in self._places(name, "leave out", many=True)}
        for key, ours in self.options.mapping.items():
            places = self._joined_places(key)
            if both := skipped.intersection(places):
                raise self.error(f"the column {self.names[min(both)]} is both mapped and left out")
            if ours == "is_active" and len(places) > 1:
                raise self.error(NOT_JOINED)
            self._claim(_Rank.GIVEN, Column(ours, places, self._is_reversed(ours, places)))
        self._free -= skipped

    def _joined_places(self, key: str) -> tuple[int, ...]:
        """The columns of a key, joined by `+` unless a column is called so."""
        parts = [key] if "+" not in key or self._find(key) else key.split("+")
        return tuple(self._places(part.strip(), "map")[0] for part in parts)

    def _places(self, name: str, purpose: str, *, many: bool = False) -> list[int]:
        found = self._find(name)
        if not found:
            near = suggestion(name, [known for known in self.names if known])
            raise self.error(f"there is no column {name} to {purpose}{near}")
        if many or len(found) == 1:
            return found
        if len({self.names[place] for place in found}) == 1:
            raise self.error(f"the column {self.names[found[0]]} appears twice")
        titles = " and ".join(self.names[place] for place in found)
        raise self.error(f"the columns {titles} are both called {name}; write it as one of them is")

    def _find(self, name: str) -> list[int]:
        """The columns of a name: exactly, else without regard to case and blanks, else without notes."""
        if exact := [place for place, known in enumerate(self.names) if known == name]:
            return exact
        form = plain(name)
        if not form:
            return []
        alike = [place for place, known in enumerate(self.names) if plain(known) == form]
        return alike or [place for place, known in enumerate(self.names) if plain(without_notes(known)) == form]

    def _is_reversed(self, ours: str, places: Sequence[int]) -> bool:
        """Whether a column that was named as is_active says the opposite by its own name."""
        found = meaning(self.names[places[0]]) if len(places) == 1 and ours == "is_active" else None
        return found is not None and found.field == ours and found.reversed

    # -- what the names say

    def _require_single_names(self) -> None:
        seen: set[str] = set()
        for place in sorted(self._free):
            name = self.names[place]
            if not name:  # as spreadsheets have before a table; it must be empty
                self.nameless.append(place)
                continue
            if name in seen:
                raise self.error(f"the column {name} appears twice")
            seen.add(name)
        self._free.difference_update(self.nameless)

    def _take_names(self) -> None:
        self._parts: dict[str, list[int]] = {part: [] for part in PARTS}
        self._take_pairs()
        for place in sorted(self._free):
            name = self.names[place]
            if name in _OURS or name.startswith(ATTRIBUTE):
                self._claim(_Rank.OURS, Column(name, (place,)))
            elif (found := meaning(name)) is not None and found.field in PARTS:
                self._parts[found.field].append(place)
            elif found is not None:
                rank = _Rank.LIKE_OURS if found.is_ours else _Rank.KNOWN
                self._claim(rank, Column(found.field, (place,), found.reversed, is_guess=True))

    def _take_pairs(self) -> None:
        """`Vorname` beside `Name`: one of the words alone would be the full name."""
        forms = {
            form: place for place in sorted(self._free, reverse=True) for form in readings(self.names[place])[:1]
        }
        for given, family in name_pairs():
            if given in forms and family in forms:
                self._parts[GIVEN].append(forms[given])
                self._parts[FAMILY].append(forms[family])
                self._free -= {forms[given], forms[family]}
                return

    def _take_parts(self) -> None:
        """A given and a family name make the full name; East Asian headers mean the family name first."""
        given, family = self._parts[GIVEN], self._parts[FAMILY]
        parts = [place for places in self._parts.values() for place in places]
        self._free.update(parts)
        if not (given and family):
            return
        places = [place for part in PARTS for place in self._parts[part]]
        if not self.names[family[0]].isascii() and plain(self.names[family[0]]) in _FAMILY_FIRST:
            places = [*family, *(place for place in places if place not in family)]
        single = all(len(places) < 2 for places in self._parts.values())
        if single:
            self._claim(_Rank.KNOWN, Column(_NAME, tuple(places), is_guess=True))

    def _claim(self, rank: _Rank, column: Column) -> None:
        self._free.difference_update(column.places)
        self._claims.append((rank, column))

    # -- who gets what

    def _settle(self) -> None:
        """Give each field to its surest column; what is not sure is unfit."""
        claims = sorted(self._claims, key=lambda claim: (claim[1].field, claim[0]))
        for name, group in groupby(claims, key=lambda claim: claim[1].field):
            self._give(name, list(group))
        for place in sorted(self._free):
            self._take_unknown(place)
        self.columns = sorted(self._given.values(), key=lambda column: column.places)
        self.unfit.sort(key=lambda column: column.place)
        self._require_one_attributes()

    def _give(self, name: str, claims: list[tuple[_Rank, Column]]) -> None:
        best = claims[0][0]
        first = [column for rank, column in claims if rank == best]
        if best <= _Rank.OURS:
            sure = sorted((column for rank, column in claims if rank <= _Rank.OURS), key=lambda one: one.places)
            self._require_one(name, sure)
            self._given[name] = sure[0]
        elif len(first) == 1:
            self._given[name] = first[0]
        else:
            titles = [self.title(column) for column in first]
            for column in first:
                others = tuple(title for title in titles if title != self.title(column))
                self.unfit += [Unfit(self.names[place], place, name, others) for place in column.places]
        for rank, column in claims:
            if rank > max(best, _Rank.OURS):
                for place in column.places:
                    self._take_unknown(place, name)

    def _require_one(self, name: str, columns: Sequence[Column]) -> None:
        if len(columns) > 1:
            first, second = map(self.title, columns[:2])
            if first == second:
                raise self.error(f"the column {first} appears twice")
            raise self.error(f"the columns {first} and {second} both give {name}")

    def _take_unknown(self, place: int, taken: str = "") -> None:
        name = self.names[place]
        if not self.options.unknown_to_attributes:
            rivals = (self.title(self._given[taken]),) if taken in self._given else ()
            self.unfit.append(Unfit(name, place, taken, rivals))
            return
        wanted = name if name.startswith(ATTRIBUTE) else attribute_for(name, self._unknown)
        column = Column(wanted, (place,), is_guess=wanted not in (name, ATTRIBUTE + name))
        self._unknown.add(wanted)
        other = self._given.setdefault(column.field, column)
        if other is not column:
            self._require_one(column.field, sorted([other, column], key=lambda one: one.places))

    def _require_one_attributes(self) -> None:
        parts = [column for column in self.columns if column.field.startswith(ATTRIBUTE)]
        whole = [column for column in self.columns if column.field == "attributes"]
        if parts and whole:
            titles = f"{self.title(whole[0])} and {self.title(parts[0])}"
            raise self.error(f"the columns {titles} both give attributes")

    # -- what is said of it

    def note(self) -> str:
        """How columns were understood, where that is not their literal name; else an empty text."""
        told = [self._told(column) for column in self.columns if column.is_guess or column.reversed]
        told += [self._told(column) + " (yes means active)" for column in self.columns if self._is_unclear(column)]
        return f"read {', '.join(told)}" if told else ""

    def _is_unclear(self, column: Column) -> bool:
        """Somebody said that it is is_active, and its name does not say of what `yes` is true."""
        name = self.names[column.places[0]]
        return column.field == "is_active" and not column.is_guess and name not in _OURS and meaning(name) is None

    def _told(self, column: Column) -> str:
        quoted = "+".join(f'"{self.names[place]}"' for place in column.places)
        return f"{quoted} as {column.field}{' (reversed)' if column.reversed else ''}"


def header_names(cells: Sequence[str]) -> list[str]:
    """The names of columns without the empty ones at the end, which hold nothing."""
    names = [cell.strip() for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names


def attribute_for(name: str, taken: Collection[str]) -> str:
    """The attribute that a column becomes: `Org Unit Path [Required]` -> attributes.org_unit_path; then ..._2."""
    words = re.sub(r"[\W_]+", "_", without_notes(name).casefold()).strip("_")
    words = "old_id" if plain(name) == "id" else words or re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
    found = wanted = ATTRIBUTE + (words or "column")
    number = 2
    while found in taken:
        found, number = f"{wanted}_{number}", number + 1
    return found


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_OURS = frozenset({*FIELDS, *IGNORED})
_FAMILY_FIRST = frozenset(map(plain, ("姓", "姓氏", "苗字", "성", "성씨")))
