"""Alembic's entry. usercli hands a connection over in `config.attributes`; a bare `alembic` gets one here.

Logging is left alone: fileConfig() would disable the loggers of a program that embeds usercli.
"""

from alembic import context

from usercli.database import migrations

if context.is_offline_mode():
    migrations.run_offline(context)
elif "connection" in context.config.attributes:
    migrations.run_online(context, context.config.attributes["connection"])
else:
    with migrations.exclusive_connection(migrations.configured_url()) as connection:
        migrations.run_online(context, connection)
