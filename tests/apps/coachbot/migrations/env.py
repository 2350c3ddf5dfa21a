"""Alembic's entry; usercli runs it: `usercli db upgrade`."""

from alembic import context
from coachbot.models import Chat, Log, Message

from usercli.database import applications

applications.run(context, [Chat, Message, Log])
