"""Alembic's entry; usercli runs it: `usercli db upgrade`."""

from alembic import context
from shop.models import EndedToken, Order

from usercli.database import applications

applications.run(context, [Order, EndedToken])
