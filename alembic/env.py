"""Alembic's entry. usercli hands a connection over in `config.attributes`; a bare `alembic` gets one here.

Logging is left alone: fileConfig() would disable the loggers of a program that embeds usercli.
"""

from alembic import context

from usercli.config import Settings
from usercli.database import alembic_runner
from usercli.database.sqlite_file import create_sqlite_file
from usercli.database.url import DatabaseUrl


def configured_url() -> DatabaseUrl:
    """The database of a bare `alembic` command: from the same configuration as usercli's."""
    url = Settings().target.url
    if url.engine == "sqlite":
        create_sqlite_file(url)
    return url


given = context.config.attributes
if context.is_offline_mode():
    alembic_runner.run_offline(context, given.get("url") or configured_url())
elif "connection" in given:
    alembic_runner.run_online(context, given["connection"])
elif getattr(context.config.cmd_opts, "autogenerate", None) is False:  # alembic revision, without a comparison
    alembic_runner.run_unconnected(context)
else:
    with alembic_runner.exclusive_connection(configured_url()) as connection:
        alembic_runner.run_online(context, connection)
