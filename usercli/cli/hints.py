"""Commands in messages, as they must be typed to reach the database that the message is about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from usercli.text import with_database

if TYPE_CHECKING:
    from usercli.config import Target

#: Of these no database is asked.
_WITHOUT_DATABASE = r"(?!schema|completion)"
_COMMAND = re.compile(rf"(?<=: )usercli {_WITHOUT_DATABASE}(?=[a-z])(?![a-z -]+ --help)")
_TO_RUN = re.compile(rf"(?<=: )(?<!see: )usercli {_WITHOUT_DATABASE}(?=[a-z])|make it by db upgrade")

#: The words that name a command.
_NAME = re.compile(r"[a-z-]+(?: [a-z][a-z-]*)?(?=[\s;,]|$)")

#: Options that lead to a database: a command in a message gets them.
REACH = frozenset({"--profile", "--database-url"})


def has_command(text: str) -> bool:
    """Whether a message says what to type."""
    return bool(_COMMAND.search(text) or _TO_RUN.search(text))


def addressed(text: str, target: Target, confirmed: str | None = None) -> str:
    """The message, its commands with the option that leads to this database; one to be run names it as well."""
    return with_reach(_with_name(text, target) if _TO_RUN.search(text) else text, target, confirmed)


def with_reach(text: str, target: Target, confirmed: str | None = None) -> str:
    """The message, its commands with the option that leads to this database.

    Those that change something also have --target, with the name of the protected profile that is `confirmed`.
    """
    options, after = [], ""
    if target.profile is not None:
        options = ["--profile", target.profile]
    elif target.given is not None:
        options = ["--database-url", target.given]
    elif target.source == "--database-url":  # it may hold a secret
        after = " (with the same --database-url)"

    def insert(match: re.Match[str]) -> str:
        line = text[match.end() :].partition(": usercli ")[0]
        more = ["--target", confirmed] if confirmed and "--target" not in line and _changes(line) else []
        return "".join([match[0], *(f"{shlex.quote(word)} " for word in (*options, *more))])

    return _COMMAND.sub(insert, text) + after


def _changes(line: str) -> bool:
    """Whether a command changes something, by the words that name it."""
    from usercli.cli.synonyms import READING

    words = _NAME.match(line)
    is_known = words is not None and set(words[0].split()) <= {*READING.split(), "inspect"}
    return not is_known or line.startswith("db adopt --")


def _with_name(text: str, target: Target) -> str:
    named = with_database(text, str(target), target.url.where)
    return named if str(target) in named else f"{target}: {text}"


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
