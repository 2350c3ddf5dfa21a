"""What every trial needs: databases, command lines as processes, chance, and a count of what held."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

import psycopg

from tests import canary
from tests.postgres import Cluster
from tests.torture.table import Row

Engine = Literal["sqlite", "postgresql"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgresql")
TABLES = ("users", "roles", "user_roles", "audit_events")


class NotRun(Exception):
    """This machine has not what the trial needs."""


@dataclass(frozen=True)
class Done:
    """How a command line ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def last(self) -> str:
        lines = self.err.splitlines()
        return lines[-1] if lines else ""


class Started:
    """A command line that runs; its standard error is read as it comes."""

    def __init__(self, line: Sequence[str], environ: Mapping[str, str], stdin: str, folder: Path) -> None:
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "usercli", *line],
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._out: list[str] = []
        #: Each line of standard error, and the seconds since the start.
        self.said: list[tuple[float, str]] = []
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read_out, self._read_err)]
        for reader in self._readers:
            reader.start()
        assert self._process.stdin is not None
        with self._process.stdin as pipe:
            pipe.write(stdin)

    def _read_out(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            self._out.append(pipe.read())

    def _read_err(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            for line in pipe:
                self.said.append((time.monotonic() - self._began, line))

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def pause(self, seconds: float) -> None:
        """Wait until so many seconds after its start."""
        time.sleep(max(0, self._began + seconds - time.monotonic()))

    def signal_at(self, seconds: float, number: int) -> None:
        """Send it a signal so many seconds after its start, if it still runs."""
        try:
            self._process.wait(max(0, self._began + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.send_signal(number)

    def wait(self, seconds: float = 120) -> Done:
        """Kill it where it is still there after so many seconds; its code is then -9."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        code = self._process.wait()
        took = time.monotonic() - self._began
        for reader in self._readers:
            reader.join(10)
        return Done(code, "".join(self._out), "".join(line for _, line in self.said), took)


class Bench:
    """One run: a folder, a PostgreSQL that starts with the first trial that wants it, and chance from a seed."""

    def __init__(self, folder: Path, seed: int, *, quick: bool) -> None:
        self.folder, self.seed, self.quick = folder, seed, quick
        self.chance = Random(seed)
        self.searched = self.found = 0
        self._server: Cluster | None = None
        self._names = 0
        self._templates: dict[Engine, str] = {}
        self._row: Row | None = None
        home = folder / "home"
        home.mkdir()
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}

    def close(self) -> None:
        if self._server is not None:
            self._server.remove()

    # -- counting

    def row(self, title: str) -> Row:
        """The row that the following trials count for; what leaks meanwhile is counted there too."""
        self._row = Row(title)
        return self._row

    def count(self, row: Row, held: bool, what: object, *, lost: int = 0) -> None:
        """One trial; of one that did not hold, what was seen is shown."""
        row.trials += 1
        row.survived += held and not lost
        row.lost += lost
        if not held or lost:
            say(f"  {row.title}: trial {row.trials} did not hold: {what}")

    def search(self, text: str) -> None:
        """Look for a secret in a text that anybody may see."""
        found = canary.leaks(text)
        self.searched += 1
        self.found += len(found)
        if self._row is not None:
            self._row.leaked += len(found)
        if found:
            say(f"  a secret shows, in {len(found)} lines")

    def times(self, quick: int, full: int) -> range:
        return range(quick if self.quick else full)

    # -- command lines

    def start(self, url: str, *line: str, stdin: str = "", **settings: object) -> Started:
        """Start a command line; `lock_timeout=3` is the setting of that name."""
        given = {f"USERCLI_{name.upper()}": str(value) for name, value in settings.items()}
        environ = {**self.environ, "USERCLI_DATABASE_URL": url, **given}
        return Started(line, environ, stdin, self.folder)

    def end(self, started: Started, seconds: float = 120) -> Done:
        done = started.wait(seconds)
        self.search(done.out + done.err)
        return done

    def run(self, url: str, *line: str, stdin: str = "", **settings: object) -> Done:
        return self.end(self.start(url, *line, stdin=stdin, **settings))

    def must(self, url: str, *line: str, stdin: str = "") -> Done:
        """What a trial needs before it begins."""
        done = self.run(url, *line, stdin=stdin)
        if done.code:
            raise RuntimeError(f"{' '.join(line)}: code {done.code}: {done.err}")
        return done

    def startup(self, url: str) -> float:
        """Seconds that a command takes here that waits for nothing; the slower of two."""
        return max(self.must(url, "list", "--count").seconds for _ in range(2))

    def is_whole(self, url: str) -> bool:
        """Whether the chain of the audit log verifies."""
        return self.run(url, "audit", "verify").code == 0

    # -- databases

    @property
    def server(self) -> Cluster:
        if self._server is None:
            self._server = Cluster().start()
        return self._server

    def secret(self, url: str) -> str:
        """The URL with a password, which the server does not ask for and nobody may see."""
        return url.replace("postgres@", f"postgres:{canary.IN_URL}@")

    def plain(self, url: str) -> str:
        return url.replace(f":{canary.IN_URL}@", "@")

    def name(self) -> str:
        self._names += 1
        return f"torture{self._names}"

    def empty(self, engine: Engine) -> str:
        """The URL of a new database without a schema."""
        name = self.name()
        if engine == "sqlite":
            (self.folder / name).mkdir()
            return f"sqlite:///{self.folder / name / 'users.db'}"
        self._admin(f"CREATE DATABASE {name}")
        return self.secret(self.server.url(name))

    def database(self, engine: Engine) -> str:
        """The URL of a new database at head."""
        if engine not in self._templates:
            self._templates[engine] = self.empty(engine)
            self.must(self._templates[engine], "db", "upgrade")
        return self.copy(self._templates[engine])

    def copy(self, url: str) -> str:
        """A database with the content of another one, which nobody uses meanwhile."""
        if url.startswith("sqlite"):
            copied = self.empty("sqlite")
            with sqlite3.connect(path_of(url)) as source, sqlite3.connect(path_of(copied)) as target:
                source.backup(target)
            source.close()
            target.execute("PRAGMA journal_mode=WAL").fetchall()
            target.close()
            return copied
        name = self.name()
        self._admin(f"CREATE DATABASE {name} TEMPLATE {url.rpartition('/')[2]} STRATEGY wal_log")
        return self.secret(self.server.url(name))

    def drop(self, url: str) -> None:
        if url.startswith("sqlite"):
            shutil.rmtree(path_of(url).parent)
        else:
            self._admin(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def rows(self, url: str, query: str) -> list[tuple[object, ...]]:
        """Ask a database past the tool."""
        if url.startswith("sqlite"):
            connection = sqlite3.connect(path_of(url), isolation_level=None, timeout=30)
            try:
                return [tuple(row) for row in connection.execute(query)]
            finally:
                connection.close()
        with psycopg.connect(self.plain(url), autocommit=True) as server:
            cursor = server.execute(query.encode())
            return list(cursor.fetchall()) if cursor.description else []

    def number(self, url: str, query: str) -> int:
        [(value,)] = self.rows(url, query)
        assert isinstance(value, int)
        return value

    def left_alone(self, url: str, seconds: float = 20) -> bool:
        """Wait until the server has ended what killed clients left behind; whether it has."""
        if url.startswith("sqlite"):
            return True
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        until = time.monotonic() + seconds
        while self.number(url, others):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def state(self, url: str) -> object:
        """All that a change may change, without ids and times."""
        if url.startswith("sqlite"):
            there = {name for (name,) in self.rows(url, "SELECT name FROM sqlite_master WHERE type = 'table'")}
        else:
            there = {name for (name,) in self.rows(url, "SELECT tablename FROM pg_tables")}
        counts = tuple(
            self.number(url, f"SELECT count(*) FROM {table}") if table in there else None for table in TABLES
        )
        query = "SELECT email, full_name, deleted_at IS NULL, version FROM users ORDER BY email"
        users = self.rows(url, query) if "users" in there else []
        revision = self.rows(url, "SELECT version_num FROM alembic_version") if "alembic_version" in there else []
        return counts, hash(tuple((e, n, bool(d), v) for e, n, d, v in users)), tuple(revision)


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


INTERRUPTED = 128 + signal.SIGINT
