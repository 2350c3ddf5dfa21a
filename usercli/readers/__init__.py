"""Readers of files of users: a module for each format, and the tables that list them.

A reader streams records, one user each, in our field names. What it cannot read as a record it yields as a
BadRecord with its line and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any, BinaryIO, Protocol

from usercli.errors import Hint, InvalidInput


@dataclass(slots=True)
class Record:
    """One user of a file; `line` is where it starts, or its number in a file without lines.

    `fields` has our names (schemas/user_fields.py) and `password`. Values are typed, or the texts
    of a table.
    """

    line: int
    fields: dict[str, Any]
    #: The scheme of a hash that was left out because it cannot be verified.
    unsupported: str | None = None


@dataclass(slots=True)
class BadRecord:
    """A record that cannot be read as a user."""

    line: int
    reason: str
    #: The fields as far as they could be read, for the reject file; None if there are none.
    fields: dict[str, Any] | None = None
    #: What would help.
    hint: Hint | None = None


@dataclass(frozen=True)
class ReadOptions:
    """Settings of a reader."""

    #: Completes login names to addresses where a system has none: ada -> ada@DOMAIN.
    email_domain: str | None = None
    #: The delimiter of a table; None: detected from the header line.
    delimiter: str | None = None
    #: Column names of the file -> our field names.
    mapping: dict[str, str] = field(default_factory=dict)
    #: Take unknown columns as attributes instead of failing.
    unknown_to_attributes: bool = False
    #: Paths of companion files, such as /etc/passwd for shadow.
    companions: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one format."""

    def __call__(self, source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]: ...


#: `--from NAME`: export files of other systems.
SYSTEMS: dict[str, str] = {
    "auth0": "usercli.readers.systems.auth0:read",
    "django": "usercli.readers.systems.django:read",
    "keycloak": "usercli.readers.systems.keycloak:read",
    "firebase": "usercli.readers.systems.firebase:read",
    "kratos": "usercli.readers.systems.kratos:read",
    "airflow": "usercli.readers.systems.airflow:read",
    "htpasswd": "usercli.readers.systems.htpasswd:read",
    "shadow": "usercli.readers.systems.shadow:read",
    "ldif": "usercli.readers.systems.ldif:read",
    "scim": "usercli.readers.systems.scim:read",
}

#: Our own formats, by file suffix.
OURS: dict[str, str] = {
    "csv": "usercli.readers.csv_tsv:read",
    "tsv": "usercli.readers.csv_tsv:read_tsv",
    "jsonl": "usercli.readers.json_records:read_lines",
    "json": "usercli.readers.json_records:read",
}


def reader(name: str) -> Reader:
    """The reader of a format. Raises InvalidInput listing the known ones."""
    place = SYSTEMS.get(name) or OURS.get(name)
    if place is None:
        raise InvalidInput(f"no such format: {name} (known: {', '.join([*OURS, *SYSTEMS])})")
    found: Reader = resolve_name(place)
    return found
