"""How a transaction begins on PostgreSQL: its settings go with BEGIN, and a connection at work is not pinged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any

from psycopg.pq import PipelineStatus, TransactionStatus
from sqlalchemy import Connection, Engine, event

from usercli.database.blockers import SESSION
from usercli.database.search_path import search_path_call
from usercli.database.sqlite_file import READ_ONLY
from usercli.database.url import DatabaseUrl
from usercli.models.clock import SERVER_TIME, set_clock
from usercli.times import utcnow


def prepare_transactions(engine: Engine, url: DatabaseUrl) -> None:
    """Texts and times as the driver reads them, whatever server, role, database and environment say."""
    settings = _settings(url)
    if engine.driver == "asyncpg":
        event.listen(engine, "begin", partial(_begin_asyncpg, settings, url.schema))
        return
    dialect = engine.dialect
    event.listen(engine, "begin", _note_mode)
    dialect.do_begin = partial(_begin, engine, settings, url.schema)  # type: ignore[method-assign]
    dialect.do_ping = partial(_ping, dialect.do_ping)  # type: ignore[method-assign]
    dialect.do_rollback = partial(_roll_back, dialect.do_rollback)  # type: ignore[method-assign]


def _settings(url: DatabaseUrl) -> str:
    """The first statement of a transaction: its settings, which session it is, and the server's time.

    For each transaction, not for the connection: a pooler may give every transaction another session.
    """
    values = {"client_encoding": "UTF8", "datestyle": "ISO, YMD", "timezone": "UTC"}
    values["lock_timeout"] = f"{url.timeouts.lock}s"
    if url.timeouts.statement:
        values["statement_timeout"] = f"{url.timeouts.statement}s"
    calls = [f"set_config('{name}', '{value}', true)" for name, value in values.items()]
    if url.schema:
        calls.append(search_path_call(url.schema))
    return f"SELECT {SESSION}, {SERVER_TIME}, {', '.join(calls)}"


def _note_mode(connection: Connection) -> None:
    """For `_begin`, which does not see the options of the connection."""
    driver: Any = connection.connection.driver_connection
    driver.reads_only = _reads_only(connection)


def _begin(engine: Engine, settings: str, schema: str, pooled: Any) -> None:
    """BEGIN and the settings in one round trip, in the place of the driver's BEGIN, which waits for an answer."""
    asked, began, driver = utcnow(), perf_counter(), pooled.driver_connection
    sql = _in_mode(settings, driver.reads_only)
    row = driver.begin(sql)
    if engine.dialect.is_async:
        from sqlalchemy.util import await_

        row = await_(row)
    if tell := engine.get_execution_options().get("usercli_echo"):
        tell(f"BEGIN; {sql}", perf_counter() - began)
    _note(engine.dialect, pooled, schema, row, asked)


def _begin_asyncpg(settings: str, schema: str, connection: Connection) -> None:
    asked, sql = utcnow(), _in_mode(settings, _reads_only(connection))
    row = connection.exec_driver_sql(sql, execution_options={"no_parameters": True}).one()
    _note(connection.dialect, connection.connection, schema, row, asked)


def _reads_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(READ_ONLY, False))


def _in_mode(settings: str, reads_only: bool) -> str:
    """Past the driver, whose connection would have to be told, and told again when the pool gets it back."""
    return f"{settings}, set_config('transaction_read_only', 'on', true)" if reads_only else settings


def _note(dialect: Any, pooled: Any, schema: str, row: Any, asked: datetime) -> None:
    pooled.driver_connection.session, now, *_ = row
    if schema:  # the dialect asked before it was set
        dialect.default_schema_name = schema
    set_clock(pooled, now, asked)


def _ping(ask: Callable[[Any], bool], connection: Any) -> bool:
    """Whether a connection of the pool lives: it answered just now and has not been closed since, or it answers."""
    return _driver_of(connection).seems_alive() or ask(connection)


def _roll_back(roll_back: Callable[[Any], None], connection: Any) -> None:
    """As the driver does, which a pool asks for it once more, and in an event loop takes a turn to do nothing.

    A connection that an interrupt left in the middle of a pipeline takes no query any more, and is closed.
    """
    pgconn = _driver_of(connection).pgconn
    if pgconn.transaction_status != TransactionStatus.IDLE:
        roll_back(connection)
    elif pgconn.pipeline_status != PipelineStatus.OFF:
        pgconn.finish()


def _driver_of(connection: Any) -> Any:
    return getattr(connection, "driver_connection", connection)
