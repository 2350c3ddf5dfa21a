"""export: many users to a file or stdout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.cli.user_filters import NO_FILTERS, Filters
from usercli.errors import InvalidInput


@command
def export(
    invocation: Invocation,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Output file (0600, replaced when complete); default: stdout."),
    ] = None,
    filters: Filters = NO_FILTERS,
    sort: Annotated[str, typer.Option(metavar="FIELD", help="Order by this field; -FIELD descends.")] = "id",
    with_hashes: Annotated[
        bool, typer.Option("--with-hashes", help="Also the password hashes; only into a FILE.", show_default=False)
    ] = False,
    to: Annotated[
        str | None, typer.Option(metavar="SYSTEM", help="In the form that django, auth0 or scim imports.")
    ] = None,
) -> None:
    """Write users, every field, in a form that import reads back; the format by the file's name, or -o.

    \b
    Examples:
      usercli export users.csv
      usercli export users.jsonl --active --with-hashes
      usercli export -o jsonl | gzip > users.jsonl.gz
      usercli export users.json --to django --with-hashes
    """
    from usercli.schemas.users import HASHED_FIELDS, USER_FIELDS

    if with_hashes and file is None:
        raise InvalidInput("hashes are written to a file only; name one")
    if to is not None:
        _export_to(invocation, to, file, filters, sort, with_hashes)
        return
    columns = HASHED_FIELDS if with_hashes else USER_FIELDS
    if file is not None:
        default_format(invocation, file)
    output = Output(invocation.options, columns)
    if output.format == "table":
        invocation.options.output = "tsv"  # a table would be too wide
    from usercli.services.exports import export_blocks

    def write(output: Output) -> None:
        uow, fields = invocation.reading(), output.fields
        output.blocks(export_blocks(criteria, uow, fields=fields, sort=sort, cell_encoding=output.cell_encoding))

    criteria = filters.criteria()
    write_output(invocation, columns, file, write)
    if "roles" in output.fields:
        _warn_of_role_names(invocation)


def _warn_of_role_names(invocation: Invocation) -> None:
    """Say which roles would not come back by an import."""
    from usercli.services.roles import names_outside_form

    for name in names_outside_form(invocation.reading()):
        invocation.warn(f"import refuses the role name {name!r}; give it another: usercli role update --name NEW")


def _export_to(
    invocation: Invocation, system: str, file: str | None, filters: Filters, sort: str, with_hashes: bool
) -> None:
    from usercli.writers import WITHOUT_HASHES, Report, writer

    given = invocation.options
    if given.output or given.fields or given.quiet:
        raise InvalidInput("--to decides format and fields; leave out -o, --fields and -q")
    write = writer(system)
    if with_hashes and system in WITHOUT_HASHES:
        raise InvalidInput(f"{system} cannot carry hashes; leave out --with-hashes")
    given.output = "json"
    report = Report()
    from usercli.services.exports import export_users

    rows = export_users(filters.criteria(), invocation.reading(), sort=sort, with_hashes=with_hashes)
    write_output(invocation, (), file, lambda output: output.text(write(rows, report)))
    if report.lost:
        fields = ", ".join(f"{name} of {number:,}" for name, number in sorted(report.lost.items()))
        invocation.warn(f"{system} cannot carry some fields of some users: {fields}")
    for note in sorted(report.notes):
        invocation.warn(f"{system}: {note}")


def write_output(
    invocation: Invocation,
    columns: Sequence[str],
    file: str | None,
    write: Callable[[Output], None],
    *,
    must_be_new: bool = False,
) -> None:
    """Write to stdout, or to a file that is created or replaced atomically.

    Raises FileExistsError for a file that must be new.
    """
    if file is None:
        write(Output(invocation.options, columns))
        return
    from usercli.private_files import replace_atomically

    with replace_atomically(file, must_be_new=must_be_new) as into:
        write(Output(invocation.options, columns, into))
    invocation.info(f"exported from {invocation.target} to {file}")


def default_format(invocation: Invocation, file: str) -> None:
    """Set the output format by the suffix of the file name, else CSV, unless an option sets it."""
    if invocation.options.output is None and not invocation.options.quiet:
        ending = file.rpartition(".")[2].lower()
        invocation.options.output = ending if ending in {"csv", "tsv", "jsonl", "json", "yaml"} else "csv"
