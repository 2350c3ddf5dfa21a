"""One command, one unit of work, one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial, wraps
from time import sleep
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.exc import StaleDataError

from usercli.database import engine as engines
from usercli.database.open_repositories import NAMES, make_repository
from usercli.database.pool import PoolSettings
from usercli.database.refusals import Target, record_refusal
from usercli.database.retries import Attempts
from usercli.database.schema_state import require_current
from usercli.database.url import DatabaseUrl
from usercli.errors import (
    ChangedMeanwhile,
    Conflict,
    DatabaseUnavailable,
    DatabaseUnreachable,
    OutcomeUnknown,
    Refused,
    TransactionAborted,
    UserCliError,
)
from usercli.models.clock import server_ahead
from usercli.origin import Origin
from usercli.repositories.encodings import narrow_encoding, require_in_encoding
from usercli.times import utcnow
from usercli.uuid7 import new_id

if TYPE_CHECKING:
    from usercli.column_batches import CellEncoding
    from usercli.repositories.audit import AuditRepository
    from usercli.repositories.changes import ChangeRepository
    from usercli.repositories.foreign_keys import RelatedRepository
    from usercli.repositories.imports import ImportRepository
    from usercli.repositories.mapped_users import MappedUserRepository
    from usercli.repositories.roles import RoleRepository
    from usercli.repositories.statistics import StatisticsRepository
    from usercli.repositories.user_bulk_insert import BulkRepository
    from usercli.repositories.user_bulk_update import BulkUpdateRepository
    from usercli.repositories.user_export_copy import UserExportCopy
    from usercli.repositories.user_export_query import UserExportQuery
    from usercli.repositories.users import UserRepository
    from usercli.schemas.user_table import UserTable


P = ParamSpec("P")
T = TypeVar("T")

CLOSED = "the database is closed: close it when the process ends, after everything that asks it"


#: Is told how far long work is: so much is done, of how much (None: nobody knows), in which stage.
ProgressListener = Callable[[int, int | None, str], object]


def unwatched(done: int, total: int | None, stage: str) -> None:
    """Nobody watches."""


class UnitOfWork:
    """A transaction with its repositories.

    `with uow:` begins, `uow.commit()` commits, leaving the block any other way rolls back. A block inside
    a block joins: it is a savepoint, and its commit keeps the changes for the outer one. `dry_run` does
    everything but keep it: every rule and constraint speaks, then the transaction is rolled back. `retry` is for
    how many seconds `retrying` tries again after the connection was lost.

    Errors of the database surface as domain errors (usercli.database.errors).
    """

    def __init__(
        self,
        sessions: Callable[[], Session],
        *,
        read_only: bool = False,
        dry_run: bool = False,
        origin: Origin | None = None,
        on_connect: Callable[[Connection], None] | None = None,
        retry: float = 0,
    ) -> None:
        self._sessions = sessions
        self._retry = retry
        self._attempts: Attempts | None = None
        self._levels: list[SessionTransaction] = []
        self._marks: list[int] = []
        self._committed: SessionTransaction | None = None
        self._is_snapshot = False
        self.session: Session
        self._on_connect = on_connect
        self.origin = origin or Origin()
        self.read_only = read_only
        self.dry_run = dry_run
        self.change_id: uuid.UUID = new_id()
        self.on_progress: ProgressListener = unwatched
        self._server_ahead = timedelta()
        self.warnings: list[str] = []  # of rules that were lifted, for whoever made the change
        #: A change was committed; while a COMMIT is under way nobody knows.
        self.has_committed = self.is_committing = False

    if TYPE_CHECKING:
        users: UserRepository
        roles: RoleRepository
        bulk: BulkRepository
        bulk_updates: BulkUpdateRepository
        imports: ImportRepository
        related: RelatedRepository
        changes: ChangeRepository
        audit: AuditRepository

    else:

        def __getattr__(self, name: str) -> Any:
            if name not in {"session", *NAMES}:
                raise AttributeError(f"a unit of work has no {name}")
            if "session" not in self.__dict__:
                raise AttributeError(f"the unit of work is not open: use uow.{name} inside `with uow:`")
            made = self.__dict__[name] = make_repository(name, self)
            return made

    def __enter__(self) -> Self:
        if self._levels:
            self._levels.append(self.session.begin_nested())
        else:
            self.retrying(self._begin)
            for name in NAMES:
                self.__dict__.pop(name, None)
        self._marks.append(self.audit.mark() if "audit" in self.__dict__ else 0)
        return self

    @contextmanager
    def snapshot(self) -> Iterator[StatisticsRepository]:
        """`with uow:` in which every question sees the database at the same moment; counts of the users there."""
        from usercli.repositories.statistics import StatisticsRepository

        self._is_snapshot = True
        with self:
            yield StatisticsRepository(self.session)

    def retrying(self, work: Callable[[], T]) -> T:
        """Run what opens this unit of work and commits it, or reads.

        It is run again after a deadlock or a serialization failure, up to five times, and after a connection that
        was lost before the commit for as long as `retry` says. Inside a block it runs once: a transaction is
        repeated as a whole, by whoever began it.
        """
        if self._levels or self._attempts is not None:
            return work()
        self._attempts, told = Attempts(self._retry), len(self.warnings)
        try:
            while True:
                try:
                    return work()
                except UserCliError as error:
                    if (pause := self._attempts.pause_after(error)) is None:
                        raise
                del self.warnings[told:]
                self._call_blocking(partial(sleep, pause))
        finally:
            self._attempts = None

    @contextmanager
    def watched_by(self, listener: ProgressListener) -> Iterator[None]:
        """In the block the listener is told how far the work is."""
        self.on_progress, before = listener, self.on_progress
        try:
            yield
        finally:
            self.on_progress = before

    def _begin(self) -> None:
        self.session, self.is_committing = self._sessions(), False
        self._levels.append(self.session.begin())
        try:
            self._connect()
        except BaseException:
            self._levels.pop()
            self.session.close()
            raise

    @contextmanager
    def change(self, action: str, targets: Sequence[Target] = ()) -> Iterator[Self]:
        """`with uow:` for a change that has a name; when a rule or a conflict refuses it, the log says so."""
        with self.attempt(action, targets), self:
            yield self

    @contextmanager
    def attempt(self, action: str, targets: Sequence[Target] = ()) -> Iterator[None]:
        """Log the refusal of what is tried in the block, in a transaction of its own."""
        try:
            yield
        except (Conflict, Refused) as error:
            is_final = not isinstance(error, TransactionAborted)
            if is_final and not (self._levels or self.dry_run or self.read_only):
                had_committed = self.has_committed
                try:
                    record_refusal(self, action, targets, error)
                finally:  # which is no change
                    self.has_committed, self.is_committing = had_committed, False
            raise

    def _connect(self) -> None:
        options: dict[str, Any] = {engines.READ_ONLY: True} if self.read_only else {}
        if self._is_snapshot and self.session.get_bind().dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        try:
            connection = self.session.connection(execution_options=options)
        except PoolTimeout:
            raise DatabaseUnavailable(
                "no connection of the pool became free in time; try again later, or raise the setting pool_size"
            ) from None
        self._server_ahead = server_ahead(connection)
        if self._on_connect is not None:
            self._on_connect(connection)
            self._on_connect = None
        if not self.read_only and (encoding := narrow_encoding(self.session)):
            require_in_encoding(encoding, [(name, str(value or "")) for name, value in vars(self.origin).items()])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        level, mark = self._levels.pop(), self._marks.pop()
        try:
            if self._committed is not level and "audit" in self.__dict__:
                self.audit.discard_since(mark)
        finally:
            self._end(level)
        if isinstance(error, StaleDataError):
            raise ChangedMeanwhile("the user was changed by somebody else; look again and retry") from None
        if isinstance(error, ValueError | TypeError) and not isinstance(error, UserCliError):
            known = self.session.get_bind().get_execution_options()["usercli_translate"](error)
            if known is not None:  # of a row, whose values would be in its message
                raise known from None

    def _end(self, level: SessionTransaction) -> None:
        try:
            # a failed flush leaves a level that is neither active nor over: the outer one could not go on
            if level is (self.session.get_nested_transaction() or self.session.get_transaction()):
                level.rollback()
        finally:
            if not self._levels:
                self._release()

    def _release(self) -> None:
        self.session.close()

    def close(self) -> None:
        """Roll back every block that is open."""
        while self._levels:
            self.__exit__(None, None, None)

    def now(self) -> datetime:
        """The current time in UTC, by the clock of the database server where there is one."""
        return utcnow() + self._server_ahead

    def flush(self) -> None:
        """Send what is pending, so that constraints speak now."""
        self.session.flush()

    def forget_all(self) -> None:
        """Let go of everything that was loaded."""
        self.session.expunge_all()

    def user_export(
        self, fields: Sequence[str], cell_encoding: CellEncoding | None
    ) -> UserExportCopy | UserExportQuery:
        """The fields of users as blocks; encoded by the server where it can and a `cell_encoding` is given."""
        from usercli.repositories.postgres_copy import supports_copy
        from usercli.repositories.user_export_copy import UserExportCopy
        from usercli.repositories.user_export_query import UserExportQuery

        if cell_encoding is not None and supports_copy(self.session):
            return UserExportCopy(self.session, fields, cell_encoding)
        return UserExportQuery(self.session, fields)

    def mapped_users(self, table: UserTable) -> MappedUserRepository:
        """The users of a table that belongs to another program."""
        from usercli.repositories.mapped_users import MappedUserRepository

        return MappedUserRepository(self.session, table)

    def commit(self) -> None:
        """Keep the changes of this block.

        When the connection breaks meanwhile, what became of them is looked up. Raises DatabaseUnreachable if
        nothing was changed, OutcomeUnknown if that cannot be found out.
        """
        self.session.flush()
        level = self._committed = self._levels[-1]
        if len(self._levels) > 1:
            level.commit()
        elif self.dry_run:
            level.rollback()
        else:
            self._commit_outermost(level)

    def _commit_outermost(self, level: SessionTransaction) -> None:
        self.audit.write(lambda done, total: self.on_progress(done, total, "writing the log"))
        self.on_progress(0, None, "committing")
        self._send_commit(level)

    def _send_commit(self, level: SessionTransaction) -> None:
        connection = self.session.connection()
        url: DatabaseUrl = connection.get_execution_options()["usercli_url"]
        lost_session: str | None = getattr(connection.connection.driver_connection, "session", None)
        self.is_committing = self.audit.last_written is not None
        try:
            level.commit()
        except DatabaseUnreachable:
            self._require_committed(url, lost_session)
            self.session.invalidate()  # what is left of the lost connection
        self.has_committed, self.is_committing = self.has_committed or self.is_committing, False

    def _require_committed(self, url: DatabaseUrl, lost_session: str | None) -> None:
        """Raise DatabaseUnreachable if the change did not take place, OutcomeUnknown if nobody knows."""
        from usercli.database.outcome import was_committed

        broke = f"the connection to {url.where} broke while committing"
        if (written := self.audit.last_written) is None:
            raise OutcomeUnknown(
                f"{broke}: the outcome is unknown; "
                "look whether the change is there before you run the command again"
            ) from None
        seconds = max(url.timeouts.connect, self._retry)
        found = self._call_blocking(lambda: was_committed(url, written, lost_session, seconds))
        if found is None:
            raise OutcomeUnknown(
                f"{broke}: the outcome of the change {self.change_id} is unknown; once the database answers, "
                "the audit log has the change if it took place",
                change_id=self.change_id,
            ) from None
        if not found:
            raise DatabaseUnreachable(f"{broke}; nothing was changed") from None

    def _call_blocking(self, function: Callable[[], T]) -> T:
        """Call what holds up the thread."""
        return function()


def retried(service: Callable[P, T]) -> Callable[P, T]:
    """A service that runs in `retrying` of the unit of work that it is given."""

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        uow = next(given for given in (*args, *kwargs.values()) if isinstance(given, UnitOfWork))
        return uow.retrying(lambda: service(*args, **kwargs))

    return run


class Database:
    """The database of one process: makes units of work that look at the schema once.

    With a `pool` connections are kept for the next unit of work. Raises DatabaseUnavailable if there is no
    SQLite file.
    """

    def __init__(self, url: DatabaseUrl, pool: PoolSettings | None = None) -> None:
        self.engine = engines.open_engine(url) if pool is None else engines.open_pooled_engine(url, pool)
        self._sessions = engines.sessions(self.engine)
        self._is_current = False
        self._is_closed = False

    def unit_of_work(
        self, *, origin: Origin | None = None, read_only: bool = False, dry_run: bool = False, retry: float = 0
    ) -> UnitOfWork:
        """A unit of work; entering the first one raises SchemaNotCurrent unless the schema is at head."""
        if self._is_closed:
            raise RuntimeError(CLOSED)
        return UnitOfWork(
            self._sessions,
            read_only=read_only,
            dry_run=dry_run,
            origin=origin,
            on_connect=self._require_current,
            retry=retry,
        )

    def close(self) -> None:
        """Close the connections; nothing can be asked afterwards."""
        self._is_closed = True
        self.engine.dispose()

    def _require_current(self, connection: Connection) -> None:
        if not self._is_current:
            require_current(connection)
            self._is_current = True
