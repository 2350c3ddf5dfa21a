"""Everything that knows Alembic: the schema's revisions, and how to move between them.

One transaction for a whole upgrade or downgrade, one deployer at a time. A failure or a kill leaves the
database at the revision it had.
"""

from __future__ import annotations

import io
import re
import sqlite3
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, util
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from usercli.config import Settings
from usercli.database.engine import READ_ONLY, create_sqlite_file, open_engine
from usercli.database.integrity import domain_error
from usercli.database.readiness import VERSION_TABLE
from usercli.database.url import DatabaseUrl
from usercli.errors import Conflict, DatabaseUnavailable, InvalidInput, RevisionNotFound, UserCliError
from usercli.models import Base
from usercli.text import nearest

_LOCK = 0x75736572636C69  # "usercli" in ASCII
_LOCK_WAIT = "600s"  # another deployer may be in a long migration
_DDL_WAIT = "5s"  # rather give up than queue every other statement behind our table lock


def folder() -> Path:
    """The migrations: inside the installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent.parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "alembic"


def scripts() -> ScriptDirectory:
    """Alembic's view of the revisions."""
    return ScriptDirectory.from_config(_config())


def upgrade(
    url: DatabaseUrl, revision: str = "head", *, waiting: Callable[[], None] = lambda: None
) -> list[Script]:
    """Bring the schema up to a revision; the revisions that were run, in order.

    Makes the SQLite file if there is none. Raises RevisionNotFound, DatabaseUnavailable.
    """
    _require_known(revision)
    if url.engine == "sqlite":
        create_sqlite_file(url)
    with exclusive_connection(url, waiting) as connection:
        before = current(connection)
        _require_ours(before)
        _run(connection, lambda config: command.upgrade(config, revision))
        return _run_between(before, current(connection))


def downgrade(url: DatabaseUrl, revision: str) -> list[Script]:
    """Take the schema down to a revision; the revisions that were undone. Raises RevisionNotFound."""
    _require_known(revision)
    with exclusive_connection(url) as connection:
        before = current(connection)
        _require_ours(before)
        _run(connection, lambda config: command.downgrade(config, revision))
        return _run_between(current(connection), before)[::-1]


def stamp(url: DatabaseUrl, revision: str) -> None:
    """Say that the schema is at a revision, without running anything. Raises RevisionNotFound."""
    _require_known(revision)
    with exclusive_connection(url) as connection:
        _run(connection, lambda config: command.stamp(config, revision, purge=True))


def sql(url: DatabaseUrl, span: str = "head", *, down: bool = False) -> str:
    """The SQL of an upgrade (or downgrade FROM:TO) as text; no connection is made."""
    for part in span.split(":"):
        _require_known(part or "base")
    out = io.StringIO()
    config = _config(out)
    config.attributes["url"] = url
    with _alembic_errors():
        (command.downgrade if down else command.upgrade)(config, span, sql=True)
    return out.getvalue()


def new_revision(message: str) -> Path:
    """Write an empty revision file after the newest one. Raises InvalidInput outside a checkout."""
    if folder().name == "_migrations":
        raise InvalidInput("a revision is written in a checkout of usercli, not in an installed package")
    config = _config()
    config.cmd_opts = Namespace(quiet=True)  # or Alembic writes its progress to stdout
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    stamp_ = datetime.now(UTC).strftime("%Y%m%d_%H%M")
    with _alembic_errors():
        script = command.revision(config, message, rev_id=stamp_)
    if not isinstance(script, Script):
        raise UserCliError("no revision was written")
    return Path(script.path)


def history() -> list[Script]:
    """All revisions, oldest first."""
    return list(scripts().walk_revisions())[::-1]


def current(connection: sa.Connection) -> tuple[str, ...]:
    """The revisions that the database is at; empty without a schema."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()


def head() -> str:
    """The newest revision."""
    return scripts().get_current_head() or ""


def steps_between(found: Sequence[str], target: str) -> int | None:
    """How many revisions `found` lies behind `target`; None when it does not lead there."""
    known = [script.revision for script in history()]
    if len(found) != 1 or found[0] not in known:
        return None
    return known.index(target) - known.index(found[0])


def differences(connection: sa.Connection) -> list[str]:
    """In what a migrated schema and the models do not agree (tables of ours only), a few words each."""
    from alembic.autogenerate import compare_metadata

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": _ours, "version_table": VERSION_TABLE}
    )
    return [_in_words(item) for item in compare_metadata(context, Base.metadata)]


def _in_words(difference: Any) -> str:
    if isinstance(difference, list):  # changes of one column come bundled
        difference = difference[0]
    kind, *what = difference
    names = [getattr(item, "name", None) or item for item in what if isinstance(item, str) or hasattr(item, "name")]
    return f"{kind.replace('_', ' ')} {' '.join(str(name) for name in names)}"


@dataclass(frozen=True)
class DowngradePlan:
    """What a downgrade would undo, and how many rows (of a table) or values (of a column) it would lose."""

    scripts: list[Script]
    lost: dict[str, int]


def pending(url: DatabaseUrl, revision: str = "head") -> list[Script]:
    """The revisions that an upgrade would run. Raises RevisionNotFound, DatabaseUnavailable."""
    _require_known(revision)
    if url.engine == "sqlite" and not Path(url.database).exists():
        before: tuple[str, ...] = ()
    else:
        with _reading(url) as connection:
            before = current(connection)
    _require_ours(before)
    target = _absolute(before, revision)
    return _run_between(before, () if target == "base" else (target,))


def _reading(url: DatabaseUrl) -> sa.Connection:
    return open_engine(url).execution_options(**{READ_ONLY: True}).connect()


def plan_downgrade(url: DatabaseUrl, revision: str) -> DowngradePlan:
    """What a downgrade would do; nothing is changed. Raises RevisionNotFound, DatabaseUnavailable."""
    _require_known(revision)
    with _reading(url) as connection:
        found = current(connection)
        _require_ours(found)
        target = _absolute(found, revision)
        scripts_ = _run_between(() if target == "base" else (target,), found)[::-1]
        dropped = _dropped(found[0], target) if scripts_ else []
        return DowngradePlan(scripts_, _rows_lost(connection, dropped))


def _dropped(at: str, target: str) -> list[tuple[str, str | None]]:
    """(table, None) or (table, column), read from the downgrade's own SQL; it is alike on both engines."""
    text = sql(DatabaseUrl("postgresql", "any"), f"{at}:{target}", down=True)
    tables = [name for name in re.findall(r"DROP TABLE (\w+)", text) if name != VERSION_TABLE]
    columns = re.findall(r"ALTER TABLE (\w+) DROP COLUMN (\w+)", text)
    return [(table, None) for table in tables] + [pair for pair in columns if pair[0] not in tables]


def _absolute(at: Sequence[str], revision: str) -> str:
    """`head`, `+1` and `-1` as a revision. Raises RevisionNotFound when there are not so many."""
    known = ["base", *(script.revision for script in history())]
    if revision in {"head", "heads"}:
        return known[-1]
    if not re.fullmatch(r"[+-]\d+", revision):
        return revision
    place = known.index(at[0] if at else "base") + int(revision)
    if not 0 <= place < len(known):
        raise RevisionNotFound(f"there is no revision {revision} from here; see: usercli db history")
    return known[place]


def _rows_lost(connection: sa.Connection, dropped: Sequence[tuple[str, str | None]]) -> dict[str, int]:
    found = {}
    for table, column in dropped:
        query = sa.select(sa.func.count()).select_from(sa.table(table))
        if column:
            query = query.where(sa.column(column).is_not(None))
        found[f"{table}.{column}" if column else table] = connection.scalar(query) or 0
    return found


@contextmanager
def exclusive_connection(url: DatabaseUrl, waiting: Callable[[], None] = lambda: None) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other migration shares; commits at the end."""
    engine = open_engine(url)
    try:
        guard: AbstractContextManager[Any] = nullcontext()
        if url.engine == "postgresql":
            guard = _deployer_lock(engine, waiting)
        with guard, engine.connect() as connection:
            if url.engine == "sqlite":
                _prepare_sqlite(connection, url)
            with connection.begin():
                if url.engine == "postgresql":
                    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_DDL_WAIT}'"))
                yield connection
                if url.engine == "sqlite":
                    _check_references(connection)
    finally:
        engine.dispose()


def run_online(context: Any, connection: sa.Connection) -> None:
    """Run migrations on a connection (called by alembic/env.py)."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=_ours,
        version_table=VERSION_TABLE,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_offline(context: Any) -> None:
    """Write the SQL of migrations instead of running it (called by alembic/env.py)."""
    url = context.config.attributes.get("url") or configured_url()
    context.configure(
        dialect_name=url.engine,
        target_metadata=Base.metadata,
        literal_binds=True,
        version_table=VERSION_TABLE,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def configured_url() -> DatabaseUrl:
    """The database of a bare `alembic` command: from the same configuration as usercli's."""
    url = Settings().target.url
    if url.engine == "sqlite":
        create_sqlite_file(url)
    return url


@contextmanager
def _deployer_lock(engine: sa.Engine, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock in an open transaction on a connection of its own.

    A session lock gives no exclusion through a transaction pooler, and a lock of the migrating
    transaction would end with an autocommit block.
    """
    with engine.connect() as connection, connection.begin():
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))):
            waiting()
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield


def _prepare_sqlite(connection: sa.Connection, url: DatabaseUrl) -> None:
    # Both must stand before BEGIN. With foreign keys on, a table that is rebuilt would take its child
    # rows along through ON DELETE CASCADE.
    raw = connection.connection.dbapi_connection
    if raw is not None:
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
            raw.cursor().execute("PRAGMA foreign_keys=OFF")
        except sqlite3.Error as error:  # past the engine, which would have translated it
            raise domain_error(error, url) or error from None


def _check_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Conflict(f"the migration would leave rows of {broken[0]} without the {broken[2]} they refer to")


def _run(connection: sa.Connection, step: Callable[[Config], None]) -> None:
    config = _config()
    config.attributes["connection"] = connection
    with _alembic_errors():
        step(config)


@contextmanager
def _alembic_errors() -> Iterator[None]:
    try:
        yield
    except util.CommandError as error:
        raise InvalidInput(f"alembic: {str(error).splitlines()[0].rstrip('.')}") from None


def _config(stdout: Any = None) -> Config:
    # In code, with an absolute folder: a URL with % would break an ini file, and none is shipped.
    config = Config(stdout=stdout or sys.stderr, output_buffer=stdout)
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _require_known(revision: str) -> None:
    if revision in {"head", "heads", "base"} or re.fullmatch(r"[+-]\d+", revision):
        return
    known = [script.revision for script in history()]
    if revision not in known:
        raise RevisionNotFound(f"no such revision: {revision}{nearest(revision, known)}; see: usercli db history")


def _require_ours(found: Sequence[str]) -> None:
    known = {script.revision for script in history()}
    if unknown := [revision for revision in found if revision not in known]:
        raise DatabaseUnavailable(
            f"the database is at revision {', '.join(unknown)}, which this version of usercli does not know; "
            "install a newer usercli, or check that this is the right database"
        )


def _run_between(low: Sequence[str], high: Sequence[str]) -> list[Script]:
    known = history()
    names = [script.revision for script in known]
    start = names.index(low[0]) + 1 if low else 0
    end = names.index(high[0]) + 1 if high else 0
    return known[start:end]


def _ours(_: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Other programs keep tables in the same database: only ours are compared."""
    return not (kind == "table" and reflected and compare_to is None) and name != VERSION_TABLE
