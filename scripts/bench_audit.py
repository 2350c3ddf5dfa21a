"""What the audit log costs, measured inside one process; `scripts/bench audit` runs this and makes the table.

bench_audit.py change FILE RUNS    CPU seconds of a change with and without its event, in turn, as JSON
bench_audit.py fill FILE EVENTS    append events, so that there are so many
bench_audit.py verify FILE         events, seconds and peak memory of `audit verify`, as JSON
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import sqlite_file
from usercli.origin import Origin
from usercli.passwords import PasswordHasher
from usercli.repositories.audit import AuditRepository
from usercli.schemas.users import UserKey, UserUpdate
from usercli.services import audit, users
from usercli.services.auth import AuthService
from usercli.services.passwords import set_password

CHANGES_A_RUN = 20
EVENTS_A_COMMIT = 10_000
EMAIL, PASSWORD = "user500@example.com", "correct horse battery"


def unit_of_work(file: str, **options: Any) -> UnitOfWork:
    return UnitOfWork(sessions(open_engine(sqlite_file(Path(file)))), origin=Origin("bench", "bench"), **options)


def change(file: str, runs: str) -> dict[str, Any]:
    """CPU seconds of one change with and without its event, a run each; and the events of a sign-in."""
    found: dict[str, list[float]] = {"with": [], "without": []}
    record, write = AuditRepository.record, AuditRepository.write
    key = [UserKey.parse(EMAIL)]
    for run in range(int(runs) + 1):
        for kind, seconds in found.items():
            if kind == "without":
                AuditRepository.record = AuditRepository.write = lambda *_, **__: None  # type: ignore[method-assign, assignment]  # switched off on purpose
            start = time.process_time()
            for turn in range(CHANGES_A_RUN):
                users.update_users(key, UserUpdate(full_name=f"{kind} {run} {turn}"), unit_of_work(file))
            if run:  # the first only warms up
                seconds.append((time.process_time() - start) / CHANGES_A_RUN)
            AuditRepository.record, AuditRepository.write = record, write  # type: ignore[method-assign]  # and on again
    hasher = PasswordHasher("bcrypt", 4)
    set_password(key[0], hasher.hash(PASSWORD), unit_of_work(file))
    before = audit.checkpoint(unit_of_work(file)).count
    AuthService(lambda **options: unit_of_work(file, **options), hasher).authenticate(EMAIL, PASSWORD)
    return {**found, "sign_in": audit.checkpoint(unit_of_work(file)).count - before}


def fill(file: str, events: str) -> dict[str, Any]:
    """Append events until there are so many."""
    left = int(events) - audit.checkpoint(unit_of_work(file)).count
    while left > 0:
        with unit_of_work(file) as uow:
            for number in range(min(left, EVENTS_A_COMMIT)):
                names = {"full_name": f"User {number}"}
                uow.audit.record("user.updated", target_id=uow.change_id, email=EMAIL, before=names, after=names)
            uow.commit()
        left -= EVENTS_A_COMMIT
    return {}


def verify(file: str) -> dict[str, Any]:
    """How fast, and in how much memory."""
    start = time.process_time()
    result = audit.verify(unit_of_work(file, read_only=True))
    if not result.ok:
        raise SystemExit(f"the log is broken at {result.broken_at}")
    seconds, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "events": result.count,
        "seconds": seconds,
        "peak_mb": peak / (1024 * 1024 if sys.platform == "darwin" else 1024),
    }


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    commands: dict[str, Callable[..., dict[str, Any]]] = {"change": change, "fill": fill, "verify": verify}
    print(json.dumps(commands[name](*arguments)))
