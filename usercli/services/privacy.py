"""Leaving for good: empty the bin, hand a person's data over, erase a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Refused
from usercli.models.user import DISABLED_PASSWORD, User
from usercli.schemas.audit import EventView
from usercli.schemas.users import Change, UserKey, UserView
from usercli.services import journal
from usercli.services.administrators import administrators_kept
from usercli.services.audit import as_ranges
from usercli.times import utcnow

_CHUNK = 1000

#: What the database does with rows that refer to a user who goes.
_GO, _STAY = frozenset({"CASCADE"}), frozenset({"SET NULL", "SET DEFAULT"})


class TableEffect(BaseModel):
    """What erasing a user does to the rows of one table."""

    table: str
    rows: int
    effect: str  # go, stay (without the reference), block


class Blocked(Refused):
    """Rows of other tables hold the user."""


def purge_bin(deleted_before: datetime, uow: UnitOfWork) -> Change:
    """Remove for good the users that were moved to the bin before a time. Raises Blocked."""
    with uow.change("user.purged"):
        number = 0
        while users := uow.users.binned_before(deleted_before, _CHUNK):
            for user in users:
                journal.removed(uow, user)
                uow.users.remove(user)
            uow.audit.write()
            number += len(users)
        if number:
            uow.commit()
    return Change(
        change_id=uow.change_id if number and not uow.dry_run else None,
        dry_run=uow.dry_run,
        changed=number,
        unchanged=0,
    )


def count_binned(deleted_before: datetime, uow: UnitOfWork) -> int:
    """How many users a purge would remove."""
    with uow:
        return uow.users.count_binned_before(deleted_before)


def export_person(key: UserKey, uow: UnitOfWork) -> dict[str, Any]:
    """Everything that the database holds on a person. Raises UserNotFound, Ambiguous."""
    with uow:
        [user] = uow.users.pick_anywhere([key])
        return {
            "user": UserView.model_validate(user).model_dump(mode="json"),
            "roles": [
                {"role": grant.role.name, "granted_at": grant.granted_at, "granted_by": grant.granted_by}
                for grant in sorted(user.grants, key=lambda grant: grant.role.name)
            ],
            "history": [EventView.of(event).model_dump(mode="json") for event in uow.audit.about(user.id)],
            "related": {
                reference.name: list(uow.related.rows(reference, user.id)) for reference in uow.related.references()
            },
        }


def effects(key: UserKey, uow: UnitOfWork) -> tuple[UserView, list[TableEffect]]:
    """What erasing a person would do, table by table. Raises UserNotFound, Ambiguous."""
    with uow:
        [user] = uow.users.pick_anywhere([key])
        return UserView.model_validate(user), _effects(user, uow)


def erase_person(
    key: UserKey,
    uow: UnitOfWork,
    *,
    anonymise: bool = False,
    aliases: Sequence[str] = (),
    allow_no_admin: bool = False,
) -> Change:
    """Erase a person: the user, the rows that go with it, and the personal values in the audit log.

    `anonymise` keeps the row, without a name, an address, attributes, roles or a password, for tables that
    must not lose it. `aliases` are other names under which the person stands in the log as an operator.
    The chain of the log holds: an event names what was erased. Raises Blocked, LastAdministrator.
    """
    with uow.change("user.erased", [key]):
        with administrators_kept(uow, allow_none=allow_no_admin):
            _erase(key, uow, anonymise, aliases)
        uow.commit()
    return Change(change_id=None if uow.dry_run else uow.change_id, dry_run=uow.dry_run, changed=1, unchanged=0)


def _erase(key: UserKey, uow: UnitOfWork, anonymise: bool, aliases: Sequence[str]) -> None:
    [user] = uow.users.pick_anywhere([key], lock=True)
    blocking = [f"{item.table} ({item.rows} rows)" for item in _effects(user, uow) if item.effect == "block"]
    if blocking and not anonymise:
        raise Blocked(f"rows of other tables hold the user: {', '.join(blocking)}; see --anonymise")
    seqs = uow.audit.naming(user.id, {*_names(user, uow), *aliases})
    user_id = user.id
    if anonymise:
        _anonymise(user, uow)
    else:
        uow.users.remove(user)
    uow.audit.erase(seqs)
    uow.audit.record("user.erased", target_id=user_id, after={"erased": as_ranges(seqs)})


def _effects(user: User, uow: UnitOfWork) -> list[TableEffect]:
    found = [TableEffect(table="user_roles", rows=len(user.grants), effect="go")]
    for reference in uow.related.references():
        rule = reference.on_delete
        effect = "go" if rule in _GO else "stay" if rule in _STAY else "block"
        rows = uow.related.count(reference, user.id)
        found.append(TableEffect(table=reference.name, rows=rows, effect=effect if rows else "none"))
    return found


def _names(user: User, uow: UnitOfWork) -> Iterator[str]:
    """Every address that the user has or had."""
    yield user.email
    for event in uow.audit.about(user.id):
        view = EventView.of(event)
        for name in (view.target_email, view.before.get("email"), view.after.get("email")):
            if name:
                yield name


def _anonymise(user: User, uow: UnitOfWork) -> None:
    user.email = f"erased-{user.id}@erased.invalid"
    user.full_name, user.attributes, user.hashed_password = "", {}, DISABLED_PASSWORD
    user.password_changed_at = user.last_login_at = user.expires_at = user.managed_by = None
    user.grants.clear()
    user.is_active, user.was_active, user.must_change_password = False, False, False
    user.deleted_at = user.deleted_at or utcnow()
    uow.users.save(user)
