"""db upgrade, downgrade, current, history, check, revision, stamp, sql, seed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usercli.cli.invocation import Invocation
from usercli.cli.lazy import Command, add_command, new_app
from usercli.cli.options import command
from usercli.cli.output import Output
from usercli.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from alembic.script import Script

    from usercli.schemas.database import RevisionView

RevisionArg = Annotated[str, typer.Argument(metavar="[REVISION]", help="A revision, head, base, +N or -N.")]

app = new_app("Make, upgrade and check the database.")


@app.callback()
@command
def db(invocation: Invocation) -> None:
    """Make, upgrade and check the database."""


@command
def upgrade(invocation: Invocation, revision: RevisionArg = "head") -> None:
    """Bring the schema up to date; makes the embedded database file if there is none.

    Safe to repeat, and to run twice at once: one waits for the other. One transaction: a failure leaves
    the schema as it was.

    \b
    Examples:
      usercli db upgrade
      usercli --profile production db upgrade --target production
    """
    from usercli.schemas.database import REVISION_FIELDS

    output = Output(invocation.options, REVISION_FIELDS)
    invocation.require_unprotected()
    from usercli.database import migrations

    url = invocation.target.url
    if invocation.dry_run:
        output.many(_rows(migrations.pending(url, revision)))
        return
    run = migrations.upgrade(
        url, revision, waiting=lambda: invocation.say("another usercli is migrating this database; waiting")
    )
    if run:
        invocation.say(f"upgraded to {run[-1].revision} on {invocation.target}")
    else:
        invocation.say(f"the schema is at its revision already on {invocation.target}")
    output.many(_rows(run))


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
    """
    from usercli.schemas.database import REVISION_FIELDS

    output = Output(invocation.options, REVISION_FIELDS)
    invocation.require_unprotected()
    from usercli.database import migrations

    url = invocation.target.url
    plan = migrations.plan_downgrade(url, revision)
    for name, rows in plan.lost.items():
        invocation.say(f"this drops {name} ({rows:,} {'values' if '.' in name else 'rows'})")
    if invocation.dry_run:
        output.many(_rows(plan.scripts))
        return
    if any(plan.lost.values()):
        invocation.require_typed(
            [url.name], "this downgrade drops rows and cannot be undone", "--confirm", given=[confirm or ""]
        )
    elif plan.scripts:
        invocation.confirm(f"downgrade to {revision}")
    undone = migrations.downgrade(url, revision)
    invocation.say(f"downgraded to {revision} on {invocation.target}")
    output.many(_rows(undone))


@command
def current(invocation: Invocation) -> None:
    """Print the revision that the database is at.

    \b
    Example:
      usercli db current -o json
    """
    from usercli.schemas.database import STATE_FIELDS

    output = Output(invocation.options, STATE_FIELDS)
    from usercli.services.schema import SchemaCheck

    output.one(SchemaCheck(invocation.target.url).state())


@command
def history(invocation: Invocation) -> None:
    """List all revisions, oldest first.

    \b
    Example:
      usercli db history
    """
    from usercli.schemas.database import REVISION_FIELDS

    output = Output(invocation.options, REVISION_FIELDS)
    from usercli.database import migrations

    output.many(_rows(migrations.history()))


@command
def check(invocation: Invocation) -> int:
    """Compare the database with what this program expects; exit with 7 if something is wrong.

    Looks at the revision, the schema, and at every user's email_key (docs/table.md).

    \b
    Example:
      usercli db check -o json
    """
    from usercli.errors import ExitCode
    from usercli.schemas.database import REPORT_FIELDS

    output = Output(invocation.options, REPORT_FIELDS)
    from usercli.services.schema import SchemaCheck

    report, wrong = SchemaCheck(invocation.target.url).check()
    for sentence in wrong:
        invocation.warn(sentence)
    output.one(report)
    return ExitCode.PARTIAL if wrong else ExitCode.OK


@command
def revision(
    invocation: Invocation,
    message: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What it does, in a few words.")],
) -> None:
    """Write a new, empty revision file (in a checkout).

    \b
    Example:
      usercli db revision -m "add a column for phones"
    """
    from usercli.schemas.database import NEW_REVISION_FIELDS, NewRevision

    output = Output(invocation.options, NEW_REVISION_FIELDS)
    from usercli.database import migrations

    if not message.strip():
        raise InvalidInput("a revision wants a description: -m TEXT")
    if invocation.dry_run:
        raise InvalidInput("db revision has no dry run; it writes one file")
    output.many([NewRevision(path=str(migrations.new_revision(message)))])


@command
def stamp(
    invocation: Invocation,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="A revision, head or base.")],
) -> None:
    """Say that the schema is at a revision, without running anything.

    \b
    Example:
      usercli db stamp head
    """
    Output(invocation.options, ("revision",))
    invocation.require_unprotected()
    from usercli.database import migrations

    if not invocation.dry_run:
        migrations.stamp(invocation.target.url, revision)
    invocation.done("stamped", [revision])


@command
def sql(
    invocation: Invocation,
    revision: Annotated[str, typer.Argument(metavar="[FROM:]TO", help="Which revisions; default: all.")] = "head",
    down: Annotated[bool, typer.Option("--down", help="The way down, FROM:TO.", show_default=False)] = False,
    grants: Annotated[
        str | None,
        typer.Option("--grants", metavar="ROLE", help="Instead: what lets ROLE do the daily work, and no more."),
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
            raise InvalidInput("--grants stands alone: it prints no migration")
        from usercli.database.grants import grants_sql

        output.text([grants_sql(invocation.target.url, grants)])
        return
    from usercli.database import migrations

    output.text([migrations.sql(invocation.target.url, revision, down=down)])


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
        raise Refused(f"{invocation.target} is protected; sample users have no place there")
    from usercli.database import migrations
    from usercli.services.seed import seed_users

    url = invocation.target.url
    if url.engine == "sqlite" and not invocation.dry_run:
        migrations.upgrade(url)
    done = seed_users(count, invocation.changing())
    invocation.done(f"seeded {done.created:,} users")
    output.one(done)


def _rows(scripts: list[Script]) -> list[RevisionView]:
    from usercli.schemas.database import RevisionView

    return [
        RevisionView.model_validate(
            {
                "revision": script.revision,
                "down_revision": script.down_revision,
                "description": script.doc.rstrip("."),
            }
        )
        for script in scripts
    ]


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
    ("revision", revision),
    ("stamp", stamp),
    ("sql", sql),
    ("seed", seed),
):
    add_command(app, _function, _name, _Steps if _name == "downgrade" else Command)
