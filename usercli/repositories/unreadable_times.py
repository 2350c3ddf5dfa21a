"""Times that no calendar holds, as other programs write them: where they are."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from usercli.models.role import Role, UserRole
from usercli.models.user import User
from usercli.schemas.stored_times import StoredTime
from usercli.schemas.user_fields import TIMES
from usercli.times import UnreadableTime

_FIRST, _LAST = text("'0001-01-01 00:00:00+00'"), text("'9999-12-31 23:59:59.999999+00'")
_SQLITE_FORM = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*"
_ROWS_A_FETCH = 1000


def in_calendar(column: Any) -> ColumnElement[bool]:
    """The condition that PostgreSQL holds a time of the years 1 to 9999."""
    found: ColumnElement[bool] = column.between(_FIRST, _LAST)
    return found


def unreadable_of_users(
    session: Session, fields: Collection[str] = TIMES, *where: ColumnElement[bool]
) -> Iterator[StoredTime]:
    """Those of the users that fit, by id."""
    columns = [getattr(User, name) for name in sorted(TIMES & set(fields))]
    yield from _unreadable(session, select(User.id).where(*where).order_by(User.id), columns, _user)


def unreadable_elsewhere(session: Session) -> Iterator[StoredTime]:
    """Those of the roles, and of the grants of roles."""
    roles = select(Role.name).order_by(Role.name)
    yield from _unreadable(session, roles, [Role.created_at, Role.updated_at], lambda name: f"role {name}")
    grants = select(UserRole.user_id).order_by(UserRole.user_id)
    yield from _unreadable(session, grants, [UserRole.granted_at], _user)


def _user(user_id: uuid.UUID) -> str:
    return f"user id:{user_id}"


def _unreadable(
    session: Session, owners: Select[Any], columns: list[InstrumentedAttribute[Any]], named: Any
) -> Iterator[StoredTime]:
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    suspect = _outside_calendar if on_postgresql else _of_other_form
    query = owners.add_columns(*columns).where(or_(*(and_(c.is_not(None), suspect(c)) for c in columns)))
    for owner, *values in session.execute(query.execution_options(yield_per=_ROWS_A_FETCH)):
        for column, value in zip(columns, values, strict=True):
            if isinstance(value, UnreadableTime):
                yield StoredTime(named(owner), column.key, str(value))


def _outside_calendar(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return not_(in_calendar(column))


def _of_other_form(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Not as usercli writes it, or a day that not every month has: such are few, and read one by one."""
    day = func.substr(column, 9, 2)
    return or_(
        column.op("NOT GLOB")(text(f"'{_SQLITE_FORM}'")), func.datetime(column).is_(None), day > text("'28'")
    )
