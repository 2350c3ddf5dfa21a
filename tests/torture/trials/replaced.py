"""A SQLite file that is replaced while it is in use: the next change is refused, and nothing is acknowledged."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.sqlite_faults import emails, replace
from tests.torture.bench import Bench, path_of
from tests.torture.table import Row
from usercli.database import url as database_url
from usercli.database.engine import open_pooled_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import DatabaseUnavailable
from usercli.schemas.users import UserCreate
from usercli.services.users import create_user

TITLES = ("SQLite file replaced under a batch", "SQLite file replaced under a service with a pool")
ADA, BOB, CEM = (f"{name}@example.com" for name in ("ada", "bob", "cem"))


def trials(bench: Bench) -> Iterator[Row]:
    for title, replaced in zip(TITLES, (under_a_batch, under_a_service), strict=True):
        row = bench.row(title)
        for _ in bench.times(1, 3):
            url, other = bench.database("sqlite"), path_of(bench.database("sqlite"))
            bench.rows(f"sqlite:///{other}", "PRAGMA wal_checkpoint(TRUNCATE)")
            kept = path_of(url).with_name("kept.db")
            os.link(path_of(url), kept)
            held, acknowledged, seen = replaced(bench, url, other)
            there = {*emails(kept), *emails(path_of(url))}
            bench.count(row, held, (seen, there), lost=len(acknowledged - there) + len(there - acknowledged))
        row.remark = "refused; what was acknowledged before is in the file that was moved away"
        yield row


def under_a_batch(bench: Bench, url: str, other: Path) -> tuple[bool, set[str], object]:
    pipe = path_of(url).with_name("pipe")
    os.mkfifo(pipe)
    started = bench.start(url, "batch", str(pipe))
    with open(pipe, "w") as lines:
        lines.write(f"create {ADA} --no-password\n")
        lines.flush()
        until = time.monotonic() + 30
        while not emails(path_of(url)) and time.monotonic() < until:
            time.sleep(0.05)
        replace(path_of(url), other)
        lines.write(f"create {BOB} --no-password\n")
    done = bench.end(started)
    codes = [json.loads(line)["code"] for line in done.out.splitlines()]
    acknowledged = {email for email, code in zip((ADA, BOB), codes, strict=False) if code == 0}
    return done.code == 5 and codes[:2] == [0, 5] and "was replaced or removed" in done.out, acknowledged, done


def under_a_service(bench: Bench, url: str, other: Path) -> tuple[bool, set[str], object]:
    engine = open_pooled_engine(database_url.parse(url))
    made = sessions(engine)
    acknowledged, refused = set(), []
    try:
        for email in (ADA, BOB, CEM):
            if email == BOB:
                replace(path_of(url), other)
            try:
                create_user(UserCreate(email=email), UnitOfWork(made))
                acknowledged.add(email)
            except DatabaseUnavailable as error:
                refused.append((email, error.message))
    finally:
        engine.dispose()
    told = [email for email, message in refused if "was replaced or removed" in message]
    return told == [BOB] and acknowledged == {ADA, CEM}, acknowledged, refused
