"""Questions about one user, one page, or the end of the log read an index: no row of the others is looked at."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.conftest import Cli, Database, kept_engine, run_here
from usercli.services.seed import seed_users

SCANS = {
    "postgresql": re.compile(r"Seq Scan on (?:users|user_roles|audit_events)\b.*"),
    "sqlite": re.compile(r"SCAN (?:users|user_roles\w*|audit_events)(?! USING)\b.*"),
}
#: A sort of all rows is a scan, too, though an index gives them.
SORTS = {"postgresql": re.compile(r"(?:^|-> +)Sort  .*"), "sqlite": re.compile(r"USE TEMP B-TREE FOR ORDER BY")}

ADA, GONE = "user7@example.com", "user9@example.com"
QUESTIONS = {
    "show": ["show", ADA],
    "show an id": ["show", "{id}"],
    "exists": ["exists", ADA],
    "history": ["history", ADA],
    "history of somebody in the bin": ["history", GONE],
    "list": ["list", "--limit", "20"],
    "list upwards": ["list", "--limit", "20", "--sort", "-created_at"],
    "list by id": ["list", "--limit", "20", "--sort", "id"],
    "list a page further on": ["list", "--limit", "20", "--after", "{cursor}"],
    "list --inactive": ["list", "--inactive", "--limit", "20"],
    "list --sort email": ["list", "--sort", "email", "--limit", "20"],
    "list --sort -email": ["list", "--sort", "-email", "--limit", "20"],
    "list --created-after": ["list", "--created-after", "1d", "--limit", "20"],
    "changes": ["changes", "--limit", "5"],
    "audit log": ["audit", "log", "--limit", "5"],
    "audit log of a user": ["audit", "log", "--user", ADA],
}
#: Those whose page is not the whole answer to its condition: nothing may be sorted.
PAGES = {name for name in QUESTIONS if name.startswith("list")}


def is_bounded(what: str, statement: str, plan: str) -> bool:
    """The users of a page may be put in order once more; on SQLite the log is in the order of its numbers."""
    if "Sort" in what:
        return plan.find("Sort  ") < plan.find("Limit  ")
    is_log = what == "SCAN audit_events" and "LIMIT" in statement
    is_page = what.startswith("USE TEMP B-TREE") and re.search(r"SCAN users USING|SEARCH users", plan) is not None
    return is_log or (is_page and "CO-ROUTINE" in plan)


@contextmanager
def plans(database: Database) -> Iterator[list[tuple[str, str]]]:
    """The plan of each question about users or events that is asked meanwhile, with its statement."""
    found: list[tuple[str, str]] = []
    word = "EXPLAIN" if database.url.engine == "postgresql" else "EXPLAIN QUERY PLAN"

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not re.match(r"\s*(?:SELECT|WITH)\b.*\b(?:users|user_roles|audit_events)\b", statement, re.DOTALL):
            return
        if "count(*)" in statement and "LIMIT" in statement:  # which ends at some thousands
            return
        beside = connection.connection.cursor()
        beside.execute(f"{word} {statement}", parameters)
        found.append((statement, "\n".join(str(row[-1]) for row in beside.fetchall())))
        beside.close()

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _prepare(database: Database, users: int) -> None:
    seed_users(users, database.uow())
    assert run_here("role", "create", "editor")[0] == 0
    assert run_here("delete", GONE, "--yes")[0] == 0
    for number in range(1, 6):  # the newest changes are of one user each: those of a million are counted
        assert run_here("deactivate", f"user{number}@example.com")[0] == 0
    database.rows("UPDATE users SET email = upper(email) WHERE email LIKE '%0@example.com'")
    database.rows("INSERT INTO user_roles (user_id, role_id) SELECT users.id, roles.id FROM users, roles")
    if database.url.engine == "postgresql":
        name = database.url.database
        if users < 100_000:  # a small table is read faster than its index
            database.rows(f"ALTER DATABASE {name} SET enable_seqscan = off")
    database.rows("ANALYZE")
    kept_engine(database.url).dispose()


@pytest.mark.parametrize("users", [500, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_question_reads_an_index(cli: Cli, database: Database, users: int) -> None:
    _prepare(database, users)
    engine = database.url.engine
    [(user_id,)] = database.rows("SELECT CAST(id AS text) FROM users WHERE email = :email", email=ADA)
    cursor = cli("list", "--limit", "20")[2].split()[-1]
    wrong = []
    for name, line in QUESTIONS.items():
        with plans(database) as found:
            code, _, err = cli(*(part.format(id=uuid.UUID(user_id), cursor=cursor) for part in line))
        assert (code, bool(found)) == (0, True), (name, err)
        for statement, plan in found:
            bad = SCANS[engine].search(plan) or (name in PAGES and SORTS[engine].search(plan))
            if bad and not is_bounded(bad[0], statement, plan):
                wrong.append((name, bad[0], statement, plan))
    assert not wrong


def test_a_scan_and_a_sort_are_noticed(cli: Cli, database: Database) -> None:
    _prepare(database, 500)
    with plans(database) as found:
        cli("list", "--limit", "20", "--sort", "full_name")
    engine = database.url.engine
    assert any(SCANS[engine].search(plan) or SORTS[engine].search(plan) for _, plan in found)


def test_the_recycle_bin_is_compared_with_an_import_without_the_log(cli: Cli, database: Database) -> None:
    """Right after it no statistics tell how many events it made, and a planner may read all of them for each."""
    Path("in.csv").write_text("email\na@example.com\nb@example.com\n")
    assert cli("import", "in.csv")[0] == 0
    assert cli("undo", "--last", "--yes")[0] == 0
    with plans(database) as found:
        assert "note: other users with the emails of 2" in cli("import", "in.csv")[2]
    [statement] = [statement for statement, _ in found if "DISTINCT" in statement]
    assert "audit_events" not in statement


#: For tables of any size, as PostgreSQL has it for large ones.
PARALLEL = ("parallel_setup_cost", "min_parallel_table_scan_size", "min_parallel_index_scan_size")


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_users_are_counted_in_every_process(cli: Cli, database: Database) -> None:
    seed_users(20_000, database.uow())
    database.rows("ANALYZE")
    for setting in PARALLEL:
        database.rows(f"ALTER DATABASE {database.url.database} SET {setting} = 0")
    kept_engine(database.url).dispose()
    with plans(database) as found:
        assert cli("stats")[0] == 0
    [grouped] = [plan for statement, plan in found if "GROUP BY" in statement and "user_roles" not in statement]
    assert "Partial HashAggregate" in grouped
