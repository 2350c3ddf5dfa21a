"""Import users: all or nothing in one transaction, or exactly once in resumable chunks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel

from usercli.ahead import ahead
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ExitCode, InvalidInput, Refused, UserCliError
from usercli.formats import BadRecord, Record
from usercli.models.role import Role
from usercli.models.user import DISABLED_PASSWORD, User
from usercli.passwords import PasswordHasher
from usercli.repositories.bulk import UserValues
from usercli.schemas.rows import RowParser, UserRow
from usercli.services import journal
from usercli.services.administrators import administrators_kept
from usercli.text import nearest
from usercli.times import utcnow

OnConflict = Literal["fail", "skip", "update"]

_CHUNK = 5000
_SHOWN_ERRORS = 20


def _ignore(_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class ImportOptions:
    """How to import. `max_errors` ends a run with `skip_bad` that rejects more."""

    on_conflict: OnConflict = "fail"
    update_passwords: bool = False
    skip_bad: bool = False
    max_errors: int | None = None
    create_roles: bool = False
    preserve: bool = False
    allow_no_admin: bool = False


class ImportSummary(BaseModel):
    """What an import did; the shape of the scripting contract."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    change_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Reject:
    """A record that was not imported, and why."""

    line: int
    reason: str
    fields: dict[str, Any] | None
    code: ExitCode = ExitCode.USAGE


class ImportFailed(UserCliError):
    """Records are bad; nothing was imported."""

    def __init__(self, rejects: Sequence[Reject], number: int) -> None:
        records = "1 bad record" if number == 1 else f"{number:,} bad records"
        super().__init__(f"{records} found; nothing was imported")
        self.rejects = rejects
        conflicts = all(reject.code is ExitCode.CONFLICT for reject in rejects)
        self.exit_code = ExitCode.CONFLICT if conflicts else ExitCode.USAGE


@dataclass
class Checked:
    """A record after the check: a row, or a reject."""

    line: int
    fields: dict[str, Any] | None
    row: UserRow | None = None
    reason: str = ""


def check(
    records: Iterable[Record | BadRecord],
    parser: RowParser,
    *,
    hasher: PasswordHasher | None = None,
    jobs: int | None = None,
    plain: bool = False,
    on_unsupported: Callable[[str], None] = _ignore,
) -> Iterator[list[Checked]]:
    """Records, checked and typed, some thousands at a time; a hasher hashes plain passwords on all cores.

    Unless `plain` allows them, plain passwords are bad records.
    """
    stream = (_check(record, parser, plain, on_unsupported) for record in records)
    while chunk := list(islice(stream, _CHUNK)):
        if hasher is not None:
            open_ = [item.row for item in chunk if item.row is not None and item.row.password is not None]
            for row, hashed in zip(
                open_, hasher.hash_all((row.password or "" for row in open_), jobs), strict=True
            ):
                row.hashed_password, row.password = hashed, None
        yield chunk


def _check(
    record: Record | BadRecord, parser: RowParser, plain: bool, on_unsupported: Callable[[str], None]
) -> Checked:
    if isinstance(record, BadRecord):
        return Checked(record.line, record.fields, reason=record.reason)
    try:
        row = parser.parse(record.fields)
    except InvalidInput as error:
        return Checked(record.line, record.fields, reason=error.message)
    if row.password is not None and not plain:
        return Checked(record.line, record.fields, reason="a plain password; it needs --hash-passwords")
    if record.unsupported is not None:
        on_unsupported(record.unsupported)
    return Checked(record.line, record.fields, row)


def import_users(
    chunks: Iterator[list[Checked]],
    uow: UnitOfWork,
    options: ImportOptions,
    *,
    on_reject: Callable[[Reject], None] = _ignore,
    on_progress: Callable[[ImportSummary], None] = _ignore,
) -> ImportSummary:
    """Import in one transaction. Raises ImportFailed with the first bad records, LastAdministrator."""
    loader = _Loader(uow, options, on_reject)
    with uow.change("user.imported"):
        keeps = options.on_conflict == "update"
        with administrators_kept(uow, allow_none=options.allow_no_admin) if keeps else nullcontext():
            loader.begin()
            for chunk in ahead(chunks):
                loader.load(chunk)
                on_progress(loader.summary)
            loader.require_good()
        if loader.summary.created or loader.summary.updated or loader.made_roles:
            uow.commit()
            loader.summary.change_id = None if uow.dry_run else uow.change_id
    return loader.summary


@dataclass
class _Loader:
    """Writes checked chunks and counts."""

    uow: UnitOfWork
    options: ImportOptions
    on_reject: Callable[[Reject], None]
    summary: ImportSummary = field(default_factory=ImportSummary)
    made_roles: int = 0
    _first_id: str = ""
    _was_empty: bool = False
    _updated: set[int] = field(default_factory=set)
    _roles: dict[str, Role] = field(default_factory=dict)
    _rejects: list[Reject] = field(default_factory=list)

    def begin(self) -> None:
        """What must hold before the first row."""
        if self.options.preserve and not self.uow.origin.reason and self.uow.users.count():
            raise Refused("--preserve into a database that has users needs --reason TEXT")
        self._first_id = _new_id()
        self._was_empty = not self.uow.users.count()

    def load(self, chunk: Sequence[Checked]) -> None:
        """Write one chunk; once a record is bad and must not be, only look for more bad ones."""
        self.summary.read += len(chunk)
        good = [item for item in chunk if self._is_good(item)]
        if self._is_lost or not good:
            return
        now = utcnow()
        lines = {}
        values = []
        for item in good:
            row = item.row
            assert row is not None  # noqa: S101 - good ones have a row
            value = _values(row, now)
            lines[str(value[0])] = item
            values.append(value)
        taken = self.uow.bulk.insert(values)
        went_in = {str(value[0]) for value in values} - {str(value[0]) for value in taken}
        self._journal(lines, [value for value in values if str(value[0]) in went_in])
        self._settle([lines[str(value[0])] for value in taken])

    def require_good(self) -> None:
        """Raise ImportFailed if a record was bad and must not be."""
        if self._is_lost:
            raise ImportFailed(self._rejects, self.summary.rejected)

    @property
    def _is_lost(self) -> bool:
        allowed = self.options.max_errors if self.options.skip_bad else 0
        return allowed is not None and self.summary.rejected > allowed

    def _is_good(self, item: Checked) -> bool:
        if item.row is None:
            self._reject(item, item.reason)
            return False
        unknown = [name for name in item.row.roles if name not in self._roles and not self._learn_role(name)]
        if unknown:
            known = sorted(self._roles)
            self._reject(item, f"no such role: {unknown[0]}{nearest(unknown[0], known)}; see --create-roles")
        return not unknown

    def _learn_role(self, name: str) -> bool:
        found = self.uow.roles.by_name(name)
        if found is None and self.options.create_roles:
            found = self.uow.roles.add(Role(name=name))
            after = {"name": name, "description": "", "administrative": False}
            self.uow.audit.record("role.created", kind="role", target_id=found.id, after=after)
            self.made_roles += 1
        if found is not None:
            self._roles[name] = found
        return found is not None

    def _journal(self, lines: dict[str, Checked], created: Sequence[UserValues]) -> None:
        by = self.uow.origin.actor
        grants = []
        for value in created:
            row = lines[str(value[0])].row
            assert row is not None  # noqa: S101 - it went in
            grants += [(str(value[0]), str(self._roles[name].id), by) for name in row.roles]
            journal.imported(self.uow, value, row)
        self.uow.bulk.grant(grants)
        self.summary.created += len(created)

    def _settle(self, items: Sequence[Checked]) -> None:
        """Do with users who exist already what the options say."""
        rows = {item.row.email_key: item for item in items if item.row is not None}
        ids = self.uow.users.ids_of(rows)
        users: dict[str, User] = {}
        if self.options.on_conflict == "update":
            users = {user.email_key: user for user in self.uow.users.by_id(list(ids.values()), lock=True)}
        for item in items:
            row = item.row
            assert row is not None  # noqa: S101 - only good ones are written
            if row.email_key not in ids:
                self._reject(item, "the id is taken by another user", ExitCode.CONFLICT)
            elif self._is_ours(ids[row.email_key]):
                self._reject(item, f"the email {row.email} stands in the file twice")
            elif self.options.on_conflict == "fail":
                self._reject(item, f"a user with the email {row.email} exists already", ExitCode.CONFLICT)
            elif self.options.on_conflict == "skip":
                self.summary.skipped += 1
            else:
                self._updated.add(ids[row.email_key].int)  # a second line would undo the first
                if self._update(users[row.email_key], row):
                    self.summary.updated += 1
                else:
                    self.summary.unchanged += 1

    def _is_ours(self, user_id: uuid.UUID) -> bool:
        """This import wrote the user: the ids that it makes rise."""
        return self._was_empty or str(user_id) > self._first_id or user_id.int in self._updated

    def _update(self, user: User, row: UserRow) -> bool:
        before = journal.snapshot(user)
        for name in ("full_name", "is_active", "attributes", "must_change_password", "expires_at"):
            if name in row.given:
                setattr(user, name, getattr(row, name))
        if "roles" in row.given:
            self._set_roles(user, row.roles)
        password = bool(row.hashed_password) and self._may_set_password(user)
        if password and user.hashed_password != row.hashed_password:
            user.hashed_password, user.password_changed_at = row.hashed_password or "", utcnow()
        else:
            password = False
        if not password and journal.difference(before, journal.snapshot(user)) == ({}, {}):
            self.uow.session.expire(user)
            return False
        self.uow.users.save(user)
        journal.changed(self.uow, "user.updated", user, before, password=password)
        return True

    def _may_set_password(self, user: User) -> bool:
        return self.options.update_passwords or user.hashed_password == DISABLED_PASSWORD

    def _set_roles(self, user: User, names: Sequence[str]) -> None:
        from usercli.services.users import change_roles

        added = [self._roles[name] for name in names]
        removed = [grant.role for grant in user.grants if grant.role.name not in names]
        change_roles(user, added, removed, self.uow)

    def _reject(self, item: Checked, reason: str, code: ExitCode = ExitCode.USAGE) -> None:
        reject = Reject(item.line, reason, item.fields, code)
        self.summary.rejected += 1
        if len(self._rejects) < _SHOWN_ERRORS:
            self._rejects.append(reject)
        if self.options.skip_bad:
            self.on_reject(reject)


def _values(row: UserRow, now: Any) -> UserValues:
    """The row as the columns of repositories.bulk want it."""
    kept = row.kept
    has_password = row.hashed_password not in (None, DISABLED_PASSWORD)
    deleted_at = kept.get("deleted_at")
    return (
        kept.get("id") or _new_id(),
        row.email,
        row.email_key,
        row.full_name,
        row.hashed_password or DISABLED_PASSWORD,
        row.is_active,
        row.must_change_password,
        kept.get("password_changed_at") or (now if has_password and not kept else None),
        row.expires_at,
        kept.get("last_login_at"),
        row.attributes,
        kept.get("version", 1),
        kept.get("created_at") or now,
        kept.get("updated_at") or kept.get("created_at") or now,
        deleted_at,
        True if deleted_at is not None else None,
    )


def _new_id() -> str:
    import uuid_utils

    return str(uuid_utils.uuid7())


def require_no_conflict(options: ImportOptions) -> None:
    """Options that contradict. Raises InvalidInput."""
    if options.update_passwords and options.on_conflict != "update":
        raise InvalidInput("--update-passwords goes with --on-conflict update")
    if options.max_errors is not None and not options.skip_bad:
        raise InvalidInput("--max-errors goes with --skip-bad")
