"""import --resume: exactly once, wherever it was stopped; import without it: all or nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli, Database
from usercli.database.unit_of_work import UnitOfWork

pytestmark = pytest.mark.process

HASH = "$2b$12$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe"


def lines(count: int) -> Iterator[str]:
    yield "email,full_name,attributes,hashed_password\n"
    for number in range(count):
        yield f'user{number}@example.com,Ada {number},"{{""n"": ""{number}""}}",{HASH}\n'


@pytest.fixture
def file(environment: Path) -> str:
    """A table of 25 users, imported ten at a time."""
    (environment / "users.csv").write_text("".join(lines(25)))
    return "users.csv"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usercli.services.imports.session.CHUNK", 10)
    monkeypatch.setattr("usercli.services.imports.session.HASHED_AT_A_TIME", 10)


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make the nth commit from now fail; 0: none."""
    commit = UnitOfWork.commit

    def at(number: int) -> None:
        left = [number]

        def counted(uow: UnitOfWork) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            commit(uow)

        monkeypatch.setattr(UnitOfWork, "commit", counted)

    return at


def count(database: Database, table: str = "users") -> int:
    [[found]] = database.rows(f"SELECT count(*) FROM {table}")
    assert isinstance(found, int)
    return found


def test_the_same_command_goes_on_where_it_stopped(cli: Cli, file: str, breaks, database: Database) -> None:
    breaks(4)  # the first commit notes the beginning; then ten users each
    code, out, err = cli("import", file, "--resume")
    assert (code, out) == (130, "")
    assert "the first 20 records are committed; the same command resumes from there" in err
    assert count(database) == 20
    breaks(0)
    code, out, err = cli("import", file, "--resume", "-o", "json")
    assert (code, json.loads(out)["read"], json.loads(out)["created"]) == (0, 25, 25)
    assert "resuming after record 20" in err
    assert count(database) == count(database, "audit_events") == 25
    assert database.rows("SELECT count(DISTINCT change_id) FROM audit_events") == [(1,)]
    assert cli("audit", "verify")[0] == 0


def test_an_interrupt_right_after_a_chunk_counts_it(
    cli: Cli, file: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = UnitOfWork.__exit__

    def interrupted(uow: UnitOfWork, *error: Any) -> None:
        leave(uow, *error)
        if count(database) == 20:
            patch.undo()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(UnitOfWork, "__exit__", interrupted)
        code, _, err = cli("import", file, "--resume")
    assert (code, "the first 20 records are committed; the same command resumes" in err) == (130, True), err


def test_a_finished_import_is_not_done_again(cli: Cli, file: str, database: Database) -> None:
    first = cli("import", file, "--resume", "-o", "json")
    code, out, err = cli("import", file, "--resume", "-o", "json")
    assert (code, out) == (0, first[1])
    assert err == "this file was imported already; to import it again leave out --resume\n"
    assert count(database, "audit_events") == 25


def test_it_is_undone_as_one(cli: Cli, file: str, breaks, database: Database) -> None:
    breaks(3)
    cli("import", file, "--resume")
    breaks(0)
    change = json.loads(cli("import", file, "--resume", "-o", "json")[1])["change_id"]
    assert cli("undo", change, "--yes")[0] == 0
    assert database.rows("SELECT count(*) FROM users WHERE deleted_at IS NULL") == [(0,)]


def test_other_options_are_refused(cli: Cli, file: str, breaks, database: Database) -> None:
    breaks(3)
    cli("import", file, "--resume")
    breaks(0)
    code, out, err = cli("import", file, "--resume", "--on-conflict", "skip")
    assert (code, out) == (4, "")
    assert "begun with another value of on_conflict" in err
    assert count(database) == 10


def test_another_file_begins_anew(cli: Cli, file: str, environment: Path, database: Database) -> None:
    cli("import", file, "--resume")
    (environment / "users.csv").write_text("email\nnew@example.com\n")
    assert cli("import", file, "--resume")[0] == 0
    assert count(database) == 26


def test_bad_records_are_found_before_anything_is_written(cli: Cli, environment: Path, database: Database) -> None:
    (environment / "users.csv").write_text("".join(lines(25)) + "nobody\n")
    code, out, err = cli("import", "users.csv", "--resume")
    assert (code, out, count(database)) == (2, "", 0)
    assert "users.csv:27: " in err


def test_a_conflict_in_a_later_chunk_says_what_stands(cli: Cli, file: str, make_user, database: Database) -> None:
    make_user("user15@example.com")
    code, out, err = cli("import", file, "--resume")
    assert (code, out) == (4, "")
    assert "users.csv:17: a user with the email user15@example.com exists already" in err
    assert err.endswith(
        "error: 1 bad record found; the first 10 records are committed"
        "; to leave users who exist add --on-conflict skip, to change them --on-conflict update\n"
    )
    assert count(database) == 11


def test_an_address_twice_is_found_across_chunks(cli: Cli, environment: Path, database: Database) -> None:
    (environment / "users.csv").write_text("".join(lines(12)) + f"USER1@example.com,,,{HASH}\n")
    code, _, err = cli("import", "users.csv", "--resume", "--on-conflict", "update")
    assert code == 2
    assert "users.csv:14: the email USER1@example.com appears twice in the file" in err


def test_the_reject_file_goes_on_too(cli: Cli, environment: Path, breaks, database: Database) -> None:
    rows = list(lines(25))
    rows[3] = "bad 3,,,\n"
    rows[14] = "bad 14,,,\n"
    rows[24] = "bad 24,,,\n"
    (environment / "users.csv").write_text("".join(rows))
    arguments = ("import", "users.csv", "--resume", "--skip-bad", "--reject-file", "bad.csv")
    breaks(3)
    assert cli(*arguments)[0] == 130
    with (environment / "bad.csv").open("a") as out:
        out.write("never acknowledged\n")
    breaks(0)
    assert cli(*arguments)[0] == 7
    assert count(database) == 22
    found = (environment / "bad.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in found] == ["id", "", "", ""]
    assert [line.rsplit(",", 2)[1] for line in found[1:]] == ["4", "15", "25"]


def test_hashes_that_were_made_are_kept(cli: Cli, environment: Path, breaks, database: Database) -> None:
    text = "".join(f"user{number}@example.com,correct horse {number}\n" for number in range(15))
    (environment / "users.csv").write_text("email,password\n" + text)
    breaks(3)
    code, _, err = cli("import", "users.csv", "--hash-passwords", "--resume")
    assert (code, count(database)) == (130, 10)
    assert "hashing 15 passwords with bcrypt, cost 4, on 2 threads: about " in err
    before = set(database.rows("SELECT id, hashed_password FROM users"))
    breaks(0)
    code, _, err = cli("import", "users.csv", "--hash-passwords", "--resume")
    assert code == 0
    assert "hashing 5 passwords" in err
    assert before < set(database.rows("SELECT id, hashed_password FROM users"))
    assert cli("password", "verify", "user14@example.com", "--password-stdin", stdin="correct horse 14\n")[0] == 0


def test_standard_input_cannot_be_resumed(cli: Cli, database: Database) -> None:
    code, out, err = cli("import", "-", "--from", "csv", "--resume", stdin="email\na@example.com\n")
    assert (code, out, err) == (2, "", "error: only a file that can be read again can be resumed\n")
    assert count(database) == 0


def test_a_dry_run_goes_on_in_thought(cli: Cli, file: str, breaks, database: Database) -> None:
    breaks(3)
    cli("import", file, "--resume")
    breaks(0)
    code, out, _ = cli("import", file, "--resume", "--dry-run", "-o", "json")
    assert (code, json.loads(out)["created"], count(database)) == (0, 15, 10)


@pytest.mark.slow_on("sqlite")
def test_two_at_once_do_not_do_it_twice(cli: Cli, file: str, run, breaks, database: Database) -> None:
    from usercli.services.imports.session import ImportSession

    def meanwhile(self: ImportSession, done: int = 0) -> int:
        assert run("import", file, "--resume").returncode == 0
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImportSession, "_survey", meanwhile)
        code, _, err = cli("import", file, "--resume")
    assert (code, count(database)) == (4, 25)
    assert "somebody else goes on with this import at this moment; wait for them" in err


# -- killed


def kill_at(moment: float, *arguments: str) -> bool:
    """Run a command line and kill it after so many seconds; False if it was done before."""
    process = subprocess.Popen([sys.executable, "-m", "usercli", *arguments], stdout=subprocess.DEVNULL)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    assert process.returncode == 0
    return False


def prepared(environment: Path, run: Callable[..., subprocess.CompletedProcess[str]], users: int) -> float:
    """A file to import; how long that takes, measured on a dry run."""
    with (environment / "users.csv").open("w") as out:
        out.writelines(lines(users))
    start = time.monotonic()
    assert run("import", "users.csv", "--dry-run").returncode == 0
    return time.monotonic() - start


@pytest.fixture
def moments() -> random.Random:
    """Random moments, by a seed that a failure shows."""
    seed = random.randrange(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    return random.Random(seed)


ROUNDS = [
    pytest.param(6_000, 2, id="few"),
    pytest.param(100_000, 100, id="many", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("users", "rounds"), ROUNDS)
@pytest.mark.slow_on("postgresql")
def test_a_killed_import_leaves_all_or_nothing(
    environment: Path, run, database: Database, users: int, rounds: int, moments: random.Random
) -> None:
    takes = prepared(environment, run, users)
    before = 0
    for number in range(rounds):
        kill_at(moments.uniform(0, takes), "import", "users.csv")
        found = count(database)
        assert found in (before, before + users)
        assert count(database, "audit_events") == found
        if found > before:  # it was done: other users for the next round
            before = found
            text = (environment / "users.csv").read_text()
            (environment / "users.csv").write_text(text.replace("\nuser", f"\nuser{number}."))
    assert run("audit", "verify").returncode == 0
    assert run("import", "users.csv").returncode == 0


@pytest.mark.parametrize(("users", "rounds"), ROUNDS)
@pytest.mark.slow_on("sqlite")
def test_killed_and_resumed_until_done_it_is_as_if_uninterrupted(
    environment: Path, run, database: Database, users: int, rounds: int, moments: random.Random
) -> None:
    takes = prepared(environment, run, users)
    for _ in range(rounds):
        if not kill_at(moments.uniform(0, takes * 1.1), "import", "users.csv", "--resume"):
            break
        assert count(database) == count(database, "audit_events")
    done = run("import", "users.csv", "--resume", "-o", "json")
    assert (done.returncode, json.loads(done.stdout)["created"]) == (0, users)
    assert count(database) == count(database, "audit_events") == users
    assert run("audit", "verify").returncode == 0
    exported = run("export", "--fields", "email,full_name,attributes", "--sort", "id", "-o", "csv").stdout
    assert exported == "".join(line.rpartition(",")[0] + "\n" for line in lines(users)).replace(
        '""n"": "', '""n"":"'
    )
