"""Questions about a database server: its version, role and privileges, settings, clock, extensions and pooler."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from usercli.database.probe import Probe
from usercli.database.schema_version import VERSION_TABLES
from usercli.database.search_path import version_table
from usercli.models import OWN_TABLES
from usercli.models.user import SEARCH_INDEX

_LOG = "audit_events"
_ROLE = """
    SELECT current_user::text, rolsuper, current_schema()::text, pg_is_in_recovery(),
        current_setting('default_transaction_read_only') = 'on',
        has_database_privilege(current_database(), 'TEMPORARY')
    FROM pg_roles WHERE rolname = current_user
"""
_PRIVILEGES = """
    SELECT relname::text, pg_has_role(relowner, 'USAGE'), has_table_privilege(oid, 'SELECT'),
        has_table_privilege(oid, 'INSERT'), has_table_privilege(oid, 'UPDATE'), has_table_privilege(oid, 'DELETE'),
        has_table_privilege(oid, 'TRUNCATE')
    FROM pg_class WHERE relname IN :names AND oid = to_regclass(quote_ident(relname)) ORDER BY relname
"""
_TEXTS = """
    SELECT current_setting('server_encoding'), current_setting('client_encoding'), current_setting('datestyle'),
        (SELECT reset_val FROM pg_settings WHERE name = 'DateStyle')
"""
_KINDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")


@dataclass(frozen=True)
class Role:
    """Who a session is, and what may be done in it."""

    name: str
    is_superuser: bool
    schema: str | None
    is_read_only: bool
    may_stage: bool
    """Whether it may make temporary tables, which changes of many users use."""


@dataclass(frozen=True)
class TablePrivileges:
    """What the role may do with a table."""

    table: str
    is_owner: bool
    held: frozenset[str]

    @property
    def missing(self) -> list[str]:
        """What daily work needs and the role lacks."""
        needed = ["SELECT", "INSERT", "UPDATE", "DELETE"]
        if self.table in {_LOG, *VERSION_TABLES}:
            needed = ["SELECT", "INSERT"] if self.table == _LOG else ["SELECT"]
        return [kind for kind in needed if kind not in self.held]

    @property
    def beyond(self) -> list[str]:
        """What lets a role that is not the owner change the audit log."""
        if self.table != _LOG or self.is_owner:
            return []
        return [kind for kind in ("UPDATE", "DELETE", "TRUNCATE") if kind in self.held]


@dataclass(frozen=True)
class Texts:
    """How texts and times travel: the database's encoding, and what a transaction of usercli has."""

    server_encoding: str
    client_encoding: str
    date_style: str
    usual_date_style: str


def require_answer(connection: sa.Connection) -> None:
    """Read something, if there is anything. Raises DatabaseUnavailable."""
    connection.exec_driver_sql("SELECT 1" if connection.dialect.name == "postgresql" else "PRAGMA schema_version")


def version(connection: sa.Connection) -> tuple[str, tuple[int, ...]]:
    """The version of the server, or of the SQLite library."""
    if connection.dialect.name == "sqlite":
        return sqlite3.sqlite_version, sqlite3.sqlite_version_info
    text, number = connection.exec_driver_sql(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int"
    ).one()
    return text.split()[0], (number // 10_000, number % 10_000)


def role(connection: sa.Connection) -> Role:
    """The role of a PostgreSQL session."""
    name, is_superuser, schema, is_standby, is_read_only, may_stage = connection.exec_driver_sql(_ROLE).one()
    return Role(name, is_superuser, schema, is_standby or is_read_only, may_stage)


def privileges(connection: sa.Connection) -> list[TablePrivileges]:
    """What the role may do with each table that is there."""
    query = sa.text(_PRIVILEGES).bindparams(sa.bindparam("names", expanding=True))
    found = connection.execute(query, {"names": [*sorted(OWN_TABLES), version_table(connection)]})
    return [
        TablePrivileges(name, owner, frozenset(kind for kind, has in zip(_KINDS, held, strict=True) if has))
        for name, owner, *held in found
    ]


def texts(connection: sa.Connection) -> Texts:
    """How texts and times travel. On SQLite they are texts in the encoding of the file."""
    if connection.dialect.name == "sqlite":
        encoding = str(connection.exec_driver_sql("PRAGMA encoding").scalar())
        return Texts(encoding, encoding, "", "")
    return Texts(*connection.exec_driver_sql(_TEXTS).one())


def server_time(connection: sa.Connection) -> datetime:
    """The clock of a PostgreSQL server."""
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found


def extensions(connection: sa.Connection) -> dict[str, str]:
    """The extensions of the database and their versions; none on SQLite."""
    if connection.dialect.name == "sqlite":
        return {}
    query = "SELECT extname::text, extversion::text FROM pg_extension ORDER BY extname"
    return {row[0]: row[1] for row in connection.exec_driver_sql(query)}


def has_search_index(connection: sa.Connection) -> bool:
    """Whether an operator made the index that PostgreSQL reads for --search."""
    query = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(connection.scalar(query, {"name": SEARCH_INDEX}))


def has_json(connection: sa.Connection) -> bool:
    """Whether the SQLite library can look into JSON. Raises SchemaNotCurrent where it knows no such function."""
    return connection.exec_driver_sql("SELECT count(*) FROM json_each('[1]')").scalar() == 1


def link(probe: Probe, connection: sa.Connection) -> str:
    """How a connection to PostgreSQL is protected: `TLS` or nothing."""
    return "TLS" if getattr(probe.driver_of(connection).pgconn, "ssl_in_use", False) else ""


def pooler(probe: Probe) -> str:
    """What stands between: nothing (empty), `transaction`, or `unknown` for a mode that does not show.

    A pooler makes up the process number that a connection is told. One that gives the session of an idle connection
    to another one works by transaction.
    """
    with probe.connection() as connection:
        told: Any = probe.driver_of(connection).pgconn.backend_pid
        before = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        if told == before:
            return ""
        connection.rollback()
        with probe.connection() as another:
            after = another.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    return "transaction" if after == before else "unknown"
