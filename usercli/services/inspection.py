"""What tables of users a database holds, and what can be done with each."""

from __future__ import annotations

import json
import re
import shlex

from usercli.database.engine import READ_ONLY, open_engine
from usercli.database.foreign_tables import ForeignTable, find_tables, in_words, quote, users_elsewhere
from usercli.database.schema_state import look
from usercli.database.table_presets import PRESETS
from usercli.database.url import DatabaseUrl
from usercli.errors import DatabaseLocked, NotFound, UserCliError
from usercli.repositories.foreign_rows import ForeignRows
from usercli.schemas.foreign_tables import Collision, InspectedColumn, InspectedTable, Way
from usercli.schemas.passwords import Scheme

#: So many keys are named that several users have.
NAMED = 20

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
#: Names by which sections of tables call our fields.
_MAPPED = ("id", "email", "password", "full_name", "active", "created_at", "updated_at")
_IDS = {"postgresql": "numbers or UUIDs", "sqlite": "numbers on SQLite"}
_MAPPED_IDS = frozenset({"uuid", "bigint", "integer"})


def inspect_tables(url: DatabaseUrl, name: str | None = None) -> list[InspectedTable]:
    """The tables that hold users, or the one of that name. Nothing is changed. Raises NotFound."""
    engine = open_engine(url).execution_options(**{READ_ONLY: True})
    with engine.connect() as connection:
        found = []
        has_ours = look(connection).state not in {"empty", "foreign"}
        for table in find_tables(connection, name):
            if "email" not in table.fields:
                columns = ", ".join(column.name for column in table.columns)
                raise NotFound(f"no column of the table {table.label} is known to hold addresses: {columns}")
            view = _view(table, url.engine, has_ours=has_ours)
            try:
                with connection.begin_nested():
                    _read_rows(view, ForeignRows(connection, *_names(table)), table.fields.get("password"))
            except UserCliError:  # the role may not, or a column is of a type that cannot be read so
                view.hashes, view.without_email, view.colliding, view.collisions = [], None, None, []
            found.append(view)
        return found


def users_beside(url: DatabaseUrl) -> str | None:
    """A table of users, in a few words, beside which an upgrade would make the first tables of ours.

    None where the settings give ours a schema, which is meant so. Raises DatabaseLocked for a lock, for which
    the upgrade would wait once more.
    """
    if url.schema:
        return None
    from usercli.database.alembic_runner import reading

    try:
        with reading(url) as connection:
            table = users_elsewhere(connection) if look(connection).state == "empty" else None
            return in_words(connection, table) if table else None
    except DatabaseLocked:
        raise
    except UserCliError:  # the upgrade itself says what is wrong
        return None


def _names(table: ForeignTable) -> tuple[str, str | None, str]:
    user_id = table.fields.get("id")
    return table.quoted, quote(user_id) if user_id else None, quote(table.fields["email"])


def _read_rows(view: InspectedTable, rows: ForeignRows, password: str | None) -> None:
    if password is not None:
        counted = sorted(rows.hashes(quote(password)).items(), key=lambda item: (item[0][0], item[0][1] or 0))
        view.hashes = [Scheme(scheme=name, cost=cost, users=count) for (name, cost), count in counted]
    view.without_email = rows.without_email()
    same = rows.same_addresses()
    view.colliding = len(same)
    view.collisions = [
        Collision(email_key=item.key, users=item.users, ids=list(item.ids))
        for item in map(rows.ids_of, same[:NAMED])
    ]


def _view(table: ForeignTable, engine: str, *, has_ours: bool) -> InspectedTable:
    meaning = {column: field for field, column in table.fields.items()}
    return InspectedTable(
        table=table.label,
        framework=table.framework,
        rows=table.rows,
        exact=table.is_exact,
        id_type=table.id_kind,
        fields=dict(table.fields),
        columns=[
            InspectedColumn(
                name=column.name,
                type=column.type,
                nullable=column.nullable,
                default=column.default,
                field=meaning.get(column.name),
            )
            for column in table.columns
        ],
        primary_key=list(table.primary_key),
        unique=list(table.unique),
        referenced_by=list(table.referenced_by),
        hashes=[],
        without_email=None,
        colliding=None,
        collisions=[],
        ways=[] if table.is_ours else [_adopt(table, engine, has_ours), _map(table, engine), _import(table)],
    )


def _adopt(table: ForeignTable, engine: str, has_ours: bool) -> Way:
    reason = ""
    if engine != "postgresql":
        reason = "a table is taken over on PostgreSQL only"
    elif table.id_kind != "uuid":
        reason = f"its ids are {table.id_kind or 'not known'}; a table is taken over if they are UUIDs"
    elif table.framework == "supabase":
        reason = "Supabase owns and migrates this table"
    elif has_ours:
        reason = "usercli has tables of its own in this database"
    if reason:
        return Way(way="adopt", command=None, reason=reason)
    command = f"usercli db adopt {shlex.quote(table.label)}"
    return Way(way="adopt", command=command, reason="prints the plan; the columns and the service stay as they are")


def _map(table: ForeignTable, engine: str) -> Way:
    if not table.id_kind:
        reason = f'no column is known as its id; name one of {_IDS[engine]} in the profile, as in: id = "COLUMN"'
        return Way(way="map", command=None, reason=reason)
    if table.id_kind not in _MAPPED_IDS - ({"uuid"} if engine == "sqlite" else set()):
        reason = f"its ids are {table.id_kind}; they would have to be {_IDS[engine]}"
        return Way(way="map", command=None, reason=reason)
    reason = f"reads the table as it is, with, in the profile: {_section(table)}"
    return Way(way="map", command="usercli --profile NAME list", reason=reason)


def _section(table: ForeignTable) -> str:
    """What names the table in a profile, on a line."""
    values = {"name": table.label}
    if table.framework in PRESETS:
        values = {"preset": str(table.framework), **values}
    else:
        values |= {field: table.fields[field] for field in _MAPPED if field in table.fields}
    return "table = {{ {} }}".format(", ".join(f"{key} = {json.dumps(value)}" for key, value in values.items()))


def _import(table: ForeignTable) -> Way:
    name = table.label if _PLAIN.fullmatch(table.label) else shlex.quote(table.label)
    command = f"usercli import --from-table PROFILE {name}"
    return Way(way="import", command=command, reason="copies the users; PROFILE names this database")
