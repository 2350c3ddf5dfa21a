"""Files for other systems to import: one small module for each, one table that lists them.

A writer turns exported users into pieces of text, without holding them in memory. What the system has no place
for it counts, so that it can be said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pkgutil import resolve_name
from typing import Any, Protocol

from usercli.errors import InvalidInput
from usercli.text import json_line
from usercli.times import utcnow

#: A user as an export gives it: plain fields, `hashed_password` among them where hashes were asked for.
Exported = Mapping[str, Any]


@dataclass
class Report:
    """What the other system has no place for, counted by field, and what has to be known before importing."""

    lost: Counter[str] = field(default_factory=Counter)
    notes: set[str] = field(default_factory=set)

    def count_lost(self, user: Exported, names: Iterable[str]) -> None:
        """Count those of the fields in which this user has something."""
        self.lost.update(name for name in names if user[name])


class Writer(Protocol):
    """Writes the file that one system imports."""

    def __call__(self, users: Iterable[Exported], report: Report) -> Iterator[str]: ...


#: `--to NAME`: the systems for which files are written.
SYSTEMS: dict[str, str] = {
    "django": "usercli.writers.django:write",
    "auth0": "usercli.writers.auth0:write",
    "scim": "usercli.writers.scim:write",
}

#: Systems whose files have no place for hashes.
WITHOUT_HASHES = frozenset({"scim"})


def writer(name: str) -> Writer:
    """The writer for a system. Raises InvalidInput naming those that there are."""
    if name not in SYSTEMS:
        raise InvalidInput(f"no such system to export to: {name} (known: {', '.join(SYSTEMS)})")
    found: Writer = resolve_name(SYSTEMS[name])
    return found


def is_active(user: Exported) -> bool:
    """May the user sign in? Where there is no expiry, one that has passed must be an inactive user."""
    expires = user["expires_at"]
    return bool(user["is_active"]) and (expires is None or datetime.fromisoformat(expires) > utcnow())


def json_array(items: Iterable[Any]) -> Iterator[str]:
    """A JSON array, an item a line. It opens with the first one: an error before it leaves the output empty."""
    start = "[\n"
    for item in items:
        yield start + json_line(item)
        start = ",\n"
    yield "[]" if start == "[\n" else "\n]"
