"""The declarative base, its naming convention, and mixins for ids and times."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, MetaData, Uuid, event, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, object_session
from sqlalchemy.orm.attributes import flag_modified

from usercli.models.clock import default_now, not_before, now
from usercli.models.types import NEW_ID, NOW, UtcDateTime
from usercli.uuid7 import new_id

#: The names of constraints and indexes; domain errors are found by them.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all tables, also of applications (docs/application-tables.md)."""

    metadata = MetaData(naming_convention=NAMING)


class IdMixin:
    """A UUIDv7 primary key; by default the server generates a random UUID."""

    id: Mapped[uuid.UUID] = mapped_column(
        Uuid(), primary_key=True, default=new_id, server_default=NEW_ID, sort_order=-10
    )


def _created_at(context: Any) -> datetime:
    """The default of updated_at."""
    return cast("datetime", context.get_current_parameters()["created_at"])


class TimestampMixin:
    """When the row was created and last updated, in UTC."""

    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=default_now, server_default=NOW, sort_order=90
    )
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=_created_at, onupdate=default_now, server_default=NOW, sort_order=91
    )


@event.listens_for(TimestampMixin, "before_update", propagate=True)
def _update(_: Mapper[Any], connection: Connection, row: Any) -> None:
    """A changed row was not updated before it was created, whatever the clock says now."""
    session = object_session(row)
    if inspect(row).attrs.updated_at.history.added or session is None:  # it is given
        return
    if session.is_modified(row, include_collections=False):
        row.updated_at = not_before(now(connection), row.created_at)
        flag_modified(row, "updated_at")  # or, with the value that it has, it would get that of onupdate
