"""What the cells of a table need to be read: words that say a state, and the order of its dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pkgutil import resolve_name

from usercli.errors import Hint, InvalidInput
from usercli.readers import BINARY, TABLES, ReadOptions
from usercli.readers.table_header import Column, Header
from usercli.readers.text_source import open_binary, open_source
from usercli.schemas.boolean_words import IMPORTED_BOOLEANS, STATE_WORDS
from usercli.schemas.import_times import TimeReader, shown_order
from usercli.schemas.user_fields import BOOLEANS, TIMES

#: A column with more words is no column of a state.
MOST_WORDS = 50
#: What parts the words of --value.
MARKS = frozenset("|,=:")
_Rows = Iterator[tuple[int, Sequence[str]]]


@dataclass
class StateWords:
    """The words of a column that is true or false, and how often each stands there."""

    column: Column
    title: str
    words: Counter[str] = field(default_factory=Counter)

    def count(self, cell: str) -> None:
        word = cell.strip()
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
    def can_be_said(self) -> bool:
        """Whether `COLUMN:WORD|WORD=true,WORD=false` holds these words: it has no escape for its own marks."""
        return "=" not in self.title and MARKS.isdisjoint("".join(self.words))


@dataclass
class Dates:
    """What the dates of a file show of their order."""

    reader: TimeReader
    #: The first date that has two readings.
    ambiguous: str = ""
    #: By order, that it was seen.
    orders: set[str] = field(default_factory=set)

    def look_at(self, cell: str) -> None:
        """Note what a cell shows, if it holds a date at all."""
        if order := shown_order(cell):
            self.orders.add(order)
        try:
            self.reader.read(cell)
        except InvalidInput as error:
            if error.hint is Hint.DAY_NUMBER:
                self.orders.add("excel")
            elif error.hint is Hint.DATE_ORDER:
                self.ambiguous = self.ambiguous or cell.strip()

    def needed(self) -> list[str]:
        """The values of --date-order that may read the file: one, several where nothing decides, or none."""
        if self.reader.order is not None or not (self.ambiguous or "excel" in self.orders):
            return []
        if len(self.orders) > 1:
            return []  # no order reads them all
        return sorted(self.orders) or ["dmy", "mdy"]


@dataclass
class ValueAdvice:
    """What the values of a table need."""

    states: list[StateWords]
    dates: Dates


def advise_values(file: str, form: str, options: ReadOptions) -> ValueAdvice:
    """Read a whole table, whose columns fit, for what its values need. Raises InvalidInput."""
    with _rows(file, form, options) as rows:
        line, cells = next(rows)
        header = Header(cells, options, line)
        found = _start(header, options)
        for _, row in rows:
            _look(found, header, row)
    found.states = [state for state in found.states if state.unknown and len(state.words) <= MOST_WORDS]
    return found


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


@contextmanager
def _rows(file: str, form: str, options: ReadOptions) -> Iterator[_Rows]:
    with open_binary(file) if form in BINARY else open_source(file, options.encoding) as source:
        yield resolve_name(TABLES[form])(source, options)
