"""role list, create, update, delete, grant, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import (
    AllowNoAdminOpt,
    ContinueOpt,
    apply_to_users,
    say_change,
    show_change,
    user_output,
    warn_of_misleading_role,
    warn_of_misleading_roles,
)
from usercli.cli.user_selection import NO_SELECTION, Selection

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork
    from usercli.schemas.users import Change, UserKey

RoleArg = Annotated[str, typer.Argument(metavar="ROLE", help="The role's name.")]
DescriptionOpt = Annotated[str | None, typer.Option(metavar="TEXT", help="What it is for.")]

app = new_app("Create roles, grant and revoke them.")


@app.callback()
@command
def role(invocation: Invocation) -> None:
    """Create roles, grant and revoke them."""


@command
def list_roles(invocation: Invocation) -> None:
    """List roles and how many users hold them, those in the recycle bin included.

    \b
    Example:
      usercli role list
    """
    from usercli.schemas.roles import ROLE_FIELDS

    output = Output(invocation.options, ROLE_FIELDS)
    from usercli.services import roles as service

    output.many(service.list_roles(invocation.reading()))


@command
def create(
    invocation: Invocation,
    name: RoleArg,
    description: DescriptionOpt = None,
    administrative: Annotated[
        bool, typer.Option("--administrative", help="Its last holder cannot be removed.", show_default=False)
    ] = False,
) -> None:
    """Add a role.

    \b
    Example:
      usercli role create admin --description "May do everything" --administrative
    """
    from usercli.schemas.roles import ROLE_FIELDS, RoleCreate

    output = Output(invocation.options, ROLE_FIELDS)
    from usercli.services import roles as service
    from usercli.services.last_administrator import sounds_administrative

    data = RoleCreate(name=name, description=description or "", administrative=administrative)
    change = service.create_role(data, invocation.changing())
    say_change(invocation, change, f"created the role {name}")
    output.role_change(change)
    if not administrative and sounds_administrative(name):
        warn_of_misleading_role(invocation, name)


@command
def update(
    invocation: Invocation,
    name: RoleArg,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    description: DescriptionOpt = None,
    administrative: Annotated[
        bool | None,
        typer.Option(
            "--administrative/--no-administrative",
            help="Its last holder cannot be removed, or can.",
            show_default=False,
        ),
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
) -> None:
    """Change a role; only what is named changes.

    \b
    Example:
      usercli role update editor --description "May write"
    """
    from usercli.schemas.roles import ROLE_FIELDS, RoleUpdate

    output = Output(invocation.options, ROLE_FIELDS)
    from usercli.services import roles as service

    given = {"name": new_name, "description": description, "administrative": administrative}
    data = RoleUpdate.model_validate({key: value for key, value in given.items() if value is not None})
    change = service.update_role(name, data, invocation.changing(), allow_no_admin=allow_no_admin)
    say_change(invocation, change, f"updated the role {name}")
    output.role_change(change)


@command
def delete(
    invocation: Invocation,
    name: RoleArg,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Revoke it from its holders first.", show_default=False)
    ] = False,
    allow_no_admin: AllowNoAdminOpt = False,
) -> None:
    """Remove a role; refused while somebody holds it, also in the recycle bin.

    \b
    Example:
      usercli role delete editor --revoke --yes
    """
    output = user_output(invocation)
    from usercli.services import roles as service

    if revoke:
        invocation.confirm(f"take the role {name} from all its holders and remove it")
    change = service.delete_role(name, invocation.changing(), revoke=revoke, allow_no_admin=allow_no_admin)
    taken = " and took it from" if change.users else ""
    show_change(invocation, output, change, f"deleted the role {name}{taken}")


@command
def grant(
    invocation: Invocation,
    name: RoleArg,
    selection: Selection = NO_SELECTION,
    continue_: ContinueOpt = False,
) -> None:
    """Give a role to users.

    \b
    Example:
      usercli role grant editor ada@example.com bob@example.com
    """
    output = user_output(invocation)
    from usercli.services import roles as service

    def operation(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
        return service.grant_role(name, keys, uow)

    apply_to_users(
        invocation,
        output,
        selection.keys(invocation, f"grant {name} to"),
        f"granted {name} to",
        operation,
        continue_,
    )
    warn_of_misleading_roles(invocation, [name])


@command
def revoke(
    invocation: Invocation,
    name: RoleArg,
    selection: Selection = NO_SELECTION,
    allow_no_admin: AllowNoAdminOpt = False,
    continue_: ContinueOpt = False,
) -> None:
    """Take a role from users.

    \b
    Example:
      usercli role revoke editor bob@example.com
    """
    output = user_output(invocation)
    from usercli.services import roles as service

    def operation(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
        return service.revoke_role(name, keys, uow, allow_no_admin=allow_no_admin)

    keys = selection.keys(invocation, f"revoke {name} from")
    apply_to_users(invocation, output, keys, f"revoked {name} from", operation, continue_)


for _name, _function in (
    ("list", list_roles),
    ("create", create),
    ("update", update),
    ("delete", delete),
    ("grant", grant),
    ("revoke", revoke),
):
    add_command(app, _function, _name)
