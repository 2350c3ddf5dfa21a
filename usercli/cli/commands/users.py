"""create, list, show, update, delete, restore, activate, deactivate, exists."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.attribute_options import AttributeJsonOpt, AttributeOpt, attribute_name, attributes_of
from usercli.cli.context import Invocation
from usercli.cli.global_options import command, reading_command
from usercli.cli.lazy_group import flag
from usercli.cli.password_input import NO_SECRET, SecretDelivery, SecretSource
from usercli.cli.user_actions import (
    AllowNoAdminOpt,
    ContinueOpt,
    apply_to_users,
    print_related,
    print_users,
    show_change,
    summarize_users,
    user_output,
    warn_of_expired,
    warn_of_misleading_roles,
)
from usercli.cli.user_arguments import UsersArg, is_list, parse_users
from usercli.cli.user_count import print_count, require_whole_count
from usercli.cli.user_filters import NO_FILTERS, Filters
from usercli.cli.user_selection import NO_SELECTION, Selection
from usercli.errors import InvalidInput
from usercli.text import count_of_fitting, visible
from usercli.times import parse_expiry

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork
    from usercli.schemas.users import Change, UserKey, UserView

ExpiresOpt = Annotated[
    str | None,
    typer.Option(
        "--expires", metavar="TIME", help="When the account expires: 30d, 12h, a date, an RFC 3339 time, never."
    ),
]
NameOpt = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="The full name.")]
ActiveOpt = Annotated[bool | None, flag("--active/--inactive", "May sign in, or not.")]
TABLE_LIMIT = 50


@command
def create(
    invocation: Invocation,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address, kept as typed.")],
    name: NameOpt = None,
    inactive: Annotated[bool, flag("--inactive", "May not sign in yet.")] = False,
    expires: ExpiresOpt = None,
    attribute: AttributeOpt = None,
    attribute_json: AttributeJsonOpt = None,
    role: Annotated[list[str] | None, typer.Option(metavar="ROLE", help="Grant this role; repeat it.")] = None,
    must_change: Annotated[bool, flag("--must-change", "Require a new password at the first sign-in.")] = False,
    secret: SecretSource = NO_SECRET,
    if_not_exists: Annotated[bool, flag("--if-not-exists", "Succeed without a change if the user exists.")] = False,
) -> None:
    """Add a user. Asks for a password on a terminal, unless told where it comes from.

    \b
    Examples:
      usercli create ada@example.com --name "Ada Lovelace" --no-password
      usercli create bob@example.com --generate --secret-out bob.csv
      usercli create temp@example.com --expires 30d --no-password
    """
    output = user_output(invocation)
    secret.require_one(invocation)
    from usercli.schemas.users import UserCreate
    from usercli.services import users as service

    data = UserCreate.model_validate(
        {
            "email": email,
            "full_name": name or "",
            "is_active": not inactive,
            "must_change_password": must_change,
            "expires_at": parse_expiry(expires) if expires is not None else None,
            "attributes": attributes_of(attribute, attribute_json),
            "roles": tuple(role or ()),
        },
        context=_context(invocation),
    )
    uow = invocation.changing()
    if secret.is_asked and (there := service.require_new(data, uow, if_not_exists=if_not_exists)):
        show_change(invocation, output, there, "created")
        return
    password = secret.read(invocation)
    new_password = secret.new_password(invocation, password)
    with SecretDelivery(invocation, secret.secret_out) as out:

        def deliver(user: UserView) -> None:
            if secret.generate and password is not None:
                out.deliver([(user.email, password)])

        change = service.create_user(
            data, uow, new_password=new_password, if_not_exists=if_not_exists, on_created=deliver
        )
    show_change(invocation, output, change, "created")
    warn_of_misleading_roles(invocation, role or ())


@reading_command
def list_users(
    invocation: Invocation,
    filters: Filters = NO_FILTERS,
    sort: Annotated[
        str, typer.Option("--sort", metavar="FIELD", help="Order by this field; -FIELD descends.")
    ] = "created_at",
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="Stop after N users (a table stops at 50)."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="CURSOR", help="Go on after the page that printed this cursor."),
    ] = None,
    count: Annotated[bool, flag("--count", "Only say how many.")] = False,
    estimate: Annotated[bool, flag("--estimate", "With --count: about how many, without counting.")] = False,
) -> None:
    """List users.

    \b
    Examples:
      usercli list --active --sort -created_at
      usercli list --search lovelace -o json
      usercli list --where team=blue --count
    """
    if estimate and not count:
        raise InvalidInput("--estimate goes with --count")
    if count:
        require_whole_count(invocation, limit, after)
        print_count(invocation, filters.criteria(), estimate=estimate)
        return
    if (mapped := invocation.mapped_users) is not None:
        from usercli.cli import mapped_commands as on_theirs

        on_theirs.list_users(invocation, mapped, filters.criteria(), sort, limit, after)
        return
    columns = invocation.settings.target.url.user_columns
    output = user_output(invocation, *["extra"] * bool(columns))
    from usercli.services import users as service
    from usercli.services.related_rows import with_columns

    criteria = filters.criteria()
    limit = TABLE_LIMIT if limit is None and output.format == "table" else limit
    page = service.Listing(criteria, uow := invocation.reading(), sort=sort, limit=limit, after=after, count=True)
    print_users(invocation, output, with_columns(page, uow, columns))
    if page.next is not None and page.total is not None:
        invocation.info(f"{page.shown:,} of {count_of_fitting(page.total)} shown; next: --after {page.next}")


@reading_command
def show(
    invocation: Invocation,
    users: UsersArg,
    deleted: Annotated[bool, flag("--deleted", "Look in the recycle bin.")] = False,
    related: Annotated[bool, flag("--related", "Count the rows of other tables that refer to them.")] = False,
) -> None:
    """Show users, every field; one USER gives an object, several an array.

    With --related one more field: for each table that refers to users the number of rows, by what becomes of
    them when the user goes for good: they go, stay (without the reference) or block.

    \b
    Examples:
      usercli show ada@example.com
      usercli show ada@example.com bob@example.com -o json --fields id,email
      usercli show ada@example.com --related -o json
    """
    is_single = len(users) == 1 and not is_list(users[0])
    if (mapped := invocation.mapped_users) is not None:
        from usercli.cli import mapped_commands as on_theirs

        keys = parse_users(invocation, users)
        on_theirs.show(invocation, mapped, keys, single=is_single, related=related, deleted=deleted)
        return
    columns = invocation.settings.target.url.user_columns
    output = user_output(invocation, *["related"] * related, *["extra"] * bool(columns))
    from usercli.services import users as service

    keys = parse_users(invocation, users)
    found = service.show_users(keys, invocation.reading(), deleted=deleted, related=related, columns=columns)
    print_users(invocation, output, found, single=is_single)


@command
def update(
    invocation: Invocation,
    selection: Selection = NO_SELECTION,
    email: Annotated[
        str | None, typer.Option("--email", metavar="EMAIL", help="A new address (one USER only).")
    ] = None,
    name: NameOpt = None,
    active: ActiveOpt = None,
    expires: ExpiresOpt = None,
    attribute: AttributeOpt = None,
    attribute_json: AttributeJsonOpt = None,
    unset_attribute: Annotated[
        list[str] | None,
        typer.Option("--unset-attribute", metavar="KEY", help="Remove an attribute; repeat it."),
    ] = None,
    add_role: Annotated[list[str] | None, typer.Option(metavar="ROLE", help="Grant this role; repeat it.")] = None,
    remove_role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="Revoke this role; repeat it.")
    ] = None,
    must_change: Annotated[
        bool | None, flag("--must-change/--no-must-change", "Require a new password at the next sign-in, or not.")
    ] = None,
    if_version: Annotated[
        int | None,
        typer.Option("--if-version", metavar="N", min=1, help="Only if nobody changed it since version N."),
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
    continue_: ContinueOpt = False,
) -> None:
    """Change fields of users; only those that are named change.

    \b
    Examples:
      usercli update ada@example.com --name "Ada King" --attribute team=red
      usercli update ada@example.com bob@example.com --inactive
      usercli update ada@example.com --expires never --if-version 3
      usercli update --match role=editor --inactive --max-changes 50 --yes
    """
    output = user_output(invocation)
    selection.require_one_way()
    from usercli.schemas.users import UserUpdate
    from usercli.services import users as service

    given: dict[str, Any] = {
        "email": email,
        "full_name": name,
        "is_active": active,
        "if_version": if_version,
        "set_attributes": attributes_of(attribute, attribute_json) or None,
        "unset_attributes": unset_attribute and list(map(attribute_name, unset_attribute)),
        "add_roles": add_role,
        "remove_roles": remove_role,
        "must_change_password": must_change,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if expires is not None:
        given["expires_at"] = parse_expiry(expires)
    data = UserUpdate.model_validate(given, context=_context(invocation))
    apply_to_users(
        invocation,
        output,
        selection.keys(invocation, "update"),
        "updated",
        lambda keys, uow: service.update_users(keys, data, uow, allow_no_admin=allow_no_admin),
        continue_,
    )
    warn_of_misleading_roles(invocation, add_role or ())


@command
def delete(
    invocation: Invocation,
    selection: Selection = NO_SELECTION,
    purge: Annotated[bool, flag("--purge", "Remove for good, from the recycle bin as well.")] = False,
    confirm: Annotated[
        list[str] | None,
        typer.Option("--confirm", metavar="EMAIL", help="With --purge: the email once more; repeat it."),
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
    continue_: ContinueOpt = False,
) -> None:
    """Move users to the recycle bin (restore brings them back), or remove them permanently.

    \b
    Examples:
      usercli delete bob@example.com --yes
      usercli delete bob@example.com --purge --confirm bob@example.com
    """
    output = user_output(invocation)
    from usercli.services import users as service

    if confirm and not purge:
        raise InvalidInput("--confirm requires --purge; to confirm a move to the recycle bin add --yes")
    keys = selection.keys(invocation, "delete", asked=True)
    if purge:
        _confirm_purge(invocation, keys, confirm or [], each=continue_)
        purge_all = partial(service.purge_users, allow_no_admin=allow_no_admin)
        apply_to_users(invocation, output, keys, "purged", purge_all, continue_)
        return
    if selection.users and invocation.is_to_confirm and not continue_:
        service.show_users(keys, invocation.reading())  # a wrong name shows before the question
    if keys:
        invocation.confirm(f"move {summarize_users(keys)} to the recycle bin")
    delete_all = partial(service.delete_users, allow_no_admin=allow_no_admin)
    apply_to_users(invocation, output, keys, "deleted", delete_all, continue_)


@command
def restore(invocation: Invocation, users: UsersArg, continue_: ContinueOpt = False) -> None:
    """Bring users back from the recycle bin, as active as they were.

    \b
    Example:
      usercli restore bob@example.com
    """
    output = user_output(invocation)
    from usercli.services import users as service

    keys = parse_users(invocation, users)
    apply_to_users(invocation, output, keys, "restored", service.restore_users, continue_)


@command
def activate(invocation: Invocation, selection: Selection = NO_SELECTION, continue_: ContinueOpt = False) -> None:
    """Let users sign in again.

    \b
    Example:
      usercli activate ada@example.com
    """
    output = user_output(invocation)
    from usercli.services import users as service

    def operation(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
        change = service.set_active(keys, True, uow)
        warn_of_expired(invocation, change.users)
        return change

    apply_to_users(invocation, output, selection.keys(invocation, "activate"), "activated", operation, continue_)


@command
def deactivate(
    invocation: Invocation,
    selection: Selection = NO_SELECTION,
    allow_no_admin: AllowNoAdminOpt = False,
    continue_: ContinueOpt = False,
) -> None:
    """Keep users from signing in; nothing else of them changes.

    \b
    Example:
      usercli deactivate bob@example.com --reason "on leave"
    """
    output = user_output(invocation)
    from usercli.services import users as service

    def operation(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
        return service.set_active(keys, False, uow, allow_no_admin=allow_no_admin)

    apply_to_users(
        invocation, output, selection.keys(invocation, "deactivate"), "deactivated", operation, continue_
    )


@command
def exists(invocation: Invocation, users: UsersArg) -> int:
    """Exit with 0 if all users exist, else with 8; print nothing.

    \b
    Example:
      usercli exists ada@example.com && echo there
    """
    from usercli.errors import ExitCode
    from usercli.services import users as service

    keys = parse_users(invocation, users)
    if (mapped := invocation.mapped_users) is not None:
        return ExitCode.OK if mapped.all_exist(keys) else ExitCode.NO
    return ExitCode.OK if service.all_exist(keys, invocation.reading()) else ExitCode.NO


def _confirm_purge(
    invocation: Invocation, keys: Sequence[UserKey], confirmed: Sequence[str], *, each: bool
) -> None:
    """Say what goes along, and want every email once more; where rows forbid it, the refusal names those."""
    from usercli.services.purge_preview import preview_purge

    preview = preview_purge(keys, invocation.reading(), each=each)
    if not preview.is_blocked:
        print_related(invocation, preview.related)
    _require_emails(invocation, [user.email for user in preview.users], confirmed)


def _require_emails(invocation: Invocation, wanted: Sequence[str], confirmed: Sequence[str]) -> None:
    from usercli.schemas.users import lookup_key

    given = {lookup_key(email) for email in confirmed}  # a hostile one, from elsewhere, as it is shown
    missing = [email for email in wanted if given.isdisjoint({lookup_key(email), visible(email)})]
    invocation.require_typed(missing, f"purging {summarize_users(wanted)} cannot be undone", "--confirm", given=[])


def _context(invocation: Invocation) -> dict[str, Any]:
    return {"special_use_domains": invocation.settings.special_use_domains}
