"""Tables of users that are not ours, as the catalogue of PostgreSQL or SQLite describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from usercli.database.table_presets import USERCLI, is_address, meaning_of, preset_of, title_of
from usercli.errors import NotFound, UserCliError
from usercli.text import counted

#: Names of tables that hold users; one of another name is told by columns of an address and a password.
NAMES = ("users", "user", "auth_user", "accounts", "account")

_ROWS_COUNTED = 100_000
_COLUMNS = {
    "postgresql": """
        SELECT nspname::text AS schema, relname::text AS name, attname::text AS column,
            format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable,
            pg_get_expr(adbin, adrelid) AS default
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = relnamespace
            JOIN pg_attribute ON attrelid = class.oid
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition AND attnum > 0 AND NOT attisdropped
            AND nspname !~ '^pg_' AND nspname <> 'information_schema'
            AND has_schema_privilege(space.oid, 'USAGE') AND (position(relname::text IN :name) > 0 OR EXISTS (
                SELECT FROM pg_attribute AS sign WHERE attrelid = class.oid AND attname IN :signs))
        ORDER BY nspname = current_schema() DESC, nspname, relname, attnum
    """,
    "sqlite": """
        SELECT NULL AS schema, item.name, part.name AS "column", lower(part.type) AS type,
            NOT part."notnull" AS nullable, part.dflt_value AS "default"
        FROM sqlite_master AS item, pragma_table_info(item.name) AS part
        WHERE item.type IN ('table', 'view') AND item.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND (
            instr(:name, item.name) OR EXISTS (
                SELECT 1 FROM pragma_table_info(item.name) AS sign WHERE sign.name IN :signs))
        ORDER BY item.name, part.cid
    """,
}
_COLUMN_NAMES = {
    "postgresql": """
        SELECT DISTINCT attname::text FROM pg_attribute JOIN pg_class AS class ON class.oid = attrelid
            JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
            AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    """,
    "sqlite": """
        SELECT DISTINCT part.name FROM sqlite_master AS item, pragma_table_info(item.name) AS part
        WHERE item.type IN ('table', 'view')
    """,
}
#: Kind of key, name of its index, and its columns or expressions.
_KEYS = {
    "postgresql": """
        SELECT indisprimary AS is_primary, indpred IS NOT NULL AS is_partial,
            ARRAY(SELECT coalesce(attname, pg_get_indexdef(indexrelid, place, true))
                FROM generate_series(1, indnkeyatts) AS place
                    LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[place - 1]
                ORDER BY place) AS columns
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = to_regclass(:table) AND indisunique ORDER BY indisprimary DESC, relname
    """,
    "sqlite": """
        SELECT list.origin = 'pk' AS is_primary, list.partial AS is_partial,
            (SELECT json_group_array(coalesce(name, 'an expression')) FROM pragma_index_info(list.name)) AS columns
        FROM pragma_index_list(:name) AS list WHERE list."unique" ORDER BY list.name
    """,
}
_REFERENCES = {
    "postgresql": """
        SELECT conrelid::regclass::text AS "from", (SELECT string_agg(attname, ', ') FROM pg_attribute
            WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns,
            CASE confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default'
                WHEN 'r' THEN 'restrict' ELSE 'no action' END AS rule
        FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass(:table) AND conparentid = 0
        ORDER BY 1, 2
    """,
    "sqlite": """
        SELECT item.name AS "from", group_concat(part."from", ', ') AS columns, lower(part.on_delete) AS rule
        FROM sqlite_master AS item, pragma_foreign_key_list(item.name) AS part
        WHERE item.type = 'table' AND lower(part."table") = lower(:name)
        GROUP BY item.name, part.id ORDER BY 1, 2
    """,
}
_SQLITE_PRIMARY = "SELECT name FROM pragma_table_info(:name) WHERE pk ORDER BY pk"
_ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:table)"


@dataclass(frozen=True)
class ForeignColumn:
    """A column; its type and default as SQL spells them."""

    name: str
    type: str
    nullable: bool
    default: str | None


@dataclass(frozen=True)
class ForeignTable:
    """A table that holds users. `fields` leads from our field to its column; a SQLite table has no schema.

    `rows` is an estimate of the server's unless `is_exact`, and None where the role may not read them.
    """

    schema: str | None
    name: str
    columns: tuple[ForeignColumn, ...]
    rows: int | None = None
    is_exact: bool = False
    primary_key: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    referenced_by: tuple[str, ...] = ()
    framework: str | None = field(init=False)
    fields: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        object.__setattr__(self, "framework", preset_of(names))
        fields = meaning_of(names, self.framework)
        if "id" not in fields and len(self.primary_key) == 1 and self.primary_key[0] not in fields.values():
            fields = {"id": self.primary_key[0], **fields}
        object.__setattr__(self, "fields", fields)

    @property
    def label(self) -> str:
        """The name as it is shown."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def quoted(self) -> str:
        """The name for SQL, with its schema."""
        return ".".join(quote(part) for part in (self.schema, self.name) if part)

    @property
    def id_kind(self) -> str:
        """uuid, bigint, integer, text, another type as it is spelled, or nothing where no column is an id."""
        kinds = {column.name: column.type for column in self.columns}
        kind = kinds.get(self.fields.get("id", ""), "")
        base = kind.partition("(")[0].strip()
        if kind in {"uuid", "char(32)", "char(36)"}:
            return "uuid"  # as SQLAlchemy and Django keep one in SQLite
        known = {"varchar": "text", "character varying": "text", "int": "integer", "smallint": "integer"}
        return known.get(base, base)

    @property
    def is_ours(self) -> bool:
        return self.framework == USERCLI


def quote(name: str) -> str:
    """A name in SQL, whatever it contains."""
    return '"{}"'.format(name.replace('"', '""'))


def find_tables(
    connection: sa.Connection, name: str | None = None, *, is_described: bool = True
) -> list[ForeignTable]:
    """The tables that hold users, or the one of that name, with or without its schema. Raises NotFound.

    One that was named may have no column that is known to hold addresses. Rows, and what refers to them, are there
    only if it `is_described`.
    """
    tables = list(_candidates(connection, name or ""))
    if name is None:
        return [_described(connection, table) for table in tables if _holds_users(table)]
    named = [table for table in tables if name in {table.label, table.name, table.quoted}]
    if not named:
        raise NotFound(f"there is no table {name}")
    if is_described:
        return [_described(connection, named[0])]
    primary, _ = _keys(connection, named[0])
    return [replace(named[0], primary_key=primary)]


def users_elsewhere(connection: sa.Connection) -> ForeignTable | None:
    """The likeliest table of users that is not ours, without its rows and keys; None if there is none."""
    found = [table for table in _candidates(connection) if _holds_users(table) and not table.is_ours]
    return min(found, key=lambda table: table.name not in NAMES, default=None)


def in_words(connection: sa.Connection, table: ForeignTable) -> str:
    """A table in a few words: `the table auth_user of Django (1,000 rows)`."""
    kind = f" of {title_of(table.framework)}" if table.framework else ""
    return f"the table {table.label}{kind} ({count_rows(connection, table.quoted)})"


def count_rows(connection: sa.Connection, quoted: str) -> str:
    """How many rows a table has, as far as it is worth counting."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT {_ROWS_COUNTED + 1}) AS counted"  # noqa: S608 - quoted
    try:
        with connection.begin_nested():
            rows = connection.scalar(sa.text(query)) or 0
    except UserCliError:
        return "rows unknown"
    if rows > _ROWS_COUNTED:
        return f"more than {_ROWS_COUNTED:,} rows"
    return counted(rows, "row")


def _candidates(connection: sa.Connection, name: str = "") -> Iterator[ForeignTable]:
    """Every table with a column that may hold addresses, without what costs more to find out.

    And those, whatever they hold, whose name is a part of `name`.
    """
    names = connection.scalars(sa.text(_COLUMN_NAMES[connection.dialect.name]))
    signs = ["email", *filter(is_address, names)]  # SQL has no empty list
    query = sa.text(_COLUMNS[connection.dialect.name]).bindparams(sa.bindparam("signs", expanding=True))
    found: dict[tuple[str | None, str], list[ForeignColumn]] = {}
    for row in connection.execute(query, {"signs": signs, "name": name}):
        column = ForeignColumn(row.column, row.type, bool(row.nullable), row.default)
        found.setdefault((row.schema, row.name), []).append(column)
    for place, columns in found.items():
        yield ForeignTable(*place, tuple(columns))


def _holds_users(table: ForeignTable) -> bool:
    return "email" in table.fields and ("password" in table.fields or table.name in NAMES)


def _described(connection: sa.Connection, table: ForeignTable) -> ForeignTable:
    """The same with its rows, keys and what refers to it."""
    names = _parameters(connection, table)
    primary, unique = _keys(connection, table)
    referring = [
        f"{row[0]}.{row[1]} (on delete {row[2]})"
        for row in connection.execute(sa.text(_REFERENCES[connection.dialect.name]), names)
    ]
    rows, is_exact = _rows(connection, table, names)
    return ForeignTable(table.schema, table.name, table.columns, rows, is_exact, primary, unique, tuple(referring))


def _parameters(connection: sa.Connection, table: ForeignTable) -> dict[str, str]:
    return {"name": table.name} if connection.dialect.name == "sqlite" else {"table": table.quoted}


def _keys(connection: sa.Connection, table: ForeignTable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of the primary key, and those of each unique one."""
    engine, names = connection.dialect.name, _parameters(connection, table)
    primary: tuple[str, ...] = ()
    unique = []
    for row in connection.execute(sa.text(_KEYS[engine]), names):
        columns = _list(row.columns)
        if row.is_primary:
            primary = tuple(columns)
        else:
            unique.append(", ".join(columns) + (" (of some rows)" if row.is_partial else ""))
    if engine == "sqlite":  # an integer key has no index
        primary = tuple(connection.scalars(sa.text(_SQLITE_PRIMARY), names))
    return primary, tuple(unique)


def _list(columns: object) -> list[str]:
    import json

    return json.loads(columns) if isinstance(columns, str) else list(columns)  # type: ignore[call-overload,no-any-return]


def _rows(connection: sa.Connection, table: ForeignTable, names: Mapping[str, str]) -> tuple[int | None, bool]:
    query = f"SELECT count(*) FROM {table.quoted}"  # noqa: S608 - quoted
    try:
        with connection.begin_nested():
            return int(connection.scalar(sa.text(query)) or 0), True
    except UserCliError:  # not allowed to, or it takes too long
        if connection.dialect.name == "sqlite":
            return None, False
        estimate = connection.scalar(sa.text(_ESTIMATE), names)
        return (int(estimate), False) if estimate is not None and estimate >= 0 else (None, False)
