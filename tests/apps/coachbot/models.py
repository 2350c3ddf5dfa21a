"""The tables of the chat-bot. What becomes of their rows when a user goes, the foreign keys say."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from usercli.models import Base, User
from usercli.models.base import IdMixin, TimestampMixin
from usercli.models.types import JsonObject


class Chat(IdMixin, TimestampMixin, Base):
    """A conversation; it goes with its user."""

    __tablename__ = "chats"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text(), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(JsonObject, default=dict)

    user: Mapped[User] = relationship()
    messages: Mapped[list[Message]] = relationship(
        back_populates="chat", order_by="Message.id", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (Index("ix_chats_user_id", "user_id"),)


class Message(IdMixin, TimestampMixin, Base):
    """One thing said in a chat; it goes with the chat."""

    __tablename__ = "messages"

    chat_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(Text())
    text: Mapped[str] = mapped_column(Text())
    attributes: Mapped[dict[str, Any]] = mapped_column(JsonObject, default=dict)

    chat: Mapped[Chat] = relationship(back_populates="messages")

    __table_args__ = (Index("ix_messages_chat_id", "chat_id"),)


class Log(IdMixin, TimestampMixin, Base):
    """What the bot did; it outlives the user, without the name."""

    __tablename__ = "logs"

    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    event: Mapped[str] = mapped_column(Text())
    details: Mapped[dict[str, Any]] = mapped_column(JsonObject, default=dict)

    user: Mapped[User | None] = relationship()

    __table_args__ = (Index("ix_logs_user_id", "user_id"),)
