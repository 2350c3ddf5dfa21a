"""The role commands where the users are those of another program's table."""

from __future__ import annotations

from functools import partial

from usercli.cli.context import Invocation
from usercli.cli.mapped_changes import apply_to_users, keys_of, output_of, show_change, table_of
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import say_change
from usercli.cli.user_selection import Selection
from usercli.errors import Refused


def role_list(invocation: Invocation) -> None:
    """role list: with the number of those who hold each."""
    from usercli.schemas.roles import ROLE_FIELDS

    output = Output(invocation.options, ROLE_FIELDS)
    from usercli.services.mapped_roles import list_roles

    output.many(list_roles(invocation.reading(), table_of(invocation)))


def role_create(invocation: Invocation, name: str, description: str | None, administrative: bool) -> None:
    """role create: one that guards nobody."""
    from usercli.schemas.roles import ROLE_FIELDS, RoleCreate

    _require_unguarded(invocation, administrative)
    output = Output(invocation.options, ROLE_FIELDS)
    from usercli.services.roles import create_role

    data = RoleCreate(name=name, description=description or "")
    change = create_role(data, invocation.changing())
    say_change(invocation, change, f"created the role {name}")
    output.role_change(change)


def role_update(
    invocation: Invocation,
    name: str,
    new_name: str | None,
    description: str | None,
    administrative: bool | None,
    allow_no_admin: bool = False,  # noqa: ARG001 - no role guards anybody there
) -> None:
    """role update: its name and description."""
    from usercli.schemas.roles import ROLE_FIELDS, RoleUpdate

    _require_unguarded(invocation, administrative)
    output = Output(invocation.options, ROLE_FIELDS)
    from usercli.services.mapped_roles import update_role

    given = {"name": new_name, "description": description}
    data = RoleUpdate.model_validate({key: value for key, value in given.items() if value is not None})
    change = update_role(name, data, invocation.changing(), table_of(invocation))
    say_change(invocation, change, f"updated the role {name}")
    output.role_change(change)


def role_delete(
    invocation: Invocation,
    name: str,
    revoke: bool,
    allow_no_admin: bool = False,  # noqa: ARG001 - no role guards anybody there
) -> None:
    """role delete: one that nobody holds, unless it is revoked first."""
    output = output_of(invocation)
    if revoke:
        invocation.confirm(f"take the role {name} from all its holders and remove it")
    from usercli.services.mapped_roles import delete_role

    change = delete_role(name, invocation.changing(), table_of(invocation), revoke=revoke)
    show_change(invocation, output, change, f"deleted the role {name}")


def role_grant(invocation: Invocation, name: str, selection: Selection, continue_: bool) -> None:
    """role grant: kept in our own schema, by id."""
    from usercli.services import mapped_roles as service

    operation = partial(service.grant_role, name, table=table_of(invocation))
    apply_to_users(invocation, keys_of(invocation, selection), f"granted {name} to", operation, continue_)


def role_revoke(
    invocation: Invocation,
    name: str,
    selection: Selection,
    continue_: bool,
    allow_no_admin: bool = False,  # noqa: ARG001 - no role guards anybody there
) -> None:
    """role revoke."""
    from usercli.services import mapped_roles as service

    operation = partial(service.revoke_role, name, table=table_of(invocation))
    apply_to_users(invocation, keys_of(invocation, selection), f"revoked {name} from", operation, continue_)


def _require_unguarded(invocation: Invocation, administrative: bool | None) -> None:
    if administrative:
        name = table_of(invocation).name
        raise Refused(f"--administrative is refused on {name}: its program may remove the last holder unseen")
