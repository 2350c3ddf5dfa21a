"""The tables of the shop, and what its callers say and are told."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from usercli.models import Base, User
from usercli.models.base import IdMixin, TimestampMixin
from usercli.models.types import UtcDateTime


class Order(IdMixin, TimestampMixin, Base):
    """What somebody ordered; it goes with its user."""

    __tablename__ = "orders"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    item: Mapped[str] = mapped_column(Text())
    cents: Mapped[int] = mapped_column(Integer())

    user: Mapped[User] = relationship()

    __table_args__ = (Index("ix_orders_user_id", "user_id"),)


class EndedToken(Base):
    """A token that was signed out before it would have ended."""

    __tablename__ = "ended_tokens"

    jti: Mapped[str] = mapped_column(Text(), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime())


class NewOrder(BaseModel):
    """An order to be."""

    item: Annotated[str, Field(min_length=1, max_length=200)]
    cents: Annotated[int, Field(ge=0, le=10_000_000)]


class OrderView(NewOrder):
    """An order as shown."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    created_at: datetime


class Credentials(BaseModel):
    """What somebody signs up and in with."""

    email: str
    password: SecretStr


class NewPassword(BaseModel):
    """A password, and the one that it takes the place of."""

    old: SecretStr
    new: SecretStr
