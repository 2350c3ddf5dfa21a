"""Users as columns of plain values, a block at a time: what an export needs of them, past the ORM."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, select, type_coerce
from sqlalchemy.orm import Session

from usercli.column_batches import Block
from usercli.errors import DamagedRow
from usercli.models.role import Role, UserRole
from usercli.models.types import as_read
from usercli.models.user import User
from usercli.repositories.pagination import Order
from usercli.repositories.users import UserRepository
from usercli.schemas.stored_times import StoredTime
from usercli.schemas.user_fields import TIMES
from usercli.schemas.users import UserCriteria
from usercli.times import UnreadableTime, rfc3339

_DAMAGED = (
    "the database holds a value that cannot be read: its file is damaged, or another program wrote it; "
    "restore it from a backup"
)
_ROWS_A_BLOCK = 2000
_SECONDS, _MICROSECONDS = len("2026-11-21 13:34:00"), len("2026-11-21 13:34:00.112328")


class UserExportQuery:
    """Blocks of users in values that JSON has: times are RFC 3339 texts, roles lists of names.

    A time that no calendar holds is the text that is stored; `unreadable` tells of them when all is read.
    """

    unreadable: Iterator[StoredTime] = iter(())

    def __init__(self, session: Session, fields: Sequence[str]) -> None:
        self._session, self._fields = session, fields
        self._is_partly_unreadable = False
        self._on_postgresql = session.get_bind().dialect.name == "postgresql"

    def matching(self, criteria: UserCriteria, order: Order) -> Iterator[Block]:
        """The users that fit, streamed in this order. Raises DamagedRow for attributes that cannot be read."""
        names = [name for name in dict.fromkeys(("id", *self._fields)) if name != "roles"]
        repository = UserRepository(self._session)
        query = repository.query_matching(criteria, order)
        query = query.with_only_columns(*map(self._expression, names))
        has_roles = "roles" in self._fields and self._session.scalar(select(UserRole.user_id).limit(1)) is not None
        result = self._session.connection().execute(query.execution_options(yield_per=_ROWS_A_BLOCK))
        for rows in result.partitions():
            block: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
            for name in names:
                make = self._maker(name)
                if make is not None and block[name].count(None) < len(rows):
                    block[name] = self._made(block[name], make)
            block["roles"] = self._roles_of(block["id"]) if has_roles else [[]] * len(rows)
            yield {name: block[name] for name in self._fields}
        if self._is_partly_unreadable:
            self.unreadable = repository.unreadable_times(criteria, self._fields)

    def _made(self, column: Sequence[Any], make: Callable[[Any], Any]) -> Sequence[Any]:
        try:
            return [None if value is None else make(value) for value in column]
        except _NoTime:
            self._is_partly_unreadable = True
            return [None if value is None else _rfc3339_or_stored(value) for value in column]
        except (ValueError, TypeError):
            if self._on_postgresql:
                raise
            raise DamagedRow(_DAMAGED) from None

    def _expression(self, name: str) -> Any:
        """The column, as the engine itself makes a text of it."""
        column = getattr(User, name)
        if name not in {"id", "attributes", *TIMES}:
            return column
        if not self._on_postgresql:
            return type_coerce(column, Text)
        return cast(as_read(column), Text)

    def _maker(self, name: str) -> Callable[[str], Any] | None:
        if name == "attributes":
            return _document
        if name in TIMES:
            return _rfc3339
        return _dashed if name == "id" and not self._on_postgresql else None

    def _roles_of(self, ids: Sequence[str]) -> list[list[str]]:
        query = select(cast(UserRole.user_id, Text), Role.name).join(Role, Role.id == UserRole.role_id)
        query = query.where(UserRole.user_id.in_(map(uuid.UUID, ids))).order_by(Role.name)
        found: dict[str, list[str]] = {}
        for user_id, name in self._session.execute(query):
            found.setdefault(user_id if self._on_postgresql else _dashed(user_id), []).append(name)
        return [found.get(user_id, []) for user_id in ids]


def _document(stored: str) -> Any:
    return {} if stored == "{}" else json.loads(stored)


def _dashed(stored: str) -> str:
    return f"{stored[:8]}-{stored[8:12]}-{stored[12:16]}-{stored[16:20]}-{stored[20:]}"


class _NoTime(Exception):
    """A stored value is not a time as usercli writes it."""


@lru_cache(maxsize=4096)  # users of one import have one time
def _rfc3339(stored: str) -> str:
    """RFC 3339 of `2026-11-21 13:34:00[.112328][+00]` or another ISO form. Raises _NoTime.

    Microseconds only where there are any.
    """
    try:
        moment = datetime.fromisoformat(stored)
        text = stored.removesuffix("+00")
        if len(text) == _SECONDS and text[10] == " ":
            return f"{text[:10]}T{text[11:]}Z"
        if len(text) <= _MICROSECONDS and text[_SECONDS : _SECONDS + 1] == "." and text[_SECONDS + 1 :].isdigit():
            seconds, _, fraction = text[11:].partition(".")
            return f"{text[:10]}T{seconds}.{fraction:0<6}Z" if fraction.strip("0") else f"{text[:10]}T{seconds}Z"
        return rfc3339(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)
    except (TypeError, ValueError, OverflowError):
        raise _NoTime from None


def _rfc3339_or_stored(stored: Any) -> str:
    """RFC 3339 of a time, or the text of what is none."""
    try:
        return _rfc3339(stored)
    except _NoTime:
        return str(UnreadableTime.of(stored))
