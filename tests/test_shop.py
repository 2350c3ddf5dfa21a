"""A service written from docs/embedding.md, tests/apps/shop: with an event loop and with threads."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import tokenize
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from shop import service, threaded

from tests import audit_log
from tests.conftest import Database
from usercli.config import Settings
from usercli.embedding import Users
from usercli.fastapi import lifespan, threads

pytestmark = pytest.mark.either_engine

ROOT = Path(__file__).parent.parent
SHOP = ROOT / "tests" / "apps" / "shop"
OLD, NEW = "a kettle sings at dawn", "nine herons over the lake"
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
both_services = pytest.mark.parametrize(
    ("app", "opened"),
    [(service.app, lifespan), (threaded.app, threads.lifespan)],
    ids=["loop", "threads"],
)
Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


def settings_of(database: Database, **more: str) -> Settings:
    named = {"USERCLI_DATABASE_URL": database.text, "USERCLI_MIGRATIONS": "shop_version=shop.migrations"}
    return Settings(environ={"USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4", **named, **more})


@pytest.fixture
def shop(database: Database) -> Database:
    """A database with the tables of the shop, and somebody who administers."""
    with Users.configured(settings_of(database)) as users:
        assert users.migrate() == ["shop_0100"]
        users.create_role("admin", administrative=True)
        users.sign_up("ada@example.com", OLD, roles=["admin"])
    return database


def asked(app: FastAPI, opened: Any, database: Database, ask: Ask, **settings: str) -> None:
    """Ask the application in this process, on this database."""

    async def play() -> None:
        async with opened(app, settings_of(database, **settings)):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
                await asyncio.wait_for(ask(client), 120)

    asyncio.run(play())


async def signed_in(client: httpx.AsyncClient, email: str, password: str = OLD) -> dict[str, str]:
    answer = await client.post("/sign-in", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


# -- the whole service


@both_services
def test_a_customer_and_an_administrator(app: FastAPI, opened: Any, shop: Database) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        bob = {"email": "bob@example.com", "password": OLD}
        assert (await client.post("/sign-up", json=bob | {"password": "short"})).status_code == 422
        created = await client.post("/sign-up", json=bob)
        assert created.status_code == 201
        assert (await client.post("/sign-up", json=bob | {"email": "BOB@example.com"})).status_code == 409
        assert (await client.post("/sign-in", json=bob | {"password": NEW})).status_code == 401
        first = await signed_in(client, "bob@example.com")
        assert (await client.get("/me", headers=first)).json() | {"last_login_at": None} == created.json()

        nul = 422 if shop.engine == "postgresql" else 201  # SQLite stores it
        for item, status in (("kettle", 201), ("", 422), ("a\0", nul)):
            made = await client.post("/orders", json={"item": item, "cents": 1250}, headers=first)
            assert made.status_code == status, made.text
        [order, *_] = (await client.get("/orders", headers=first)).json()
        assert (order["item"], order["cents"]) == ("kettle", 1250)
        assert (await client.get("/orders")).status_code == 401

        changed = await client.post("/me/password", json={"old": OLD, "new": NEW}, headers=first)
        second = {"authorization": f"Bearer {changed.json()['access_token']}"}
        assert [(await client.get("/me", headers=token)).status_code for token in (first, second)] == [401, 200]
        assert (await client.post("/sign-out", headers=second)).status_code == 204
        assert (await client.get("/me", headers=second)).status_code == 401
        assert (await client.post("/sign-out", headers=second)).status_code == 401

        third = await signed_in(client, "bob@example.com", NEW)
        assert (await client.get("/users", headers=third)).status_code == 403
        admin = await signed_in(client, "ada@example.com")
        page = (await client.get("/users", params={"limit": 1}, headers=admin)).json()
        rest = (await client.get("/users", params={"after": page["next"]}, headers=admin)).json()
        assert [user["email"] for found in (page, rest) for user in found["users"]] == [
            "ada@example.com",
            "bob@example.com",
        ]
        with Users.configured(settings_of(shop)) as users:
            users.delete(created.json()["id"])
        assert (await client.get("/me", headers=third)).status_code == 401

    asked(app, opened, shop, ask)
    assert audit_log.verify(shop).ok


@pytest.mark.parametrize("module", [service, threaded], ids=["loop", "threads"])
def test_a_service_takes_no_more_than_sixty_lines(module: Any) -> None:
    text = Path(module.__file__).read_text("utf-8")
    beside = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in beside]
    assert len({line for token in tokens for line in range(token.start[0], token.end[0] + 1)}) <= 60


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_type_checker_finds_nothing(checker: str, tmp_path: Path) -> None:
    """In the services, and in the Python of docs/embedding.md: strictly, and without an ignore."""
    text = (ROOT / "docs" / "embedding.md").read_text("utf-8")
    page = "\n\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("migrations", "__pycache__"))
    (tmp_path / "page.py").write_text(page, "utf-8")
    for path in tmp_path.rglob("*.py"):
        assert not re.search(r"#.*(type|pyright): *ignore", path.read_text("utf-8")), path
    if checker == "mypy":
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "-p", "shop", "-m", "page"]
    else:
        found = shutil.which("pyright") or shutil.which("basedpyright")
        if found is None:
            pytest.skip("there is no pyright on the PATH")
        (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
        command = [found, "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout


# -- many at once


@on_postgresql
def test_fifty_clients_sign_up_one_address(shop: Database) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        body = {"email": "race@example.com", "password": OLD}
        answers = await asyncio.gather(*(client.post("/sign-up", json=body) for _ in range(50)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
        assert service.app.state.users.pool_status().in_use == 0

    asked(service.app, lifespan, shop, ask)
    assert shop.rows("SELECT count(*) FROM users WHERE email_key = 'race@example.com'") == [(1,)]


def test_cancelled_requests_leave_nothing(shop: Database) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        headers = await signed_in(client, "ada@example.com")
        for turns in range(0, 60, 4):
            new = {"email": f"user{turns}@example.com", "password": OLD}
            requests = (
                asyncio.create_task(client.post("/sign-up", json=new)),
                asyncio.create_task(client.post("/orders", json={"item": "x", "cents": turns}, headers=headers)),
            )
            for _ in range(turns):
                await asyncio.sleep(0.001)
            for request in requests:
                request.cancel()
            await asyncio.wait(requests)
            assert service.app.state.users.pool_status().in_use == 0
        assert (
            await client.post("/sign-up", json={"email": "bob@example.com", "password": OLD})
        ).status_code == 201

    asked(service.app, lifespan, shop, ask)
    created = "SELECT count(*) FROM audit_events WHERE action = 'user.created' AND outcome = 'done'"
    assert shop.rows(created) == shop.rows("SELECT count(*) FROM users")
    assert audit_log.verify(shop).ok


# -- under load, and with what the description allows


@pytest.mark.slow
@on_postgresql
def test_hashing_does_not_hold_up_others(shop: Database) -> None:
    """While somebody signs in, compared with as much hashing in another process: only the loop differs."""
    elsewhere = "import bcrypt\nwhile True: bcrypt.hashpw(b'x', bcrypt.gensalt(12))"
    waits: dict[str, list[float]] = {"4": [], "12": []}
    for cost in ("4", "12") * 3:

        async def ask(client: httpx.AsyncClient, cost: str = cost) -> None:
            new = {"email": f"cost{cost}@example.com", "password": OLD}
            await client.post("/sign-up", json=new)
            waits[cost].append(await _p95_while_signing_in(client, new["email"]))

        with ended([sys.executable, "-c", elsewhere]) if cost == "4" else nullcontext():
            asked(service.app, lifespan, shop, ask, USERCLI_BCRYPT_COST=cost)
    assert min(waits["12"]) < max(1.5 * min(waits["4"]), 0.01), waits  # a hash of cost 12 takes 0.2 s


async def _p95_while_signing_in(client: httpx.AsyncClient, email: str) -> float:
    async def sign_in() -> None:
        while not done.is_set():
            await signed_in(client, email)
            await asyncio.sleep(0.2)

    done, taken = asyncio.Event(), []
    signing_in = asyncio.create_task(sign_in())
    for _ in range(150):
        began = time.perf_counter()
        assert (await client.get("/nowhere")).status_code == 404
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    done.set()
    await signing_in
    return statistics.quantiles(taken, n=20)[-1]


@contextmanager
def ended(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@on_postgresql
@pytest.mark.parametrize("app", [service.app, threaded.app], ids=["loop", "threads"])
def test_what_the_description_allows_causes_no_server_error(
    app: FastAPI, shop: Database, environment: Path, tmp_path: Path
) -> None:
    with serving(app) as url:
        answer = httpx.post(f"{url}/sign-in", json={"email": "ada@example.com", "password": OLD})
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{url}/openapi.json", "--no-color", "--generation-deterministic", "--max-examples=30"),
            *("--phases=coverage,fuzzing,stateful", "--exclude-path=/sign-out"),
            "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            f"--header=Authorization: Bearer {answer.json()['access_token']}",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert audit_log.verify(shop).ok


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve it in a thread, on a port of the loopback; the environment names the database."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        running = threading.Thread(target=server.run, args=([bound],))
        running.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            running.join(timeout=20)
