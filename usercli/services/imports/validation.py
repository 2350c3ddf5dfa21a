"""What a file holds, checked and typed before anything is written, its plain passwords hashed."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from usercli.errors import Hint, InvalidInput, UserCliError
from usercli.passwords import PasswordHasher
from usercli.readers import BadRecord, Record
from usercli.schemas.import_rows import RowParser, UserRow
from usercli.services.password_rules import PasswordRules

#: A record after the check.
Checked = UserRow | BadRecord

#: Records that are checked, and written, at a time.
CHUNK = 5000

#: So many bad records are shown.
FIRST = 20


def noop(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Checker:
    """Makes rows of records. A plain password is a bad record unless there are `rules` and it keeps them."""

    parser: RowParser
    rules: PasswordRules | None = None

    def chunks(self, records: Iterable[Record | BadRecord], size: int = CHUNK) -> Iterator[list[Checked]]:
        """The records, so many at a time."""
        stream = iter(records)
        check = self._check
        while chunk := [
            record if type(record) is BadRecord else check(record)  # type: ignore[arg-type]  # it is the other one
            for record in islice(stream, size)
        ]:
            yield chunk

    def _check(self, record: Record) -> Checked:
        try:
            row = self.parser.parse(record.line, record.fields)
        except InvalidInput as error:
            return BadRecord(record.line, error.message, record.fields, error.hint)
        if row.password is not None:
            if self.rules is None:
                return BadRecord(record.line, "a plain password", record.fields, Hint.HASH_PASSWORDS)
            try:
                self.rules.check(row.password, row.email, row.full_name)
            except UserCliError as error:
                return BadRecord(record.line, error.message, record.fields)
        row.unsupported = row.unsupported or record.unsupported
        return row


def hash_passwords(
    chunks: Iterable[list[Checked]],
    hasher: PasswordHasher,
    jobs: int | None = None,
    on_hashed: Callable[[int], None] = noop,
) -> Iterator[list[Checked]]:
    """The same chunks with hashes instead of plain passwords, made by all cores."""
    done = 0
    for chunk in chunks:
        rows = [item for item in chunk if isinstance(item, UserRow) and item.password is not None]
        for row, made in zip(rows, hasher.hash_all((row.password or "" for row in rows), jobs), strict=True):
            _set_hash(row, made)
            done += 1
            on_hashed(done)
        yield chunk


def _set_hash(row: UserRow, made: str) -> None:
    others = {name: value for name, value in row.fields.items() if name != "password"}
    row.fields = {**others, "hashed_password": made}  # a reject file need not hash it again, nor show it
    row.hashed_password, row.password = made, None


@dataclass
class Survey:
    """What a file holds: plain passwords, bad records, and the first of these."""

    passwords: int = 0
    bad: int = 0
    first: list[BadRecord] = field(default_factory=list)


def survey(chunks: Iterable[list[Checked]], on_progress: Callable[[int], None] = noop) -> Survey:
    """Look at all records, and write nothing."""
    found, records = Survey(), 0
    for chunk in chunks:
        bad = [item for item in chunk if isinstance(item, BadRecord)]
        found.bad += len(bad)
        found.first += bad[: FIRST - len(found.first)]
        found.passwords += sum(isinstance(item, UserRow) and item.password is not None for item in chunk)
        records += len(chunk)
        on_progress(records)
    return found


def spool_to_disk(chunks: Iterable[Sequence[Checked]]) -> Iterator[Sequence[Checked]]:
    """The same chunks, all of them made before the first is given out; they wait in an unnamed file."""
    with tempfile.TemporaryFile() as file:
        sizes = [file.write(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL)) for chunk in chunks]
        file.seek(0)
        for size in sizes:
            yield pickle.loads(file.read(size))  # noqa: S301 - written by this process, in a file that has no name
