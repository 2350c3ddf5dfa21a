"""Writes checked rows: new users at once, those who exist as the options say."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import compress, repeat
from operator import attrgetter
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ExitCode, Hint, InvalidInput, Refused
from usercli.models.role import Role
from usercli.readers import BadRecord
from usercli.repositories.encodings import require_in_encoding
from usercli.repositories.event_encoder import Draft
from usercli.repositories.user_bulk_insert import UserValues, user_values
from usercli.schemas.import_rows import UserRow
from usercli.schemas.imports import ImportSummary
from usercli.schemas.roles import RoleCreate
from usercli.services import user_events
from usercli.services.imports.existing_users import ExistingUsers
from usercli.services.imports.id_lines import IdLines
from usercli.services.imports.options import ImportOptions
from usercli.services.imports.validation import FIRST, Checked, noop
from usercli.spool import IN_MEMORY, packed
from usercli.text import suggestion
from usercli.uuid7 import ChangeIds

_ROLES = attrgetter("roles")
_UNSUPPORTED = attrgetter("unsupported")


@dataclass(frozen=True)
class Reject:
    """A record that was not imported, and why."""

    line: int
    reason: str
    fields: Any
    code: ExitCode = ExitCode.USAGE
    hint: Hint | None = None


@dataclass(frozen=True)
class Batch:
    """A chunk, ready to be written as if all of it were good and new."""

    chunk: Sequence[Checked]
    rows: Sequence[UserRow]
    ids: Sequence[str]
    now: datetime
    #: The values as repositories.user_bulk_insert sends them.
    encoded: Any
    #: The drafts, where they are many.
    packed: bytes | None

    def values(self) -> Iterator[UserValues]:
        """The rows as the columns of repositories.user_bulk_insert want them."""
        return map(user_values, self.rows, self.ids, repeat(self.now))

    def drafts(self) -> list[Draft]:
        """The rows as events of the audit log."""
        return list(map(user_events.imported, self.ids, self.rows))

    @property
    def is_simple(self) -> bool:
        """No record is bad, and none names a role: the common case, in which no record need be looked at."""
        return len(self.rows) == len(self.chunk) and not any(map(_ROLES, self.rows))


@dataclass
class Loader:
    """Writes chunks and counts; one for each import, also where that has several transactions."""

    uow: UnitOfWork
    options: ImportOptions
    on_reject: Callable[[Reject], None]
    summary: ImportSummary = field(default_factory=ImportSummary)
    made_roles: int = 0
    #: The first bad records.
    rejects: list[Reject] = field(default_factory=list)
    #: Is told the scheme of the hash of each user who came without it.
    on_unsupported: Callable[[str], None] = noop
    #: Is told a role that is made, and one that there is, where they differ only in case.
    on_similar_role: Callable[[str, str], object] = noop
    #: The records are rows of a table, and no lines of a file.
    of_table: bool = False

    def __post_init__(self) -> None:
        #: Makes the ids of new users, and knows them again.
        self.ids = ChangeIds(self.uow.change_id)
        self._all_ours = False
        self._roles: dict[str, Role] = {}
        self._names: dict[str, list[str]] | None = None  # of all roles, by their names without case
        self._encoding: str | None = None
        self._bad: list[Reject] = []  # of the present batch
        self._lines = IdLines()
        self._are_new = True  # so were most users so far: they are made ready ahead
        self._is_resumed = False  # a transaction before this one may have written users
        self._existing = ExistingUsers(
            self.uow, self.options, self.summary, self._hold_administrators, self._role_ids, self._reject
        )

    def begin(self, guard: Callable[[], object] = noop) -> None:
        """At the start of a transaction: what must hold before the first row.

        `guard` holds the administrators, before a role or a user who exists is locked.
        """
        self._guard: Callable[[], object] | None = guard
        self._is_resumed = self.summary.read > 0
        self._roles, self._names = {}, None
        self._encoding = self.uow.bulk.narrow_encoding()
        self.uow.bulk.forget_seen()
        self._existing.begin()
        if self.options.preserve and not self.summary.read:
            self._all_ours = not self.uow.users.count()
            if not (self._all_ours or self.uow.origin.reason):
                raise Refused(
                    "to keep ids, times and versions in a database that has users needs a reason", hint=Hint.REASON
                )

    def prepared(self, chunks: Iterable[Sequence[Checked]]) -> Iterator[Batch]:
        """The chunks, made ready without asking the database, so that a thread can work ahead."""
        for chunk in chunks:
            rows = [item for item in chunk if isinstance(item, UserRow)]
            yield self._batch(chunk, rows) if self._are_new else Batch(chunk, rows, (), self.uow.now(), None, None)

    def _batch(self, chunk: Sequence[Checked], rows: Sequence[UserRow]) -> Batch:
        """The rows as new users."""
        ids = self.ids.make(len(rows))
        self._lines.add(ids, rows)
        if self.options.preserve:
            ids = [str((row.kept or {}).get("id", made)) for row, made in zip(rows, ids, strict=True)]
        batch = Batch(chunk, rows, ids, self.uow.now(), None, None)
        # not kept: what is needed again only where somebody is in the way is made again there
        return replace(
            batch,
            encoded=self.uow.bulk.encoded(batch.values()),
            packed=packed(batch.drafts()) if len(rows) >= IN_MEMORY else None,
        )

    def load(self, batch: Batch) -> None:
        """Write one batch, and tell its bad records in the order of the file."""
        self.summary.read += len(batch.chunk)
        rows = batch.rows if batch.is_simple and self._encoding is None else self._good(batch.chunk)
        # also where a record is bad and must not be: only writing finds the users who are in the way
        if rows and not (self.too_many_rejects and self.options.skip_bad):
            self._write(batch, rows)
        self._report_rejects()

    def _write(self, batch: Batch, rows: Sequence[UserRow]) -> None:
        if self.options.on_conflict != "fail" and not self._all_ours:
            rows = self._without_known(rows)
        if rows:
            self._insert(batch if len(rows) == len(batch.ids) else self._batch(rows, rows))

    def _without_known(self, rows: Sequence[UserRow]) -> Sequence[UserRow]:
        """The rows of users who are not there; the others are dealt with: an insert would fail on each of them."""
        there = self.uow.users.ids_by_key([row.email_key for row in rows])
        new = [row for row in rows if row.email_key not in there]
        if there:
            self._resolve_conflicts([row for row in rows if row.email_key in there], there)
        self._are_new = 2 * len(new) > len(rows)
        return new

    def _insert(self, batch: Batch) -> None:
        """Put the rows in as new users; somebody may have come before."""
        rows = batch.rows
        taken = self.uow.bulk.insert(batch.encoded, batch.values)
        goes_in = [place not in taken for place in range(len(rows))]
        if taken:
            known = [row for row, new in zip(rows, goes_in, strict=True) if not new]
            self._resolve_conflicts(known, self.uow.users.ids_by_key([row.email_key for row in known]))
        self._grant(compress(batch.rows, goes_in), compress(batch.ids, goes_in))
        if batch.packed and not taken:
            self.uow.audit.add_packed(batch.packed, len(batch.rows))
        else:
            self.uow.audit.add(compress(batch.drafts(), goes_in))
        self.summary.created += sum(goes_in)
        for scheme in filter(None, map(_UNSUPPORTED, compress(batch.rows, goes_in))):
            self.on_unsupported(scheme)

    def finish(self) -> None:
        """At the end of a transaction: write the users who exist already, if they only are prepared."""
        if not self.too_many_rejects:
            self._existing.finish()
            self._report_rejects()

    @property
    def too_many_rejects(self) -> bool:
        """More records are bad than may be."""
        allowed = self.options.max_errors if self.options.skip_bad else 0
        return allowed is not None and self.summary.rejected > allowed

    @property
    def changes_anything(self) -> bool:
        """There is something to commit."""
        return bool(self.summary.created or self.summary.updated or self.made_roles)

    def _good(self, chunk: Sequence[Checked]) -> list[UserRow]:
        return [item for item in chunk if self._is_good(item) and isinstance(item, UserRow)]

    def _is_good(self, item: Checked) -> bool:
        if isinstance(item, BadRecord):
            self._reject(item, item.reason, hint=item.hint)
            return False
        try:
            require_in_encoding(self._encoding, _texts(item))
        except InvalidInput as error:
            self._reject(item, error.message)
            return False
        for name in item.roles:
            if name not in self._roles and not self._learn_role(name):
                known = suggestion(name, sorted(self._roles))
                self._reject(item, f"no such role: {name}{known}", hint=Hint.CREATE_ROLES)
                return False
        return True

    def _hold_administrators(self) -> None:
        if self._guard is not None:
            guard, self._guard = self._guard, None
            guard()

    def _learn_role(self, name: str) -> bool:
        self._hold_administrators()
        found = self.uow.roles.by_name(name)
        if found is None and self.options.create_roles:
            for known in self._alike(name):
                self.on_similar_role(name, known)
            self._alike(name).append(name)
            after = RoleCreate(name=name).model_dump()
            found = self.uow.roles.add(Role(**after))
            self.uow.audit.record("role.created", kind="role", target_id=found.id, after=after)
            self.made_roles += 1
        if found is not None:
            self._roles[name] = found
        return found is not None

    def _role_ids(self, names: Iterable[str]) -> dict[str, uuid.UUID]:
        return {name: self._roles[name].id for name in names}

    def _alike(self, name: str) -> list[str]:
        """The roles that there are whose name differs from this one only in case."""
        if self._names is None:  # asked once: a file may name thousands
            self._names = {}
            for known in self.uow.roles.names():
                self._names.setdefault(known.casefold(), []).append(known)
        return self._names.setdefault(name.casefold(), [])

    def _grant(self, rows: Iterable[UserRow], ids: Iterable[str]) -> None:
        by = self.uow.origin.actor
        given = [(user_id, names) for user_id, names in zip(ids, map(_ROLES, rows), strict=True) if names]
        role_ids = {name: str(role.id) for name, role in self._roles.items()}
        self.uow.bulk.grant([(user_id, role_ids[name], by) for user_id, names in given for name in names])

    def _resolve_conflicts(self, rows: Sequence[UserRow], ids: Mapping[str, uuid.UUID]) -> None:
        """Do with users who exist already, by the key of their email, what the options say."""
        wanted: list[UserRow] = []
        again: set[Any] = set()
        if self.options.on_conflict == "update":
            again = self.uow.bulk.seen_before(ids.values())
            if self._is_resumed:
                again |= self.uow.audit.touched(ids.values())
        for row in rows:
            if row.email_key not in ids:
                self._reject(row, "the id is taken by another user", ExitCode.CONFLICT)
            elif self._is_ours(ids[row.email_key]) or ids[row.email_key] in again:
                line = self._lines.of(ids[row.email_key]) or _other_line(row, rows)
                self._reject(row, twice(row.email, line, of_table=self.of_table))
            elif self.options.on_conflict == "fail":
                self._reject(row, exists(row.email), ExitCode.CONFLICT)
            elif self.options.on_conflict == "skip":
                self.summary.skipped += 1
            else:
                again.add(ids[row.email_key])  # a second line would undo the first
                if row.unsupported is not None:
                    self.on_unsupported(row.unsupported)
                wanted.append(row)
        if wanted:
            self._existing.update(wanted, ids)

    def _is_ours(self, user_id: Any) -> bool:
        """This import wrote the user."""
        return self._all_ours or self.ids.made(user_id)

    def _reject(
        self, item: Checked, reason: str, code: ExitCode = ExitCode.USAGE, hint: Hint | None = None
    ) -> None:
        self.summary.rejected += 1
        self._bad.append(Reject(item.line, reason, item.fields, code, hint))

    def _report_rejects(self) -> None:
        for reject in sorted(self._bad, key=lambda reject: reject.line):
            if len(self.rejects) < FIRST:
                self.rejects.append(reject)
            if self.options.skip_bad:
                self.on_reject(reject)
        self._bad.clear()


def twice(email: str, first: int | None, *, of_table: bool = False) -> str:
    """Why the second of two records is rejected; `first` is the line of the other, where it is known."""
    place, line = ("table", "in row") if of_table else ("file", "on line")
    return f"the email {email} appears twice in the {place}{f', first {line} {first:,}' if first else ''}"


def exists(email: str) -> str:
    """Why a record is rejected where the conflict is to fail."""
    return f"a user with the email {email} exists already"


def _other_line(row: UserRow, rows: Iterable[UserRow]) -> int | None:
    return next((other.line for other in rows if other.email_key == row.email_key and other is not row), None)


def _texts(row: UserRow) -> Iterator[tuple[str, str]]:
    """What of a row may have any character, by field."""
    yield "email", row.email
    yield "email_key", row.email_key
    yield "full_name", row.full_name
    yield "attributes", row.attributes.canonical
    yield from (("roles", name) for name in row.roles)
