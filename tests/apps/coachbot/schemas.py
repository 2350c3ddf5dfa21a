"""What may come in, and what goes out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=100_000, pattern=r"^[^\x00]*$")]


class ChatCreate(BaseModel):
    """A new conversation of a user."""

    model_config = ConfigDict(extra="forbid")

    user_id: uuid.UUID
    title: Line = ""
    attributes: dict[str, Any] = {}


class MessageCreate(BaseModel):
    """Something said in a chat."""

    model_config = ConfigDict(extra="forbid")

    author: Literal["user", "bot"]
    text: Said
    attributes: dict[str, Any] = {}


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: uuid.UUID
    created_at: datetime
    updated_at: datetime


class MessageRead(_View):
    """A message as others see it."""

    author: str
    text: str
    attributes: dict[str, Any]


class ChatRead(_View):
    """A conversation as others see it."""

    user_id: uuid.UUID
    title: str
    attributes: dict[str, Any]
    messages: tuple[MessageRead, ...]


class LogRead(_View):
    """A line of the bot's log; without a user who has gone."""

    user_id: uuid.UUID | None
    event: str
    details: dict[str, Any]
