"""How far a resumable import came."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from usercli.models.base import Base
from usercli.models.clock import default_now
from usercli.models.types import JsonObject, UtcDateTime


class ImportProgress(Base):
    """One file's import, by its content; written in the transactions that write its users."""

    __tablename__ = "import_progress"
    __table_args__ = {"comment": "How far each import that can be resumed has come"}

    digest: Mapped[str] = mapped_column(Text(), primary_key=True, comment="SHA-256 of the file")
    change_id: Mapped[uuid.UUID] = mapped_column(Uuid(), comment="The change_id of its events in audit_events")
    options: Mapped[dict[str, Any]] = mapped_column(
        JsonObject, comment="What decides what is written; the same on every run"
    )
    #: Counts so far; `read` records of the file are dealt with.
    summary: Mapped[dict[str, Any]] = mapped_column(JsonObject, comment="Counts so far")
    reject_bytes: Mapped[int] = mapped_column(
        BigInteger(), default=0, comment="How long the file of rejected rows was"
    )
    started_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=default_now, comment="When the import began"
    )
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime(), default=default_now, onupdate=default_now, comment="When it last wrote users"
    )
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), comment="When it was done; NULL before")
