"""A database whose users table was a service's: how revisions see it, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from usercli.errors import Refused
from usercli.models import Base
from usercli.repositories.users_table import UsersTable, users_table

ADOPTED = "usercli_adopted"  # the table that records what was there
_HIDDEN = "usercli_view_of_users"
_EXISTS = sa.text(f"SELECT to_regclass('{ADOPTED}') IS NOT NULL AND to_regclass('users') IS NOT NULL")
_COLUMNS = sa.text("""
    SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('users') AND attnum > 0 AND NOT attisdropped
""")
#: Before a DROP TABLE that somebody runs by hand.
GUARD = (
    f"DO $$ BEGIN IF to_regclass('{ADOPTED}') IS NOT NULL THEN RAISE EXCEPTION "
    "'the table users is of another program; run: usercli db downgrade base'; END IF; END $$"
)


def is_adopted(connection: sa.Connection) -> bool:
    """The users table of this database was a service's before."""
    return connection.dialect.name == "postgresql" and bool(connection.scalar(_EXISTS))


def run_all(connection: sa.Connection, statements: Iterable[str]) -> None:
    """Run statements that have no parameters."""
    for statement in statements:
        connection.execute(sa.text(statement.replace(":", "\\:")))


def record_of(connection: sa.Connection) -> Mapping[Any, Any] | None:
    """What was recorded; the table must be there."""
    query = f"SELECT base, state, undo, conditions FROM {ADOPTED}"  # noqa: S608 - a constant
    return connection.execute(sa.text(query)).mappings().first()


def require_returnable(connection: sa.Connection) -> None:
    """The table can be given back: no row would turn into something else. Raises Refused."""
    row = record_of(connection)
    for query, sentence in row["conditions"] if row else ():
        if count := connection.scalar(sa.text(query)):
            raise Refused(f"{count:,} {'user' if count == 1 else 'users'} {sentence}")


def give_back(connection: sa.Connection) -> None:
    """Bring the table back to what it was. Raises Refused."""
    require_returnable(connection)
    if (row := record_of(connection)) is not None:
        run_all(connection, row["undo"])
        run_all(connection, [f"DROP TABLE {ADOPTED}"])


def view_columns(there: Iterable[str]) -> str:
    """The columns of the view `users`, as far as they are there."""
    known = set(there)
    ours = list(Base.metadata.tables["users"].columns.keys())
    return ", ".join(name for name in ours if name in known)


class UsersName:
    """Lets revisions find a table `users` where it is a view: the table has that name until `end`."""

    def __init__(self, connection: sa.Connection | None) -> None:
        self._connection = connection
        self._base: UsersTable | None = None

    def begin(self) -> None:
        """Give the table the name, if it is a view."""
        if self._connection is None or self._base is not None or not is_adopted(self._connection):
            return
        found = users_table(self._connection)
        if found.is_view:
            self._base = found
            run_all(
                self._connection,
                [f"ALTER VIEW users RENAME TO {_HIDDEN}", f"ALTER TABLE {found.sql} RENAME TO users"],
            )

    def end(self) -> None:
        """Give the table its own name, and the view the columns that it has now."""
        if self._connection is None or self._base is None:
            return
        base, self._base = self._base, None
        renamed = UsersTable(base.schema, "users", False)
        columns = view_columns(self._connection.scalars(_COLUMNS))
        run_all(
            self._connection,
            [
                f"ALTER TABLE {renamed.sql} RENAME TO {UsersTable(None, base.name, False).sql}",
                f"ALTER VIEW {_HIDDEN} RENAME TO users",
                f"CREATE OR REPLACE VIEW users AS SELECT {columns} FROM {base.sql}",  # noqa: S608 - quoted
            ],
        )
