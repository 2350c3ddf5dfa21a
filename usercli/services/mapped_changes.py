"""Change the users of a table that belongs to another program, as far as its section says, and log it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangedMeanwhile, EmailTaken, InvalidInput
from usercli.repositories.mapped_rows import MappedRow, MappedRows
from usercli.schemas.mapped_users import MappedChange, MappedUserKey, MappedUserView
from usercli.schemas.user_table import UserTable
from usercli.schemas.users import UserCreate, UserKey
from usercli.services.mapped_writes import require_write
from usercli.services.user_events import password_summary

if TYPE_CHECKING:
    from usercli.passwords import PasswordHasher
    from usercli.services.password_rules import NewPassword

_LENGTH_OF_NO_PASSWORD = 40


@retried
def create_user(
    data: UserCreate,
    uow: UnitOfWork,
    table: UserTable,
    hasher: PasswordHasher,
    *,
    new_password: NewPassword | None = None,
    if_not_exists: bool = False,
    before_commit: Callable[[MappedUserView], None] = lambda _: None,
) -> MappedChange:
    """Add a row; without a password it gets a hash that none matches.

    Raises EmailTaken unless `if_not_exists`; Refused, PasswordRefused.
    """
    require_write(table, "create", *(["full_name"] if data.full_name and not table.full_name else ()))
    email = data.email.lower() if table.lowers_email else data.email
    with uow.attempt("user.created", [email]):
        hashed = new_password.hashed(email, data.full_name, dry_run=uow.dry_run) if new_password else None
    values: dict[str, Any] = {"email": email}
    if table.full_name:
        values["full_name"] = data.full_name
    if table.active:
        values["is_active"] = data.is_active
    if table.password:
        values["hashed_password"] = hashed or _no_password(table, hasher, dry_run=uow.dry_run)
    with uow.change("user.created", [email]):
        rows = MappedRows(uow.mapped_users(table))
        if if_not_exists and (found := rows.users.fitting(MappedUserKey.parse(f"email:{email}"))):
            return _change(uow, found[:1], 0)
        row = rows.insert(values, uow.now())
        after = {name: value for name, value in _told(row.user).items() if value is not None}
        if hashed is not None:
            after["password"] = password_summary(hashed)
        uow.audit.record("user.created", target_id=row.user.id, email=row.user.email, after=after)
        before_commit(row.user)
        return _commit(uow, [row.user], 1)


def _no_password(table: UserTable, hasher: PasswordHasher, *, dry_run: bool) -> str:
    """A hash that no password matches, in a form that the program reads without an error."""
    if table.written_scheme == "django_pbkdf2_sha256" or dry_run:
        return "!" + secrets.token_hex(_LENGTH_OF_NO_PASSWORD // 2)  # as set_unusable_password
    return hasher.hash(secrets.token_urlsafe(_LENGTH_OF_NO_PASSWORD))


@retried
def update_users(
    keys: Sequence[UserKey],
    given: Mapping[str, Any],
    uow: UnitOfWork,
    table: UserTable,
    *,
    action: str = "user.updated",
) -> MappedChange:
    """Give all or none these values, by field. Raises UserNotFound, Ambiguous, EmailTaken, Refused."""
    if "email" in given and len(keys) > 1:
        raise InvalidInput("one email cannot be given to several users")
    values = dict(given)
    require_write(table, *({"is_active": "active"}.get(name, name) for name in values))
    if "email" in values and table.lowers_email:
        values["email"] = values["email"].lower()
    with uow.change(action, keys):
        rows = MappedRows(uow.mapped_users(table))
        rows.require_writable(list(values))
        found = rows.read(keys, lock=True)
        changed = _update(rows, found, values, uow)
        _note_changes_past_us(uow, rows, changed)
        after = {row.user.id: row for row in rows.remember([row.user.id for row in changed], uow.now())}
        for row in changed:
            _record(uow, action, row, after[row.user.id])
        change = _commit(uow, [after.get(row.user.id, row).user for row in found], len(after))
        if len(changed) == 1:
            change.only_changed = after[changed[0].user.id].user.email
        return change


def _update(
    rows: MappedRows, found: Sequence[MappedRow], values: Mapping[str, Any], uow: UnitOfWork
) -> list[MappedRow]:
    """Write what differs, many rows together; those that changed, as they were."""
    groups: dict[tuple[str, ...], list[MappedRow]] = {}
    for row in found:
        different = tuple(name for name, value in values.items() if getattr(row.user, name) != value)
        groups.setdefault(different, []).append(row)
    groups.pop((), None)
    for names, some in groups.items():
        rows.update(some, {name: values[name] for name in names}, uow.now())
    return [row for some in groups.values() for row in some]


@retried
def set_passwords(
    keys: Sequence[UserKey],
    new_passwords: Callable[[Sequence[MappedUserView]], Sequence[str]],
    uow: UnitOfWork,
    table: UserTable,
    *,
    action: str = "password.set",
    before_commit: Callable[[Sequence[MappedUserView]], None] = lambda _: None,
) -> MappedChange:
    """Give users the hashes that are made of them before a row is locked; a dry run makes none.

    Raises UserNotFound, Ambiguous, Refused, PasswordRefused; ChangedMeanwhile where a row is another one then.
    """
    require_write(table, "password")
    with uow:
        read = MappedRows(uow.mapped_users(table)).read(keys)
    with uow.attempt(action, keys):
        hashes = [] if uow.dry_run else new_passwords([row.user for row in read])
    with uow.change(action, keys):
        rows = MappedRows(uow.mapped_users(table))
        rows.require_writable(["hashed_password"])
        locked = rows.read([_key_of(row.user) for row in read], lock=True)
        for before, row in zip(read, locked, strict=True):
            if before.fingerprint != row.fingerprint:
                raise ChangedMeanwhile(f"{row.name} was changed by another program meanwhile; nothing was changed")
        done = [row.user for row in locked]
        if hashes:
            _note_changes_past_us(uow, rows, locked)
            for row, hashed in zip(locked, hashes, strict=True):
                rows.update([row], {"hashed_password": hashed}, uow.now())
                after = {"password": password_summary(hashed)}
                uow.audit.record(action, target_id=row.user.id, email=row.user.email, after=after)
            done = [row.user for row in rows.remember([row.user.id for row in locked], uow.now())]
        before_commit(done)
        return _commit(uow, done, len(done))


def require_new(email: str, uow: UnitOfWork, table: UserTable) -> None:
    """The address is free, before a password is asked for. Raises EmailTaken."""
    with uow.change("user.created", [email]):
        if uow.mapped_users(table).fitting(MappedUserKey.parse(f"email:{email}")):
            raise EmailTaken(email)


def _record(uow: UnitOfWork, action: str, before: MappedRow, after: MappedRow) -> None:
    old, new = _told(before.user), _told(after.user)
    names = [name for name in old if old[name] != new[name]]
    uow.audit.record(
        action,
        target_id=after.user.id,
        email=after.user.email,
        before={name: old[name] for name in names},
        after={name: new[name] for name in names},
    )


def _note_changes_past_us(uow: UnitOfWork, rows: MappedRows, changed: Sequence[MappedRow]) -> None:
    for row in rows.changed_past_us(changed):
        uow.warnings.append(f"{row.name} was changed by another program since usercli last wrote it")


def _told(user: MappedUserView) -> dict[str, Any]:
    """The fields of which an event tells."""
    return {"email": user.email, "full_name": user.full_name, "is_active": user.is_active}


def _key_of(user: MappedUserView) -> MappedUserKey:
    return MappedUserKey(typed=f"id:{user.id}", id=user.id)


def _commit(uow: UnitOfWork, users: Sequence[MappedUserView], changed: int) -> MappedChange:
    change = _change(uow, users, changed)
    if changed:
        uow.commit()
    return change


def _change(uow: UnitOfWork, users: Sequence[MappedUserView], changed: int) -> MappedChange:
    return MappedChange(
        change_id=uow.change_id if changed and not uow.dry_run else None,
        dry_run=uow.dry_run,
        changed=changed,
        unchanged=len(users) - changed,
        users=list(users),
    )
