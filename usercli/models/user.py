"""The users table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, FetchedValue, Index, and_, not_, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from usercli.emails import email_key
from usercli.models.base import Base, IdMixin, TimestampMixin
from usercli.models.partial_index import PartialIndex
from usercli.models.recycle_bin import Recyclable
from usercli.models.role import UserRole
from usercli.models.types import CodePointText, JsonObject, UtcDateTime, finite, is_no_time
from usercli.schemas.user_fields import DISABLED_PASSWORD

__all__ = ["DISABLED_PASSWORD", "SEARCH_INDEX", "User"]

#: Where an operator made it, --search reads it; the schema does without (docs/operations.md).
SEARCH_INDEX = "ix_users_search"


class User(Recyclable, IdMixin, TimestampMixin, Base):
    """A person or program that may sign in to the service. docs/table.md is the contract for other writers."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(CodePointText, comment="The address as typed")
    email_key: Mapped[str] = mapped_column(
        CodePointText, comment="The normalized address, which no other user outside the recycle bin has"
    )
    full_name: Mapped[str] = mapped_column(
        CodePointText, default="", server_default=FetchedValue(), comment="The name as shown, may be empty"
    )
    hashed_password: Mapped[str] = mapped_column(
        CodePointText, default=DISABLED_PASSWORD, comment="A hash in the format of passlib; ! means no password"
    )
    is_active: Mapped[bool] = mapped_column(
        default=True, server_default=FetchedValue(), comment="Whether the user may sign in"
    )
    must_change_password: Mapped[bool] = mapped_column(
        default=False,
        server_default=FetchedValue(),
        comment="Whether a new password must be chosen at the next sign-in",
    )
    password_changed_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime(), comment="When the password was last set"
    )
    expires_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime(has_never=True), comment="From this time on the user may not sign in; NULL is never"
    )
    last_login_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime(), comment="The last sign-in; NULL where none is recorded"
    )
    attributes: Mapped[dict[str, Any]] = mapped_column(
        JsonObject,
        default=dict,
        server_default=FetchedValue(),
        comment="A JSON object with what else the service needs",
    )
    version: Mapped[int] = mapped_column(
        default=1, server_default=FetchedValue(), comment="Counts the changes, from 1"
    )
    deleted_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime(), sort_order=92, comment="When the user was moved to the recycle bin; NULL outside of it"
    )
    was_active: Mapped[bool | None] = mapped_column(sort_order=93, comment="In the recycle bin: is_active before")
    managed_by: Mapped[str | None] = mapped_column(CodePointText, sort_order=94, comment="Its desired-state file")

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
    def expires_before(cls, moment: datetime) -> ColumnElement[bool]:
        """The condition that there is an expiry, before a time; one that is no time has passed."""
        return and_(cls.expires_at.is_not(None), or_(cls.expires_at < moment, is_no_time(cls.expires_at)))

    @classmethod
    def expires_after(cls, moment: datetime) -> ColumnElement[bool]:
        """The condition that there is an expiry, at a time or later; PostgreSQL's `infinity` is none."""
        return and_(finite(cls.expires_at) >= moment, not_(is_no_time(cls.expires_at)))

    @classmethod
    def was_deleted_before(cls, cutoff: datetime) -> ColumnElement[bool]:
        """The condition that the user was moved to the bin before a time; what is no time says no such thing."""
        first = datetime.min.replace(tzinfo=UTC)
        return and_(cls.deleted_at >= first, cls.deleted_at < cutoff, not_(is_no_time(cls.deleted_at)))

    __table_args__ = (
        PartialIndex("uq_users_email_key", "email_key", unique=True, where="deleted_at IS NULL"),
        Index("ix_users_created_at_id", "created_at", "id"),
        PartialIndex("ix_users_deleted_email_key", "email_key", where="deleted_at IS NOT NULL"),
        PartialIndex(
            "ix_users_inactive",
            "created_at",
            "id",
            where="NOT is_active AND deleted_at IS NULL",
            sqlite_where="is_active = 0 AND deleted_at IS NULL",
        ),
        PartialIndex("ix_users_email_not_key", "email", "id", where="email <> email_key"),
        CheckConstraint("deleted_at IS NULL OR NOT is_active", name="deleted_is_inactive"),
        CheckConstraint("version > 0", name="version_positive"),
        {"comment": "People and programs that may sign in; rules for other writers in docs/table.md of usercli"},
    )
    __mapper_args__ = {"version_id_col": version}

    @validates("email")
    def _set_key(self, _: str, email: str) -> str:
        self.email_key = email_key(email)
        return email

    def __repr__(self) -> str:
        return f"<User {self.id}>"  # no personal data, no hash: a repr ends up in logs
