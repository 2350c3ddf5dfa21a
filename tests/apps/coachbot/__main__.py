"""Talk as a user: python -m coachbot EMAIL TEXT. The database is the one that usercli is configured for."""

from __future__ import annotations

import sys

from coachbot.schemas import ChatCreate, MessageCreate
from coachbot.services import open_chat, say

from usercli.config import Settings
from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.schemas.users import UserKey
from usercli.services.users import show_users


def main(email: str, text: str) -> None:
    uow = UnitOfWork(sessions(open_engine(Settings().target.url)))
    [user] = show_users([UserKey.parse(email)], uow)
    chat = open_chat(ChatCreate(user_id=user.id), uow)
    say(chat.id, MessageCreate(author="user", text=text), uow)
    say(chat.id, MessageCreate(author="bot", text="tell me more"), uow)


if __name__ == "__main__":
    main(*sys.argv[1:])
