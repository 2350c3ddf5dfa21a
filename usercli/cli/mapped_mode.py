"""Which commands are offered on a table that belongs to another program, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from usercli.errors import Refused

if TYPE_CHECKING:
    from usercli.schemas.user_table import UserTable

#: They only read their table, and say nothing that it does not tell.
OFFERED = frozenset(
    {"list", "show", "exists", "export", "password verify", "password audit", "db check", "db inspect"}
)

#: They work on the roles and the log that usercli keeps in a schema of its own beside the table.
ON_OUR_TABLES = frozenset(
    {
        *("db upgrade", "db current", "history", "changes", "undo"),
        *("audit log", "audit verify", "audit checkpoint", "audit export"),
        *("role list", "role create", "role update", "role delete", "role grant", "role revoke"),
    }
)

#: What each of these writes of the table, as its section names it: one of them is enough.
WRITES = {
    "create": ("create",),
    "update": ("email", "full_name", "active"),
    "activate": ("active",),
    "deactivate": ("active",),
    "password set": ("password",),
    "password reset": ("password",),
}

#: Those that are others there, by the module that has them under their own name.
OWN = dict.fromkeys(WRITES, "mapped_changes") | {
    "db upgrade": "mapped_changes",
    "undo": "mapped_undo",
    **{f"role {verb}": "mapped_roles" for verb in ("list", "create", "update", "delete", "grant", "revoke")},
}

_READ_ONLY = "it is only read here; the program that owns it changes it"
_NO_TABLES = "usercli keeps no tables of its own beside it on SQLite"
_NO_LISTS = "its users are changed one by one, by create and update, as far as write names it"
_SCHEMA = "its schema is that of the program that owns it; see: usercli db check"

#: Why the other commands are not offered, by the words that name them or their group.
REASONS = {
    "delete": "the program that owns it removes its users",
    "restore": "it has no recycle bin",
    "purge": "it has no recycle bin",
    "password expire": "it has no column that demands a new password",
    "expire": "it has no column for an expiry",
    "access-review": "its program may give access of its own, which a review would not show",
    "import": _NO_LISTS,
    "plan": _NO_LISTS,
    "apply": _NO_LISTS,
    "stats": "its numbers are those of usercli's own tables",
    "batch": "run its commands one by one",
    "privacy": "what else the program keeps of a person is not known here",
    "db": _SCHEMA,
    "migrate": _SCHEMA,
    "doctor": "its checks are those of usercli's own tables; see: usercli db check",
}


def is_limited(command: str) -> bool:
    """Whether a command may be refused on such a table."""
    return command not in OFFERED and (
        command in ON_OUR_TABLES or command in WRITES or command in REASONS or command.partition(" ")[0] in REASONS
    )


def require_offered(command: str, table: UserTable, engine: str) -> None:
    """Raise Refused, with the reason, for a command that is not offered on such a table."""
    if command in OFFERED:
        return
    reason = why_refused(command, table, engine) if is_limited(command) else "it is not offered there"
    if reason is not None:
        raise Refused(f"{command or 'this'} is refused on {table.name}, a table of another program: {reason}")


def why_refused(command: str, table: UserTable, engine: str) -> str | None:
    """Why a command is refused on such a table; None if it is offered."""
    if command in OFFERED:
        return None
    if command in WRITES:
        return _why_not_written(command, table, engine)
    if command in ON_OUR_TABLES:
        return None if engine == "postgresql" else _NO_TABLES
    return REASONS.get(command) or REASONS[command.partition(" ")[0]]


def _why_not_written(command: str, table: UserTable, engine: str) -> str | None:
    from usercli.services.mapped_writes import why_not

    if not table.write:
        return _READ_ONLY
    if engine != "postgresql":
        return f"it is only read here: {_NO_TABLES}, and a change is logged"
    reasons = [why_not(table, name) for name in WRITES[command]]
    return None if None in reasons else f"it {reasons[0]}"


def own_command(command: str) -> Callable[..., Any]:
    """What runs in place of one of OWN where such a table is mapped."""
    found: Callable[..., Any] = getattr(import_module(f"usercli.cli.{OWN[command]}"), command.replace(" ", "_"))
    return found
