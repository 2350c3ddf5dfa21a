"""audit log, verify, checkpoint, export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command, reading_command
from usercli.cli.lazy_group import add_command, new_app
from usercli.cli.output.progress import watched
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import note_namesakes
from usercli.cli.user_arguments import parse_user
from usercli.errors import InvalidInput
from usercli.text import count_of_fitting
from usercli.times import parse_time

if TYPE_CHECKING:
    from usercli.schemas.audit import EventCriteria

TABLE_LIMIT = 50
TABLE_FIELDS = ("seq", "at", "actor", "action", "outcome", "target_email")

app = new_app("Read, verify and export the audit log.")


@app.callback()
@command
def audit(invocation: Invocation) -> None:
    """Read, verify and export the audit log."""


@dataclass(frozen=True)
class EventFilters:
    """The options that say which events."""

    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Only what this actor did.")] = None
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="Only this action, or its group: password, user.deleted.")
    ] = None
    user: Annotated[str | None, typer.Option(metavar="USER", help="Only what happened to this user.")] = None
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only events from this time on (30d: 30 days ago).")
    ] = None
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only events before this time.")] = None

    def criteria(self, invocation: Invocation, **more: Any) -> EventCriteria:
        """What these options say, and more criteria. Raises InvalidInput, UserNotFound, Ambiguous."""
        from usercli.schemas.audit import EventCriteria

        given = invocation.options
        for option, value in (
            ("--by", self.by),
            ("--action", self.action),
            ("--reason", given.reason),
            ("--ticket", given.ticket),
        ):
            if value == "":
                raise InvalidInput(f"{option} is empty; leave it out to see all events")
        if self.by and given.actor and self.by != given.actor:
            raise InvalidInput("--by and --actor name two actors")
        found = EventCriteria(
            actor=self.by or given.actor,
            action=self.action,
            reason=given.reason,
            ticket=given.ticket,
            target_id=_target_id(invocation, self.user) if self.user is not None else None,
            after=parse_time(self.since, relative_to="past") if self.since is not None else None,
            before=parse_time(self.until, relative_to="past") if self.until is not None else None,
            **more,
        )
        if found.after is not None and found.before is not None and found.after >= found.before:
            raise InvalidInput("--since is not before --until: no event can match")
        return found


NO_EVENT_FILTERS = EventFilters()


def _target_id(invocation: Invocation, user: str) -> UUID | int:
    from usercli.services.users import find_including_deleted

    target = parse_user(invocation, user)
    if target.id is not None:
        return target.id
    if (mapped := invocation.mapped_users) is not None:
        return mapped.show([target])[0].id
    [found] = find_including_deleted([target], invocation.reading(), live_first=True)
    note_namesakes(invocation, [target])
    return found.id


@reading_command
def log(
    invocation: Invocation,
    filters: EventFilters = NO_EVENT_FILTERS,
    change: Annotated[
        str | None, typer.Option(metavar="ID", help="Only what this change did; 8 digits of its id will do.")
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Only what was refused or failed.", show_default=False)
    ] = False,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the N newest (a table: 50).")] = None,
) -> None:
    """List events, oldest first: who did what to whom, when, from where and why.

    Here --actor, --reason and --ticket select: by whom, for what reason (a part of it), under which ticket.

    \b
    Examples:
      usercli audit log --since 1d
      usercli audit log --user ada@example.com --ticket HR-12 -o jsonl
      usercli audit log --by root --action password --refused
    """
    from usercli.schemas.audit import EVENT_FIELDS

    output = Output(invocation.options, EVENT_FIELDS)
    from usercli.services import audit as service

    criteria = filters.criteria(
        invocation,
        change_id=service.find_change(change, invocation.reading()) if change is not None else None,
        outcome="refused" if refused else None,
    )
    if limit is None and output.format == "table":
        limit = TABLE_LIMIT
    listing = service.EventListing(criteria, invocation.reading(), limit)
    output.many(listing, TABLE_FIELDS)
    if listing.total > listing.shown:
        invocation.info(
            f"{listing.shown:,} of {count_of_fitting(listing.total)} shown; see --limit, --since and --until"
        )
    listing.unreadable.require_none()


@reading_command
def verify(
    invocation: Invocation,
    expect_head: Annotated[
        str | None, typer.Option(metavar="HASH", help="The head of an earlier checkpoint.")
    ] = None,
    expect_count: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The count of an earlier checkpoint.")
    ] = None,
    from_: Annotated[
        int, typer.Option("--from", metavar="SEQ", min=1, help="Trust the events before it.", show_default=False)
    ] = 1,
) -> int:
    """Recompute the chain of hashes; exit with 7 and every bad seq if it is broken.

    A cut tail shows only against a checkpoint that was kept elsewhere.

    \b
    Examples:
      usercli audit verify -o json
      usercli audit verify --from 2
    """
    from usercli.errors import ExitCode
    from usercli.schemas.audit import VERIFICATION_FIELDS

    output = Output(invocation.options, VERIFICATION_FIELDS)
    from usercli.services import audit as service

    if expect_head is not None:
        expect_head = expect_head.strip().lower()
        if len(expect_head) != 64 or set(expect_head) - set("0123456789abcdef"):
            raise InvalidInput("--expect-head must be the 64 hexadecimal digits of a checkpoint")
    uow = invocation.reading()
    with watched(invocation, uow, "verifying events", done=from_ - 1):
        result = service.verify(uow, expect_head=expect_head, expect_count=expect_count, since=from_)
    output.one(result)
    for broken in result.breaks:
        to = f" to {broken.last}" if broken.last > broken.first else ""
        invocation.warn(f"the log is broken at seq {broken.first}{to}: {broken.reason}")
    if result.more_breaks:
        invocation.warn(f"the log is broken at {result.more_breaks:,} more places")
    return ExitCode.OK if result.ok else ExitCode.PARTIAL


@command
def checkpoint(invocation: Invocation) -> None:
    """Print the log's count and head, to be kept elsewhere: without it a cut tail cannot be seen.

    \b
    Example:
      usercli audit checkpoint -o json
    """
    from usercli.schemas.audit import CHECKPOINT_FIELDS

    output = Output(invocation.options, CHECKPOINT_FIELDS)
    from usercli.services import audit as service

    output.one(service.checkpoint(invocation.reading()))


@reading_command
def export(
    invocation: Invocation,
    since: Annotated[
        int, typer.Option(metavar="SEQ", min=1, help="From this number on (1).", show_default=False)
    ] = 1,
) -> None:
    """Print events exactly as stored, a JSON object a line, for a log collector; resume with --since.

    \b
    Example:
      usercli audit export --since 1
    """
    from usercli.cli.export_report import Counted, report_export
    from usercli.schemas.audit import RAW_FIELDS

    if invocation.options.output is None and not invocation.options.quiet:
        invocation.options.output = "jsonl"
    output = Output(invocation.options, RAW_FIELDS)
    from usercli.services import audit as service

    unreadable, uow = service.UnreadableEvents(), invocation.reading()
    events = Counted(service.export(since, uow, unreadable))
    with watched(invocation, uow, "exporting events", done=since - 1, to_stdout=True):
        output.many(events)
    report_export(invocation, output, events.count, "event")
    unreadable.require_none()


for _name, _function in (("log", log), ("verify", verify), ("checkpoint", checkpoint), ("export", export)):
    add_command(app, _function, _name)
