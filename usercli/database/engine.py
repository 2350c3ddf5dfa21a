"""Engines for both databases, with the settings that make them behave alike."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import Any

from sqlalchemy import URL, Dialect, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool, Pool, QueuePool

from usercli.database.errors import statement_error, translate_errors
from usercli.database.pool import PoolSettings
from usercli.database.sqlite_file import READ_ONLY as READ_ONLY
from usercli.database.sqlite_file import SqliteFile, connect_options
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput


def open_engine(url: DatabaseUrl, poolclass: type[Pool] = NullPool, **pool: Any) -> Engine:
    """An engine that raises domain errors. Nothing is connected yet."""
    engine = create_engine(**engine_options(url), poolclass=poolclass, **pool)
    prepare_engine(engine, url)
    return engine


def open_pooled_engine(url: DatabaseUrl, pool: PoolSettings = PoolSettings()) -> Engine:
    """An engine that keeps its connections for the next unit of work."""
    return open_engine(url, QueuePool, **pool_options(pool))


def pool_options(pool: PoolSettings) -> dict[str, Any]:
    """The pool's settings as SQLAlchemy calls them; a connection that broke meanwhile is replaced."""
    return {
        "pool_size": pool.size,
        "max_overflow": pool.overflow,
        "pool_timeout": pool.timeout,
        "pool_recycle": pool.recycle,
        "pool_pre_ping": True,
    }


def engine_options(url: DatabaseUrl, *, is_async: bool = False) -> dict[str, Any]:
    """Where an engine connects and how, as create_engine takes it, or create_async_engine."""
    if url.engine == "sqlite":
        found = _sqlite(url, "aiosqlite" if is_async else "pysqlite")
    elif is_async and url.driver == "asyncpg":
        try:
            from usercli.database.asyncpg_connection import asyncpg_options
        except ImportError as error:
            raise InvalidInput(str(error)) from None
        found = asyncpg_options(url)
    else:
        found = _postgresql(url)
    return {**found, "hide_parameters": True, "logging_name": "usercli", "pool_logging_name": "usercli"}


def prepare_engine(engine: Engine, url: DatabaseUrl) -> None:
    """Make an engine raise domain errors, keep rows out of its log, and both databases behave alike."""
    translate_errors(engine, url)
    loggers: tuple[Any, ...] = (engine.logger, engine.pool.logger)
    for logger in loggers:
        logging.getLogger(logger.name).addFilter(_may_be_logged)
    engine.update_execution_options(
        usercli_translate=lambda error, sql="": statement_error(error, url, sql), usercli_url=url
    )
    if url.engine == "sqlite":
        SqliteFile(url).listen(engine)
    else:
        if engine.driver == "asyncpg":
            event.listen(engine, "do_connect", partial(_connect_asyncpg, url))
        else:
            event.listen(engine, "connect", _prepare_postgresql)
            event.listen(engine, "do_connect", partial(_connect_postgresql, url.timeouts.network))
        from usercli.database.postgres_transaction import prepare_transactions

        prepare_transactions(engine, url)
    if url.echo:
        from usercli.database.statement_log import echo_statements

        echo_statements(engine)


def _may_be_logged(record: logging.LogRecord) -> bool:
    """No rows, hashes too, and no driver's words about a failed connect, both logged at DEBUG.

    Nor a stack for each cursor that a cancelled task did not close: its connection goes with it.
    """
    return not str(record.msg).startswith(("Row ", "Error on connect", "Error closing cursor"))


def sessions(engine: Engine) -> sessionmaker[Session]:
    """A factory of sessions for units of work; what was loaded stays readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


def url_of(engine: Engine) -> DatabaseUrl:
    """Where an engine of usercli's connects. Raises TypeError for another one."""
    url: DatabaseUrl | None = engine.get_execution_options().get("usercli_url")
    if url is None:  # it would raise other errors, and log values
        raise TypeError(
            "the engine is not one of usercli's: make it with usercli.database.engine.open_pooled_engine(url), "
            "or take the attribute `engine` of an AsyncDatabase"
        )
    return url


def _postgresql(url: DatabaseUrl) -> dict[str, Any]:
    query = {**_link_options(url), "application_name": "usercli", **dict(url.query)}
    query.setdefault("host", ",".join(host for host, _ in url.hosts))
    query["port"] = ",".join(str(port) for _, port in url.hosts)
    if url.user:
        query["user"] = url.user
    if url.password:
        query["password"] = url.password
    query["dbname"] = url.database
    query["client_encoding"] = "UTF8"  # before the first transaction too, whatever PGCLIENTENCODING says
    return {
        "url": URL.create("postgresql+psycopg"),
        # as it is: where the encoding is not UTF-8 the server does not take every escape
        "json_serializer": partial(json.dumps, ensure_ascii=False),
        # whatever the role's default: under a lock the newest rows must be seen
        "isolation_level": "READ COMMITTED",
        # Prepared statements break behind a pooler in transaction mode.
        "connect_args": {**query, "prepare_threshold": None},
    }


def _sqlite(url: DatabaseUrl, driver: str) -> dict[str, Any]:
    return {"url": URL.create(f"sqlite+{driver}", database=url.database), "connect_args": connect_options()}


def _prepare_postgresql(connection: Any, _: Any) -> None:
    from usercli.database.unreadable_times import TimeLoader

    adapters = getattr(connection, "driver_connection", connection).adapters
    for kind in ("timestamptz", "timestamp"):  # an adopted table may have both
        adapters.register_loader(kind, TimeLoader)


def _link_options(url: DatabaseUrl) -> dict[str, str]:
    """How libpq notices that the link is down, while it sends and while it waits; no matter to a pooler."""
    network = url.timeouts.network
    return {
        "connect_timeout": str(url.timeouts.connect),
        "keepalives_idle": str(max(1, network // 2)),
        "keepalives_interval": str(max(1, network // 6)),
        "keepalives_count": "3",
        "tcp_user_timeout": str(network * 1000),
    }


def _connect_postgresql(network_timeout: int, dialect: Dialect, _: Any, args: Any, options: dict[str, Any]) -> Any:
    from usercli.database.bounded_connection import AsyncBoundedConnection, BoundedConnection

    options["network_timeout"] = network_timeout
    if dialect.is_async:
        options["async_creator_fn"] = AsyncBoundedConnection.open
        return None  # the dialect goes on
    return BoundedConnection.open(*args, **options)


def _connect_asyncpg(url: DatabaseUrl, _: Any, __: Any, ___: Any, options: dict[str, Any]) -> None:
    from usercli.database.asyncpg_connection import BoundedAsyncpgConnection

    async def connect(**_: Any) -> Any:
        return await BoundedAsyncpgConnection.open(url)

    options["async_creator_fn"] = connect
