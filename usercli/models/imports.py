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

    #: SHA-256 of the file's bytes.
    digest: Mapped[str] = mapped_column(Text(), primary_key=True)
    change_id: Mapped[uuid.UUID] = mapped_column(Uuid())
    #: What decides what is written; the same on every run.
    options: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    #: Counts so far; `read` records of the file are dealt with.
    summary: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    #: How long the reject file was.
    reject_bytes: Mapped[int] = mapped_column(BigInteger(), default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=default_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=default_now, onupdate=default_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
