"""PostgreSQL's COPY, with domain errors like everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(session: Session, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Send lines of COPY's text format. Raises domain errors; table and columns are our own names."""
    connection = session.connection()
    raw: Any = connection.connection.driver_connection
    names = ", ".join(f'"{column}"' for column in columns)
    try:
        with raw.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for line in lines:
                copy.write(line)
    except Exception as error:
        known = connection.engine.get_execution_options()["usercli_translate"](error)
        if known is None:
            raise
        raise known from None


def escaped(text: str) -> str:
    """A text as a field of COPY's text format."""
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)
