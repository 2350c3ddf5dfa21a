"""import: many users from a file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import AllowNoAdminOpt
from usercli.errors import ExitCode, InvalidInput, interruption

if TYPE_CHECKING:
    from usercli.cli.output.progress import Progress
    from usercli.cli.reject_file import RejectFile
    from usercli.passwords import PasswordHasher
    from usercli.readers import BadRecord, ReadOptions, Record
    from usercli.schemas.imports import ImportSummary
    from usercli.services.imports.atomic import ImportFailed
    from usercli.services.imports.loader import ImportOptions
    from usercli.services.imports.validation import Checked, Checker


#: While hashing, a chunk is so small that little of the work is done twice after a stop.
_HASHED_AT_A_TIME = 100


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
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="In chunks, each committed; the same command goes on where it stopped.",
            show_default=False,
        ),
    ] = False,
    allow_no_admin: AllowNoAdminOpt = False,
) -> int:
    """Import users from a file, all or nothing; with --resume, exactly once in chunks.

    The format is told by the file's name: csv, tsv, jsonl, json, and each with .gz; --from names it,
    or another system: auth0, django, keycloak, firebase, kratos, airflow, htpasswd, shadow, ldif, scim.

    \b
    Examples:
      usercli import users.csv --dry-run
      usercli import users.jsonl.gz --on-conflict update
      usercli import users.csv --skip-bad --reject-file bad.csv
      usercli import users.csv --hash-passwords --resume
      usercli import shadow --from shadow --email-domain example.com
    """
    from usercli.schemas.imports import SUMMARY_FIELDS

    output = Output(invocation.options, SUMMARY_FIELDS)
    if reject_file and not skip_bad:
        raise InvalidInput("--reject-file goes with --skip-bad")
    run = _Run(
        invocation,
        file,
        from_ or _format_of(file),
        _read_options(
            email_domain=email_domain,
            delimiter=delimiter,
            map_=map_,
            unknown_to_attributes=unknown_to_attributes,
            companion=companion,
        ),
        _options(
            on_conflict=on_conflict,
            update_passwords=update_passwords,
            skip_bad=skip_bad,
            max_errors=max_errors,
            create_roles=create_roles,
            preserve=preserve,
            allow_no_admin=allow_no_admin,
        ),
        allow_plain_passwords=hash_passwords,
        jobs=jobs,
    )
    with run.reporting_progress_on_interrupt():
        summary = run.resumed(reject_file) if resume else run.whole(reject_file)
    for scheme, number in sorted(run.unsupported.items()):
        invocation.warn(f"{number:,} users came without their password: unsupported scheme {scheme}")
    if run.was_done:
        invocation.info("this file was imported already; to import it again leave out --resume")
    elif summary.change_id or invocation.dry_run:
        invocation.success(f"imported {summary.created:,} new and {summary.updated:,} changed users")
    else:
        invocation.info(f"nothing to change on {invocation.target}")
    output.document(summary.model_dump(mode="json"))
    return ExitCode.PARTIAL if summary.rejected else ExitCode.OK


@dataclass
class _Run:
    """One import, as it was asked for."""

    invocation: Invocation
    file: str
    format: str
    read_options: ReadOptions
    options: ImportOptions
    allow_plain_passwords: bool
    jobs: int | None
    #: Hashes that cannot be verified: how many of which scheme.
    unsupported: Counter[str] = field(default_factory=Counter)
    #: An earlier run finished it.
    was_done: bool = False
    _progress_note: str = "nothing was imported"
    _source: BinaryIO | None = None
    _read: int = 0
    _total: int | None = None

    @contextmanager
    def reporting_progress_on_interrupt(self) -> Iterator[None]:
        """Says when the block is interrupted what was written."""
        try:
            yield
        except BaseException as error:
            if interruption(error):
                self.invocation.info(self._progress_note)
            raise

    def whole(self, reject_file: str | None, done: int = 0) -> ImportSummary:
        """In one transaction; without the first `done` records."""
        from usercli.cli.reject_file import RejectFile
        from usercli.services.imports.atomic import import_users
        from usercli.services.imports.validation import spool_to_disk

        uow = self.invocation.changing()
        self._print_hashing_estimate(done)
        with RejectFile(reject_file) as rejects, self._watched() as bar, self._records(done) as records:
            chunks = self._chunks(records, bar)
            if self._hasher is not None:
                chunks = spool_to_disk(chunks)  # a transaction does not wait for hashes
            return import_users(
                chunks,
                uow,
                self.options,
                on_reject=rejects.write,
                on_progress=lambda done: bar.at(done.read, self._total),
                before_commit=lambda: self._before_commit(rejects),
            )

    def resumed(self, reject_file: str | None) -> ImportSummary:
        """In chunks, each in a transaction, from where an earlier run stopped."""
        from usercli.cli.reject_file import RejectFile
        from usercli.services.imports.resumable import begin, resume

        if not self._is_a_file:
            raise InvalidInput("--resume wants a file that can be read again")
        uow = self.invocation.changing()
        place = begin(self._digest(), self._deciding_options(), uow)
        if place.finished:
            self.was_done = True
            return place.summary
        if self.invocation.dry_run:
            return self.whole(None, place.records)
        if place.records:
            self.invocation.info(f"going on behind record {place.records:,}")
        self._note_progress(place.summary)
        if self.allow_plain_passwords:
            self._print_hashing_estimate(place.records)
        elif not place.records:
            self._survey()
        with (
            RejectFile(reject_file, place.reject_bytes) as rejects,
            self._watched() as bar,
            self._records(place.records) as records,
        ):

            def at(done: ImportSummary) -> None:
                self._note_progress(done)
                bar.at(done.read, self._total)

            return resume(
                self._chunks(records, bar),
                uow,
                self.options,
                place,
                on_reject=rejects.write,
                sync_rejects=rejects.sync,
                on_progress=at,
            )

    def _chunks(self, records: Iterable[Record | BadRecord], bar: Progress) -> Iterable[Sequence[Checked]]:
        from usercli.services.imports.validation import CHUNK, hash_passwords

        if self._hasher is None:
            return self._counted(self._checker().chunks(records, CHUNK))
        return hash_passwords(
            self._counted(self._checker().chunks(records, _HASHED_AT_A_TIME)),
            self._hasher,
            self.jobs,
            lambda done: bar.at(done, self._total, verb="hashed"),
        )

    def _counted(self, chunks: Iterable[list[Checked]]) -> Iterator[list[Checked]]:
        """The chunks; each tells anew how many records the file holds, by how much of it they took so far."""
        from usercli.readers.text_source import position

        size = Path(self.file).stat().st_size if self._is_a_file else None
        for chunk in chunks:
            self._read += len(chunk)
            if size is not None and self._source is not None and (read := position(self._source)):
                self._total = round(self._read * size / read)
            yield chunk

    @cached_property
    def _hasher(self) -> PasswordHasher | None:
        from usercli.services.password_rules import configured_hasher

        return (
            configured_hasher(self.invocation.settings)
            if self.allow_plain_passwords and not self.invocation.dry_run
            else None
        )

    @property
    def _is_a_file(self) -> bool:
        return self.file != "-" and Path(self.file).is_file()

    def _checker(self) -> Checker:
        from usercli.schemas.import_rows import RowParser
        from usercli.services.imports.validation import Checker

        domains = self.invocation.settings.special_use_domains
        parser = RowParser(special_use_domains=domains, preserve=self.options.preserve)
        return Checker(parser, self.allow_plain_passwords, lambda scheme: self.unsupported.update([scheme]))

    @contextmanager
    def _records(self, done: int = 0) -> Iterator[Iterator[Record | BadRecord]]:
        """The records of the file behind the first `done`."""
        from usercli.readers import reader
        from usercli.readers.text_source import open_source

        with open_source(self.file) as source:
            self._source, self._read = source, done
            yield islice(reader(self.format)(source, self.read_options), done, None)
            self._source = None

    def _print_hashing_estimate(self, done: int = 0) -> None:
        """An estimate for the passwords of the file behind its first records; all of it is checked before."""
        if not self.allow_plain_passwords:
            return
        from usercli.cli.hashing_estimate import estimate
        from usercli.services.password_rules import configured_hasher

        count = self._survey(done) if self._is_a_file else None
        if count != 0:
            self.invocation.info(estimate(count, configured_hasher(self.invocation.settings), self.jobs))

    def _survey(self, done: int = 0) -> int:
        """How many plain passwords there are. Raises ImportFailed for what is bad: nothing is done in vain."""
        from usercli.cli.output.progress import Progress
        from usercli.services.imports.atomic import ImportFailed
        from usercli.services.imports.validation import survey

        with self._records(done) as records, Progress(self.invocation, "checked", None) as bar:
            found = survey(self._checker().chunks(records), bar.at)
        self.unsupported.clear()
        if found.bad and not self.options.skip_bad:
            self._show(failed := ImportFailed(found.first, found.bad, done))
            raise failed
        return found.passwords

    @contextmanager
    def _watched(self) -> Iterator[Progress]:
        """Shows progress, and the first bad records."""
        from usercli.cli.output.progress import Progress
        from usercli.services.imports.atomic import ImportFailed

        try:
            with Progress(self.invocation, "imported", None) as bar:
                yield bar
        except ImportFailed as failed:
            self._show(failed)
            raise

    def _show(self, failed: ImportFailed) -> None:
        name = "standard input" if self.file == "-" else Path(self.file).name
        for reject in failed.rejects:
            self.invocation.info(f"error: {name}:{reject.line}: {reject.reason}")

    def _before_commit(self, rejects: RejectFile) -> None:
        rejects.sync()
        self._progress_note = "interrupted while committing: the outcome is unknown; look with: usercli changes"

    def _note_progress(self, done: ImportSummary) -> None:
        if done.read:
            self._progress_note = f"the first {done.read:,} records stand; the same command goes on from there"

    def _digest(self) -> str:
        with open(self.file, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()

    def _deciding_options(self) -> dict[str, Any]:
        """The options that decide what is written."""
        given = {"from": self.format, "hash_passwords": self.allow_plain_passwords}
        given |= asdict(self.options) | asdict(self.read_options)
        deciding = {name: value for name, value in given.items() if name not in {"max_errors", "allow_no_admin"}}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in deciding.items()}


def _read_options(**given: Any) -> ReadOptions:
    from usercli.readers import ReadOptions

    return ReadOptions(
        email_domain=given["email_domain"],
        delimiter=_delimiter(given["delimiter"]),
        mapping=_mapping(given["map_"] or []),
        unknown_to_attributes=given["unknown_to_attributes"],
        companions=tuple(given["companion"] or ()),
    )


def _options(**given: Any) -> Any:
    from usercli.services.imports.atomic import require_no_conflict
    from usercli.services.imports.loader import ImportOptions

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
        from usercli.readers import OURS, SYSTEMS

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
    from usercli.schemas.import_rows import FIELDS
    from usercli.text import suggestion

    found: dict[str, str] = {}
    for item in items:
        theirs, equals, ours = item.partition("=")
        if not (theirs and equals and ours):
            raise InvalidInput(f"--map wants THEIRS=OURS, not: {item}")
        if ours not in FIELDS and not ours.startswith("attributes."):
            raise InvalidInput(f"--map {theirs}=: no such field: {ours}{suggestion(ours, list(FIELDS))}")
        found[theirs] = ours
    return found
