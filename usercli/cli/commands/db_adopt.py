"""db adopt: take over the users table of a service in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import flag
from usercli.cli.output.writer import Output
from usercli.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from usercli.database.adoption_addresses import RowProblem
    from usercli.database.adoption_plan import AdoptionPlan

_SHOWN = 50  # problems


@command
def adopt(
    invocation: Invocation,
    table: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE]", help="As SQL spells it; default: the one that holds users."),
    ] = None,
    apply: Annotated[bool, flag("--apply", "Do it; without, the plan is shown.")] = False,
    export_way: Annotated[bool, flag("--export-way", "Print the SQL, in small steps, for psql.")] = False,
    abandon: Annotated[
        bool, flag("--abandon", "Take back what an --apply that was killed left in a large table.")
    ] = False,
    default: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            metavar="COLUMN=VALUE",
            help="For new users of usercli, in a column without a default; repeatable.",
        ),
    ] = None,
) -> None:
    """Take over the users table of a service in place: its columns stay, those of usercli are added.

    For PostgreSQL, and ids of the type uuid (docs/existing-table.md). Without --apply it shows the plan: each
    statement with the lock that it takes, and the rows that are in the way. `usercli db downgrade base` gives
    the table back as it was.

    \b
    Examples:
      usercli db adopt
      usercli db adopt user --apply
      usercli db adopt user --export-way > adopt.sql
    """
    from usercli.schemas.adoption import ADOPTION_STEP_FIELDS

    output = Output(invocation.options, ("sql",) if export_way and not apply else ADOPTION_STEP_FIELDS)
    if apply + export_way + abandon > 1:
        raise InvalidInput("--apply, --export-way and --abandon are alternatives")
    if apply or abandon:
        invocation.require_unprotected()
    from usercli.database import adoption

    url, defaults = invocation.target.url, _defaults(default or ())
    if abandon and not _abandon(invocation):
        invocation.info(f"there is no preparation to take back on {invocation.target}")
    if abandon:
        return
    if apply and not invocation.dry_run:
        _abandon(invocation)
    plan, problems = adoption.plan_adoption(url, table, defaults)
    _show_plan(invocation, plan, problems)
    if problems:
        raise Conflict(f"{plan.facts.sql} cannot be adopted before these rows are corrected")
    if export_way:
        output.text([adoption.export_way(url, plan)])
    elif apply and not invocation.dry_run:
        _apply(invocation, plan, table, defaults)
    else:
        output.many(_rows(plan))


def _apply(invocation: Invocation, plan: AdoptionPlan, table: str | None, defaults: dict[str, str]) -> None:
    from usercli.database.adoption import adopt as take_over

    invocation.confirm(f"adopt {plan.facts.sql}")
    done = take_over(
        invocation.target.url,
        table,
        defaults,
        on_wait=lambda: invocation.info("another usercli is migrating this database; waiting"),
        on_part=invocation.info,
    )
    invocation.info(f"adopted {done.facts.sql} ({done.facts.rows:,} users) on {invocation.target}")


def _rows(plan: AdoptionPlan) -> Iterator[dict[str, object]]:
    for step in plan.shown:
        before = plan.is_large and step.part != "adopt"
        yield {"part": step.part, "before": before, "lock": step.lock, "sql": _shown(step.sql)}


def _shown(sql: str) -> str:
    """A statement; of a function the first line, since --export-way prints all."""
    return f"{sql.splitlines()[0]} ..." if sql.startswith("CREATE FUNCTION") else sql


def _abandon(invocation: Invocation) -> bool:
    """Take back what was interrupted; whether there was anything."""
    from usercli.database.adoption import abandon

    if invocation.dry_run:
        raise InvalidInput("--abandon has no dry run")
    if found := abandon(invocation.target.url):
        invocation.info(f"the preparation that was interrupted is taken back on {invocation.target}")
    return found


def _defaults(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise InvalidInput(f"not COLUMN=VALUE: {item}")
        found[name] = value
    return found


def _show_plan(invocation: Invocation, plan: AdoptionPlan, problems: Sequence[RowProblem]) -> None:
    facts = plan.facts
    how = "prepared before, then one transaction" if plan.is_large else "one transaction"
    invocation.info(
        f"{facts.sql}: {facts.rows:,} rows; {how}, which locks the table for about {plan.lock_seconds} s"
    )
    if plan.needs_view:
        invocation.info(f"{facts.sql} keeps its name; users becomes a view of it")
    for warning in plan.warnings:
        invocation.warn(warning)
    for problem in problems[:_SHOWN]:
        invocation.warn(f"{problem.what}: {', '.join(f'id:{user_id}' for user_id in problem.ids)}")
    if len(problems) > _SHOWN:
        invocation.warn(f"and {len(problems) - _SHOWN:,} more of that kind")
