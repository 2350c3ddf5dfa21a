"""The unit of work on what an application brings: its engine, or its session, whose transaction services join."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session, SessionTransaction

from usercli.database import engine as engines
from usercli.database import url as database_url
from usercli.database.pool import PoolSettings
from usercli.database.unit_of_work import Database, UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.origin import Origin

T = TypeVar("T")


class Begin(Protocol):
    """Makes a unit of work."""

    def __call__(self, *, read_only: bool = False) -> UnitOfWork: ...


class JoinedUnitOfWork(UnitOfWork):
    """A unit of work whose outermost block is a savepoint of a session that somebody else commits.

    Raises TypeError unless the session's engine is one of usercli's.
    """

    def __init__(self, session: Session, *, origin: Origin | None = None, dry_run: bool = False) -> None:
        engines.url_of(session.get_bind().engine)
        super().__init__(lambda: session, origin=origin, dry_run=dry_run)

    def retrying(self, work: Callable[[], T]) -> T:
        """Run it once: a transaction is repeated as a whole, by whoever began it."""
        return work()

    def _begin(self) -> None:
        self.session = self._sessions()
        self._levels.append(self.session.begin_nested())
        try:
            self._connect()
        except BaseException:
            self._levels.pop().rollback()
            raise

    def _send_commit(self, level: SessionTransaction) -> None:
        level.commit()

    def _release(self) -> None:
        """Leave the session open."""


class EngineDatabase(Database):
    """A database over an engine that the application opened, and closes."""

    def __init__(self, engine: Engine) -> None:
        engines.url_of(engine)
        self.engine = engine
        self._sessions = engines.sessions(engine)
        self._is_current = self._is_closed = False

    def close(self) -> None:
        """Leave the engine open."""


class SessionDatabase(EngineDatabase):
    """A session that the application opened: every unit of work is a part of its transaction."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.get_bind().engine)
        self._session = session

    def unit_of_work(
        self,
        *,
        origin: Origin | None = None,
        read_only: bool = False,  # noqa: ARG002 - as the session is
        dry_run: bool = False,
        retry: float = 0,  # noqa: ARG002 - a transaction is repeated by whoever began it
    ) -> UnitOfWork:
        """A unit of work inside the session, as the transaction there is: it may write, and is not repeated."""
        return JoinedUnitOfWork(self._session, origin=origin, dry_run=dry_run)


def open_database(source: str | DatabaseUrl | Engine | Session, pool: PoolSettings) -> Database:
    """What an application names its database by. Raises InvalidInput for a URL, TypeError for an engine."""
    if isinstance(source, Session):
        return SessionDatabase(source)
    if isinstance(source, Engine):
        return EngineDatabase(source)
    return Database(database_url.parse(source) if isinstance(source, str) else source, pool)


def new_session(database: Database) -> Session:
    """A session for tables of the application; what was loaded stays readable after the commit."""
    return Session(database.engine, expire_on_commit=False)
