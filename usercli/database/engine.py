"""Engines for both databases, with the settings that make them behave alike."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool, Pool, QueuePool

from usercli.database.integrity import domain_error, translate_errors
from usercli.database.url import DatabaseUrl
from usercli.errors import DatabaseUnavailable
from usercli.files import make_private_folder

#: Execution option of a connection that only reads: no write lock on SQLite, READ ONLY on PostgreSQL.
READ_ONLY = "usercli_read_only"

_BUSY_SECONDS = 30.0
_CONNECT_SECONDS = "10"

#: What our engines and their pools are called in logs.
_LOG = {"logging_name": "usercli", "pool_logging_name": "usercli"}


def open_engine(url: DatabaseUrl, poolclass: type[Pool] = NullPool) -> Engine:
    """An engine that raises domain errors. Nothing is connected yet."""
    engine = _sqlite(url, poolclass) if url.engine == "sqlite" else _postgresql(url, poolclass)
    translate_errors(engine, url)
    loggers: tuple[Any, ...] = (engine.logger, engine.pool.logger)
    for logger in loggers:
        logging.getLogger(logger.name).addFilter(_may_be_logged)
    engine.update_execution_options(usercli_translate=lambda error: domain_error(error, url))
    return engine


def _may_be_logged(record: logging.LogRecord) -> bool:
    """At DEBUG SQLAlchemy logs the rows it reads, hashes too, and a driver's words about a failed connect."""
    return not str(record.msg).startswith(("Row ", "Error on connect"))


def open_pooled_engine(url: DatabaseUrl) -> Engine:
    """An engine that keeps its connections for the next unit of work."""
    return open_engine(url, QueuePool)


def sessions(engine: Engine) -> sessionmaker[Session]:
    """A factory of sessions for units of work; what was loaded stays readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


def create_sqlite_file(url: DatabaseUrl) -> None:
    """Make the file, 0600 in folders of 0700, unless it is there. Raises DatabaseUnavailable."""
    path = Path(url.database)
    try:
        make_private_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(
            f"the database file {url.where} cannot be created: {(error.strerror or 'error').lower()}"
        ) from None


def _postgresql(url: DatabaseUrl, poolclass: type[Pool]) -> Engine:
    query = {"connect_timeout": _CONNECT_SECONDS, "application_name": "usercli", **dict(url.query)}
    hosts = [host for host, _ in url.hosts]
    query["host"] = ",".join(hosts)
    query["port"] = ",".join(str(port) for _, port in url.hosts)
    if url.user:
        query["user"] = url.user
    if url.password:
        query["password"] = url.password
    query["dbname"] = url.database
    return create_engine(
        URL.create("postgresql+psycopg"),
        # whatever the role's default: under a lock the newest rows must be seen
        isolation_level="READ COMMITTED",
        # Prepared statements break behind a pooler in transaction mode.
        connect_args={**query, "prepare_threshold": None},
        hide_parameters=True,
        **_LOG,
        poolclass=poolclass,
    )


def _sqlite(url: DatabaseUrl, poolclass: type[Pool]) -> Engine:
    if not Path(url.database).exists():
        raise DatabaseUnavailable(f"there is no database at {url.where}; run: usercli db upgrade")

    def connect() -> sqlite3.Connection:
        # mode=rw: connecting must not create a file
        return sqlite3.connect(
            f"file:{quote(os.fsencode(url.database))}?mode=rw",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = create_engine("sqlite://", creator=connect, hide_parameters=True, poolclass=poolclass, **_LOG)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that later writes fails at once under WAL ("database is locked" ignores the timeout).
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
