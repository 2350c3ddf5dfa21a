"""The same services, awaited: what they do, that the event loop goes on, and what a cancellation leaves."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import re
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, text

from tests import audit_log
from tests.conftest import Database
from usercli.config import PoolSettings, Settings
from usercli.database import async_unit_of_work
from usercli.database import url as database_url
from usercli.database.async_unit_of_work import AsyncDatabase, AsyncUnitOfWork
from usercli.database.threaded_hasher import ThreadedHasher
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import (
    DatabaseUnavailable,
    DatabaseUnreachable,
    EmailTaken,
    SchemaNotCurrent,
    UserNotFound,
)
from usercli.origin import Origin
from usercli.passwords import PasswordHasher, Verdict
from usercli.readers import Record
from usercli.schemas.import_rows import RowParser
from usercli.schemas.users import Change, UserCreate, UserCriteria, UserKey, UserView
from usercli.services.auth import AuthService, SignInRefused
from usercli.services.exports import export_users
from usercli.services.imports.atomic import import_users
from usercli.services.imports.options import ImportOptions
from usercli.services.imports.validation import Checker
from usercli.services.users import Listing, count_users, create_user, delete_users, show_users

T = TypeVar("T")


@pytest.fixture(params=["sqlite", "postgresql", "asyncpg"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """An engine; asyncpg is PostgreSQL by its other driver."""
    name: str = request.param
    return name


@pytest.fixture
def database(database: Database, engine_name: str) -> Database:
    """A database whose URL names the driver."""
    if engine_name != "asyncpg":
        return database
    return Database(database_url.parse(database.text.replace("postgresql:", "postgresql+asyncpg:")), database.text)


on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

SMALL = PoolSettings(size=1, overflow=0, timeout=1)


def awaited(
    database: Database, scenario: Callable[[AsyncDatabase], Awaitable[T]], pool: PoolSettings = PoolSettings()
) -> T:
    """Play a scenario in an event loop of its own; half a minute is for ever."""

    async def play() -> T:
        opened = AsyncDatabase(database.url, pool)
        try:
            return await asyncio.wait_for(scenario(opened), 30)
        finally:
            await opened.close()

    return asyncio.run(play())


def create(email: str) -> Callable[[UnitOfWork], Change]:
    return lambda uow: create_user(UserCreate(email=email), uow)


async def add(opened: AsyncDatabase, email: str) -> Change:
    async with opened.session() as session:
        return await session.run(create(email))


def emails(database: Database) -> list[str]:
    return [str(email) for (email,) in database.rows("SELECT email FROM users ORDER BY email")]


def in_use(opened: AsyncDatabase) -> int:
    """The connections that the pool has given away."""
    found: int = opened.engine.pool.checkedout()  # type: ignore[attr-defined]  # of pools that count
    return found


def waiting_for_locks(database: Database) -> object:
    """How many sessions of PostgreSQL wait for one in this database."""
    [(found,)] = database.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return found


async def both_at_work(database: Database, opened: AsyncDatabase) -> None:
    """Until one task holds a lock and another waits for it."""
    while in_use(opened) < 2 or (database.engine == "postgresql" and not waiting_for_locks(database)):
        await asyncio.sleep(0.01)


# -- the same services


def test_a_service_runs_unchanged(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> tuple[Change, list[UserView]]:
        origin = Origin(actor="ada", host="web1", tool="shop 1.0")
        async with opened.session(origin=origin) as session:
            change = await session.run(create("ada@example.com"))
        async with opened.session(read_only=True) as session:
            return change, await session.run(lambda uow: show_users([UserKey.parse("ada@example.com")], uow))

    change, found = awaited(database, scenario)
    assert found == change.users
    [event] = audit_log.events(database)
    assert (event.actor, event.host, event.tool) == ("ada", "web1", "shop 1.0")
    assert event.change_id == change.change_id


def test_every_service_that_writes_events_runs_and_the_log_holds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        monkeypatch.setattr(
            audit_log, "uow", lambda _, actor="root", **said: opened.unit_of_work(origin=Origin(actor, **said))
        )
        await opened.run(audit_log.fill, database)

    awaited(database, scenario)
    verified = audit_log.verify(database)
    assert (verified.ok, verified.count) == (True, 14)


def test_copy_works_through_the_awaited_driver(database: Database) -> None:
    """An import and a change of so many users that their events go by COPY."""
    rows = [{"email": f"u{number:03}@example.com", "full_name": f"tab\t{number}"} for number in range(150)]

    async def scenario(opened: AsyncDatabase) -> tuple[int, int]:
        async with opened.session() as session:
            records = [Record(line, fields) for line, fields in enumerate(rows, 2)]
            done = await session.run(
                lambda uow: import_users(Checker(RowParser()).chunks(records), uow, ImportOptions())
            )
        async with opened.session() as session:
            keys = [UserKey.parse(row["email"]) for row in rows]
            return done.created, (await session.run(lambda uow: delete_users(keys, uow))).changed

    assert awaited(database, scenario) == (150, 150)
    assert database.rows("SELECT full_name FROM users WHERE email = 'u149@example.com'") == [("tab\t149",)]
    assert audit_log.verify(database).count == 300


def test_an_error_of_copy_is_a_domain_error(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        await add(opened, "ada@example.com")
        async with opened.session() as session:
            records = [Record(2, {"email": "ada@example.com"}), Record(3, {"email": "bob@example.com"})]
            options = ImportOptions(on_conflict="skip")
            done = await session.run(lambda uow: import_users(Checker(RowParser()).chunks(records), uow, options))
            assert (done.created, done.skipped) == (1, 1)

    awaited(database, scenario)
    assert emails(database) == ["ada@example.com", "bob@example.com"]


def test_several_services_are_one_transaction_in_a_block(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            async with session:
                await session.run(create("ada@example.com"))
                await session.run(create("bob@example.com"))
                await session.commit()
            async with session:
                await session.run(create("eve@example.com"))
            with pytest.raises(EmailTaken):
                async with session:
                    await session.run(create("carol@example.com"))
                    await session.run(create("ADA@example.com"))
                    await session.commit()

    awaited(database, scenario)
    assert emails(database) == ["ada@example.com", "bob@example.com"]
    assert {event.action for event in audit_log.events(database)} == {"user.created"}


def test_what_is_left_open_is_rolled_back_at_the_end_of_the_session(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> int:
        async with opened.session() as session:
            await session.__aenter__()
            await session.__aenter__()
            await session.run(create("ada@example.com"))
        return in_use(opened)

    assert awaited(database, scenario) == 0
    assert emails(database) == []


def test_a_session_takes_no_connection_before_it_is_used(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> int:
        async with opened.session():
            return in_use(opened)

    assert awaited(database, scenario) == 0


def test_a_dry_run_and_a_reader_keep_nothing(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> Change:
        async with opened.session(dry_run=True) as session:
            return await session.run(create("ada@example.com"))

    change = awaited(database, scenario)
    assert (change.changed, change.change_id, emails(database)) == (1, None, [])


@on_postgresql
def test_a_connection_of_a_reader_writes_again_for_the_next_one(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        with pytest.raises(DatabaseUnavailable, match="read-only"):
            async with opened.session(read_only=True) as session:
                await session.run(create("ada@example.com"))
        await add(opened, "bob@example.com")

    awaited(database, scenario, SMALL)
    assert emails(database) == ["bob@example.com"]


def test_a_stream_gives_what_a_service_yields_and_the_connection_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_unit_of_work, "_ITEMS_A_TURN", 1)

    async def scenario(opened: AsyncDatabase) -> tuple[list[str], int]:
        async with opened.session() as session:
            for number in range(3):
                await session.run(create(f"u{number}@example.com"))
        async with opened.session(read_only=True) as session:
            async with session.stream(lambda uow: Listing(UserCriteria(), uow)) as users:
                seen = [user.email async for user in users]
            async with session.stream(lambda uow: Listing(UserCriteria(), uow)) as users:
                async for user in users:
                    seen.append(user.email)
                    assert in_use(opened) == 1
                    break
            return seen, in_use(opened)

    seen, left = awaited(database, scenario)
    assert (seen, left) == (["u0@example.com", "u1@example.com", "u2@example.com", "u0@example.com"], 0)


def test_an_export_streams_like_a_listing(database: Database, ada: UserView) -> None:
    async def scenario(opened: AsyncDatabase) -> list[object]:
        stream = AsyncUnitOfWork(opened, read_only=True).stream(lambda uow: export_users(UserCriteria(), uow))
        async with stream as rows:
            return [row["email"] async for row in rows]

    assert awaited(database, scenario) == [ada.email]


def test_a_stream_asks_for_some_at_a_time(database: Database) -> None:
    made = []

    def numbers(_: UnitOfWork) -> Any:
        for number in range(100_000):
            made.append(number)
            yield number

    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session, session.stream(numbers) as found:
            async for number in found:
                if number == 250:
                    break

    awaited(database, scenario)
    assert len(made) < 1000


def test_a_unit_of_work_serves_one_task_at_a_time(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> list[object]:
        async with opened.session() as session:
            both = (session.run(create(f"u{number}@example.com")) for number in range(2))
            return await asyncio.gather(*both, return_exceptions=True)

    first, second = awaited(database, scenario)
    assert isinstance(first, Change)
    assert isinstance(second, RuntimeError)
    assert emails(database) == ["u0@example.com"]


# -- errors


def test_errors_are_the_same_domain_errors(database: Database, ada: UserView) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            with pytest.raises(EmailTaken, match=r"ADA@example\.com"):
                await session.run(create("ADA@example.com"))
            with pytest.raises(UserNotFound):
                await session.run(lambda uow: show_users([UserKey.parse("eve@example.com")], uow))

    awaited(database, scenario)
    assert [event.outcome for event in audit_log.events(database)] == ["done", "conflict"]


def test_fifty_at_once_create_one_address(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> list[object]:
        return await asyncio.gather(*(add(opened, "ada@example.com") for _ in range(50)), return_exceptions=True)

    done = awaited(database, scenario)
    assert sorted(type(each).__name__ for each in done) == ["Change"] + ["EmailTaken"] * 49
    assert emails(database) == ["ada@example.com"]
    assert audit_log.verify(database).count == 50


def test_the_check_tells_a_schema_that_is_not_at_head(empty_database: Database, tmp_path: Any) -> None:
    if empty_database.engine == "sqlite":
        with pytest.raises(DatabaseUnavailable, match="run: usercli db upgrade"):
            AsyncDatabase(empty_database.url)
        (tmp_path / "empty.db").touch()
    said = f"^the database {re.escape(empty_database.url.where)} has no usercli schema yet; run: usercli db upgrade"
    with pytest.raises(SchemaNotCurrent, match=said):
        awaited(empty_database, AsyncDatabase.check)


def test_the_check_is_silent_at_head(database: Database) -> None:
    awaited(database, AsyncDatabase.check)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    nowhere = database_url.parse("postgresql://ada:SECRET@127.0.0.1:1/users")
    with pytest.raises(DatabaseUnreachable) as caught:
        asyncio.run(AsyncDatabase(nowhere).check())
    assert caught.value.message == (
        "cannot use the database at 127.0.0.1:1/users: "
        "nothing listens there; check that the server runs, and its port"
    )


def test_a_pool_without_a_free_connection_says_so(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session(read_only=True) as session, session:
            with pytest.raises(DatabaseUnavailable) as caught:
                await add(opened, "ada@example.com")
        assert caught.value.message == (
            "no connection of the pool became free in time; try again later, or raise the setting pool_size"
        )
        await add(opened, "bob@example.com")

    awaited(database, scenario, SMALL)
    assert emails(database) == ["bob@example.com"]


@on_postgresql
def test_a_connection_that_broke_in_the_pool_is_replaced(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session, session:
            backend = await session.run(lambda uow: uow.session.scalar(text("SELECT pg_backend_pid()")))
        assert database.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=backend) == [(True,)]
        await add(opened, "ada@example.com")

    awaited(database, scenario, SMALL)
    assert emails(database) == ["ada@example.com"]


def test_the_pool_is_as_configured(
    environment: object, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SIZE": 3, "OVERFLOW": 4, "TIMEOUT": 7, "RECYCLE": 60}.items():
        monkeypatch.setenv(f"USERCLI_POOL_{name}", str(value))

    async def scenario() -> tuple[object, ...]:
        opened = AsyncDatabase.configured(Settings())
        await opened.check()
        pool: Any = opened.engine.pool
        found = pool.size(), pool._max_overflow, pool._timeout, pool._recycle, opened.engine.url.database
        await opened.close()
        return found

    *found, where = asyncio.run(scenario())
    assert found == [3, 4, 7, 60]
    assert where is None or str(database.url.database) in str(where)


def test_without_the_extra_the_error_names_it() -> None:
    code = "import sys; sys.modules['greenlet'] = None; import usercli.database.async_unit_of_work"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: async access needs more packages; run: pip install 'usercli[async]'"
    )


def test_no_log_shows_a_value(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    hashed = "$2b$04$" + "CANARY" * 3 + "CANu" + "CANARY" * 5 + "C"

    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            await session.run(
                lambda uow: create_user(UserCreate(email="a@example.com"), uow, hashed_password=hashed)
            )
        async with opened.session() as session:
            await session.run(lambda uow: show_users([UserKey.parse("a@example.com")], uow))

    for name in ("", "aiosqlite", "asyncio", "sqlalchemy.engine", "sqlalchemy.pool", "psycopg"):
        caplog.set_level(logging.DEBUG, logger=name)
    awaited(database, scenario)
    assert "CANARY" not in caplog.text


# -- the event loop goes on


class _Waiting(PasswordHasher):
    """Hashes as long as nobody else in the event loop has had a turn."""

    def __init__(self) -> None:
        super().__init__(cost=4)
        self.at_work, self.others_ran = threading.Event(), threading.Event()

    def hash(self, password: str) -> str:
        self.at_work.set()
        assert self.others_ran.wait(10), "the event loop stood still"
        return super().hash(password)

    def verify(self, password: str, stored: str | None) -> Verdict:
        self.at_work.set()
        assert self.others_ran.wait(10), "the event loop stood still"
        return super().verify(password, stored)


class _WaitingBeside(ThreadedHasher, _Waiting):
    """The same beside the event loop."""


def test_hashing_neither_blocks_the_loop_nor_holds_a_connection(database: Database, ada: UserView) -> None:
    hasher = _WaitingBeside()
    held = []

    async def other(opened: AsyncDatabase) -> None:
        while not hasher.at_work.is_set():
            await asyncio.sleep(0.01)
        held.append(in_use(opened))
        hasher.others_ran.set()

    async def scenario(opened: AsyncDatabase) -> None:
        auth = AuthService(opened.unit_of_work, hasher)
        signing_in = asyncio.create_task(opened.run(auth.authenticate, "ada@example.com", "wrong"))
        await other(opened)
        with pytest.raises(SignInRefused):
            await signing_in
        hasher.at_work.clear()
        hasher.others_ran.clear()
        hashing = asyncio.create_task(opened.run(hasher.hash, "a good password"))
        await other(opened)
        assert PasswordHasher(cost=4).verify("a good password", await hashing).ok

    awaited(database, scenario)
    assert held == [0, 0]


def test_many_hashes_are_made_beside_the_loop(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> list[str]:
        return await opened.run(lambda: list(ThreadedHasher(cost=4).hash_all(["one", "two"])))

    first, second = awaited(database, scenario)
    assert PasswordHasher(cost=4).verify("one", first).ok
    assert PasswordHasher(cost=4).verify("two", second).ok


def test_a_query_that_waits_does_not_block_the_loop(database: Database, ada: UserView) -> None:
    """It waits for a lock that another task of the same loop gives back: with a blocked loop it never would."""

    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as holder, holder:
            await holder.run(lambda uow: uow.users.pick([UserKey.parse(str(ada.id))], lock=True))
            waiting = asyncio.create_task(_delete(opened, ada))
            await both_at_work(database, opened)
            assert not waiting.done()
        assert (await waiting).changed == 1

    awaited(database, scenario)


async def _delete(opened: AsyncDatabase, user: UserView) -> Change:
    async with opened.session() as session:
        return await session.run(lambda uow: delete_users([UserKey.parse(str(user.id))], uow))


# -- cancelled


def test_a_cancelled_task_leaves_nothing_and_gives_its_connection_back(database: Database, ada: UserView) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as holder, holder:
            await holder.run(lambda uow: uow.users.pick([UserKey.parse(str(ada.id))], lock=True))
            waiting = asyncio.create_task(_delete(opened, ada))
            await both_at_work(database, opened)
            waiting.cancel()
            if database.engine == "postgresql":  # the server is told at once; SQLite's thread waits for the lock
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                assert in_use(opened) == 1
                assert waiting_for_locks(database) == 0
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert in_use(opened) == 0
        assert (await _delete(opened, ada)).changed == 1

    awaited(database, scenario)
    assert [event.action for event in audit_log.events(database)] == ["user.created", "user.deleted"]


@pytest.mark.parametrize("again", [0, 5])
@pytest.mark.each_once
def test_tasks_cancelled_at_any_moment_leave_all_or_nothing(
    database: Database, again: int, caplog: pytest.LogCaptureFixture
) -> None:
    """As an impatient framework does: at any await, and once more while the task gives up."""
    moments = random.Random(again)

    async def cancelled(opened: AsyncDatabase, number: int) -> bool:
        adding = asyncio.create_task(add(opened, f"u{number}@example.com"))
        await asyncio.sleep(moments.random() * 0.1)
        for _ in range(1 + again):
            adding.cancel()
            await asyncio.sleep(0)
        return isinstance((await asyncio.gather(adding, return_exceptions=True))[0], Change)

    async def scenario(opened: AsyncDatabase) -> int:
        ended = []
        for start in range(0, 80, 20):
            some = (cancelled(opened, number) for number in range(start, start + 20))
            ended += await asyncio.wait_for(asyncio.gather(*some), 15)
        assert in_use(opened) == 0
        await asyncio.gather(*(add(opened, f"after{number}@example.com") for number in range(20)))
        return sum(ended)

    done = awaited(database, scenario)
    found = emails(database)
    assert len([email for email in found if email.startswith("after")]) == 20
    assert done + 20 <= len(found) < 100
    assert audit_log.verify(database).count == len(found)
    gc.collect()
    assert [record for record in caplog.records if record.name.startswith(("sqlalchemy", "asyncio"))] == []


@on_sqlite
def test_a_cancelled_reader_of_rows_lets_the_next_writer_in(database: Database, ada: UserView) -> None:
    """SQLite closes a connection only when its last cursor is gone; the write lock must not wait for that."""
    cursors = []

    def read_for_ever(uow: UnitOfWork) -> None:
        with uow:
            endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4000000)"
            connection = uow.session.connection().execution_options(yield_per=1)
            rows = connection.exec_driver_sql(f"{endless} SELECT x FROM n")
            cursors.append((rows, rows.fetchone()))
            uow.session.execute(text(f"{endless} SELECT count(*) FROM n"))

    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            reading = asyncio.create_task(session.run(read_for_ever))
            while not cursors:
                await asyncio.sleep(0.01)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        await asyncio.wait_for(add(opened, "bob@example.com"), 5)

    awaited(database, scenario)
    assert emails(database) == ["ada@example.com", "bob@example.com"]


@on_postgresql
def test_closing_cancels_what_runs_and_waits_for_it(database: Database, ada: UserView) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        waiting = asyncio.create_task(_delete(opened, ada))
        while not waiting_for_locks(database):
            await asyncio.sleep(0.01)
        await opened.close()
        assert in_use(opened) == 0
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with database.uow() as holder:
        holder.users.pick([UserKey.parse(str(ada.id))], lock=True)
        awaited(database, scenario)
        assert waiting_for_locks(database) == 0


def test_leaving_a_block_is_not_cancelled_half_way(database: Database) -> None:
    """A cancellation that comes while the block rolls back finds the connection as good as before."""

    async def scenario(opened: AsyncDatabase) -> tuple[int, list[object]]:
        thrown_away: list[object] = []
        event.listen(opened.engine.sync_engine, "invalidate", lambda *said: thrown_away.append(said))

        def cancelled_when_it_leaves(inner: UnitOfWork) -> None:
            with inner:
                inner.users.count()
                cancel_myself()

        async with opened.session() as session:
            with pytest.raises(asyncio.CancelledError):
                await session.run(cancelled_when_it_leaves)
            return in_use(opened), thrown_away

    assert awaited(database, scenario) == (0, [])


def test_a_block_that_began_while_its_task_was_cancelled_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(opened: AsyncDatabase) -> int:
        entering: asyncio.Task[Any]
        begin = UnitOfWork.__enter__

        def begin_too_late(uow: UnitOfWork) -> UnitOfWork:
            begin(uow)
            entering.cancel()
            return uow

        monkeypatch.setattr(UnitOfWork, "__enter__", begin_too_late)
        entering = asyncio.ensure_future(AsyncUnitOfWork(opened).__aenter__())
        with pytest.raises(asyncio.CancelledError):
            await entering
        return in_use(opened)

    assert awaited(database, scenario) == 0


def test_what_is_open_is_rolled_back_even_if_that_is_cancelled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(opened: AsyncDatabase) -> list[int]:
        async def left_by_the_session() -> None:
            async with opened.session() as session:
                await session.__aenter__()
                await session.__aenter__()
                cancel_myself()

        async def left_by_the_block() -> None:
            async with AsyncUnitOfWork(opened):
                cancel_myself()

        async def left_by_the_stream() -> None:
            session = AsyncUnitOfWork(opened, read_only=True)
            async with session.stream(lambda uow: Listing(UserCriteria(), uow)) as users:
                async for _ in users:
                    cancel_myself()
                    return

        monkeypatch.setattr(async_unit_of_work, "_ITEMS_A_TURN", 1)
        await add(opened, "ada@example.com")
        found = []
        for leave in (left_by_the_session, left_by_the_block, left_by_the_stream):
            with pytest.raises(asyncio.CancelledError):
                await asyncio.ensure_future(leave())
            found.append(in_use(opened))
        return found

    assert awaited(database, scenario) == [0, 0, 0]


def cancel_myself() -> None:
    """The cancellation comes with the next await."""
    running = asyncio.current_task()
    assert running is not None
    running.cancel()


def test_a_commit_that_was_sent_is_waited_for(database: Database) -> None:
    """A cancellation during COMMIT comes after it: the change is there, and the connection is as good as before."""

    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            task: asyncio.Task[Any]

            def commit_when_cancelled(inner: UnitOfWork) -> None:
                send = inner._send_commit
                inner._send_commit = lambda level: (task.cancel(), send(level))  # type: ignore[method-assign, assignment]  # cancelled at the last moment
                create("ada@example.com")(inner)

            task = asyncio.create_task(session.run(commit_when_cancelled))
            with pytest.raises(asyncio.CancelledError):
                await task

    awaited(database, scenario)
    assert emails(database) == ["ada@example.com"]


@on_sqlite
def test_a_synchronous_unit_of_work_of_an_async_database_wants_run(database: Database) -> None:
    opened = AsyncDatabase(database.url)
    with pytest.raises(Exception, match="greenlet_spawn"):
        opened.unit_of_work().__enter__()


def test_the_class_can_be_used_without_a_session(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with AsyncUnitOfWork(opened) as session:
            await session.run(create("ada@example.com"))
            await session.commit()

    awaited(database, scenario)
    assert emails(database) == ["ada@example.com"]


# -- wrong use is told


def test_a_repository_outside_of_a_block_says_what_is_missing(database: Database) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            with pytest.raises(AttributeError, match=r"not open: use uow\.users inside `with uow:`"):
                await session.run(lambda uow: uow.users.hashes())

    awaited(database, scenario)


def test_a_listing_that_is_read_outside_of_run_says_what_to_do(database: Database, ada: UserView) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session(read_only=True) as session:
            listing = await session.run(lambda uow: Listing(UserCriteria(), uow))
            with pytest.raises(RuntimeError, match=r"is read inside run\(lambda uow: list\(\.\.\.\)\)"):
                list(listing)
            [found] = await session.run(lambda uow: list(Listing(UserCriteria(), uow)))
            assert found.email == ada.email

    awaited(database, scenario)


def test_an_async_function_is_refused(database: Database) -> None:
    async def work(_: UnitOfWork) -> int:
        return 1

    async def scenario(opened: AsyncDatabase) -> None:
        async with opened.session() as session:
            with pytest.raises(TypeError, match="takes a synchronous function"):
                await session.run(work)

    awaited(database, scenario)


def test_leaving_a_session_waits_for_what_is_at_work(database: Database, ada: UserView) -> None:
    async def scenario(opened: AsyncDatabase) -> None:
        with pytest.raises(RuntimeError, match="serves one task at a time"):
            async with opened.session() as session:
                await asyncio.gather(*(session.run(lambda uow: count_users(UserCriteria(), uow)) for _ in range(2)))

    awaited(database, scenario)
