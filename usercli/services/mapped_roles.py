"""Roles of ours for the users of a table that belongs to another program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from usercli.database.refusals import RoleName
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import Hint, Refused
from usercli.models.role import Role
from usercli.repositories.mapped_grants import MappedGrants
from usercli.repositories.mapped_rows import MappedRows
from usercli.schemas.mapped_users import MappedChange, MappedUserView
from usercli.schemas.roles import RoleChange, RoleCreate, RoleUpdate, RoleView
from usercli.schemas.user_table import UserTable
from usercli.schemas.users import Change, UserKey
from usercli.services import roles


def list_roles(uow: UnitOfWork, table: UserTable) -> list[RoleView]:
    """Every role, by name, with the number of its holders."""
    with uow:
        grants = _grants(uow, table)
        counts = grants.counts()
        return [role.model_copy(update={"users": counts.get(role.name, 0)}) for role in roles.list_roles(uow)]


def update_role(name: str, data: RoleUpdate, uow: UnitOfWork, table: UserTable) -> RoleChange:
    """Change the fields that were set. Raises RoleNotFound, Conflict."""
    with uow:
        number = _grants(uow, table).counts().get(name, 0)
    change = roles.update_role(name, data, uow)
    return change.model_copy(update={"role": change.role.model_copy(update={"users": number})})


@retried
def delete_role(name: str, uow: UnitOfWork, table: UserTable, *, revoke: bool = False) -> Change:
    """Remove a role; with `revoke` it is taken from its holders first. Raises RoleNotFound, Refused."""
    with uow.change("role.deleted", [RoleName(name)]):
        uow.roles.lock_definitions()
        [role] = uow.roles.get_named([name], "change")
        grants = _grants(uow, table)
        holders = grants.holders(role)
        if holders and not revoke:
            users = "1 user" if len(holders) == 1 else f"{len(holders):,} users"
            raise Refused(f"the role {name} is granted to {users}; revoke it first", hint=Hint.REVOKE_ROLE)
        for user_id in holders:
            before = grants.of(user_id)
            grants.remove(user_id, role)
            _record(uow, "role.revoked", user_id, None, before, grants.of(user_id))
        gone = RoleCreate.model_validate(role, from_attributes=True).model_dump()
        uow.audit.record("role.deleted", kind="role", target_id=role.id, before=gone)
        uow.roles.remove(role)
        uow.commit()
        change_id = None if uow.dry_run else uow.change_id
        return MappedChange(change_id=change_id, dry_run=uow.dry_run, changed=1, unchanged=0)


def grant_role(name: str, keys: Sequence[UserKey], uow: UnitOfWork, table: UserTable) -> MappedChange:
    """Give a role to users; who has it keeps it. Raises RoleNotFound, UserNotFound, Ambiguous."""

    def give(grants: MappedGrants, user_id: object, role: Role) -> bool:
        return grants.add(user_id, role, uow.origin.actor)

    return _change_roles("role.granted", name, keys, uow, table, give)


def revoke_role(name: str, keys: Sequence[UserKey], uow: UnitOfWork, table: UserTable) -> MappedChange:
    """Take a role from users. Raises RoleNotFound, UserNotFound, Ambiguous."""
    return _change_roles("role.revoked", name, keys, uow, table, MappedGrants.remove)


@retried
def _change_roles(
    action: str,
    name: str,
    keys: Sequence[UserKey],
    uow: UnitOfWork,
    table: UserTable,
    change: Callable[[MappedGrants, object, Role], bool],
) -> MappedChange:
    with uow.change(action, keys):
        [role] = uow.roles.get_named([name], "share")
        theirs = uow.mapped_users(table)
        grants, rows = MappedGrants(theirs), MappedRows(theirs)
        gone = [key for key in keys if action == "role.revoked" and _is_gone(key, role, grants, rows)]
        present = rows.read([key for key in keys if key not in gone])
        users = [row.user for row in present] + [
            MappedUserView(id=key.id, email=None) for key in gone if key.id is not None
        ]
        changed: list[MappedUserView] = []
        for user in users:
            before = grants.of(user.id)
            if change(grants, user.id, role):
                _record(uow, action, user.id, user.email, before, grants.of(user.id))
                changed.append(user)
        for row in present:
            rows.meet(row, uow.now())
        if changed:
            uow.commit()
        return MappedChange(
            change_id=uow.change_id if changed and not uow.dry_run else None,
            dry_run=uow.dry_run,
            changed=len(changed),
            unchanged=len(users) - len(changed),
            users=users,
            only_changed=changed[0].email if len(changed) == 1 else None,
        )


def _is_gone(key: UserKey, role: Role, grants: MappedGrants, rows: MappedRows) -> bool:
    """Whether somebody holds the role whom the table has no more."""
    return key.id is not None and role.name in grants.of(key.id) and rows.find(str(key.id)) is None


def _record(
    uow: UnitOfWork, action: str, user_id: object, email: str | None, before: list[str], after: list[str]
) -> None:
    uow.audit.record(action, target_id=user_id, email=email, before={"roles": before}, after={"roles": after})


def _grants(uow: UnitOfWork, table: UserTable) -> MappedGrants:
    return MappedGrants(uow.mapped_users(table))
