"""A lock that another session holds: the wait is told after two seconds, bounded, and can be interrupted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg

from tests.sqlite_faults import held as write_lock
from tests.torture.bench import INTERRUPTED, Bench, Done, Engine, path_of
from tests.torture.table import Row
from usercli.repositories.advisory_locks import AUDIT_LOG

#: What is held, on which engine, and by which statement of another session.
LOCKS: dict[str, tuple[Engine, str]] = {
    "a row": ("postgresql", "SELECT 1 FROM users FOR UPDATE"),
    "the log's head": ("postgresql", f"SELECT pg_advisory_xact_lock({AUDIT_LOG})"),
    "the write lock of a SQLite file": ("sqlite", ""),
}
TITLES = tuple(f"{lock} held elsewhere{end}" for lock in LOCKS for end in ("", ", SIGINT while it waits"))
BOUND, MORE, TOLD, HEARD = 4, 2, 2, 1
LINE = ("update", "ada@example.com", "--name", "Ada")


def trials(bench: Bench) -> Iterator[Row]:
    for number, (engine, statement) in enumerate(LOCKS.values()):
        url = bench.database(engine)
        bench.must(url, "create", LINE[1], "--no-password")
        usual = bench.startup(url)
        yield bounded(bench, TITLES[2 * number], url, statement, usual)
        yield interrupted(bench, TITLES[2 * number + 1], url, statement, usual)


def bounded(bench: Bench, title: str, url: str, statement: str, usual: float) -> Row:
    row, slowest = bench.row(title), 0.0
    for _ in bench.times(1, 20):
        with hold(bench, url, statement):
            started = bench.start(url, *LINE, lock_timeout=BOUND)
            done = bench.end(started)
        slowest = max(slowest, done.seconds)
        since = done.seconds - BOUND  # when the wait began, however long the start took
        told = [seconds - since for seconds, line in started.said if line.startswith("waiting for ")]
        in_time = BOUND < done.seconds < usual + BOUND + MORE
        held = done.code == 5 and in_time and len(told) == 1 and abs(told[0] - TOLD) < 1
        bench.count(row, held, (done, told, usual), lost=is_there(bench, url))
    row.remark = f"a bound of {BOUND} s: at most {slowest:.1f} s, of which {usual:.1f} s are any command's"
    return row


def interrupted(bench: Bench, title: str, url: str, statement: str, usual: float) -> Row:
    row, slowest = bench.row(title), 0.0
    for _ in bench.times(1, 20):
        with hold(bench, url, statement):
            started = bench.start(url, *LINE, lock_timeout=60)
            moment = usual + bench.chance.uniform(0.5, 4)
            started.signal_at(moment, signal.SIGINT)
            done: Done = bench.end(started)
        heard = done.seconds - moment
        slowest = max(slowest, heard)
        bench.count(row, done.code == INTERRUPTED and heard < HEARD, done, lost=is_there(bench, url))
    row.remark = f"heard after {slowest:.2f} s at most"
    return row


def is_there(bench: Bench, url: str) -> bool:
    """Whether the change was made although it was refused."""
    return bool(bench.number(url, "SELECT count(*) FROM users WHERE full_name = 'Ada'"))


def hold(bench: Bench, url: str, statement: str) -> AbstractContextManager[None]:
    return session(bench.plain(url), statement) if statement else write_lock(path_of(url), 120)


@contextmanager
def session(url: str, statement: str) -> Iterator[None]:
    with psycopg.connect(url, application_name="psql") as connection:
        connection.execute(statement.encode())
        yield
