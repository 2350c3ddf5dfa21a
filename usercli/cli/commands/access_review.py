"""access-review export, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.error_text import file_name, name_file
from usercli.cli.global_options import command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import AllowNoAdminOpt, show_change, user_output
from usercli.cli.user_selection import change_limit
from usercli.errors import DoneInPart, InvalidInput
from usercli.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from usercli.schemas.access_review import Decision

_SHOWN = 20
_TABLE = ("email", "role", "administrative", "granted_at", "granted_by", "last_login_at", "is_active")

app = new_app("Review who holds which role.")


@app.callback()
@command
def access_review(invocation: Invocation) -> None:
    """Review who holds which role."""


@command
def export(
    invocation: Invocation,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="A new file (0600), .csv to be filled in; default, or -: stdout."),
    ] = None,
) -> None:
    """Write who holds which role, since when and by whose grant, with an empty column for the decision.

    A reviewer writes keep or revoke into it. Users in the recycle bin are left out.

    \b
    Examples:
      usercli access-review export review.csv
      usercli access-review export -o json
    """
    from usercli.cli.commands.export_users import default_format, named_file, write_output
    from usercli.cli.export_report import Counted
    from usercli.schemas.access_review import GRANT_FIELDS

    file = named_file(file)
    if file is not None:
        default_format(invocation, file)
    Output(invocation.options, GRANT_FIELDS)  # fails early on a wrong format or field
    from usercli.services import access_review as service

    grants = Counted(service.list_grants(invocation.reading()))

    def write(output: Output) -> int:
        output.many(grants, _TABLE if file is None else ())
        return grants.count

    try:
        write_output(invocation, GRANT_FIELDS, file, write, kind="grant", must_be_new=True)
    except FileExistsError:
        raise InvalidInput(f"{file} exists already, perhaps with decisions; name a new file") from None


@command
def apply(
    invocation: Invocation,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The export with decisions, .csv or .tsv; - is CSV from stdin.")
    ],
    max_changes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Refuse to change more users than that.")
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
) -> None:
    """Take the roles away that a review decided to revoke: in one transaction, undone as one change.

    Refused with 4 if a grant is not the one that was reviewed. Undecided ones stay, are named, and end
    the command with 7; decide them and apply the same file again.

    \b
    Examples:
      usercli access-review apply review.csv --dry-run
      usercli access-review apply review.csv --ticket AUDIT-7 --yes
    """
    output = user_output(invocation)
    decisions = _read(invocation, file)
    from usercli.services import access_review as service

    uow = invocation.changing(planned=True)
    revoked = service.still_to_revoke(decisions, invocation.reading())
    service.require_few_changes(revoked, change_limit(invocation, max_changes), uow)
    if revoked:
        users = len({item.user for item in revoked})
        invocation.confirm(f"revoke {counted(len(revoked), 'role')} of {counted(users, 'user')}")
    change = service.apply_review(decisions, uow, allow_no_admin=allow_no_admin)
    show_change(invocation, output, change, "revoked roles of")
    _require_decided(decisions)


def _read(invocation: Invocation, file: str) -> list[Decision]:
    from usercli.readers.access_review import BadReview, read_decisions
    from usercli.readers.text_source import open_source

    name = file_name(file)
    ending = "csv" if file == "-" else name.removesuffix(".gz").rpartition(".")[2].lower()
    if ending not in {"csv", "tsv"}:
        raise InvalidInput(f"a review is read as .csv or .tsv, not: {name}")
    with open_source(file) as source:
        try:
            return read_decisions(source, escaped=ending == "tsv")
        except BadReview as bad:
            for line, reason in bad.rows[:_SHOWN]:
                invocation.info(f"error: {name}:{line}: {reason}")
            raise
        except InvalidInput as error:
            name_file(error, file)
            raise


def _require_decided(decisions: Sequence[Decision]) -> None:
    lines = [str(item.line) for item in decisions if item.decision is None]
    if lines:
        more = ", ..." if len(lines) > _SHOWN else ""
        where = f"{'line' if len(lines) == 1 else 'lines'} {', '.join(lines[:_SHOWN])}{more}"
        raise DoneInPart(f"{counted(len(lines), 'grant')} undecided ({where}); decide and apply the file again")


for _name, _function in (("export", export), ("apply", apply)):
    add_command(app, _function, _name)
