"""Use cases of the chat-bot, in usercli's unit of work: one transaction for its tables and ours."""

from __future__ import annotations

import uuid

from coachbot.models import Chat, Log, Message
from coachbot.repositories import ChatRepository, LogRepository
from coachbot.schemas import ChatCreate, ChatRead, MessageCreate

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import UserNotFound


def open_chat(data: ChatCreate, uow: UnitOfWork) -> ChatRead:
    """Begin a conversation. Raises UserNotFound."""
    with uow:
        if uow.users.find(data.user_id) is None:
            raise UserNotFound([data.user_id])
        chat = ChatRepository(uow.session).add(Chat(**data.model_dump()))
        LogRepository(uow.session).add(
            Log(user_id=data.user_id, event="chat opened", details={"chat": str(chat.id)})
        )
        uow.commit()
        return ChatRead.model_validate(chat)


def say(chat_id: uuid.UUID, data: MessageCreate, uow: UnitOfWork) -> ChatRead:
    """Add a message to a conversation. Raises NotFound."""
    with uow:
        chat = ChatRepository(uow.session).get(chat_id)
        chat.messages.append(Message(**data.model_dump()))
        uow.commit()
        return ChatRead.model_validate(chat)


def chats_of(user_id: uuid.UUID, uow: UnitOfWork) -> list[ChatRead]:
    """A user's conversations, oldest first."""
    with uow:
        return [ChatRead.model_validate(chat) for chat in ChatRepository(uow.session).of_user(user_id)]
