"""A million rows are taken over while the service writes, and no write waits for long."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path

import psycopg
import pytest

from tests import test_adopt
from tests.conftest import Database

make, engine_name = test_adopt.make, test_adopt.engine_name

_ROWS = 1_000_000
_LONGEST_WAIT = 5.0  # seconds

_TABLE = f"""
CREATE TABLE "user" (
    id UUID NOT NULL, email VARCHAR(320) NOT NULL, hashed_password VARCHAR(1024) NOT NULL,
    is_active BOOLEAN NOT NULL, is_superuser BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL, PRIMARY KEY (id)
);
INSERT INTO "user" SELECT gen_random_uuid(), 'User' || i || CASE i % 100 WHEN 0 THEN '@Bücher.example'
    ELSE '@example.com' END, '{test_adopt.HASH}', true, false, true FROM generate_series(1, {_ROWS}) AS i;
CREATE UNIQUE INDEX ix_user_email ON "user" (email);
ANALYZE "user";
"""


class Service(threading.Thread):
    """A service that signs people up, changes addresses and reads, one after the other."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._url = database.text
        self.waits: list[tuple[float, float]] = []
        self.done = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self.failure = error

    def _work(self) -> None:
        new = """INSERT INTO "user" VALUES (gen_random_uuid(), %s, 'x', true, false, false)"""
        with psycopg.connect(self._url, autocommit=True) as connection:
            number = 0
            while not self.done.is_set():
                number += 1
                start = time.monotonic()
                connection.execute(new, (f"New{number}@example.org",))
                query = """UPDATE "user" SET email = %s, is_verified = NOT is_verified WHERE email = %s"""
                done = connection.execute(query, (f"Moved{number}@example.org", f"User{number}@example.com"))
                assert done.rowcount == (number % 100 > 0)
                connection.execute(
                    """SELECT id, email, hashed_password FROM "user" WHERE email = %s""",
                    (f"User{number + 1}@example.com",),
                )
                self.waits.append((time.monotonic() - start, start))
                time.sleep(0.01)


@pytest.mark.slow
def test_a_writer_beside_an_adoption_of_a_million_rows_waits_briefly(make: test_adopt.Make, tmp_path: Path) -> None:
    database = make(_TABLE)
    service = Service(database)
    service.start()
    start = time.monotonic()
    try:
        test_adopt.succeed("db", "adopt", "--apply", "--yes")
        took = time.monotonic() - start
    finally:
        time.sleep(1)
        service.done.set()
        service.join()
    longest, at = max(service.waits)
    what = f"{took:.1f} s, {len(service.waits):,} rounds, the longest {longest:.2f} s"
    logging.getLogger(__name__).warning("%s, %.1f s from the start", what, at - start)
    assert service.failure is None
    assert json.loads(test_adopt.succeed("db", "check", "-o", "json"))["bad_keys"] == 0
    assert longest < _LONGEST_WAIT
