"""A web service over the same users, asked over HTTP: tests/apps/user_service, in a server process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests import audit_log
from tests.apps.user_service.app import create_app
from tests.conftest import Database, migrated_postgresql, run_here
from usercli.config import Settings
from usercli.database import url as database_url
from usercli.database.threaded_hasher import ThreadedHasher
from usercli.errors import SchemaNotCurrent
from usercli.passwords import PasswordHasher, Verdict
from usercli.services.auth import AuthService

pytestmark = [pytest.mark.process, pytest.mark.either_engine]

ROOT = Path(__file__).parent.parent
USERS, SIGN_IN = "/api/v1/users", "/api/v1/sign-in"
PASSWORD = "nine blue herons fly"
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


class Server:
    """The service in a process of its own, on a socket that outlives it: a client that comes early waits."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=30)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.apps.user_service", str(self._socket.fileno())]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("USERCLI_")}
        self.process = subprocess.Popen(
            command,
            pass_fds=[self._socket.fileno()],
            cwd=ROOT,
            env={**environ, **_settings(self.database)},
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> str:
        """End it as an operator would; what it said."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=20)
        return said or ""

    def close(self) -> None:
        self.client.close()
        self.stop()
        self._socket.close()


def _settings(database: Database) -> dict[str, str]:
    return {"USERCLI_DATABASE_URL": database.text, "USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server for all tests of an engine; each brings users of its own."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("service") / "users.db"
        shutil.copyfile(sqlite_template, path)
        found = Server(Database(database_url.sqlite_file(path), f"sqlite:///{path}"))
        yield found
        found.close()
        return
    with migrated_postgresql() as text:
        found = Server(Database(database_url.parse(text), text))
        yield found
        found.close()


@pytest.fixture
def http(server: Server) -> httpx.Client:
    return server.client


@pytest.fixture
def cli(server: Server, clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command line on the database of the service."""
    monkeypatch.setenv("USERCLI_DATABASE_URL", server.database.text)
    return run_here


def added(http: httpx.Client, email: str, **fields: object) -> dict[str, Any]:
    answer = http.post(USERS, json={"email": email, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def answer(response: httpx.Response) -> tuple[int, object]:
    return response.status_code, response.json()


# -- routes


def test_a_user_is_created_found_replaced_and_deleted(http: httpx.Client) -> None:
    created = added(http, "Grace@Example.com", full_name="Grace", password=PASSWORD)
    assert "hashed_password" not in created
    where = f"{USERS}/{created['id']}"
    assert answer(http.get(where)) == (200, created)
    assert answer(http.get(f"{USERS}/by-email", params={"email": "grace@EXAMPLE.com"})) == (200, created)
    body = {"email": "grace@example.org", "full_name": "Grace Hopper", "is_active": False, "version": 1}
    replace_atomically = http.put(where, json=body).json()
    assert {name: replace_atomically[name] for name in body} == {**body, "version": 2}
    assert http.delete(where).status_code == 204
    assert answer(http.get(where)) == (404, {"error": f"no such user: {created['id']}"})
    assert http.delete(where).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"email": "nobody"}, "email: "),
        ({"email": "x@example.com", "password": "short"}, "the password has 5 characters; the policy requires 15"),
        ({"email": "x@example.com", "password": "a\0" * 9}, "the password contains a NUL character"),
        ({"email": "x@example.com", "full_name": "\u0007"}, "full_name: "),
        ({"email": "x@example.com", "full_name": "x" * 300}, "full_name: "),
        ({"email": "x@example.com", "roles": ["admin"]}, "body.roles: "),
        ({"email": "x@example.com", "is_active": True}, "body.is_active: "),
        ({}, "body.email: "),
        ({"email": 7}, "body.email: "),
        ([], "body: "),
    ],
    ids=str,
)
def test_bad_input_is_422_and_changes_nothing(server: Server, http: httpx.Client, body: Any, said: str) -> None:
    before = server.database.rows("SELECT count(*) FROM users")
    response = http.post(USERS, json=body)
    assert response.status_code == 422
    assert said in response.json()["error"]
    assert server.database.rows("SELECT count(*) FROM users") == before


def test_no_answer_repeats_a_password(http: httpx.Client) -> None:
    for body in (
        {"email": "nobody", "password": "CANARY and some more"},
        {"email": "x@example.com", "password": ["CANARY"]},
        {"email": "x@example.com", "password": "CANARY"},
        {"email": "x@example.com", "password": "CANARY" * 1000},
        {"password": "CANARY"},
    ):
        response = http.post(USERS, json=body)
        assert (response.status_code, "CANARY" in response.text) == (422, False)
    assert "CANARY" not in http.post(SIGN_IN, json={"email": "x@example.com", "password": "CANARY"}).text


def test_hostile_bytes_are_refused_in_a_sentence(http: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    for content in (b"{", b'{"email": "\\ud800@example.com"}', b'{"\\ud800": 1}', b'{"email": "a\\u0000@b.c"}'):
        response = http.post(USERS, content=content, headers=headers)
        assert response.status_code == 422, response.text
        assert response.json()["error"].isprintable()
    assert http.get(f"{USERS}/by-email?email=%00").status_code == 422
    assert http.get(f"{USERS}/by-email?email=").status_code == 422


def test_a_conflict_is_409(http: httpx.Client) -> None:
    first = added(http, "twice@example.com")
    other = added(http, "other@example.com")
    taken = "a user with the email {} exists already"
    assert answer(http.post(USERS, json={"email": "TWICE@example.com"})) == (
        409,
        {"error": taken.format("TWICE@example.com")},
    )
    body = {"email": "twice@example.com", "full_name": "", "is_active": True}
    assert answer(http.put(f"{USERS}/{other['id']}", json=body)) == (
        409,
        {"error": taken.format("twice@example.com")},
    )
    stale = http.put(f"{USERS}/{first['id']}", json={**body, "version": 7})
    assert answer(stale) == (409, {"error": "twice@example.com was changed meanwhile: version 1, not 7"})


def test_pages_by_skip_and_by_cursor_hold_everybody_once(http: httpx.Client) -> None:
    mine = [added(http, f"page{number}@example.com")["email"] for number in range(5)]
    sleeping = http.get(f"{USERS}/by-email", params={"email": mine[2]}).json()
    body = {"email": mine[2], "full_name": "", "is_active": False}
    assert http.put(f"{USERS}/{sleeping['id']}", json=body).status_code == 200

    def emails(**asked: object) -> tuple[list[str], str | None]:
        found = http.get(USERS, params={**asked}).raise_for_status().json()  # type: ignore[dict-item]  # httpx spells them
        return [user["email"] for user in found["users"]], found["next"]

    everybody, nothing_more = emails(limit=200)
    assert nothing_more is None
    assert [email for email in everybody if email.startswith("page")] == mine
    skipped = [email for skip in range(0, len(everybody), 2) for email in emails(skip=skip, limit=2)[0]]
    assert skipped == everybody
    assert emails(skip=10_000) == ([], None)
    by_cursor, token = emails(limit=2)
    while token:
        more, token = emails(limit=2, after=token)
        by_cursor += more
    assert by_cursor == everybody
    active, _ = emails(limit=200, active_only=True)
    assert [email for email in active if email.startswith("page")] == [*mine[:2], *mine[3:]]


@pytest.mark.parametrize(
    "query",
    [
        "skip=10001",
        "skip=-1",
        "limit=0",
        "limit=201",
        "after=x",
        "active_only=perhaps",
        "offset=1",
        "skip=99999999999999999999",
    ],
)
def test_a_page_that_cannot_be_is_422(http: httpx.Client, query: str) -> None:
    assert http.get(f"{USERS}?{query}").status_code == 422


def test_a_cursor_and_skip_do_not_go_together(http: httpx.Client) -> None:
    for number in range(2):
        added(http, f"both{number}@example.com")
    token = http.get(USERS, params={"limit": 1}).json()["next"]
    assert answer(http.get(USERS, params={"after": token, "skip": 1})) == (
        422,
        {"error": "a page starts after a cursor or skips users, not both"},
    )


def test_signing_in(server: Server, http: httpx.Client) -> None:
    user = added(http, "sign@example.com", password=PASSWORD)
    events = "SELECT count(*) FROM audit_events"
    before = server.database.rows(events)
    signed_in = http.post(SIGN_IN, json={"email": "SIGN@example.com", "password": PASSWORD})
    assert answer(signed_in) == (200, {"user": user, "must_change_password": False})
    assert http.get(f"{USERS}/{user['id']}").json()["last_login_at"] is not None
    for wrong in (
        {"email": "sign@example.com", "password": PASSWORD + "!"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "no address", "password": PASSWORD},
    ):
        assert answer(http.post(SIGN_IN, json=wrong)) == (401, {"error": "refused"})
    assert server.database.rows(events) == before
    assert http.delete(f"{USERS}/{user['id']}").status_code == 204
    assert http.post(SIGN_IN, json={"email": "sign@example.com", "password": PASSWORD}).status_code == 401


# -- the same users


def test_users_of_the_service_are_seen_by_the_command_line(http: httpx.Client, cli: Callable[..., Any]) -> None:
    user = added(http, "web@example.com", password=PASSWORD)
    code, out, _ = cli("show", "web@example.com", "-o", "json")
    assert (code, httpx.Response(200, text=out).json()) == (0, user)
    assert cli("exists", "web@example.com")[0] == 0
    _, out, _ = cli("audit", "log", "--user", user["id"], "-o", "tsv", "--fields", "actor,tool,host,action")
    assert out.splitlines()[1:] == ["user-service\tuser-service 1.0\t127.0.0.1\tuser.created"]
    assert cli("audit", "verify")[0] == 0


def test_users_of_the_command_line_are_seen_by_the_service(http: httpx.Client, cli: Callable[..., Any]) -> None:
    assert cli("create", "shell@example.com", "--password-stdin", stdin=PASSWORD + "\n")[0] == 0
    found = http.get(f"{USERS}/by-email", params={"email": "shell@example.com"})
    assert found.json()["email"] == "shell@example.com"
    assert http.post(SIGN_IN, json={"email": "shell@example.com", "password": PASSWORD}).status_code == 200
    assert cli("deactivate", "shell@example.com")[0] == 0
    assert http.post(SIGN_IN, json={"email": "shell@example.com", "password": PASSWORD}).status_code == 401


def test_a_refusal_is_an_event_too(http: httpx.Client, cli: Callable[..., Any]) -> None:
    added(http, "refused@example.com")
    assert http.post(USERS, json={"email": "refused@example.com"}).status_code == 409
    _, out, _ = cli("audit", "log", "--refused", "-o", "tsv", "--fields", "actor,outcome,target_email")
    assert "user-service\tconflict\trefused@example.com" in out.splitlines()


@pytest.mark.slow_on("sqlite")
def test_fifty_clients_create_one_address(server: Server) -> None:
    async def create(client: httpx.AsyncClient) -> int:
        return (await client.post(USERS, json={"email": "race@example.com"})).status_code

    async def all_at_once() -> list[int]:
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:
            return await asyncio.gather(*(create(client) for _ in range(50)))

    assert sorted(asyncio.run(all_at_once())) == [201] + [409] * 49
    assert server.database.rows("SELECT count(*) FROM users WHERE email_key = 'race@example.com'") == [(1,)]


@pytest.mark.slow_on("sqlite")
def test_users_are_there_after_a_restart(server: Server) -> None:
    user = added(server.client, "stays@example.com")
    assert server.stop() == ""
    server.start()
    assert answer(server.client.get(f"{USERS}/{user['id']}")) == (200, user)


@pytest.mark.slow
def test_what_the_description_allows_causes_no_server_error(server: Server, tmp_path: Path) -> None:
    _describe("fuzzing,stateful", server, tmp_path)


@pytest.mark.slow
def test_the_edges_of_the_description_cause_no_server_error(server: Server, tmp_path: Path) -> None:
    _describe("coverage,fuzzing,stateful", server, tmp_path, examples=100)


def _describe(phases: str, server: Server, folder: Path, examples: int = 6) -> None:
    """Schemathesis makes requests that fit the OpenAPI description, and some that do not."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{server.url}/openapi.json",
            "--no-color",
            "--generation-deterministic",
            f"--max-examples={examples}",
            f"--phases={phases}",
            "--checks=not_a_server_error,status_code_conformance,response_schema_conformance",
        ],
        cwd=folder,  # it keeps what it found in the working directory
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Tested: 7" in done.stdout


# -- inside one process: the loop, the pool, cancellation


def asked(database: Database, scenario: Callable[[httpx.AsyncClient, Any], Awaitable[None]]) -> None:
    """The application in this process and event loop, with its service at hand."""

    async def play() -> None:
        app = create_app(Settings(environ=_settings(database)))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                await asyncio.wait_for(scenario(client, app.state.service), 30)

    asyncio.run(play())


def in_use(service: Any) -> int:
    found: int = service.database.engine.pool.checkedout()
    return found


class _Waiting(PasswordHasher):
    """Hashes only after somebody else in the same event loop was served."""

    def __init__(self) -> None:
        super().__init__(cost=4)
        self.at_work, self.others_were_served = threading.Event(), threading.Event()

    def hash(self, password: str) -> str:
        self.at_work.set()
        assert self.others_were_served.wait(10), "the event loop stood still"
        return super().hash(password)

    def verify(self, password: str, stored: str | None) -> Verdict:
        self.at_work.set()
        assert self.others_were_served.wait(10), "the event loop stood still"
        return super().verify(password, stored)


class _WaitingBeside(ThreadedHasher, _Waiting):
    pass


def test_others_are_served_while_passwords_are_hashed(database: Database) -> None:
    async def scenario(client: httpx.AsyncClient, service: Any) -> None:
        await client.post(USERS, json={"email": "ada@example.com", "password": PASSWORD})
        beside, plain = _WaitingBeside(), _Waiting()
        service.auth, service._hasher = AuthService(service.database.unit_of_work, beside), plain
        requests = (
            (beside, client.post(SIGN_IN, json={"email": "ada@example.com", "password": PASSWORD}), 200),
            (plain, client.post(USERS, json={"email": "bob@example.com", "password": PASSWORD}), 201),
        )
        for hasher, request, status in requests:
            slow = asyncio.create_task(request)
            while not hasher.at_work.is_set():
                await asyncio.sleep(0.01)
            assert (await client.get(USERS)).status_code == 200
            assert in_use(service) == 0
            assert not slow.done()
            hasher.others_were_served.set()
            assert (await slow).status_code == status

    asked(database, scenario)


def test_a_cancelled_request_leaves_nothing_and_gives_its_connection_back(database: Database) -> None:
    async def scenario(client: httpx.AsyncClient, service: Any) -> None:
        user = (await client.post(USERS, json={"email": "ada@example.com"})).json()
        async with service.database.session() as holder, holder:
            await holder.run(lambda uow: uow.users.pick(audit_log.keys(user["id"]), lock=True))
            waiting = asyncio.create_task(client.delete(f"{USERS}/{user['id']}"))
            while in_use(service) < 2:
                await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert in_use(service) == 0
        assert (await client.get(f"{USERS}/{user['id']}")).json() == user

    asked(database, scenario)
    assert [event.action for event in audit_log.events(database)] == ["user.created"]


@on_postgresql
def test_a_server_that_is_stopped_gives_up_what_waits(database: Database) -> None:
    """Its grace is a second; then the request is cancelled, in the database too."""
    server = Server(database)
    user = added(server.client, "ada@example.com")
    with psycopg.connect(database.text) as holder:
        holder.execute("SELECT id FROM users FOR UPDATE")
        asking = threading.Thread(target=_delete_in_vain, args=(server, user["id"]))
        asking.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        deadline = time.monotonic() + 10
        while database.rows(waiting) != [(1,)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=20)
        assert database.rows(waiting) == [(0,)]
        asking.join(timeout=20)
    server.close()
    assert [event.action for event in audit_log.events(database)] == ["user.created"]
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert database.rows(ours) == [(0,)]


def _delete_in_vain(server: Server, user_id: str) -> None:
    with suppress(httpx.HTTPError):  # the connection was closed without an answer
        assert httpx.delete(f"{server.url}{USERS}/{user_id}", timeout=20).status_code == 500


def test_it_does_not_start_on_a_schema_that_is_not_at_head(empty_database: Database) -> None:
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch()

    async def nothing(_: httpx.AsyncClient, __: Any) -> None:
        raise AssertionError("it started")

    with pytest.raises(SchemaNotCurrent, match="run: usercli db upgrade"):
        asked(empty_database, nothing)


def test_a_database_that_cannot_be_used_is_503(database: Database) -> None:
    async def scenario(client: httpx.AsyncClient, _: Any) -> None:
        database.rows("ALTER TABLE users RENAME TO gone")
        assert answer(await client.get(USERS)) == (
            503,
            {"error": f"the schema of {database.url.where} is not complete; run: usercli db check"},
        )

    asked(database, scenario)
