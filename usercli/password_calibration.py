"""Measure how long bcrypt takes on this machine, to choose its cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from usercli.password_costs import MAX_BCRYPT_COST
from usercli.passwords import PasswordHasher


@dataclass(frozen=True)
class Measurement:
    """How long one bcrypt hash of this cost takes on this machine."""

    cost: int
    milliseconds: float


def measure(limit: float, lowest: int = 10, times: int = 3) -> Iterator[Measurement]:
    """The median of `times` hashes at each cost from `lowest` up, until one takes longer than `limit` ms."""
    PasswordHasher(cost=4).hash("warm up")
    for cost in range(lowest, MAX_BCRYPT_COST + 1):
        hasher = PasswordHasher(cost=cost)
        taken = []
        for _ in range(times):
            start = perf_counter()
            hasher.hash("a password to measure")
            taken.append((perf_counter() - start) * 1000)
        yield Measurement(cost, median(taken))
        if median(taken) > limit:
            return
