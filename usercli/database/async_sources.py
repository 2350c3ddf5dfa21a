"""Where asynchronous calls run: on a database, in an open unit of work, or in a session of an application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from usercli.database import url as database_url
from usercli.database.async_extra import AsyncEngine, AsyncSession
from usercli.database.async_unit_of_work import AsyncDatabase, AsyncUnitOfWork
from usercli.database.engine import url_of
from usercli.database.joined_unit_of_work import Begin, JoinedUnitOfWork
from usercli.database.pool import PoolSettings
from usercli.database.url import DatabaseUrl
from usercli.origin import Origin

T = TypeVar("T")


class Runner(Protocol):
    """Runs a function of what makes units of work."""

    @property
    def engine(self) -> AsyncEngine: ...

    async def run(self, work: Callable[[Begin], T], origin: Origin | None) -> T: ...

    def transaction(self, origin: Origin | None) -> AbstractAsyncContextManager[Runner]: ...

    async def close(self) -> None: ...


class _OnDatabase:
    """Each call is a transaction of its own."""

    def __init__(self, database: AsyncDatabase, *, is_ours: bool) -> None:
        self._database, self._is_ours = database, is_ours
        self.engine = database.engine

    async def run(self, work: Callable[[Begin], T], origin: Origin | None) -> T:
        return await self._database.run(work, partial(self._database.unit_of_work, origin=origin))

    @asynccontextmanager
    async def transaction(self, origin: Origin | None) -> AsyncIterator[Runner]:
        async with self._database.session(origin=origin) as session, session:
            yield _InBlock(session, self.engine)
            await session.commit()

    async def close(self) -> None:
        if self._is_ours:
            await self._database.close()


class _InBlock:
    """Each call is a savepoint of a unit of work that is open."""

    def __init__(self, session: AsyncUnitOfWork, engine: AsyncEngine) -> None:
        self._session, self.engine = session, engine

    async def run(self, work: Callable[[Begin], T], _: Origin | None) -> T:
        return await self._session.run(lambda uow: work(lambda **_: uow))

    @asynccontextmanager
    async def transaction(self, _: Origin | None) -> AsyncIterator[Runner]:
        async with self._session:
            yield self
            await self._session.commit()

    async def close(self) -> None:
        """Whoever opened it closes it."""


class _InSession:
    """Each call is a savepoint of a session, which whoever opened it commits and closes."""

    def __init__(self, session: AsyncSession) -> None:
        if not isinstance(session.bind, AsyncEngine):
            raise TypeError("the session has no engine: make it as AsyncSession(database.engine)")
        url_of(session.bind.sync_engine)
        self._session, self.engine = session, session.bind

    async def run(self, work: Callable[[Begin], T], origin: Origin | None) -> T:
        def joined(session: Session) -> T:
            return work(lambda **_: JoinedUnitOfWork(session, origin=origin))

        return await self._session.run_sync(joined)

    @asynccontextmanager
    async def transaction(self, _: Origin | None) -> AsyncIterator[Runner]:
        async with self._session.begin_nested():
            yield self

    async def close(self) -> None:
        """Whoever opened it closes it."""


def runner(source: str | DatabaseUrl | AsyncDatabase | AsyncEngine | AsyncSession, pool: PoolSettings) -> Runner:
    """What an application names its database by. Raises InvalidInput for a URL, TypeError for an engine."""
    if isinstance(source, AsyncSession):
        return _InSession(source)
    if isinstance(source, AsyncEngine):
        return _OnDatabase(AsyncDatabase.over(source), is_ours=False)
    if isinstance(source, AsyncDatabase):
        return _OnDatabase(source, is_ours=False)
    return _OnDatabase(
        AsyncDatabase(database_url.parse(source) if isinstance(source, str) else source, pool), is_ours=True
    )


def new_session(engine: AsyncEngine) -> AsyncSession:
    """A session for tables of the application; what was loaded stays readable after the commit."""
    return AsyncSession(engine, expire_on_commit=False)
