"""What the cells of a table need to be read: words that say a state, and the order of its dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from usercli.errors import Hint, InvalidInput
from usercli.readers import ReadOptions
from usercli.readers.table_advice import Source, table_rows
from usercli.readers.table_header import Column, Header
from usercli.schemas.boolean_words import IMPORTED_BOOLEANS, STATE_WORDS
from usercli.schemas.import_times import TimeReader, readable_orders
from usercli.schemas.user_fields import BOOLEANS, TIMES

#: A column with more words is no column of a state.
MOST_WORDS = 50
#: Where these stand or nothing, it is ticked or not.
TICKS = frozenset({"x", "✓", "✔", "☑", "*", "+", "•"})
#: What parts the words of --value.
MARKS = frozenset("|,=:")


@dataclass
class StateWords:
    """The words of a column that is true or false, and how often each stands there."""

    column: Column
    title: str
    words: Counter[str] = field(default_factory=Counter)
    blanks: int = 0

    def count(self, cell: str) -> None:
        word = cell.strip()
        self.blanks += not word
        if word and (word in self.words or len(self.words) <= MOST_WORDS):
            self.words[word] += 1

    def meaning(self, word: str) -> bool | None:
        """What a word says of our field; None if nobody knows."""
        form = word.casefold()
        if self.column.field == "is_active" and form in STATE_WORDS:
            return STATE_WORDS[form]
        known = IMPORTED_BOOLEANS.get(form)
        return known if known is None else known is not self.column.reversed

    @property
    def unknown(self) -> list[str]:
        """The words that nobody knows, in the order of the file."""
        return [word for word in self.words if self.meaning(word) is None]

    @property
    def tick(self) -> str | None:
        """The mark of a column that is ticked or empty: it means yes, and a cell without it no."""
        marks = [word for word in self.words if word.casefold() in TICKS]
        return marks[0] if len(marks) == 1 else None

    def proposed(self) -> dict[str, str]:
        """What each word means as --value says it: one that nobody knows false, so that it lets nobody in."""
        found = {word: "true" if self.meaning(word) else "false" for word in self.words}
        if tick := self.tick:
            found[tick], found[""] = ("false", "true") if self.column.reversed else ("true", "false")
        return found

    @property
    def can_be_said(self) -> bool:
        """Whether `COLUMN:WORD|WORD=true,WORD=false` holds these words: it has no escape for its own marks."""
        return "=" not in self.title and MARKS.isdisjoint("".join(self.words))


@dataclass
class Dates:
    """What the dates of a file show of their order."""

    reader: TimeReader
    #: The first date that has two readings.
    ambiguous: str = ""
    #: Whether a spreadsheet made numbers of days of them.
    has_days: bool = False
    #: The orders that some dates leave, by the first of these.
    left: dict[frozenset[str], str] = field(default_factory=dict)

    def look_at(self, cell: str) -> None:
        """Note what a cell shows, if it holds a date at all."""
        try:
            self.reader.read(cell)
        except InvalidInput as error:
            self.has_days = self.has_days or error.hint is Hint.DAY_NUMBER
            if error.hint is Hint.DATE_ORDER:
                self.ambiguous = self.ambiguous or cell.strip()
        if orders := readable_orders(cell, self.reader):
            self.left.setdefault(orders, cell.strip())

    def needed(self) -> list[str]:
        """The values of --date-order that may read the file: one, several where nothing decides, or none."""
        if self.reader.order is not None or not (self.ambiguous or self.has_days):
            return []
        if not self.ambiguous:
            return ["excel"]
        if self.has_days or not self.left:
            return []  # no order reads them all
        orders = frozenset.intersection(*self.left)
        return sorted(orders - {"ymd"}) or sorted(orders)  # two digits of a year in front are rare

    @property
    def contradiction(self) -> tuple[str, ...]:
        """Dates of which no order reads all, where another date has two readings."""
        if not (self.ambiguous and self.left) or self.reader.order or frozenset.intersection(*self.left):
            return ()
        pairs = ((one, other) for one in self.left for other in self.left if not one & other)
        return tuple(self.left[orders] for orders in next(pairs, tuple(self.left)))


@dataclass
class ValueAdvice:
    """What the values of a table need."""

    states: list[StateWords]
    dates: Dates


def advise_values(source: Source, form: str, options: ReadOptions) -> ValueAdvice:
    """Read a whole table, whose columns fit, for what its values need. Raises InvalidInput."""
    with table_rows(source, form, options) as rows:
        line, cells = next(rows)
        header = Header(cells, options, line)
        found = _start(header, options)
        for _, row in rows:
            if is_of_user(header, row):
                _look(found, header, row)
    found.states = [state for state in found.states if state.unknown and len(state.words) <= MOST_WORDS]
    return found


def is_of_user(header: Header, row: Sequence[str]) -> bool:
    """Whether a row has an address; one without it may hold totals, and its words say nothing."""
    places = next((column.places for column in header.columns if column.field == "email"), None)
    return places is None or any("@" in row[place] for place in places if place < len(row))


def _start(header: Header, options: ReadOptions) -> ValueAdvice:
    flags = [column for column in header.columns if column.field in BOOLEANS and len(column.places) == 1]
    said = set(options.values)
    states = [StateWords(column, header.title(column)) for column in flags]
    states = [state for state in states if said.isdisjoint({state.title, state.column.field})]
    return ValueAdvice(states, Dates(TimeReader(options.timezone, options.date_order)))


def _look(found: ValueAdvice, header: Header, row: Sequence[str]) -> None:
    for state in found.states:
        if state.column.places[0] < len(row):
            state.count(row[state.column.places[0]])
    for column in header.columns:
        if column.field in TIMES and column.places[0] < len(row):
            found.dates.look_at(row[column.places[0]])
