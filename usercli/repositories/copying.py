"""PostgreSQL's COPY, with domain errors like everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.orm import Session

from usercli.errors import interruption

_PIECE = 1 << 16
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(session: Session, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Send lines of COPY's text format. Raises domain errors; table and columns are our own names."""
    connection = session.connection()
    driver: Any = connection.connection.dbapi_connection
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f'COPY "{table}" ({names}) FROM STDIN'
    try:
        if isinstance(driver, AdaptedConnection):  # an event loop runs this
            driver.run_async(lambda awaited: _copy_awaiting(awaited, statement, _pieces(lines)))
        else:
            _copy(driver, statement, _pieces(lines))
    except BaseException as error:
        if stopped := interruption(error):
            connection.invalidate()  # it may stand in the middle of the COPY, and would take no ROLLBACK
            raise stopped from None
        if not isinstance(error, Exception):
            raise
        known = connection.engine.get_execution_options()["usercli_translate"](error)
        if known is None:
            raise
        raise known from None


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines' bytes in pieces: libpq moves all that it has yet to send each time when the socket takes some."""
    for line in lines:
        data = line.encode()
        for start in range(0, len(data), _PIECE):
            yield data[start : start + _PIECE]


def _copy(driver: Any, statement: str, pieces: Iterable[bytes]) -> None:
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in pieces:
            copy.write(piece)


async def _copy_awaiting(driver: Any, statement: str, pieces: Iterable[bytes]) -> None:
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in pieces:
            await copy.write(piece)


def escaped(text: str) -> str:
    """A text as a field of COPY's text format."""
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)
