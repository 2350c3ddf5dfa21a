"""Does an adopted table still have what usercli needs? Its other columns and indexes are the service's."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from usercli.database.adopted_table import is_adopted
from usercli.database.adoption_sql import EMAIL_KEY, FILL, INSERT_TRIGGER, UPDATE_TRIGGER
from usercli.emails import email_key
from usercli.models import Base
from usercli.repositories.users_table import users_table

_TYPES = {
    "UUID": {"uuid"},
    "TEXT": {"text", "varchar"},
    "BOOLEAN": {"bool"},
    "INTEGER": {"int4", "int8"},
    "JSONB": {"jsonb"},
    "TIMESTAMP WITH TIME ZONE": {"timestamptz", "timestamp"},
}
_COLUMNS = sa.text("""
    SELECT attname, typname, attnotnull FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped
""")
_INDEX = sa.text("""
    SELECT indisunique AND indisvalid AND pg_get_indexdef(indexrelid, 1, false) = 'email_key'
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass(:table) AND relname = 'uq_users_email_key'
""")
_TRIGGERS = sa.text("""
    SELECT tgname, tgenabled IN ('O', 'A') AND proname = :function
    FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgrelid = to_regclass(:table) AND NOT tgisinternal AND tgname IN (:insert, :update)
""")
_CONSTRAINTS = sa.text("""
    SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = to_regclass(:table)
    UNION ALL SELECT conname FROM pg_constraint
    WHERE contype = 'f' AND conrelid = to_regclass('user_roles') AND confrelid = to_regclass(:table)
""")
_NEEDED = ("ck_users_deleted_is_inactive", "ck_users_version_positive", "fk_user_roles_user_id_users")
_SAMPLE = "Straße.Ä@Bücher.Example"


def differences_of_adopted(connection: sa.Connection) -> Iterator[str]:
    """What an adopted table lacks, a few words each; nothing for any other."""
    if not is_adopted(connection):
        return
    base = users_table(connection)
    table = {"table": base.sql}
    yield from _columns(connection, table, base.name)
    if not connection.scalar(_INDEX, table):
        yield "add index uq_users_email_key"
    there = set(connection.scalars(_CONSTRAINTS, table))
    yield from (f"add constraint {name}" for name in _NEEDED if name not in there)
    names = {"insert": INSERT_TRIGGER, "update": UPDATE_TRIGGER, "function": FILL}
    on = dict(tuple(row) for row in connection.execute(_TRIGGERS, {**table, **names}))
    for name in (INSERT_TRIGGER, UPDATE_TRIGGER):
        if not on.get(name):
            state = "off" if name in on else "missing"
            yield f"the trigger {name} of {base.name}, which fills email_key, is {state}"
    if all(on.get(name) for name in (INSERT_TRIGGER, UPDATE_TRIGGER)) and not _is_right(connection):
        yield f"the function {EMAIL_KEY} makes other keys than this program"


def _columns(connection: sa.Connection, table: dict[str, str], name: str) -> Iterator[str]:
    there = {row[0]: (row[1], row[2]) for row in connection.execute(_COLUMNS, table)}
    for column in Base.metadata.tables["users"].columns:
        if column.name not in there:
            yield f"add column {name} {column.name}"
            continue
        kind, not_null = there[column.name]
        if kind not in _TYPES[column.type.compile(connection.dialect).partition(" COLLATE")[0]]:
            yield f"modify type {name} {column.name}"
        elif not column.nullable and not not_null:
            yield f"modify nullable {name} {column.name}"


def _is_right(connection: sa.Connection) -> bool:
    """The function is there, and makes the key of a sample."""
    where = connection.scalar(
        sa.text(
            "SELECT quote_ident(nspname) FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace "
            "WHERE proname = :name AND pg_function_is_visible(pg_proc.oid)"
        ),
        {"name": EMAIL_KEY},
    )
    if where is None:
        return False
    query = sa.text(f"SELECT {where}.{EMAIL_KEY}(:sample)")
    return bool(connection.scalar(query, {"sample": _SAMPLE}) == email_key(_SAMPLE))
