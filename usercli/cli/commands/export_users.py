"""export: many users to a file or stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.context import Invocation
from usercli.cli.export_report import Counted, report_export
from usercli.cli.global_options import reading_command
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import warn_of_times
from usercli.cli.user_filters import NO_FILTERS, Filters
from usercli.errors import InvalidInput, Refused, UserCliError
from usercli.text import visible

if TYPE_CHECKING:
    from usercli.cli.output.progress import Progress
    from usercli.column_batches import Block
    from usercli.schemas.users import UserCriteria
    from usercli.services.mapped_users import MappedUsers

FORMAT_OF_SUFFIX = {name: name for name in ("csv", "tsv", "jsonl", "json", "yaml")} | {
    "ndjson": "jsonl",
    "yml": "yaml",
    "xlsx": "xlsx",
}
_COMPRESSED = frozenset({"gz", "bz2", "xz", "zst", "zip"})
#: Whoever names a file so expects more of it than CSV.
_NOT_WRITTEN = frozenset(
    {"xls", "xlsm", "xlsb", "ods", "numbers", "parquet", "ldif", "xml", "html", "md", "pdf", "sql"}
)


@reading_command
def export(
    invocation: Invocation,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="File (0600, replaced when complete); default, or -: stdout."),
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
      usercli export users.xlsx --role editor
      usercli export users.jsonl --active --with-hashes
      usercli export -o jsonl | gzip > users.jsonl.gz
      usercli export users.json --to django --with-hashes
    """
    from usercli.schemas.users import HASHED_FIELDS, USER_FIELDS

    file = named_file(file)
    if with_hashes and file is None:
        raise InvalidInput("hashes are written to a file only; name one")
    if (mapped := invocation.mapped_users) is not None:
        _export_mapped(invocation, mapped, file, filters, sort, {"--to": to, "--with-hashes": with_hashes})
    elif to is not None:
        _export_to(invocation, to, file, filters, sort, with_hashes)
    else:
        _export_fields(invocation, file, filters, sort, HASHED_FIELDS if with_hashes else USER_FIELDS)


def named_file(file: str | None) -> str | None:
    """The file to write; none, which is stdout, also for `-`."""
    return None if file == "-" else file


def _export_fields(
    invocation: Invocation, file: str | None, filters: Filters, sort: str, columns: Sequence[str]
) -> None:
    if file is not None:
        default_format(invocation, file, workbook=True)
    is_workbook = _is_workbook(invocation)
    output = Output(invocation.options, columns)
    if is_workbook and file is None and output.is_terminal:
        raise InvalidInput("a workbook is not for a terminal; name a file, as in usercli export users.xlsx")
    if output.format == "table":
        invocation.options.output = "tsv"  # a table would be too wide
    from usercli.schemas.stored_times import UnreadableTimes
    from usercli.services.exports import export_blocks

    def write(output: Output) -> int:
        uow, fields = invocation.reading(), output.fields
        encoding = None if is_workbook else output.cell_encoding
        with _progress(invocation, criteria, file) as progress:
            blocks = Counted(
                export_blocks(
                    criteria, uow, fields=fields, sort=sort, cell_encoding=encoding, unreadable=unreadable
                ),
                lambda block: len(next(iter(block.values()))),
                progress.at,
            )
            (_write_workbook if is_workbook else Output.blocks)(output, blocks)
        return blocks.count

    criteria, unreadable = filters.criteria(), UnreadableTimes()
    write_output(invocation, columns, file, write)
    warn_of_times(invocation, unreadable)
    if "roles" in output.fields:
        _warn_of_role_names(invocation)


def _is_workbook(invocation: Invocation) -> bool:
    """Whether a workbook is wanted; its fields are then chosen as those of CSV are. Raises InvalidInput."""
    given = invocation.options
    if given.output != "xlsx" or given.quiet:
        return False
    if given.no_header:
        raise InvalidInput("a workbook has a header row; leave out --no-header")
    from usercli.readers.workbook import require_library

    require_library()
    given.output = "csv"
    return True


def _write_workbook(output: Output, blocks: Iterable[Block]) -> None:
    import tempfile

    from usercli.cli.output.cells import cell_text
    from usercli.column_batches import rows_of
    from usercli.writers.workbook import write

    with tempfile.TemporaryFile() as held:
        write(rows_of(blocks), output.fields, cell_text, held)
        held.seek(0)
        output.data(iter(lambda: held.read(1 << 16), b""))


def _warn_of_role_names(invocation: Invocation) -> None:
    """Say which roles would not come back by an import."""
    from usercli.services.roles import names_outside_form

    for name in names_outside_form(invocation.reading()):
        invocation.warn(f"import refuses the role name {name!r}; give it another: usercli role update --name NEW")


def _export_mapped(
    invocation: Invocation,
    users: MappedUsers,
    file: str | None,
    filters: Filters,
    sort: str,
    others: dict[str, Any],
) -> None:
    """Write the users of a table of another program, the fields that it has. Raises Refused for other options."""
    from usercli.cli import mapped_commands

    for option, given in others.items():
        if given:
            raise Refused(f"{option} is refused on {users.table.name}, a table of another program")
    if file is not None:
        default_format(invocation, file)
    if Output(invocation.options, users.table.fields).format == "table":
        invocation.options.output = "tsv"  # a table would be too wide
    criteria = filters.criteria()

    def write(output: Output) -> int:
        rows = Counted(mapped_commands.listing(users, criteria, sort))
        mapped_commands.print_users(invocation, output, rows)
        return rows.count

    write_output(invocation, users.table.fields, file, write)


def _export_to(
    invocation: Invocation, system: str, file: str | None, filters: Filters, sort: str, with_hashes: bool
) -> None:
    from usercli.writers import WITHOUT_HASHES, Report, writer

    given = invocation.options
    if given.output or given.fields or given.quiet or given.no_header:
        raise InvalidInput("--to decides format and fields; leave out -o, --fields, -q and --no-header")
    write = writer(system)
    if with_hashes and system in WITHOUT_HASHES:
        raise InvalidInput(f"{system} cannot carry hashes; leave out --with-hashes")
    given.output = "json"
    report = Report()
    from usercli.schemas.stored_times import UnreadableTimes
    from usercli.services.exports import export_users

    criteria, unreadable, uow = filters.criteria(), UnreadableTimes(), invocation.reading()
    users = export_users(criteria, uow, sort=sort, with_hashes=with_hashes, unreadable=unreadable)

    def write_rows(output: Output) -> int:
        with _progress(invocation, criteria, file) as progress:
            rows = Counted(users, on_count=progress.at)
            output.text(write(rows, report))
        return rows.count

    write_output(invocation, (), file, write_rows)
    warn_of_times(invocation, unreadable)
    if report.lost:
        fields = ", ".join(f"{name} of {number:,}" for name, number in sorted(report.lost.items()))
        invocation.warn(f"{system} cannot carry some fields of some users: {fields}")
    for note in sorted(report.notes):
        invocation.warn(f"{system}: {note}")


def _progress(invocation: Invocation, criteria: UserCriteria, file: str | None) -> Progress:
    """How far an export is; users are counted once it is clear that it takes long."""
    from usercli.cli.output.progress import Progress
    from usercli.services.exports import count_users

    def count() -> int | None:
        with suppress(UserCliError):  # it needs a connection of its own
            return count_users(criteria, invocation.reading())
        return None

    return Progress(invocation, "exporting", count=count, to_stdout=file is None)


def write_output(
    invocation: Invocation,
    columns: Sequence[str],
    file: str | None,
    write: Callable[[Output], int],
    *,
    kind: str = "user",
    must_be_new: bool = False,
) -> None:
    """Write to stdout, or to a file that is created or replaced atomically, and say how many `write` returned.

    `kind` is what they are. Raises FileExistsError for a file that must be new.
    """
    if file is None:
        output = Output(invocation.options, columns)
        number = write(output)
    else:
        from usercli.private_files import replace_atomically

        with replace_atomically(file, must_be_new=must_be_new) as into:
            output = Output(invocation.options, columns, into)
            number = write(output)
    report_export(invocation, output, number, kind, file)


def default_format(invocation: Invocation, file: str, *, workbook: bool = False) -> None:
    """Set the output format by the suffix of the file name, else CSV, unless an option sets it.

    Raises InvalidInput for the suffix of a format that is not written, as .xlsx is unless it may be a `workbook`.
    """
    if invocation.options.output is not None or invocation.options.quiet:
        return
    ending = file.rpartition(".")[2].lower()
    if ending in _COMPRESSED:
        raise InvalidInput(
            f"{visible(file)}: export does not compress; pipe it, as in usercli export -o jsonl | gzip"
        )
    if ending in _NOT_WRITTEN or (ending == "xlsx" and not workbook):
        raise InvalidInput(
            f"{visible(file)}: no .{ending} files are written; name the file .csv, or the format with -o"
        )
    invocation.options.output = FORMAT_OF_SUFFIX.get(ending, "csv")
