"""Time password hashing, or the answers of a sign-in; run by scripts/bench, which gives the figures a form."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from usercli.database import migrations
from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import sqlite_file
from usercli.passwords import PasswordHasher
from usercli.schemas.users import UserCreate
from usercli.services.auth import AuthService, SignInRefused
from usercli.services.users import create_user

COST = 12
HASHES_A_THREAD = 4


def hashing(runs: int, _: Path) -> dict[str, list[float]]:
    """Hashes a second, with one thread and with one for each core."""
    hasher, cores = PasswordHasher(cost=COST), os.cpu_count() or 1
    found: dict[str, list[float]] = {"one": [], "all": []}
    for _run in range(runs):
        for name, jobs in (("one", 1), ("all", cores)):
            texts = [f"a password to hash {number}" for number in range(HASHES_A_THREAD * jobs)]
            start = time.perf_counter()
            done = sum(1 for _hashed in hasher.hash_all(texts, jobs))
            found[name].append(done / (time.perf_counter() - start))
    return found


def timing(runs: int, folder: Path) -> dict[str, list[float]]:
    """CPU milliseconds of a refused sign-in: why it is refused must not show."""
    url = sqlite_file(folder / "users.db")
    migrations.upgrade(url)
    make = sessions(open_engine(url))

    def uow(*, read_only: bool = False) -> UnitOfWork:
        return UnitOfWork(make, read_only=read_only)

    hasher = PasswordHasher(cost=COST)
    stored = {"wrong": hasher.hash("correct horse battery"), "disabled": None, "unusable": "no hash at all"}
    for name, hashed in stored.items():
        create_user(UserCreate(email=f"{name}@example.com"), uow(), hashed_password=hashed)
    service = AuthService(uow, hasher)
    found: dict[str, list[float]] = {name: [] for name in ("wrong", "missing", "disabled", "unusable")}
    for run in range(runs + 1):
        for name, times in found.items():
            start = time.process_time()
            try:
                service.authenticate(f"{name}@example.com", "another horse battery")
            except SignInRefused:
                if run:  # the first round only warms up caches
                    times.append((time.process_time() - start) * 1000)
    return found


BENCHES: dict[str, Callable[[int, Path], dict[str, list[float]]]] = {"hash": hashing, "timing": timing}

if __name__ == "__main__":
    print(json.dumps(BENCHES[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))))
