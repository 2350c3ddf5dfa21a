"""The table behind `users`: in an adopted database it may be a view of the table of a service."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

_BASE = sa.text("""
    SELECT nspname, base.relname, base.oid <> named.oid AS is_view, nspname = current_schema() AS is_here
    FROM pg_class AS named
    JOIN pg_class AS base ON base.oid = CASE named.relkind WHEN 'v' THEN (
        SELECT refobjid FROM pg_rewrite JOIN pg_depend
        ON pg_depend.classid = 'pg_rewrite'::regclass AND pg_depend.objid = pg_rewrite.oid
        WHERE ev_class = named.oid AND refclassid = 'pg_class'::regclass AND refobjid <> named.oid LIMIT 1)
        ELSE named.oid END
    JOIN pg_namespace ON pg_namespace.oid = base.relnamespace
    WHERE named.oid = to_regclass('users')
""")


class UsersTable(NamedTuple):
    """The table that holds the users; `schema` is None where it is the one in which tables are made."""

    schema: str | None
    name: str
    is_view: bool

    @property
    def sql(self) -> str:
        """The name with its schema, quoted."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name) if part)


def users_table(connection: sa.Connection) -> UsersTable:
    """What `users` is."""
    if connection.dialect.name == "postgresql" and (row := connection.execute(_BASE).first()) is not None:
        return UsersTable(None if row.is_here else row.nspname, row.relname, row.is_view)
    return UsersTable(None, "users", False)
