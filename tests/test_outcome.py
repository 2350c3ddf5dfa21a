"""A commit whose answer was lost is looked up: it is done, or nothing was changed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from tests.tcp_proxy import Fault, Proxy
from usercli.database import url as database_url
from usercli.database.timeouts import Timeouts
from usercli.errors import DatabaseUnreachable, OutcomeUnknown
from usercli.schemas.users import UserCreate
from usercli.services.users import create_user

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

COMMIT = b"COMMIT\0"  # not READ COMMITTED
#: What happens at COMMIT, and whether the server gets it.
FAULTS: dict[Fault, bool] = {"cut_before": False, "cut_after": True, "swallow": False, "mute": True}


@pytest.fixture(autouse=True)
def brief(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("NETWORK", "1"), ("CONNECT", "2"), ("LOCK", "3")):
        monkeypatch.setenv(f"USERCLI_{name}_TIMEOUT", seconds)


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[[Proxy], str]:
    """Let the command line reach the database through a proxy; what it calls the database then."""

    def go(proxy: Proxy) -> str:
        monkeypatch.setenv("USERCLI_DATABASE_URL", proxy.url)
        return database_url.parse(proxy.url).where

    return go


def broke(where: str) -> str:
    return f"the connection to {where} broke while committing"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_is_looked_up(
    database: Database, cli: Cli, through: Callable[[Proxy], str], monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    with Proxy(database.text, fault, COMMIT) as proxy:
        where = through(proxy)
        code, out, err = cli("create", "zoe@example.com", "--no-password", "-q")
    users = database.rows("SELECT id::text FROM users WHERE email = 'zoe@example.com'")
    assert proxy.faults == 1
    if FAULTS[fault]:
        [(user,)] = users
        assert (code, out, err) == (0, f"{user}\n", f"created zoe@example.com on {where}\n")
    else:
        assert (code, out, err, users) == (5, "", f"error: {broke(where)}; nothing was changed\n", [])
    monkeypatch.setenv("USERCLI_DATABASE_URL", database.text)
    assert cli("audit", "verify")[0] == 0


def test_a_session_that_is_left_behind_is_ended(
    database: Database, cli: Cli, through: Callable[[Proxy], str]
) -> None:
    """It never gets the COMMIT, nor hears that the client is gone, and holds the lock of the log."""
    with Proxy(database.text, "swallow", COMMIT, client_closes=False) as proxy:
        where = through(proxy)
        began = time.monotonic()
        code, _, err = cli("create", "zoe@example.com", "--no-password")
        assert (code, err) == (5, f"error: {broke(where)}; nothing was changed\n")
        assert time.monotonic() - began < 1 + 5
        assert cli("create", "zoe@example.com", "--no-password")[0] == 0


@pytest.mark.parametrize("fault", ["swallow", "mute"])
def test_unknown_only_where_nobody_answers(
    database: Database, cli: Cli, through: Callable[[Proxy], str], fault: Fault
) -> None:
    with Proxy(database.text, fault, COMMIT, everywhere=True) as proxy:
        where = through(proxy)
        began = time.monotonic()
        code, out, err = cli("create", "zoe@example.com", "--no-password")
        assert time.monotonic() - began < 1 + 2 + 5
    assert (code, out) == (5, "")
    start = f"error: {broke(where)}: the outcome of the change "
    middle = " is unknown; once the database answers, the audit log has the change if it took place; "
    assert err.startswith(start)
    change, _, told = err.removeprefix(start).removesuffix("\n").partition(middle)
    assert told == f"run: usercli audit log --change {change}"
    listed = database.rows("SELECT action FROM audit_events WHERE change_id = :id", id=change)
    assert listed == ([("user.created",)] if FAULTS[fault] else [])


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_password_file_stays_if_and_only_if_it_is_in_force(
    database: Database, cli: Cli, ada: object, through: Callable[[Proxy], str], fault: Fault
) -> None:
    with Proxy(database.text, fault, COMMIT) as proxy:
        through(proxy)
        code, _, err = cli("password", "reset", "ada@example.com", "--secret-out", "secret.csv", "--yes")
    assert (code, Path("secret.csv").exists()) == ((0, True) if FAULTS[fault] else (5, False)), err


LINES = {
    "import": ("import", "users.csv"),
    "batch": ("batch", "commands.txt", "--atomic"),
    "role": ("role", "create", "reader"),
    "erase": ("privacy", "erase", "ada@example.com", "--confirm", "ada@example.com"),
    "undo": ("undo", "{change}", "--yes"),
}


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
@pytest.mark.parametrize("line", LINES)
def test_every_change_is_looked_up(
    database: Database, cli: Cli, ada: object, through: Callable[[Proxy], str], line: str, fault: Fault
) -> None:
    Path("users.csv").write_text("email\nzoe@example.com\nsue@example.com\n")
    Path("commands.txt").write_text("create zoe@example.com --no-password\nupdate ada@example.com --name A\n")
    change = cli("changes", "--limit", "1", "-q")[1].strip()
    before = database.rows("SELECT count(*) FROM audit_events")
    with Proxy(database.text, fault, COMMIT) as proxy:
        where = through(proxy)
        code, _, err = cli(*(word.format(change=change) for word in LINES[line]))
    changed = database.rows("SELECT count(*) FROM audit_events") != before
    if FAULTS[fault]:
        assert (code, changed) == (0, True), err
    else:
        assert (code, changed) == (5, False), err
        assert err.endswith(f"error: {broke(where)}; nothing was changed\n")


def test_a_chunk_of_a_resumed_import_is_not_taken_for_the_one_before(
    database: Database, cli: Cli, through: Callable[[Proxy], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All chunks are one change: its id alone would say that the last one is there too."""
    monkeypatch.setattr("usercli.services.imports.session.CHUNK", 2)
    Path("users.csv").write_text("email\n" + "".join(f"user{number}@example.com\n" for number in range(6)))
    begin, first = 1, 1
    with Proxy(database.text, "cut_before", COMMIT, skip=begin + first) as proxy:
        through(proxy)
        assert cli("import", "users.csv", "--resume")[0] == 5
    assert database.rows("SELECT count(*) FROM users") == [(2,)]
    monkeypatch.setenv("USERCLI_DATABASE_URL", database.text)
    assert cli("import", "users.csv", "--resume")[0] == 0
    assert database.rows("SELECT count(*), count(DISTINCT email) FROM users") == [(6, 6)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_hears_what_became_of_it(database: Database, fault: Fault) -> None:
    from usercli.database.async_unit_of_work import AsyncDatabase

    async def create() -> None:
        service = AsyncDatabase(
            replace(database_url.parse(proxy.url), timeouts=Timeouts(network=1, connect=2, lock=3))
        )
        try:
            async with service.session() as session:
                data = UserCreate.model_validate({"email": "zoe@example.com"})
                await session.run(lambda uow: create_user(data, uow))
            async with service.session() as session:  # the pool has no connection that is lost
                await session.run(lambda uow: uow.__enter__().users.count())
        finally:
            await service.close()

    with Proxy(database.text, fault, COMMIT) as proxy:
        if FAULTS[fault]:
            asyncio.run(create())
        else:
            with pytest.raises(DatabaseUnreachable) as caught:
                asyncio.run(create())
            assert not isinstance(caught.value, OutcomeUnknown)
    assert database.rows("SELECT count(*) FROM users") == [(1 if FAULTS[fault] else 0,)]


@pytest.mark.slow
def test_fifty_lost_answers_have_one_effect_each_and_the_right_word(
    database: Database, cli: Cli, through: Callable[[Proxy], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(1)
    for number in range(50):
        fault = chance.choice(list(FAULTS))
        with Proxy(database.text, fault, COMMIT, client_closes=chance.random() < 0.5) as proxy:
            where = through(proxy)
            code, _, err = cli("create", f"user{number}@example.com", "--no-password")
        there = database.rows("SELECT 1 FROM users WHERE email = :email", email=f"user{number}@example.com")
        if FAULTS[fault]:
            assert (code, err, there) == (0, f"created user{number}@example.com on {where}\n", [(1,)])
        else:
            assert (code, err, there) == (5, f"error: {broke(where)}; nothing was changed\n", [])
    monkeypatch.setenv("USERCLI_DATABASE_URL", database.text)
    assert cli("audit", "verify")[0] == 0
