"""A change in the table of another program that is killed is whole or absent, and their service goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Database, run_here
from tests.test_mapped_changes import OTHER, mapped
from tests.test_mapped_table import POSTGRESQL

pytestmark = [pytest.mark.process, POSTGRESQL]

USERS = 1000
_LONGEST_WAIT = 5.0  # seconds
_MORE = f"""
    INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
        date_joined)
    SELECT '!x', false, 'u' || i, 'Old', 'Name', 'u' || i || '@example.com', false, true, now()
    FROM generate_series(1, {USERS}) AS i
"""
#: What each command changes, and how it is seen in a row.
CHANGES = {
    "user.updated": (["update", "@who", "--name", "New Name"], "first_name = 'New'"),
    "user.deactivated": (["deactivate", "@who"], "NOT is_active"),
    "password.set": (["password", "set", "u1@example.com", "--password-stdin"], "password <> '!x'"),
    "user.created": (["create", "eve@example.com", "--no-password"], "email = 'eve@example.com'"),
}


class Service(threading.Thread):
    """Django's side: signs people in and up, one after the other."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._url = database.text
        self.longest, self.number = 0.0, 0
        self.done = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                while not self.done.is_set():
                    self._work(connection)
        except Exception as error:
            self.failure = error

    def _work(self, connection: psycopg.Connection) -> None:
        start = time.monotonic()
        self.number += 1
        connection.execute(
            "UPDATE auth_user SET last_login = now() WHERE username = %s", (f"u{self.number % USERS + 1}",)
        )
        connection.execute(
            "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, "
            "is_active, date_joined) VALUES ('!x', false, %s, '', '', %s, false, true, now())",
            (f"new{self.number}", f"new{self.number}@example.org"),
        )
        self.longest = max(self.longest, time.monotonic() - start)
        time.sleep(0.005)


def killed(arguments: list[str], after: float | None) -> float:
    """Run a command, and kill it after so many seconds, or never; how long it took."""
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "usercli", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        process.stdin.write(OTHER.encode())
        process.stdin.close()
        try:
            code = process.wait(after or 60)
            assert process.stderr
            assert code == 0, process.stderr.read()
        except subprocess.TimeoutExpired:
            assert after is not None
            process.kill()
    return time.monotonic() - start


def wait_until_gone(database: Database) -> None:
    """The server notices that nobody is there."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name LIKE 'usercli%' AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    limit = time.monotonic() + 30
    while database.rows(query) != [(0,)]:
        assert time.monotonic() < limit
        time.sleep(0.05)


def require_whole(database: Database, action: str, seen: str) -> bool:
    """All of a change is there, in their table and in our log, or none of it; whether it is."""
    changed = {row[0] for row in database.rows(f"SELECT id::text FROM auth_user WHERE {seen}")}
    told = {
        row[0] for row in database.rows("SELECT target_id FROM usercli.audit_events WHERE action = :a", a=action)
    }
    assert changed == told, (action, len(changed), len(told))
    assert len(changed) in (0, 1, USERS)
    return bool(changed)


def forget(database: Database) -> None:
    """The table as it was, and an empty log."""
    database.rows("DELETE FROM auth_user WHERE email = 'eve@example.com'")
    database.rows(
        "UPDATE auth_user SET first_name = 'Old', is_active = true, password = '!x' WHERE username LIKE 'u%'"
    )
    database.rows("ALTER TABLE usercli.audit_events DISABLE TRIGGER USER")
    database.rows("DELETE FROM usercli.audit_events")
    database.rows("ALTER TABLE usercli.audit_events ENABLE TRIGGER USER")
    database.rows("DELETE FROM usercli.mapped_users")


def _kill_at(
    database: Database, home: Path, monkeypatch: pytest.MonkeyPatch, actions: list[str], moments: int
) -> list[bool]:
    mapped(home, database, "django")
    database.rows("DELETE FROM auth_user")
    database.rows(_MORE)
    monkeypatch.chdir(home)
    (home / "who").write_text("".join(f"u{number}@example.com\n" for number in range(1, USERS + 1)))
    service = Service(database)
    service.start()
    outcomes = []
    try:
        for action in actions:
            arguments, seen = CHANGES[action]
            whole = killed(arguments, None)
            assert require_whole(database, action, seen)
            forget(database)
            for number in range(moments):
                killed(arguments, whole * (number + 1) / (moments + 1))
                wait_until_gone(database)
                outcomes.append(require_whole(database, action, seen))
                assert run_here("audit", "verify", "-q")[1] in ("true\n", "")
                forget(database)
    finally:
        service.done.set()
        service.join()
    assert service.failure is None
    assert service.number > 10
    assert service.longest < _LONGEST_WAIT
    return outcomes


def test_a_killed_change_is_whole_or_absent(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_at(empty_database, clean_environment, monkeypatch, ["user.updated"], 3)


@pytest.mark.slow
def test_twenty_kills_of_each_change(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = _kill_at(empty_database, clean_environment, monkeypatch, list(CHANGES), 20)
    assert len(outcomes) == 20 * len(CHANGES)
    assert not all(outcomes)
