"""import: many users from a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.error_text import file_name, name_encoding, name_file, with_option
from usercli.cli.global_options import command
from usercli.cli.lazy_group import flag
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import AllowNoAdminOpt, note_namesakes_of_new
from usercli.errors import ExitCode, InvalidInput, WrongEncoding, interruption
from usercli.text import counted

if TYPE_CHECKING:
    from usercli.cli.output.progress import Progress
    from usercli.cli.reject_file import RejectFile
    from usercli.readers import ReadOptions
    from usercli.services.imports.options import ImportOptions
    from usercli.services.imports.session import ImportJob, ImportSession
    from usercli.services.imports.table_source import TableSource


@dataclass(frozen=True)
class ImportFlags:
    """The options that say how to read a file, and what to do with its records."""

    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="FORMAT", help="csv, tsv, jsonl, json, xlsx, or a system; see --help."),
    ] = None
    from_table: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="SOURCE TABLE",
            help="No file, but a table of users: SOURCE is a profile, or a URL without a password.",
        ),
    ] = None
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="THEIRS=OURS", help="Read a column, or A+B joined, as our field; repeat it."),
    ] = None
    skip_column: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Leave out a column; repeat it.")
    ] = None
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN:WORDS=OURS", help="Read words: status:Active|On=true,Off=false; repeat it."),
    ] = None
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Zone of times that name none, as Europe/Berlin (default: UTC)."),
    ] = None
    date_order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Read 01/02/2027 as dmy, mdy or ymd; excel: 45000.")
    ] = None
    guide: Annotated[bool, flag("--guide", "Ask what each column is, and print the command.")] = False
    unknown_to_attributes: Annotated[
        bool, flag("--unknown-to-attributes", "Read unknown columns as attributes.")
    ] = False
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHAR", help="What separates columns, if not detected from the header.")
    ] = None
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="As in windows-1252; else by the file's mark, or UTF-8.")
    ] = None
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="The sheet of an .xlsx workbook; else the first.")
    ] = None
    email_domain: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="Make email addresses from login names: ada -> ada@DOMAIN.")
    ] = None
    companion: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="With --from shadow: passwd and group; repeat it.")
    ] = None
    on_conflict: Annotated[str, typer.Option(metavar="WHAT", help="When a user exists: fail, skip or update.")] = (
        "fail"
    )
    update_passwords: Annotated[bool, flag("--update-passwords", "Also replace passwords that exist.")] = False
    hash_passwords: Annotated[bool, flag("--hash-passwords", "Hash plain passwords, on all cores.")] = False
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="With --hash-passwords: threads.")] = None
    skip_policy: Annotated[bool, flag("--skip-policy", "Accept what the policy refuses; needs --reason.")] = False
    create_roles: Annotated[bool, flag("--create-roles", "Create roles that are missing.")] = False
    preserve: Annotated[bool, flag("--preserve", "Keep ids, times and versions.")] = False
    skip_bad: Annotated[bool, flag("--skip-bad", "Import the good records; exit with 7.")] = False
    reject_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="With --skip-bad: a new file for bad records (0600).")
    ] = None
    max_errors: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="With --skip-bad: give up after N bad records.")
    ] = None
    resume: Annotated[
        bool,
        flag("--resume", "Commit in chunks; the same command resumes where it stopped."),
    ] = False
    allow_no_admin: AllowNoAdminOpt = False

    def job(self, invocation: Invocation, file: str | None) -> ImportJob:
        """What these options and the settings ask for. Raises InvalidInput."""
        if (file is None) == (self.from_table is None):
            raise InvalidInput("name what to import: FILE, or --from-table SOURCE TABLE")
        if self.reject_file and not self.skip_bad:
            raise InvalidInput("--reject-file requires --skip-bad")
        if self.skip_policy and not self.hash_passwords:
            raise InvalidInput("--skip-policy requires --hash-passwords")
        if self.skip_policy and not invocation.options.reason:
            raise InvalidInput("--skip-policy needs --reason TEXT")
        from usercli.services.imports.session import ImportJob
        from usercli.services.password_rules import configured_hasher, configured_pepper_file, configured_policy

        options = self._read_options(has_pepper=configured_pepper_file(invocation.settings) is not None)
        table = self._table(invocation, options)
        return ImportJob(
            table.table.label if table else str(file),
            table.format if table else self.from_ or _format_of(str(file)),
            table.options if table else options,
            self._import_options(),
            invocation.settings.special_use_domains,
            configured_hasher(invocation.settings) if self.hash_passwords else None,
            self.jobs,
            None if self.skip_policy else configured_policy(invocation.settings),
            table,
        )

    def _table(self, invocation: Invocation, options: ReadOptions) -> TableSource | None:
        if self.from_table is None:
            return None
        if self.from_ or self.delimiter or self.encoding or self.sheet or self.companion or self.resume:
            raise InvalidInput("--from, --delimiter, --encoding, --sheet, --companion and --resume are for files")
        from usercli.cli.table_argument import source_url
        from usercli.services.imports.table_source import table_source

        source, name = self.from_table
        return table_source(source_url(invocation.settings, source), name, options, preserve=self.preserve)

    def _read_options(self, *, has_pepper: bool) -> ReadOptions:
        from usercli.cli import table_options
        from usercli.readers import ReadOptions
        from usercli.readers.text_encodings import canonical_name

        return ReadOptions(
            email_domain=self.email_domain,
            delimiter=table_options.delimiter(self.delimiter),
            mapping=table_options.mapping(self.map_ or []),
            skipped=frozenset(self.skip_column or ()),
            values=table_options.values(self.value or []),
            timezone=table_options.zone(self.timezone),
            date_order=table_options.date_order(self.date_order),
            unknown_to_attributes=self.unknown_to_attributes,
            encoding=None if self.encoding is None else canonical_name(self.encoding),
            sheet=self.sheet,
            companions=tuple(self.companion or ()),
            has_pepper=has_pepper,
        )

    def _import_options(self) -> ImportOptions:
        from usercli.services.imports.options import ImportOptions

        if self.on_conflict not in {"fail", "skip", "update"}:
            raise InvalidInput(f"--on-conflict must be fail, skip or update, not: {self.on_conflict}")
        if self.update_passwords and self.on_conflict != "update":
            raise InvalidInput("--update-passwords requires --on-conflict update")
        if self.max_errors is not None and not self.skip_bad:
            raise InvalidInput("--max-errors requires --skip-bad")
        return ImportOptions(
            on_conflict=self.on_conflict,  # type: ignore[arg-type]  # one of the three
            update_passwords=self.update_passwords,
            skip_bad=self.skip_bad,
            max_errors=self.max_errors,
            create_roles=self.create_roles,
            preserve=self.preserve,
            allow_no_admin=self.allow_no_admin,
        )


NO_FLAGS = ImportFlags()

#: So many of the fields that were left out are named.
_FIELDS_NAMED = 12


@command
def import_(
    invocation: Invocation,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A file, gzipped or not; - is standard input.")
    ] = None,
    flags: ImportFlags = NO_FLAGS,
) -> int:
    """Import users from a file, all or nothing; with --resume, exactly once in chunks.

    The format is taken from the file's name: csv, tsv, jsonl, json, each also with .gz, or xlsx; --from
    names it, or another system: auth0, django, keycloak, firebase, kratos, airflow, htpasswd, shadow,
    ldif, scim, entra, google, okta, csvde, laravel, devise, fastapi-users, supabase, wordpress, nextcloud.

    \b
    Examples:
      usercli import users.csv --dry-run
      usercli import users.jsonl.gz --on-conflict update
      usercli import users.csv --skip-bad --reject-file bad.csv
      usercli import people.csv --map First+Last=full_name --value Status:In=true
      usercli import users.csv --hash-passwords --resume
      usercli import --from-table shop accounts --dry-run
      usercli import shadow --from shadow --email-domain example.com
    """
    from usercli.schemas.imports import SUMMARY_FIELDS

    output = Output(invocation.options, SUMMARY_FIELDS, key="change_id")
    job = flags.job(invocation, file)
    if flags.guide:
        from usercli.cli.import_guide import guide

        try:
            return guide(invocation, job)
        except InvalidInput as error:
            name_file(error, job.file)
            raise
    if flags.resume:
        job.require_file()  # rather than ask for a confirmation first
    from usercli.services.imports.session import ImportSession

    listener = _Listener(invocation, job, flags.reject_file, commits_chunks=flags.resume)
    session = ImportSession(job, invocation.changing(), listener)
    with _reporting(invocation, job, session):
        summary = session.resume() if flags.resume else session.run()
    listener.tell_similar_roles()
    _tell_left_out(invocation, job, session, listener.noted)
    if session.was_done:
        invocation.info("this file was imported already; to import it again leave out --resume")
    elif summary.change_id or invocation.dry_run:
        invocation.success(f"imported {summary.created:,} new and {summary.updated:,} changed users")
    else:
        invocation.info(f"nothing to change on {invocation.target}")
    if not (session.was_done or job.options.preserve):
        note_namesakes_of_new(invocation, summary)
    output.one(summary)
    listener.tell_rejects(summary.rejected)
    return ExitCode.PARTIAL if summary.rejected else ExitCode.OK


@dataclass(frozen=True)
class _Listener:
    """Shows how far an import is, and writes the reject file."""

    invocation: Invocation
    job: ImportJob
    reject_file: str | None
    commits_chunks: bool
    noted: set[str] = field(default_factory=set)
    similar_roles: list[tuple[str, str]] = field(default_factory=list)
    reject_files: list[RejectFile] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.noted:  # a file may be read twice
            self.noted.add(text)
            self.invocation.info(text)

    def similar_role(self, made: str, known: str) -> None:
        if (made, known) not in self.similar_roles:  # a transaction may be run again
            self.similar_roles.append((made, known))
        if self.commits_chunks:
            self.tell_similar_roles()

    def tell_similar_roles(self) -> None:
        """After the commit: a role is made then."""
        verb = "would have made" if self.invocation.dry_run else "made"
        for made, known in self.similar_roles:
            mended = f"--value 'roles:{made}={known}'"
            self.invocation.warn(f"{verb} the role {made} beside {known}; to read one as the other: {mended}")
        self.similar_roles.clear()

    def progress(self, stage: str, done: int) -> Progress:
        from usercli.cli.output.progress import Progress

        return Progress(self.invocation, stage, done)

    def hashing(self, passwords: int | None) -> None:
        from usercli.cli.hashing_estimate import estimate

        if self.job.hasher is not None:
            self.invocation.info(estimate(passwords, self.job.hasher, self.job.jobs))

    def resuming(self, records: int) -> None:
        self.invocation.info(f"resuming after record {records:,}")

    def rejects(self, kept_bytes: int | None) -> RejectFile:
        from usercli.cli.reject_file import RejectFile

        self.reject_files.append(RejectFile(self.reject_file, kept_bytes))
        return self.reject_files[-1]

    def tell_rejects(self, number: int) -> None:
        """The first records that were not imported, where no file has them."""
        told = [text for file in self.reject_files for text in file.first]
        for text in told:
            self.invocation.info(f"rejected {file_name(self.job.file)}:{text}")
        if told and number > len(told):
            self.invocation.info(f"rejected {number - len(told):,} more; add --reject-file FILE to keep them all")


@contextmanager
def _reporting(invocation: Invocation, job: ImportJob, session: ImportSession) -> Iterator[None]:
    """Shows the first bad records; says when the block is interrupted what was written."""
    from usercli.services.imports.atomic import ImportFailed

    try:
        yield
    except ImportFailed as failed:
        name = file_name(job.file)
        for reject in failed.rejects:
            invocation.info(f"error: {name}:{reject.line}: {with_option(reject.reason, reject.hint)}")
        from usercli.cli.import_advice import advise_rejects

        advise_rejects(invocation, job, failed.rejects)
        raise
    except InvalidInput as error:
        from usercli.cli.import_advice import refuse_columns

        refuse_columns(invocation, job, error)
        name_file(error, job.file)
        if isinstance(error, WrongEncoding):
            name_encoding(error)
        raise
    except BaseException as error:
        if interruption(error):
            _tell_what_stands(invocation, session)
        raise


def _tell_left_out(invocation: Invocation, job: ImportJob, session: ImportSession, notes: Collection[str]) -> None:
    """What the file holds that came to no user, and that nobody is active by a column that was only guessed."""
    from usercli.cli.import_advice import fate_of_preserved, warn_if_nobody_is_active
    from usercli.hash_forms import MALFORMED

    for scheme, number in sorted(session.unsupported.items()):
        what = f"{scheme} hash" if scheme.startswith(MALFORMED) else f"unsupported scheme {scheme}"
        invocation.warn(f"{counted(number, 'user')} came without their password: {what}")
    if parser := session.parser:
        if parser.trimmed:
            invocation.info(f"trimmed blanks around {counted(parser.trimmed, 'address', 'addresses')}")
        if fate := fate_of_preserved(parser.preserved, job):
            invocation.info(fate)
        warn_if_nobody_is_active(invocation, job, parser, notes)
    left_out = session.left_out
    if left_out.entries:
        kinds = (counted(number, kind) for kind, number in left_out.entries.most_common())
        invocation.info(f"passed over, as they are no users: {', '.join(kinds)}")
    if left_out.fields:
        first = left_out.fields.most_common(_FIELDS_NAMED)
        fields = [f"{name[:64]} of {number:,}" for name, number in first]
        if more := len(left_out.fields) - len(first):
            fields.append(f"and {more:,} more fields")
        invocation.info(f"left out, as there is no place for it: {', '.join(fields)}")


def _tell_what_stands(invocation: Invocation, session: ImportSession) -> None:
    if session.committed:
        there = f"the first {session.committed:,} records are committed"
        invocation.info(f"{there}; the same command resumes from there")
    elif (change := invocation.change) is not None and not (change.is_committing or change.has_committed):
        invocation.info("nothing was imported")


#: Endings of our formats, and of workbooks that are not read.
_ENDINGS = {"csv": "csv", "tsv": "tsv", "jsonl": "jsonl", "json": "json", "xlsx": "xlsx", "xlsm": "xlsx"}
_OTHER_WORKBOOKS = frozenset({"xls", "xlsb", "ods", "numbers"})


def _format_of(file: str) -> str:
    """The format by the file's name. Raises InvalidInput where it tells nothing."""
    name = file.removesuffix(".gz")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in _OTHER_WORKBOOKS:
        raise InvalidInput(f"{file_name(file)}: .{ending} is not read; save it as CSV or .xlsx")
    if ending not in _ENDINGS:
        from usercli.readers import OURS, SYSTEMS

        known = ", ".join([*OURS, *SYSTEMS])
        raise InvalidInput(f"cannot tell the format of {file} from its name; add --from FORMAT ({known})")
    return _ENDINGS[ending]
