"""A unit of work that the database aborted, or whose connection was lost, is run again, exactly once in effect."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Cli, Database
from tests.tcp_proxy import Proxy
from usercli.database import url as database_url
from usercli.database.retries import Attempts
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import (
    DatabaseUnreachable,
    EmailTaken,
    OutcomeUnknown,
    TransactionAborted,
    UserCliError,
)
from usercli.schemas.users import UserCreate, UserKey, UserUpdate
from usercli.services.users import create_user, update_users

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

COMMIT = b"COMMIT\0"


def new(email: str) -> UserCreate:
    return UserCreate.model_validate({"email": email})


# -- how often, how long


def test_an_aborted_transaction_is_tried_five_times_more() -> None:
    attempts = Attempts(0)
    pauses = [attempts.pause_after(TransactionAborted("again")) for _ in range(6)]
    assert pauses[-1] is None
    assert all(pause is not None and 0 <= pause <= 0.1 * 2**number for number, pause in enumerate(pauses[:-1], 1))


def test_a_lost_connection_is_tried_again_for_so_long() -> None:
    attempts = Attempts(0.2)
    pause = attempts.pause_after(DatabaseUnreachable("gone"))
    assert pause is not None
    assert pause <= 0.2
    time.sleep(0.25)
    assert attempts.pause_after(DatabaseUnreachable("gone")) is None


@pytest.mark.parametrize("error", [OutcomeUnknown("who knows"), EmailTaken(), UserCliError("a bug")])
def test_nothing_else_is_tried_again(error: UserCliError) -> None:
    assert Attempts(60).pause_after(error) is None


def test_a_lost_connection_is_not_tried_again_unasked() -> None:
    assert Attempts(0).pause_after(DatabaseUnreachable("gone")) is None


# -- a unit of work


def test_what_was_warned_of_and_logged_in_vain_is_forgotten(database: Database) -> None:
    uow, failures = database.uow(), [TransactionAborted("again")]

    def work() -> None:
        with uow.change("user.created", ["zoe@example.com"]):
            uow.warnings.append("a rule was lifted")
            if failures:
                raise failures.pop()
            create_user(new("zoe@example.com"), uow)
            uow.commit()

    uow.retrying(work)
    assert uow.warnings == ["a rule was lifted"]
    assert database.rows("SELECT action, outcome FROM audit_events") == [("user.created", "done")]


def test_inside_a_block_nothing_is_run_again(database: Database) -> None:
    uow, runs = database.uow(), []

    def work() -> None:
        runs.append(1)
        raise TransactionAborted("again")

    with pytest.raises(TransactionAborted), uow:
        uow.retrying(work)
    assert runs == [1]


WAITS_FOR = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND %s = ANY (pg_blocking_pids(pid))"


@contextmanager
def opposite_order(database: Database, *, deadlocks: int) -> Iterator[list[int]]:
    """Another program that locks bob and then ada, so often that a change of ada and bob meets it."""
    database.rows(f"ALTER DATABASE \"{database.url.database}\" SET deadlock_timeout = '100ms'")
    met: list[int] = []
    ready, stop = threading.Event(), threading.Event()

    def lock() -> None:
        with psycopg.connect(database.text, autocommit=True) as other, psycopg.connect(database.text) as watching:
            watching.autocommit = True
            while not stop.is_set() and len(met) < deadlocks:
                with other.transaction():
                    other.execute("SET LOCAL deadlock_timeout = '20s'")  # the victim is not this one
                    other.execute("SELECT 1 FROM users WHERE email = 'bob@example.com' FOR UPDATE")
                    ready.set()
                    while not stop.is_set():
                        if watching.execute(WAITS_FOR, [other.info.backend_pid]).fetchone():
                            other.execute("SELECT 1 FROM users WHERE email = 'ada@example.com' FOR UPDATE")
                            met.append(1)
                            break

    thread = threading.Thread(target=lock)
    thread.start()
    ready.wait(10)
    try:
        yield met
    finally:
        stop.set()
        thread.join(20)


@on_postgresql
def test_a_deadlock_runs_a_batch_again(database: Database, cli: Cli, make_user: Callable[..., object]) -> None:
    make_user("ada@example.com")
    make_user("bob@example.com")
    Path("commands").write_text("update ada@example.com --name New\nupdate bob@example.com --name New\n")
    with opposite_order(database, deadlocks=2) as met:
        code, out, err = cli("batch", "commands", "--atomic")
    assert (code, len(met)) == (0, 2), err
    assert [json.loads(line)["code"] for line in out.splitlines()] == [0, 0]
    assert err.startswith("ran 2 commands, 0 failed")
    assert database.rows("SELECT full_name, version FROM users") == [("New", 2), ("New", 2)]
    assert database.rows("SELECT count(*) FROM audit_events WHERE outcome <> 'done'") == [(0,)]


@on_postgresql
def test_a_batch_from_a_pipe_is_run_again_too(
    database: Database, cli: Cli, make_user: Callable[..., object]
) -> None:
    make_user("ada@example.com")
    make_user("bob@example.com")
    lines = "update ada@example.com --name New\nupdate bob@example.com --name New\ncreate x@x.org --no-password\n"
    with opposite_order(database, deadlocks=1) as met:
        code, out, err = cli("batch", "-", "--atomic", stdin=lines)
    assert (code, len(met), len(out.splitlines())) == (0, 1, 3), err


@on_postgresql
def test_a_service_runs_again_after_a_deadlock(database: Database, make_user: Callable[..., object]) -> None:
    from usercli.database.async_unit_of_work import AsyncDatabase

    make_user("ada@example.com")
    make_user("bob@example.com")

    def both(uow: UnitOfWork) -> None:
        with uow:
            for email in ("ada@example.com", "bob@example.com"):
                update_users([UserKey.parse(email)], UserUpdate(full_name="New"), uow)
            uow.commit()

    async def change() -> None:
        service = AsyncDatabase(database.url)
        async with service.session() as session:
            await session.run(lambda uow: uow.retrying(lambda: both(uow)))
        await service.close()

    with opposite_order(database, deadlocks=1) as met:
        asyncio.run(change())
    assert len(met) == 1
    assert database.rows("SELECT full_name, version FROM users") == [("New", 2), ("New", 2)]


@pytest.mark.slow
@on_postgresql
def test_thirty_pairs_of_batches_in_opposite_order_all_succeed(
    database: Database, environment: Path, make_user: Callable[..., object]
) -> None:
    from tests.concurrent_processes import at_once

    emails = "ada@example.com", "bob@example.com"
    for email in emails:
        make_user(email)
    jobs = []
    for name, order in (("one", emails), ("other", emails[::-1])):
        file = Path(name).absolute()
        file.write_text("".join(f"update {email} --name {name}{n}\n" for n in range(5) for email in order))
        jobs.append([["batch", str(file), "--atomic"]] * 30)
    assert {code for job in at_once(jobs) for code, *_ in job} == {0}


# -- a lost connection


@on_postgresql
def test_a_command_outlives_a_lost_connection(
    database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(database.text, "cut_before", b"INSERT INTO", times=2) as proxy:
        monkeypatch.setenv("USERCLI_DATABASE_URL", proxy.url)
        where = database_url.parse(proxy.url).where
        code, _, err = cli("create", "zoe@example.com", "--no-password", "--retry", "20")
    assert (code, proxy.faults) == (0, 2)
    assert err.splitlines()[0].startswith("waiting for the database: ")
    assert err.splitlines()[1:] == [f"created zoe@example.com on {where}"]
    assert database.rows("SELECT count(*) FROM users") == [(1,)]


@on_postgresql
@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
@pytest.mark.parametrize("line", ["create", "import", "resume", "batch", "reset"])
def test_a_lost_commit_has_exactly_one_effect(
    database: Database, cli: Cli, ada: object, monkeypatch: pytest.MonkeyPatch, line: str, fault: str
) -> None:
    monkeypatch.setattr("usercli.services.imports.session.CHUNK", 2)
    Path("users.csv").write_text("email\n" + "".join(f"user{number}@example.com\n" for number in range(5)))
    Path("commands").write_text("create zoe@example.com --no-password\nupdate ada@example.com --name A\n")
    words = {
        "create": ["create", "zoe@example.com", "--no-password"],
        "import": ["import", "users.csv"],
        "resume": ["import", "users.csv", "--resume"],
        "batch": ["batch", "commands", "--atomic"],
        "reset": ["password", "reset", "ada@example.com", "--yes", "--secret-out", "secret"],
    }[line]
    skip = 2 if line == "resume" else 0
    with Proxy(database.text, fault, COMMIT, times=2, skip=skip) as proxy:  # type: ignore[arg-type]  # of two
        monkeypatch.setenv("USERCLI_DATABASE_URL", proxy.url)
        code, _, err = cli(*words, "--retry", "20")
    assert code == 0, err
    events = {"create": 1, "import": 5, "resume": 5, "batch": 2, "reset": 1}[line]
    [(logged, outcomes)] = database.rows("SELECT count(*) - 1, min(outcome) FROM audit_events")
    assert (logged, outcomes) == (events, "done")
    if line == "reset":
        monkeypatch.setenv("USERCLI_DATABASE_URL", database.text)
        secret = Path("secret").read_text().splitlines()[1].partition(",")[2]
        assert cli("password", "verify", "ada@example.com", "--password-stdin", stdin=secret)[0] == 0


LATE = {
    "list": (["list", "--fields", "email"], "email\nada@example.com\n"),
    "batch": (["batch", "-"], '{"line": 1, "code": 0'),
}


@on_postgresql
@pytest.mark.parametrize("line", LATE)
def test_a_server_that_comes_late_is_waited_for(
    database: Database, ada: object, cli: Cli, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    words, printed = LATE[line]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    proxy: list[Proxy] = []
    timer = threading.Timer(
        0.7, lambda: proxy.append(Proxy(database.text, "mute", b"never", port=port).__enter__())
    )
    timer.start()
    monkeypatch.setenv("USERCLI_DATABASE_URL", f"postgresql://postgres@127.0.0.1:{port}/{database.url.database}")
    code, out, err = cli(*words, "--retry", "20", stdin="update ada@example.com --name Ada\n")
    proxy[0].__exit__()
    assert (code, out[: len(printed)]) == (0, printed)
    assert err.startswith("waiting for the database: cannot use the database at ")


@on_postgresql
def test_the_time_for_it_ends(database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(database.text, "cut_before", b"INSERT INTO", times=1000) as proxy:
        monkeypatch.setenv("USERCLI_DATABASE_URL", proxy.url)
        began = time.monotonic()
        code, _, err = cli("create", "zoe@example.com", "--no-password", "--retry", "1")
    assert (code, len(err.splitlines())) == (5, 2)
    assert 0.9 < time.monotonic() - began < 4
