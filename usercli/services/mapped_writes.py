"""What may be written of a table that belongs to another program."""

from __future__ import annotations

from usercli.errors import Refused
from usercli.schemas.user_table import UserTable

#: Why a field cannot be written, where the table has no column for it.
_NO_COLUMN = {
    "full_name": "has no column for a name",
    "password": "has no column that keeps password hashes",
    "active": "has no column that keeps a user out",
}


def require_write(table: UserTable, *names: str) -> None:
    """Raise Refused unless each of these, of user_table.WRITABLE, may be written there."""
    for name in names:
        if reason := why_not(table, name):
            raise Refused(f"{table.name} {reason}")


def why_not(table: UserTable, name: str) -> str | None:
    """Why something, of user_table.WRITABLE, cannot be written there; None if it can."""
    if name in _NO_COLUMN and not getattr(table, name):
        return _NO_COLUMN[name]
    if table.preset == "supabase":
        return "is written by GoTrue, which keeps more of a user than a row; use the admin API of Supabase"
    if name not in table.write:
        return (
            f"is written only as far as write in the section table of the profile says, which does not name {name}"
        )
    if name == "password" and not table.written_scheme:
        return "has no preset that tells how its program hashes; give the section a scheme"
    return None
