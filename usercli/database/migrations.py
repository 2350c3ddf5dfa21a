"""Move the schema between its revisions: upgrade, downgrade, plan them, write new ones."""

from __future__ import annotations

import io
import re
from argparse import Namespace
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import Script

from usercli.database import schema_version
from usercli.database.adopted_table import is_adopted, require_returnable
from usercli.database.adoption_check import differences_of_adopted
from usercli.database.alembic_runner import (
    FILE_TEMPLATE,
    HEADS,
    alembic_errors,
    current,
    describe_difference,
    dropped_by,
    exclusive_connection,
    history,
    new_config,
    reading,
    revision_stamp,
    run_between,
    run_command,
    run_options,
    run_upgrade,
    without_comments,
    written,
)
from usercli.database.schema_state import look, require_stamp
from usercli.database.schema_version import VERSION_TABLE, head, revisions
from usercli.database.search_path import columns_of_applications, make_schema, quoted_schema, version_table
from usercli.database.sqlite_copy import copy_until_done, kept_copies, remove_copies
from usercli.database.sqlite_file import create_sqlite_file
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, Refused, RevisionNotFound, SchemaNotCurrent
from usercli.models import OWN_TABLES, Base
from usercli.text import suggestion

if TYPE_CHECKING:
    from usercli.database.applications import Application


def upgrade(
    url: DatabaseUrl,
    revision: str = "head",
    *,
    applications: Sequence[Application] = (),
    on_wait: Callable[[], None] = lambda: None,
    on_copy_kept: Callable[[str], None] = lambda _: None,
) -> list[Script]:
    """Bring the schema up to a revision; the revisions that were run, in order.

    `head` takes the applications' tables to their newest revisions too, after ours. Makes the SQLite file if
    there is none; one that holds tables is copied first, and the copy removed at the end. If it fails the copy
    stays, and `on_copy_kept` gets its name. Raises RevisionNotFound, DatabaseUnavailable.
    """
    target = _resolve_application(revision, applications)
    if url.engine == "sqlite":
        create_sqlite_file(url)
    with copy_until_done(url, "upgrade", on_copy_kept) as copy, exclusive_connection(url, on_wait) as connection:
        if url.engine == "sqlite" and sa.inspect(connection).get_table_names():
            for script in _pending(connection, revision, target, applications)[-1:]:
                copy(script.revision)
        run = _run_upgrade(connection, revision, target, applications)
    if url.engine == "sqlite":
        remove_copies(url, _targets(applications))
    return run


def _run_upgrade(
    connection: sa.Connection,
    revision: str,
    target: tuple[Application, str] | None,
    applications: Sequence[Application],
) -> list[Script]:
    make_schema(connection)
    before = _movable(connection)
    if target is not None:
        application, theirs = target
        return application.upgrade(connection, theirs)
    run_upgrade(connection, _resolve_relative(before, revision))
    run = run_between(before, current(connection))
    for application in applications if revision in HEADS else ():
        run += application.upgrade(connection)
    return run


def left_copies(url: DatabaseUrl, applications: Sequence[Application] = ()) -> list[str]:
    """A sentence for each copy of a SQLite file that a migration which has not ended left."""
    return list(kept_copies(url, _targets(applications)))


def _targets(applications: Sequence[Application]) -> list[str]:
    """Where migrations can lead: every revision, the applications' too, and `base`."""
    theirs = (script.revision for application in applications for script in application.history())
    return ["base", *revisions(), *theirs]


def downgrade(
    url: DatabaseUrl,
    revision: str,
    *,
    applications: Sequence[Application] = (),
    on_copy_kept: Callable[[str], None] = lambda _: None,
) -> list[Script]:
    """Take the schema down to a revision; the revisions that were undone.

    A SQLite file is copied before, as by `upgrade`. Raises RevisionNotFound, Refused (while tables of applications
    need what would go), DatabaseUnavailable.
    """
    target = _resolve_application(revision, applications)
    copied: list[str] = []
    with copy_until_done(url, "downgrade", on_copy_kept) as copy, exclusive_connection(url) as connection:
        before = _movable(connection)
        undone = target[0].undone(connection, target[1]) if target else _undone(before, revision)
        if target is None:
            _require_free(connection, undone, applications)
        if url.engine == "sqlite" and undone:
            copied.append(_below(undone[-1]))
            copy(copied[0])
        if target is not None:
            run = target[0].downgrade(connection, target[1])
        else:
            was_adopted = is_adopted(connection)
            run_command(connection, lambda config: command.downgrade(config, revision))
            run = run_between(current(connection), before)[::-1]
            if was_adopted and not current(connection):  # the database is the service's again
                connection.execute(sa.text(f"DROP TABLE {version_table(connection)}"))
    remove_copies(url, copied)
    return run


def _below(script: Script) -> str:
    return script.down_revision if isinstance(script.down_revision, str) else "base"


def stamp(
    url: DatabaseUrl, revision: str, *, applications: Sequence[Application] = (), dry_run: bool = False
) -> None:
    """Say that the schema is at a revision, without running anything; `dry_run` only looks whether it may be said.

    Raises RevisionNotFound, Refused (the tables are those of another one), Conflict (another program's).
    """
    target = _resolve_application(revision, applications)
    with reading(url) if dry_run else exclusive_connection(url) as connection:
        if target is not None:
            application, theirs = target
            if not dry_run:
                application.stamp(connection, theirs)
            return
        state = look(connection)
        if state.state in {"foreign", "ahead"}:
            state.require_movable(connection)
        wanted = _resolve_relative(state.at, revision)
        require_stamp(connection, wanted)
        if not dry_run:
            run_command(connection, lambda config: command.stamp(config, wanted, purge=True))


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
    config = new_config(schema_version.folder(), out)
    config.attributes["url"] = url
    with alembic_errors():
        (command.downgrade if down else command.upgrade)(config, span, sql=True)
    whole = span in HEADS and not down
    return (
        _in_schema(url, down)
        + out.getvalue()
        + "".join(item.sql(url, "", "heads") for item in applications if whole)
    )


def _in_schema(url: DatabaseUrl, down: bool) -> str:
    """What leads the SQL of migrations to the schema of the setting."""
    if not url.schema or url.engine != "postgresql":
        return ""
    name = quoted_schema(url.schema)
    made = "" if down else f"CREATE SCHEMA IF NOT EXISTS {name};\n\n"
    return f"{made}SET search_path = {name};\n\n"


def new_revision(message: str, connection: sa.Connection | None = None) -> Path:
    """Write a revision file after the newest one: empty, or what the models have over a database at head.

    Raises InvalidInput outside a checkout, SchemaNotCurrent.
    """
    if schema_version.folder().name == "_migrations":
        raise InvalidInput("a revision is written in a checkout of usercli, not in an installed package")
    newest = head()
    if connection is not None and current(connection) != (newest,):
        raise SchemaNotCurrent("the schema is not at head; run: usercli db upgrade")
    config = new_config(schema_version.folder())
    config.cmd_opts = Namespace(quiet=True)  # or Alembic writes its progress to stdout
    config.set_main_option("file_template", FILE_TEMPLATE.replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    with alembic_errors():
        script = command.revision(
            config, message, rev_id=revision_stamp(revisions()), autogenerate=connection is not None
        )
    return written(script)


def differences(connection: sa.Connection) -> list[str]:
    """In what a migrated schema and the models do not agree (tables of ours only), a few words each."""
    from alembic.autogenerate import compare_metadata

    adopted = is_adopted(connection)  # then the table is the service's, and looked at by itself
    tables = OWN_TABLES - {"users"} if adopted else OWN_TABLES
    options = run_options(tables, version_table(connection), columns_of_applications(connection))
    found = without_comments(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))
    if adopted:
        found = [item for item in found if getattr(item[1], "name", None) != "fk_user_roles_user_id_users"]
    return [*map(describe_difference, found), *differences_of_adopted(connection)]


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
    before = () if connection is None else _movable(connection)
    if target is not None:
        application, theirs = target
        return application.pending(connection, theirs, run_between((), before))
    high = _resolve_relative(before, revision)
    run = run_between(before, () if high == "base" else (high,))
    for application in applications if revision in HEADS else ():
        run += application.pending(connection, "heads", history())
    return run


def plan_downgrade(url: DatabaseUrl, revision: str, *, applications: Sequence[Application] = ()) -> DowngradePlan:
    """What a downgrade would do; nothing is changed. Raises RevisionNotFound, DatabaseUnavailable, Refused."""
    target = _resolve_application(revision, applications)
    with reading(url) as connection:
        found = _movable(connection)
        if target is not None:
            application, theirs = target
            scripts_ = application.undone(connection, theirs)
            dropped = application.dropped(scripts_)
            return DowngradePlan(scripts_, _rows_lost(connection, dropped or ()), known=dropped is not None)
        scripts_ = _undone(found, revision)
        _require_free(connection, scripts_, applications)
        return DowngradePlan(scripts_, _rows_lost(connection, _dropped_of(connection, scripts_)))


def _undone(at: Sequence[str], revision: str) -> list[Script]:
    target = _resolve_relative(at, revision)
    return run_between(() if target == "base" else (target,), at)[::-1]


def _require_free(connection: sa.Connection, undone: Sequence[Script], applications: Sequence[Application]) -> None:
    """No table of an application needs what would be undone. Raises Refused."""
    names = {script.revision for script in undone}
    needing = [item for item in applications if item.needs_of_ours(connection) & names]
    dropped = _dropped_of(connection, undone)
    tables = _referring(connection, {table for table, column in dropped if column is None})
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


def _dropped_of(connection: sa.Connection, undone: Sequence[Script]) -> list[tuple[str, str | None]]:
    """As `_dropped`, without a table that is given back. Raises Refused where it cannot be."""
    dropped = _dropped(undone)
    if ("users", None) in dropped and is_adopted(connection):
        require_returnable(connection)
        dropped.remove(("users", None))
    return dropped


def _resolve_relative(at: Sequence[str], revision: str) -> str:
    """`head`, `+1` and `-1` as a revision. Raises RevisionNotFound when there are not so many."""
    if revision in HEADS:
        return head()
    known = ["base", *(script.revision for script in history())]
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
    if revision in HEADS or re.fullmatch(r"[+-]\d+", revision):
        head()  # which there must be, and one only
        return
    known = list(revisions())
    if revision not in {"base", *known}:
        raise RevisionNotFound(
            f"no such revision: {revision}{suggestion(revision, known)}; see: usercli db history"
        )


def _movable(connection: sa.Connection) -> tuple[str, ...]:
    """The revisions that the database is at. Raises Conflict, SchemaNotCurrent, DatabaseUnavailable."""
    state = look(connection)
    state.require_movable(connection)
    return state.at
