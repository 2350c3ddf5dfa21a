"""Our tables beside a table of another program: those of the revisions, and two that refer to its ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from usercli.database import migrations
from usercli.database.alembic_runner import exclusive_connection
from usercli.database.url import DatabaseUrl
from usercli.repositories.mapped_columns import MappedColumns
from usercli.repositories.mapped_tables import owner_of, require_owner
from usercli.schemas.user_table import UserTable

if TYPE_CHECKING:
    from alembic.script import Script

#: Ids are texts: those of their table are numbers or UUIDs. No foreign key leads there: theirs is not altered.
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS mapped_users (
        user_id text COLLATE "C" PRIMARY KEY,
        email_key text COLLATE "C",
        seen_hash text NOT NULL,
        seen_at timestamp with time zone NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS mapped_user_roles (
        user_id text COLLATE "C" NOT NULL,
        role_id uuid NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
        granted_at timestamp with time zone NOT NULL DEFAULT now(),
        granted_by text COLLATE "C" NOT NULL DEFAULT '',
        PRIMARY KEY (user_id, role_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS ix_mapped_user_roles_role_id ON mapped_user_roles (role_id)",
)


def upgrade(
    url: DatabaseUrl, table: UserTable, revision: str = "head", *, on_wait: Callable[[], None] = lambda: None
) -> list[Script]:
    """Bring our own schema up to date; the revisions that were run. The table itself is only looked at.

    Raises DatabaseUnavailable, Refused where our schema belongs to another table.
    """
    with exclusive_connection(url, on_wait) as connection:
        MappedColumns(connection, table)  # it is there, before anything is made for it
    run = migrations.upgrade(url, revision, on_wait=on_wait)
    if revision == "head":
        with exclusive_connection(url, on_wait) as connection:
            _make_tables(connection, table)
    return run


def _make_tables(connection: sa.Connection, table: UserTable) -> None:
    name = MappedColumns(connection, table).name
    for statement in _TABLES:
        connection.exec_driver_sql(statement)
    if (owner := owner_of(connection)) is not None:
        require_owner(owner, name)
    else:
        text = name.replace("'", "''").replace("%", "%%")
        connection.exec_driver_sql(f"COMMENT ON TABLE mapped_users IS '{text}'")
