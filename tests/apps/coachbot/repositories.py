"""Named questions to the chat-bot's tables; what every repository can do comes from usercli."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from coachbot.models import Chat, Log
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from usercli.repositories.base import Repository


class ChatRepository(Repository[Chat]):
    """Conversations, with what was said in them."""

    model = Chat

    def of_user(self, user_id: uuid.UUID) -> Sequence[Chat]:
        """A user's chats, oldest first."""
        query = select(Chat).where(Chat.user_id == user_id).order_by(Chat.id)
        return self.session.scalars(query.options(selectinload(Chat.messages))).all()


class LogRepository(Repository[Log]):
    """The bot's log."""

    model = Log
