"""`import --guide`: ask what each column of a table is, and print the command that reads it so."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from usercli.cli.context import Invocation
from usercli.cli.error_text import file_name
from usercli.cli.import_advice import NOT_SAID, Words, chosen_options, command_line, needed_options, word_options
from usercli.errors import ExitCode, InvalidInput

if TYPE_CHECKING:
    from usercli.readers.table_advice import Choice, Sample
    from usercli.readers.table_header import Header
    from usercli.services.imports.session import ImportJob

#: So many rows are shown, and so many words of a column are asked for.
_ROWS, _WORDS = 3, 20
_LEFT_OUT = "-"
_ORDERS = ("dmy", "mdy", "ymd")


def guide(invocation: Invocation, job: ImportJob) -> int:
    """Ask column by column. Raises InvalidInput without a terminal, Declined if an answer is missing."""
    if not invocation.can_ask or not job.can_be_sampled:
        raise InvalidInput("--guide asks questions: it needs a terminal, and a file that can be read again")
    from usercli.readers.table_advice import sample, with_choices
    from usercli.readers.table_header import Header

    found = sample(job.opened(), job.format, job.read_options)
    found.header.require_names()
    _show(invocation, job, found)
    choices = _Questions(invocation, found).choices()
    header = Header(found.header.cells, with_choices(job.read_options, choices), found.header.line)
    header.require_fit()
    options = header.options
    values = _values(invocation, found, header)
    options = replace(options, values=options.values | values)
    more = [*chosen_options(choices), *word_options(values), *_order_options(invocation, found, header)]
    more += needed_options(invocation, job, found.records(options))
    invocation.info(invocation.with_reach(f"run: {command_line(invocation, job, more)}"))
    invocation.info("with --dry-run it checks everything and changes nothing")
    return ExitCode.OK


def _show(invocation: Invocation, job: ImportJob, found: Sample) -> None:
    from usercli.cli.output.tables import width
    from usercli.schemas.import_rows import FIELDS

    rows = found.rows[:_ROWS]
    invocation.info(f"{file_name(job.file)}: {len(found.header.names)} columns, and what the first rows hold")
    for place, name in enumerate(found.header.names):
        invocation.info(f"  {name}: {' | '.join(row[place] for row in rows if place < len(row))}")
    fields = f"the fields are: {', '.join(FIELDS)}, and attributes.NAME for anything else"
    question = f"what is each column? Enter takes what stands in brackets; {_LEFT_OUT} leaves the column out"
    for text in (fields, question):
        for line in textwrap.wrap(text, width(), break_on_hyphens=False):
            invocation.info(line)


class _Questions:
    """Asks for each column that no option speaks of; several may make one name, or one list of roles."""

    def __init__(self, invocation: Invocation, found: Sample) -> None:
        from usercli.readers.table_advice import advise

        self._invocation, self._header = invocation, found.header
        self._known = {place: column for column in self._header.columns for place in column.places}
        self._advice = {name: field for key, field in advise(found) for name in (key, *key.split("+"))}

    def choices(self) -> list[Choice]:
        """What differs from what is understood without being said."""
        from usercli.readers.table_advice import Choice

        mapped = set(self._header.options.mapping.values())
        unfit = {column.place for column in self._header.unfit}
        answers: dict[int, str] = {}
        for place in range(len(self._header.names)):
            if place in unfit or (place in self._known and self._known[place].field not in mapped):
                answers[place] = self._answer(place, answers)
        found = [Choice(self._header.names[place], "") for place, field in answers.items() if not field]
        for field in dict.fromkeys(filter(None, answers.values())):
            places = self._in_order(field, [place for place, given in answers.items() if given == field])
            if not any((column.field, column.places) == (field, places) for column in self._header.columns):
                found.append(Choice("+".join(self._header.names[place] for place in places), field))
        return found

    def _answer(self, place: int, answers: dict[int, str]) -> str:
        """Our field; empty if the column is left out."""
        from usercli.cli.table_options import our_field

        default = self._default(place)
        while True:
            question = f"  {self._header.names[place]} [{default or _LEFT_OUT}]: "
            answer = self._invocation.ask(question).strip() or default
            if answer in {"", _LEFT_OUT}:
                return ""
            try:
                field = our_field(answer)
            except InvalidInput as error:
                self._invocation.info(f"  {error.message}")
                continue
            if field not in answers.values() or field in {"full_name", "roles"} or "." in field:
                return field
            other = next(self._header.names[place] for place, given in answers.items() if given == field)
            self._invocation.info(f"  the column {other} gives {field} already")

    def _default(self, place: int) -> str:
        advised = self._advice.get(self._header.names[place])
        if advised is not None:
            return advised
        return self._known[place].field if place in self._known else ""

    def _in_order(self, field: str, places: list[int]) -> tuple[int, ...]:
        """As a known header joins them, else the given name first."""
        from usercli.readers.known_headers import PARTS
        from usercli.readers.table_advice import nearest_field

        for column in self._header.columns:
            if column.field == field and set(column.places) == set(places):
                return column.places
        parts = {place: nearest_field(self._header.names[place]) for place in places}
        order = {place: PARTS.index(part) if part in PARTS else len(PARTS) for place, part in parts.items()}
        return tuple(sorted(places, key=lambda place: (order[place], place)))


def _values(invocation: Invocation, found: Sample, header: Header) -> Words:
    """Ask for words that are neither true nor false by themselves."""
    from usercli.readers.value_advice import StateWords, is_of_user
    from usercli.schemas.user_fields import BOOLEANS

    values: Words = {}
    for column in header.columns:
        if column.field not in BOOLEANS or len(column.places) > 1 or header.options.values:
            continue
        state = StateWords(column, header.title(column))
        for row in found.rows:
            if column.places[0] < len(row) and is_of_user(header, row):
                state.count(row[column.places[0]])
        if len(state.words) > _WORDS or not state.unknown:
            continue
        if not state.can_be_said:
            invocation.info(f"  {state.title}: {NOT_SAID}")
            continue
        meant = {word: state.meaning(word) for word in state.words}
        asked = {word: word for word in state.unknown}
        if state.blanks or state.tick:
            asked[""] = "an empty cell"
        for word, shown in asked.items():
            meant[word] = _is_yes(invocation, f"  {state.title}: does {shown} mean {column.field}? [y/N]: ")
        values[state.title] = {word: "true" if flag else "false" for word, flag in meant.items()}
    return values


def _is_yes(invocation: Invocation, question: str) -> bool:
    return invocation.ask(question).strip().lower() in {"y", "yes"}


def _order_options(invocation: Invocation, found: Sample, header: Header) -> list[str]:
    """Ask for the order of dates that have more than one reading."""
    from usercli.readers.value_advice import Dates
    from usercli.schemas.import_times import TimeReader
    from usercli.schemas.user_fields import TIMES

    dates = Dates(TimeReader(header.options.timezone, header.options.date_order))
    for column in header.columns:
        if column.field in TIMES:
            for cell in found.cells(column.places[0]):
                dates.look_at(cell)
    orders = dates.needed()
    while len(orders) > 1:
        answer = invocation.ask(f"  {dates.ambiguous}: is the order of dates dmy, mdy or ymd? ").strip().lower()
        orders = [answer] if answer in _ORDERS else orders
    return ["--date-order", *orders] if orders else []
