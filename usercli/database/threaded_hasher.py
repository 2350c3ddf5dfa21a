"""Hashing beside an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from sqlalchemy.util import await_

from usercli.passwords import PasswordHasher, Verdict

P = ParamSpec("P")
T = TypeVar("T")


class ThreadedHasher(PasswordHasher):
    """A hasher for what AsyncDatabase.run and AsyncUnitOfWork.run call: it computes in threads, awaited."""

    def hash(self, password: str) -> str:
        return _in_a_thread(super().hash, password)

    def verify(self, password: str, stored: str | None) -> Verdict:
        return _in_a_thread(super().verify, password, stored)

    def hash_all(self, passwords: Iterable[str], jobs: int | None = None) -> Iterator[str]:
        hasher = PasswordHasher(self.scheme, self.cost)  # its own threads cannot wait for the event loop
        yield from _in_a_thread(list, hasher.hash_all(passwords, jobs))


def _in_a_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await_(asyncio.to_thread(function, *args, **kwargs))
