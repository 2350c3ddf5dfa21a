"""The declarative base, its naming convention, and mixins for ids and times."""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime
from typing import Any, cast

from sqlalchemy import FetchedValue, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from usercli.models.types import UtcDateTime
from usercli.times import utcnow

#: Constraint and index names are the dictionary by which a database error becomes a domain error.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables; an application builds its own on it (docs/application-tables.md)."""

    metadata = MetaData(naming_convention=NAMING)


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): time-ordered, so new rows land at the end of the index."""
    from uuid_utils.compat import uuid7

    return uuid7()


class ChangeIds:
    """UUIDv7s made for one change: rising, and told from all others by 30 bits that they share with a seed.

    Milliseconds, a counter of 12 bits (when it is full the time runs ahead, RFC 9562 section 6.2), the
    seed's bits, 32 random bits.
    """

    def __init__(self, seed: uuid.UUID) -> None:
        self._mark = str(seed)[19:28]
        self._last = 0

    def make(self, count: int) -> list[str]:
        """So many new ids, as texts."""
        random = os.urandom(4 * count).hex()
        start = max(self._last + 1, (time.time_ns() // 1_000_000) << 12)
        self._last = start + count - 1
        found: list[str] = []
        while len(found) < count:
            place = start + len(found)
            moment = f"{place >> 12:012x}"
            shared = f"{moment[:8]}-{moment[8:]}-7"
            counted = range(place & 0xFFF, min((place & 0xFFF) + count - len(found), 0x1000))
            found += [
                f"{shared}{number:03x}-{self._mark}{random[at : at + 8]}"
                for number, at in zip(counted, range(8 * len(found), 8 * count, 8), strict=False)
            ]
        return found

    def made(self, row_id: uuid.UUID) -> bool:
        """Is it one of these?"""
        return str(row_id)[19:28] == self._mark


class IdMixin:
    """A UUIDv7 primary key; the server makes a random one for other writers."""

    id: Mapped[uuid.UUID] = mapped_column(
        Uuid(), primary_key=True, default=new_id, server_default=FetchedValue(), sort_order=-10
    )


def _created_at(context: Any) -> datetime:
    """A new row was last changed when it was made."""
    return cast("datetime", context.get_current_parameters()["created_at"])


class TimestampMixin:
    """When the row was made and last changed, in UTC."""

    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=utcnow, server_default=FetchedValue(), sort_order=90
    )
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=_created_at, onupdate=utcnow, server_default=FetchedValue(), sort_order=91
    )
