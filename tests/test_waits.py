"""No operation of PostgreSQL waits without a bound, or for long without a word."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from tests.conftest import Cli, Database
from tests.tcp_proxy import Fault, Proxy
from usercli.config import Settings
from usercli.database import bounded_connection, revision_steps
from usercli.database import url as database_url
from usercli.database.engine import open_engine
from usercli.database.timeouts import Timeouts
from usercli.errors import DatabaseUnavailable, DatabaseUnreachable
from usercli.repositories.advisory_locks import AUDIT_LOG, IMPORTS

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

SILENT = "did not answer in time; nothing was changed; check that it runs, and the network"


@contextmanager
def held(database: Database, *statements: str) -> Iterator[psycopg.Connection]:
    """Another session, `psql`, in a transaction after these statements."""
    with psycopg.connect(database.text, application_name="psql") as session:
        for statement in statements:
            session.execute(statement)
        yield session


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give settings in seconds by the environment; what is waited for is told after a quarter of a second."""
    monkeypatch.setattr(bounded_connection, "_LOOK_AFTER", 0.25)

    def give(**seconds: int) -> None:
        for name, value in seconds.items():
            monkeypatch.setenv(f"USERCLI_{name.upper()}_TIMEOUT", str(value))

    return give


# -- settings


def test_timeouts_are_settings(
    clean_environment: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", database.text)
    assert Settings().target.url.timeouts == Timeouts(connect=10, lock=30, statement=0, network=60)
    (clean_environment / "config.toml").write_text("lock_timeout = 5\nnetwork_timeout = 7\nconnect_timeout = 4\n")
    monkeypatch.setenv("USERCLI_CONFIG", str(clean_environment / "config.toml"))
    monkeypatch.setenv("USERCLI_STATEMENT_TIMEOUT", "9")
    (clean_environment / ".env").write_text("USERCLI_CONNECT_TIMEOUT=3\n")
    assert Settings().target.url.timeouts == Timeouts(connect=3, lock=5, statement=9, network=7)


@pytest.mark.parametrize("name", ["connect", "lock", "network"])
def test_a_wait_without_a_bound_cannot_be_set(cli: Cli, brief: Callable[..., None], name: str) -> None:
    brief(**{name: 0})
    code, _, err = cli("list")
    assert code == 2
    assert (
        f"the setting {name}_timeout (environment USERCLI_{name.upper()}_TIMEOUT) is not valid: must be from" in err
    )


def test_each_transaction_has_its_limits(database: Database) -> None:
    """Also where the session was changed meanwhile, as behind a pooler that shares sessions."""
    url = replace(database.url, timeouts=Timeouts(lock=7, statement=90))
    engine = open_engine(url)
    shown = text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    with engine.connect() as connection:
        for _ in range(2):
            assert tuple(connection.execute(shown).one()) == ("7s", "90s")
            connection.execute(text("SET SESSION lock_timeout = 0"))
            connection.execute(text("SET SESSION statement_timeout = 0"))
            connection.commit()


def test_a_limit_of_statements_that_is_not_set_leaves_that_of_the_server(database: Database) -> None:
    database.rows(f"ALTER DATABASE \"{database.url.database}\" SET statement_timeout = '77s'")
    with open_engine(replace(database.url, timeouts=Timeouts())).connect() as connection:
        assert connection.scalar(text("SELECT current_setting('statement_timeout')")) == "77s"


def test_the_link_is_watched_by_the_system_too(database: Database) -> None:
    url = replace(database.url, timeouts=Timeouts(network=12, connect=4), query=(("keepalives_count", "5"),))
    with open_engine(url).connect() as connection:
        given = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]  # is there
    names = "connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"
    assert [given[name] for name in names] == ["4", "6", "2", "5", "12000"]


# -- locks


LOCKS = {
    "row": ("SELECT 1 FROM users FOR UPDATE", "a row of users", "the table users"),
    "table": ("LOCK TABLE users IN ACCESS EXCLUSIVE MODE", "the table users", "the table users"),
    "log": (f"SELECT pg_advisory_xact_lock({AUDIT_LOG})", "the end of the audit log", "this data"),
}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_told_and_not_waited_for_without_end(
    database: Database, cli: Cli, ada: object, brief: Callable[..., None], lock: str
) -> None:
    statement, what, blocked = LOCKS[lock]
    brief(lock=1)
    with held(database, statement) as session:
        pid = session.info.backend_pid
        began = time.monotonic()
        code, out, err = cli("update", "ada@example.com", "--name", "Ada")
        took = time.monotonic() - began
    assert (code, out) == (5, "")
    waits, error = err.splitlines()
    assert waits.startswith(f"waiting for {what}, locked by process {pid} (psql) since 20")
    assert error == f"error: another session holds a lock on {blocked}; try again later"
    assert 0.9 < took < 3


@pytest.mark.parametrize(
    ("table", "line"), [("users", "db check"), ("alembic_version", "list"), ("roles", "show ada@example.com")]
)
def test_the_locked_table_is_named_whatever_the_statement_says(
    database: Database, cli: Cli, ada: object, brief: Callable[..., None], table: str, line: str
) -> None:
    brief(lock=1)
    with held(database, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
        code, _, err = cli(*line.split())
    assert code == 5
    assert err.splitlines()[1:] == [f"error: another session holds a lock on the table {table}; try again later"]


@pytest.mark.parametrize("line", ["db upgrade", "db upgrade --dry-run", "db downgrade -1 --dry-run"])
def test_a_migration_waits_once_and_not_for_long(
    database: Database, cli: Cli, brief: Callable[..., None], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    brief()
    monkeypatch.setattr(revision_steps, "_LOCK_SECONDS", 1)
    with held(database, "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE") as session:
        pid = session.info.backend_pid
        began = time.monotonic()
        code, _, err = cli(*line.split())
        took = time.monotonic() - began
    waits, error = err.splitlines()
    assert (code, took < 4) == (5, True)
    assert waits.startswith(f"waiting for the table alembic_version, locked by process {pid} (psql) since 20")
    assert error.startswith(f"error: the table alembic_version is locked by process {pid} (psql) since 20")
    assert error.endswith("; nothing was changed; try again later")


def test_an_import_that_waits_for_another_says_so(
    database: Database, cli: Cli, brief: Callable[..., None], clean_environment: Path
) -> None:
    brief(lock=1)
    Path("users.csv").write_text("email\nzoe@example.com\n")
    with held(database, f"SELECT pg_advisory_xact_lock({IMPORTS})"):
        code, _, err = cli("import", "users.csv")
    assert code == 5
    assert next(line for line in err.splitlines() if line.startswith("waiting for")).startswith(
        "waiting for the lock of imports, locked by process"
    )


def test_a_service_gets_what_is_waited_for_as_a_log_record(
    database: Database,
    ada: object,
    brief: object,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from usercli.database.async_unit_of_work import AsyncDatabase
    from usercli.schemas.users import UserKey, UserUpdate
    from usercli.services.users import update_users

    async def change() -> None:
        service = AsyncDatabase(replace(database.url, timeouts=Timeouts(lock=1)))
        async with service.session() as session:
            with pytest.raises(DatabaseUnavailable):
                key = UserKey.parse("ada@example.com")
                await session.run(lambda uow: update_users([key], UserUpdate(full_name="A"), uow))
        await service.close()

    logging.getLogger("usercli.waits").handlers.clear()
    with held(database, LOCKS["row"][0]), caplog.at_level(logging.WARNING, "usercli.waits"):
        asyncio.run(change())
    assert [record.name for record in caplog.records] == ["usercli.waits"]
    assert caplog.records[0].getMessage().startswith("waiting for a row of users, locked by process")
    assert capsys.readouterr() == ("", "")


@pytest.mark.process
def test_an_interrupt_is_heard_while_a_lock_is_waited_for(
    database: Database, environment: Path, ada: object
) -> None:
    with held(database, LOCKS["row"][0]):
        line = [sys.executable, "-m", "usercli", "update", "ada@example.com", "--name", "Ada"]
        process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("waiting for a row of users")
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.wait(10) == 130
        assert time.monotonic() - began < 1.5
        assert process.stderr.read() == "interrupted\n"
        process.stderr.close()


# -- a network that swallows


@pytest.mark.parametrize("everywhere", [False, True], ids=["one", "all"])
@pytest.mark.parametrize(
    ("fault", "word"), [("swallow", b"SELECT"), ("swallow", b"INSERT INTO"), ("mute", b"INSERT INTO")]
)
def test_a_silent_network_ends_a_command_within_its_bound(
    database: Database,
    cli: Cli,
    brief: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    word: bytes,
    everywhere: bool,
) -> None:
    brief(network=1, connect=2)
    with Proxy(database.text, fault, word, everywhere=everywhere) as proxy:
        monkeypatch.setenv("USERCLI_DATABASE_URL", proxy.url)
        began = time.monotonic()
        code, out, err = cli("create", "zoe@example.com", "--no-password")
        took = time.monotonic() - began
        where = database_url.parse(proxy.url).where
    said = f"the server at {where} {SILENT}"
    if word == b"SELECT":  # which every transaction begins with
        said = f"cannot use the database at {where}: the server {SILENT.replace('; nothing was changed', '')}"
    assert (code, out, err) == (5, "", f"error: {said}\n")
    assert took < 1 + 5
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


def test_a_server_that_works_on_a_statement_is_not_silent(database: Database) -> None:
    url = replace(database.url, timeouts=Timeouts(network=1))
    with open_engine(url).connect() as connection:
        assert connection.scalar(text("SELECT 'done' FROM pg_sleep(2.5)")) == "done"


def test_a_copy_that_nobody_takes_ends_within_its_bound(database: Database) -> None:
    from usercli.database.engine import sessions
    from usercli.repositories.postgres_copy import copy_rows

    with Proxy(database.text, "swallow", b"COPY") as proxy:
        url = replace(database_url.parse(proxy.url), timeouts=Timeouts(network=1))
        with sessions(open_engine(url))() as session:
            session.execute(text("SELECT 1"))
            began = time.monotonic()
            with pytest.raises(DatabaseUnreachable) as caught:
                copy_rows(session, "roles", ["name"], ("x" * 1000 + "\n" for _ in range(100_000)))
    assert time.monotonic() - began < 6
    assert SILENT in caught.value.message


def test_an_interrupt_ends_a_statement(database: Database) -> None:
    with interrupted_soon(), open_engine(database.url).connect() as connection, pytest.raises(KeyboardInterrupt):
        connection.execute(text("SELECT pg_sleep(20)"))
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    assert database.rows(sleeping) == [(0,)]


@pytest.mark.parametrize("everywhere", [False, True], ids=["one", "all"])
def test_an_interrupt_ends_the_wait_for_a_silent_server(database: Database, everywhere: bool) -> None:
    with Proxy(database.text, "swallow", b"word", everywhere=everywhere) as proxy:
        engine = open_engine(replace(database_url.parse(proxy.url), timeouts=Timeouts(network=30)))
        with interrupted_soon(), engine.connect() as connection, pytest.raises(KeyboardInterrupt):
            connection.execute(text("SELECT 'word'"))


@contextmanager
def interrupted_soon() -> Iterator[None]:
    """Ctrl-C after a while, which ends the block within three seconds."""
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 0.5 + 3
