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
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import command, util
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from usercli.database.engine import READ_ONLY, create_sqlite_file, open_engine
from usercli.database.errors import domain_error
from usercli.database.schema_version import VERSION_TABLE
from usercli.database.url import DatabaseUrl
from usercli.errors import (
    Conflict,
    DatabaseUnavailable,
    InvalidInput,
    Refused,
    RevisionNotFound,
    SchemaNotCurrent,
    UserCliError,
)
from usercli.models import OWN_TABLES, Base
from usercli.models.types import JsonObject, UtcDateTime
from usercli.text import suggestion

if TYPE_CHECKING:
    from usercli.database.applications import Application

_LOCK = 0x75736572636C69  # "usercli" in ASCII
_LOCK_WAIT = "600s"  # another deployer may be in a long migration
_DDL_WAIT = "5s"  # rather give up than queue every other statement behind our table lock

FILE_TEMPLATE = "%(rev)s_%(slug)s"
_HEADS = frozenset({"head", "heads"})


def folder() -> Path:
    """The migrations: inside the installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent.parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "alembic"


def scripts() -> ScriptDirectory:
    """Alembic's view of the revisions."""
    return ScriptDirectory.from_config(new_config(folder()))


def upgrade(
    url: DatabaseUrl,
    revision: str = "head",
    *,
    applications: Sequence[Application] = (),
    on_wait: Callable[[], None] = lambda: None,
) -> list[Script]:
    """Bring the schema up to a revision; the revisions that were run, in order.

    `head` takes the applications' tables to their newest revisions too, after ours. Makes the SQLite file if
    there is none. Raises RevisionNotFound, DatabaseUnavailable.
    """
    target = _resolve_application(revision, applications)
    if url.engine == "sqlite":
        create_sqlite_file(url)
    with exclusive_connection(url, on_wait) as connection:
        before = current(connection)
        _require_ours(before)
        if target is not None:
            application, theirs = target
            return application.upgrade(connection, theirs)
        _run(connection, lambda config: command.upgrade(config, revision))
        run = _run_between(before, current(connection))
        for application in applications if revision in _HEADS else ():
            run += application.upgrade(connection)
        return run


def downgrade(url: DatabaseUrl, revision: str, *, applications: Sequence[Application] = ()) -> list[Script]:
    """Take the schema down to a revision; the revisions that were undone.

    Raises RevisionNotFound, Refused (while tables of applications need what would go).
    """
    target = _resolve_application(revision, applications)
    with exclusive_connection(url) as connection:
        before = current(connection)
        _require_ours(before)
        if target is not None:
            application, theirs = target
            return application.downgrade(connection, theirs)
        _require_free(connection, _undone(before, revision), applications)
        _run(connection, lambda config: command.downgrade(config, revision))
        return _run_between(current(connection), before)[::-1]


def stamp(url: DatabaseUrl, revision: str, *, applications: Sequence[Application] = ()) -> None:
    """Say that the schema is at a revision, without running anything. Raises RevisionNotFound."""
    target = _resolve_application(revision, applications)
    with exclusive_connection(url) as connection:
        if target is not None:
            application, theirs = target
            application.stamp(connection, theirs)
            return
        _run(connection, lambda config: command.stamp(config, revision, purge=True))


def sql(
    url: DatabaseUrl, span: str = "head", *, down: bool = False, applications: Sequence[Application] = ()
) -> str:
    """The SQL of an upgrade (or downgrade FROM:TO) as text; no connection is made.

    `head` alone is all of ours and then all of the applications'.
    """
    low, _, high = span.rpartition(":")
    for part in filter(None, (low, high)):
        if (target := _resolve_application(part, applications)) is not None:
            return target[0].sql(url, low, high, down=down)
    out = io.StringIO()
    config = new_config(folder(), out)
    config.attributes["url"] = url
    with alembic_errors():
        (command.downgrade if down else command.upgrade)(config, span, sql=True)
    whole = span in _HEADS and not down
    return out.getvalue() + "".join(item.sql(url, "", "heads") for item in applications if whole)


def new_revision(message: str, connection: sa.Connection | None = None) -> Path:
    """Write a revision file after the newest one: empty, or what the models have over a database at head.

    Raises InvalidInput outside a checkout, SchemaNotCurrent.
    """
    if folder().name == "_migrations":
        raise InvalidInput("a revision is written in a checkout of usercli, not in an installed package")
    if connection is not None and current(connection) != (head(),):
        raise SchemaNotCurrent("the schema is not at head; run: usercli db upgrade")
    config = new_config(folder())
    config.cmd_opts = Namespace(quiet=True)  # or Alembic writes its progress to stdout
    config.set_main_option("file_template", FILE_TEMPLATE.replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    with alembic_errors():
        script = command.revision(config, message, rev_id=revision_stamp(), autogenerate=connection is not None)
    return written(script)


def revision_stamp() -> str:
    """The name of a revision that is made now."""
    return datetime.now(UTC).strftime("%Y%m%d_%H%M")


def written(script: Any) -> Path:
    """The file of a new revision."""
    if not isinstance(script, Script):
        raise UserCliError("no revision was written")
    return Path(script.path)


def history() -> list[Script]:
    """All revisions, oldest first."""
    return list(scripts().walk_revisions())[::-1]


def current(connection: sa.Connection) -> tuple[str, ...]:
    """The revisions that the database is at; empty without a schema."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()


def applied(connection: sa.Connection) -> list[Script]:
    """The revisions of ours that the database has, oldest first."""
    return _run_between((), current(connection))


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

    context = MigrationContext.configure(connection, opts=run_options(OWN_TABLES, VERSION_TABLE))
    return [describe_difference(item) for item in compare_metadata(context, Base.metadata)]


def describe_difference(difference: Any) -> str:
    """What Alembic found to differ, as `add column users phone`."""
    if isinstance(difference, list):  # changes of one column come bundled
        difference = difference[0]
    kind, *what = difference
    names = [getattr(item, "name", None) or item for item in what if isinstance(item, str) or hasattr(item, "name")]
    return f"{kind.replace('_', ' ')} {' '.join(str(name) for name in names)}"


@dataclass(frozen=True)
class DowngradePlan:
    """What a downgrade would undo, and how many rows (of a table) or values (of a column) it would lose.

    An application's revision that wants a connection to say what it does leaves that not `known`.
    """

    scripts: list[Script]
    lost: dict[str, int]
    known: bool = True


def pending(url: DatabaseUrl, revision: str = "head", *, applications: Sequence[Application] = ()) -> list[Script]:
    """The revisions that an upgrade would run. Raises RevisionNotFound, DatabaseUnavailable."""
    target = _resolve_application(revision, applications)
    if url.engine == "sqlite" and not Path(url.database).exists():
        return _pending(None, revision, target, applications)
    with reading(url) as connection:
        return _pending(connection, revision, target, applications)


def _pending(
    connection: sa.Connection | None,
    revision: str,
    target: tuple[Application, str] | None,
    applications: Sequence[Application],
) -> list[Script]:
    before = () if connection is None else current(connection)
    _require_ours(before)
    if target is not None:
        application, theirs = target
        return application.pending(connection, theirs, _run_between((), before))
    high = _resolve_relative(before, revision)
    run = _run_between(before, () if high == "base" else (high,))
    for application in applications if revision in _HEADS else ():
        run += application.pending(connection, "heads", history())
    return run


def reading(url: DatabaseUrl) -> sa.Connection:
    """A connection that changes nothing and waits for no writer."""
    return open_engine(url).execution_options(**{READ_ONLY: True}).connect()


def plan_downgrade(url: DatabaseUrl, revision: str, *, applications: Sequence[Application] = ()) -> DowngradePlan:
    """What a downgrade would do; nothing is changed. Raises RevisionNotFound, DatabaseUnavailable, Refused."""
    target = _resolve_application(revision, applications)
    with reading(url) as connection:
        found = current(connection)
        _require_ours(found)
        if target is not None:
            application, theirs = target
            scripts_ = application.undone(connection, theirs)
            dropped = application.dropped(scripts_)
            return DowngradePlan(scripts_, _rows_lost(connection, dropped or ()), known=dropped is not None)
        scripts_ = _undone(found, revision)
        _require_free(connection, scripts_, applications)
        return DowngradePlan(scripts_, _rows_lost(connection, _dropped(scripts_)))


def _undone(at: Sequence[str], revision: str) -> list[Script]:
    target = _resolve_relative(at, revision)
    return _run_between(() if target == "base" else (target,), at)[::-1]


def _require_free(connection: sa.Connection, undone: Sequence[Script], applications: Sequence[Application]) -> None:
    """No table of an application needs what would be undone. Raises Refused."""
    names = {script.revision for script in undone}
    needing = [item for item in applications if item.needs_of_ours(connection) & names]
    tables = _referring(connection, {table for table, column in _dropped(undone) if column is None})
    if not needing and not tables:
        return
    holders = ", ".join(tables) or ", ".join(item.name for item in needing)
    there = needing or [item for item in applications if item.current(connection)]
    first = "; ".join(f"usercli db downgrade {item.name}@base" for item in there)
    raise Refused(
        f"this would take away what applications' tables need: {holders}; "
        f"take those down first{': ' if first else ''}{first}"
    )


def _referring(connection: sa.Connection, dropped: Collection[str]) -> list[str]:
    """The tables that stay and refer to one that would be dropped."""
    if not dropped:
        return []
    inspector = sa.inspect(connection)
    found = set()
    for schema in [None] if connection.dialect.name == "sqlite" else inspector.get_schema_names():
        if schema in {"information_schema", inspector.default_schema_name}:
            schema = None
        for (_, table), keys in inspector.get_multi_foreign_keys(schema=schema).items():
            if schema is None and table in dropped:
                continue
            if any(key["referred_schema"] is None and key["referred_table"] in dropped for key in keys):
                found.add(f"{schema}.{table}" if schema else table)
    return sorted(found)


def _dropped(undone: Sequence[Script]) -> list[tuple[str, str | None]]:
    if not undone:
        return []
    span = f"{undone[0].revision}:{undone[-1].down_revision or 'base'}"
    found = dropped_by(sql(DatabaseUrl("postgresql", "any"), span, down=True))
    return [pair for pair in found if pair[0] != VERSION_TABLE]


def dropped_by(text: str) -> list[tuple[str, str | None]]:
    """(table, None) or (table, column), read from a downgrade's own SQL; it is alike on both engines."""
    tables = re.findall(r'^DROP TABLE (?:IF EXISTS )?([\w".]+)', text, re.MULTILINE)
    columns = re.findall(r'^ALTER TABLE ([\w".]+) DROP COLUMN ([\w"]+)', text, re.MULTILINE)
    return [(table, None) for table in tables] + [pair for pair in columns if pair[0] not in tables]


def _resolve_relative(at: Sequence[str], revision: str) -> str:
    """`head`, `+1` and `-1` as a revision. Raises RevisionNotFound when there are not so many."""
    known = ["base", *(script.revision for script in history())]
    if revision in _HEADS:
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
        query = f"SELECT count({column or '*'}) FROM {table}"  # noqa: S608 - names as the migration's SQL spells them
        found[f"{table}.{column}" if column else table] = connection.scalar(sa.text(query)) or 0
    return found


@contextmanager
def exclusive_connection(url: DatabaseUrl, on_wait: Callable[[], None] = lambda: None) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other migration shares; commits at the end."""
    engine = open_engine(url)
    try:
        guard: AbstractContextManager[Any] = nullcontext()
        if url.engine == "postgresql":
            guard = _deployer_lock(engine, on_wait)
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


def run_options(tables: Collection[str], version_table: str) -> dict[str, Any]:
    """How Alembic looks at a database that holds tables of others as well: it sees these only."""

    def include(_: Any, name: str | None, kind: str, __: bool, ___: Any) -> bool:
        return kind != "table" or name in tables

    return {
        "target_metadata": Base.metadata,
        "include_object": include,
        "version_table": version_table,
        "transactional_ddl": True,
        "compare_type": True,
        "render_item": _render,
    }


def _render(kind: str, item: Any, context: Any) -> str | bool:
    """Our types as the library's own: a revision must run whatever becomes of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, type(JsonObject)):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run_online(context: Any, connection: sa.Connection) -> None:
    """Run migrations on a connection (called by alembic/env.py)."""
    context.configure(connection=connection, **run_options(OWN_TABLES, VERSION_TABLE))
    with context.begin_transaction():
        context.run_migrations()


def run_offline(context: Any, url: DatabaseUrl) -> None:
    """Write the SQL of migrations instead of running it (called by alembic/env.py)."""
    context.configure(dialect_name=url.engine, literal_binds=True, **run_options(OWN_TABLES, VERSION_TABLE))
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def _deployer_lock(engine: sa.Engine, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock in an open transaction on a connection of its own.

    A session lock gives no exclusion through a transaction pooler, and a lock of the migrating
    transaction would end with an autocommit block.
    """
    with engine.connect() as connection, connection.begin():
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))):
            on_wait()
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
    config = new_config(folder())
    config.attributes["connection"] = connection
    with alembic_errors():
        step(config)


@contextmanager
def alembic_errors(what: str = "alembic") -> Iterator[None]:
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


def _resolve_application(revision: str, applications: Sequence[Application]) -> tuple[Application, str] | None:
    """The application whose revision this is, and what it calls it; None for ours. Raises RevisionNotFound."""
    try:
        _require_known(revision)
    except RevisionNotFound:
        for application in applications:
            if (target := application.resolve(revision)) is not None:
                return application, target
        raise
    return None


def _require_known(revision: str) -> None:
    if revision in {*_HEADS, "base"} or re.fullmatch(r"[+-]\d+", revision):
        return
    known = [script.revision for script in history()]
    if revision not in known:
        raise RevisionNotFound(
            f"no such revision: {revision}{suggestion(revision, known)}; see: usercli db history"
        )


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
