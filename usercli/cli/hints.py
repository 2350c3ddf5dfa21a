"""Commands in messages, as they must be typed to reach the database that the message is about."""

from __future__ import annotations

import re
import shlex

from usercli.config import Target

_COMMAND = re.compile(r"(?<=[:;] )usercli (?=[a-z])")


def has_command(text: str) -> bool:
    """Whether a message says what to run."""
    return _COMMAND.search(text) is not None


def with_reach(text: str, target: Target | None) -> str:
    """The message, its commands with the option that leads to this database. A password is not repeated."""
    if target is None:
        return text
    if target.profile is not None:
        return _insert(text, f"--profile {shlex.quote(target.profile)}")
    if target.source != "--database-url":
        return text
    if target.given is None:
        return f"{text} (with the same --database-url)"
    return _insert(text, f"--database-url {shlex.quote(target.given)}")


def _insert(text: str, options: str) -> str:
    return _COMMAND.sub(lambda match: f"{match[0]}{options} ", text)


def with_database(text: str, target: Target) -> str:
    """The message, which names the database unless it does so already."""
    if target.url.where in text:
        return text
    for subject, named in (
        ("the database ", f"the database {target} "),
        ("the schema ", f"the schema of {target} "),
    ):
        if text.startswith(subject):
            return named + text.removeprefix(subject)
    return f"{target}: {text}"
