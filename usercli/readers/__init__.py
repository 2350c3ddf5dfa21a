"""Files of users: one small module for each format, one table that lists them.

A reader turns a binary stream into records, one user each, in our own field names, without holding the
file in memory. What it cannot read as a record it yields as a BadRecord with its line and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any, BinaryIO, Protocol

from usercli.errors import InvalidInput


@dataclass(slots=True)
class Record:
    """One user of a file: `line` is where it starts (or its number, where there are no lines).

    `fields` has our names (schemas/user_fields.py) and `password`. Values are typed, or texts as a table of texts
    has them.
    """

    line: int
    fields: dict[str, Any]
    #: The scheme of a hash that cannot be verified and was left out; the user comes without a password.
    unsupported: str | None = None


@dataclass(slots=True)
class BadRecord:
    """What could not be read as a user."""

    line: int
    reason: str
    #: The record as it stood, for the reject file; None where nothing of it can be told.
    fields: dict[str, Any] | None = None


@dataclass(frozen=True)
class ReadOptions:
    """What a reader may need to know besides the file."""

    #: Makes addresses of login names, for systems that have none: ada -> ada@DOMAIN.
    email_domain: str | None = None
    #: The separator of a table; told from the header line when None.
    delimiter: str | None = None
    #: Their column names -> ours.
    mapping: dict[str, str] = field(default_factory=dict)
    #: Unknown columns become attributes instead of an error.
    unknown_to_attributes: bool = False
    #: File names of companions, as /etc/passwd beside shadow.
    companions: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one format."""

    def __call__(self, source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]: ...


#: `--from NAME`: the systems whose own export files are read.
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

#: Our own formats, by the ending of the file's name.
OURS: dict[str, str] = {
    "csv": "usercli.readers.csv_tsv:read",
    "tsv": "usercli.readers.csv_tsv:read_tsv",
    "jsonl": "usercli.readers.json_records:read_lines",
    "json": "usercli.readers.json_records:read",
}


def reader(name: str) -> Reader:
    """The reader of a format. Raises InvalidInput naming those that there are."""
    place = SYSTEMS.get(name) or OURS.get(name)
    if place is None:
        raise InvalidInput(f"no such format: {name} (known: {', '.join([*OURS, *SYSTEMS])})")
    found: Reader = resolve_name(place)
    return found
