"""The audit log: append-only by trigger, chained by hash (docs/audit.md)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from usercli.models.base import Base
from usercli.models.partial_index import PartialIndex
from usercli.models.types import JsonObject, UtcDateTime


class AuditEvent(Base):
    """One thing that happened to one target. Written by the unit of work, inside the change's transaction."""

    __tablename__ = "audit_events"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
        comment="1, 2, 3, ... without a gap",
    )
    change_id: Mapped[uuid.UUID] = mapped_column(Uuid(), comment="All events of one command have the same")
    at: Mapped[datetime] = mapped_column(
        UtcDateTime(is_strict=True), comment="The time by the clock of the server, in UTC"
    )
    action: Mapped[str] = mapped_column(Text(), comment="What was done, as user.created")
    outcome: Mapped[str] = mapped_column(Text(), comment="done; or conflict or refused where it was not done")
    target_kind: Mapped[str] = mapped_column(Text(), comment="user or role")
    target_id: Mapped[str | None] = mapped_column(Text(), comment="The id of the user or role")
    before: Mapped[dict[str, Any]] = mapped_column(
        JsonObject, comment="The changed fields before, without personal data"
    )
    after: Mapped[dict[str, Any]] = mapped_column(
        JsonObject, comment="The changed fields after, without personal data"
    )
    undoes: Mapped[uuid.UUID | None] = mapped_column(Uuid(), comment="The change_id that this event reverts")
    db_role: Mapped[str] = mapped_column(Text(), comment="The role of the database; empty on SQLite")
    tool: Mapped[str] = mapped_column(Text(), comment="The program and its version")
    #: Erasable: a JSON text with actor, host, reason, ticket, target_email, before and after, and its salt.
    personal: Mapped[str | None] = mapped_column(Text(), comment="Personal data as a JSON text; NULL once erased")
    salt: Mapped[str | None] = mapped_column(Text(), comment="Random digits for personal_hash; NULL once erased")
    personal_hash: Mapped[str] = mapped_column(
        Text(), comment="The hash of personal and salt, which stays after an erasure"
    )
    body_hash: Mapped[str] = mapped_column(Text(), comment="The hash of the other columns")
    prev_hash: Mapped[str] = mapped_column(Text(), comment="The hash of the event before")
    hash: Mapped[str] = mapped_column(Text(), comment="The hash of this event and of all before it")

    __table_args__ = (
        Index("ix_audit_events_change_id", "change_id"),
        Index("ix_audit_events_target_id_seq", "target_id", "seq"),
        PartialIndex("ix_audit_events_undoes", "undoes", where="undoes IS NOT NULL"),
        {"comment": "What was changed, by whom and when; append-only, chained by hash"},
    )
