"""Which commands are offered on a table that belongs to another program, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usercli.errors import Refused

if TYPE_CHECKING:
    from usercli.schemas.user_table import UserTable

#: They only read, and say nothing that such a table does not tell.
OFFERED = frozenset(
    {"list", "show", "exists", "export", "password verify", "password audit", "db check", "db inspect"}
)

_WRITES = "it is only read here; the program that owns it changes it"
_NO_TABLES = "usercli keeps no tables of its own beside it"

#: Why the other commands are not offered, by the words that name them or their group.
REASONS = {
    "create": _WRITES,
    "update": _WRITES,
    "activate": _WRITES,
    "deactivate": _WRITES,
    "delete": _WRITES,
    "restore": "it has no recycle bin",
    "purge": "it has no recycle bin",
    "password set": _WRITES,
    "password reset": _WRITES,
    "password expire": "it has no column that demands a new password",
    "expire": "it has no column for an expiry",
    "role": f"roles need a place, and {_NO_TABLES}",
    "access-review": f"roles need a place, and {_NO_TABLES}",
    "import": _WRITES,
    "plan": _WRITES,
    "apply": _WRITES,
    "stats": "its numbers are those of usercli's own tables",
    "batch": "run its commands one by one",
    "history": f"there is no log: {_NO_TABLES}",
    "changes": f"there is no log: {_NO_TABLES}",
    "undo": f"there is no log: {_NO_TABLES}",
    "audit": f"there is no log: {_NO_TABLES}",
    "privacy": "what else the program keeps of a person is not known here",
    "db": "its schema is that of the program that owns it; see: usercli db check",
    "migrate": "its schema is that of the program that owns it; see: usercli db check",
    "doctor": "its checks are those of usercli's own tables; see: usercli db check",
}


def is_refused(command: str) -> bool:
    """Whether a command is known to be refused on such a table."""
    return command not in OFFERED and reason_of(command) is not None


def require_offered(command: str, table: UserTable) -> None:
    """Raise Refused, with the reason, for a command that is not offered on such a table."""
    if command not in OFFERED:
        reason = reason_of(command) or "it is not offered there"
        raise Refused(f"{command or 'this'} is refused on {table.name}, a table of another program: {reason}")


def reason_of(command: str) -> str | None:
    """Why a command is refused on such a table; None for one that is not known to be."""
    return REASONS.get(command) or REASONS.get(command.partition(" ")[0])
