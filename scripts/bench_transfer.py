"""A million users in and out, by the clock; `scripts/bench import|export` runs this and makes the tables.

bench_transfer.py import RUNS FOLDER    seconds of each way, a run each, and peak memory, as JSON
bench_transfer.py export RUNS FOLDER    the same of exports
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.postgres import Cluster

MANY, FEW = 1_000_000, 100_000
BASE64 = "./" + string.ascii_letters + string.digits
PIECE = 1 << 16
USERCLI = Path(sys.executable).with_name("usercli")


def timed(work: Callable[..., object], *arguments: object) -> float:
    start = time.monotonic()
    work(*arguments)
    return time.monotonic() - start


def users(number: int) -> Iterator[tuple[str, str, str, str]]:
    """Made-up users: email, name, attributes, bcrypt hash; the same every time."""
    chance = random.Random(1)  # noqa: S311 - not a secret
    for at in range(number):
        hashed = f"$2b$12${''.join(chance.choices(BASE64, k=21))}e{''.join(chance.choices(BASE64, k=30))}e"
        attributes = f'{{"team": "t{at % 50}"}}' if at % 2 else "{}"
        yield f"user{chance.randrange(10**9)}.{at}@example{at % 97}.com", f"Ada Lovelace {at}", attributes, hashed


def write_users(path: Path, number: int) -> None:
    """The users as a CSV file."""
    with path.open("w") as out:
        out.write("email,full_name,attributes,hashed_password\n")
        for email, name, attributes, hashed in users(number):
            quoted = attributes.replace('"', '""')
            out.write(f'{email},{name},"{quoted}",{hashed}\n')


def usercli(url: str, *arguments: str | Path) -> int:
    """Run a command on a database; its peak memory in MB."""
    command = [str(USERCLI), "--database-url", url, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"failed: {command}")
    return usage.ru_maxrss // 1024


def measured(url: str, *arguments: str | Path) -> tuple[float, int]:
    """Seconds and peak memory in MB of a command."""
    start = time.monotonic()
    peak = usercli(url, *arguments)
    return time.monotonic() - start, peak


class Server:
    """A PostgreSQL with one database at a time."""

    def __init__(self) -> None:
        self.cluster = Cluster(durable=True).start()

    def fresh(self) -> str:
        """A new migrated database."""
        self.empty("bench")
        usercli(self.cluster.url("bench"), "db", "upgrade")
        return self.cluster.url("bench")

    def empty(self, name: str) -> None:
        """A new database."""
        with psycopg.connect(self.cluster.url(), autocommit=True) as connection:
            for statement in ("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}"):
                connection.execute(psycopg.sql.SQL(statement).format(psycopg.sql.Identifier(name)))
            connection.execute("CHECKPOINT")


def dumped(url: str, folder: Path) -> dict[str, Path]:
    """The rows of an import, in files that COPY reads."""
    found = {}
    with psycopg.connect(url) as connection:
        for table, key in (("users", "id"), ("audit_events", "seq")):
            found[table] = folder / f"{table}.copy"
            question = f"COPY (SELECT * FROM {table} ORDER BY {key}) TO STDOUT"  # noqa: S608 - constants
            with found[table].open("wb") as out, connection.cursor().copy(question.encode()) as rows:
                for data in rows:
                    out.write(data)
    return found


def bare_copy(url: str, files: dict[str, Path]) -> float:
    """Seconds for the same rows by COPY, one transaction. Events must be of now: their time is replaced before."""
    events = files["audit_events"]
    with psycopg.connect(url) as connection:
        [now] = connection.execute("SELECT now()::text").fetchone() or [""]
        with events.open("rb") as source, events.with_suffix(".now").open("wb") as out:
            for line in source:
                seq, change, _, rest = line.split(b"\t", 3)
                out.write(b"\t".join([seq, change, now.encode(), rest]))
        start = time.monotonic()
        for table, path in (("users", files["users"]), ("audit_events", events.with_suffix(".now"))):
            with path.open("rb") as source, connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                while data := source.read(PIECE):
                    copy.write(data)
        connection.commit()
        return time.monotonic() - start


def bare_executemany(source: Path, target: Path) -> float:
    """Seconds for the rows of one SQLite file into another by executemany, one transaction."""
    rows = {}
    with sqlite3.connect(source) as old:
        for table in ("users", "audit_events"):
            cursor = old.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608 - constants
            names = [column[0] for column in cursor.description]
            rows[table] = names, cursor.fetchall()
    new = sqlite3.connect(target, isolation_level=None)
    new.execute("PRAGMA foreign_keys=ON")
    names, events = rows["audit_events"]
    at, now = names.index("at"), datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    rows["audit_events"] = names, [(*event[:at], now, *event[at + 1 :]) for event in events]
    del events
    start = time.monotonic()
    new.execute("BEGIN IMMEDIATE")
    for table, (names, values) in rows.items():
        columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        new.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608 - constants
    new.execute("COMMIT")
    seconds = time.monotonic() - start
    new.close()
    return seconds


def fresh_file(folder: Path) -> Path:
    """A new migrated SQLite file."""
    path = folder / "bench.db"
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    usercli(f"sqlite:///{path}", "db", "upgrade")
    return path


def django(folder: Path, port: int) -> list[str]:
    """A project of Django's on PostgreSQL with a fixture of 100,000 users; the start of its commands."""
    project = folder / "project"
    project.mkdir()
    subprocess.run([sys.executable, "-m", "django", "startproject", "site_", project], check=True)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": "django", "USER": "postgres"}
    with (project / "site_" / "settings.py").open("a") as settings:
        settings.write(f"DATABASES = {{'default': {database | {'HOST': '127.0.0.1', 'PORT': port}}}}\n")
    fields = {"is_active": True, "date_joined": "2026-11-21T00:00:00Z"}
    fixture = [
        {
            "model": "auth.user",
            "pk": at,
            "fields": {
                **fields,
                "username": email,
                "email": email,
                "first_name": name[:150],
                "password": f"bcrypt${hashed}",
            },
        }
        for at, (email, name, _, hashed) in enumerate(users(FEW), 1)
    ]
    (folder / "users.json").write_text(json.dumps(fixture))
    return [sys.executable, str(project / "manage.py")]


def loaddata(manage: list[str], folder: Path, server: Server) -> float:
    """Seconds of Django's own import into a new database."""
    server.empty("django")
    subprocess.run([*manage, "migrate"], check=True, capture_output=True)
    return timed(
        lambda: subprocess.run([*manage, "loaddata", folder / "users.json"], check=True, capture_output=True)
    )


def importing(runs: int, folder: Path) -> dict[str, Any]:
    many, few = folder / "many.csv", folder / "few.csv"
    write_users(many, MANY)
    write_users(few, FEW)
    server = Server()
    # first: what this process itself takes counts for those that it starts
    peaks = [usercli(server.fresh(), "import", path) for path in (few, many)]
    manage = django(folder, server.cluster.port)
    names = ("copy", "postgresql", "executemany", "sqlite", "hundred", "loaddata")
    found: dict[str, Any] = {name: [] for name in names}
    found["peak_mb"] = peaks
    files: dict[str, Path] = {}
    old = folder / "old.db"
    for _ in range(runs):
        url = server.fresh()
        found["postgresql"].append(timed(usercli, url, "import", many))
        files = files or dumped(url, folder)
        found["copy"].append(bare_copy(server.fresh(), files))
        path = fresh_file(folder)
        found["sqlite"].append(timed(usercli, f"sqlite:///{path}", "import", many))
        path.rename(old)
        found["executemany"].append(bare_executemany(old, fresh_file(folder)))
        url = server.fresh()
        found["hundred"].append(timed(usercli, url, "import", few))
        found["loaddata"].append(loaddata(manage, folder, server))
    server.cluster.remove()
    return found


def exporting(runs: int, folder: Path) -> dict[str, Any]:
    server = Server()
    found: dict[str, Any] = {"copy": [], "csv": [], "jsonl": [], "peak_mb": []}
    for number in (FEW, MANY):
        write_users(folder / "users.csv", number)
        url = server.fresh()
        usercli(url, "import", folder / "users.csv")
        found["peak_mb"].append(max(usercli(url, "export", folder / f"out.{form}") for form in ("csv", "jsonl")))
    with psycopg.connect(url, autocommit=True) as connection:  # it is not measured at work of its own
        for statement in (b"VACUUM (ANALYZE)", b"CHECKPOINT"):
            connection.execute(statement)
    for _ in range(runs):
        found["copy"].append(timed(lambda: copy_to(url, folder / "copy.csv")))
        found["csv"].append(timed(lambda: usercli(url, "export", folder / "out.csv")))
        found["jsonl"].append(timed(lambda: usercli(url, "export", folder / "out.jsonl")))
    server.cluster.remove()
    return found


def copy_to(url: str, path: Path) -> None:
    """What an export writes, by COPY TO: every field but the hash, by id."""
    fields = (
        "id, email, full_name, is_active, attributes, must_change_password, password_changed_at, expires_at, "
        "last_login_at, version, created_at, updated_at, deleted_at"
    )
    question = f"COPY (SELECT {fields} FROM users ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)"  # noqa: S608 - constants
    with psycopg.connect(url) as connection, path.open("wb") as out, connection.cursor().copy(question) as rows:
        for data in rows:
            out.write(data)


if __name__ == "__main__":
    bench, count, place = sys.argv[1:]
    print(json.dumps({"import": importing, "export": exporting}[bench](int(count), Path(place))))
