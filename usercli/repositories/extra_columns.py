"""Columns of `users` that belong to an application (the setting `user_columns`): read, and emptied on erasure."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Uuid, bindparam, inspect, literal_column, select, text
from sqlalchemy.orm import Session

from usercli.batches import batched
from usercli.models.user import User
from usercli.repositories.user_lookup import among
from usercli.times import rfc3339

_ROWS_A_QUERY = 1000
_AS_THEY_ARE = (str, int, type(None), list, dict)


def extra_of_users(
    session: Session, ids: Collection[uuid.UUID], names: Sequence[str]
) -> Iterator[tuple[uuid.UUID, dict[str, Any]]]:
    """What these columns hold of these users, as JSON has it. Raises SchemaNotCurrent if one is missing."""
    # with the table's name, or SQLite takes a quoted name of no column for a text
    columns: list[ColumnElement[Any]] = [literal_column(f'{User.__tablename__}."{name}"') for name in names]
    query = select(User.id, *columns)
    for some in batched(ids, _ROWS_A_QUERY):
        for user_id, *values in session.execute(query.where(among(session, User.id, some))):
            yield user_id, dict(zip(names, map(_plain, values), strict=True))


def empty_extra_columns(session: Session, user_id: uuid.UUID, names: Sequence[str]) -> None:
    """Set these columns of a user to NULL; those that must have a value keep theirs."""
    there = inspect(session.connection()).get_columns(User.__tablename__) if names else []
    emptied = [f'"{item["name"]}" = NULL' for item in there if item["name"] in names and item["nullable"]]
    if emptied:
        statement = f"UPDATE {User.__tablename__} SET {', '.join(emptied)} WHERE id = :id"  # noqa: S608 - checked names
        session.execute(text(statement).bindparams(bindparam("id", user_id, Uuid())))


def missing_of_applications(connection: Connection, names: Sequence[str]) -> list[str]:
    """Those of the columns that `users` lacks."""
    there = {item["name"] for item in inspect(connection).get_columns(User.__tablename__)} if names else set()
    return [name for name in names if name not in there]


def _plain(value: Any) -> Any:
    if isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)
