"""privacy export, erase."""

from __future__ import annotations

from typing import Annotated

import typer

from usercli.cli.commands.changes import require_email
from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import (
    AllowNoAdminOpt,
    note_namesakes,
    print_related,
    show_change,
    user_output,
    warn_of_times,
)
from usercli.cli.user_arguments import parse_user

UserArg = Annotated[str, typer.Argument(metavar="USER", help="An id or email, in the recycle bin or not.")]

app = new_app("Export a person's data, or erase a person.")


@app.callback()
@command
def privacy(invocation: Invocation) -> None:
    """Export a person's data, or erase a person."""


@command
def export(invocation: Invocation, user: UserArg) -> None:
    """Print everything that the database holds on a person, as JSON.

    The user, roles, history, and the rows of other tables that refer to the user by a foreign key, or to rows
    that would go with the user.

    \b
    Example:
      usercli privacy export ada@example.com > ada.json
    """
    if invocation.options.output is None:
        invocation.options.output = "json"
    from usercli.cli.export_report import report_export
    from usercli.schemas.privacy import PERSON_FIELDS
    from usercli.schemas.stored_times import UnreadableTimes

    output = Output(invocation.options, PERSON_FIELDS)
    from usercli.services import privacy as service
    from usercli.services.audit import UnreadableEvents

    key = parse_user(invocation, user)
    unreadable = UnreadableEvents()
    columns = invocation.settings.target.url.user_columns
    person = service.export_person(key, invocation.reading(), unreadable, columns=columns)
    note_namesakes(invocation, [key])
    output.document(person.model_dump(mode="json"))
    report_export(invocation, output, 1)
    times = UnreadableTimes()
    times.note(person.user.unreadable_times)
    warn_of_times(invocation, times)
    unreadable.require_none()


@command
def erase(
    invocation: Invocation,
    user: UserArg,
    confirm: Annotated[str | None, typer.Option(metavar="EMAIL", help="The email once more.")] = None,
    anonymise: Annotated[
        bool,
        typer.Option("--anonymise", help="Keep an empty row that others refer to.", show_default=False),
    ] = False,
    also_named: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another name of this person in the log, as an operator; repeat it."),
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
) -> None:
    """Erase a person for good, from the tables and from the audit log; the log stays verifiable.

    Says for each table how many rows go, stay without the reference, or block.

    \b
    Examples:
      usercli privacy erase ada@example.com --dry-run
      usercli privacy erase ada@example.com --confirm ada@example.com
    """
    output = user_output(invocation)
    from usercli.services import privacy as service

    key = parse_user(invocation, user)
    found, erasure_effects = service.erasure_effects(key, invocation.reading())
    print_related(invocation, erasure_effects)
    require_email(invocation, found.email, confirm, f"erasing {found.email} cannot be undone")
    change = service.erase_person(
        key,
        invocation.changing(),
        anonymise=anonymise,
        aliases=also_named or (),
        columns=invocation.settings.target.url.user_columns,
        allow_no_admin=allow_no_admin,
    )
    show_change(invocation, output, change, f"erased id:{found.id}")


for _name, _function in (("export", export), ("erase", erase)):
    add_command(app, _function, _name)
