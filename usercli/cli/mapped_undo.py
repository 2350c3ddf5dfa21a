"""The command undo where the users are those of another program's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usercli.cli.commands.changes import require_one_change, show_plan, tell_passed_over
from usercli.cli.context import Invocation
from usercli.cli.mapped_changes import output_of, show_change, table_of

if TYPE_CHECKING:
    from usercli.schemas.user_table import UserTable
    from usercli.services.undo_plan import UndoPlan


def undo(
    invocation: Invocation,
    change: str | None,
    last: bool,
    only_unchanged: bool,
    allow_no_admin: bool = False,  # noqa: ARG001 - no role guards anybody there
) -> None:
    """undo: the fields and roles that a change set."""
    table = table_of(invocation)
    require_one_change(change, last=last)
    output = output_of(invocation)
    from usercli.services.mapped_undo import undo_change

    uow = invocation.changing(planned=True)
    plan = _plan(invocation, change, table)
    show_plan(invocation, plan, only_unchanged=only_unchanged)
    if plan.steps and (only_unchanged or not plan.conflicts):
        invocation.confirm(f"undo the change {plan.change_id}")
    invocation.require_unprotected()
    done = undo_change(plan.change_id, uow, table, only_unchanged=only_unchanged)
    show_change(invocation, output, done, f"undid the change {plan.change_id}:")


def _plan(invocation: Invocation, change: str | None, table: UserTable) -> UndoPlan:
    from usercli.services.audit import find_change
    from usercli.services.mapped_undo import plan_last, plan_undo

    if change is not None:
        return plan_undo(find_change(change, invocation.reading(), done=True), invocation.reading(), table)
    plan, passed = plan_last(invocation.reading(), table)
    tell_passed_over(invocation, plan, passed)
    invocation.info(f"the last change: {plan.change_id}")
    return plan
