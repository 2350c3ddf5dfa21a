"""One import of a file: its records read, checked, hashed and written, all or nothing or from where it stopped.

Who runs it listens, to show how far it is and to keep the records that were rejected.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, cast

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import InvalidInput
from usercli.passwords import PasswordHasher
from usercli.readers import BINARY, SYSTEMS, BadRecord, LeftOut, ReadOptions, Record, reader, unheard
from usercli.readers.text_source import open_binary, open_source, position
from usercli.schemas.import_rows import RowParser, UserRow
from usercli.schemas.import_times import TimeReader
from usercli.schemas.imports import ImportSummary
from usercli.services.imports.atomic import ImportFailed, import_users, require_no_conflict
from usercli.services.imports.loader import Reject, exists, twice
from usercli.services.imports.options import ImportOptions
from usercli.services.imports.resumable import begin, resume
from usercli.services.imports.table_source import TableSource
from usercli.services.imports.validation import (
    CHUNK,
    FIRST,
    Checked,
    Checker,
    Survey,
    hash_passwords,
    spool_to_disk,
    survey,
)
from usercli.services.password_rules import PasswordRules
from usercli.services.policy import PasswordPolicy

#: While hashing, a chunk is so small that little of the work is done twice after a stop.
HASHED_AT_A_TIME = 100

#: The endings of files that are workbooks.
WORKBOOKS = (".xlsx", ".xlsm")

#: What is done to records; the first two come before anything is written.
Stage = Literal["checking", "hashing passwords", "writing users"]

#: Options that do not decide what is written: an import may be resumed with other values of them.
_UNDECIDING = frozenset({"max_errors", "allow_no_admin"})


class Progress(Protocol):
    """Is told how far a stage is; `stage` names another than the one that was begun."""

    def at(
        self, done: int, total: int | None = None, stage: str | None = None, /, *, estimated: bool = False
    ) -> None: ...


class RejectSink(Protocol):
    """Keeps rejected records; `sync` has them on disk and says how many bytes they take."""

    def write(self, reject: Reject) -> None: ...
    def sync(self) -> int: ...


class ImportListener(Protocol):
    """Is told what an import does."""

    def note(self, text: str) -> None:
        """How the reader understood the file; the same may be told again."""

    def similar_role(self, made: str, known: str) -> None:
        """A role is made that differs from another only in case."""

    def progress(self, stage: Stage, done: int, /) -> AbstractContextManager[Progress]:
        """A stage begins, after what an earlier run did; it ends with the block."""

    def hashing(self, passwords: int | None) -> None:
        """So many passwords will be hashed (None: nobody knows), before the first is."""

    def resuming(self, records: int) -> None:
        """An earlier run dealt with so many records; this one goes on behind them."""

    def rejects(self, kept_bytes: int | None) -> AbstractContextManager[RejectSink]:
        """Where rejected records go; after an earlier run behind the bytes that it kept."""


@dataclass(frozen=True)
class ImportJob:
    """What is imported, and how. Plain passwords are allowed where there is a `hasher`, on `jobs` threads.

    `file` is a path, or - for standard input. Raises InvalidInput for options that contradict.
    """

    file: str
    format: str
    read_options: ReadOptions
    options: ImportOptions
    special_use_domains: Collection[str] = ()
    hasher: PasswordHasher | None = None
    jobs: int | None = None
    #: What plain passwords have to keep to; None: only what the hasher can hash.
    policy: PasswordPolicy | None = None
    #: The table that is read in the place of a file.
    table: TableSource | None = None

    def __post_init__(self) -> None:
        require_no_conflict(self.options)
        if self.is_workbook and self.read_options.encoding:
            raise InvalidInput("a workbook has no encoding to name")
        if not self.is_workbook and self.read_options.sheet:
            raise InvalidInput("only a workbook (.xlsx) has sheets")

    @property
    def is_foreign_workbook(self) -> bool:
        """Excel wrote it, as the table of another system, whose reader takes text."""
        return self.format in SYSTEMS and self.file.lower().endswith(WORKBOOKS)

    @property
    def is_workbook(self) -> bool:
        """Excel wrote it: our table, or that of another system."""
        return self.format in BINARY or self.is_foreign_workbook

    @property
    def is_file(self) -> bool:
        """It can be read again, and stays what it is."""
        return self.table is None and self.file != "-" and Path(self.file).is_file()

    @property
    def can_be_sampled(self) -> bool:
        """Its columns can be looked at besides."""
        return self.table is not None or self.is_file

    def opened(self) -> AbstractContextManager[BinaryIO]:
        """The file, or the rows of the table."""
        if self.table is not None:
            return cast("AbstractContextManager[BinaryIO]", self.table.opened())
        if self.format in BINARY:
            return open_binary(self.file)
        return open_source(self.file, self.read_options.encoding, is_strict=not self.options.skip_bad)

    def require_file(self) -> None:
        """Raise InvalidInput unless it can be read again, as resuming needs."""
        if not self.is_file:
            raise InvalidInput("only a file that can be read again can be resumed")

    def digest(self) -> str:
        """By which a file is known again: its SHA-256."""
        with open(self.file, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()

    def deciding_options(self) -> dict[str, Any]:
        """The options that decide what is written, and must be the same to resume."""
        given = {"from": self.format, "hash_passwords": self.hasher is not None}
        given |= asdict(self.options) | self.read_options.deciding()
        return {name: value for name, value in given.items() if name not in _UNDECIDING}


class ImportSession:
    """One run of a job."""

    def __init__(self, job: ImportJob, uow: UnitOfWork, listener: ImportListener) -> None:
        self._job, self._uow, self._listener = job, uow, listener
        self._hasher = None if uow.dry_run else job.hasher
        self._file = _RecordFile(job, listener.note)
        #: Knows what it made of the records so far.
        self.parser: RowParser | None = None
        #: Users who come without their password: how many by the scheme of its hash.
        self.unsupported: Counter[str] = Counter()
        #: An earlier run finished it.
        self.was_done = False
        #: So many records are committed, should the run be interrupted.
        self.committed = 0
        self._passwords: int | None = None

    @property
    def left_out(self) -> LeftOut:
        """What the file holds that came to no user."""
        return self._file.left_out

    def run(self) -> ImportSummary:
        """Import in one transaction. Raises ImportFailed and what else `import_users` raises."""
        self._announce_hashing(0)
        return self._uow.retrying(self._run_whole) if self._job.is_file else self._run_whole()

    def _run_whole(self) -> ImportSummary:
        self.unsupported.clear()
        with self._listener.rejects(None) as rejects:
            return self._run_atomic(0, rejects)

    def resume(self) -> ImportSummary:
        """Import in chunks, each in a transaction, from where an earlier run stopped.

        A dry run tries what is left in one transaction. Raises InvalidInput for what is no file, Conflict for
        other options than before, and what else `resumable.resume` raises.
        """
        self._job.require_file()
        return self._uow.retrying(self._resume)

    def _resume(self) -> ImportSummary:
        place = begin(self._job.digest(), self._job.deciding_options(), self._uow)
        if place.finished:
            self.was_done = True
            return place.summary
        if self._uow.dry_run:
            self._announce_hashing(place.records)
            return self._run_atomic(place.records, _NowhereToKeep())
        if place.records:
            self._listener.resuming(place.records)
        self.committed = place.records
        if self._job.hasher is not None:
            self._announce_hashing(place.records)
        elif not place.records:
            self._survey()
        with (
            self._listener.rejects(place.reject_bytes) as rejects,
            self._listener.progress("writing users", place.records) as progress,
            self._file.records(place.records) as records,
        ):

            def committed(done: ImportSummary) -> None:
                self.committed = done.read
                progress.at(done.read, self._file.total, estimated=self._file.is_estimate)

            return resume(
                self._chunks(records, progress),
                self._uow,
                self._job.options,
                place,
                on_reject=rejects.write,
                sync_rejects=rejects.sync,
                on_progress=committed,
                on_unsupported=self._count_unsupported,
                on_similar_role=self._listener.similar_role,
            )

    def _run_atomic(self, done: int, rejects: RejectSink) -> ImportSummary:
        """Import the records behind the first `done`."""

        def written(summary: ImportSummary) -> None:
            progress.at(summary.read, self._file.total, "writing users", estimated=self._file.is_estimate)

        with (
            self._listener.progress("writing users", done) as progress,
            self._uow.watched_by(progress.at),
            self._file.records(done) as records,
        ):
            chunks = self._chunks(records, progress)
            if self._hasher is not None:
                chunks = spool_to_disk(chunks)  # a transaction does not wait for hashes
            return import_users(
                chunks,
                self._uow,
                self._job.options,
                on_reject=rejects.write,
                on_progress=written,
                before_commit=rejects.sync,
                on_unsupported=self._count_unsupported,
                on_similar_role=self._listener.similar_role,
                of_table=self._job.table is not None,
            )

    def _chunks(self, records: Iterable[Record | BadRecord], progress: Progress) -> Iterable[Sequence[Checked]]:
        checker = _checker(self._job)
        self.parser = checker.parser
        if self._hasher is None:
            return self._file.counted(checker.chunks(records, CHUNK))
        return hash_passwords(
            self._file.counted(checker.chunks(records, HASHED_AT_A_TIME)),
            self._hasher,
            self._job.jobs,
            lambda done: progress.at(done, self._passwords, "hashing passwords"),
        )

    def _count_unsupported(self, scheme: str) -> None:
        self.unsupported[scheme] += 1

    def _announce_hashing(self, done: int) -> None:
        """Tell how many passwords stand behind the first records; a file is checked as a whole before."""
        if self._job.hasher is None:
            return
        self._passwords = self._survey(done) if self._job.is_file else None
        if self._passwords != 0:
            self._listener.hashing(self._passwords)

    def _survey(self, done: int = 0) -> int:
        """How many plain passwords there are. Raises ImportFailed for what is bad: nothing is done in vain."""

        def checked(records: int) -> None:
            progress.at(done + records, self._file.total, estimated=self._file.is_estimate)

        with self._file.records(done) as records, self._listener.progress("checking", done) as progress:
            found = survey(self._file.counted(_checker(self._job).chunks(records, CHUNK)), checked)
        self._file.finish()
        if found.bad and not self._job.options.skip_bad:
            raise ImportFailed(found.first, found.bad, done, may_skip=True)
        return found.passwords


def preview(job: ImportJob, uow: UnitOfWork, most: int) -> Survey:
    """What is bad of so many first records, those who exist already among them; nothing is written."""
    found, lines = Survey(), dict[str, int]()
    fails = job.options.on_conflict == "fail"
    with _RecordFile(job, unheard).records(0) as records, uow:
        for chunk in _checker(job).chunks(islice(records, most)):
            rows = [item for item in chunk if isinstance(item, UserRow)]
            there = uow.users.ids_by_key(row.email_key for row in rows) if fails else {}
            bad = [item for item in chunk if isinstance(item, BadRecord)]
            bad += filter(None, (_in_the_way(row, lines, there) for row in rows))
            found.bad += len(bad)
            found.first += sorted(bad, key=lambda each: each.line)[: FIRST - len(found.first)]
    return found


def _checker(job: ImportJob) -> Checker:
    parser = RowParser(
        special_use_domains=job.special_use_domains,
        preserve=job.options.preserve,
        times=TimeReader(job.read_options.timezone, job.read_options.date_order),
    )
    return Checker(parser, PasswordRules(job.hasher, job.policy) if job.hasher is not None else None)


def _in_the_way(row: UserRow, lines: dict[str, int], there: Container[str]) -> BadRecord | None:
    """Why a row cannot be a new user; `lines` are those of the rows above it."""
    first = lines.setdefault(row.email_key, row.line)
    if first != row.line:
        return BadRecord(row.line, twice(row.email, first))
    return BadRecord(row.line, exists(row.email)) if row.email_key in there else None


class _RecordFile:
    """The file of a job, and how many records it seems to hold."""

    def __init__(self, job: ImportJob, on_note: Callable[[str], None]) -> None:
        self._job = job
        self._options = replace(job.read_options, on_note=on_note)
        self._source: BinaryIO | None = None
        self._read = 0
        #: None while nobody knows.
        self.total: int | None = None
        #: Of the last time that it was read.
        self.left_out = LeftOut()
        #: The total goes by how much of the file was read; false once it was read to the end.
        self.is_estimate = True

    @contextmanager
    def records(self, done: int) -> Iterator[Iterator[Record | BadRecord]]:
        """The records behind the first `done`."""
        with self._opened() as source:
            self._source = None if self._job.is_foreign_workbook else source
            self._read, self.left_out = done, LeftOut()
            options = replace(self._options, left_out=self.left_out)
            found = reader(self._job.format)(source, options)
            yield islice(self._job.table.records(found) if self._job.table else found, done, None)
            self._source = None

    def finish(self) -> None:
        """It was read to the end: the total is known."""
        self.total, self.is_estimate = self._read, False

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        return self._workbook() if self._job.is_foreign_workbook else self._job.opened()

    @contextmanager
    def _workbook(self) -> Iterator[BinaryIO]:
        from usercli.readers.workbook import as_csv

        with open_binary(self._job.file) as source, as_csv(source, self._options) as table:
            yield table

    def counted(self, chunks: Iterable[list[Checked]]) -> Iterator[list[Checked]]:
        """The chunks; each estimates the total anew, by how much of the file they took so far."""
        size = Path(self._job.file).stat().st_size if self._job.is_file else None
        for chunk in chunks:
            self._read += len(chunk)
            if self.is_estimate and size and self._source is not None and (read := position(self._source)):
                self.total = round(self._read * size / read)
            yield chunk


class _NowhereToKeep:
    """Drops what is rejected."""

    def write(self, reject: Reject) -> None:
        pass

    def sync(self) -> int:
        return 0
