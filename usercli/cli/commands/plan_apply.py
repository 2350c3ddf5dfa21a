"""plan and apply: users and roles as a file says."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.output.progress import watched
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import AllowNoAdminOpt
from usercli.cli.user_selection import change_limit
from usercli.errors import ExitCode, InvalidInput

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork
    from usercli.schemas.desired import Desired
    from usercli.schemas.document import Document
    from usercli.schemas.plans import Plan
    from usercli.services.initial_passwords import InitialPasswords

_SHOWN = 20

NameOpt = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Name of the desired state, if the file has none (CSV)."),
]
PruneOpt = Annotated[
    bool,
    typer.Option("--prune", help="Move users that it no longer names to the recycle bin.", show_default=False),
]


@command
def plan(
    invocation: Invocation,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Users and roles: .yaml, .json or .csv.")],
    name: NameOpt = None,
    prune: PruneOpt = False,
    save: Annotated[
        str | None, typer.Option(metavar="PLAN", help="Write the plan, for review and apply (.json, 0600).")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 7 if there is something to do.", show_default=False)
    ] = False,
) -> int:
    """Show what a file of users and roles would change: + created, - deleted, ~ changed. Changes nothing.

    A script asks with --exit-code: 0 nothing to do, 7 something; or reads -o json.

    \b
    Examples:
      usercli plan staff.yaml
      usercli plan staff.yaml --prune --save plan.json
      usercli plan staff.csv --name staff --exit-code -q
    """
    from usercli.readers.desired_state import read_document
    from usercli.schemas.plans import CHANGE_COLUMNS, is_plan

    output = Output(invocation.options, CHANGE_COLUMNS)
    if save is not None and not save.endswith(".json"):
        raise InvalidInput("--save requires a name that ends in .json")
    document = read_document(file)
    if is_plan(document):
        raise InvalidInput(f"{document.file} is a saved plan; apply it, or plan the file that it was made of")
    found = _plan(invocation, _desired(invocation, document, name), invocation.reading(), prune)
    if save is not None:
        _save(found, save)
        done = f"wrote the plan to {save}; to do it: usercli apply {shlex.quote(save)}"
        invocation.info(invocation.with_reach(done))
    invocation.info(f"{_counted(found)} on {invocation.target}")
    _show(output, found)
    return ExitCode.PARTIAL if exit_code and found.changes else ExitCode.OK


@command
def apply(
    invocation: Invocation,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Users and roles (.yaml, .json, .csv), or a saved plan (.json).")
    ],
    name: NameOpt = None,
    prune: PruneOpt = False,
    max_changes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Refuse to change more users than that.")
    ] = None,
    allow_no_admin: AllowNoAdminOpt = False,
) -> None:
    """Make users and roles as a file says, or do a saved plan: in one transaction, undone as one change.

    A saved plan is refused with 4 if what it touches has changed since.

    \b
    Examples:
      usercli apply staff.yaml --dry-run
      usercli apply staff.yaml --prune --max-changes 50
      usercli apply plan.json --yes
    """
    from usercli.readers.desired_state import read_document
    from usercli.schemas.plans import APPLIED_FIELDS, Plan, is_plan

    output = Output(invocation.options, APPLIED_FIELDS, key="change_id")
    document = read_document(file)
    from usercli.services.desired_state import require_few_changes
    from usercli.services.initial_passwords import NO_PASSWORDS
    from usercli.services.plan_execution import apply_plan

    passwords = NO_PASSWORDS
    is_saved = is_plan(document)
    if is_saved:
        _require_alone(name, prune)
        planned = Plan.of(document, _domains(invocation))
        _require_no_passwords(planned)
        uow = invocation.changing(planned=True)
    else:
        desired = _desired(invocation, document, name)
        del document  # which, as what is desired, takes 60 MB of a hundred thousand users
        uow = invocation.changing(planned=True)
        planned = _plan(invocation, desired, uow, prune)
        if planned.needs_passwords:
            passwords = _passwords(invocation, desired, planned, file, uow)
        del desired
    require_few_changes(planned, change_limit(invocation, max_changes), uow)
    _ask(invocation, planned, None if is_saved else _plan_command(file, name, prune))
    with watched(invocation, uow, "writing users"):
        done = apply_plan(planned, uow, passwords=passwords, allow_no_admin=allow_no_admin)
    if planned.changes:
        users = "1 user" if planned.users == 1 else f"{planned.users:,} users"
        invocation.success(f"applied {planned.name}: {len(planned.changes):,} changes, of {users},")
    else:
        invocation.info(f"nothing to change on {invocation.target}")
    output.one(done)


def _domains(invocation: Invocation) -> tuple[str, ...]:
    return tuple(invocation.settings.special_use_domains)


def _desired(invocation: Invocation, document: Document, name: str | None) -> Desired:
    from usercli.schemas.desired import Desired

    return Desired.of(document, name, _domains(invocation))


def _plan(invocation: Invocation, desired: Desired, uow: UnitOfWork, prune: bool) -> Plan:
    from usercli.services.desired_state import plan_desired

    with watched(invocation, uow, "comparing users"):
        found, left = plan_desired(desired, uow, prune=prune)
    if left:
        users = "1 user is" if left == 1 else f"{left:,} users are"
        invocation.info(
            f"{users} managed by {desired.name} and no longer in the file; --prune moves them to the recycle bin"
        )
    return found


def _save(plan: Plan, path: str) -> None:
    from usercli.private_files import replace_atomically
    from usercli.readers.desired_state import MAX_BYTES

    data = (plan.model_dump_json(indent=2) + "\n").encode()
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"the plan is larger than {MAX_BYTES >> 20} MB; apply the file itself")
    with replace_atomically(path) as out:
        out.write(data)


def _show(output: Output, plan: Plan) -> None:
    from usercli.cli.output.plan_diff import lines

    if output.format == "table" and not output.chosen:
        output.text(lines(plan))
        return
    rows = [change.model_dump(mode="json") for change in plan.changes]
    if output.format in {"json", "yaml"}:
        chosen = [{field: row[field] for field in output.chosen} if output.chosen else row for row in rows]
        output.document({**plan.model_dump(mode="json"), "changes": chosen})
    else:
        output.many([{field: row[field] for field in output.columns} for row in rows])


def _counted(plan: Plan) -> str:
    numbers = ("create", plan.create), ("update", plan.update), ("delete", plan.delete)
    return f"{', '.join(f'{number:,} to {verb}' for verb, number in numbers)}, {plan.unchanged:,} unchanged"


def _require_alone(name: str | None, prune: bool) -> None:
    if name is not None or prune:
        raise InvalidInput("a saved plan contains its name and what it prunes; leave out --name and --prune")


def _require_no_passwords(plan: Plan) -> None:
    if plan.needs_passwords:
        raise InvalidInput("the plan sets initial passwords; a saved plan contains none; apply the file itself")


def _plan_command(file: str, name: str | None, prune: bool) -> str:
    """The command that shows the whole plan of a file."""
    naming = [] if name is None else ["--name", name]
    return shlex.join(["usercli", "plan", file, *naming, *(["--prune"] if prune else [])])


def _ask(invocation: Invocation, plan: Plan, see: str | None) -> None:
    """Show what would be done, with the command that shows all of it, if there is one, and ask."""
    from usercli.cli.output.plan_diff import heading

    if not plan.changes:
        return
    for change in plan.changes[:_SHOWN]:
        invocation.info(f"plan: {heading(change)}")
    if len(plan.changes) > _SHOWN:
        more = f"plan: and {len(plan.changes) - _SHOWN:,} more"
        invocation.info(invocation.with_reach(f"{more}; see: {see}") if see else more)
    invocation.confirm(f"apply {plan.name}: {_counted(plan)}")


def _passwords(
    invocation: Invocation, desired: Desired, plan: Plan, file: str, uow: UnitOfWork
) -> InitialPasswords:
    if Path(file).stat().st_mode & 0o077:
        invocation.warn(f"others can read {file}, and it contains passwords; run: chmod 600 {file}")
    from usercli.services.initial_passwords import initial_passwords
    from usercli.services.password_rules import configured_hasher, configured_policy

    settings = invocation.settings
    return initial_passwords(desired, plan, configured_policy(settings), configured_hasher(settings), uow)
