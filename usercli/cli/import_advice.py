"""What `import` says of columns that do not fit: each of them, and the command line that takes them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from usercli.cli.context import Invocation
from usercli.cli.error_text import file_name, name_file, sentence, with_option
from usercli.cli.hints import REACH, without_options
from usercli.errors import Hint, InvalidInput, UserCliError
from usercli.readers import TABLES, unheard
from usercli.text import counted, visible

if TYPE_CHECKING:
    from usercli.readers import BadRecord, ReadOptions, Record
    from usercli.readers.table_advice import Choice, Sample
    from usercli.readers.table_header import Header, Unfit
    from usercli.readers.value_advice import StateWords
    from usercli.schemas.import_rows import RowParser
    from usercli.services.imports.loader import Reject
    from usercli.services.imports.session import ImportJob

#: More columns are not told one by one.
_MOST = 50
_MOST_ROLES = 20
#: So many records are looked at for what is bad besides.
_PREVIEWED = 100_000
#: What options mend, whatever else is wrong with a file.
_MENDED = frozenset(
    {Hint.VALUE, Hint.DATE_ORDER, Hint.DAY_NUMBER, Hint.HASH_PASSWORDS, Hint.MAP_HASH, Hint.CREATE_ROLES}
)
#: In a note of how columns were understood.
_GUESSED_STATE = re.compile('"([^"]+)" as is_active')
#: A column, and its words as ours.
Words = dict[str, dict[str, str]]
NOT_SAID = "--value cannot hold , | = or : in a word; change them in the file, or leave the column out"
_ORDER_NAMES = {"dmy": "the day first", "mdy": "the month first"}


def refuse_columns(invocation: Invocation, job: ImportJob, error: InvalidInput) -> None:
    """Say all that does not fit, and raise InvalidInput; return if the error is about something else."""
    from usercli.readers.table_header import ForeignIds, UnfitColumns

    if not isinstance(error, UnfitColumns | ForeignIds):
        return
    from usercli.readers.table_advice import Sample, advise

    found = _sample(job) or Sample(error.header)
    _refuse_system(invocation, job, found.header)
    choices = advise(found)
    place = f"error: {file_name(job.file)}:{found.header.line}"
    fits = {choice.column: choice.field for choice in choices}
    unfit = found.header.unfit
    fitting = {column.field for column in found.header.columns if found.header.title(column) not in fits}
    note = found.header.note() if isinstance(error, UnfitColumns) else ""  # else it was read, and told
    for told in filter(None, (note, fate_of_preserved(fitting, job))):
        invocation.info(told)
    for column in unfit[:_MOST]:
        invocation.info(f"{place}: {_mistake(column, fits, is_empty=not found.cells(column.place))}")
    if len(unfit) > _MOST:
        invocation.info(f"{place}: and {len(unfit) - _MOST:,} more columns")
    is_whole = has_email(found.header, choices)
    if not is_whole:
        invocation.info(f"{place}: {with_option('there is no column email', Hint.MAP_EMAIL)}")
    if isinstance(error, ForeignIds):
        name_file(error, job.file)
        invocation.info(f"error: {sentence(error)}")
    from usercli.schemas.import_rows import FIELDS
    from usercli.schemas.user_fields import ATTRIBUTE

    invocation.info(f"the fields are: {', '.join(FIELDS)}, and attributes.NAME for anything else")
    chosen = chosen_options(choices)
    if len(unfit) > _MOST:
        others = [choice for choice in choices if not choice.field.startswith(ATTRIBUTE)]
        chosen = ["--unknown-to-attributes", *chosen_options(others)]
    bad = _tell_commands(invocation, job, found, choices, chosen) if is_whole else 0
    number = len(unfit) + isinstance(error, ForeignIds)
    said = "1 column needs a decision" if number == 1 else f"{number:,} columns need a decision"
    if bad:
        said += f", and {counted(bad, 'record is', 'records are')} bad"
    raise InvalidInput(f"{said}; nothing was imported") from None


def _refuse_system(invocation: Invocation, job: ImportJob, header: Header) -> None:
    """Raise InvalidInput for the columns of a system whose reader knows what they mean."""
    from usercli.readers.file_kinds import kind_of_table

    kind = kind_of_table(header.names)
    if kind is None or job.table is not None or job.read_options.mapping:
        return
    invocation.info(invocation.with_reach(f"run: {command_line(invocation, job, ['--from', kind.format])}"))
    raise InvalidInput(
        f"{file_name(job.file)}:{header.line}: the columns are those of {kind}; nothing was imported"
    )


def fate_of_preserved(names: Collection[str], job: ImportJob) -> str:
    """What becomes of ids, times and versions that a file holds; empty where they are kept, or there are none."""
    from usercli.schemas.user_fields import PRESERVED

    told = ", ".join(name for name in PRESERVED if name in names)
    if told and not job.options.preserve:
        return f"left out without --preserve: {told}"
    return f"users who exist keep their own: {told}" if told and job.options.on_conflict == "update" else ""


def warn_if_nobody_is_active(
    invocation: Invocation, job: ImportJob, parser: RowParser, notes: Collection[str]
) -> None:
    """Name the column that says so, if it was only guessed to be the state of a user."""
    from usercli.readers.known_headers import plain

    options = job.read_options
    if parser.rows < 2 or parser.active or "is_active" in options.mapping.values():
        return
    said = {plain(name) for name in ("is_active", *options.values)}
    for column in _GUESSED_STATE.findall("\n".join(notes)):
        if plain(column) not in said:
            read = f'nobody is active, as "{column}" was read as is_active'
            invocation.warn(f"{read}; to leave it out: --skip-column {shlex.quote(column)}")


def advise_rejects(invocation: Invocation, job: ImportJob, rejects: Iterable[Reject | BadRecord]) -> None:
    """Say the command that reads what was rejected, where options do that."""
    if {reject.hint for reject in rejects}.isdisjoint(_MENDED) or job.format not in TABLES:
        return
    from usercli.readers.table_advice import advise

    found = _sample(job)
    if found is not None:
        choices = advise(found)
        _tell_commands(
            invocation, job, found, choices, chosen_options(choices), {reject.line for reject in rejects}
        )


def _tell_commands(
    invocation: Invocation,
    job: ImportJob,
    found: Sample,
    choices: Sequence[Choice],
    chosen: Sequence[str],
    told: Collection[int] = (),
) -> int:
    """The records that stay bad, except the lines that were told, and the whole command to copy.

    There are two commands where nothing says how the dates are meant. Returns the number of bad records.
    """
    from usercli.readers.table_advice import with_choices
    from usercli.services.imports.validation import FIRST

    options = with_choices(job.read_options, choices)
    values, orders = value_options(invocation, job, options)
    options = replace(options, values=options.values | values)
    if len(orders) == 1:
        options = replace(options, date_order=orders[0])
    needed = [*chosen, *word_options(values), *needed_options(invocation, job, found.records(options))]
    read = replace(job, read_options=replace(options, on_note=unheard))
    bad = _tell_bad(invocation, read, told) if len(told) < FIRST else 0
    for order in orders or [""]:
        more = [*needed, "--date-order", order] if order else needed
        meant = f" ({_ORDER_NAMES[order]})" if len(orders) > 1 else ""
        if more:
            invocation.info(invocation.with_reach(f"run{meant}: {command_line(invocation, job, more)}"))
    return bad


def _tell_bad(invocation: Invocation, job: ImportJob, told: Collection[int]) -> int:
    """What no option mends: two records of one address, somebody who exists already, an expiry that is no time."""
    from usercli.services.imports.session import preview
    from usercli.services.password_rules import configured_hasher, configured_policy

    if not job.can_be_sampled:
        return 0
    settings = invocation.settings
    job = replace(job, hasher=job.hasher or configured_hasher(settings), policy=configured_policy(settings))
    try:
        found = preview(job, invocation.reading(), _PREVIEWED)
    except UserCliError:  # the columns are what counts
        return 0
    first = [bad for bad in found.first if bad.hint not in _MENDED and bad.line not in told]
    for bad in first:
        invocation.info(f"error: {file_name(job.file)}:{bad.line}: {with_option(bad.reason, bad.hint)}")
    return len(first) if found.bad <= len(found.first) else found.bad


def value_options(invocation: Invocation, job: ImportJob, options: ReadOptions) -> tuple[Words, list[str]]:
    """The words of states as --value reads them, which are told, and the orders that the dates may have."""
    from usercli.readers.value_advice import advise_values

    if not job.can_be_sampled:
        return {}, []
    try:
        advice = advise_values(job.opened(), job.format, replace(options, on_note=unheard))
    except UserCliError:  # the columns are what counts
        return {}, []
    found = {}
    for state in advice.states:
        for text in _said_of(state):
            invocation.info(text)
        if state.can_be_said:
            found[state.title] = state.proposed()
    if dates := advice.dates.contradiction:
        shown = ", ".join(map(visible, dates))
        invocation.info(f"no --date-order fits all the dates ({shown}); write them in one order")
    return found, advice.dates.needed()


def _said_of(state: StateWords) -> Iterator[str]:
    """What stands in a column of a state that nobody knows, and what it will mean."""
    title, mark = visible(state.title), state.tick if state.can_be_said else None
    if mark:
        meant = state.proposed()
        ticks = f"{title} has {mark} ({state.words[mark]:,}) or nothing ({state.blanks:,})"
        yield f"{ticks}; below that means {meant[mark]} or {meant['']}"
    if unknown := [word for word in state.unknown if word != mark]:
        listed = ", ".join(f"{visible(word[:50])} ({state.words[word]:,})" for word in unknown)
        means = "below they mean false" if state.can_be_said else NOT_SAID
        yield f"{title} has words that say nothing here: {listed}; {means}"


def word_options(values: Words) -> list[str]:
    """The options that read words so, the true ones of each column first."""
    options: list[str] = []
    for title, words in values.items():
        parts = {ours: [word for word in words if words[word] == ours] for ours in ("true", "false")}
        said = ",".join(f"{'|'.join(theirs)}={ours}" for ours, theirs in parts.items() if theirs)
        options += ["--value", f"{title}:{said}"]
    return options


def has_email(header: Header, choices: Sequence[Choice]) -> bool:
    """Whether a column is the email, or was chosen to be."""
    return "email" in {column.field for column in header.columns} | {choice.field for choice in choices}


def _sample(job: ImportJob) -> Sample | None:
    from usercli.readers.table_advice import sample

    try:
        return sample(job.opened(), job.format, job.read_options) if job.can_be_sampled else None
    except UserCliError:  # the columns are what counts
        return None


def _mistake(column: Unfit, fits: dict[str, str], *, is_empty: bool) -> str:
    from usercli.schemas.user_fields import ATTRIBUTE

    if column.rivals:
        return f"the column {column.name} may be {column.field}, as may {', '.join(column.rivals)}"
    field = next((field for name, field in fits.items() if column.name in (name, *name.split("+"))), "")
    if not field:
        return f"no such field: {column.name}; " + ("it is empty" if is_empty else "it may hold secrets")
    advice = "it can become" if field.startswith(ATTRIBUTE) else "did you mean:"
    return f"no such field: {column.name}; {advice} {field}"


def chosen_options(choices: Iterable[Choice]) -> list[str]:
    """The options that say what was chosen."""
    options: list[str] = []
    for column, field in choices:
        options += ["--map", f"{column}={field}"] if field else ["--skip-column", column]
    return options


def needed_options(invocation: Invocation, job: ImportJob, records: Sequence[Record]) -> list[str]:
    """What records need besides: that passwords are hashed, and roles made, which are told."""
    needed = []
    if job.hasher is None and any(record.fields.get("password") for record in records):
        needed.append("--hash-passwords")
    from usercli.schemas.import_rows import role_list

    named = (role for record in records for role in role_list(str(record.fields.get("roles", ""))) if role)
    roles = [] if job.options.create_roles else _missing(invocation, dict.fromkeys(map(str, named)))
    if roles:
        more = f", and {len(roles) - _MOST_ROLES:,} more" if len(roles) > _MOST_ROLES else ""
        listed = f"{', '.join(role[:64] for role in roles[:_MOST_ROLES])}{more}"
        invocation.info(f"roles that are not there, and that --create-roles makes: {listed}")
        needed.append("--create-roles")
    return needed


def _missing(invocation: Invocation, roles: Collection[str]) -> list[str]:
    from usercli.services.roles import role_names

    try:
        known = set(role_names(invocation.reading())) if roles else set()
    except UserCliError:  # the columns are what counts
        return []
    return [role for role in roles if role not in known]


def command_line(invocation: Invocation, job: ImportJob, more: Sequence[str]) -> str:
    """The command as it was typed, with more options."""
    typed = without_options(invocation.arguments, REACH, {"--guide"}) or ["import", job.file]
    at = typed.index("import") if "import" in typed else 0
    before, after = typed[:at], typed[at + 1 :]
    end = after.index("--") if "--" in after else len(after)
    return shlex.join(["usercli", "import", *after[:end], *before, *more, *after[end:]])
