"""Take over the users table of a service in place, and give it back as it was.

The table stays, under its name and with its columns; it gets those of docs/table.md. A table of another name is
seen through a view `users`, which takes every write that a table takes. What was there is recorded in the table
usercli_adopted as the statements that bring it back: `usercli db downgrade base` runs them and drops no table.

A table of up to 50,000 rows is taken over in one transaction. A larger one is prepared before, in short
transactions: columns, then keys, a few thousand rows at a time, then indexes, concurrently. If that fails it is
taken back; after a kill the service goes on with the added columns, and the next run takes them back first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import sleep
from typing import Any

import sqlalchemy as sa

from usercli.database.adopted_table import ADOPTED, is_adopted, record_of, run_all
from usercli.database.adoption_addresses import ASCII, ASCII_KEY, RowProblem, fill_others, find_problems
from usercli.database.adoption_facts import TableFacts, read_table, taken_names
from usercli.database.adoption_plan import NEEDED_NAMES, AdoptionPlan, make_plan, view_sql
from usercli.database.adoption_record import RECORD, record_values, way_sql
from usercli.database.alembic_runner import exclusive_connection, history, reading, run_upgrade, stamp_first
from usercli.database.revision_steps import limits, outside_transaction
from usercli.database.schema_state import look
from usercli.database.search_path import version_table
from usercli.database.timeouts import Timeouts
from usercli.database.url import DatabaseUrl
from usercli.errors import Conflict, Hint, LockTimeout, Refused

_BATCH = 5000  # rows
_LOCK_SECONDS = 2  # whoever waits for the lock makes every writer behind it wait
_TRIES = 60
_BETWEEN_TRIES = 1.0  # seconds


def plan_adoption(
    url: DatabaseUrl, table: str | None = None, defaults: Mapping[str, str] | None = None
) -> tuple[AdoptionPlan, list[RowProblem]]:
    """What an adoption would do, and the rows in its way; nothing is changed.

    Raises NotFound, Refused (with all reasons why the table cannot be taken over).
    """
    _require_postgresql(url)
    with reading(url) as connection:
        _require_ours_not(connection)
        if _is_preparing(connection):
            raise Conflict("an adoption was interrupted, or is at work", hint=Hint.ABANDON)
        plan = _plan(connection, table, defaults)
        plan.require_possible()
        return plan, find_problems(connection, plan.facts)


def adopt(
    url: DatabaseUrl,
    table: str | None = None,
    defaults: Mapping[str, str] | None = None,
    *,
    on_wait: Callable[[], None] = lambda: None,
    on_part: Callable[[str], None] = lambda _: None,
) -> AdoptionPlan:
    """Take the table over. Raises what `plan_adoption` does, and Conflict for rows in the way.

    `on_part` is told what is done next, in a few words.
    """
    _require_postgresql(url)
    with exclusive_connection(url, on_wait) as connection:
        _require_ours_not(connection)
        _abandon(connection)
        plan = _plan(connection, table, defaults)
        plan.require_possible()
        if not plan.is_large:
            _lock(connection, plan.facts)
            plan = _plan(connection, table, defaults)
        _require_no_problems(connection, plan)
        if plan.is_large:
            _take_large(connection, plan, on_part)
        else:
            on_part("adopting")
            _fill_and_run(connection, plan)
        return plan


def export_way(url: DatabaseUrl, plan: AdoptionPlan) -> str:
    """The adoption as SQL in small steps, for psql."""
    from usercli.database.migrations import sql

    first = history()[0].revision
    key = "version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY"
    made = f"CREATE TABLE {url.version_table} ({key});"
    stamp = f"INSERT INTO {url.version_table} (version_num) VALUES ('{first}');"  # noqa: S608 - constants
    ours = sql(url, f"{first}:head")
    for word in ("BEGIN;", "COMMIT;"):
        ours = ours.replace(word, "")
    return way_sql(plan, f"{made}\n{stamp}\n{ours}")


def abandon(url: DatabaseUrl) -> bool:
    """Take back what a run that was killed left in a large table; whether there was anything."""
    _require_postgresql(url)
    with exclusive_connection(url) as connection:
        return _abandon(connection)


def _require_postgresql(url: DatabaseUrl) -> None:
    if url.engine != "postgresql":
        raise Refused(
            "db adopt requires PostgreSQL; on SQLite a table would have to be made anew; "
            "move its users into a file of usercli's: usercli import"
        )


def _require_ours_not(connection: sa.Connection) -> None:
    state = look(connection)
    if is_adopted(connection) and state.state == "current":
        raise Conflict("the table is adopted already; see: usercli db check")
    if state.state not in {"empty", "foreign"}:
        raise Refused(
            state.sentence
            or "the database has usercli's own tables already, and a table is adopted where there are none; "
            "map it, or copy its users; see: usercli db inspect"
        )


def _plan(connection: sa.Connection, table: str | None, defaults: Mapping[str, str] | None) -> AdoptionPlan:
    facts = read_table(connection, table)
    names = [version_table(connection), *NEEDED_NAMES, *(["users"] if facts.name != "users" else [])]
    taken = [name for name in taken_names(connection, names) if name != ADOPTED or not _is_preparing(connection)]
    return replace(make_plan(facts, taken, defaults), version_table=version_table(connection))


def _require_no_problems(connection: sa.Connection, plan: AdoptionPlan) -> None:
    if problems := find_problems(connection, plan.facts):
        raise Conflict(
            f"{plan.facts.sql} cannot be adopted as its rows are: {sum(len(item.ids) for item in problems):,} rows "
            "have no address of their own, no valid one, or no password hash; list them: usercli db adopt"
        )


# -- the transaction


def _fill_and_run(connection: sa.Connection, plan: AdoptionPlan) -> None:
    """All steps, in a transaction that holds the lock."""
    run_all(connection, (step.sql for step in plan.part("prepare")))
    with _silenced(connection, plan.facts):
        _fill_ascii(connection, plan.facts, "true")
        while fill_others(connection, plan.facts):
            pass
    run_all(connection, (step.sql for step in plan.part("index")))
    _finish(connection, plan)


def _finish(connection: sa.Connection, plan: AdoptionPlan) -> None:
    with _silenced(connection, plan.facts):
        run_all(connection, (step.sql for step in plan.part("adopt") if step.lock == "ROW EXCLUSIVE"))
    run_all(connection, (step.sql for step in plan.part("adopt") if step.lock != "ROW EXCLUSIVE"))
    facts = plan.facts
    if plan.needs_view:
        run_all(connection, [f"ALTER TABLE {facts.sql} RENAME TO users"])
    stamp_first(connection)
    run_upgrade(connection, "head")
    if plan.needs_view:
        run_all(connection, [f"ALTER TABLE {facts.schema}.users RENAME TO {facts.quoted}", view_sql(facts)])
    _note(connection, plan, "adopted")


class _silenced:  # noqa: N801 - a context manager
    """No trigger of the service's fires for what is filled: it is no change of its rows."""

    def __init__(self, connection: sa.Connection, facts: TableFacts) -> None:
        self._connection, self._facts = connection, facts

    def __enter__(self) -> None:
        self._each("DISABLE")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._each("ENABLE")

    def _each(self, verb: str) -> None:
        run_all(
            self._connection, (f"ALTER TABLE {self._facts.sql} {verb} TRIGGER {it}" for it in self._facts.triggers)
        )


def _fill_ascii(connection: sa.Connection, facts: TableFacts, where: str, **given: Any) -> None:
    connection.execute(
        sa.text(
            f"UPDATE {facts.sql} SET email_key = {ASCII_KEY} WHERE id IN (SELECT id FROM {facts.sql} "  # noqa: S608 - quoted
            f"WHERE {where} AND email_key IS NULL AND {ASCII} FOR NO KEY UPDATE SKIP LOCKED)"
        ),
        given,
    )


# -- a large table


def _take_large(connection: sa.Connection, plan: AdoptionPlan, on_part: Callable[[str], None]) -> None:
    try:
        on_part(f"preparing {plan.facts.sql}")
        _locked(connection, plan.facts, lambda: _prepare(connection, plan))
        on_part("filling email_key")
        _fill_beside(connection, plan.facts)
        on_part("building indexes")
        connection.commit()
        for step in plan.part("index"):
            with outside_transaction(connection):
                run_all(connection, [step.sql])
        on_part("adopting")
        _begin(connection)
        _lock(connection, plan.facts)
        _finish(connection, plan)
    except BaseException:
        with suppress(Exception):
            connection.rollback()
            _begin(connection)
            _abandon(connection)
            connection.commit()
        raise


def _prepare(connection: sa.Connection, plan: AdoptionPlan) -> None:
    _note(connection, plan, "preparing")
    run_all(connection, (step.sql for step in plan.part("prepare")))


def _fill_beside(connection: sa.Connection, facts: TableFacts) -> None:
    """Keys for all rows, a few at a time; rows that a writer holds come later, so nobody waits for another."""
    after: Any = None
    while True:
        _begin(connection)
        above = "true" if after is None else "id > CAST(:after AS uuid)"
        part = f"SELECT id FROM {facts.sql} WHERE {above} ORDER BY id LIMIT {_BATCH}"  # noqa: S608 - quoted names
        query = f'SELECT max(id::text COLLATE "C") FROM ({part}) AS part'  # noqa: S608 - quoted names
        last = connection.scalar(sa.text(query), {"after": after} if after else {})
        if last is None:
            break
        given = {"last": last, **({"after": after} if after else {})}
        _quietly(connection, facts, f"{above} AND id <= CAST(:last AS uuid)", given)
        after = last
    for _ in range(_TRIES * 100):
        _begin(connection)
        if not _left(connection, facts):
            return
        if not _quietly(connection, facts, None, {}):
            sleep(_BETWEEN_TRIES)


def _quietly(connection: sa.Connection, facts: TableFacts, where: str | None, given: Mapping[str, Any]) -> int:
    """One batch in a transaction of its own."""

    def fill() -> int:
        with _silenced(connection, facts):
            if where is None:
                return fill_others(connection, facts)
            _fill_ascii(connection, facts, where, **given)
        return 0

    return int(_locked(connection, facts, fill) or 0)


def _left(connection: sa.Connection, facts: TableFacts) -> bool:
    query = f"SELECT EXISTS (SELECT FROM {facts.sql} WHERE email_key IS NULL)"  # noqa: S608 - quoted
    return bool(connection.scalar(sa.text(query)))


def _locked(connection: sa.Connection, facts: TableFacts, work: Callable[[], Any]) -> Any:
    """Do something in a transaction of its own, once more if it does not get its locks soon."""
    for _ in range(_TRIES):
        _begin(connection)
        try:
            done = work()
        except LockTimeout:
            connection.rollback()
            sleep(_BETWEEN_TRIES)
        else:
            connection.commit()
            return done
    raise LockTimeout([facts.sql])


def _begin(connection: sa.Connection) -> None:
    """A new transaction with short waits for locks, after a commit of what was before."""
    if connection.in_transaction():
        connection.commit()
    for statement in limits(Timeouts(lock=_LOCK_SECONDS)):
        connection.exec_driver_sql(statement)


def _lock(connection: sa.Connection, facts: TableFacts) -> None:
    """Take the table, when nobody works on it."""
    for attempt in range(_TRIES):
        try:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            connection.exec_driver_sql(f"LOCK TABLE {facts.sql} IN ACCESS EXCLUSIVE MODE")
        except LockTimeout:
            connection.rollback()
            if attempt == _TRIES - 1:
                raise
            sleep(_BETWEEN_TRIES)
        else:
            return


def _abandon(connection: sa.Connection) -> bool:
    """Take back a preparation, if there is one that no run is at work on (they hold the lock of migrations)."""
    if not _is_preparing(connection):
        return False
    row = record_of(connection)
    assert row is not None  # noqa: S101 - it is preparing
    _lock_named(connection, row["base"])
    run_all(connection, row["undo"])
    run_all(connection, [f"DROP TABLE {ADOPTED}"])
    return True


def _lock_named(connection: sa.Connection, name: str) -> None:
    for attempt in range(_TRIES):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
                connection.exec_driver_sql(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
        except LockTimeout:
            if attempt == _TRIES - 1:
                raise
            sleep(_BETWEEN_TRIES)
        else:
            return


# -- the record


def _note(connection: sa.Connection, plan: AdoptionPlan, state: str) -> None:
    run_all(connection, [f"DROP TABLE IF EXISTS {ADOPTED}", RECORD])
    values = record_values(plan, preparing=state == "preparing")
    connection.execute(
        sa.text(
            f"INSERT INTO {ADOPTED} (base, state, undo, conditions) "  # noqa: S608 - a constant
            "VALUES (:base, :state, CAST(:undo AS jsonb), CAST(:conditions AS jsonb))"
        ),
        {**values, "state": state},
    )


def _is_preparing(connection: sa.Connection) -> bool:
    if not connection.scalar(sa.text(f"SELECT to_regclass('{ADOPTED}') IS NOT NULL")):
        return False
    row = record_of(connection)
    return row is not None and row["state"] == "preparing"
