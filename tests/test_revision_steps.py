"""Each revision has limits of its own, and builds its indexes while others write."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests import poolers
from tests.conftest import Database, run_here, server_url
from tests.test_migrations import _UPGRADE, HEAD, REVISIONS, at, broken, copied, empty  # noqa: F401 - fixtures
from usercli.database import migrations
from usercli.database import url as database_url

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
LIMITS = "SET LOCAL lock_timeout = '5s';\n\nSET LOCAL statement_timeout = '1h';\n"
NEW = "20991231_0000"
INDEX = "ix_users_full_name"
REVISION = f'''"""Find users by name.

Revision: {NEW}
Revises: {HEAD}
"""

from alembic import op

revision = "{NEW}"
down_revision = "{HEAD}"


def upgrade():
    op.create_index("{INDEX}", "users", ["full_name"], postgresql_concurrently=True)


def downgrade():
    op.drop_index("{INDEX}", "users", postgresql_concurrently=True)
'''
STATE = f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{INDEX}')"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'ROLLBACK'"


@pytest.fixture
def building(database: Database, environment: Path, copied: Path) -> Path:  # noqa: F811 - a fixture
    """A folder of migrations whose newest revision builds an index, and a database with users before it."""
    (copied / "versions" / f"{NEW}_index_names.py").write_text(REVISION)
    database.rows(
        "INSERT INTO users (email, email_key, hashed_password) VALUES"
        " ('ada@example.com', 'ada@example.com', '!'), ('bob@example.com', 'bob@example.com', '!')"
    )
    return copied


def upgrading(folder: Path) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", _UPGRADE, str(folder), "db", "upgrade", "-q"]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def older_transaction(database: Database) -> Iterator[None]:
    """Another session in a transaction that has written to the table: a build waits for its end."""
    with psycopg.connect(database.text) as other:
        other.execute("UPDATE users SET full_name = 'Ada' WHERE email_key = 'ada@example.com'")
        yield


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


# -- limits


@on_postgresql
@pytest.mark.parametrize(
    ("way", "number"), [([], len(REVISIONS)), (["--down", f"{HEAD}:base"], len(REVISIONS))], ids=["up", "down"]
)
def test_the_sql_of_each_revision_begins_with_its_limits(
    database: Database, environment: Path, way: list[str], number: int
) -> None:
    code, sql, _ = run_here("db", "sql", *way)
    steps = re.findall(r"^-- Running (?:up|down)grade .*\n\n((?:.*\n){3})", sql, re.MULTILINE)
    assert (code, steps) == (0, [LIMITS] * number)


@on_postgresql
def test_the_settings_count(database: Database, environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_LOCK_TIMEOUT", "2")
    monkeypatch.setenv("USERCLI_STATEMENT_TIMEOUT", "90")
    sql = run_here("db", "sql")[1]
    assert sql.count(LIMITS.replace("5s", "2s").replace("1h", "90s")) == len(REVISIONS)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_sql_for_sqlite_has_none(database: Database, environment: Path) -> None:
    assert "timeout" not in run_here("db", "sql")[1]


@on_postgresql
def test_what_a_revision_sets_does_not_reach_the_next(
    empty: Database,  # noqa: F811 - a fixture
    copied: Path,  # noqa: F811 - a fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = tmp_path / "shown"
    broken(copied, REVISIONS[0], "upgrade", "op.execute(\"SET LOCAL lock_timeout = '1ms'\")")
    look = "SELECT current_setting('lock_timeout') || current_setting('statement_timeout')"
    write = f'open("{shown}", "w").write(op.get_bind().exec_driver_sql("{look}").scalar())'
    broken(copied, REVISIONS[1], "upgrade", write)
    monkeypatch.setenv("USERCLI_STATEMENT_TIMEOUT", "90")
    assert run_here("db", "upgrade")[0] == 0
    assert shown.read_text() == "5s90s"


# -- an index that is built concurrently


def test_an_index_is_built_and_dropped_on_both_engines(database: Database, building: Path) -> None:
    names = "SELECT name FROM sqlite_master" if database.engine == "sqlite" else "SELECT indexname FROM pg_indexes"
    for _ in range(2):
        assert run_here("db", "upgrade", "-q")[:2] == (0, f"{NEW}\n")
        assert (INDEX,) in database.rows(names)
        assert run_here("db", "upgrade", "-q")[:2] == (0, "")
        assert run_here("db", "downgrade", "-1", "--yes", "-q")[:2] == (0, f"{NEW}\n")
        assert (INDEX,) not in database.rows(names)
        assert at(database) == [HEAD]


@on_postgresql
def test_an_index_is_built_in_the_schema_of_the_setting(
    database: Database, building: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_SCHEMA", "own")
    assert run_here("db", "upgrade", "-q")[0] == 0
    query = f"SELECT schemaname::text FROM pg_indexes WHERE indexname = '{INDEX}'"
    assert database.rows(query) == [("own",)]
    assert run_here("db", "downgrade", "-1", "--yes", "-q")[:2] == (0, f"{NEW}\n")
    assert database.rows(query) == []


@pytest.mark.slow
@on_postgresql
def test_others_write_while_it_is_built(database: Database, building: Path) -> None:
    longest, writes, done = 0.0, 0, threading.Event()

    def write() -> None:
        nonlocal longest, writes
        with psycopg.connect(database.text, autocommit=True) as other:
            while not done.is_set():
                began = time.monotonic()
                other.execute("UPDATE users SET full_name = full_name || 'x' WHERE email_key = 'bob@example.com'")
                longest, writes = max(longest, time.monotonic() - began), writes + 1

    writer = threading.Thread(target=write)
    with older_transaction(database):
        process = upgrading(building)
        wait_until(lambda: database.rows(STATE) == [(False,)])
        writer.start()
        time.sleep(0.5)
        assert process.poll() is None  # it waits for the older transaction, and they do not wait for it
        done.set()
        writer.join()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"{NEW}\n")
    assert writes > 20
    assert longest < 0.5
    assert database.rows(STATE) == [(True,)]


@pytest.mark.process
@on_postgresql
def test_what_a_kill_leaves_is_built_anew(database: Database, building: Path) -> None:
    with older_transaction(database):
        process = upgrading(building)
        wait_until(lambda: database.rows(STATE) == [(False,)])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        builds = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'"
        database.rows(builds)  # the server goes on building
    assert (database.rows(STATE), at(database)) == ([(False,)], [HEAD])
    assert run_here("db", "upgrade", "-q")[:2] == (0, f"{NEW}\n")
    assert (database.rows(STATE), at(database)) == ([(True,)], [NEW])


@on_postgresql
def test_an_index_that_is_there_is_not_built_again(database: Database, building: Path) -> None:
    """As after a kill between the build and the row of the version."""
    database.rows(f"CREATE INDEX {INDEX} ON users (full_name)")
    [before] = database.rows(f"SELECT '{INDEX}'::regclass::oid::text")
    assert run_here("db", "upgrade", "-q")[:2] == (0, f"{NEW}\n")
    assert database.rows(f"SELECT '{INDEX}'::regclass::oid::text") == [before]


@pytest.mark.slow
@on_postgresql
def test_deployers_that_wait_do_not_hold_up_the_one_that_builds(database: Database, building: Path) -> None:
    with older_transaction(database):
        processes = [upgrading(building) for _ in range(3)]
        wait_until(lambda: database.rows(STATE) == [(False,)])
        wait_until(lambda: database.rows(WAITING) == [(2,)])
    ended = [process.communicate(timeout=60)[0] for process in processes]
    assert sorted(ended) == ["", "", f"{NEW}\n"]
    assert [process.returncode for process in processes] == [0, 0, 0]


@on_postgresql
def test_after_other_statements_it_is_refused_and_nothing_is_done(database: Database, building: Path) -> None:
    [path] = (building / "versions").glob(f"{NEW}*")
    path.write_text(REVISION.replace("    op.create", "    op.execute('CREATE TABLE t ()')\n    op.create"))
    assert run_here("db", "upgrade") == (
        2,
        "",
        f"error: the index {INDEX} is built concurrently, outside the transaction: "
        "a revision does that before all else, or in a revision of its own\n",
    )
    assert (database.rows("SELECT to_regclass('t')::text"), at(database)) == ([(None,)], [HEAD])


@on_postgresql
def test_the_sql_builds_it_outside_the_transaction(database: Database, building: Path) -> None:
    span = f"{HEAD}:{NEW}"
    for _ in range(2):  # a valid index is made anew
        with psycopg.connect(database.text, autocommit=True) as server:
            for statement in run_here("db", "sql", span)[1].split(";\n"):
                server.execute(statement)  # type: ignore[call-overload]  # as psql would
        assert (database.rows(STATE), at(database)) == ([(True,)], [NEW])
    with psycopg.connect(database.text, autocommit=True) as server:
        for statement in run_here("db", "sql", f"{NEW}:{HEAD}", "--down")[1].split(";\n"):
            server.execute(statement)  # type: ignore[call-overload]  # text of our own
    assert (database.rows(STATE), at(database)) == ([], [HEAD])


@on_postgresql
@pytest.mark.skipif(poolers.PROGRAM is None, reason="there is no pgbouncer on this machine")
def test_behind_a_pooler_no_setting_is_left_in_its_sessions(
    database: Database, building: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with poolers.pgbouncer(server_url("postgres"), tmp_path / "pooler") as start:
        pooled = f"{start}{database.url.database}"
        migrations.upgrade(database_url.parse(pooled))
        with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as other:
            assert other.execute("SHOW lock_timeout").fetchall() == [("0",)]
    assert database.rows(STATE) == [(True,)]


@pytest.mark.slow
@on_postgresql
def test_a_long_build_is_not_taken_for_a_silent_server(
    database: Database, building: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_NETWORK_TIMEOUT", "3")
    with older_transaction(database):
        process = upgrading(building)
        wait_until(lambda: database.rows(STATE) == [(False,)])
        time.sleep(6)
        assert process.poll() is None
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"{NEW}\n"), err
