"""What the catalogue of PostgreSQL says of a table that is to be taken over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from usercli.database.foreign_tables import NAMES, find_tables
from usercli.errors import InvalidInput, NotFound, UserCliError

_FIND = sa.text("""
    SELECT class.oid, quote_ident(nspname) AS schema, quote_ident(relname) AS name, relname, nspname, relkind::text,
        relforcerowsecurity AS secured, relispartition OR EXISTS (
            SELECT FROM pg_inherits WHERE inhrelid = class.oid OR inhparent = class.oid) AS inherits,
        pg_has_role(relowner, 'USAGE') AS owned, pg_get_userbyid(relowner) AS owner,
        nspname = ANY (current_schemas(false)) AS reached, greatest(reltuples, 0)::bigint AS rows,
        coalesce(quote_ident(current_schema()), '') AS here,
        current_setting('server_encoding') AS encoding,
        (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone') AS timezone
    FROM pg_class AS class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE class.oid = to_regclass(:name)
""")
_QUOTED = sa.text("SELECT string_agg(quote_ident(part), '.') FROM unnest(parse_ident(:name)) AS part")
_COLUMNS = sa.text("""
    SELECT attname AS name, quote_ident(attname) AS quoted, format_type(atttypid, atttypmod) AS type,
        typname::text AS base, attnotnull AS not_null, pg_get_expr(adbin, adrelid) AS default,
        attgenerated <> '' AS generated, attidentity <> '' AS identity,
        coalesce((SELECT collisdeterministic FROM pg_collation WHERE pg_collation.oid = attcollation), true)
            AS deterministic,
        CASE WHEN atttypmod > 4 AND typname = 'varchar' THEN atttypmod - 4 END AS length
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = :oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")
_INDEXES = sa.text("""
    SELECT relname AS name, quote_ident(relname) AS quoted, pg_get_indexdef(indexrelid) AS definition,
        indisprimary AS primary, conname IS NOT NULL AS is_constraint, pg_get_constraintdef(con.oid) AS constraint,
        indnkeyatts = 1 AND pg_get_indexdef(indexrelid, 1, false)
            IN ('email', 'lower(email)', 'lower((email)::text)') AS of_email,
        indpred IS NOT NULL AS partial, ARRAY(SELECT conrelid::regclass::text FROM pg_constraint AS other
            WHERE other.contype = 'f' AND other.confrelid = indrelid AND other.conindid = indexrelid) AS referring,
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey)) AS columns
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        LEFT JOIN pg_constraint AS con ON con.conindid = indexrelid AND con.conrelid = indrelid
            AND con.contype IN ('p', 'u', 'x')
    WHERE indrelid = :oid AND indisunique ORDER BY relname
""")
_TRIGGERS = sa.text("""
    SELECT quote_ident(tgname) FROM pg_trigger
    WHERE tgrelid = :oid AND NOT tgisinternal AND tgtype & 16 <> 0 AND tgenabled = 'O'
        AND tgname NOT IN ('usercli_fill_inserted', 'usercli_fill_updated')
    ORDER BY tgname
""")
_TAKEN = sa.text("""
    SELECT name FROM unnest(CAST(:names AS text[])) AS name
    WHERE to_regclass(quote_ident(name)) IS NOT NULL ORDER BY name
""")


@dataclass(frozen=True)
class Column:
    """A column of the table; `type` as SQL spells it, `length` of a varchar that has one."""

    name: str
    quoted: str
    type: str
    base: str
    not_null: bool
    default: str | None
    generated: bool
    identity: bool
    deterministic: bool
    length: int | None


@dataclass(frozen=True)
class UniqueIndex:
    """A unique index, maybe of a constraint; `of_email` if it makes each address stand once."""

    name: str
    quoted: str
    definition: str
    primary: bool
    is_constraint: bool
    constraint: str | None
    of_email: bool
    partial: bool
    referring: Sequence[str]
    columns: Sequence[str]


@dataclass(frozen=True)
class TableFacts:
    """A table as it is. `sql` is its name with its schema, quoted; `here` the schema of new tables, quoted."""

    oid: int
    sql: str
    schema: str
    name: str
    quoted: str
    here: str
    reached: bool  # the search path has its schema
    kind: str
    rows: int
    owned: bool
    owner: str
    inherits: bool
    secured: bool
    encoding: str
    timezone: str  # of sessions that set none
    has_empty_names: bool
    columns: Mapping[str, Column]
    indexes: Sequence[UniqueIndex]
    triggers: Sequence[str]  # of others, on UPDATE


def read_table(connection: sa.Connection, name: str | None = None) -> TableFacts:
    """The table of that name (as SQL spells it), or the likeliest one. Raises NotFound, InvalidInput."""
    if name is None:
        found = [table for table in find_tables(connection) if not table.is_ours]
        if not found:
            raise NotFound("there is no table of users that is not usercli's")
        name = min(found, key=lambda table: table.name not in NAMES).quoted
    try:
        with connection.begin_nested():
            quoted = connection.scalar(_QUOTED, {"name": name})
    except UserCliError:
        raise InvalidInput(f"not a name of a table: {name}") from None
    row = connection.execute(_FIND, {"name": quoted}).mappings().first()
    if row is None:
        raise NotFound(f"there is no table {name}")
    return _facts(connection, row)


def _facts(connection: sa.Connection, row: Mapping[Any, Any]) -> TableFacts:
    oid = {"oid": row["oid"]}
    columns = [Column(**item) for item in connection.execute(_COLUMNS, oid).mappings()]
    return TableFacts(
        oid=row["oid"],
        sql=f"{row['schema']}.{row['name']}",
        schema=row["schema"],
        name=row["relname"],
        quoted=row["name"],
        here=row["here"],
        reached=row["reached"],
        kind=row["relkind"],
        rows=_counted(connection, row),
        owned=row["owned"],
        owner=row["owner"],
        inherits=row["inherits"],
        secured=row["secured"],
        encoding=row["encoding"],
        timezone=row["timezone"],
        has_empty_names=_has_empty_names(connection, row, columns),
        columns={column.name: column for column in columns},
        indexes=[UniqueIndex(**item) for item in connection.execute(_INDEXES, oid).mappings()],
        triggers=list(connection.scalars(_TRIGGERS, oid)),
    )


def _counted(connection: sa.Connection, row: Mapping[Any, Any]) -> int:
    if row["relkind"] != "r":
        return int(row["rows"])
    return int(connection.scalar(sa.text(f"SELECT count(*) FROM {row['schema']}.{row['name']}")) or 0)  # noqa: S608 - quoted


def _has_empty_names(connection: sa.Connection, row: Mapping[Any, Any], columns: Sequence[Column]) -> bool:
    if not any(column.name == "full_name" and column.base in {"text", "varchar"} for column in columns):
        return False
    query = f"SELECT EXISTS (SELECT FROM {row['schema']}.{row['name']} WHERE full_name = '')"  # noqa: S608 - quoted
    return bool(connection.scalar(sa.text(query)))


def taken_names(connection: sa.Connection, names: Sequence[str]) -> list[str]:
    """Those of the names that the search path has a table of."""
    return list(connection.scalars(_TAKEN, {"names": list(names)}))
