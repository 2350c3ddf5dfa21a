"""Questions about many users, by the clock; `scripts/bench questions` runs this and makes the table.

bench_questions.py RUNS FOLDER USERS    seconds of each question by engine, a run each, as JSON
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import psycopg
from bench_transfer import Server, fresh_file, timed, usercli, users, write_users

from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import parse
from usercli.repositories.pagination import query_mark, write_cursor
from usercli.repositories.users import order_by
from usercli.schemas.users import UserCriteria

#: More users than this SQLite is not asked about.
MOST_ON_SQLITE = 1_000_000


def questions(email: str, needle: str, far: str) -> dict[str, list[str]]:
    """The arguments of each question, by its name; all are compared with the first."""
    page = ["list", "--limit", "20"]
    return {
        "show EMAIL": ["show", email],
        "list --limit 20": page,
        "the same, nine tenths of the users further": [*page, "--after", far],
        "list --sort email --limit 20": [*page, "--sort", "email"],
        "list --sort -email --limit 20": [*page, "--sort", "-email"],
        "list --inactive --limit 20": [*page, "--inactive"],
        "list --where team=t7 --limit 20": [*page, "--where", "team=t7"],
        "list --search NAME --limit 20": [*page, "--search", needle],
        "list --search without a hit": [*page, "--search", "nobody-is-called-so"],
        "list --count": ["list", "--count"],
        "list --count --estimate": ["list", "--count", "--estimate"],
        "changes --limit 5": ["changes", "--limit", "5"],
        "audit log --limit 5": ["audit", "log", "--limit", "5"],
        "history EMAIL": ["history", email],
    }


def far_cursor(url: str, number: int) -> str:
    """Where the page begins that nine tenths of the users are before."""
    criteria, order = UserCriteria(), order_by("created_at")
    with UnitOfWork(sessions(open_engine(parse(url))), read_only=True) as uow:
        [user] = uow.users.matching(criteria, order, None, 1, number * 9 // 10)
        mark = query_mark(criteria.model_dump_json(), order)
        return write_cursor(mark, user.created_at, user.id)


def some_of(number: int) -> tuple[list[str], str]:
    """A few emails, and something to search for."""
    emails = [email for email, *_ in users(min(number, 1000))]
    return emails[-6:], emails[-1].partition("@")[0]


def change(url: str, some: list[str]) -> None:
    """Change some users one by one."""
    for email in some:
        usercli(url, "update", email, "--attribute", "seen=yes")


def prepare(url: str) -> None:
    """Bring the statistics up to date: the database is not measured at work of its own."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            file.execute("ANALYZE")
        return
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (b"VACUUM (ANALYZE)", b"CHECKPOINT"):
            connection.execute(statement)


def asked_often(url: str, runs: int, asked: dict[str, list[str]]) -> dict[str, list[float]]:
    """Seconds of each question, all of them in every run; the first run only warms up."""
    found: dict[str, list[float]] = {name: [] for name in asked}
    for run in range(runs + 1):
        for name, arguments in asked.items():
            seconds = timed(usercli, url, *arguments)
            if run:
                found[name].append(seconds)
    return found


def bench(runs: int, folder: Path, number: int) -> dict[str, dict[str, list[float]]]:
    """Every run of every question, by engine."""
    source = folder / "users.csv"
    write_users(source, number)
    some, needle = some_of(number)
    found = {}
    server = Server()
    try:
        url = server.fresh()
        usercli(url, "import", source)
        change(url, some)
        prepare(url)
        found["postgresql"] = asked_often(url, runs, questions(some[0], needle, far_cursor(url, number)))
    finally:
        server.cluster.remove()
    if number <= MOST_ON_SQLITE:
        url = f"sqlite:///{fresh_file(folder)}"
        usercli(url, "import", source)
        change(url, some)
        prepare(url)
        asked = questions(some[0], needle, far_cursor(url, number))
        del asked["list --count --estimate"]  # SQLite counts
        found["sqlite"] = asked_often(url, runs, asked)
    return found


def main() -> int:
    runs, folder, number = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(bench(runs, folder, number)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
