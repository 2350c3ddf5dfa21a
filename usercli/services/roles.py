"""Make, change, grant and revoke roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from usercli.database.refusals import RoleName
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import Hint, InvalidInput, Refused
from usercli.models.role import Role
from usercli.schemas.roles import RoleChange, RoleCreate, RoleUpdate, RoleView
from usercli.schemas.users import Change, UserKey, UserUpdate, has_role_form
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.user_changes import write_changes
from usercli.services.users import update_users


def list_roles(uow: UnitOfWork) -> list[RoleView]:
    """Every role, by name."""
    with uow:
        return [_view(role, users) for role, users in uow.roles.all()]


def role_names(uow: UnitOfWork) -> list[str]:
    """The names of all roles, in order."""
    with uow:
        return uow.roles.names()


def names_outside_form(uow: UnitOfWork) -> list[str]:
    """The names that no role could be given now: an import refuses them, and CSV splits some."""
    return [name for name in role_names(uow) if not has_role_form(name)]


@retried
def create_role(data: RoleCreate, uow: UnitOfWork) -> RoleChange:
    """Add a role. Raises Conflict if there is one of that name."""
    with uow.change("role.created", [RoleName(data.name)]):
        uow.roles.lock_definitions()
        role = uow.roles.add(Role(**data.model_dump()))
        _record(uow, "role.created", role, {}, data.model_dump())
        view = _view(role, 0)  # before the commit: a dry run forgets what it loaded
        uow.commit()
        return _role_change(_change(uow, 1), view)


@retried
def update_role(name: str, data: RoleUpdate, uow: UnitOfWork, *, allow_no_admin: bool = False) -> RoleChange:
    """Change the fields that were set. Raises RoleNotFound, Conflict, LastAdministrator."""
    given = data.model_dump(exclude_unset=True)
    if not given:
        raise InvalidInput("nothing to change was given", hint=Hint.ROLE_UPDATE_HELP)
    with uow.change("role.updated", [RoleName(name)]):
        uow.roles.lock_definitions()
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            [role] = uow.roles.get_named([name], "change")
            different = {key: value for key, value in given.items() if getattr(role, key) != value}
            before = {key: getattr(role, key) for key in different}
            for key, value in different.items():
                setattr(role, key, value)
        view = _view(role, uow.roles.count_holders(role))
        if different:
            _record(uow, "role.updated", role, before, different)
            uow.commit()
        return _role_change(_change(uow, int(bool(different)), unchanged=int(not different)), view)


@retried
def delete_role(name: str, uow: UnitOfWork, *, revoke: bool = False, allow_no_admin: bool = False) -> Change:
    """Remove a role; with `revoke` it is taken from its holders first.

    Raises RoleNotFound, Refused while it is granted (also to users in the bin), LastAdministrator.
    """
    with uow.change("role.deleted", [RoleName(name)]):
        uow.roles.lock_definitions()
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            [role] = uow.roles.get_named([name], "change")
            holders = uow.roles.holders(role)
            if holders and not revoke:
                binned = [user.deleted_at is not None for user in uow.users.by_id(holders)]
                raise Refused(_still_granted(name, binned), hint=Hint.REVOKE_ROLE)
            users = write_changes(uow, "role.revoked", holders, lambda user: user.change_roles({}, [name]))
            gone = RoleCreate.model_validate(role, from_attributes=True).model_dump()
            _record(uow, "role.deleted", role, gone, {})
            uow.roles.remove(role)
        change = _change(uow, 1)
        change.users = users
        uow.commit()
        return change


def grant_role(name: str, keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
    """Give a role to users; who has it keeps it. Raises RoleNotFound, UserNotFound."""
    return update_users(keys, UserUpdate(add_roles=(name,)), uow, action="role.granted")


def revoke_role(name: str, keys: Sequence[UserKey], uow: UnitOfWork, *, allow_no_admin: bool = False) -> Change:
    """Take a role from users. Raises RoleNotFound, UserNotFound, LastAdministrator."""
    data = UserUpdate(remove_roles=(name,))
    return update_users(keys, data, uow, allow_no_admin=allow_no_admin, action="role.revoked")


def _record(
    uow: UnitOfWork, action: str, role: Role, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    uow.audit.record(action, kind="role", target_id=role.id, before=before, after=after)


def _still_granted(name: str, binned: Sequence[bool]) -> str:
    in_bin = f", {sum(binned)} of them in the recycle bin" if any(binned) else ""
    users = "1 user" if len(binned) == 1 else f"{len(binned):,} users"
    return f"the role {name} is granted to {users}{in_bin}; revoke it first"


def _view(role: Role, users: int) -> RoleView:
    return RoleView(name=role.name, description=role.description, administrative=role.administrative, users=users)


def _role_change(change: Change, role: RoleView) -> RoleChange:
    return RoleChange(**change.model_dump(), role=role)


def _change(uow: UnitOfWork, changed: int, unchanged: int = 0) -> Change:
    return Change(
        change_id=uow.change_id if changed and not uow.dry_run else None,
        dry_run=uow.dry_run,
        changed=changed,
        unchanged=unchanged,
    )
