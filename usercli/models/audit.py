"""The audit log: append-only by trigger, chained by hash (docs/audit.md)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from usercli.models.base import Base
from usercli.models.types import JsonObject, UtcDateTime


class AuditEvent(Base):
    """One thing that happened to one target. Written by the unit of work, inside the change's transaction."""

    __tablename__ = "audit_events"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    change_id: Mapped[uuid.UUID] = mapped_column(Uuid())
    at: Mapped[datetime] = mapped_column(UtcDateTime(is_strict=True))
    action: Mapped[str] = mapped_column(Text())
    outcome: Mapped[str] = mapped_column(Text())
    target_kind: Mapped[str] = mapped_column(Text())
    target_id: Mapped[str | None] = mapped_column(Text())
    before: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    after: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    undoes: Mapped[uuid.UUID | None] = mapped_column(Uuid())
    db_role: Mapped[str] = mapped_column(Text())
    tool: Mapped[str] = mapped_column(Text())
    #: Erasable: a JSON text with actor, host, reason, ticket, target_email, before and after, and its salt.
    personal: Mapped[str | None] = mapped_column(Text())
    salt: Mapped[str | None] = mapped_column(Text())
    personal_hash: Mapped[str] = mapped_column(Text())
    body_hash: Mapped[str] = mapped_column(Text())
    prev_hash: Mapped[str] = mapped_column(Text())
    hash: Mapped[str] = mapped_column(Text())

    __table_args__ = (
        Index("ix_audit_events_change_id", "change_id"),
        Index("ix_audit_events_target_id_seq", "target_id", "seq"),
        Index(
            "ix_audit_events_undoes",
            "undoes",
            postgresql_where=text("undoes IS NOT NULL"),
            sqlite_where=text("undoes IS NOT NULL"),
        ),
    )
