"""Is the schema the one this program was written for? Asked before every command, without Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from usercli.errors import SchemaNotCurrent

#: The newest revision in alembic/versions; a test compares them.
HEAD = "20261121_0500"

VERSION_TABLE = "alembic_version"


def folder() -> Path:
    """The migrations: inside the installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent.parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "alembic"


def require_current(connection: Connection) -> None:
    """Raise SchemaNotCurrent, with the command to run, unless the schema is at head."""
    try:
        rows = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
        found = sorted(row[0] for row in rows)
    except SchemaNotCurrent:  # no such table
        found = []
    if found != [HEAD]:
        raise SchemaNotCurrent(_sentence(found))


def _sentence(found: list[str]) -> str:
    from usercli.database.alembic_runner import steps_between

    if not found:
        return "the database has no usercli schema yet; run: usercli db upgrade"
    behind = steps_between(found, HEAD)
    if behind is None:
        return (
            f"the database is at revision {', '.join(found)}, which this version of usercli does not know; "
            "install a newer usercli, or check that this is the right database"
        )
    return f"the database is {behind} revision{'s' if behind > 1 else ''} behind; run: usercli db upgrade"
