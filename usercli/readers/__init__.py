"""Readers of files of users: a module for each format, and the tables that list them.

A reader streams records, one user each, in our field names. What it cannot read as a record it yields as a
BadRecord with its line and the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, tzinfo
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


def unheard(_: str) -> None:
    """Nobody listens to what a reader notes."""


class LeftOut:
    """What a file holds that comes to no user. A reader counts it, and whoever imports tells it once."""

    def __init__(self) -> None:
        #: Entries that are no users: how many of each kind, as `computer`.
        self.entries: Counter[str] = Counter()
        #: Fields without a place, and secrets that are not kept: how many users have them.
        self.fields: Counter[str] = Counter()


@dataclass(frozen=True)
class ReadOptions:
    """Settings of a reader."""

    #: Completes login names to addresses where a system has none: ada -> ada@DOMAIN.
    email_domain: str | None = None
    #: The delimiter of a table; None: detected from the header line.
    delimiter: str | None = None
    #: Column names of the file, several joined by `+`, -> our field names.
    mapping: dict[str, str] = field(default_factory=dict)
    #: Columns that are left out.
    skipped: frozenset[str] = frozenset()
    #: A column, theirs or ours -> a word of the file -> ours.
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Of times that name none.
    timezone: tzinfo = UTC
    #: Of dates that have several readings: dmy, mdy or ymd; or excel, for numbers of days.
    date_order: str | None = None
    #: Take unknown columns as attributes instead of failing.
    unknown_to_attributes: bool = False
    #: The encoding of the text by its canonical name; None: by its mark, else UTF-8.
    encoding: str | None = None
    #: The sheet of a workbook; None: the first that is shown.
    sheet: str | None = None
    #: Paths of companion files, such as /etc/passwd for shadow.
    companions: tuple[str, ...] = ()
    #: Where a reader counts what it leaves out.
    left_out: LeftOut = field(default_factory=LeftOut, compare=False, repr=False)
    #: Whether the settings have a pepper, with which Devise made its hashes.
    has_pepper: bool = False
    #: Is told in a line what a reader understood, or did, unasked. The same may be told again.
    on_note: Callable[[str], None] = field(default=unheard, repr=False, compare=False)

    def deciding(self) -> dict[str, Any]:
        """The options that decide what is read, as JSON; those that came later are None at their default."""
        found = {option.name: getattr(self, option.name) for option in fields(self) if option.compare}
        plain = ReadOptions()
        return {
            name: _as_json(value) if name in _FIRST_OPTIONS or value != getattr(plain, name) else None
            for name, value in found.items()
        }


#: Imports that older releases began have these, and no others.
_FIRST_OPTIONS = frozenset({"email_domain", "delimiter", "mapping", "unknown_to_attributes", "companions"})


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple | frozenset):
        return sorted(value) if isinstance(value, frozenset) else list(value)
    return str(value) if isinstance(value, tzinfo) else value


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
    "entra": "usercli.readers.systems.entra:read",
    "google": "usercli.readers.systems.google:read",
    "okta": "usercli.readers.systems.okta:read",
    "csvde": "usercli.readers.systems.csvde:read",
    "laravel": "usercli.readers.systems.laravel:read",
    "devise": "usercli.readers.systems.devise:read",
    "fastapi-users": "usercli.readers.systems.fastapi_users:read",
    "supabase": "usercli.readers.systems.supabase:read",
    "wordpress": "usercli.readers.systems.wordpress:read",
    "nextcloud": "usercli.readers.systems.nextcloud:read",
}

#: Our own formats, by file suffix.
OURS: dict[str, str] = {
    "csv": "usercli.readers.csv_tsv:read",
    "tsv": "usercli.readers.csv_tsv:read_tsv",
    "jsonl": "usercli.readers.json_records:read_lines",
    "json": "usercli.readers.json_records:read",
    "xlsx": "usercli.readers.workbook:read",
}

#: Those that are no text: their readers take the bytes of the file.
BINARY = frozenset({"xlsx"})

#: Those that are tables: what yields the line and the cells of each row, the header first.
TABLES: dict[str, str] = {
    "csv": "usercli.readers.csv_tsv:rows",
    "tsv": "usercli.readers.csv_tsv:rows_tsv",
    "xlsx": "usercli.readers.workbook:rows",
}


def reader(name: str) -> Reader:
    """The reader of a format. Raises InvalidInput listing the known ones."""
    place = SYSTEMS.get(name) or OURS.get(name)
    if place is None:
        raise InvalidInput(f"no such format: {name} (known: {', '.join([*OURS, *SYSTEMS])})")
    found: Reader = resolve_name(place)
    return found
