"""The columns of another program's users table, as expressions that mean the same on either engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from usercli.errors import DatabaseUnavailable, Refused
from usercli.models import OWN_TABLES
from usercli.models.types import CodePointText, UtcDateTime
from usercli.schemas.user_table import UserTable

#: Where our tables are, the search path of the session, and that of the transaction.
_PATHS = """
    SELECT current_schema(), reset_val, current_setting('search_path') FROM pg_settings WHERE name = 'search_path'
"""
_SET_PATH = "SELECT set_config('search_path', :path, true)"
_SCHEMA_OF = """
    SELECT nspname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE pg_class.oid = to_regclass(quote_ident(:name))
"""

_TIMES = ("created_at", "updated_at", "last_login_at", "banned_until", "deleted_at")


class MappedColumns:
    """What a table's columns mean, found from the catalogue.

    `by_meaning` has those that the table has, by the name of the field; `ids` is what their ids are. Raises
    DatabaseUnavailable where the table or a column is not there, Refused for ids of another type.
    """

    def __init__(self, connection: sa.Connection, described: UserTable) -> None:
        self._on_postgresql = connection.dialect.name == "postgresql"
        schema = _schema(connection, described) if self._on_postgresql else described.schema
        self.found = _columns(connection, described, schema)
        types = {name: column["type"] for name, column in self.found.items()}
        self.table = sa.Table(
            described.table,
            sa.MetaData(),
            *(sa.Column(name, kind) for name, kind in types.items()),
            schema=schema,
        )
        #: The name for SQL, with its schema.
        self.name = connection.dialect.identifier_preparer.format_table(self.table)
        self._described = described
        self.ids = self._kind_of_ids(types[described.id], described)
        self.id: sa.ColumnElement[Any] = self.table.c[described.id]
        if self.ids != "uuid":  # a number that no integer holds is nobody's id, and no error
            self.id = sa.type_coerce(self.id, sa.BigInteger())
        self.email = self._text(described.email)
        self.by_meaning: dict[str, sa.ColumnElement[Any]] = {"id": self.id, "email": self.email}
        if described.full_name:
            joined: sa.ColumnElement[Any] = sa.literal("", sa.Text())
            for name in described.full_name:
                joined = joined + " " + sa.func.coalesce(self._text(name), "")
            self.by_meaning["full_name"] = self._by_code_point(sa.func.trim(joined))
        if described.active:
            self.by_meaning["is_active"] = self._boolean(described.active, described)
        for meaning in _TIMES:
            if column := getattr(described, meaning):
                self.by_meaning[meaning] = self._time(column, described)
        if described.password:
            self.by_meaning["hashed_password"] = sa.cast(self.table.c[described.password], sa.Text())

    def written(self, meaning: str) -> tuple[str, ...]:
        """The columns in which a value of this meaning is stored."""
        if meaning == "full_name":
            return self._described.full_name
        name = {"hashed_password": "password", "is_active": "active"}.get(meaning, meaning)
        column = getattr(self._described, name)
        return (column,) if column else ()

    def lowered(self) -> sa.ColumnElement[Any]:
        """The email with its ASCII letters in lower case, whatever the locale of the database."""
        return sa.func.lower(self.email, type_=CodePointText)

    def is_beyond_ascii(self) -> sa.ColumnElement[bool]:
        """Whether an email may have another key than itself in lower case."""
        if self._on_postgresql:
            is_wide = sa.func.octet_length(self.email) != sa.func.length(self.email)
        else:
            is_wide = sa.func.length(sa.cast(self.email, sa.LargeBinary)) != sa.func.length(self.email)
        return sa.or_(is_wide, self.lowered().contains("xn--"))

    def _kind_of_ids(self, kind: Any, described: UserTable) -> str:
        if isinstance(kind, sa.Integer):
            return str(kind).lower()
        if self._on_postgresql and isinstance(kind, sa.Uuid):
            return "uuid"
        raise Refused(
            f"the ids of {described.name} are {kind}; a mapped table has ids of bigint, integer"
            f"{' or uuid' if self._on_postgresql else ''}"
        )

    def _text(self, column: str) -> sa.ColumnElement[Any]:
        return self._by_code_point(sa.cast(self.table.c[column], sa.Text()))

    def _by_code_point(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return text.collate("C") if self._on_postgresql else text

    def _boolean(self, column: str, described: UserTable) -> sa.ColumnElement[Any]:
        found = self.table.c[column]
        if isinstance(found.type, sa.Boolean):
            return sa.func.coalesce(found, sa.false(), type_=sa.Boolean())
        if isinstance(found.type, sa.Integer):
            return sa.func.coalesce(found != 0, sa.false(), type_=sa.Boolean())
        raise Refused(f"{column} in {described.name} is {found.type}; active must be a boolean or a number")

    def _time(self, column: str, described: UserTable) -> sa.ColumnElement[Any]:
        found = self.table.c[column]
        if not isinstance(found.type, sa.DateTime):
            raise Refused(f"{column} in {described.name} is {found.type}; it must be a time")
        if self._on_postgresql and not found.type.timezone:
            return sa.func.timezone("UTC", found, type_=UtcDateTime())
        return sa.type_coerce(found, UtcDateTime())


def _schema(connection: sa.Connection, described: UserTable) -> str | None:
    """The schema of the table: the name's, or where the session's search path finds it, not that of our tables."""
    if described.schema:
        return described.schema
    here, own_path, path = connection.execute(sa.text(_PATHS)).one()
    if own_path != path:
        connection.execute(sa.text(_SET_PATH), {"path": own_path})
    found = connection.execute(sa.text(_SCHEMA_OF), {"name": described.table}).scalar()
    if own_path != path:
        connection.execute(sa.text(_SET_PATH), {"path": path})
    if found is None:
        raise _no_table(described)
    if found == here and described.table in OWN_TABLES:
        raise DatabaseUnavailable(
            f"{found}.{described.table} is usercli's own table; correct name in the section table of the profile"
        )
    return str(found)


def _columns(connection: sa.Connection, described: UserTable, schema: str | None) -> Mapping[str, Any]:
    """Each column of the table as the catalogue tells it."""
    try:
        listed = sa.inspect(connection).get_columns(described.table, schema)
    except NoSuchTableError:
        raise _no_table(described) from None
    found = {column["name"]: column for column in listed}
    if missing := [name for name in described.columns if name not in found]:
        raise DatabaseUnavailable(
            f"the table {described.name} has no column {', '.join(missing)}; "
            "correct the section table of the profile"
        )
    return found


def _no_table(described: UserTable) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"there is no table {described.name}; correct name in the section table of the profile"
    )
