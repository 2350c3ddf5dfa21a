"""import and export: many users from and to a file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.acting import AllowNoAdminOpt
from usercli.cli.filters import ALL, Filters
from usercli.cli.invocation import Invocation
from usercli.cli.options import command
from usercli.cli.output import Output, cell_text
from usercli.errors import ExitCode, InvalidInput, UserCliError
from usercli.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from usercli.services.loading import Reject

SUMMARY_FIELDS = ("read", "created", "updated", "unchanged", "skipped", "rejected", "change_id")


@command
def import_(
    invocation: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, gzipped or not; - is standard input.")],
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="FORMAT", help="csv, tsv, jsonl, json, or another system; see --help."),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="THEIRS=OURS", help="Read their column as our field; repeat it."),
    ] = None,
    unknown_to_attributes: Annotated[
        bool,
        typer.Option("--unknown-to-attributes", help="Unknown columns are attributes.", show_default=False),
    ] = False,
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHAR", help="What separates columns, if not told from the header.")
    ] = None,
    email_domain: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="Makes addresses of login names: ada -> ada@DOMAIN.")
    ] = None,
    companion: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="With --from shadow: passwd and group; repeat it.")
    ] = None,
    on_conflict: Annotated[
        str, typer.Option(metavar="WHAT", help="When a user exists: fail, skip or update.")
    ] = "fail",
    update_passwords: Annotated[
        bool, typer.Option("--update-passwords", help="Also replace passwords that exist.", show_default=False)
    ] = False,
    hash_passwords: Annotated[
        bool, typer.Option("--hash-passwords", help="Hash plain passwords, on all cores.", show_default=False)
    ] = False,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="With --hash-passwords: threads.")] = None,
    create_roles: Annotated[
        bool, typer.Option("--create-roles", help="Make roles that are missing.", show_default=False)
    ] = False,
    preserve: Annotated[
        bool,
        typer.Option("--preserve", help="Keep ids, times and versions.", show_default=False),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the good records; exit with 7.", show_default=False)
    ] = False,
    reject_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="With --skip-bad: a new file for bad records (0600).")
    ] = None,
    max_errors: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="With --skip-bad: give up after N bad records.")
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
) -> int:
    """Import users from a file, all or nothing.

    The format is told by the file's name: csv, tsv, jsonl, json, and each with .gz; --from names it,
    or another system: auth0, django, keycloak, firebase, kratos, airflow, htpasswd, shadow, ldif, scim.

    \b
    Examples:
      usercli import users.csv --dry-run
      usercli import users.jsonl.gz --on-conflict update
      usercli import users.csv --skip-bad --reject-file bad.csv
      usercli import shadow --from shadow --email-domain example.com
    """
    output = Output(invocation.options, SUMMARY_FIELDS)
    from usercli.cli.progress import Progress
    from usercli.cli.secrets import hasher_of
    from usercli.formats import ReadOptions, reader
    from usercli.formats.source import open_source
    from usercli.schemas.rows import RowParser
    from usercli.services import transfer as service
    from usercli.services.checking import Checker, hashed

    options = _options(
        on_conflict=on_conflict,
        update_passwords=update_passwords,
        skip_bad=skip_bad,
        max_errors=max_errors,
        create_roles=create_roles,
        preserve=preserve,
        allow_no_admin=allow_no_admin,
    )
    if reject_file and not skip_bad:
        raise InvalidInput("--reject-file goes with --skip-bad")
    read = reader(from_ or _format_of(file))
    read_options = ReadOptions(
        email_domain=email_domain,
        delimiter=_delimiter(delimiter),
        mapping=_mapping(map_ or []),
        unknown_to_attributes=unknown_to_attributes,
        companions=tuple(companion or ()),
    )
    parser = RowParser(special_use_domains=invocation.settings.special_use_domains, preserve=preserve)
    hasher = hasher_of(invocation) if hash_passwords and not invocation.dry_run else None
    unsupported: Counter[str] = Counter()
    uow = invocation.changing()
    with (
        open_source(file) as source,
        _reject_writer(reject_file) as on_reject,
        Progress(invocation, "imported", None) as progress,
    ):
        checker = Checker(parser, hash_passwords, lambda scheme: unsupported.update([scheme]))
        chunks = checker.chunks(read(source, read_options))
        if hasher is not None:
            chunks = hashed(chunks, hasher, jobs)
        try:
            summary = service.import_users(
                chunks, uow, options, on_reject=on_reject, on_progress=lambda done: progress.at(done.read)
            )
        except service.ImportFailed as failed:
            for reject in failed.rejects:
                invocation.say(f"error: {_name(file)}:{reject.line}: {reject.reason}")
            raise
    for scheme, number in sorted(unsupported.items()):
        invocation.warn(f"{number:,} users came without their password: unsupported scheme {scheme}")
    if summary.change_id or invocation.dry_run:
        invocation.done(f"imported {summary.created:,} new and {summary.updated:,} changed users")
    else:
        invocation.say(f"nothing to change on {invocation.target}")
    output.document(summary.model_dump(mode="json"))
    return ExitCode.PARTIAL if summary.rejected else ExitCode.OK


@command
def export(
    invocation: Invocation,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Where to (0600, replaced when complete); else stdout.")
    ] = None,
    filters: Filters = ALL,
    sort: Annotated[str, typer.Option(metavar="FIELD", help="Order by this field; -FIELD descends.")] = "id",
    with_hashes: Annotated[
        bool, typer.Option("--with-hashes", help="Also the password hashes; only into a FILE.", show_default=False)
    ] = False,
) -> None:
    """Write users, every field, in a form that import reads back; the format by the file's name, or -o.

    \b
    Examples:
      usercli export users.csv
      usercli export users.jsonl --active --with-hashes
      usercli export -o jsonl | gzip > users.jsonl.gz
    """
    from usercli.schemas.users import USER_FIELDS

    if with_hashes and file is None:
        raise InvalidInput("hashes are written to a file only; name one")
    columns = (*USER_FIELDS, "hashed_password") if with_hashes else USER_FIELDS
    if file is not None:
        settle_format(invocation, file)
    output = Output(invocation.options, columns)
    if output.format == "table":
        invocation.options.output = "tsv"  # every row of every field: no table
    from usercli.services.export import export_users

    rows = export_users(filters.criteria(), invocation.reading(), sort=sort, with_hashes=with_hashes)
    if file is None:
        Output(invocation.options, columns).many(rows)
        return
    from usercli.files import replaced

    with replaced(file) as into:
        Output(invocation.options, columns, into).many(rows)
    invocation.say(f"exported from {invocation.target} to {file}")


def settle_format(invocation: Invocation, file: str) -> None:
    """Unless an option says the format, the ending of the file's name does; CSV if it says nothing."""
    if invocation.options.output is None and not invocation.options.quiet:
        ending = file.rpartition(".")[2].lower()
        invocation.options.output = ending if ending in {"csv", "tsv", "jsonl", "json", "yaml"} else "csv"


def _options(**given: Any) -> Any:
    from usercli.services.loading import ImportOptions
    from usercli.services.transfer import require_no_conflict

    if given["on_conflict"] not in {"fail", "skip", "update"}:
        raise InvalidInput(f"--on-conflict wants fail, skip or update, not: {given['on_conflict']}")
    options = ImportOptions(**given)
    require_no_conflict(options)
    return options


def _format_of(file: str) -> str:
    """The format by the file's name. Raises InvalidInput where it tells nothing."""
    name = file.removesuffix(".gz")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in {"csv", "tsv", "jsonl", "json"}:
        from usercli.formats import OURS, SYSTEMS

        known = ", ".join([*OURS, *SYSTEMS])
        raise InvalidInput(f"the format of {file} is not told by its name; add --from FORMAT ({known})")
    return ending


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    text = {"\\t": "\t", "tab": "\t"}.get(given, given)
    if len(text) != 1 or text in {'"', "\n", "\r"}:
        raise InvalidInput("--delimiter wants one character, or tab")
    return text


def _mapping(items: list[str]) -> dict[str, str]:
    from usercli.schemas.rows import FIELDS
    from usercli.text import nearest

    found: dict[str, str] = {}
    for item in items:
        theirs, equals, ours = item.partition("=")
        if not (theirs and equals and ours):
            raise InvalidInput(f"--map wants THEIRS=OURS, not: {item}")
        if ours not in FIELDS and not ours.startswith("attributes."):
            raise InvalidInput(f"--map {theirs}=: no such field: {ours}{nearest(ours, list(FIELDS))}")
        found[theirs] = ours
    return found


def _nowhere(_: Reject) -> None:
    """No reject file was asked for."""


@contextmanager
def _reject_writer(path: str | None) -> Iterator[Callable[[Reject], None]]:
    """Writes bad records as CSV in our own fields, with the line and the reason, to be mended and imported."""
    if path is None:
        yield _nowhere
        return
    from usercli.schemas.rows import FIELDS

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InvalidInput(f"{path} exists already; --reject-file wants a new file") from None
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {(error.strerror or 'error').lower()}") from None
    written = 0
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="", errors="backslashreplace") as out:
            columns = (*FIELDS, "reject_line", "reject_reason")
            out.write(",".join(columns) + "\n")

            def write(reject: Reject) -> None:
                nonlocal written
                written += 1
                fields = {**(reject.fields or {}), "reject_line": reject.line, "reject_reason": reject.reason}
                out.write(",".join(csv_cell(cell_text(fields.get(name))) for name in columns) + "\n")

            yield write
    except OSError as error:
        raise UserCliError(f"cannot write {path}: {(error.strerror or 'error').lower()}") from None
    finally:
        if not written:
            Path(path).unlink(missing_ok=True)


def _name(file: str) -> str:
    return "standard input" if file == "-" else Path(file).name
