"""Alembic's entry; usercli runs it: `usercli db upgrade`."""

from alembic import context
from coachbot.models import Chat, Log, Message

from usercli.embedding import run_migrations

run_migrations(context, [Chat, Message, Log])
