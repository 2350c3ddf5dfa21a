"""COPY to and from PostgreSQL, raising domain errors."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.orm import Session

from usercli.errors import interruption

_CHUNK_BYTES = 1 << 16
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\(.)")
_UNESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def copy_rows(session: Session, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Send lines in the text format of COPY. Raises domain errors. `table` is quoted, `columns` are trusted."""
    connection = session.connection()
    driver: Any = connection.connection.dbapi_connection
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f"COPY {table} ({names}) FROM STDIN"
    with domain_errors(connection, statement), _told(connection, statement):
        if isinstance(driver, AdaptedConnection):  # inside an event loop
            driver.run_async(lambda awaited: _copy_awaiting(awaited, statement, _chunks(lines)))
        else:
            _copy(driver, statement, _chunks(lines))


def supports_copy(session: Session) -> bool:
    """Whether this session can read by COPY."""
    if session.get_bind().dialect.name != "postgresql":
        return False
    return not isinstance(session.connection().connection.dbapi_connection, AdaptedConnection)


def copy_columns(session: Session, query: Select[Any], rows: int) -> Iterator[list[list[str]]]:
    """The columns of a result, `rows` rows at a time; values are texts, NULL is empty."""
    connection = session.connection()
    driver: Any = connection.connection.dbapi_connection
    statement, parameters = _compiled(connection, query)
    count = len(query.selected_columns)
    copying = f"COPY ({statement}) TO STDOUT WITH (NULL '')"
    with (
        domain_errors(connection, copying),
        _told(connection, copying),
        driver.cursor() as cursor,
        cursor.copy(copying, parameters) as copy,
    ):
        lines = _lines(copy, driver.pgconn)
        while some := b"".join(islice(lines, rows)):
            yield _columns(some.decode(), count)


def escaped(text: str) -> str:
    """A text as a field of the text format of COPY."""
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


@contextmanager
def domain_errors(connection: Connection, statement: str = "") -> Iterator[None]:
    """For direct use of the driver: its errors become domain errors; an interrupt closes the connection."""
    try:
        yield
    except BaseException as error:
        if stopped := interruption(error):
            connection.invalidate()  # in the middle of a COPY it would not accept a ROLLBACK
            raise stopped from None
        if not isinstance(error, Exception):
            raise
        driver: Any = connection.connection.driver_connection
        is_closed = getattr(driver, "is_closed", lambda: getattr(driver, "closed", False))  # SQLite's has neither
        if is_closed():
            connection.invalidate()
        known = connection.engine.get_execution_options()["usercli_translate"](error, statement)
        if known is None:
            raise
        raise known from None


@contextmanager
def _told(connection: Connection, statement: str) -> Iterator[None]:
    """Tell of a statement that SQLAlchemy does not see, where the setting `echo` asks for it."""
    began = perf_counter()
    yield
    if tell := connection.get_execution_options().get("usercli_echo"):
        tell(statement, perf_counter() - began)


def _chunks(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines in chunks of bytes: libpq moves its whole buffer each time the socket accepts some."""
    for line in lines:
        data = line.encode()
        for start in range(0, len(data), _CHUNK_BYTES):
            yield data[start : start + _CHUNK_BYTES]


def _copy(driver: Any, statement: str, chunks: Iterable[bytes]) -> None:
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)


async def _copy_awaiting(driver: Any, statement: str, chunks: Iterable[bytes]) -> None:
    if not hasattr(driver, "pgconn"):  # asyncpg's, whose public method takes no statement
        await driver._copy_in(statement, _awaited(chunks), None)
        return
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in chunks:
            await copy.write(chunk)


async def _awaited(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _compiled(connection: Connection, query: Select[Any]) -> tuple[str, dict[str, Any]]:
    """The query and its parameters, which the driver inserts: COPY itself does not support parameters."""
    dialect = connection.dialect
    compiled: Any = query.compile(dialect=dialect)
    parameters = {}
    for name, value in compiled.construct_params().items():
        prepare = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        parameters[name] = prepare(value) if prepare else value
    text = str(compiled)
    return (text, parameters) if parameters else (text.replace("%%", "%"), parameters)


def _lines(copy: Any, connection: Any) -> Iterator[Any]:
    """The lines from the server. The driver waits for one, then those already received are taken directly."""
    take = connection.get_copy_data
    while line := copy.read():
        yield line
        size, line = take(1)
        while size > 0:
            yield line
            size, line = take(1)
            if size == 0:
                connection.consume_input()
                size, line = take(1)
        if size < 0:
            _require_complete(connection)
            return


def _require_complete(connection: Any) -> None:
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    while result := connection.get_result():
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)


def _columns(text: str, count: int) -> list[list[str]]:
    cells = text.replace("\n", "\t").split("\t")  # those in values are escaped
    cells.pop()
    if "\\" in text:
        cells = [_ESCAPED.sub(_unescape, cell) if "\\" in cell else cell for cell in cells]
    return [cells[place::count] for place in range(count)]


def _unescape(match: re.Match[str]) -> str:
    return _UNESCAPED.get(match[1], match[1])
