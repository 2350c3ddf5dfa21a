"""Users as columns of plain values, a block at a time: what an export needs of them, past the ORM."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from usercli.column_batches import Block
from usercli.errors import BrokenRow
from usercli.models.role import Role, UserRole
from usercli.models.user import User
from usercli.repositories.pagination import Order
from usercli.repositories.users import UserRepository
from usercli.schemas.user_fields import TIMES
from usercli.schemas.users import UserCriteria

BROKEN_TIME = "the database holds a time that is no date between the years 1 and 9999"

_ROWS_A_BLOCK = 2000
_SECONDS, _MICROSECONDS = len("2026-11-21 13:34:00"), len("2026-11-21 13:34:00.112328")


class UserExportQuery:
    """Blocks of users in values that JSON has: times are RFC 3339 texts, roles lists of names."""

    def __init__(self, session: Session, fields: Sequence[str]) -> None:
        self._session, self._fields = session, fields
        self._on_postgresql = session.get_bind().dialect.name == "postgresql"

    def matching(self, criteria: UserCriteria, order: Order) -> Iterator[Block]:
        """The users that fit, streamed in this order. Raises BrokenRow for a time that no calendar has."""
        names = [name for name in dict.fromkeys(("id", *self._fields)) if name != "roles"]
        query = UserRepository(self._session).query_matching(criteria, order)
        query = query.with_only_columns(*map(self._expression, names))
        has_roles = "roles" in self._fields and self._session.scalar(select(UserRole.user_id).limit(1)) is not None
        result = self._session.connection().execute(query.execution_options(yield_per=_ROWS_A_BLOCK))
        for rows in result.partitions():
            block: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
            for name in names:
                make = self._maker(name)
                if make is not None and any(block[name]):
                    block[name] = [None if value is None else make(value) for value in block[name]]
            block["roles"] = self._roles_of(block["id"]) if has_roles else [[]] * len(rows)
            yield {name: block[name] for name in self._fields}

    def _expression(self, name: str) -> Any:
        """The column, as the engine itself makes a text of it."""
        column = getattr(User, name)
        if name not in {"id", "attributes", *TIMES}:
            return column
        if not self._on_postgresql:
            return type_coerce(column, Text)
        return cast(func.timezone("UTC", column) if name in TIMES else column, Text)

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


@lru_cache(maxsize=4096)  # users of one import have one time
def _rfc3339(stored: str) -> str:
    """RFC 3339 of `2026-11-21 13:34:00[.112328]`; microseconds only where there are any."""
    if len(stored) == _SECONDS and stored[10] == " ":
        return f"{stored[:10]}T{stored[11:]}Z"
    if len(stored) > _MICROSECONDS or stored[_SECONDS : _SECONDS + 1] != ".":
        raise BrokenRow(BROKEN_TIME)
    if stored.endswith(".000000"):
        return f"{stored[:10]}T{stored[11:_SECONDS]}Z"
    return f"{stored[:10]}T{stored[11:]:0<15}Z"
