"""Errors of asyncpg in the form of psycopg's, so that one table says what a database's error means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

_MODULES = ("asyncpg", "sqlalchemy.dialects.postgresql.asyncpg")
_NUL = 'invalid byte sequence for encoding "UTF8": 0x00'


class AsyncpgError(Exception):
    """An error with the attributes that psycopg's have."""

    def __init__(self, sqlstate: str | None, text: str, diag: SimpleNamespace) -> None:
        super().__init__(text)
        self.sqlstate, self.diag = sqlstate, diag


def is_of_asyncpg(error: BaseException) -> bool:
    """Whether the driver raised it, or SQLAlchemy in its place."""
    return type(error).__module__.startswith(_MODULES)


def in_psycopgs_form(error: BaseException) -> AsyncpgError:
    """The same, with a SQLSTATE and the server's words, if it has any."""
    raised: Any = error.__cause__ if error.__cause__ is not None and is_of_asyncpg(error.__cause__) else error
    state = getattr(raised, "sqlstate", None)
    text = str(raised)
    if state == "22021" and _NUL in text:
        return AsyncpgError(None, "a text contains NUL", SimpleNamespace())
    if state is None and isinstance(raised, ValueError) and not _is_of_options(raised):
        state, text = "22000", ""  # it names the value
    diag = {name: getattr(raised, name, None) for name in ("constraint_name", "table_name", "column_name")}
    return AsyncpgError(
        state, text, SimpleNamespace(**diag, message_primary=text, message_detail=getattr(raised, "detail", None))
    )


def _is_of_options(error: Any) -> bool:
    return type(error).__name__ == "ClientConfigurationError"
