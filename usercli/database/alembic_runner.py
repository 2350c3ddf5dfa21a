"""How usercli runs Alembic: its configuration, the connection and the locks, the history of revisions.

One transaction for a whole upgrade or downgrade, one deployer at a time. A failure or a kill leaves the
database at the revision it had; or, after a revision that builds an index concurrently, at the one before that.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from alembic import command, util
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations.ops import MigrationScript
from alembic.script import Script, ScriptDirectory

from usercli.database import schema_version
from usercli.database.engine import READ_ONLY, open_engine
from usercli.database.revision_steps import TIMEOUTS, limits, run_steps, with_short_locks
from usercli.database.schema_version import VERSION_TABLE
from usercli.database.search_path import columns_of_applications, version_table
from usercli.database.sqlite_file import require_undamaged, set_journal_mode, wait_for
from usercli.database.url import DatabaseUrl
from usercli.errors import Conflict, DatabaseLocked, DatabaseUnavailable, InvalidInput, LockTimeout, UserCliError
from usercli.models import OWN_TABLES, Base
from usercli.models.types import JsonObject, ServerDefault, UtcDateTime
from usercli.models.user import SEARCH_INDEX
from usercli.repositories.advisory_locks import MIGRATIONS
from usercli.text import visible

_LOCK_WAIT = 600.0  # seconds: another deployer may be in a long migration
_LOCK_STEP = 0.2

_HOLDER = """
SELECT relation::regclass::text AS relation, pid, application_name,
    to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) -- oids of copies are alike
    AND relation IN (SELECT to_regclass(name)::oid FROM unnest(CAST(:tables AS text[])) AS name)
ORDER BY xact_start LIMIT 1
"""

FILE_TEMPLATE = "%(rev)s_%(slug)s"
HEADS = frozenset({"head", "heads"})
_STAMP = "%Y%m%d_%H%M"
_STAMPED = re.compile(r"\d{8}_\d{4}$")


def scripts() -> ScriptDirectory:
    """Alembic's view of the revisions."""
    return ScriptDirectory.from_config(new_config(schema_version.folder()))


def history() -> list[Script]:
    """All revisions, oldest first."""
    return list(scripts().walk_revisions())[::-1]


def current(connection: sa.Connection) -> tuple[str, ...]:
    """The revisions that the database is at; empty without a schema."""
    return MigrationContext.configure(
        connection, opts={"version_table": version_table(connection)}
    ).get_current_heads()


def applied(connection: sa.Connection) -> list[Script]:
    """The revisions of ours that the database has, oldest first."""
    return run_between((), current(connection))


def run_between(low: Iterable[str], high: Iterable[str]) -> list[Script]:
    """The revisions that lead to `high` and not to `low`, oldest first."""
    known = schema_version.revisions()
    wanted = schema_version.lineage(high, known) - schema_version.lineage(low, known)
    return [script for script in history() if script.revision in wanted]


def revision_stamp(known: Iterable[str]) -> str:
    """The name of a revision that is made now; later than those that are known, by a minute at least."""
    now = datetime.now(UTC).strftime(_STAMP)
    newest = max((name[-len(now) :] for name in known if _STAMPED.search(name)), default="")
    if now > newest:
        return now
    return (datetime.strptime(newest, _STAMP) + timedelta(minutes=1)).strftime(_STAMP)


def written(script: Any) -> Path:
    """The file of a new revision."""
    if not isinstance(script, Script):
        raise UserCliError("no revision was written")
    return Path(script.path)


def describe_difference(difference: Any) -> str:
    """What Alembic found to differ, as `add column users phone`."""
    if isinstance(difference, list):  # changes of one column come bundled
        difference = difference[0]
    kind, *what = difference
    names = [getattr(item, "name", None) or item for item in what if isinstance(item, str) or hasattr(item, "name")]
    return f"{kind.replace('_', ' ')} {' '.join(str(name) for name in names)}"


def without_comments(found: Iterable[Any]) -> list[Any]:
    """What Alembic found to differ, apart from comments: whoever owns the database may have written better ones."""
    bundles = (
        [one for one in item if "comment" not in one[0]] if isinstance(item, list) else item for item in found
    )
    return [item for item in bundles if item and "comment" not in item[0]]


def dropped_by(text: str) -> list[tuple[str, str | None]]:
    """(table, None) or (table, column), read from a downgrade's own SQL; it is alike on both engines."""
    tables = re.findall(r'^DROP TABLE (?:IF EXISTS )?([\w".]+)', text, re.MULTILINE)
    columns = re.findall(r'^ALTER TABLE ([\w".]+) DROP COLUMN ([\w"]+)', text, re.MULTILINE)
    return [(table, None) for table in tables] + [pair for pair in columns if pair[0] not in tables]


@contextmanager
def reading(url: DatabaseUrl) -> Iterator[sa.Connection]:
    """A connection that changes nothing and waits for no writer, and for a locked table as long as a migration."""
    engine = open_engine(with_short_locks(url))
    with _naming_holders(engine), engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        yield connection


@contextmanager
def exclusive_connection(url: DatabaseUrl, on_wait: Callable[[], None] = lambda: None) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other migration shares; commits at the end."""
    engine = open_engine(url)
    engine.update_execution_options(**{TIMEOUTS: url.timeouts})
    try:
        guard: AbstractContextManager[Any] = nullcontext()
        if url.engine == "postgresql":
            guard = _deployer_lock(engine, on_wait)
        with _naming_holders(engine), guard, engine.connect() as connection:
            if url.engine == "sqlite":
                _prepare_sqlite(connection, url)
            connection.begin()  # not as a block: a revision may commit what was done before it
            if url.engine == "postgresql":
                for statement in limits(url.timeouts):
                    connection.exec_driver_sql(statement)
            yield connection
            if url.engine == "sqlite":
                _check_references(connection, url)
            connection.commit()
    finally:
        engine.dispose()


@contextmanager
def _naming_holders(engine: sa.Engine) -> Iterator[None]:
    """Say who holds the lock that a migration did not get. Raises DatabaseLocked."""
    try:
        yield
    except LockTimeout as error:
        with engine.connect() as connection:
            row = connection.execute(sa.text(_HOLDER), {"tables": list(error.tables)}).first()
        if row is None:  # it has ended meanwhile
            raise
        named = f" ({visible(row.application_name)})" if row.application_name else ""
        raise DatabaseLocked(
            f"the table {row.relation} is locked by process {row.pid}{named} since {row.since}; "
            "nothing was changed; try again later"
        ) from None


@contextmanager
def _deployer_lock(engine: sa.Engine, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock in an open transaction on a connection of its own.

    A session lock gives no exclusion through a transaction pooler, and a lock of the migrating
    transaction would end with an autocommit block.
    """
    with engine.connect() as connection:
        if not _has_lock(connection):
            on_wait()
            connection.rollback()
            _await_lock(connection)
        # it is idle while the migration works
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def _await_lock(connection: sa.Connection) -> None:
    """Ask in transactions of their own: an index that is built concurrently waits for each that is older."""
    until = monotonic() + _LOCK_WAIT
    while not _has_lock(connection):
        if monotonic() > until:
            raise DatabaseUnavailable(f"another usercli has been migrating this database for {_LOCK_WAIT:.0f} s")
        connection.rollback()
        sleep(_LOCK_STEP)


def _has_lock(connection: sa.Connection) -> bool:
    return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(MIGRATIONS))))


def _prepare_sqlite(connection: sa.Connection, url: DatabaseUrl) -> None:
    # Both must stand before BEGIN. With foreign keys on, a table that is rebuilt would take its child
    # rows along through ON DELETE CASCADE.
    set_journal_mode(connection, url)
    wait_for(connection, "PRAGMA foreign_keys=OFF", url)


def _check_references(connection: sa.Connection, url: DatabaseUrl) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        require_undamaged(connection, url)
        raise Conflict(f"the migration would leave rows of {broken[0]} without the {broken[2]} they refer to")


def run_options(tables: Collection[str], version_table: str, theirs: Collection[str] = ()) -> dict[str, Any]:
    """How Alembic looks at a database that holds tables of others as well: it sees these only.

    Nor does it see `theirs`, columns of `users`, what indexes and constrains them, and SEARCH_INDEX.
    """

    def include(item: Any, name: str | None, kind: str, is_reflected: bool, _: Any) -> bool:
        if kind == "table":
            return name in tables
        if not is_reflected or item.table.name != "users":
            return True
        if kind == "index" and name == SEARCH_INDEX:
            return False
        named = [name] if kind == "column" else [column.name for column in getattr(item, "columns", ())]
        return not set(named).intersection(theirs)

    return {
        "target_metadata": Base.metadata,
        "include_object": include,
        "version_table": version_table,
        "dialect_opts": {"paramstyle": "named"},  # or the SQL has each % twice
        "transactional_ddl": True,
        "compare_type": True,
        "render_item": _render,
    }


def _render(kind: str, item: Any, context: Any) -> str | bool:
    """Our types and defaults as the library's own: a revision must run whatever becomes of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, type(JsonObject)):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "server_default" and isinstance(item, ServerDefault):
        on_postgresql = 'op.get_context().dialect.name == "postgresql"'
        return f"sa.text({item.postgresql!r} if {on_postgresql} else {item.sqlite!r})"
    return False


def run_online(context: Any, connection: sa.Connection) -> None:
    """Run migrations on a connection (called by alembic/env.py)."""
    context.configure(
        connection=connection,
        process_revision_directives=_stamp,
        **_our_options(version_table(connection), columns_of_applications(connection)),
    )
    run_steps(context)


def run_offline(context: Any, url: DatabaseUrl) -> None:
    """Write the SQL of migrations instead of running it (called by alembic/env.py)."""
    context.configure(dialect_name=url.engine, literal_binds=True, **_our_options(url.version_table))
    run_steps(context, url.timeouts)


def run_unconnected(context: Any) -> None:
    """Write an empty revision, for which no database is asked (called by alembic/env.py)."""
    context.configure(
        dialect_name="sqlite", as_sql=True, process_revision_directives=_stamp, **_our_options(VERSION_TABLE)
    )
    context.run_migrations()


def _our_options(versions: str, theirs: Collection[str] = ()) -> dict[str, Any]:
    return run_options(OWN_TABLES, versions, theirs)


def _stamp(context: MigrationContext, _: Any, scripts: Iterable[MigrationScript]) -> None:
    """Name a new revision by its time, unless `alembic revision --rev-id` gives it another name."""
    given = context.config and getattr(context.config.cmd_opts, "rev_id", None)
    for script in scripts:
        script.rev_id = given or revision_stamp(schema_version.revisions())


def run_command(connection: sa.Connection, step: Callable[[Config], None]) -> None:
    """Run one of Alembic's commands on a connection."""
    config = new_config(schema_version.folder())
    config.attributes["connection"] = connection
    with alembic_errors():
        step(config)


def stamp_first(connection: sa.Connection) -> None:
    """Say that the tables are those of the first revision."""
    first = history()[0].revision
    run_command(connection, lambda config: command.stamp(config, first))


def run_upgrade(connection: sa.Connection, revision: str) -> None:
    """Run the migrations up to a revision."""
    run_command(connection, lambda config: command.upgrade(config, revision))


@contextmanager
def alembic_errors(what: str = "the migrations of usercli") -> Iterator[None]:
    """Alembic's errors as ours."""
    try:
        yield
    except util.CommandError as error:
        message = str(error).splitlines()[0].rstrip(".")
        raise InvalidInput(f"{what}: {message[:1].lower()}{message[1:]}") from None


def new_config(place: Path | None, stdout: Any = None) -> Config:
    """Alembic's configuration for a folder of migrations.

    In code, with an absolute folder: a URL with % would break an ini file, and none is shipped.
    """
    config = Config(stdout=stdout or sys.stderr, output_buffer=stdout)
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def folders_of(package: str) -> list[Path]:
    """Where a package lies; nowhere if it is not installed."""
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return []
    return [Path(place) for place in (found and found.submodule_search_locations) or ()]
