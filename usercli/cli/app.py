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
    Lazy("create", "users:create", "Add a user.", USERS),
    Lazy("list", "users:list_users", "List users.", USERS),
    Lazy("show", "users:show", "Show users.", USERS),
    Lazy("update", "users:update", "Change fields of users.", USERS),
    Lazy("delete", "users:delete", "Move users to the recycle bin, or remove them permanently.", USERS),
    Lazy("restore", "users:restore", "Bring users back from the recycle bin.", USERS),
    Lazy("exists", "users:exists", "Answer by exit code whether users exist.", USERS),
    Lazy("password", "passwords:app", "Set, reset, check and examine passwords.", ACCESS),
    Lazy("role", "roles:app", "Create roles, grant and revoke them.", ACCESS),
    Lazy("activate", "users:activate", "Let users sign in again.", ACCESS),
    Lazy("deactivate", "users:deactivate", "Keep users from signing in.", ACCESS),
    Lazy("expire", "expire:app", "Deactivate users whose expiry has passed.", ACCESS),
    Lazy("access-review", "access_review:app", "Review who holds which role.", ACCESS),
    Lazy("import", "import_users:import_", "Import users from a file, all or nothing.", MANY),
    Lazy("export", "export_users:export", "Write users to a file or stdout.", MANY),
    Lazy("plan", "plan_apply:plan", "Show what a file of users and roles would change.", MANY),
    Lazy("apply", "plan_apply:apply", "Create and change users and roles as a file says.", MANY),
    Lazy("batch", "batch:batch", "Run many commands in one process.", MANY),
    Lazy("history", "changes:history", "Show what happened to a user.", LOG),
    Lazy("changes", "changes:changes", "List the commands that changed something.", LOG),
    Lazy("undo", "changes:undo", "Undo a change.", LOG),
    Lazy("audit", "audit:app", "Read, verify and export the audit log.", LOG),
    Lazy("purge", "changes:purge", "Remove old users from the recycle bin, permanently.", LOG),
    Lazy("privacy", "privacy:app", "Export a person's data, or erase a person.", LOG),
    Lazy("db", "db:app", "Create, upgrade and check the database.", DATABASE),
    Lazy("migrate", "db:upgrade", "Short for: db upgrade.", DATABASE),
    Lazy("config", "config:app", "Show where settings come from.", SETUP),
    Lazy("doctor", "doctor:doctor", "Check the configuration, the machine and the database.", SETUP),
    Lazy("schema", "schema:schema", "Print JSON Schema of outputs and files.", SETUP),
    Lazy("completion", "completion:completion", "Set up completion in a shell.", SETUP),
    Lazy(
        "__complete",
        "completion:complete",
        "Asked by the shells' completion.",
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
