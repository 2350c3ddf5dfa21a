"""What checks return."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from usercli.schemas.health import CheckState

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """A state, a sentence, and what helps."""

    state: CheckState
    said: str
    do: str = ""


@dataclass(frozen=True)
class Check(Generic[T]):
    """A check of something. `unbounded` is what does one at length that may not end in time."""

    name: str
    run: Callable[[T], Iterable[Finding]]
    needs_schema: bool = False
    unbounded: str = ""


def ok(said: str) -> Finding:
    """All is well."""
    return Finding("ok", said)


def warn(said: str, do: str = "") -> Finding:
    """It works, but somebody should look."""
    return Finding("warn", said, do)


def fail(said: str, do: str = "") -> Finding:
    """Something does not work, or lets in whom it should not."""
    return Finding("fail", said, do)


def not_checked(why: str, do: str = "") -> Finding:
    """The check could not be made."""
    return Finding("warn", f"not checked: {why}", do)


def of_sentence(sentence: str, do: str) -> Finding:
    """A failure whose sentence may say itself what to run."""
    said, _, command = sentence.partition("; run: ")
    return fail(said, f"run: {command}" if command else do)
