"""How each revision is run: with time limits of its own, and its indexes built beside the writers.

A revision that builds or drops an index with `postgresql_concurrently=True` leaves the transaction for it: what was
done before is committed. A kill may leave an invalid index behind, which the next run builds anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.operations.ops import CreateIndexOp, DropIndexOp, DropTableOp
from alembic.runtime.migration import MigrationContext

from usercli.database.adopted_table import GUARD, UsersName, give_back, is_adopted
from usercli.database.search_path import schema_of
from usercli.database.timeouts import Timeouts
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput

#: Execution option of a connection: the configured Timeouts.
TIMEOUTS = "usercli_timeouts"

_LOCK_SECONDS = 5  # rather give up than queue every other statement behind our table lock
#: A concurrent build waits for every older transaction of the table, and stops nobody meanwhile.
_BUILD_LIMITS = "SET lock_timeout = '600s'", "SET statement_timeout = '0'"
_DEFAULTS = "RESET lock_timeout", "RESET statement_timeout"
_IS_VALID = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def with_short_locks(url: DatabaseUrl) -> DatabaseUrl:
    """The URL for what is looked up before a migration: its locks are waited for no longer."""
    if url.engine == "sqlite":
        return url
    return replace(url, timeouts=replace(url.timeouts, lock=min(_LOCK_SECONDS, url.timeouts.lock)))


def limits(timeouts: Timeouts) -> tuple[str, str]:
    """The statements that limit a revision: the configured times, but for DDL a shorter one for locks."""
    statement = f"{timeouts.statement}s" if timeouts.statement else "1h"
    return (
        f"SET LOCAL lock_timeout = '{min(_LOCK_SECONDS, timeouts.lock)}s'",
        f"SET LOCAL statement_timeout = '{statement}'",
    )


def run_steps(context: Any, timeouts: Timeouts | None = None) -> None:
    """Run the revisions that Alembic asks for, or write their SQL; `context` is that of env.py.

    Without `timeouts` they are the connection's.
    """
    migration: MigrationContext = context.get_context()
    given: Any = migration._migrations_fn
    if timeouts is None and migration.connection is not None:
        timeouts = migration.connection.get_execution_options().get(TIMEOUTS)
    with context.begin_transaction(), Operations.context(migration) as operations:
        runner = _Runner(operations, limits(timeouts or Timeouts()))

        def steps(heads: Any, inner: MigrationContext) -> Iterator[Any]:
            for step in given(heads, inner):
                step.migration_fn = runner.limited(step.migration_fn)
                yield step

        migration._migrations_fn = steps
        migration.run_migrations()
        runner.name.end()


class _Runner:
    """Alembic's operations; PostgreSQL builds and drops indexes concurrently where a revision says so."""

    def __init__(self, operations: Operations, limits: tuple[str, ...]) -> None:
        self._limits = limits
        self.migration_context = operations.migration_context
        self._invoke = operations.invoke
        vars(operations)["invoke"] = self.invoke
        self._has_changed = False
        self.name = UsersName(None if self.migration_context.as_sql else self.migration_context.connection)

    def limited(self, step: Callable[..., None]) -> Callable[..., None]:
        """One revision, with limits for its statements."""

        @wraps(step)  # Alembic tells its name
        def run(**options: Any) -> None:
            self._has_changed = False
            self._limit()
            if self._on_postgresql:
                self.name.begin()
            step(**options)

        return run

    def invoke(self, operation: Any) -> Any:
        """Do what a revision asks for, as Alembic would but for an index that is built concurrently.

        And but for a table of another program, which is not dropped but given back.
        """
        if isinstance(operation, DropTableOp) and operation.table_name == "users" and self._on_postgresql:
            return self._drop_users(operation)
        if not self._is_concurrent(operation):
            self._has_changed = True
            return self._invoke(operation)
        if self._has_changed:
            raise InvalidInput(
                f"the index {operation.index_name} is built concurrently, outside the transaction: "
                "a revision does that before all else, or in a revision of its own"
            )
        with self._outside_transaction():
            self._build(operation)
        return None

    def _drop_users(self, operation: DropTableOp) -> Any:
        connection = self.migration_context.connection
        if connection is None or self.migration_context.as_sql:
            self.migration_context.execute(GUARD)
        elif is_adopted(connection):
            self.name.end()
            return give_back(connection)
        return self._invoke(operation)

    @property
    def _on_postgresql(self) -> bool:
        return self.migration_context.dialect.name == "postgresql"

    def _is_concurrent(self, operation: Any) -> bool:
        is_index = isinstance(operation, CreateIndexOp | DropIndexOp)
        return self._on_postgresql and is_index and bool(operation.kw.get("postgresql_concurrently"))

    def _build(self, operation: CreateIndexOp | DropIndexOp) -> None:
        """Make or drop the index, whatever an earlier run that was ended left of it."""
        connection = self.migration_context.connection
        if (
            connection is not None and not self.migration_context.as_sql and operation.schema is None
        ):  # no search path holds outside the transaction
            operation.schema = schema_of(connection) or None
        if isinstance(operation, CreateIndexOp):
            if self._has_valid(operation):
                return
            self._invoke(_dropped(operation))
            operation.if_not_exists = True
        else:
            operation.if_exists = True
        self._invoke(operation)

    def _has_valid(self, operation: CreateIndexOp) -> bool:
        connection = self.migration_context.connection
        if connection is None or self.migration_context.as_sql:
            return False  # the SQL builds it anew
        quote = self.migration_context.dialect.identifier_preparer.quote
        name = ".".join(quote(str(part)) for part in (operation.schema, operation.index_name) if part)
        return bool(connection.scalar(_IS_VALID, {"name": name}))

    def _limit(self) -> None:
        for statement in self._limits if self._on_postgresql else ():
            self.migration_context.execute(statement)

    @contextmanager
    def _outside_transaction(self) -> Iterator[None]:
        context = self.migration_context
        if context.as_sql:
            with context.autocommit_block():  # COMMIT before, BEGIN after
                for statement in _BUILD_LIMITS:
                    context.execute(statement)
                yield
                for statement in _DEFAULTS:
                    context.execute(statement)
        else:
            assert context.connection is not None  # noqa: S101 - there is one wherever no SQL is written
            with outside_transaction(context.connection):
                yield
        self._limit()


@contextmanager
def outside_transaction(connection: sa.Connection) -> Iterator[None]:
    """Let each statement be a transaction of its own, as an index that is built concurrently must be."""
    level = connection.get_isolation_level()
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    # limits of the session, where it is ours: behind a pooler another program would inherit them
    mine = _has_own_session(connection)
    for statement in _BUILD_LIMITS if mine else ():
        connection.exec_driver_sql(statement)
    with _patience(connection):
        yield
    for statement in _DEFAULTS if mine else ():
        connection.exec_driver_sql(statement)
    connection.commit()  # of nothing: or the level could not be set
    connection.execution_options(isolation_level=level)


def _has_own_session(connection: sa.Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.info.backend_pid == connection.scalar(sa.text("SELECT pg_backend_pid()")))


@contextmanager
def _patience(connection: sa.Connection) -> Iterator[None]:
    """No bound for a server that is silent: outside a transaction it cannot be asked what it does.

    A link that is down is still noticed, by TCP.
    """
    driver: Any = connection.connection.driver_connection
    bound, driver.network_timeout = driver.network_timeout, math.inf
    try:
        yield
    finally:
        driver.network_timeout = bound


def _dropped(operation: CreateIndexOp) -> DropIndexOp:
    """What takes away the index that this would make, if it is there."""
    return DropIndexOp(
        str(operation.index_name),
        operation.table_name,
        schema=operation.schema,
        if_exists=True,
        postgresql_concurrently=True,
    )
