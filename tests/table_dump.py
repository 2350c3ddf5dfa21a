"""What stands in the tables, past the tool: to prove that nothing changed."""

from __future__ import annotations

from tests.conftest import Database

#: Every table that a command on users and roles may change.
TABLES = ("users", "roles", "user_roles")


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in an order of their own."""
    return {table: sorted(database.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}
