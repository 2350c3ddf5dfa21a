"""`usercli.embedding`: users for a service, in threads and in an event loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from tests import audit_log
from tests.conftest import Database
from usercli.config import Settings
from usercli.database.engine import open_pooled_engine
from usercli.embedding import (
    AsyncUsers,
    ChangedMeanwhile,
    EmailTaken,
    InvalidInput,
    Origin,
    PasswordRefused,
    PoolStatus,
    SignInRefused,
    UserKey,
    UserNotFound,
    Users,
)
from usercli.schemas.users import NewUserFields, UserChanges, UserCreate, UserCriteria, UserFilters, UserUpdate

pytestmark = pytest.mark.either_engine

T = TypeVar("T")
OLD, NEW = "a kettle sings at dawn", "nine herons over the lake"
TESTS = {"USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4", "USERCLI_SPECIAL_USE_DOMAINS": "local"}


def settings_of(database: Database) -> Settings:
    return Settings(environ={**TESTS, "USERCLI_DATABASE_URL": database.text})


@pytest.fixture
def users(database: Database) -> Iterator[Users]:
    with Users.configured(settings_of(database), origin=Origin(actor="shop", tool="shop 1.0")) as opened:
        yield opened


def awaited(database: Database, scenario: Callable[[AsyncUsers], Awaitable[T]]) -> T:
    async def play() -> T:
        async with AsyncUsers.configured(settings_of(database), origin=Origin(actor="shop")) as opened:
            return await asyncio.wait_for(scenario(opened), 30)

    return asyncio.run(play())


def emails(database: Database) -> list[object]:
    return [email for (email,) in database.rows("SELECT email FROM users ORDER BY email")]


def test_one_user_in_and_one_user_out(users: Users, database: Database) -> None:
    ada = users.sign_up("Ada@example.com", OLD, full_name="Ada", attributes={"plan": "free"})
    assert (ada.full_name, ada.attributes, users.get(ada.id), users.get(str(ada.id))) == (
        "Ada",
        {"plan": "free"},
        ada,
        ada,
    )
    assert users.find("ADA@example.com") == ada == users.get(UserKey.of(ada))
    assert [users.find(nobody) for nobody in ("bob@example.com", "no address", "", "\0")] == [None] * 4
    signed_in = users.sign_in("ada@example.com", OLD)
    assert (signed_in.user, signed_in.must_change_password) == (ada, False)
    assert users.update(ada, full_name="Ada L", if_version=1).full_name == "Ada L"
    assert not users.deactivate(ada).is_active
    assert users.activate(ada.id).is_active
    assert users.delete(ada).deleted_at is not None
    with pytest.raises(UserNotFound):
        users.get(ada.id)
    assert users.restore(ada).deleted_at is None
    role = users.create_role("editor", description="may write")
    assert users.roles() == [role]
    assert users.update(ada, add_roles=["editor"]).roles == ("editor",)
    assert {event.actor for event in audit_log.events(database)} == {"shop"}
    assert audit_log.verify(database).ok


def test_passwords_obey_the_policy_and_the_old_one(users: Users) -> None:
    with pytest.raises(PasswordRefused, match="has 5 characters"):
        users.sign_up("ada@example.com", "short")
    ada = users.sign_up("ada@example.com", OLD)
    with pytest.raises(SignInRefused):
        users.change_password(ada, NEW, NEW)
    with pytest.raises(PasswordRefused):
        users.change_password(ada, OLD, "ada@example.com1")
    assert users.change_password(ada, OLD, NEW).password_changed_at != ada.password_changed_at
    assert users.sign_in("ada@example.com", NEW).user.id == ada.id
    secret = users.reset_password(ada)
    assert users.sign_in("ada@example.com", secret).must_change_password
    assert not users.set_password(ada, OLD).must_change_password
    nobody = users.sign_up("nobody@example.com", None)
    with pytest.raises(SignInRefused):
        users.sign_in(nobody.email, "")


def test_input_that_is_not_valid_is_an_error_of_usercli(users: Users) -> None:
    with pytest.raises(InvalidInput, match=r"^email: "):
        users.sign_up("nobody", OLD)
    with pytest.raises(InvalidInput, match=r"^not an id: ada@example\.com"):
        users.get("ada@example.com")
    with pytest.raises(InvalidInput, match=r"^limit"):
        users.list(limit=-1)
    assert users.sign_up("ada@printer.local", None).email == "ada@printer.local"  # the setting allows it
    with pytest.raises(InvalidInput, match="nothing to change"):
        users.update(uuid.uuid4())


def test_pages_hold_everybody_once(users: Users) -> None:
    for name in "abc":
        users.sign_up(f"{name}@example.com", None, is_active=name != "b")
    first = users.list(limit=2)
    rest = users.list(limit=2, after=first.next)
    assert [user.email[0] for page in (first, rest) for user in page.users] == ["a", "b", "c"]
    assert rest.next is None
    assert [user.email[0] for user in users.list(is_active=True, sort="-email").users] == ["c", "a"]
    assert len(users.list(skip=2).users) == 1


def test_a_transaction_is_all_or_nothing(users: Users, database: Database) -> None:
    with users.transaction() as inside:
        ada = inside.sign_up("ada@example.com", OLD)
        inside.update(ada, full_name="Ada")
    with pytest.raises(EmailTaken), users.transaction() as inside:
        inside.sign_up("bob@example.com", None)
        inside.sign_up("ADA@example.com", None)
    assert emails(database) == ["ada@example.com"]
    assert users.pool_status().in_use == 0
    assert audit_log.verify(database).ok


def test_a_session_of_the_application_decides(users: Users, database: Database) -> None:
    with users.session() as session:
        session.execute(text("UPDATE roles SET description = 'ours' WHERE name = 'admin'"))
        ada = users.within(session).sign_up("ada@example.com", OLD)
        with pytest.raises(EmailTaken):
            users.within(session).sign_up("ada@example.com", None)
        assert users.within(session).sign_in("ada@example.com", OLD).user.id == ada.id
        session.rollback()
        assert (emails(database), audit_log.events(database)) == ([], [])
        users.within(session).sign_up("bob@example.com", None)
        with users.within(session).transaction() as inside:
            inside.sign_up("carol@example.com", None)
        session.commit()
    assert emails(database) == ["bob@example.com", "carol@example.com"]
    assert audit_log.verify(database).ok
    assert users.pool_status().in_use == 0


def test_an_engine_and_a_session_that_were_given_stay_open(database: Database) -> None:
    engine = open_pooled_engine(database.url)
    settings = settings_of(database)
    with Users(engine, settings=settings) as users:
        users.check()
        users.sign_up("ada@example.com", None)
    with Session(engine) as session, Users(session, settings=settings) as users:
        users.sign_up("bob@example.com", None)
        session.commit()
    with Users(engine, settings=settings) as users:
        assert len(users.list().users) == 2
    engine.dispose()


def test_a_new_database_is_migrated(empty_database: Database) -> None:
    settings = settings_of(empty_database)
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch()
    with Users(empty_database.text, settings=settings) as users:
        assert users.migrate()[-1]
        users.check()
        assert users.migrate() == []
        assert users.pool_status() == PoolStatus(size=5, in_use=0, idle=1, overflow=0)


def test_the_same_in_an_event_loop(database: Database) -> None:
    async def scenario(users: AsyncUsers) -> None:
        await users.check()
        ada = await users.sign_up("ada@example.com", OLD)
        assert await users.find("ADA@example.com") == await users.get(ada.id) == ada
        assert await users.find("bob@example.com") is None
        assert (await users.sign_in("ada@example.com", OLD)).user == ada
        await users.change_password(ada, OLD, NEW)
        with pytest.raises(SignInRefused):
            await users.sign_in("ada@example.com", OLD)
        assert (await users.sign_in("ada@example.com", await users.reset_password(ada))).must_change_password
        await users.set_password(ada, OLD)
        await users.update(ada, full_name="Ada")
        assert not (await users.deactivate(ada)).is_active
        assert (await users.activate(ada)).is_active
        await users.delete(ada)
        await users.restore(ada)
        assert [user.full_name for user in (await users.list(limit=1)).users] == ["Ada"]
        role = await users.create_role("editor")
        assert await users.roles() == [role]
        assert await users.run(lambda uow: uow.origin.actor) == "shop"
        with pytest.raises(EmailTaken):
            async with users.transaction() as inside:
                await inside.sign_up("bob@example.com", None)
                async with inside.transaction() as deeper:
                    await deeper.sign_up("ADA@example.com", None)
        async with users.transaction() as inside:
            await inside.sign_up("carol@example.com", None)
        assert users.pool_status().in_use == 0

    awaited(database, scenario)
    assert emails(database) == ["ada@example.com", "carol@example.com"]
    assert audit_log.verify(database).ok


def test_an_asynchronous_session_of_the_application_decides(database: Database) -> None:
    async def scenario(users: AsyncUsers) -> None:
        async with users.session() as session:
            ada = await users.within(session).sign_up("ada@example.com", OLD)
            await session.rollback()
            assert await users.find(ada.email) is None
            await users.within(session).sign_up("bob@example.com", OLD)
            with pytest.raises(EmailTaken):
                async with users.within(session).transaction() as inside:
                    await inside.sign_up("carol@example.com", None)
                    await inside.sign_up("bob@example.com", None)
            await session.commit()
        engine = session.bind
        assert isinstance(session, AsyncSession)
        async with AsyncUsers(engine, settings=settings_of(database)) as others:  # type: ignore[arg-type]  # of the session
            assert await others.find("bob@example.com")
        assert await users.find("bob@example.com"), "its engine is still open"
        assert users.pool_status().in_use == 0

    awaited(database, scenario)
    assert emails(database) == ["bob@example.com"]
    assert audit_log.verify(database).ok


def test_the_database_of_a_service_can_be_migrated_from_its_loop(empty_database: Database) -> None:
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch()

    async def scenario(users: AsyncUsers) -> None:
        assert await users.migrate()
        await users.check()

    awaited(empty_database, scenario)


# -- partial updates


class Body(BaseModel):
    """What a service takes by PATCH, or by PUT."""

    full_name: str | None = None
    is_active: bool | None = None
    attributes: dict[str, Any] | None = None
    expires_at: datetime | None = None


def test_a_patch_changes_what_was_given_and_nothing_else(users: Users, database: Database) -> None:
    later = datetime(2999, 1, 1, tzinfo=UTC)
    ada = users.sign_up("ada@example.com", None, full_name="Ada", attributes={"a": 1, "b": 2}, expires_at=later)
    named = users.patch(ada, Body(full_name="Ada L"))
    assert named.model_dump(include={"full_name", "is_active", "expires_at", "attributes"}) == {
        "full_name": "Ada L",
        "is_active": True,
        "expires_at": later,
        "attributes": {"a": 1, "b": 2},
    }
    assert users.patch(ada, Body(attributes={"a": None, "c": [3]})).attributes == {"b": 2, "c": [3]}
    assert users.patch(ada.id, {"expires_at": None, "email": "ada@example.org"}).expires_at is None
    before = users.get(ada)
    assert users.patch(ada, Body()) == users.patch(ada, {}) == users.patch(ada, {"attributes": {}}) == before
    assert before.email == "ada@example.org"
    with pytest.raises(UserNotFound):
        users.patch(uuid.uuid4(), {})
    with pytest.raises(ChangedMeanwhile):
        users.patch(ada, {"full_name": "X", "if_version": 1})
    assert [event.action for event in audit_log.events(database) if event.outcome == "done"] == [
        "user.created",
        *["user.updated"] * 3,
    ]
    assert audit_log.verify(database).ok


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"full_name": None}, "^full_name: must not be null$"),
        ({"attributes": [1]}, "^attributes: must be an object$"),
        ({"hashed_password": "x"}, "^hashed_password: "),
    ],
)
def test_a_patch_that_is_not_valid_says_which_field(users: Users, given: dict[str, Any], sentence: str) -> None:
    ada = users.sign_up("ada@example.com", None)
    with pytest.raises(InvalidInput, match=sentence):
        users.patch(ada, given)


# -- mistakes


def test_a_closed_database_says_what_to_do(database: Database) -> None:
    users = Users.configured(settings_of(database))
    users.close()
    with pytest.raises(RuntimeError, match="the database is closed: close it when the process ends"):
        users.roles()

    async def scenario(users: AsyncUsers) -> None:
        await users.close()
        with pytest.raises(RuntimeError, match="the database is closed: close it when the process ends"):
            await users.roles()

    awaited(database, scenario)


def test_an_engine_of_the_application_s_own_is_refused(database: Database) -> None:
    engine = create_engine("sqlite://")
    with pytest.raises(TypeError, match="make it with usercli"):
        Users(engine, settings=settings_of(database))
    with Session(engine) as session, pytest.raises(TypeError, match="not one of usercli's"):
        Users(session, settings=settings_of(database))


# -- what a reader and a type checker see


def test_keyword_arguments_are_the_fields_of_the_schemas() -> None:
    for arguments, model, besides in (
        (NewUserFields, UserCreate, {"email"}),
        (UserChanges, UserUpdate, set()),
        (UserFilters, UserCriteria, set()),
    ):
        assert set(arguments.__annotations__) | besides == set(model.model_fields)


def test_threads_and_loops_have_the_same_methods() -> None:
    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(Users) == public(AsyncUsers)


def test_the_front_door_loads_what_is_asked_for() -> None:
    code = (
        "import sys, usercli.embedding as door\n"
        "assert not {'sqlalchemy', 'pydantic'} & set(sys.modules)\n"
        "for name in door.__all__: getattr(door, name)\n"
        "assert not {'alembic', 'fastapi', 'typer'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        from usercli.embedding import Nothing  # type: ignore[attr-defined]  # noqa: F401
