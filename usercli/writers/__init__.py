"""Writers of files for other systems: a module for each system, and the table that lists them.

A writer streams exported users as chunks of text, and reports the fields that the system does not support.
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

#: An exported user: plain fields, including `hashed_password` if hashes are exported.
Exported = Mapping[str, Any]


@dataclass
class Report:
    """The number of users who lose a field that the system does not support, and notes on the import."""

    lost: Counter[str] = field(default_factory=Counter)
    notes: set[str] = field(default_factory=set)

    def count_lost(self, user: Exported, names: Iterable[str]) -> None:
        """Count the fields `names` that are set for this user."""
        self.lost.update(name for name in names if user[name])


class Writer(Protocol):
    """Writes the file for one system."""

    def __call__(self, users: Iterable[Exported], report: Report) -> Iterator[str]: ...


#: `--to NAME`.
SYSTEMS: dict[str, str] = {
    "django": "usercli.writers.django:write",
    "auth0": "usercli.writers.auth0:write",
    "scim": "usercli.writers.scim:write",
}

#: Systems that do not import hashes.
WITHOUT_HASHES = frozenset({"scim"})


def writer(name: str) -> Writer:
    """The writer for a system. Raises InvalidInput listing the known ones."""
    if name not in SYSTEMS:
        raise InvalidInput(f"no such system to export to: {name} (known: {', '.join(SYSTEMS)})")
    found: Writer = resolve_name(SYSTEMS[name])
    return found


def is_active(user: Exported) -> bool:
    """Whether the user may sign in now; for systems without an expiry. One that cannot be read has passed."""
    expires = user["expires_at"]
    try:
        return bool(user["is_active"]) and (expires is None or datetime.fromisoformat(expires) > utcnow())
    except ValueError:
        return False


def json_array(items: Iterable[Any]) -> Iterator[str]:
    """A JSON array, an item per line. Nothing is written before the first item, which may raise an error."""
    start = "[\n"
    for item in items:
        yield start + json_line(item)
        start = ",\n"
    yield "[]" if start == "[\n" else "\n]"
