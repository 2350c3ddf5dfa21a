"""Imports at the same time: each is one transaction, and they wait for each other instead of failing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.concurrent_processes import at_once
from tests.conftest import Cli, Database
from usercli.schemas.import_rows import RowParser, UserRow
from usercli.schemas.imports import ImportSummary
from usercli.services.imports.atomic import ImportFailed, import_users
from usercli.services.imports.options import ImportOptions

pytestmark = pytest.mark.process

EMAILS = ["ada@example.com", "bob@example.com"]


def import_in(
    order: list[str], name: str, database: Database, options: ImportOptions, meet: threading.Barrier
) -> ImportSummary:
    """Import a user at a time; before the second one, wait until the other import has written its first as well."""

    def chunks() -> Iterator[list[UserRow]]:
        for number, email in enumerate(order):
            if number:
                with suppress(threading.BrokenBarrierError):  # the other one waits for this one
                    meet.wait(timeout=0.5)
                time.sleep(0.1)
            yield [RowParser().parse(number + 2, {"email": email, "full_name": name})]

    return import_users(chunks(), database.uow(), options)


def both(database: Database, options: ImportOptions) -> list[Future[ImportSummary]]:
    """The same users, in opposite order, at once."""
    meet = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        orders = (("up", EMAILS), ("down", EMAILS[::-1]))
        return [pool.submit(import_in, order, name, database, options, meet) for name, order in orders]


@pytest.mark.parametrize("existing", [0, 2], ids=["new", "known"])
@pytest.mark.parametrize("on_conflict", ["skip", "update"])
def test_two_imports_that_meet_in_opposite_order_both_finish(
    database: Database, make_user: Callable[..., object], on_conflict: str, existing: int
) -> None:
    for email in EMAILS[:existing]:
        make_user(email)
    options = ImportOptions(on_conflict=on_conflict)  # type: ignore[arg-type]  # one of the words
    done = [job.result() for job in both(database, options)]
    assert sum(found.created for found in done) == 2 - existing
    other = sum(found.skipped if on_conflict == "skip" else found.updated for found in done)
    assert other == 2 + existing
    names = [row[0] for row in database.rows("SELECT full_name FROM users")]
    assert len(names) == 2
    assert len(set(names)) == 1  # one transaction after the other


def test_of_two_imports_of_the_same_new_users_one_goes_in_and_the_other_is_told(database: Database) -> None:
    first, second = sorted(both(database, ImportOptions()), key=lambda job: job.exception() is not None)
    failed = second.exception()
    assert isinstance(failed, ImportFailed)
    assert (first.result().created, failed.exit_code) == (2, 4)
    reasons = [reject.reason for reject in failed.rejects]
    assert sorted(reasons) == [f"a user with the email {email} exists already" for email in EMAILS]
    assert len(database.rows("SELECT DISTINCT full_name FROM users")) == 1


# -- as processes


@pytest.fixture
def files(environment: Path) -> Callable[[int], list[str]]:
    """Two files with the same users, in opposite order, each with names of its own."""

    def write(rows: int) -> list[str]:
        for name, numbers in (("up", range(rows)), ("down", range(rows - 1, -1, -1))):
            lines = [f"user{number:06}@example.com,{name} {number}\n" for number in numbers]
            (environment / f"{name}.csv").write_text("email,full_name\n" + "".join(lines))
        return [str(environment / "up.csv"), str(environment / "down.csv")]

    return write


def run_both(paths: list[str], *options: str) -> list[tuple[int, dict[str, int], str]]:
    done = at_once([[["import", path, *options, "-o", "json"]] for path in paths])
    return [(code, json.loads(out) if out else {}, err) for [(code, out, err)] in done]


@pytest.mark.slow
@pytest.mark.parametrize(("on_conflict", "rows"), [("skip", 20_000), ("skip --resume", 20_000), ("update", 6_000)])
def test_two_processes_that_import_in_opposite_order_both_finish(
    cli: Cli, files: Callable[[int], list[str]], database: Database, on_conflict: str, rows: int
) -> None:
    assert cli("import", files(100)[0])[0] == 0
    done = run_both(files(rows), "--on-conflict", *on_conflict.split())
    assert [code for code, _, _ in done] == [0, 0], [err for _, _, err in done]
    assert sum(found["created"] for _, found, _ in done) == rows - 100
    assert {
        found["created"] + found["updated"] + found["skipped"] + found["unchanged"] for _, found, _ in done
    } == {rows}
    assert database.rows("SELECT count(*) FROM users") == [(rows,)]
    assert cli("audit", "verify")[0] == 0
