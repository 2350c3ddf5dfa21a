"""What a database holds: one look at its tables and its version row together, and the command that leads on.

What a revision should have is found by running the migrations up to it on an empty SQLite database in memory,
which is done only where the database is not plainly at head.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import sqlalchemy as sa

from usercli.database.foreign_tables import NAMES, count_rows, in_words, quote, users_elsewhere
from usercli.database.schema_version import (
    VERSION_TABLE,
    folder,
    head,
    lineage,
    revisions,
    steps_behind,
)
from usercli.database.search_path import restore_search_path, version_table
from usercli.errors import Conflict, DatabaseUnavailable, Refused, SchemaNotCurrent
from usercli.models import OWN_TABLES, Base
from usercli.text import with_database

State = Literal["empty", "current", "behind", "ahead", "several", "incomplete", "unstamped", "foreign"]
Shape = Mapping[str, Sequence[str]]  # the columns of each table

#: The states from which migrations run.
MOVABLE = frozenset({"empty", "current", "behind"})

_EMPTY = "the database has no usercli schema yet; run: usercli db upgrade"
_OWN_NAMES = sorted(OWN_TABLES)
_OUR_REVISION = re.compile(r"\d{8}_\d{4}")
_COLUMNS_SHOWN = 8
_COLUMNS = {
    "postgresql": """
        SELECT class.relname, attname, relnamespace = to_regnamespace(quote_ident(current_schema()))
        FROM pg_class AS class JOIN pg_attribute ON attrelid = class.oid
        WHERE class.oid = to_regclass(quote_ident(relname)) AND relname IN :names
            AND relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
        ORDER BY relname, attnum
    """,
    "sqlite": """
        SELECT item.name, part.name, true FROM sqlite_master AS item, pragma_table_info(item.name) AS part
        WHERE item.name IN :names AND item.type IN ('table', 'view') ORDER BY item.name, part.cid
    """,
}
#: Schemas of the search path that hold the table and that the role may not use.
_HIDDEN = """
    SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname = :table AND NOT has_schema_privilege(pg_namespace.oid, 'USAGE') AND nspname IN (
        SELECT btrim(replace(part, '$user', current_user), ' "')
        FROM regexp_split_to_table(current_setting('search_path'), ',') AS part)
"""
#: What the models have, and so every command needs.
_MODELS: Shape = {name: Base.metadata.tables[name].columns.keys() for name in OWN_TABLES}
_OWN_COLUMNS = sorted(f"{name}.{column}" for name, columns in _MODELS.items() for column in columns)
_COUNT = {
    "postgresql": """
        SELECT count(*) FROM unnest(string_to_array(:names, ',')) AS name JOIN pg_attribute
        ON attrelid = to_regclass(split_part(name, '.', 1)) AND attname = split_part(name, '.', 2)
        WHERE NOT attisdropped
    """,
    "sqlite": """
        SELECT count(*) FROM sqlite_master AS item, pragma_table_info(item.name) AS part
        WHERE item.type IN ('table', 'view')
            AND instr(',' || :names || ',', ',' || item.name || '.' || part.name || ',')
    """,
}


@dataclass(frozen=True)
class SchemaState:
    """Where a database stands: its version rows, the state, and what to say of it (nothing if it is current)."""

    at: tuple[str, ...]
    state: State
    sentence: str = ""

    def require_movable(self, connection: sa.Connection) -> None:
        """Migrations may run here. Raises Conflict (another program's tables), SchemaNotCurrent."""
        if self.state == "foreign":
            raise Conflict(_named(self.sentence, connection))
        if self.state == "ahead":
            raise DatabaseUnavailable(_named(self.sentence, connection))
        if self.state not in MOVABLE:
            raise SchemaNotCurrent(_named(self.sentence, connection))


def require_current(connection: sa.Connection) -> None:
    """Raise SchemaNotCurrent, with the command to run, unless the schema is at head and its columns are there."""
    columns = _COUNT[connection.dialect.name]
    query = f"SELECT version_num, ({columns}) FROM {version_table(connection)}"  # noqa: S608 - constants
    try:
        rows = [tuple(row) for row in connection.execute(sa.text(query), {"names": ",".join(_OWN_COLUMNS)})]
    except SchemaNotCurrent:  # no such table, or no such column
        rows = []
        if connection.dialect.name == "postgresql":  # where nothing runs after a statement that failed
            connection.connection.rollback()
            restore_search_path(connection)
    if rows != [(head(), len(_OWN_COLUMNS))]:
        found = look(connection)
        if found.state != "current":
            raise SchemaNotCurrent(_named(found.sentence, connection))


def _named(sentence: str, connection: sa.Connection) -> str:
    """What is raised names the database: a service may have several."""
    return with_database(sentence, connection.get_execution_options()["usercli_url"].where)


def lacking(connection: sa.Connection) -> str:
    """What to say of a database at head that lacks what the models have; nothing if it lacks no column."""
    missing = _missing_columns(_columns(connection)[0], _MODELS)
    start = f"the database is at {head()}, but lacks the {_counted('column', missing)}"
    return f"{start}, which no revision makes; write one that does, then run: usercli db upgrade" if missing else ""


def look(connection: sa.Connection) -> SchemaState:
    """The state of a database. Nothing is changed."""
    held = _held(connection)
    tables, at = held.tables, held.at
    if at is None:
        return SchemaState((), "foreign", _foreign(connection, version_table(connection), held.version))
    if not at and not tables:
        _require_visible(connection)
        return SchemaState(at, "empty", _EMPTY + _other_users(connection))
    behind = steps_behind(at)
    if behind == 0 and len(at) == 1 and not _missing_columns(tables, _MODELS):
        return SchemaState(at, "current")
    if behind is None:
        return _unknown(connection, held, at)
    if not at:
        return _unstamped(connection, held)
    if len(_ends(at)) < len(at):
        return SchemaState(at, "several", _several(at, held))
    needed = _needed(at)
    later = tables.keys() - needed.keys()
    if missing := sorted(needed.keys() - tables.keys()):
        return SchemaState(at, "incomplete", _incomplete(at, missing, held))
    if columns := _missing_columns(tables, needed):
        return SchemaState(at, "incomplete", _without_columns(at, columns, needed, held))
    if behind and (in_the_way := later & held.own_schema):
        fit = _fitting(held.tables)
        if fit and in_the_way <= (_shape(fit) or {}).keys():
            start = f"the database is stamped with {', '.join(at)}, but has the tables of {fit}"
            return SchemaState(at, "incomplete", f"{start}; run: usercli db stamp {fit}")
        return _in_the_way(connection, held, min(in_the_way))
    if behind:
        some = f"{behind} revision{'s' if behind > 1 else ''}"
        return SchemaState(at, "behind", f"the database is {some} behind; run: usercli db upgrade")
    return SchemaState(at, "current")


def _require_visible(connection: sa.Connection) -> None:
    """Let the server refuse a schema of the search path that the role may not use, if it has our tables."""
    if connection.dialect.name != "postgresql":
        return
    for schema in connection.scalars(sa.text(_HIDDEN), {"table": version_table(connection)}).all():
        name = connection.dialect.identifier_preparer.quote_identifier(schema)
        connection.execute(sa.text(f"SELECT FROM {name}.{version_table(connection)}"))


def require_stamp(connection: sa.Connection, revision: str) -> None:
    """The tables are those of this revision; for `base` there are none of any. Raises Refused."""
    held = _held(connection)
    fit, wanted = _fitting(held.tables), {} if revision == "base" else _shape(revision)
    if wanted is None or wanted == (_shape(fit) if fit else {}):
        return
    if fit is not None:
        raise Refused(f"the tables are those of {fit}, not of {revision}; run: usercli db stamp {fit}")
    missing = ", ".join(sorted(wanted.keys() - held.tables.keys()))
    wrong = f"there is no {missing}" if missing else "their columns differ"
    raise Refused(f"the tables are not those of {revision}: {wrong}; see: usercli db check")


@dataclass(frozen=True)
class _Held:
    """What is there: the columns of tables with our names, and those of the version table with its rows.

    `own_schema` are the tables where new ones would be made; `at` is None if the version table is not one.
    """

    tables: Shape
    version: Sequence[str]
    own_schema: frozenset[str]
    at: tuple[str, ...] | None
    version_table: str


def _held(connection: sa.Connection) -> _Held:
    tables, own_schema = _columns(connection)
    name = version_table(connection)
    version = tables.pop(name, [])
    at: tuple[str, ...] | None = ()
    if "version_num" in version:
        query = f"SELECT version_num FROM {name} ORDER BY version_num"  # noqa: S608 - a constant
        at = tuple(str(row[0]) for row in connection.execute(sa.text(query)))
    elif version:
        at = None
    return _Held(tables, version, frozenset(own_schema), at, name)


def _columns(connection: sa.Connection) -> tuple[dict[str, list[str]], set[str]]:
    query = sa.text(_COLUMNS[connection.dialect.name]).bindparams(sa.bindparam("names", expanding=True))
    found: dict[str, list[str]] = {}
    own_schema = set()
    for name, column, is_own in connection.execute(query, {"names": [*_OWN_NAMES, version_table(connection)]}):
        found.setdefault(name, []).append(column)
        if is_own:
            own_schema.add(name)
    return found, own_schema


def _needed(at: Sequence[str]) -> Shape:
    """What there must be at these revisions; where that is not known of the newest one, what the models have."""
    shapes = [_shape(revision) for revision in at]
    if None in shapes and steps_behind(at) == 0:
        return _MODELS
    return {name: columns for shape in shapes for name, columns in (shape or {}).items()}


def _missing_columns(tables: Shape, wanted: Shape) -> list[str]:
    """The columns, as table.column, that are not there."""
    return sorted(
        f"{name}.{column}"
        for name, columns in wanted.items()
        for column in set(columns) - set(tables.get(name, ()))
    )


def _counted(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _fitting(tables: Shape) -> str | None:
    """The newest revision whose tables and columns are all there."""
    known = revisions()
    for revision in sorted(known, key=lambda name: len(lineage([name], known)), reverse=True):
        shape = _shape(revision)
        if shape and all(set(columns) <= set(tables.get(name, ())) for name, columns in shape.items()):
            return revision
    return None


def _shape(revision: str) -> Shape | None:
    """The tables of ours at a revision; None where its migrations do not run on an empty database."""
    return _shape_in(str(folder()), revision)


@cache
def _shape_in(_: str, revision: str) -> Shape | None:
    from usercli.database import alembic_runner

    engine = sa.create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            alembic_runner.run_upgrade(connection, revision)
            found, _own = _columns(connection)
    except Exception:  # a revision may do anything
        return None
    finally:
        engine.dispose()
    found.pop(VERSION_TABLE)
    return found


def _ends(at: Sequence[str]) -> set[str]:
    """These revisions without those that another one of them follows."""
    known = revisions()
    return set(at) - {name for revision in at for name in lineage([revision], known) - {revision}}


def _unknown(connection: sa.Connection, held: _Held, at: tuple[str, ...]) -> SchemaState:
    ours = any(_OUR_REVISION.fullmatch(revision) for revision in at)
    if not ours and _fitting(held.tables) is None:
        return SchemaState(at, "foreign", _foreign(connection, version_table(connection), held.version, at))
    unknown = [revision for revision in at if revision not in revisions()]
    several = f"the table {held.version_table} has {len(at)} rows; " if len(at) > 1 else ""
    sentence = (
        f"{several}the database is at revision {', '.join(unknown)}, which this version of usercli does not know; "
        "install a newer usercli, or check that this is the right database"
    )
    return SchemaState(at, "ahead", sentence)


def _unstamped(connection: sa.Connection, held: _Held) -> SchemaState:
    fit = _fitting(held.tables)
    if in_the_way := held.own_schema & held.tables.keys() - (_shape(fit) or {} if fit else {}).keys():
        return _in_the_way(connection, held, "users" if "users" in in_the_way else min(in_the_way))
    if fit is None:  # other programs' tables, but in a later schema of the search path
        return SchemaState((), "empty", _EMPTY + _other_users(connection))
    sentence = f"the database has the tables of {fit}, but no version row; run: usercli db stamp {fit}"
    return SchemaState((), "unstamped", sentence)


def _several(at: Sequence[str], held: _Held) -> str:
    start = f"the table {held.version_table} has {len(at)} rows, {', '.join(at)}, where one belongs"
    if fit := _fitting(held.tables):
        return f"{start}; run: usercli db stamp {fit}"
    if not held.tables:
        return f"{start}, and the tables are missing; run: usercli db stamp base, then: usercli db upgrade"
    return f"{start}, and the tables are those of no revision; restore the database from a backup"


def _incomplete(at: Sequence[str], missing: Sequence[str], held: _Held) -> str:
    start = f"the database is stamped with {', '.join(at)}, but lacks the {_counted('table', missing)}"
    fit = _fitting(held.tables)
    base = (_shape(fit) or {}) if fit else {}
    if held.tables.keys() - base.keys():  # made by later revisions than those that are missing
        return f"{start}; restore the database from a backup, or make what is missing: usercli db sql"
    return f"{start}; run: usercli db stamp {fit or 'base'}, then: usercli db upgrade"


def _without_columns(at: Sequence[str], missing: Sequence[str], needed: Shape, held: _Held) -> str:
    """As after an upgrade to a revision whose file was filled later."""
    start = f"the database is stamped with {', '.join(at)}, but lacks the {_counted('column', missing)}"
    fit = _fitting(held.tables)
    later = _missing_columns(_shape(fit) or {}, needed) if fit else missing
    if fit is None or set(later) != set(missing):  # what later revisions make is there in part
        return f"{start}; restore the database from a backup, or make what is missing: usercli db sql"
    return f"{start}; run: usercli db stamp {fit}, then: usercli db upgrade"


def _in_the_way(connection: sa.Connection, held: _Held, table: str) -> SchemaState:
    return SchemaState(held.at or (), "foreign", _foreign(connection, table, held.tables[table]))


def _foreign(connection: sa.Connection, table: str, columns: Sequence[str], at: Sequence[str] = ()) -> str:
    shown = ", ".join(columns[:_COLUMNS_SHOWN]) + (", ..." if len(columns) > _COLUMNS_SHOWN else "")
    rows = count_rows(connection, quote(table))
    values = f": {', '.join(at)}" if at else ""
    what = f"the database has a table {table} that is not usercli's (columns {shown}; {rows}{values})"
    own = "a file of its own: name it in the database URL, as sqlite:///usercli.db, and make it by db upgrade"
    if connection.dialect.name == "postgresql":
        own = (
            "a schema of its own: set USERCLI_SCHEMA=usercli, or schema in the configuration file, "
            "then run: usercli db upgrade"
        )
    return f"{what}{_other_users(connection, table)}; usercli requires {own}"


def _other_users(connection: sa.Connection, named: str = "") -> str:
    """What follows where a table of users is not ours: the table, unless it was `named`, and what to run."""
    table = users_elsewhere(connection)
    if table is None:
        return ""
    told = "" if table.name == named or named in NAMES else f"; it has {in_words(connection, table)}"
    return f"{told}; see: usercli db inspect"
