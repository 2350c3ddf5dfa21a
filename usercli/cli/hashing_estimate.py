"""Estimate how long hashing many passwords takes."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from usercli.passwords import PasswordHasher

_SAMPLES = 2


def estimate(count: int | None, hasher: PasswordHasher, jobs: int | None) -> str:
    """`hashing 100 passwords with bcrypt, cost 12, on 2 threads: about 14 seconds`; without a count, a rate."""
    threads = min(jobs or os.cpu_count() or 1, count or 1 << 20)
    passwords = "passwords" if count is None else "1 password" if count == 1 else f"{count:,} passwords"
    on = "1 thread" if threads == 1 else f"{threads} threads"
    start = f"hashing {passwords} with {hasher.scheme}, cost {hasher.cost}, on {on}"
    each = _seconds_per_hash(hasher) / min(threads, os.cpu_count() or 1)
    if count is None:
        return f"{start}: about {1 / each:,.0f} a second" if each < 1 else f"{start}: about {each:,.0f} s each"
    return f"{start}: about {duration(count * each)}"


def duration(seconds: float) -> str:
    """A duration in seconds, minutes, hours or days."""
    for size, unit in ((86400 * 3, "days"), (3600 * 2, "hours"), (60 * 2, "minutes")):
        if seconds >= size:
            return f"{seconds / {'days': 86400, 'hours': 3600, 'minutes': 60}[unit]:,.0f} {unit}"
    return "1 second" if seconds < 1.5 else f"{seconds:,.0f} seconds"


def _seconds_per_hash(hasher: PasswordHasher) -> float:
    times = []
    for _ in range(_SAMPLES):
        start = perf_counter()
        hasher.hash("how long does it take")
        times.append(perf_counter() - start)
    return min(times)
