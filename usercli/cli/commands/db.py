"""db upgrade, downgrade, current, history, check, inspect, revision, stamp, sql, seed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli import mapped_commands
from usercli.cli.commands import db_adopt, db_inspect
from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import Command, add_command, new_app
from usercli.cli.output.progress import watched
from usercli.cli.output.writer import Output
from usercli.cli.user_actions import warn_of_times
from usercli.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic.script import Script

    from usercli.database.applications import Application
    from usercli.schemas.database import RevisionWithApplication

RevisionArg = Annotated[
    str,
    typer.Argument(metavar="[REVISION]", help="A revision, head, base, +N, -N; NAME@head for an application's."),
]

app = new_app("Create, upgrade and check the database.")


@app.callback()
@command
def db(invocation: Invocation) -> None:
    """Create, upgrade and check the database."""


@command
def upgrade(invocation: Invocation, revision: RevisionArg = "head") -> None:
    """Bring the schema up to date; makes the embedded database file if there is none.

    The tables of applications follow, where their migrations are configured (docs/application-tables.md).

    Safe to repeat, and to run twice at once: one waits for the other. One transaction: a failure leaves
    the schema as it was.

    \b
    Examples:
      usercli db upgrade
      usercli --profile production db upgrade --target production
      usercli db upgrade coachbot@head
    """
    output = _revision_output(invocation)
    invocation.require_unprotected()
    from usercli.database import migrations

    url, applications = invocation.target.url, _applications(invocation)
    db_inspect.warn_of_users_beside(invocation)
    if invocation.dry_run:
        _show(output, migrations.pending(url, revision, applications=applications), applications)
        return
    run = migrations.upgrade(
        url,
        revision,
        applications=applications,
        on_wait=lambda: invocation.info("another usercli is migrating this database; waiting"),
        on_copy_kept=_warning_of_copy(invocation),
    )
    done = f"upgraded to {run[-1].revision}" if run else "the schema is already up to date"
    invocation.info(f"{done} on {invocation.target}")
    _show(output, run, applications)


@command
def downgrade(
    invocation: Invocation,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="A revision, base, or -N.")],
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="The database's (or file's) name, if rows are lost."),
    ] = None,
) -> None:
    """Take the schema down to a revision. Says what it drops, and asks.

    \b
    Examples:
      usercli db downgrade -1 --dry-run
      usercli db downgrade base --confirm usercli.db
      usercli db downgrade coachbot@base --confirm usercli.db
    """
    output = _revision_output(invocation)
    invocation.require_unprotected()
    from usercli.database import migrations

    url, applications = invocation.target.url, _applications(invocation)
    plan = migrations.plan_downgrade(url, revision, applications=applications)
    if not plan.known:
        invocation.warn("cannot tell what this drops: a revision of the application needs a connection for that")
    for name, rows in plan.lost.items():
        invocation.info(f"this drops {name} ({rows:,} {'values' if '.' in name else 'rows'})")
    if invocation.dry_run:
        _show(output, plan.scripts, applications)
        return
    if any(plan.lost.values()) or not plan.known:
        invocation.require_typed(
            [url.name], "this downgrade drops rows and cannot be undone", "--confirm", given=[confirm or ""]
        )
    elif plan.scripts:
        invocation.confirm(f"downgrade to {revision}")
    undone = migrations.downgrade(
        url, revision, applications=applications, on_copy_kept=_warning_of_copy(invocation)
    )
    invocation.info(f"downgraded to {revision} on {invocation.target}")
    _show(output, undone, applications)


@command
def current(invocation: Invocation) -> None:
    """Print the revision that the database is at.

    \b
    Example:
      usercli db current -o json
    """
    from usercli.schemas.database import STATE_FIELDS, STATE_WITH_APPLICATIONS_FIELDS

    fields = STATE_WITH_APPLICATIONS_FIELDS if _has_applications(invocation) else STATE_FIELDS
    output = Output(invocation.options, fields)
    from usercli.services.schema_check import SchemaCheck

    state = SchemaCheck(invocation.target.url, _applications(invocation)).state()
    output.one(state.model_dump(mode="json", include=set(fields)))


@command
def history(invocation: Invocation) -> None:
    """List all revisions, oldest first; those of applications after ours.

    \b
    Example:
      usercli db history
    """
    output = _revision_output(invocation)
    from usercli.database import alembic_runner

    applications = _applications(invocation)
    theirs = [script for application in applications for script in application.history()]
    _show(output, alembic_runner.history() + theirs, applications)


@command
def check(invocation: Invocation) -> int:
    """Compare the database with what this program expects; exit with 7 if something is wrong.

    Looks at the revision, the schema, the triggers of the audit log, and at every user's email_key (docs/table.md).

    \b
    Example:
      usercli db check -o json
    """
    if (mapped := invocation.mapped_users) is not None:
        return mapped_commands.check(invocation, mapped)
    from usercli.errors import ExitCode
    from usercli.schemas.database import REPORT_FIELDS, REPORT_WITH_APPLICATIONS_FIELDS

    fields = REPORT_WITH_APPLICATIONS_FIELDS if _has_applications(invocation) else REPORT_FIELDS
    output = Output(invocation.options, fields)
    from usercli.services.schema_check import SchemaCheck

    report, wrong = (looked := SchemaCheck(invocation.target.url, _applications(invocation))).check()
    for sentence in [*wrong, *looked.copies()]:
        invocation.warn(sentence)
    warn_of_times(invocation, looked.unreadable)
    if report.state == "current" and looked.is_unadministered():
        invocation.warn("nobody administers: no active user holds an administrative role; see: usercli role list")
    output.one(report.model_dump(mode="json", include=set(fields)))
    return ExitCode.PARTIAL if wrong or looked.unreadable.count else ExitCode.OK


@command
def revision(
    invocation: Invocation,
    message: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What it does, in a few words.")],
    application: Annotated[
        str | None, typer.Option("--application", metavar="NAME", help="In this application's migrations.")
    ] = None,
    autogenerate: Annotated[
        bool,
        typer.Option(
            "--autogenerate",
            help="Fill it with what the models have over the database (PostgreSQL, at head).",
            show_default=False,
        ),
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Join the heads of the application.", show_default=False)
    ] = False,
) -> None:
    """Write a new revision file (in a checkout): empty, generated to be read and mended, or a merge.

    \b
    Examples:
      usercli db revision -m "add a column for phones"
      usercli db revision -m "add votes" --application coachbot --autogenerate
      usercli db revision -m "merge" --application coachbot --merge
    """
    from usercli.schemas.database import NEW_REVISION_FIELDS, NewRevision

    output = Output(invocation.options, NEW_REVISION_FIELDS)
    if not message.strip():
        raise InvalidInput("a revision requires a description: -m TEXT")
    if invocation.dry_run:
        raise InvalidInput("db revision has no dry run; it writes one file")
    if merge and (autogenerate or application is None):
        raise InvalidInput("--merge requires --application; the migrations of usercli are one line")
    from contextlib import nullcontext

    from usercli.database import alembic_runner, migrations

    url = invocation.target.url
    if autogenerate and url.engine != "postgresql":
        raise InvalidInput("--autogenerate requires PostgreSQL; SQLite does not report enough of a schema")
    with alembic_runner.reading(url) if autogenerate else nullcontext() as connection:
        if application is None:
            path = migrations.new_revision(message, connection)
        else:
            path = _application(invocation, application).new_revision(message, connection, merge=merge)
    output.many([NewRevision(path=str(path))])


@command
def stamp(
    invocation: Invocation,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="A revision, head or base.")],
) -> None:
    """Say that the schema is at a revision, without running anything.

    \b
    Examples:
      usercli db stamp head
      usercli db stamp coachbot@head
    """
    Output(invocation.options, ("revision",))
    invocation.require_unprotected()
    from usercli.database import migrations

    url, applications = invocation.target.url, _applications(invocation)
    migrations.stamp(url, revision, applications=applications, dry_run=invocation.dry_run)
    invocation.success("stamped", [revision])


@command
def sql(
    invocation: Invocation,
    revision: Annotated[str, typer.Argument(metavar="[FROM:]TO", help="Which revisions; default: all.")] = "head",
    down: Annotated[bool, typer.Option("--down", help="The way down, FROM:TO.", show_default=False)] = False,
    grants: Annotated[
        str | None,
        typer.Option("--grants", metavar="ROLE", help="Instead: the privileges that ROLE needs for daily work."),
    ] = None,
) -> None:
    """Print the SQL of migrations instead of running them; connects to nothing.

    With --grants the SQL for PostgreSQL under which a database role can change users but not the audit log.

    \b
    Examples:
      usercli db sql > schema.sql
      usercli db sql 20261121_0100:head
      usercli --profile production db sql --grants operators > grants.sql
    """
    output = Output(invocation.options, ("sql",))
    if grants is not None:
        if down or revision != "head":
            raise InvalidInput("--grants prints no migration; leave out the other options")
        from usercli.database.grants import grants_sql

        output.text([grants_sql(invocation.target.url, grants)])
        return
    from usercli.database import migrations

    applications = _applications(invocation)
    output.text([migrations.sql(invocation.target.url, revision, down=down, applications=applications)])


@command
def seed(
    invocation: Invocation,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many users.")] = 100,
) -> None:
    """Add sample users, the same ones every time; makes the embedded database if there is none.

    \b
    Example:
      usercli db seed --count 1000
    """
    from usercli.schemas.database import SEEDED_FIELDS

    output = Output(invocation.options, SEEDED_FIELDS)
    if invocation.settings.protection:
        raise Refused(f"{invocation.target} is protected; it takes no sample users")
    from usercli.database import migrations
    from usercli.services.seed import seed_users

    if (url := invocation.target.url).engine == "sqlite" and not invocation.dry_run:
        migrations.upgrade(url, applications=_applications(invocation), on_copy_kept=_warning_of_copy(invocation))
    uow = invocation.changing()
    with watched(invocation, uow, "writing users"):
        done = seed_users(count, uow)
    invocation.success(f"seeded {done.created:,} users")
    output.one(done)


def _warning_of_copy(invocation: Invocation) -> Callable[[str], None]:
    return lambda name: invocation.warn(f"a copy of the database as it was before is kept: {name}")


def _applications(invocation: Invocation) -> list[Application]:
    """The applications whose migrations are configured and at hand; warns of the others."""
    entries = invocation.settings.migrations
    if not entries:
        return []
    from usercli.database.applications import Application

    found = [Application.parse(entry) for entry in entries]
    for application in found:
        if application.folder is None:
            invocation.warn(
                f"the migrations of {application.name} are not available ({application.place}); "
                "its tables are left as they are"
            )
    return [application for application in found if application.folder is not None]


def _application(invocation: Invocation, name: str) -> Application:
    for application in _applications(invocation):
        if application.name == name:
            return application
    raise NotFound(f"no such application: {name}; see the setting migrations in: usercli config show")


def _has_applications(invocation: Invocation) -> bool:
    """Whether any is configured: only then is there something to show of them."""
    return bool(invocation.settings.migrations)


def _revision_output(invocation: Invocation) -> Output:
    from usercli.schemas.database import REVISION_FIELDS, REVISION_WITH_APPLICATION_FIELDS

    fields = REVISION_WITH_APPLICATION_FIELDS if _has_applications(invocation) else REVISION_FIELDS
    return Output(invocation.options, fields)


def _show(output: Output, scripts: Sequence[Script], applications: Sequence[Application]) -> None:
    fields = set(output.columns)
    output.many(_view(script, applications).model_dump(mode="json", include=fields) for script in scripts)


def _view(script: Script, applications: Sequence[Application]) -> RevisionWithApplication:
    from usercli.schemas.database import RevisionWithApplication

    return RevisionWithApplication.model_validate(
        {
            "revision": script.revision,
            "down_revision": script.down_revision,
            "description": script.doc.rstrip("."),
            "application": next((item.name for item in applications if item.holds(script)), "usercli"),
            "branches": sorted(script.branch_labels),
        }
    )


class _Steps(Command):
    """A command to which -1 is a revision, not an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        steps = [] if "--" in args else [arg for arg in args if re.fullmatch(r"-\d+", arg)]
        if steps:
            args = [*(arg for arg in args if arg not in steps), "--", *steps]
        return super().parse_args(ctx, args)


for _name, _function in (
    ("upgrade", upgrade),
    ("downgrade", downgrade),
    ("current", current),
    ("history", history),
    ("check", check),
    ("inspect", db_inspect.inspect),
    ("revision", revision),
    ("stamp", stamp),
    ("adopt", db_adopt.adopt),
    ("sql", sql),
    ("seed", seed),
):
    add_command(app, _function, _name, _Steps if _name == "downgrade" else Command)
