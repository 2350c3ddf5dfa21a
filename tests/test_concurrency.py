"""Many processes at once: no lost change, no second user, no locked database, no traceback."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.concurrent_processes import at_once, call_at_once
from tests.conftest import Cli, Database
from usercli.database import url as database_url
from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.schemas.users import UserKey, UserUpdate, UserView
from usercli.services import users as service

pytestmark = pytest.mark.process


@pytest.mark.slow_on("postgresql")
def test_of_twenty_processes_that_create_one_address_exactly_one_wins(
    environment: Path, database: Database
) -> None:
    spellings = ["same@example.com", "SAME@example.com", "Same@Example.COM", "sAME@example.com"]
    emails = [spellings[number % 4] for number in range(20)]
    done = [job[0] for job in at_once([[["create", email, "--no-password", "-q"]] for email in emails])]
    assert Counter(code for code, _, _ in done) == {0: 1, 4: 19}
    for email, (code, out, err) in zip(emails, done, strict=True):
        if code:
            assert (out, err) == ("", f"error: a user with the email {email} exists already\n")
        else:
            assert err.startswith(f"created {email} on ")
            winner = out
    [(stored,)] = database.rows("SELECT id FROM users")
    assert str(stored).replace("-", "") == winner.strip().replace("-", "")


@pytest.mark.slow_on("postgresql")
def test_of_eight_processes_that_create_it_if_it_is_not_there_all_are_content(
    environment: Path, database: Database
) -> None:
    line = ["create", "same@example.com", "--no-password", "--if-not-exists", "-q"]
    done = [job[0] for job in at_once([[line]] * 8)]
    assert Counter(code for code, _, _ in done) == {0: 8}
    assert len({out for _, out, _ in done}) == 1  # everybody is told the one id
    assert database.rows("SELECT count(*) FROM users") == [(1,)]


TURNS = 20


def rename_many_times(job: tuple[str, int]) -> list[int]:
    """In a process of its own: the versions that its changes made."""
    url, number = job
    uow = UnitOfWork(sessions(open_engine(database_url.parse(url))))
    ada = [UserKey.parse("ada@example.com")]
    changes = (service.update_users(ada, UserUpdate(full_name=f"{number}.{turn}"), uow) for turn in range(TURNS))
    return [change.users[0].version for change in changes]


@pytest.mark.slow_on("sqlite")
def test_updates_of_one_user_from_four_processes_all_count(
    environment: Path, database: Database, ada: UserView
) -> None:
    """Eighty transactions on one row: none fails, none is lost, each has a version of its own."""
    done = call_at_once("tests.test_concurrency:rename_many_times", [(database.text, n) for n in range(4)])
    assert sorted(version for versions in done for version in versions) == list(range(2, 2 + 4 * TURNS))
    assert all(versions == sorted(versions) for versions in done)
    [(version, name)] = database.rows("SELECT version, full_name FROM users")
    last = next(number for number, versions in enumerate(done) if versions[-1] == 1 + 4 * TURNS)
    assert (version, name) == (1 + 4 * TURNS, f"{last}.{TURNS - 1}")


@pytest.mark.slow_on("sqlite")
def test_of_those_who_saw_one_version_one_wins_and_the_rest_are_told(
    environment: Path, database: Database, ada: UserView
) -> None:
    jobs = [[["update", "ada@example.com", "--name", f"by {n}", "--if-version", "1", "-q"]] for n in range(8)]
    done = [job[0] for job in at_once(jobs)]
    assert Counter(code for code, _, _ in done) == {0: 1, 4: 7}
    winner = next(number for number, (code, _, _) in enumerate(done) if code == 0)
    assert database.rows("SELECT version, full_name FROM users") == [(2, f"by {winner}")]


@pytest.mark.slow_on("postgresql")
def test_a_mixed_crowd_leaves_exactly_what_it_did(environment: Path, database: Database, cli: Cli) -> None:
    """Each process lives through users of its own while all the others write, and readers read."""
    jobs = []
    for number in range(4):
        job: list[list[str]] = []
        for turn in range(3):
            email = f"u{number}.{turn}@example.com"
            job += [
                ["create", email, "--no-password", "-q"],
                ["update", email, "--attribute", f"turn={turn}", "-q"],
                ["list", "--count"],
                ["delete", email, "--yes", "-q"],
            ]
            job += [["restore", email, "-q"]] if turn % 2 else []
        jobs.append(job)
    done = [result for job in at_once(jobs) for result in job]
    assert Counter(code for code, _, _ in done) == {0: len(done)}, [err for code, _, err in done if code]
    assert cli("list", "--count") == (0, "count\n4\n", "")
    assert cli("list", "--deleted", "--count") == (0, "count\n8\n", "")
    assert Counter(database.rows("SELECT version FROM users")) == {(3,): 8, (4,): 4}
    if database.engine == "sqlite":
        assert database.rows("PRAGMA integrity_check") == [("ok",)]
        assert database.rows("PRAGMA journal_mode") == [("wal",)]
