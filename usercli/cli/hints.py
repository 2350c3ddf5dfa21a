"""Commands in messages, as they must be typed to reach the database that the message is about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from usercli.config import Target

#: Of these no database is asked.
_WITHOUT_DATABASE = r"(?!schema|completion)"
_COMMAND = re.compile(rf"(?<=: )usercli {_WITHOUT_DATABASE}(?=[a-z])(?![a-z -]+ --help)")
_TO_RUN = re.compile(rf"(?<=: )(?<!see: )usercli {_WITHOUT_DATABASE}(?=[a-z])|make it by db upgrade")

#: Options that lead to a database: a command in a message gets them.
REACH = frozenset({"--profile", "--database-url"})


def has_command(text: str) -> bool:
    """Whether a message says what to type."""
    return bool(_COMMAND.search(text) or _TO_RUN.search(text))


def addressed(text: str, target: Target) -> str:
    """The message, its commands with the option that leads to this database; one to be run names it as well."""
    return with_reach(_with_name(text, target) if _TO_RUN.search(text) else text, target)


def with_reach(text: str, target: Target) -> str:
    """The message, its commands with the option that leads to this database."""
    if target.profile is not None:
        return _insert(text, f"--profile {shlex.quote(target.profile)}")
    if target.source != "--database-url":
        return text
    if target.given is None:  # it may hold a secret
        return f"{text} (with the same --database-url)"
    return _insert(text, f"--database-url {shlex.quote(target.given)}")


def _insert(text: str, options: str) -> str:
    return _COMMAND.sub(lambda match: f"{match[0]}{options} ", text)


def _with_name(text: str, target: Target) -> str:
    if target.url.where in text:
        return text
    for subject, named in (
        ("the database ", f"the database {target} "),
        ("the schema ", f"the schema of {target} "),
    ):
        if text.startswith(subject):
            return named + text.removeprefix(subject)
    return f"{target}: {text}"


def without_options(arguments: Iterable[str], names: Collection[str], flags: Collection[str] = ()) -> list[str]:
    """What was typed, without options that take a value, and without flags."""
    found: list[str] = []
    words = iter(arguments)
    short = tuple(name for name in names if not name.startswith("--"))
    for word in words:
        if word in names:
            next(words, None)
        elif word not in flags and word.partition("=")[0] not in names and not (short and word.startswith(short)):
            found.append(word)
    return found
