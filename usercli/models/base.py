"""The declarative base, its naming convention, and mixins for ids and times."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from sqlalchemy import MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from usercli.models.types import NEW_ID, NOW, UtcDateTime
from usercli.times import utcnow
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

    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow, server_default=NOW, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=_created_at, onupdate=utcnow, server_default=NOW, sort_order=91
    )
