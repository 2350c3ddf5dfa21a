"""Roles, and who holds them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import FetchedValue, ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from usercli.models.base import Base, IdMixin, TimestampMixin
from usercli.models.clock import default_now
from usercli.models.types import CodePointText, UtcDateTime


class Role(IdMixin, TimestampMixin, Base):
    """A name that users hold. Administrative roles are guarded: the last holder cannot go."""

    __tablename__ = "roles"
    __table_args__ = {"comment": "Names that users hold"}

    name: Mapped[str] = mapped_column(CodePointText, unique=True, comment="What the role is called")
    description: Mapped[str] = mapped_column(
        CodePointText, default="", server_default=FetchedValue(), comment="What it is for, may be empty"
    )
    administrative: Mapped[bool] = mapped_column(
        default=False, server_default=FetchedValue(), comment="Whether its last holder is guarded"
    )

    def __repr__(self) -> str:
        return f"<Role {self.name}>"


class UserRole(Base):
    """A role granted to a user: since when, and by whom."""

    __tablename__ = "user_roles"

    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid(), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, comment="Who holds the role"
    )
    role_id: Mapped[uuid.UUID] = mapped_column(
        Uuid(), ForeignKey("roles.id", ondelete="RESTRICT"), primary_key=True, comment="Which role"
    )
    granted_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=default_now, server_default=FetchedValue(), comment="Since when"
    )
    granted_by: Mapped[str] = mapped_column(
        CodePointText, default="", server_default=FetchedValue(), comment="Who granted it"
    )

    role: Mapped[Role] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (Index("ix_user_roles_role_id", "role_id"), {"comment": "Which user holds which role"})
