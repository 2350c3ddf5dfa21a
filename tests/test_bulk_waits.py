"""Whoever changes one user while many are changed waits only while the prepared rows are written."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Database
from usercli.errors import UserNotFound
from usercli.schemas.users import UserKey, UserUpdate
from usercli.services.seed import seed_users
from usercli.services.users import update_users

MANY = 100_000
#: Seconds that a single change may wait at most; on a busy machine a part of what the change of many takes.
LONGEST, PART = 3.0, 1 / 3
MATCHING = ("--match", "active=true")


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        ("update", "--attribute", "wave=one", *MATCHING),
        ("delete", *MATCHING),
        ("apply", "staff.csv", "--name", "staff"),
        ("import", "staff.csv", "--on-conflict", "update"),
    ],
    ids=lambda change: change[0],
)
def test_a_single_change_beside_one_of_many_waits_seconds_at_most(
    database: Database, change: tuple[str, ...], environment: Path, record_property: pytest.RecordProperty
) -> None:
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    seed_users(MANY, database.uow())
    database.rows("ANALYZE")
    names = "".join(f"user{number}@example.com,New\n" for number in range(1, MANY + 1))
    (environment / "staff.csv").write_text(f"email,full_name\n{names}")
    line = [*change] if change[0] == "import" else [*change, "--max-changes", str(2 * MANY), "--yes"]
    command = [sys.executable, "-m", "usercli", "--database-url", database.text, *line]
    chance = random.Random(1)
    waits = []
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as bulk:
        while bulk.poll() is None:
            key = UserKey.parse(f"user{chance.randrange(1, 100)}@example.com")
            started = time.monotonic()
            with suppress(UserNotFound):  # in the bin by now
                update_users([key], UserUpdate(must_change_password=len(waits) % 2 == 0), database.uow())
            waits.append(time.monotonic() - started)
            time.sleep(0.2)
        assert bulk.stderr is not None
        assert bulk.returncode == 0, bulk.stderr.read()
    whole = time.monotonic() - begun
    record_property("longest_wait", f"{max(waits):.2f} s of {whole:.0f} s")
    assert len(waits) > 5
    longest = PART * whole if is_busy else LONGEST
    assert max(waits) < longest, f"the longest of {len(waits)} took {max(waits):.2f} s of {whole:.0f} s"
