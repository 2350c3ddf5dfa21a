"""Commands with --retry outlive the death of the primary, with exactly one effect."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.standby import Pair
from usercli.database import migrations
from usercli.database import url as database_url

pytestmark = [pytest.mark.slow, pytest.mark.process]

#: scripts and people may want more of them.
TRIALS = int(os.environ.get("USERCLI_FAILOVERS", "2"))
CREATES, ROWS = 60, 20_000


@pytest.mark.parametrize("number", range(TRIALS))
def test_creates_and_an_import_end_on_the_new_primary(clean_environment: Path, number: int) -> None:
    chance = random.Random(number)
    Path("commands").write_text("".join(f"create one{n}@example.com --no-password\n" for n in range(CREATES)))
    Path("users.csv").write_text("email\n" + "".join(f"many{n}@example.com\n" for n in range(ROWS)))
    with Pair() as pair:
        migrations.upgrade(database_url.parse(pair.url()))
        environ = {**os.environ, "USERCLI_DATABASE_URL": pair.url()}
        lines = [["batch", "commands", "--retry", "60"], ["import", "users.csv", "--retry", "60"]]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes = [
            subprocess.Popen([sys.executable, "-m", "usercli", *line], env=environ, **pipes) for line in lines
        ]
        time.sleep(chance.uniform(0.8, 4))
        pair.fail_over()
        for process in processes:
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
        with psycopg.connect(pair.url()) as connection:
            for query in ("SELECT count(*) FROM users", "SELECT count(*) FROM audit_events"):
                assert connection.execute(query).fetchone() == (CREATES + ROWS,)
        verified = subprocess.run([sys.executable, "-m", "usercli", "audit", "verify"], env=environ, check=False)
        assert verified.returncode == 0
