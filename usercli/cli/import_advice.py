"""What `import` says of columns that do not fit: each of them, and the command line that takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from usercli.cli.context import Invocation
from usercli.cli.error_text import file_name, name_file, sentence, with_option
from usercli.errors import Hint, InvalidInput, UserCliError

if TYPE_CHECKING:
    from usercli.readers import Record
    from usercli.readers.table_advice import Choice, Sample
    from usercli.readers.table_header import Header, Unfit
    from usercli.services.imports.session import ImportJob

#: More columns are not told one by one.
_MOST = 50
#: Options that need not be repeated: a command in a message gets what leads to the database.
_REACH = ("--profile", "--database-url")


def refuse_columns(invocation: Invocation, job: ImportJob, error: InvalidInput) -> None:
    """Say all that does not fit, and raise InvalidInput; return if the error is about something else."""
    from usercli.readers.table_header import ForeignIds, UnfitColumns

    if not isinstance(error, UnfitColumns | ForeignIds):
        return
    from usercli.readers.table_advice import Sample, advise

    found = _sample(job) or Sample(error.header)
    choices = advise(found)
    place = f"error: {file_name(job.file)}:{found.header.line}"
    fits = {choice.column: choice.field for choice in choices}
    unfit = found.header.unfit
    if note := found.header.note():
        invocation.info(note)
    for column in unfit[:_MOST]:
        invocation.info(f"{place}: {_mistake(column, fits)}")
    if len(unfit) > _MOST:
        invocation.info(f"{place}: and {len(unfit) - _MOST:,} more columns")
    if not has_email(found.header, choices):
        invocation.info(f"{place}: {with_option('there is no column email', Hint.MAP_EMAIL)}")
    if isinstance(error, ForeignIds):
        name_file(error, job.file)
        invocation.info(f"error: {sentence(error)}")
    from usercli.schemas.import_rows import FIELDS

    invocation.info(f"the fields are: {', '.join(FIELDS)}, and attributes.NAME for anything else")
    more = ["--unknown-to-attributes"] if len(unfit) > _MOST else chosen_options(choices)
    more += needed_options(invocation, job, found.records(choices))
    invocation.info(invocation.with_reach(f"run: {command_line(invocation, job, more)}"))
    number = len(unfit) + isinstance(error, ForeignIds)
    columns = "column needs" if number == 1 else "columns need"
    raise InvalidInput(f"{number:,} {columns} a decision; nothing was imported") from None


def has_email(header: Header, choices: Sequence[Choice]) -> bool:
    """Whether a column is the email, or was chosen to be."""
    return "email" in {column.field for column in header.columns} | {choice.field for choice in choices}


def _sample(job: ImportJob) -> Sample | None:
    from usercli.readers.table_advice import sample

    try:
        return sample(job.file, job.format, job.read_options) if job.is_file else None
    except UserCliError:  # the columns are what counts
        return None


def _mistake(column: Unfit, fits: dict[str, str]) -> str:
    from usercli.schemas.user_fields import ATTRIBUTE

    if column.rivals:
        return f"the column {column.name} may be {column.field}, as may {', '.join(column.rivals)}"
    field = next((field for name, field in fits.items() if column.name in (name, *name.split("+"))), "")
    if not field:
        return f"no such field: {column.name}; it is empty"
    advice = "it can become" if field.startswith(ATTRIBUTE) else "did you mean:"
    return f"no such field: {column.name}; {advice} {field}"


def chosen_options(choices: Iterable[Choice]) -> list[str]:
    """The options that say what was chosen."""
    options: list[str] = []
    for column, field in choices:
        options += ["--map", f"{column}={field}"] if field else ["--skip-column", column]
    return options


def needed_options(invocation: Invocation, job: ImportJob, records: Sequence[Record]) -> list[str]:
    """What records need besides, by which roles they name and whether they have passwords."""
    needed = []
    if job.hasher is None and any(record.fields.get("password") for record in records):
        needed.append("--hash-passwords")
    roles = {role for record in records for role in str(record.fields.get("roles", "")).split(";") if role}
    if roles and not job.options.create_roles and _are_missing(invocation, roles):
        needed.append("--create-roles")
    return needed


def _are_missing(invocation: Invocation, roles: set[str]) -> bool:
    from usercli.services.roles import role_names

    try:
        return not roles.issubset(role_names(invocation.reading()))
    except UserCliError:  # the columns are what counts
        return False


def command_line(invocation: Invocation, job: ImportJob, more: Sequence[str]) -> str:
    """The command as it was typed, with more options."""
    typed = _without_reach(invocation.arguments) or ["import", job.file]
    at = typed.index("import") if "import" in typed else 0
    before, after = typed[:at], typed[at + 1 :]
    end = after.index("--") if "--" in after else len(after)
    return shlex.join(["usercli", "import", *after[:end], *before, *more, *after[end:]])


def _without_reach(arguments: Sequence[str]) -> list[str]:
    found: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in _REACH:
            next(words, None)
        elif word != "--guide" and not word.startswith(tuple(f"{name}=" for name in _REACH)):
            found.append(word)
    return found
