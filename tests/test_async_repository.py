"""`get_db_session` and `AsyncUserRepository`: users in one transaction with an application's own statements."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from tests import audit_log
from tests.conftest import Database
from usercli.embedding import (
    AsyncUserRepository,
    EmailTaken,
    InvalidInput,
    Origin,
    PasswordRefused,
    UserNotFound,
    UserView,
    close_db_sessions,
    get_db_session,
)
from usercli.models import Role, User

pytestmark = pytest.mark.either_engine

PASSWORD = "a kettle sings at dawn"
SHOP = Origin(actor="shop", tool="shop 1.0")


def awaited(scenario: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Play a scenario with a session of the settings."""

    async def play() -> None:
        try:
            async with aclosing(get_db_session()) as sessions:  # type: ignore[type-var]  # an async generator
                async for session in sessions:
                    await asyncio.wait_for(scenario(session), 30)
        finally:
            await close_db_sessions()

    asyncio.run(play())


def test_a_repository_has_the_usual_words(environment: Path, database: Database) -> None:
    async def scenario(session: AsyncSession) -> None:
        users = AsyncUserRepository(session, origin=SHOP)
        ada = await users.create("ada@example.com", PASSWORD, full_name="Ada")
        bob = await users.create("bob@example.com", is_active=False)
        assert await users.get_by_id(ada.id) == await users.get_by_email("ADA@example.com") == ada
        assert (await users.update(bob.id, full_name="Bob")).full_name == "Bob"
        assert [user.email for user in await users.list()] == ["ada@example.com", "bob@example.com"]
        assert [user.email for user in await users.list(skip=1, limit=5)] == ["bob@example.com"]
        assert [user.email for user in await users.list(active_only=True)] == ["ada@example.com"]
        assert (await users.count(), await users.count(active_only=True)) == (2, 1)
        assert (await users.delete(bob), await users.delete(bob)) == (True, False)
        assert (await users.get_by_id(bob.id), await users.get_by_email(bob.email)) == (None, None)
        with pytest.raises(UserNotFound):
            await users.update(uuid.uuid4(), full_name="Nobody")
        with pytest.raises(PasswordRefused):
            await users.create("carol@example.com", "short")
        with pytest.raises(InvalidInput):
            await users.list(limit=-1)
        await session.commit()

    awaited(scenario)
    assert database.rows("SELECT email FROM users WHERE deleted_at IS NULL") == [("ada@example.com",)]
    assert [(event.action, event.outcome, event.actor) for event in audit_log.events(database)] == [
        ("user.created", "done", "shop"),
        ("user.created", "done", "shop"),
        ("user.updated", "done", "shop"),
        ("user.deleted", "done", "shop"),
        ("user.created", "refused", "shop"),
    ]
    assert audit_log.verify(database).ok


def test_users_and_the_application_s_statements_are_one_transaction(environment: Path, database: Database) -> None:
    async def scenario(session: AsyncSession) -> None:
        users = AsyncUserRepository(session, origin=SHOP)
        await users.create("ada@example.com")
        session.add(Role(name="ours"))
        await session.rollback()
        assert await users.count() == 0
        bob = await users.create("bob@example.com")
        with pytest.raises(EmailTaken):
            await users.create("BOB@example.com")
        session.add(Role(name="ours"))
        assert await session.scalar(select(User.id)) == bob.id
        await session.commit()
        await users.create("carol@example.com")  # which nobody commits

    awaited(scenario)
    assert database.rows("SELECT email FROM users") == [("bob@example.com",)]
    assert database.rows("SELECT name FROM roles") == [("ours",)]
    assert [(event.action, event.outcome) for event in audit_log.events(database)] == [
        ("user.created", "done"),
        ("user.created", "conflict"),
    ]
    assert audit_log.verify(database).ok


def test_a_route_asks_for_a_session(environment: Path, database: Database) -> None:
    app = FastAPI()

    @app.post("/invitations/{email}")
    async def invite(email: str, session: Annotated[AsyncSession, Depends(get_db_session)]) -> UserView:
        session.add(Role(name=f"team of {email}"))
        ada = await AsyncUserRepository(session, origin=SHOP).create(email)
        await session.commit()
        return ada

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            emails = ("ada@example.com", "bob@example.com")
            answers = await asyncio.gather(*(client.post(f"/invitations/{email}") for email in emails))
        await close_db_sessions()
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200, 200]
    assert database.rows("SELECT count(*) FROM users, roles") == [(4,)]
    assert audit_log.verify(database).ok


def test_an_engine_that_is_not_of_usercli_is_refused() -> None:
    async def scenario() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with AsyncSession(engine) as session:
            with pytest.raises(TypeError, match="not one of usercli's"):
                AsyncUserRepository(session)

    asyncio.run(scenario())
