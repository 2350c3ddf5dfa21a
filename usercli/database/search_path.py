"""The schema of PostgreSQL that a setting gives to our tables, apart from those of other programs.

It is set for each transaction: a pooler gives every transaction another session.
"""

from __future__ import annotations

from typing import Any

from usercli.database.schema_version import VERSION_TABLE
from usercli.database.url import DatabaseUrl


def url_of(connection: Any) -> DatabaseUrl | None:
    """The database of a connection of ours; None of another one."""
    found: DatabaseUrl | None = connection.get_execution_options().get("usercli_url")
    return found


def version_table(connection: Any) -> str:
    """The table with the revision of this database."""
    url = url_of(connection)
    return url.version_table if url is not None else VERSION_TABLE


def columns_of_applications(connection: Any) -> tuple[str, ...]:
    """The columns of `users` that the setting declares as an application's."""
    url = url_of(connection)
    return url.user_columns if url is not None else ()


def schema_of(connection: Any) -> str:
    """The schema of the setting; empty where the search path of the session holds."""
    url = url_of(connection)
    return url.schema if url is not None else ""


def quoted_schema(schema: str) -> str:
    """The name in SQL, whatever it contains."""
    return '"{}"'.format(schema.replace('"', '""'))


def search_path_call(schema: str) -> str:
    """What sets the search path until the end of the transaction, inside a SELECT that has no parameters."""
    path = quoted_schema(schema).replace("\\", "\\\\").replace("'", "''")
    return f"set_config('search_path', E'{path}', true)"


def restore_search_path(connection: Any) -> None:
    """Set it again, after the driver rolled back a transaction that goes on for SQLAlchemy."""
    if schema := schema_of(connection):
        sql = f"SELECT {search_path_call(schema)}"
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def make_schema(connection: Any) -> None:
    """Make the schema of the setting if it is missing. Raises Refused where the role may not."""
    if schema := schema_of(connection):
        name = quoted_schema(schema).replace("%", "%%")
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_namespace WHERE nspname = %s", (schema,)
        ).scalar()
        if not found:
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
