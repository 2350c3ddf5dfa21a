"""What `db adopt` would do to a table: the statements in order, with what takes each back, and why it may not.

The table keeps all that it has; what it lacks of docs/table.md is added. A large table is prepared before the
transaction that takes it over, so that no writer waits while keys are filled and indexes are built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from usercli.database import adoption_sql
from usercli.database.adopted_table import ADOPTED, view_columns
from usercli.database.adoption_facts import Column, TableFacts, UniqueIndex
from usercli.database.schema_version import VERSION_TABLE
from usercli.database.table_presets import meaning_of
from usercli.errors import Hint, Refused
from usercli.models import OWN_TABLES

#: When a step is run: first what changes the catalogue alone; then what takes long, beside writers; then the rest.
Part = Literal["prepare", "fill", "index", "adopt"]

LARGE = 50_000  # rows
_ROWS_A_SECOND, _ROWS_A_SECOND_AT_ONCE = 500_000, 30_000  # while the table is locked, prepared or not

_TEXT = 'text COLLATE "C"'
_TIME = "timestamp with time zone"
#: How each column of ours is added.
_ADDED = {
    "email_key": _TEXT,
    "full_name": f"{_TEXT} NOT NULL DEFAULT ''",
    "is_active": "boolean NOT NULL DEFAULT true",
    "must_change_password": "boolean NOT NULL DEFAULT false",
    "password_changed_at": _TIME,
    "expires_at": _TIME,
    "last_login_at": _TIME,
    "attributes": "jsonb NOT NULL DEFAULT '{}'",
    "version": "integer NOT NULL DEFAULT 1",
    "created_at": f"{_TIME} NOT NULL DEFAULT now()",
    "updated_at": f"{_TIME} NOT NULL DEFAULT now()",
    "deleted_at": _TIME,
    "was_active": "boolean",
    "managed_by": _TEXT,
}
#: Columns that the table may have itself, and their types.
_SHARED = {
    "email": {"text", "varchar"},
    "hashed_password": {"text", "varchar"},
    "full_name": {"text", "varchar"},
    "is_active": {"bool"},
    "must_change_password": {"bool"},
    "password_changed_at": {"timestamptz", "timestamp"},
    "last_login_at": {"timestamptz", "timestamp"},
    "created_at": {"timestamptz", "timestamp"},
    "updated_at": {"timestamptz", "timestamp"},
}
#: What users have who are there, in a column that is added, where the service has one of another name.
_AT_FIRST = {"full_name": "empty", "is_active": "true", "last_login_at": "empty"}
_AT_FIRST |= dict.fromkeys(("created_at", "updated_at"), "the time of the adoption")
_OURS = {"first_name": "full_name", "last_name": "full_name", "active": "is_active"}
_REQUIRED = ("id", "email", "hashed_password")
_LONGEST_HASH = 128  # characters that usercli may store
#: Shared columns in which NULL is replaced: by what, in rows that are there and by the trigger.
_NEVER_NULL = {
    "full_name": "''",
    "hashed_password": "'!'",
    "is_active": "false",
    "must_change_password": "false",
    "created_at": "now()",
    "updated_at": "now()",
}
_DEFAULTS = {"full_name": "''", "is_active": "true", "must_change_password": "false"}
_UTC = {"UTC", "ETC/UTC", "GMT", "UCT", "ZULU"}
_NO_DEFAULT = "is NOT NULL and has no default, which new users need"
_OTHER_WAYS = "see docs/existing-table.md for the other ways"


@dataclass(frozen=True)
class Step:
    """A statement; `undo` takes it back, in this order. `lock` is what it takes of the table."""

    part: Part
    sql: str
    undo: tuple[str, ...] = ()
    lock: str = "ACCESS EXCLUSIVE"


@dataclass(frozen=True)
class AdoptionPlan:
    """All steps of an adoption; `refusals` and `warnings` are sentences."""

    facts: TableFacts
    steps: Sequence[Step]
    refusals: Sequence[str] = ()
    warnings: Sequence[str] = ()
    #: (SQL that counts rows, sentence): what must be nothing before the way back.
    conditions: Sequence[tuple[str, str]] = field(default=())
    version_table: str = VERSION_TABLE

    @property
    def is_large(self) -> bool:
        """The table is prepared before the transaction."""
        return self.facts.rows > LARGE

    @property
    def lock_seconds(self) -> str:
        """About how long no other program reads or writes the table, by what was measured (docs/performance.md)."""
        rate = _ROWS_A_SECOND if self.is_large else _ROWS_A_SECOND_AT_ONCE
        return f"{0.1 + self.facts.rows / rate:.1f}"

    @property
    def needs_view(self) -> bool:
        """The table keeps its name, and `users` becomes a view of it."""
        return self.facts.name != "users"

    @property
    def shown(self) -> list[Step]:
        """The steps, and what is made beside the table."""
        made = [f"CREATE TABLE {name}" for name in (self.version_table, *NEEDED_NAMES)]
        made += [view_sql(self.facts)] if self.needs_view else []
        return [*self.steps, *(Step("adopt", sql, lock="") for sql in made)]

    def part(self, *parts: Part) -> list[Step]:
        """The steps of these parts."""
        return [step for step in self.steps if step.part in parts]

    def undo(self, *parts: Part) -> list[str]:
        """What takes back the steps of these parts (all, if none is named), the last first."""
        steps = self.part(*parts) if parts else self.steps
        return [statement for step in reversed(steps) for statement in step.undo]

    def require_possible(self) -> None:
        """Raise Refused, with all reasons, unless the table can be taken over."""
        if self.refusals:
            hint = Hint.COLUMN_DEFAULT if any(_NO_DEFAULT in reason for reason in self.refusals) else None
            reasons = "; ".join([*self.refusals, *([] if hint else [_OTHER_WAYS])])
            raise Refused(f"{self.facts.sql} cannot be adopted: {reasons}", hint=hint)


def make_plan(facts: TableFacts, taken: Sequence[str], defaults: Mapping[str, str] | None = None) -> AdoptionPlan:
    """The plan for a table; `taken` are tables with names of ours, `defaults` values for columns of theirs."""
    refusals = list(_refusals(facts, taken, defaults or {}))
    if any(name not in facts.columns for name in _REQUIRED):
        return AdoptionPlan(facts, (), refusals)
    steps = [*_prepared(facts), *_filled(facts), *_indexed(facts), *_adopted(facts, defaults or {})]
    return AdoptionPlan(facts, steps, refusals, list(_warnings(facts)), list(_conditions(facts)))


def _refusals(facts: TableFacts, taken: Sequence[str], defaults: Mapping[str, str]) -> Iterator[str]:
    if facts.kind != "r" or facts.inherits:
        yield "it is no ordinary table (a view, a foreign or partitioned table, or one that inherits)"
        return
    if not facts.owned:
        yield f"it belongs to the role {facts.owner}; connect as that role"
    if facts.secured:
        yield "it has FORCE ROW LEVEL SECURITY, which hides rows from its owner too"
    if facts.encoding != "UTF8":
        yield f"the database is in {facts.encoding}, not UTF8"
    if not facts.reached:
        yield (
            f"its schema {facts.schema} is not that of usercli's tables; adopt it without the setting schema, "
            "or with that schema"
        )
    if taken:
        yield f"the database has tables of these names already: {', '.join(taken)}"
    yield from _wrong_columns(facts)
    for index in facts.indexes:
        if index.of_email and index.referring:
            yield f"{', '.join(index.referring)} refers to its email"
    for column in _without_default(facts):
        if column.base != "bool" and column.name not in defaults:
            yield f"its column {column.name} {_NO_DEFAULT}"
    unknown = [name for name in defaults if name not in facts.columns]
    yield from (f"it has no column {name}, which was to get a default" for name in unknown)


def _wrong_columns(facts: TableFacts) -> Iterator[str]:
    ident = facts.columns.get("id")
    if ident is not None and ident.base != "uuid":
        yield (
            f"its id is {ident.type}, not uuid; map it as it is, by the section table of a profile, "
            "or copy its users: usercli import"
        )
    if ident is not None and not any(index.primary and index.columns == ["id"] for index in facts.indexes):
        yield "id is not its primary key"
    for name in _REQUIRED:
        if name not in facts.columns:
            yield f"it has no column {name}"
    room = facts.columns["hashed_password"].length if "hashed_password" in facts.columns else None
    if room and room < _LONGEST_HASH:
        yield f"its column hashed_password has room for {room} characters, of {_LONGEST_HASH} that a hash may have"
    for name, column in facts.columns.items():
        if name in _ADDED and name not in _SHARED:
            yield f"it has a column {name} of its own, which means something else to usercli"
        elif name in _SHARED and (column.base not in _SHARED[name] or column.generated):
            yield f"its column {name} is {column.type}{', generated' if column.generated else ''}"
        elif name in _SHARED and not column.deterministic:
            yield f"its column {name} has a collation for which different texts are the same"
        elif name in _SHARED and column.not_null and name not in {"email", *_NEVER_NULL}:
            yield f"its column {name} is NOT NULL, and is NULL for new users of usercli"


def _warnings(facts: TableFacts) -> Iterator[str]:
    if "is_active" not in facts.columns:
        yield "the service has no column is_active: until it reads it, a deactivated or deleted user can sign in"
    for name, theirs in meaning_of(facts.columns).items():
        if (ours := _OURS.get(name, name)) in _AT_FIRST and ours not in facts.columns:
            yield (
                f"{theirs} is not read: {ours} is added beside it, {_AT_FIRST[ours]} for the users who are there; "
                "where the table is mapped, or its users are imported, it is read"
            )
    for index in _swapped(facts):
        yield (
            f"{index.name} becomes an index that is not unique, uq_users_email_key stands for it: "
            "an INSERT with ON CONFLICT (email) fails"
        )
    if not facts.columns["email"].not_null:
        yield "email becomes NOT NULL: a user without an address is refused"
    if filled := sorted(_fills(facts)):
        yield f"NULL is replaced in {', '.join(filled)}, also where the service writes it"
    local = [
        column.name
        for column in facts.columns.values()
        if column.name in _SHARED and column.base == "timestamp" and "utc" not in (column.default or "utc").lower()
    ]
    if local and facts.timezone.upper() not in _UTC:
        yield (
            f"{', '.join(local)}: times without a zone are read as UTC, but their default is the time of "
            f"{facts.timezone}"
        )
    held = ["email"] if facts.name == "users" else [name for name in facts.columns if name in {"id", *_SHARED}]
    yield (
        f"a migration of the service that changes the type of {', '.join(held)}, or drops it, fails; "
        "give the table back before"
    )
    yield "a statement SELECT * that the service has prepared fails once, as after every new column"
    for column in _without_default(facts):
        yield f"{column.name} gets a default, for users that usercli makes"


def _without_default(facts: TableFacts) -> list[Column]:
    """Columns that usercli does not write and that want a value."""
    return [
        column
        for column in facts.columns.values()
        if column.name not in {"id", *_SHARED, *_ADDED}
        and column.not_null
        and column.default is None
        and not (column.generated or column.identity)
    ]


def _swapped(facts: TableFacts) -> list[UniqueIndex]:
    return [index for index in facts.indexes if index.of_email and not index.partial]


def _fills(facts: TableFacts) -> dict[str, str]:
    """The columns of theirs that may be NULL and may not be to usercli, and what stands for it."""
    return {
        name: _moment(facts, name) if value == "now()" else value
        for name, value in _NEVER_NULL.items()
        if name in facts.columns and not facts.columns[name].not_null
    }


def _moment(facts: TableFacts, name: str) -> str:
    return "now() AT TIME ZONE 'UTC'" if facts.columns[name].base == "timestamp" else "now()"


def _prepared(facts: TableFacts) -> Iterator[Step]:
    """What changes the catalogue alone."""
    added = {name: how for name, how in _ADDED.items() if name not in facts.columns}
    dropped = _alter(facts, (f"DROP COLUMN IF EXISTS {name}" for name in reversed(added)))
    undo = (*_names_back(facts), dropped)
    yield Step("prepare", _alter(facts, (f"ADD COLUMN {name} {how}" for name, how in added.items())), undo)
    undo = adoption_sql.dropped_functions(facts.here)
    for number, statement in enumerate(adoption_sql.functions(facts.here, _fills(facts))):
        yield Step("prepare", statement, () if number else undo, lock="")
    fires = adoption_sql.triggers(facts.here, facts.sql, _fills(facts))
    for statement, back in zip(fires, adoption_sql.dropped_triggers(facts.sql), strict=True):
        yield Step("prepare", statement, (back,), lock="SHARE ROW EXCLUSIVE")


def _names_back(facts: TableFacts) -> tuple[str, ...]:
    """Names that were NULL are so again, when the trigger is gone; unless some were empty before."""
    if "full_name" not in _fills(facts) or facts.has_empty_names:
        return ()
    return (f"UPDATE {facts.sql} SET full_name = NULL WHERE full_name = ''",)  # noqa: S608 - quoted


def _alter(facts: TableFacts, parts: Iterator[str]) -> str:
    return f"ALTER TABLE {facts.sql} " + ", ".join(parts)


def _filled(facts: TableFacts) -> Iterator[Step]:
    key = f"{facts.here}.{adoption_sql.EMAIL_KEY}(email)"
    fill = f"UPDATE {facts.sql} SET email_key = {key} WHERE email_key IS NULL"  # noqa: S608 - quoted
    yield Step("fill", fill, lock="ROW EXCLUSIVE")


def _indexed(facts: TableFacts) -> Iterator[Step]:
    beside = " CONCURRENTLY" if facts.rows > LARGE else ""
    lock = "SHARE UPDATE EXCLUSIVE" if beside else "SHARE"
    yield Step(
        "index",
        f"CREATE UNIQUE INDEX{beside} uq_users_email_key ON {facts.sql} (email_key) WHERE deleted_at IS NULL",
        (f"DROP INDEX IF EXISTS {facts.schema}.uq_users_email_key",),
        lock,
    )
    yield Step(
        "index",
        f"CREATE INDEX{beside} ix_users_created_at_id ON {facts.sql} (created_at, id)",
        (f"DROP INDEX IF EXISTS {facts.schema}.ix_users_created_at_id",),
        lock,
    )
    for number, index in enumerate(_swapped(facts)):
        sql = re.sub(r"^CREATE UNIQUE INDEX \S+ ", f"CREATE INDEX{beside} {_temporary(number)} ", _plain(index))
        yield Step("index", sql, (f"DROP INDEX IF EXISTS {facts.schema}.{_temporary(number)}",), lock)


def _temporary(number: int) -> str:
    return f"usercli_email_{number}"


def _plain(index: UniqueIndex) -> str:
    """The definition of an index, with a name of one word."""
    return index.definition.replace(f" {index.quoted} ", " name ", 1).replace(" NULLS NOT DISTINCT", "")


def _adopted(facts: TableFacts, defaults: Mapping[str, str]) -> Iterator[Step]:
    for name, value in _fills(facts).items():
        sql = f"UPDATE {facts.sql} SET {name} = {value} WHERE {name} IS NULL"  # noqa: S608 - quoted
        yield Step("adopt", sql, lock="ROW EXCLUSIVE")
    changes, back_ = [], []
    for change, undo in _column_changes(facts, defaults):
        changes.append(change)
        back_.append(undo)
    yield Step("adopt", _alter(facts, iter(changes)), (_alter(facts, iter(back_)),))
    for number, index in enumerate(_swapped(facts)):
        drop = f"ALTER TABLE {facts.sql} DROP CONSTRAINT {index.quoted}"
        again = f"ALTER TABLE {facts.sql} ADD CONSTRAINT {index.quoted} {index.constraint}"
        if not index.is_constraint:
            drop, again = f"DROP INDEX {facts.schema}.{index.quoted}", index.definition
        yield Step("adopt", drop, (again,))
        named = f"{facts.schema}.{_temporary(number)} RENAME TO {index.quoted}"
        yield Step("adopt", f"ALTER INDEX {named}", (f"DROP INDEX {facts.schema}.{index.quoted}",), lock="")


def _column_changes(facts: TableFacts, defaults: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each change of the last ALTER TABLE, one pass over the rows for all, and what takes it back."""
    yield "ALTER COLUMN email_key SET NOT NULL", "ALTER COLUMN email_key DROP NOT NULL"
    for name in ("email", *_NEVER_NULL):
        column = facts.columns.get(name)
        if column is not None and not column.not_null:
            yield f"ALTER COLUMN {name} SET NOT NULL", f"ALTER COLUMN {name} DROP NOT NULL"
    given = {"id": "gen_random_uuid()", **_DEFAULTS}
    given |= {name: _moment(facts, name) for name in ("created_at", "updated_at") if name in facts.columns}
    for name, value in given.items():
        if name in facts.columns and facts.columns[name].default is None:
            yield f"ALTER COLUMN {name} SET DEFAULT {value}", f"ALTER COLUMN {name} DROP DEFAULT"
    for column in _without_default(facts):
        value = _literal(defaults.get(column.name, "false"))
        yield f"ALTER COLUMN {column.quoted} SET DEFAULT {value}", f"ALTER COLUMN {column.quoted} DROP DEFAULT"
    for check in ("deleted_is_inactive", "version_positive"):
        name = f"ck_users_{check}"
        yield f"ADD CONSTRAINT {name} CHECK ({_CHECKS[check]})", f"DROP CONSTRAINT IF EXISTS {name}"


_CHECKS = {"deleted_is_inactive": "deleted_at IS NULL OR NOT is_active", "version_positive": "version > 0"}


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _conditions(facts: TableFacts) -> Iterator[tuple[str, str]]:
    """What would make rows that the service must not see again, or that do not fit its columns."""
    count = f"SELECT count(*) FROM {facts.sql} WHERE"  # noqa: S608 - quoted
    yield f"{count} deleted_at IS NOT NULL", "in the bin would be users again; run: usercli purge"
    if "is_active" not in facts.columns:
        yield f"{count} NOT is_active", "deactivated could sign in again, as the table had no is_active"


def view_sql(facts: TableFacts) -> str:
    """The statement that makes `users` a view of the table, which takes every write that the table takes."""
    columns = view_columns(("id", *_SHARED, *_ADDED))
    return f"CREATE VIEW {facts.here}.users AS SELECT {columns} FROM {facts.sql}"  # noqa: S608 - quoted


#: Names of ours that must be free.
NEEDED_NAMES = sorted((*(name for name in OWN_TABLES if name != "users"), ADOPTED))
