"""history, changes, undo, purge."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.commands.audit import NO_EVENT_FILTERS, EventFilters
from usercli.cli.context import Invocation
from usercli.cli.global_options import command, reading_command
from usercli.cli.output.progress import watched
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import AllowNoAdminOpt, note_namesakes, show_change, user_output
from usercli.cli.user_arguments import UsersArg, is_list, parse_users
from usercli.errors import Conflict, InvalidInput
from usercli.text import visible
from usercli.times import parse_time, rfc3339

if TYPE_CHECKING:
    from usercli.services.undo_plan import UndoPlan

TABLE_LIMIT = 50
_SAMPLE = 10
#: So much of a UUIDv7 is its time.
_MILLISECOND = len("019ad4b2-6978")


@reading_command
def history(invocation: Invocation, users: UsersArg) -> None:
    """Show what happened to users, in the recycle bin or not: oldest first, with what each change set.

    \b
    Example:
      usercli history ada@example.com
    """
    from usercli.cli.output.history import lines
    from usercli.schemas.audit import EVENT_FIELDS

    output = Output(invocation.options, EVENT_FIELDS)
    from usercli.services import audit as service

    keys = parse_users(invocation, users)
    unreadable = service.UnreadableEvents()
    mapped = invocation.mapped_users
    found = service.histories(keys, invocation.reading(), unreadable, mapped.target_id if mapped else None)
    if mapped is None:
        note_namesakes(invocation, keys)
    if output.format != "table" or output.chosen:
        events = (event for _, some in found for event in some)
        output.many(events, ("seq", "at", "actor", "action", "outcome", "change_id"))
    elif len(users) == 1 and not is_list(users[0]):
        output.text(line for _, events in found for line in lines(events))
    else:
        output.text(line for key, events in found for line in (f"{visible(key.typed)}:\n", *lines(events)))
    unreadable.require_none()


@reading_command
def changes(
    invocation: Invocation,
    filters: EventFilters = NO_EVENT_FILTERS,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the N newest (a table: 50).")] = None,
) -> None:
    """List the commands that changed something, newest first; undo takes one back, audit log --change shows it.

    Here --actor, --reason and --ticket select: by whom, for what reason (a part of it), under which ticket.

    \b
    Examples:
      usercli changes --limit 5
      usercli changes --user ada@example.com --since 30d -o json
      usercli changes --actor eve --action user.deleted --since "2 weeks ago"
      usercli changes --ticket HR-12 -q
    """
    from usercli.schemas.audit import CHANGE_FIELDS

    output = Output(invocation.options, CHANGE_FIELDS)
    from usercli.services import audit as service

    if limit is None and output.format == "table":
        limit = TABLE_LIMIT
    unreadable = service.UnreadableEvents()
    criteria = filters.criteria(invocation)
    listed = service.list_changes(invocation.reading(), limit, unreadable, criteria)
    if output.format == "table" and not output.chosen and _is_narrow():
        rows = [view.model_dump(mode="json") for view in listed]
        if output.is_terminal:
            _shorten(rows)
        output.many(rows, ("change_id", "at", "actor", "summary"))
    else:
        output.many(listed, ("change_id", "at", "actor", "users", "summary"))
    unreadable.require_none()


def _is_narrow() -> bool:
    """There only the summary tells how many users, and an id is as long as it must be."""
    from usercli.cli.output.tables import width

    return width() < 100


def _shorten(rows: Sequence[dict[str, Any]]) -> None:
    """Cut the ids to the millisecond of the change, or further on where two are of the same."""
    ids = [row["change_id"] for row in rows]
    shortest = next(
        (size for size in range(_MILLISECOND, 36) if len({each[:size] for each in ids}) == len(ids)), 36
    )
    for row in rows:
        row["change_id"] = row["change_id"][:shortest]


@command
def undo(
    invocation: Invocation,
    change: Annotated[
        str | None,
        typer.Argument(
            metavar="[CHANGE]", help="The id of a change, or 8 digits of it or more; see usercli changes."
        ),
    ] = None,
    last: Annotated[
        bool,
        typer.Option("--last", help="The newest change that can be undone, by whomever.", show_default=False),
    ] = False,
    only_unchanged: Annotated[
        bool, typer.Option("--only-unchanged", help="Skip what somebody changed since.", show_default=False)
    ] = False,
    allow_no_admin: AllowNoAdminOpt = False,
) -> None:
    """Take a change back: every field that it set gets its former value, if nobody set it since.

    Shows the plan and asks first. An undo is a change and can be undone. A password cannot.

    --last takes the newest change that is no undo, and was not undone: repeated, it goes further back. Where a
    newer one cannot be undone, as a password, it says so and asks, and with --yes refuses.

    \b
    Examples:
      usercli undo --last
      usercli undo $(usercli changes --limit 1 -q) --dry-run
      usercli undo $(usercli changes --limit 1 -q) --yes
    """
    output = user_output(invocation)
    require_one_change(change, last=last)
    from usercli.services.undo import undo_change

    uow = invocation.changing(planned=True)
    in_full = invocation.is_to_confirm
    plan = _plan_last(invocation, in_full) if change is None else _plan(invocation, change, in_full)
    show = partial(show_plan, invocation, only_unchanged=only_unchanged)
    if plan.is_whole:
        show(plan)
    if plan.steps and (only_unchanged or not plan.conflicts):
        invocation.confirm(f"undo the change {plan.change_id}")
    invocation.require_unprotected()
    with watched(invocation, uow, "writing users"):
        done = undo_change(
            plan.change_id,
            uow,
            only_unchanged=only_unchanged,
            allow_no_admin=allow_no_admin,
            on_plan=None if plan.is_whole else show,
        )
    show_change(invocation, output, done, f"undid the change {plan.change_id}:")


def require_one_change(change: str | None, *, last: bool) -> None:
    """Raise InvalidInput unless a change is named, or the newest one asked for."""
    if change is None and not last:
        raise InvalidInput("name a change (see: usercli changes), or the newest one with --last")
    if last and change is not None:
        raise InvalidInput("name a change, or add --last, not both")
    if change == "last":
        raise InvalidInput("last is the id of no change; for the newest one add --last instead")


def _plan(invocation: Invocation, change: str, in_full: bool) -> UndoPlan:
    from usercli.services.audit import find_change
    from usercli.services.undo import plan_undo

    change_id, uow = find_change(change, invocation.reading(), done=True), invocation.reading()
    with watched(invocation, uow, "reading the change"):
        return plan_undo(change_id, uow, in_full=in_full)


def _plan_last(invocation: Invocation, in_full: bool) -> UndoPlan:
    """The plan of the newest change that can be undone; says which that is, and what was passed over."""
    from usercli.schemas.audit import EventCriteria
    from usercli.services.audit import UnreadableEvents, list_changes
    from usercli.services.undo import plan_last

    uow = invocation.reading()
    with watched(invocation, uow, "reading the change"):
        plan, passed = plan_last(uow, in_full=in_full)
    tell_passed_over(invocation, plan, passed)
    found = list_changes(invocation.reading(), 1, UnreadableEvents(), EventCriteria(change_id=plan.change_id))
    for view in found:
        by = f" by {view.actor}" if view.actor else ""
        invocation.info(f"the last change: {plan.change_id} of {rfc3339(view.at)}{by}: {view.summary}")
    return plan


def tell_passed_over(invocation: Invocation, plan: UndoPlan, passed: Sequence[str]) -> None:
    """Name the newer changes that cannot be undone. Raises Conflict with --yes: nobody would look at the other."""
    for why in passed[:_SAMPLE]:
        invocation.info(f"note: passed over {why}")
    if len(passed) > _SAMPLE:
        invocation.info(f"note: passed over {len(passed) - _SAMPLE:,} more")
    if passed and invocation.options.yes and not invocation.dry_run:
        raise Conflict(
            f"the newest change cannot be undone; nothing was changed; for the one before it run: "
            f"usercli undo {plan.change_id}"
        )


def show_plan(invocation: Invocation, plan: UndoPlan, *, only_unchanged: bool) -> None:
    """Say what an undo does, and what it leaves as it is."""
    for line in plan.steps.first:
        invocation.info(f"plan: {line}")
    if more := plan.steps.more():
        invocation.info(f"plan: and {more:,} more")
    for email in plan.passwords.first:
        invocation.warn(f"the password of {email} cannot be undone; use: usercli password reset {email}")
    if more := plan.passwords.more():
        invocation.warn(f"nor can the passwords of {more:,} more")
    if not only_unchanged:
        return
    for conflict in plan.conflicts.first:
        invocation.warn(f"left as it is, changed since: {conflict}")
    if more := plan.conflicts.more():
        invocation.warn(f"left as they are, changed since: {more:,} more")


@command
def purge(
    invocation: Invocation,
    deleted_before: Annotated[
        str, typer.Option(metavar="TIME", help="Users moved to the recycle bin before then (30d: 30 days ago).")
    ],
    confirm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name of the database (SQLite: of the file).")
    ] = None,
) -> None:
    """Remove for good the users that have been in the recycle bin for long; for cron.

    \b
    Example:
      usercli purge --deleted-before 30d --confirm usercli.db
    """
    output = user_output(invocation)
    from usercli.services import privacy as service

    cutoff = parse_time(deleted_before, relative_to="past")
    number = service.count_deleted(cutoff, invocation.reading())
    if number:
        invocation.require_typed(
            [invocation.target.url.name],
            f"purging {number:,} users from the recycle bin cannot be undone",
            "--confirm",
            given=[confirm or ""],
        )
    uow = invocation.changing()
    with watched(invocation, uow, "removing users"):
        change = service.purge_deleted(cutoff, uow, number)
    show_change(invocation, output, change, f"purged {change.changed:,} users from the recycle bin")


def require_email(invocation: Invocation, email: str, confirmed: str | None, what: str) -> None:
    """What cannot be undone wants the email once more, as an option or typed."""
    from usercli.emails import email_key

    try:
        given = confirmed is not None and email_key(confirmed) == email_key(email)
    except InvalidInput:
        given = False
    invocation.require_typed([email], what, "--confirm", given=[email] if given else [])
