"""`postgresql+asyncpg://` in an event loop: another driver, the same behaviour. tests/test_async.py has more."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from sqlalchemy import text

from tests import audit_log
from tests.conftest import Database, run_here
from usercli.config import Settings
from usercli.database import url as database_url
from usercli.database.async_unit_of_work import AsyncDatabase
from usercli.embedding import AsyncUserRepository, AsyncUsers, EmailTaken, InvalidInput, PasswordRefused, UserKey
from usercli.errors import Conflict, DatabaseUnreachable, Refused
from usercli.services.passwords import expire_passwords
from usercli.services.users import delete_users, restore_users, set_active

T = TypeVar("T")
PASSWORD = "a kettle sings at dawn"

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


def awaited(database: Database, scenario: Callable[[AsyncUsers], Awaitable[T]]) -> T:
    environ = {"USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4"}
    settings = Settings(database_url=_by_asyncpg(database), environ=environ)

    async def play() -> T:
        async with AsyncUsers.configured(settings) as users:
            return await asyncio.wait_for(scenario(users), 30)

    return asyncio.run(play())


def _by_asyncpg(database: Database) -> str:
    return database.text.replace("postgresql:", "postgresql+asyncpg:")


def test_users_of_a_service(database: Database) -> None:
    async def scenario(users: AsyncUsers) -> None:
        ada = await users.sign_up("ada@example.com", PASSWORD, attributes={"plan": "free", "größe": 3})
        assert await users.get(ada.id) == ada
        assert (await users.sign_in("ADA@example.com", PASSWORD)).user.id == ada.id
        with pytest.raises(EmailTaken, match="ADA@"):
            await users.sign_up("ADA@example.com", None)
        with pytest.raises(PasswordRefused):
            await users.set_password(ada, "short")
        await users.create_role("editor", administrative=True)
        with pytest.raises(Conflict):
            await users.create_role("editor")
        assert (await users.update(ada, add_roles=["editor"], full_name="Ada")).roles == ("editor",)
        assert [user.email for user in (await users.list(attributes=[("plan", "free")])).users] == [ada.email]
        assert (await users.list(role="editor", search="AD", limit=1)).next is None
        with pytest.raises(Refused):
            await users.delete(ada)  # the last administrator
        async with users.session() as session:
            assert await session.scalar(
                text("SELECT count(*) FROM users WHERE email = :email"), {"email": ada.email}
            )
            assert await AsyncUserRepository(session).count() == 1
        engine = users.session().bind
        assert engine is not None
        assert engine.dialect.driver == "asyncpg"

    awaited(database, scenario)
    assert audit_log.verify(database).ok


def test_many_users_at_once(database: Database) -> None:
    async def scenario(users: AsyncUsers) -> None:
        keys = [UserKey.of(await users.sign_up(f"u{number}@example.com", PASSWORD)) for number in range(30)]
        for change in (
            lambda uow: set_active(keys, False, uow),
            lambda uow: expire_passwords(keys, uow),
            lambda uow: delete_users(keys, uow),
            lambda uow: restore_users(keys, uow),
        ):
            assert (await users.run(change)).changed == 30

    awaited(database, scenario)
    assert audit_log.verify(database).ok


def test_times_that_no_calendar_holds(database: Database) -> None:
    async def scenario(users: AsyncUsers) -> None:
        ada = await users.sign_up(
            "ada@example.com", None, expires_at=datetime(2999, 1, 1, 12, 30, 1, 500, tzinfo=UTC)
        )
        assert (await users.get(ada)).expires_at == datetime(2999, 1, 1, 12, 30, 1, 500, tzinfo=UTC)
        database.rows("UPDATE users SET last_login_at = '20000-01-01', expires_at = 'infinity'")
        found = await users.get(ada)
        assert found.expires_at is None
        [time] = found.unreadable_times
        assert (time.column, time.stored) == ("last_login_at", "20000-01-01 00:00:00+00")

    awaited(database, scenario)


def test_what_a_caller_gave_is_to_blame(database: Database) -> None:
    async def scenario(users: AsyncUsers) -> None:
        async with users.session() as session:
            with pytest.raises(InvalidInput, match="NUL"):
                await session.execute(text("SELECT CAST(:text AS text)"), {"text": "a\0b"})
            await session.rollback()
            with pytest.raises(InvalidInput) as caught:
                await session.execute(text("SELECT CAST(:number AS integer)"), {"number": 2**40})
        assert str(2**40) not in str(caught.value)

    awaited(database, scenario)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("/127.0.0.1:", "/127.0.0.1:1"), "nothing listens there"),
        (("postgres@127.0.0.1", "postgres@no-such-host.invalid"), "the host name is unknown"),
        (("postgres@", "nobody@"), "has no user nobody|does not let user nobody in"),
    ],
)
def test_no_connection_says_why(database: Database, change: tuple[str, str], sentence: str) -> None:
    name = database.url.database
    port = f":{database.url.hosts[0][1]}"
    text = f"postgresql+asyncpg://postgres@127.0.0.1{port}/{name}"
    text = text.replace(f"127.0.0.1{port}", "127.0.0.1:1") if change[1].endswith(":1") else text.replace(*change)

    async def scenario() -> None:
        opened = AsyncDatabase(database_url.parse(text))
        try:
            await opened.check()
        finally:
            await opened.close()

    with pytest.raises(Exception, match=sentence) as caught:
        asyncio.run(scenario())
    assert isinstance(caught.value, DatabaseUnreachable) or "nobody" in text


def test_an_option_that_asyncpg_lacks_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInput, match="asyncpg has no option channel_binding"):
        AsyncDatabase(database_url.parse(f"{_by_asyncpg(database)}?channel_binding=require"))


def test_without_asyncpg_the_error_names_the_extra(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "usercli.database.asyncpg_connection", raising=False)
    with pytest.raises(InvalidInput, match=r"pip install 'usercli\[asyncpg\]', or write postgresql://"):
        AsyncDatabase(database_url.parse(_by_asyncpg(database)))
    code, _, err = run_here("list", "--database-url", _by_asyncpg(database))  # which keeps its own driver
    assert code == 0, err
