"""The unit of work for an event loop: the same repositories and services, awaited.

SQLAlchemy lets synchronous code run in a greenlet that gives way to the event loop wherever the database is
waited for. So nothing is written twice: services and repositories do not know who runs them.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_, greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

from usercli.database.async_extra import AsyncEngine, create_async_engine
from usercli.database.engine import engine_options, pool_options, prepare_engine, sessions, url_of
from usercli.database.pool import PoolSettings
from usercli.database.schema_state import require_current
from usercli.database.unit_of_work import CLOSED, UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.origin import Origin
from usercli.schemas.user_table import require_unmapped

if TYPE_CHECKING:
    from usercli.config import Settings

P = ParamSpec("P")
T = TypeVar("T")

_ITEMS_A_TURN = 100


class AsyncDatabase:
    """The database of an asynchronous service: one for its event loop, with a pool of connections.

    Needs the extra `usercli[async]`. Raises DatabaseUnavailable if there is no SQLite file.
    """

    def __init__(self, url: DatabaseUrl, pool: PoolSettings = PoolSettings()) -> None:
        options = {**engine_options(url, is_async=True), **pool_options(pool)}
        self._use(create_async_engine(**options, poolclass=AsyncAdaptedQueuePool))
        prepare_engine(self.engine.sync_engine, url)
        if url.engine == "sqlite":
            event.listen(self.engine.sync_engine, "invalidate", _roll_back)
        # at DEBUG it logs statements with their values, hashes too
        logging.getLogger("aiosqlite").addFilter(_is_no_detail)

    def _use(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = sessions(engine.sync_engine)
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        """The database and the pool that the settings name."""
        require_unmapped(settings.user_table)
        return cls(settings.target.url, settings.pool)

    @classmethod
    def over(cls, engine: AsyncEngine) -> Self:
        """A database on the engine of another one. Raises TypeError for an engine that usercli did not make."""
        url_of(engine.sync_engine)
        database = cls.__new__(cls)
        database._use(engine)
        return database

    @asynccontextmanager
    async def session(
        self, *, origin: Origin | None = None, read_only: bool = False, dry_run: bool = False, retry: float = 0
    ) -> AsyncIterator[AsyncUnitOfWork]:
        """A unit of work for one request: services commit, and what is left open at the end is rolled back.

        Nothing is begun and no connection is taken before the first service asks for it.
        """
        session = AsyncUnitOfWork(self, origin=origin, read_only=read_only, dry_run=dry_run, retry=retry)
        try:
            yield session
        finally:
            await session.close()

    def unit_of_work(
        self, *, origin: Origin | None = None, read_only: bool = False, dry_run: bool = False, retry: float = 0
    ) -> UnitOfWork:
        """A synchronous unit of work, for code inside `run` that makes its own, as AuthService does."""
        return _InGreenlet(self._sessions, origin=origin, read_only=read_only, dry_run=dry_run, retry=retry)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run synchronous code; the event loop goes on wherever it waits for the database."""
        return await self._call(partial(work, *args, **kwargs), interrupt=True)

    async def _call(self, work: Callable[[], T], *, interrupt: bool) -> T:
        if self._is_closed and interrupt:
            raise RuntimeError(CLOSED)
        task = asyncio.ensure_future(greenlet_spawn(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        result = await _to_the_end(task, interrupt=interrupt)
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError(
                "run() takes a synchronous function, not an async one: it awaits the database itself; "
                "write run(lambda uow: show_users(keys, uow))"
            )
        return result

    async def check(self) -> None:
        """Is it there, and its schema at head? Raises DatabaseUnreachable, SchemaNotCurrent and their like."""
        async with AsyncUnitOfWork(self, read_only=True) as session:
            await session.run(lambda uow: require_current(uow.session.connection()))

    async def close(self) -> None:
        """Cancel what still runs, wait until it has given up, and close the connections."""
        self._is_closed = True
        for task in self._running:
            if not task.cancelling():
                task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        await self.engine.dispose()


class AsyncUnitOfWork:
    """A UnitOfWork that is awaited; it serves one task at a time.

    `await session.run(lambda uow: create_user(data, uow))` runs a service, which commits by itself. Several that
    shall be one transaction are called in `async with session:`, where they join, with `await session.commit()`
    as the last; leaving the block any other way rolls back.
    """

    def __init__(
        self,
        database: AsyncDatabase,
        *,
        origin: Origin | None = None,
        read_only: bool = False,
        dry_run: bool = False,
        retry: float = 0,
    ) -> None:
        self._database = database
        self._inner = database.unit_of_work(origin=origin, read_only=read_only, dry_run=dry_run, retry=retry)
        self._at_work = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Call `work` with the unit of work and give back what it returns."""
        return await self._call(work, interrupt=True)

    async def _call(self, work: Callable[[UnitOfWork], T], *, interrupt: bool) -> T:
        if self._at_work:
            raise RuntimeError("a unit of work serves one task at a time; make one for each: database.session()")
        self._at_work = True
        self._idle.clear()
        try:
            return await self._database._call(partial(work, self._inner), interrupt=interrupt)
        finally:
            self._at_work = False
            self._idle.set()

    @asynccontextmanager
    async def stream(self, work: Callable[[UnitOfWork], Iterable[T]]) -> AsyncIterator[AsyncIterator[T]]:
        """What a service yields, some at a time: `async with session.stream(...) as users:`, `async for` in it."""
        items = await self.run(lambda uow: _generated(work(uow)))

        async def in_turns() -> AsyncIterator[T]:
            while some := await self.run(lambda _: list(islice(items, _ITEMS_A_TURN))):
                for item in some:
                    yield item

        try:
            yield in_turns()
        finally:
            await self.run(lambda _: items.close())

    async def __aenter__(self) -> Self:
        try:
            await self.run(UnitOfWork.__enter__)
        except asyncio.CancelledError:  # it may have begun all the same
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.run(lambda uow: uow.__exit__(kind, error, trace))

    async def commit(self) -> None:
        """Keep the changes of this block. Raises OutcomeUnknown when the connection breaks meanwhile."""
        await self.run(UnitOfWork.commit)

    async def close(self) -> None:
        """Roll back what is open, once what is at work has ended."""
        await self._idle.wait()
        await self._call(UnitOfWork.close, interrupt=False)


class _InGreenlet(UnitOfWork):
    """Where a cancellation would leave the outcome open, or the connection unusable, it waits."""

    def __enter__(self) -> Self:
        if not in_greenlet():
            raise RuntimeError(
                "the database is asked outside run() (the greenlet_spawn of SQLAlchemy): what reads step by step, "
                "as a Listing does, is read inside run(lambda uow: list(...)), or with stream()"
            )
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leaving = asyncio.ensure_future(greenlet_spawn(super().__exit__, kind, error, trace))
        await_(_to_the_end(leaving, interrupt=False))

    def _send_commit(self, level: SessionTransaction) -> None:
        committing = asyncio.ensure_future(greenlet_spawn(super()._send_commit, level))
        await_(_to_the_end(committing, interrupt=False))

    def _call_blocking(self, function: Callable[[], T]) -> T:
        return await_(asyncio.to_thread(function))


async def _to_the_end(task: asyncio.Task[T], *, interrupt: bool) -> T:
    """Wait until it has ended, also when cancelled meanwhile.

    With `interrupt` the first cancellation is passed on. Those that follow are not: they would hit the driver
    while it gives up a statement.
    """
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            if interrupt and cancelled is None:
                task.cancel()
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # looked at, or asyncio would complain
    raise cancelled


def _roll_back(connection: Any, _: object, __: object) -> None:
    # closed alone, SQLite keeps the transaction, and the write lock, as long as a cursor waits to be collected
    with suppress(sqlite3.Error):
        connection.rollback()


def _generated(items: Iterable[T]) -> Generator[T]:
    yield from items


def _is_no_detail(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG
