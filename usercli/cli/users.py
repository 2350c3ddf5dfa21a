"""create, list, show, update, delete, restore, exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.invocation import Invocation
from usercli.cli.options import command
from usercli.cli.output import Output
from usercli.errors import DoneInPart, InvalidInput
from usercli.times import parse_expiry

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork
    from usercli.schemas.users import Change, UserKey

UsersArg = Annotated[
    list[str], typer.Argument(metavar="USER...", help="Ids or emails; id: and email: force the kind.")
]
AttributeOpt = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="KEY=VALUE", help="Set an attribute to a text; repeat it."),
]
AttributeJsonOpt = Annotated[
    list[str] | None,
    typer.Option("--attribute-json", metavar="KEY=JSON", help="Set an attribute to a JSON value; repeat it."),
]
ExpiresOpt = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help="When it ends: 30d, 12h, a date, an RFC 3339 time, never."),
]
NameOpt = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="The full name.")]
ContinueOpt = Annotated[
    bool,
    typer.Option("--continue", help="Do each user on its own; exit with 7 if some failed.", show_default=False),
]
ActiveOpt = Annotated[
    bool | None, typer.Option("--active/--inactive", help="May sign in, or not.", show_default=False)
]
TABLE_LIMIT = 50


@command
def create(
    invocation: Invocation,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address, kept as typed.")],
    name: NameOpt = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="May not sign in yet.", show_default=False)] = False,
    expires: ExpiresOpt = None,
    attribute: AttributeOpt = None,
    attribute_json: AttributeJsonOpt = None,
    no_password: Annotated[
        bool,
        typer.Option("--no-password", help="Without a password: nobody can sign in yet.", show_default=False),
    ] = False,
    if_not_exists: Annotated[
        bool, typer.Option("--if-not-exists", help="Be content if the user is there.", show_default=False)
    ] = False,
) -> None:
    """Add a user.

    \b
    Examples:
      usercli create ada@example.com --name "Ada Lovelace" --no-password
      usercli create temp@example.com --expires 30d --attribute team=blue --no-password
    """
    output = _user_output(invocation)
    if not no_password:
        raise InvalidInput("a password cannot be given yet; add --no-password")
    from usercli.schemas.users import UserCreate
    from usercli.services import users as service

    data = UserCreate.model_validate(
        {
            "email": email,
            "full_name": name or "",
            "is_active": not inactive,
            "expires_at": parse_expiry(expires) if expires else None,
            "attributes": _attributes(attribute, attribute_json),
        },
        context=_context(invocation),
    )
    change = service.create_user(data, invocation.changing(), if_not_exists=if_not_exists)
    _show_change(invocation, output, change, "created")


@command
def list_users(
    invocation: Invocation,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Only users who may, or may not, sign in.", show_default=False),
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Only users in the bin.", show_default=False)] = False,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only emails and names that hold this text."),
    ] = None,
    created_after: Annotated[
        str | None,
        typer.Option("--created-after", metavar="TIME", help="Only users made then or later (30d: ago)."),
    ] = None,
    created_before: Annotated[
        str | None, typer.Option("--created-before", metavar="TIME", help="Only users made before then.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="KEY=VALUE", help="Only users with this attribute; repeat it."),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option("--match", metavar="KEY=VALUE", help="A filter by its name, as in active=true; repeat it."),
    ] = None,
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
    count: Annotated[bool, typer.Option("--count", help="Only say how many.", show_default=False)] = False,
) -> None:
    """List users.

    \b
    Examples:
      usercli list --active --sort -created_at
      usercli list --search lovelace -o json
      usercli list --where team=blue --count
    """
    output = _user_output(invocation)
    from usercli.cli.filters import criteria_of
    from usercli.services import users as service

    criteria = criteria_of(
        match or [],
        active=active,
        deleted=deleted or None,
        search=search,
        created_after=created_after,
        created_before=created_before,
        where=where,
    )
    if count:
        output.count(service.count_users(criteria, invocation.reading()))
        return
    if limit is None and output.format == "table":
        limit = TABLE_LIMIT
    page = service.Listing(criteria, invocation.reading(), sort=sort, limit=limit, after=after)
    output.many(page, table_fields(output))
    if page.next is not None and page.total is not None:
        invocation.say(f"{page.shown:,} of {page.total:,} shown; next: --after {page.next}")


@command
def show(
    invocation: Invocation,
    users: UsersArg,
    deleted: Annotated[bool, typer.Option("--deleted", help="Look in the bin.", show_default=False)] = False,
) -> None:
    """Show users, every field; one USER gives an object, several an array.

    \b
    Examples:
      usercli show ada@example.com
      usercli show ada@example.com bob@example.com -o json --fields id,email
    """
    output = _user_output(invocation)
    from usercli.services import users as service

    found = service.show_users(_keys(users), invocation.reading(), deleted=deleted)
    if len(users) == 1:
        output.one(found[0])
    else:
        output.many(found, table_fields(output))


@command
def update(
    invocation: Invocation,
    users: UsersArg,
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
        typer.Option("--unset-attribute", metavar="KEY", help="Take an attribute away; repeat it."),
    ] = None,
    if_version: Annotated[
        int | None,
        typer.Option("--if-version", metavar="N", min=1, help="Only if nobody changed it since version N."),
    ] = None,
    continue_: ContinueOpt = False,
) -> None:
    """Change fields of users; only those that are named change.

    \b
    Examples:
      usercli update ada@example.com --name "Ada King" --attribute team=red
      usercli update ada@example.com bob@example.com --inactive
      usercli update ada@example.com --expires never --if-version 3
    """
    output = _user_output(invocation)
    from usercli.schemas.users import UserUpdate
    from usercli.services import users as service

    given: dict[str, Any] = {
        "email": email,
        "full_name": name,
        "is_active": active,
        "if_version": if_version,
        "set_attributes": _attributes(attribute, attribute_json) or None,
        "unset_attributes": unset_attribute,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if expires:
        given["expires_at"] = parse_expiry(expires)
    data = UserUpdate.model_validate(given, context=_context(invocation))
    _on_users(
        invocation,
        output,
        users,
        "updated",
        lambda keys, uow: service.update_users(keys, data, uow),
        continue_,
    )


@command
def delete(
    invocation: Invocation,
    users: UsersArg,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove for good, from the bin as well.", show_default=False)
    ] = False,
    confirm: Annotated[
        list[str] | None,
        typer.Option("--confirm", metavar="EMAIL", help="With --purge: the email once more; repeat it."),
    ] = None,
    continue_: ContinueOpt = False,
) -> None:
    """Move users to the bin (restore brings them back), or remove them for good.

    \b
    Examples:
      usercli delete bob@example.com --yes
      usercli delete bob@example.com --purge --confirm bob@example.com
    """
    output = _user_output(invocation)
    from usercli.services import users as service

    keys = _keys(users)
    if purge:
        wanted = [user.email for user in service.find_anywhere(keys, invocation.reading())]
        _require_emails(invocation, wanted, confirm or [])
        _on_users(invocation, output, users, "purged", service.purge_users, continue_)
        return
    if confirm:
        raise InvalidInput("--confirm goes with --purge; to confirm moving to the bin add --yes")
    if not (invocation.options.yes or invocation.dry_run) and not continue_:
        service.show_users(keys, invocation.reading())  # a wrong name shows before the question
    invocation.confirm(f"move {_named(users)} to the bin")
    _on_users(invocation, output, users, "deleted", service.delete_users, continue_)


@command
def restore(invocation: Invocation, users: UsersArg, continue_: ContinueOpt = False) -> None:
    """Bring users back from the bin, as active as they were.

    \b
    Example:
      usercli restore bob@example.com
    """
    output = _user_output(invocation)
    from usercli.services import users as service

    _on_users(invocation, output, users, "restored", service.restore_users, continue_)


@command
def exists(invocation: Invocation, users: UsersArg) -> int:
    """Exit with 0 if all users exist, else with 8; print nothing.

    \b
    Example:
      usercli exists ada@example.com && echo there
    """
    from usercli.errors import ExitCode
    from usercli.services import users as service

    return ExitCode.OK if service.all_exist(_keys(users), invocation.reading()) else ExitCode.NO


def table_fields(output: Output) -> Sequence[str]:
    """The fields that fit the terminal."""
    if output.format != "table":
        return ()
    from usercli.cli.tables import width

    if width() >= 160:
        return ("id", "email", "full_name", "is_active", "roles", "last_login_at", "expires_at", "created_at")
    if width() >= 110:
        return ("email", "full_name", "is_active", "roles", "last_login_at", "created_at")
    return ("email", "full_name", "is_active", "roles")


def _on_users(
    invocation: Invocation,
    output: Output,
    users: Sequence[str],
    verb: str,
    operation: Callable[[Sequence[UserKey], UnitOfWork], Change],
    each: bool,
) -> None:
    """Do it to all or none, or to each on its own, then show what was done."""
    uow = invocation.changing()
    keys = _keys(users)
    if not each:
        _show_change(invocation, output, operation(keys, uow), verb)
        return
    from usercli.services.users import one_by_one

    change, errors = one_by_one(keys, lambda some: operation(some, uow), dry_run=uow.dry_run)
    _show_change(invocation, output, change, verb)
    for error in errors:
        invocation.say(f"error: {error.message}")
    if errors and len(errors) == len(keys):
        raise typer.Exit(code=int(errors[0].exit_code))
    if errors:
        raise DoneInPart(f"{len(errors)} of {len(keys)} failed")


def _show_change(invocation: Invocation, output: Output, change: Change, verb: str) -> None:
    if change.changed or not change.failed:
        invocation.done(verb, [user.email for user in change.users] if change.changed else [])
    output.change(change, table_fields(output))


def _require_emails(invocation: Invocation, wanted: Sequence[str], confirmed: Sequence[str]) -> None:
    from usercli.emails import email_key

    keys = {email_key(email) for email in confirmed}
    missing = [email for email in wanted if email_key(email) not in keys]
    invocation.require_typed(missing, f"purging {_named(wanted)} cannot be undone", "--confirm", given=[])


def _named(users: Sequence[str]) -> str:
    return (
        users[0]
        if len(users) == 1
        else f"{len(users)} users ({', '.join(users[:3])}{', ...' if len(users) > 3 else ''})"
    )


def _keys(users: Sequence[str]) -> list[UserKey]:
    from usercli.schemas.users import UserKey

    return [UserKey.parse(user) for user in users]


def _user_output(invocation: Invocation) -> Output:
    from usercli.schemas.users import USER_FIELDS

    return Output(invocation.options, USER_FIELDS)


def _context(invocation: Invocation) -> dict[str, Any]:
    return {"special_use_domains": invocation.settings.special_use_domains}


def _attributes(texts: Sequence[str] | None, values: Sequence[str] | None) -> dict[str, Any]:
    """`k=v` as text and `k=JSON` as JSON; a key given twice is a mistake. Raises InvalidInput."""
    import json

    found: dict[str, Any] = {}
    for option, given in (("--attribute", texts or ()), ("--attribute-json", values or ())):
        for item in given:
            key, equals, value = item.partition("=")
            if not (key and equals):
                raise InvalidInput(f"{option} wants KEY=VALUE, not: {item}")
            if key in found:
                raise InvalidInput(f"the attribute {key} is given twice")
            if option == "--attribute":
                found[key] = value
                continue
            try:
                found[key] = json.loads(value)
            except ValueError:
                raise InvalidInput(
                    f"--attribute-json {key}= wants a JSON value (a text stands in quotes)"
                ) from None
    return found
