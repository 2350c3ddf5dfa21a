"""Many writers at once, and one chain: no broken link, no gap, no event lost."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.audit_log import keys, uow, verify
from tests.concurrent_processes import call_at_once
from tests.conftest import Database
from usercli.database import url as database_url
from usercli.schemas.users import UserCreate, UserUpdate
from usercli.services import users

pytestmark = pytest.mark.process

WRITERS = 8


def change_many_times(job: tuple[str, int, int]) -> list[str]:
    """In a process of its own: the ids of the changes that it made, on a user of its own and on everybody's."""
    text, number, times = job
    database = Database(database_url.parse(text), text)
    own = f"u{number}@example.com"
    users.create_user(UserCreate.model_validate({"email": own}), uow(database, actor=f"writer {number}"))
    made = []
    for turn in range(times):
        everybody = keys(own, "all@example.com") if turn % 2 else keys(own)
        data = UserUpdate(full_name=f"{number}.{turn}")
        done = users.update_users(everybody, data, uow(database, actor=f"writer {number}"))
        made.append(str(done.change_id))
    return made


def write_at_once(database: Database, times: int) -> None:
    users.create_user(UserCreate.model_validate({"email": "all@example.com"}), uow(database))
    jobs = [(database.text, number, times) for number in range(WRITERS)]
    made = call_at_once("tests.test_audit_concurrency:change_many_times", jobs)
    found = verify(database)
    expected = 1 + WRITERS * (1 + times + times // 2)
    assert (found.ok, found.broken_at, found.count) == (True, None, expected)
    seqs = [seq for (seq,) in database.rows("SELECT seq FROM audit_events ORDER BY seq")]
    assert seqs == list(range(1, expected + 1))
    times_of = [at for (at,) in database.rows("SELECT at FROM audit_events ORDER BY seq")]
    assert times_of == sorted(times_of)
    # every change has its events, next to each other, and nobody else's
    stored = [
        str(change).replace("-", "")
        for (change,) in database.rows("SELECT change_id FROM audit_events ORDER BY seq")
    ]
    wanted = {change.replace("-", ""): 2 if turn % 2 else 1 for job in made for turn, change in enumerate(job)}
    counted = Counter(stored)
    assert {change: counted[change] for change in wanted} == wanted
    runs = [one for one, other in zip(stored, [None, *stored], strict=False) if one != other]
    assert len(runs) == len(set(stored))


@pytest.mark.slow_on("sqlite")
def test_eight_writers_leave_one_whole_chain(environment: object, database: Database) -> None:
    write_at_once(database, 10)


@pytest.mark.slow
def test_eight_writers_with_two_hundred_changes_each_leave_one_whole_chain(
    environment: object, database: Database
) -> None:
    write_at_once(database, 200)
