"""The users table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, FetchedValue, Index, and_, not_, or_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from usercli.emails import email_key
from usercli.models.base import Base, IdMixin, TimestampMixin
from usercli.models.recycle_bin import Recyclable
from usercli.models.role import UserRole
from usercli.models.types import CodePointText, JsonObject, UtcDateTime, is_no_time
from usercli.schemas.user_fields import DISABLED_PASSWORD

__all__ = ["DISABLED_PASSWORD", "User"]


class User(Recyclable, IdMixin, TimestampMixin, Base):
    """A person or program that may sign in to the service. docs/table.md is the contract for other writers."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(CodePointText)
    email_key: Mapped[str] = mapped_column(CodePointText)
    full_name: Mapped[str] = mapped_column(CodePointText, default="", server_default=FetchedValue())
    hashed_password: Mapped[str] = mapped_column(CodePointText, default=DISABLED_PASSWORD)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=FetchedValue())
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=FetchedValue())
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime(has_never=True))
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    attributes: Mapped[dict[str, Any]] = mapped_column(JsonObject, default=dict, server_default=FetchedValue())
    version: Mapped[int] = mapped_column(default=1, server_default=FetchedValue())
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), sort_order=92)
    was_active: Mapped[bool | None] = mapped_column(sort_order=93)
    managed_by: Mapped[str | None] = mapped_column(CodePointText, sort_order=94)

    grants: Mapped[list[UserRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles held, by code point."""
        return tuple(sorted(grant.role.name for grant in self.grants))

    @classmethod
    def has_expired(cls, now: datetime) -> ColumnElement[bool]:
        """The condition that the expiry has passed, or is no time."""
        return and_(cls.expires_at.is_not(None), or_(cls.expires_at <= now, is_no_time(cls.expires_at)))

    @classmethod
    def was_deleted_before(cls, cutoff: datetime) -> ColumnElement[bool]:
        """The condition that the user was moved to the bin before a time; what is no time says no such thing."""
        first = datetime.min.replace(tzinfo=UTC)
        return and_(cls.deleted_at >= first, cls.deleted_at < cutoff, not_(is_no_time(cls.deleted_at)))

    __table_args__ = (
        Index(
            "uq_users_email_key",
            "email_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
        Index("ix_users_created_at_id", "created_at", "id"),
        CheckConstraint("deleted_at IS NULL OR NOT is_active", name="deleted_is_inactive"),
        CheckConstraint("version > 0", name="version_positive"),
    )
    __mapper_args__ = {"version_id_col": version}

    @validates("email")
    def _set_key(self, _: str, email: str) -> str:
        self.email_key = email_key(email)
        return email

    def __repr__(self) -> str:
        return f"<User {self.id}>"  # no personal data, no hash: a repr ends up in logs
