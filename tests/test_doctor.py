"""`doctor`: a healthy database is all ok, each real defect is named, and nothing waits or changes."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator

from tests import poolers
from tests.conftest import Cli, Database, run_here, server, server_url
from usercli.cli import contract
from usercli.config import Settings
from usercli.database import migrations
from usercli.database import url as database_url
from usercli.database.grants import grants_sql
from usercli.passwords import PasswordHasher
from usercli.services.doctor import contents, examination, machine
from usercli.services.doctor import server as server_checks
from usercli.services.doctor.examination import examine, examine_database
from usercli.services.doctor.findings import Check
from usercli.times import sqlite_time, utcnow

pytestmark = pytest.mark.either_engine

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
OF_MACHINE = [check.name for check in machine.CHECKS]
OF_DATABASE = [check.name for check in (*server_checks.CHECKS, *contents.CHECKS)]

Rows = list[dict[str, str]]


def execute(database: Database, *statements: str) -> None:
    raw: Any
    if database.engine == "postgresql":
        raw = psycopg.connect(database.text, autocommit=True)
    else:
        raw = sqlite3.connect(database.url.database, isolation_level=None)
    for statement in statements:
        raw.execute(statement)
    raw.close()


def looked(cli: Cli, *options: str) -> tuple[int, Rows]:
    """The code and the rows of a run, which says nothing on stderr."""
    code, out, err = cli(*options, "doctor", "-o", "json")
    assert err == ""
    return code, json.loads(out)


def bad(rows: Rows) -> list[tuple[str, str, str]]:
    return [(row["check"], row["state"], row["said"]) for row in rows if row["state"] != "ok"]


def of(rows: Rows, check: str) -> dict[str, str]:
    [row] = [row for row in rows if row["check"] == check]
    return row


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """A role of PostgreSQL without any privilege."""
    name = f"r{uuid.uuid4().hex[:8]}"
    database.rows(f"CREATE ROLE {name} LOGIN")
    yield name
    database.rows(f"DROP OWNED BY {name}")
    database.rows(f"DROP ROLE {name}")


@pytest.fixture
def healthy(
    database: Database, cli: Cli, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Cli:
    """The command line on a database with users, as a role for daily work, with room on the disk."""
    assert cli("role", "create", "admin", "--administrative")[0] == 0
    assert cli("create", "ada@example.com", "--no-password", "--role", "admin")[0] == 0
    monkeypatch.delenv("USERCLI_UNSAFE")
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "10")
    monkeypatch.setattr(os, "statvfs", lambda _: disk(free=10 << 30))
    if database.engine == "sqlite":
        Path(database.url.database).chmod(0o600)
        return cli
    name = request.getfixturevalue("role")
    with psycopg.connect(database.text, autocommit=True) as connection:
        connection.execute(grants_sql(database.url, name))
    monkeypatch.setenv("USERCLI_DATABASE_URL", database.text.replace("postgres@", f"{name}@"))
    return cli


def disk(free: int, files: int = 1_000_000) -> Any:
    return SimpleNamespace(f_bavail=free // 4096, f_frsize=4096, f_files=2_000_000, f_favail=files)


def test_a_healthy_database_is_all_ok(healthy: Cli) -> None:
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (0, [])
    assert [row["check"] for row in rows] == [*OF_MACHINE, *OF_DATABASE]
    assert {row["do"] for row in rows} == {""}


def test_json_is_as_the_schema_says(healthy: Cli, database: Database) -> None:
    execute(database, "DELETE FROM alembic_version")
    code, out, _ = healthy("doctor", "-o", "json")
    assert code == 7
    Draft202012Validator(contract.schema_of("doctor")).validate(json.loads(out))
    _, out, _ = healthy("doctor", "-o", "jsonl")
    for line in out.splitlines():
        Draft202012Validator(contract.schema_of("doctor", line=True)).validate(json.loads(line))


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def counts(database: Database) -> list[tuple[object, ...]]:
    tables = "users", "roles", "user_roles", "audit_events", "import_progress"
    return database.rows(" UNION ALL ".join(f"SELECT count(*) FROM {name}" for name in tables))


def test_nothing_is_changed(healthy: Cli, database: Database, tmp_path: Path) -> None:
    before = counts(database), snapshot(tmp_path)
    assert looked(healthy)[0] == 0
    assert snapshot(tmp_path) == before[1]
    assert counts(database) == before[0]


def test_no_file_is_made(clean_environment: Path) -> None:
    code, rows = looked(run_here)
    assert code == 7
    assert of(rows, "connection")["do"] == "to make a new one, run: usercli db upgrade"
    assert [row["check"] for row in rows] == [*OF_MACHINE, "connection"]
    assert list(clean_environment.iterdir()) == []


# -- the machine


def test_an_invalid_setting_fails_and_the_rest_is_checked(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "9")
    code, rows = looked(healthy)
    assert code == 7
    assert of(rows, "configuration")["state"] == "fail"
    assert "bcrypt_cost" in of(rows, "configuration")["said"]
    assert of(rows, "audit-log")["state"] == "ok"
    assert of(rows, "hashes")["said"].startswith("not checked: ")


def test_a_file_that_is_not_toml_fails_and_the_machine_is_checked(
    healthy: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.toml").write_text("nonsense")
    (tmp_path / "c.toml").chmod(0o600)
    monkeypatch.setenv("USERCLI_CONFIG", str(tmp_path / "c.toml"))
    code, rows = looked(healthy)
    assert code == 7
    assert "is not valid TOML" in of(rows, "configuration")["said"]
    assert of(rows, "configuration")["do"].endswith(": usercli config path")  # `config show` would say the same
    assert healthy("config", "path") == (0, f"{tmp_path / 'c.toml'}\n", "")
    assert of(rows, "libraries")["state"] == "ok"


@pytest.mark.parametrize("text", ["nonsense", "foo = 1"])
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_mode_of_a_configuration_that_cannot_be_read_is_told(
    healthy: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, mode: int
) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    file.chmod(mode)
    Path(".env").write_text("PGPASSWORD=hunter2\n")
    Path(".env").chmod(0o604)
    monkeypatch.setenv("USERCLI_CONFIG", str(file))
    modes = [(row["state"], row["said"]) for row in looked(healthy)[1] if row["check"] == "file-modes"]
    assert modes == [
        *([("warn", f"others may read {file} (mode 0644), which holds perhaps a secret")] if mode == 0o644 else []),
        ("fail", "others may read .env (mode 0604), which holds a password"),
        ("warn", "not checked: the files of the database, which the settings do not tell"),
    ]
    Path(".env").unlink()
    [first, *_] = (row for row in looked(healthy)[1] if row["check"] == "file-modes")
    assert first["said"] == str(file) if mode == 0o600 else first["state"] == "warn"


def test_the_settings_that_are_for_tests_are_warned_of(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_UNSAFE", "1")
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (0, [("configuration", "warn", "USERCLI_UNSAFE is set, which is for tests")])


def test_a_blocklist_that_is_not_there_fails(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_BLOCKLIST", "/nowhere.txt")
    code, rows = looked(healthy)
    said = "there is no file /nowhere.txt, which blocklist names"
    assert (code, bad(rows)) == (7, [("configuration", "fail", said)])


def test_the_sources_of_settings_are_told_without_secrets(
    healthy: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_SERVICE_NAME", "Example")
    if database.engine == "postgresql":
        text = os.environ["USERCLI_DATABASE_URL"].replace("@", ":hunter2@")
        monkeypatch.setenv("USERCLI_DATABASE_URL", text)
    for form in ("json", "table", "csv"):
        code, out, _ = healthy("doctor", "-o", form)
        assert code == 0
        assert "hunter2" not in out
    said = of(looked(healthy)[1], "configuration")["said"]
    assert "(environment USERCLI_DATABASE_URL)" in said
    assert "service_name = Example (environment USERCLI_SERVICE_NAME)" in said


@on_sqlite
@pytest.mark.parametrize(("mode", "state", "code"), [(0o666, "fail", 7), (0o644, "warn", 0)])
def test_a_database_file_of_everybody(healthy: Cli, database: Database, mode: int, state: str, code: int) -> None:
    Path(database.url.database).chmod(mode)
    found, rows = looked(healthy)
    assert (found, of(rows, "file-modes")["state"]) == (code, state)
    assert of(rows, "file-modes")["do"] == f"run: chmod 600 {database.url.database}"


def test_a_configuration_with_a_password_that_others_can_read(
    healthy: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[profiles.other]\nurl = "postgresql://ada:hunter2@example.com/x"\n')
    file.chmod(0o644)
    monkeypatch.setenv("USERCLI_CONFIG", str(file))
    code, rows = looked(healthy)
    assert (code, of(rows, "file-modes")["state"]) == (7, "fail")
    assert of(rows, "file-modes")["said"] == f"others may read {file} (mode 0644), which holds a password"
    assert "hunter2" not in str(rows)


@on_sqlite
@pytest.mark.parametrize("line", ["PGPASSWORD=hunter2", "DATABASE_URL=postgresql://ada:hunter2@example.com/x"])
def test_a_dotenv_with_a_password_that_others_can_read(healthy: Cli, line: str) -> None:
    Path(".env").write_text(f"{line}\n")
    Path(".env").chmod(0o604)
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (
        7,
        [("file-modes", "fail", "others may read .env (mode 0604), which holds a password")],
    )
    Path(".env").chmod(0o600)
    assert looked(healthy)[0] == 0


@on_postgresql
def test_a_passfile_that_others_can_read(healthy: Cli) -> None:
    passfile = Path("~/.pgpass").expanduser()
    passfile.write_text("*:*:*:*:hunter2\n")
    passfile.chmod(0o640)
    code, rows = looked(healthy)
    assert (code, of(rows, "file-modes")["state"]) == (7, "fail")


@pytest.mark.parametrize(
    ("space", "state"),
    [(disk(free=1 << 20), "fail"), (disk(free=100 << 20), "warn"), (disk(free=10 << 30, files=3), "fail")],
    ids=["full", "little", "no more files"],
)
def test_a_full_disk(healthy: Cli, monkeypatch: pytest.MonkeyPatch, space: Any, state: str) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: space)
    code, rows = looked(healthy)
    assert code == (7 if state == "fail" else 0)
    assert {(check, how) for check, how, _ in bad(rows)} == {("disk-space", state)}


def test_a_library_that_cannot_hash_fails(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import bcrypt

    def broken(*_: object) -> bytes:
        raise ValueError("password cannot be longer than 72 bytes")

    monkeypatch.setattr(bcrypt, "hashpw", broken)
    code, rows = looked(healthy)
    assert (code, of(rows, "libraries")["state"]) == (7, "fail")


def test_a_wrong_encoding_of_the_environment(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    code, rows = looked(healthy)
    said = "PGCLIENTENCODING is LATIN1: usercli ignores it, psql and pg_dump do not"
    assert (code, bad(rows)) == (0, [("locale", "warn", said)])
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "ascii")
    assert len(bad(looked(healthy)[1])) == 2


# -- the server


@on_postgresql
def test_a_superuser_is_warned_of(healthy: Cli, database: Database) -> None:
    code, rows = looked(healthy, "--database-url", database.text)
    said = "the role postgres is a superuser: no privilege and no trigger binds it"
    assert (code, bad(rows)) == (0, [("role", "warn", said)])


@on_postgresql
def test_what_the_role_lacks_or_has_too_much_is_named(healthy: Cli, database: Database, role: str) -> None:
    execute(database, f"REVOKE DELETE ON users FROM {role}; GRANT UPDATE, TRUNCATE ON audit_events TO {role}")
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (
        0,
        [
            ("role", "warn", f"the role {role} lacks DELETE on users"),
            ("role", "warn", f"the role {role} is not the owner and holds UPDATE, TRUNCATE on audit_events"),
        ],
    )
    execute(database, f"REVOKE TEMPORARY ON DATABASE {database.url.name} FROM PUBLIC, {role}")
    assert bad(looked(healthy)[1])[2] == (
        "role",
        "warn",
        f"the role {role} lacks TEMPORARY on the database: changes of many users fail",
    )
    execute(database, f"REVOKE SELECT ON users FROM {role}")
    code, rows = looked(healthy)
    assert (code, of_first(rows, "role")["state"]) == (7, "fail")
    assert of_first(rows, "role")["do"] == f"run: usercli db sql --grants {role}"
    assert of(rows, "accounts")["said"].startswith(f"not checked: the role {role} lacks SELECT on table users")


def of_first(rows: Rows, check: str) -> dict[str, str]:
    return next(row for row in rows if row["check"] == check)


@on_postgresql
def test_a_role_without_privileges_sees_what_it_may(
    healthy: Cli, database: Database, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(database, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    code, rows = looked(healthy)
    assert code == 7
    assert {row["check"] for row in rows if row["state"] == "fail"} == {"role"}
    assert {row["said"].partition(":")[0] for row in rows if row["state"] == "warn"} <= {
        "not checked",
        f"the role {role} lacks SELECT, INSERT on audit_events",
    }
    assert of(rows, "triggers")["state"] == "ok"
    execute(database, f"REVOKE USAGE ON SCHEMA public FROM {role}, PUBLIC")
    code, rows = looked(healthy)
    assert of(rows, "role")["said"] == f"the role {role} may use no schema of its search path"


@on_postgresql
def test_a_read_only_server(healthy: Cli, database: Database) -> None:
    execute(database, f'ALTER DATABASE "{database.url.database}" SET default_transaction_read_only = on')
    code, rows = looked(healthy)
    execute_writing(database, f'ALTER DATABASE "{database.url.database}" RESET default_transaction_read_only')
    said = "the server takes no changes: it is a standby, or read-only"
    assert (code, bad(rows)) == (0, [("role", "warn", said)])


def execute_writing(database: Database, statement: str) -> None:
    with psycopg.connect(database.text, autocommit=True, options="-c default_transaction_read_only=off") as raw:
        raw.execute(statement)


@on_postgresql
@pytest.mark.parametrize("encoding", ["LATIN1"])
def test_an_encoding_that_lacks_characters(
    encoding: str, engine_name: str, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"e{uuid.uuid4().hex}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    migrations.upgrade(database_url.parse(server_url(name)))
    monkeypatch.setenv("USERCLI_DATABASE_URL", server_url(name))
    row = of(looked(run_here)[1], "encoding")
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert (row["state"], row["said"]) == (
        "warn",
        "the encoding LATIN1 of the database does not have every character",
    )


@on_postgresql
def test_a_missing_language_of_triggers(healthy: Cli, database: Database) -> None:
    execute(database, "DROP EXTENSION plpgsql CASCADE")
    code, rows = looked(healthy)
    assert code == 7
    assert of(rows, "extensions")["state"] == "fail"
    assert of_first(rows, "triggers")["state"] == "fail"


@on_postgresql
@pytest.mark.skipif(poolers.PROGRAM is None, reason="there is no pgbouncer on this machine")
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_pooler_and_its_mode_are_told(
    environment: Path, database: Database, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with poolers.pgbouncer(server_url("postgres"), tmp_path / "pooler", mode) as start:
        monkeypatch.setenv("USERCLI_DATABASE_URL", f"{start}{database.url.database}")
        code, rows = looked(run_here)
    assert code == 0, bad(rows)
    assert of(rows, "pooler")["said"].startswith(f"a pooler in {mode} mode")


# -- what it holds


def test_before_the_first_upgrade(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch(0o600)
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    code, rows = looked(run_here)
    assert code == 7
    assert of(rows, "schema") == {
        "check": "schema",
        "state": "fail",
        "said": "the database has no usercli schema yet",
        "do": "run: usercli db upgrade",
    }
    assert of(rows, "triggers")["said"] == "not checked: the schema is not the one of this version"
    if empty_database.engine == "sqlite":
        assert Path(empty_database.url.database).stat().st_size == 0


def test_an_older_schema(healthy: Cli, database: Database) -> None:
    migrations.downgrade(database.url, "-1")
    code, rows = looked(healthy)
    assert (code, of(rows, "schema")["said"]) == (7, "the database is 1 revision behind")
    migrations.upgrade(database.url)


def test_a_missing_trigger(healthy: Cli, database: Database) -> None:
    name = "audit_events_append"
    execute(database, f"DROP TRIGGER {name}" + (" ON audit_events" if database.engine == "postgresql" else ""))
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (7, [("triggers", "fail", f"the trigger {name} of the audit log is missing")])


def test_another_column(healthy: Cli, database: Database) -> None:
    execute(database, "DROP INDEX ix_users_created_at_id")
    code, rows = looked(healthy)
    assert (code, of(rows, "schema")["state"]) == (7, "fail")


@contextmanager
def editing_the_log(database: Database) -> Iterator[Callable[[str], None]]:
    """Change events past the triggers, which are on again afterwards."""
    raw: Any
    if database.engine == "postgresql":
        raw = psycopg.connect(database.text, autocommit=True)
        raw.execute("SET session_replication_role = replica")
        yield raw.execute
    else:
        raw = sqlite3.connect(database.url.database, isolation_level=None)
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        yield raw.execute
        for _, sql in triggers:
            raw.execute(sql)
    raw.close()


def test_a_broken_end_of_the_log(healthy: Cli, database: Database) -> None:
    with editing_the_log(database) as edit:
        edit("UPDATE audit_events SET action = 'user.forged' WHERE seq = 2")
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (7, [("audit-log", "fail", "broken at event 2: the event was changed")])
    assert of(rows, "audit-log")["do"] == "run: usercli audit verify"


def test_only_the_last_events_are_verified(
    healthy: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "EVENTS", 1)
    with editing_the_log(database) as edit:
        edit("UPDATE audit_events SET action = 'user.forged' WHERE seq = 1")
    assert of(looked(healthy)[1], "audit-log")["said"] == "the last 1 of 2 events are whole"


def test_a_log_ahead_of_the_clock(healthy: Cli, database: Database) -> None:
    with editing_the_log(database) as edit:
        edit("UPDATE audit_events SET at = '2090-01-02 03:04:05.000000' WHERE seq = 2")
    row = of(looked(healthy)[1], "clock")
    assert (row["state"], row["do"]) == ("warn", "set the clocks by NTP")
    assert row["said"].endswith(" ahead of the clock")


@on_postgresql
def test_a_clock_that_is_not_the_server_s(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "utcnow", lambda: utcnow() - timedelta(hours=1))
    code, rows = looked(healthy)
    said = of(rows, "clock")["said"]
    assert (code, said) == (0, "the server's clock is 3,600 s ahead of the one of this machine")


def test_nobody_administers(healthy: Cli, database: Database) -> None:
    execute(database, "UPDATE users SET is_active = false")
    code, rows = looked(healthy)
    said = "nobody administers: no active user holds an administrative role"
    assert (code, bad(rows)) == (0, [("administrators", "warn", said)])


def test_who_is_lacking_for_administration_is_said(healthy: Cli, database: Database) -> None:
    execute(database, "DELETE FROM user_roles")
    execute(database, "DELETE FROM roles")
    assert of(looked(healthy)[1], "administrators")["said"] == "there are no roles yet"
    execute(database, f"INSERT INTO roles (id, name, administrative) VALUES ('{uuid.uuid4().hex}', 'a', true)")
    execute(database, "UPDATE users SET is_active = false, deleted_at = updated_at")
    assert of(looked(healthy)[1], "administrators")["said"] == "there are no users yet"


def test_an_administrator_who_expires_soon(healthy: Cli, database: Database, cli: Cli) -> None:
    until = sqlite_time(utcnow() + timedelta(days=3))
    zone = "+00" if database.engine == "postgresql" else ""
    execute(database, f"UPDATE users SET expires_at = '{until}{zone}'")
    code, rows = looked(healthy)
    assert (code, [item[:2] for item in bad(rows)]) == (0, [("administrators", "warn")])


def test_accounts_that_expired_or_were_never_used(healthy: Cli, database: Database) -> None:
    for name in ("bob", "eve"):
        assert healthy("create", f"{name}@example.com", "--no-password")[0] == 0
    now = "now()" if database.engine == "postgresql" else "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    execute(
        database,
        "UPDATE users SET expires_at = '2020-01-01 00:00:00.000000' WHERE email = 'bob@example.com'",
        f"UPDATE users SET last_login_at = {now} WHERE email <> 'eve@example.com'",
        "UPDATE users SET created_at = '2020-01-01 00:00:00.000000' WHERE email = 'eve@example.com'",
    )
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (
        0,
        [
            ("accounts", "warn", "1 user expired and still active"),
            ("accounts", "warn", "1 user active, made more than 90 days ago, never signed in"),
        ],
    )
    listing = [row["do"] for row in rows if row["check"] == "accounts"][1].removeprefix("run: usercli ")
    assert healthy(*listing.split(), "-q")[1].count("\n") == 1


def test_weak_and_unverifiable_hashes(healthy: Cli, database: Database) -> None:
    assert healthy("create", "bob@example.com", "--no-password")[0] == 0
    weak = PasswordHasher("bcrypt", 4).hash("horse")
    execute(
        database,
        f"UPDATE users SET hashed_password = '{weak}' WHERE email = 'ada@example.com'",
        "UPDATE users SET hashed_password = '$9$what' WHERE email = 'bob@example.com'",
    )
    code, rows = looked(healthy)
    found = [(check, state, said.split(" ", 3)[:2]) for check, state, said in bad(rows)]
    assert code == 0
    assert found == [("hashes", "warn", ["hashes", "that"]), ("hashes", "warn", ["weak", "hashes:"])]
    assert "$2b$" not in str(rows)


# -- what does not answer


@contextmanager
def silent(after: str = "") -> Iterator[int]:
    """A port on which everything is accepted and nothing answered; or that goes silent when it hears a word.

    With `after` it is a way to the tests' server until a client sends that text.
    """
    place = database_url.parse(server()).hosts[0] if after else None
    kept: list[socket.socket] = []

    def carry(source: socket.socket, into: socket.socket, until: bytes) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if until and until in data:
                    time.sleep(60)
                into.sendall(data)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                kept.append(client)
                if place is not None:
                    to = socket.create_connection(place)
                    kept.append(to)
                    for pair in ((client, to, after.encode()), (to, client, b"")):
                        threading.Thread(target=carry, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=[listener], daemon=True).start()
        yield listener.getsockname()[1]
    for one in kept:
        one.close()


def test_a_dead_network_ends_within_ten_seconds(clean_environment: Path) -> None:
    with silent() as port:
        url = f"postgresql://ada@127.0.0.1:{port}/x"
        begun = time.monotonic()
        code, out, _ = run_here("--database-url", url, "doctor", "-o", "json")
        taken = time.monotonic() - begun
    rows = json.loads(out)
    assert code == 7
    assert taken < 10
    assert [row["check"] for row in rows] == [*OF_MACHINE, "connection"]
    assert of(rows, "connection")["state"] == "fail"
    assert "did not answer in time" in of(rows, "connection")["said"]


def test_several_dead_hosts_end_within_ten_seconds(clean_environment: Path) -> None:
    with silent() as port:
        hosts = ",".join([f"127.0.0.1:{port}"] * 4)
        begun = time.monotonic()
        code, out, _ = run_here("--database-url", f"postgresql://ada@{hosts}/x", "doctor", "-o", "json")
        taken = time.monotonic() - begun
    assert code == 7
    assert taken < 10
    assert of(json.loads(out), "connection")["said"] == "the database did not answer within 5 s"


@on_postgresql
def test_a_server_that_falls_silent_is_left(environment: Path, database: Database, run: Any) -> None:
    with silent(after="pg_extension") as port:
        text = f"postgresql://postgres@127.0.0.1:{port}/{database.url.database}"
        begun = time.monotonic()
        done = run("--database-url", text, "doctor", "-o", "json", timeout=30)
        taken = time.monotonic() - begun
    rows = json.loads(done.stdout)
    assert done.returncode == 7
    assert taken < 10
    assert of(rows, "connection")["state"] == "ok"
    assert of(rows, "extensions")["said"] == "the database did not answer within 5 s"
    assert of(rows, "schema")["said"] == "not checked: the check before it did not end"


def test_the_thread_of_a_silent_server_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a service none is left behind."""
    if database.engine == "sqlite":
        pytest.skip("a file does not fall silent")
    with silent(after="pg_extension") as port:
        url = database_url.parse(f"postgresql://postgres@127.0.0.1:{port}/{database.url.database}")
        found = examine_database(url, seconds=1.5)
        assert [view.check for view in found if view.state == "fail"] == ["extensions"]
        for _ in range(100):
            if not any(thread.name == "usercli-doctor" for thread in threading.enumerate()):
                return
            time.sleep(0.05)
    raise AssertionError("it still waits")


@pytest.mark.parametrize(
    "text", ["postgresql://ada:hunter2@127.0.0.1:1/x", "postgresql://ada:hunter2@no.such.host.invalid/x"]
)
def test_an_unreachable_database_is_one_failure(
    clean_environment: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", text)
    code, rows = looked(run_here)
    assert code == 7
    assert [row["check"] for row in rows] == [*OF_MACHINE, "connection"]
    assert of(rows, "connection")["said"].startswith("cannot use the database at ")
    assert "hunter2" not in str(rows)


@on_postgresql
def test_a_lock_is_not_waited_for(healthy: Cli, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "_STEP_SECONDS", 1)
    with psycopg.connect(database.text) as holder:
        holder.execute("LOCK TABLE user_roles IN ACCESS EXCLUSIVE MODE")
        code, rows = looked(healthy)
    assert code == 0
    assert of(rows, "administrators")["said"].startswith("not checked: ")
    assert of(rows, "audit-log")["state"] == "ok"


@on_postgresql
def test_a_locked_table_is_named_with_its_holder(healthy: Cli, database: Database) -> None:
    with psycopg.connect(database.text, application_name="psql") as holder:
        holder.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        code, rows = looked(healthy)
        pid = holder.info.backend_pid
    locked = [check for check, _, said in bad(rows) if f"the table users is locked by process {pid} (psql)" in said]
    assert locked == ["schema", "administrators", "accounts", "hashes"], bad(rows)
    assert {state for _, state, _ in bad(rows)} == {"warn"}
    assert code == 0


@on_sqlite
def test_a_file_that_another_program_has_to_itself_is_no_failure(healthy: Cli, database: Database) -> None:
    holder = sqlite3.connect(database.url.database, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE").close()
    holder.execute("BEGIN EXCLUSIVE").close()
    code, rows = looked(healthy)
    holder.close()
    assert code == 0
    assert [(check, state) for check, state, _ in bad(rows)] == [("connection", "warn")]
    assert "is busy: another program holds its lock" in of(rows, "connection")["said"]


@on_postgresql
def test_a_server_that_swallows_a_long_look_fails(database: Database) -> None:
    with silent(after="hashed_password") as port:
        url = database_url.parse(f"postgresql://postgres@127.0.0.1:{port}/{database.url.database}")
        found = examine_database(url, seconds=3)
    assert [(view.check, view.said) for view in found if view.state == "fail"] == [
        ("hashes", "the database did not answer within 3 s")
    ]


@on_postgresql
def test_a_server_that_works_on_a_long_look_does_not_fail(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def works(patient: server_checks.Patient) -> Iterator[Any]:
        with patient.probe.connection() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(30)")
        yield from ()

    slow = [Check("hashes", works, unbounded="run: usercli password audit"), Check("role", works)]
    for check in slow:
        monkeypatch.setattr(examination._DatabaseRound, "checks", (server_checks.CHECKS[0], check))
        [_, view] = examine_database(database.url, seconds=1)
        assert (view.state, view.do) == ("warn", check.unbounded)
        assert view.said.startswith("not checked: ")


@on_sqlite
def test_a_file_that_is_no_database(healthy: Cli, database: Database) -> None:
    Path(database.url.database).write_bytes(b"nonsense" * 1000)
    code, rows = looked(healthy)
    assert code == 7
    assert bad(rows)[0][:2] == ("connection", "fail")


def damage(database: Database, offset: int, data: bytes) -> None:
    """Write bytes into the file, with all changes in it."""
    execute(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    with Path(database.url.database).open("r+b") as file:
        file.seek(offset)
        file.write(data)


@on_sqlite
@pytest.mark.parametrize(
    ("offset", "data", "check"),
    [(56, b"\0\0\0\2", "schema"), (16, b"\2\0", "schema"), (4096, b"\xff" * 8, "pages")],
    ids=["encoding", "page-size", "page"],
)
def test_a_damaged_file_fails(healthy: Cli, database: Database, offset: int, data: bytes, check: str) -> None:
    damage(database, offset, data)
    code, rows = looked(healthy)
    assert code == 7
    assert (of(rows, check)["state"], of(rows, check)["do"]) == ("fail", "restore it from a backup")
    assert of(rows, check)["said"] == f"the database file {database.url.where} is damaged"
    assert healthy("db", "check")[0] == 5


@on_sqlite
def test_a_row_that_breaks_a_rule_is_no_damage(healthy: Cli, database: Database) -> None:
    execute(database, "PRAGMA ignore_check_constraints=ON", "UPDATE users SET version = 0")
    assert of(looked(healthy)[1], "pages")["state"] == "ok"


@on_sqlite
def test_a_long_look_at_the_pages_is_left_undone(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    monkeypatch.setattr(contents, "_PAGES_SECONDS", 0.2)
    monkeypatch.setattr(contents, "require_undamaged", lambda found, _: found.exec_driver_sql(endless))
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (
        0,
        [("pages", "warn", "not checked: there is more to look at than 0.2 s allow")],
    )


def test_a_check_that_breaks_ends_no_other(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("hunter2")

    monkeypatch.setattr(contents, "is_unadministered", broken)
    code, rows = looked(healthy)
    assert (code, bad(rows)) == (0, [("administrators", "warn", "not checked: unexpected ValueError")])


# -- for a service, and in another place


def test_the_library_checks_a_database(healthy: Cli, database: Database) -> None:
    found = examine_database(database_url.parse(os.environ["USERCLI_DATABASE_URL"]))
    assert [(view.check, view.state) for view in found] == [(name, "ok") for name in OF_DATABASE]
    assert [view.state for view in examine(Settings())] == ["ok"] * len([*OF_MACHINE, *OF_DATABASE])


def test_what_to_run_reaches_the_database(clean_environment: Path, tmp_path: Path) -> None:
    text = f"sqlite:///{tmp_path}/none.db"
    assert (
        of(looked(run_here, "--database-url", text)[1], "connection")["do"]
        == f"to make a new one, run: usercli --database-url {text} db upgrade"
    )
    assert not (tmp_path / "none.db").exists()


def test_a_table_is_printed(healthy: Cli) -> None:
    code, out, _ = healthy("doctor", "-o", "table")
    assert code == 0
    assert out.split()[:4] == ["check", "state", "said", "configuration"]


def test_a_command_stands_whole_on_a_line_below_the_table(
    clean_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = f"sqlite:///{tmp_path}/{'n' * 40}.db"
    said = f"to make a new one, run: usercli --database-url {text} db upgrade"
    out = run_here("--database-url", text, "doctor", "-o", "table")[1]
    assert f"connection: {said}" in out.partition("\n\n")[2].splitlines()
    both = run_here("--database-url", text, "doctor", "-o", "table", "--fields", "check,do")[1]
    assert (both.split()[:2], "\n\n" in both) == (["check", "do"], False)


def test_a_look_at_many_rows_is_left_undone(healthy: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "audit_passwords", lambda *_: time.sleep(3))
    found = examine(Settings(), seconds=2)
    assert [view.model_dump() for view in found if view.state != "ok"] == [
        {
            "check": "hashes",
            "state": "warn",
            "said": "not checked: there is more to look at than 2 s allow",
            "do": "run: usercli password audit",
        }
    ]
