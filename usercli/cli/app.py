"""The tree of commands, with the help line of each. Nothing heavy is imported here: a command loads when called."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import typer

from usercli import __version__
from usercli.cli.context import Invocation
from usercli.cli.global_options import command
from usercli.cli.lazy_group import Lazy, new_app

USERS, ACCESS, MANY, LOG, DATABASE, SETUP = (
    "Users",
    "Passwords, roles, account state",
    "Many users",
    "What happened",
    "Database",
    "Setup",
)

COMMANDS = (
    Lazy("create", "users:create", "add a user", USERS),
    Lazy("list", "users:list_users", "list and find users", USERS),
    Lazy("show", "users:show", "show all fields", USERS),
    Lazy("update", "users:update", "change fields", USERS),
    Lazy("delete", "users:delete", "to the recycle bin", USERS),
    Lazy("restore", "users:restore", "from the recycle bin", USERS),
    Lazy("exists", "users:exists", "answer by exit code", USERS),
    Lazy("stats", "stats:stats", "users in numbers", USERS),
    Lazy("password", "passwords:app", "set, reset, check", ACCESS),
    Lazy("role", "roles:app", "create, grant, revoke", ACCESS),
    Lazy("activate", "users:activate", "let users sign in", ACCESS),
    Lazy("deactivate", "users:deactivate", "stop their sign-ins", ACCESS),
    Lazy("expire", "expire:app", "stop the expired", ACCESS),
    Lazy("access-review", "access_review:app", "who holds which role", ACCESS),
    Lazy("import", "import_users:import_", "users from a file", MANY),
    Lazy("export", "export_users:export", "users to a file", MANY),
    Lazy("plan", "plan_apply:plan", "what a file changes", MANY),
    Lazy("apply", "plan_apply:apply", "do what a plan says", MANY),
    Lazy("batch", "batch:batch", "many commands at once", MANY),
    Lazy("history", "changes:history", "of one user", LOG),
    Lazy("changes", "changes:changes", "who changed what", LOG),
    Lazy("undo", "changes:undo", "take a change back", LOG),
    Lazy("audit", "audit:app", "the audit log", LOG),
    Lazy("purge", "changes:purge", "empty the recycle bin", LOG),
    Lazy("privacy", "privacy:app", "export, erase a person", LOG),
    Lazy("db", "db:app", "create, upgrade, check", DATABASE),
    Lazy("migrate", "db:upgrade", "same as db upgrade", DATABASE),
    Lazy("config", "config:app", "show the settings", SETUP),
    Lazy("doctor", "doctor:doctor", "check everything", SETUP),
    Lazy("schema", "schema:schema", "of outputs and files", SETUP),
    Lazy("completion", "completion:completion", "for your shell", SETUP),
    Lazy("help", "help:help_", "on a command", SETUP),
    Lazy(
        "__complete",
        "completion:complete",
        "for the shells",
        SETUP,
        hidden=True,
    ),
)

app = new_app(
    """Administer the users of a service.

    \b
    Examples:
      usercli db upgrade
      usercli create ada@example.com --name "Ada Lovelace" --no-password
      usercli list --active -o json
    """,
    COMMANDS,
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"usercli {__version__}\n")
        raise typer.Exit


@app.callback()
@command
def root(
    invocation: Invocation,
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=_version, is_eager=True, show_default=False
    ),
) -> None:
    """Take the options that stand before the sub-command."""


@cache
def root_command() -> Any:
    """The whole command line; made once, since a batch calls it many times."""
    return typer.main.get_command(app)
