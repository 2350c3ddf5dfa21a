"""`usercli.fastapi`: the answers of a service, asked in this process.

Annotations are read when an application is made, so they are not postponed here.
"""

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.client import responses
from pathlib import Path
from typing import Annotated, Any

import httpx
import jwt
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import text

from tests import audit_log
from tests.conftest import Database
from usercli import errors
from usercli.config import Settings
from usercli.embedding import AsyncUsers, InvalidFields, PasswordRefused, SignInRefused, UserView
from usercli.errors import UserCliError
from usercli.fastapi import (
    Claims,
    SessionDep,
    UsersDep,
    account_router,
    add_error_handlers,
    claims_of,
    current_user,
    lifespan,
    require_role,
    threads,
    users_router,
)
from usercli.hash_forms import UnsupportedHash
from usercli.readers import BadRecord
from usercli.schemas.users import UserCreate
from usercli.services.imports.atomic import ImportFailed
from usercli.services.related_rows import Blocked
from usercli.times import utcnow

pytestmark = pytest.mark.either_engine

Ask = Callable[[httpx.AsyncClient], Awaitable[None]]
OLD, NEW = "a kettle sings at dawn", "nine herons over the lake"
KEY = "a key of 32 bytes or more, for tests"


def settings_of(database: Database) -> Settings:
    return Settings(
        environ={"USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4", "USERCLI_DATABASE_URL": database.text}
    )


def asked(app: FastAPI, ask: Ask, database: Database | None = None, *, opened: Any = lifespan) -> None:
    """Ask an application, whose users are those of the database."""

    async def play() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            if database is None:
                await ask(client)
                return
            async with opened(app, settings_of(database)):
                await asyncio.wait_for(ask(client), 60)

    asyncio.run(play())


def make_token(user: UserView) -> str:
    return jwt.encode({**claims_of(user)}, KEY)


def read_token_now(request: Request) -> Claims | None:
    try:
        return jwt.decode(request.headers.get("authorization", "").removeprefix("Bearer "), KEY, ["HS256"])
    except jwt.InvalidTokenError:
        return None


async def read_token(request: Request) -> Claims | None:
    return read_token_now(request)


def service() -> FastAPI:
    me = current_user(read_token)
    app = FastAPI(title="shop", version="1.0")
    add_error_handlers(app)
    app.include_router(account_router(make_token, me))
    app.include_router(users_router(require_role("admin", me)))
    return app


async def signed_in(client: httpx.AsyncClient, email: str, password: str = OLD) -> dict[str, str]:
    answer = await client.post("/sign-in", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


# -- errors


#: Every error of the package, and one of each.
STATUSES: dict[int, list[UserCliError]] = {
    401: [SignInRefused("refused")],
    403: [
        *(errors.ProtectedTarget("db", "production"), errors.Refused("no"), errors.TooManyChanges(5, 1)),
        errors.WrongTarget("no"),
    ],
    404: [
        *(
            errors.AnswerIsNo("no"),
            errors.ChangeNotFound("no"),
            errors.NotFound("no"),
            errors.ProfileNotFound("no"),
        ),
        *(errors.RevisionNotFound("no such revision: x; see: usercli db history"), errors.RoleNotFound("no")),
        errors.UserNotFound(["ada@example.com"]),
    ],
    409: [
        *(errors.Ambiguous("no"), Blocked("no"), errors.ChangedMeanwhile("no"), errors.EmailTaken()),
        *(errors.Conflict("adopted already; see: usercli db check"), errors.LastAdministrator("no")),
        errors.ConstraintViolated("uq_x"),
    ],
    422: [
        *(ImportFailed([BadRecord(1, "no")], 1), InvalidFields([("email", "no")]), PasswordRefused("no")),
        *(errors.InvalidInput("try --map"), UnsupportedHash("no"), errors.WrongEncoding("no")),
        errors.NoSuchFormat("no"),
    ],
    500: [
        *(errors.BrokenRow("no"), errors.DamagedRow("no"), errors.DoneInPart("no"), errors.OutputFailed("no")),
        errors.UserCliError("no"),
    ],
    503: [
        *(errors.DatabaseReadOnly("no"), errors.DatabaseUnavailable("no"), errors.DatabaseUnreachable("no")),
        *(errors.FileNotCreated("no"), errors.LockTimeout(["users"]), errors.OutcomeUnknown("no")),
        *(errors.DatabaseDamaged("no"), errors.DatabaseLocked("no"), errors.DiskFull("no")),
        errors.StatementTimeout("no"),
        *(
            errors.SchemaNotCurrent("the password of db.internal; run: usercli db upgrade"),
            errors.TransactionAborted(),
        ),
    ],
}


def test_every_error_has_its_status_and_no_words_of_the_command_line(caplog: pytest.LogCaptureFixture) -> None:
    known = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, UserCliError)}
    assert known <= {type(error) for some in STATUSES.values() for error in some}
    app, raised = FastAPI(), iter([error for some in STATUSES.values() for error in some])
    add_error_handlers(app)

    @app.get("/")
    async def fail() -> None:
        raise next(raised)

    async def ask(client: httpx.AsyncClient) -> None:
        for status, some in STATUSES.items():
            for error in some:
                answer = await client.get("/")
                problem = answer.json()
                assert (answer.status_code, problem["status"]) == (status, status), error
                assert answer.headers["content-type"] == "application/problem+json"
                assert problem["title"]
                assert not re.search("usercli|--|run:|password of|db.internal", answer.text), answer.text
                assert (problem.get("detail") is None) == (status == 500)
                assert isinstance(error, errors.OutcomeUnknown) == ("may have taken place" in answer.text)
                assert ("www-authenticate" in answer.headers) == (status == 401)

    with caplog.at_level(logging.ERROR, "usercli.fastapi"):
        asked(app, ask)
    assert "the password of db.internal; run: usercli db upgrade" in caplog.text, "whoever runs the service is told"


def test_what_is_wrong_with_a_request_is_told_by_field_and_never_repeated() -> None:
    class Form(BaseModel):
        email: str
        password: str

    app = FastAPI()
    add_error_handlers(app)

    @app.post("/forms/{number}")
    async def take(number: int, form: Form) -> None:
        if number == 1:
            raise HTTPException(418, "the pot is busy", {"retry-after": "5"})
        if number == 2:
            raise HTTPException(304)
        if number == 3:
            UserCreate(email=form.email)
        raise RuntimeError("SELECT secret FROM users")

    async def ask(client: httpx.AsyncClient) -> None:
        body = {"email": "nobody", "password": "CANARY"}
        missing = await client.post("/forms/1", json={"password": ["CANARY"]})
        assert missing.json() == {
            "title": responses[422],
            "status": 422,
            "detail": "email: field required; password: input should be a valid string",
            "code": "invalid_input",
            "errors": [
                {"field": "email", "detail": "field required"},
                {"field": "password", "detail": "input should be a valid string"},
            ],
        }
        assert (await client.post("/forms/x", json=body)).json()["errors"][0]["field"] == "number"
        broken = await client.post("/forms/1", content=b"{", headers={"content-type": "application/json"})
        assert (broken.status_code, broken.json()["errors"][0]["field"]) == (422, "")
        busy = await client.post("/forms/1", json=body)
        assert (busy.json()["detail"], busy.headers["retry-after"]) == ("the pot is busy", "5")
        assert (await client.post("/forms/2", json=body)).status_code == 304
        assert (await client.post("/forms/3", json=body)).json()["errors"][0]["field"] == "email"
        unexpected = await client.post("/forms/4", json=body)
        assert unexpected.json() == {"title": "Internal Server Error", "status": 500}
        assert (await client.get("/nowhere")).json() == {"title": "Not Found", "status": 404}

    asked(app, ask)


# -- who is signed in


def test_a_token_lasts_as_long_as_its_user_and_password(database: Database) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        async def me(headers: dict[str, str]) -> int:
            return (await client.get("/me", headers=headers)).status_code

        async with AsyncUsers(database.text, settings=settings_of(database)) as users:
            ada = await users.sign_up("ada@example.com", OLD)
            first = await signed_in(client, ada.email)
            assert (await client.get("/me", headers=first)).json()["id"] == str(ada.id)
            answer = await client.post("/me/password", json={"old": OLD, "new": NEW}, headers=first)
            second = {"authorization": f"Bearer {answer.json()['access_token']}"}
            assert (await me(first), await me(second)) == (401, 200)
            await users.deactivate(ada)
            assert await me(second) == 401
            await users.activate(ada)
            await users.update(ada, expires_at=utcnow() + timedelta(seconds=0.05))
            await asyncio.sleep(0.1)
            assert await me(second) == 401
            await users.update(ada, expires_at=None)
            assert await me(second) == 200
            await users.delete(ada)
        for claims in ({}, {"sub": 7}, {"sub": "x", "pwd": ""}, {"sub": str(ada.id)}, {"sub": "\0"}):
            assert await me({"authorization": f"Bearer {jwt.encode(claims, KEY)}"}) == 401
        refused = await client.get("/me", headers=second)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.json() == {"title": "Unauthorized", "status": 401, "detail": "not signed in"}

    asked(service(), ask, database)
    log = {event.action: (event.actor, event.host, event.tool) for event in audit_log.events(database)}
    assert log["password.set"] == ("ada@example.com", "127.0.0.1", "shop 1.0")


def test_the_routers_serve_one_s_account_and_administrators(database: Database) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        new = {"email": "ada@example.com", "password": OLD, "full_name": "Ada"}
        assert (await client.post("/sign-up", json=new | {"roles": ["admin"]})).status_code == 422
        assert (await client.post("/sign-up", json=new | {"password": "short"})).json()[
            "code"
        ] == "password_refused"
        ada = (await client.post("/sign-up", json=new)).json()
        assert (await client.post("/sign-up", json=new)).json()["code"] == "email_taken"
        wrong = await client.post("/sign-in", json={"email": new["email"], "password": NEW})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
        headers = await signed_in(client, new["email"])
        assert [(await client.get("/users", headers=given)).status_code for given in ({}, headers)] == [401, 403]

        async with AsyncUsers(database.text, settings=settings_of(database)) as users:
            await users.create_role("admin", administrative=True)
            await users.update(ada["id"], add_roles=["admin"])
        client.headers.update(headers)
        bob = (await client.post("/users", json={"email": "bob@example.com"})).json()
        where = f"/users/{bob['id']}"
        assert (await client.patch(where, json={"full_name": "Bob", "if_version": 1})).json()["version"] == 2
        assert (await client.patch(where, json={"full_name": "B", "if_version": 1})).status_code == 409
        assert (await client.patch(where, json={})).status_code == 422
        assert (await client.get(where)).json()["full_name"] == "Bob"
        page = (await client.get("/users", params={"limit": 1})).json()
        rest = (await client.get("/users", params={"after": page["next"]})).json()
        assert [user["email"][:3] for found in (page, rest) for user in found["users"]] == ["ada", "bob"]
        for query in ("limit=0", "after=x", "skip=-1", "is_active=x", "sort=x"):
            answer = await client.get(f"/users?{query}")
            assert (answer.status_code, "--" in answer.text) == (422, False), query
        last = await client.patch(f"/users/{ada['id']}", json={"is_active": False})
        assert (last.status_code, last.json()["code"]) == (409, "last_administrator")
        assert (await client.delete(where)).status_code == 204
        assert (await client.get(where)).status_code == 404

    asked(service(), ask, database)
    log = {event.action: event.actor for event in audit_log.events(database) if event.outcome == "done"}
    assert log["user.deleted"] == "ada@example.com"
    assert audit_log.verify(database).ok


@pytest.mark.filterwarnings("error")
def test_a_service_may_have_routes_like_those_of_the_routers() -> None:
    """The example of docs/embedding.md: a /sign-up of its own, and the account's."""
    app, me = FastAPI(), current_user(read_token)

    @app.post("/sign-up")
    async def sign_up() -> None: ...

    @app.get("/users")
    async def list_users() -> None: ...

    app.include_router(account_router(make_token, me))
    app.include_router(users_router(me))
    assert set(app.openapi()["paths"]) >= {"/sign-up", "/sign-in", "/users"}


def test_the_description_tells_of_problems_and_not_of_fastapi_s_own_errors() -> None:
    described = service().openapi()
    for path in described["paths"].values():
        for operation in path.values():
            assert not {"422"} & set(operation["responses"])
            assert set(operation["responses"]["4XX"]["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_a_session_of_a_route_holds_what_it_commits(database: Database) -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.post("/{email}")
    async def add(email: str, users: UsersDep, session: SessionDep) -> int | None:
        await users.within(session).sign_up(email, None)
        found: int | None = await session.scalar(text("SELECT count(*) FROM users"))
        if found == 1:
            await session.commit()
        return found

    async def ask(client: httpx.AsyncClient) -> None:
        answers = [await client.post(f"/{name}@example.com") for name in ("ada", "bob", "carol")]
        assert [answer.json() for answer in answers] == [1, 2, 2]

    asked(app, ask, database)
    assert database.rows("SELECT email FROM users") == [("ada@example.com",)]


def test_a_service_with_threads_asks_for_the_same(database: Database) -> None:
    app = FastAPI(title="shop")
    add_error_handlers(app)
    me = threads.current_user(read_token_now)

    @app.post("/users")
    def add(email: str, users: threads.UsersDep, session: threads.SessionDep) -> str:
        user = users.within(session).sign_up(email, OLD, roles=["admin"] if email.startswith("ada") else [])
        session.commit()
        return make_token(user)

    @app.get("/admin")
    def administer(user: Annotated[UserView, Depends(threads.require_role("admin", me))]) -> str:
        return user.email

    async def ask(client: httpx.AsyncClient) -> None:
        app.state.users.create_role("admin")
        assert (await client.get("/admin")).status_code == 401
        for name, status in (("ada", 200), ("bob", 403)):
            token = (await client.post("/users", params={"email": f"{name}@example.com"})).json()
            assert (await client.get("/admin", headers={"authorization": f"Bearer {token}"})).status_code == status

    asked(app, ask, database, opened=threads.lifespan)
    actors = {event.actor for event in audit_log.events(database) if event.action == "user.created"}
    assert actors == {"shop"}


# -- the start


def test_a_service_does_not_start_without_its_schema(empty_database: Database) -> None:
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch()

    async def nothing(_: httpx.AsyncClient) -> None:
        raise AssertionError("it started")

    for opened in (lifespan, threads.lifespan):
        with pytest.raises(errors.SchemaNotCurrent):
            asked(service(), nothing, empty_database, opened=opened)


def test_a_service_without_the_lifespan_says_what_is_missing() -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        await client.post("/sign-up", json={"email": "ada@example.com", "password": OLD})

    app = service()
    with pytest.raises(RuntimeError, match=r"lifespan=usercli\.fastapi\.lifespan"):
        asyncio.run(_raising(app, ask))


async def _raising(app: FastAPI, ask: Ask) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        await ask(client)


@pytest.mark.process
@pytest.mark.parametrize("package", ["fastapi", "aiosqlite"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    code = f"import sys; sys.modules['{package}'] = None; import usercli.fastapi"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: usercli.fastapi needs more packages; run: pip install 'usercli[fastapi]'"
    )
