"""Which columns of a system's table of users say what, and the user of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep
from usercli.readers.foreign_user import ForeignUser, InvalidRecord, joined, moment, rest
from usercli.readers.key_names import is_blank, snake_case
from usercli.readers.named_rows import Row, read_rows, row_of
from usercli.times import utcnow
from usercli.validation import read_json

_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off", ""})

#: Columns that say that an account is closed: since when, until when, that it is so, or that it is not.
_ENDED = "deleted|discarded|locked|banned|blocked|suspended|disabled|deactivated|archived|terminated"
_STATES = re.compile(
    rf"(?P<since>(?:{_ENDED})_(?:at|on|date_time)|deletion_time)|(?P<until>(?:{_ENDED})_until)"
    rf"|(?P<closed>(?:is_)?(?:{_ENDED}|spam))|(?P<open>(?:is_|account_)?(?:active|enabled))"
    r"|(?P<word>(?:account_|user_|new_)?status)"
)
_OPEN_WORDS = frozenset({"active", "enabled"})
_CLOSED_WORDS = re.compile(rf"(?:{_ENDED}|inactive|closed|deprovisioned|staged)\b")


@dataclass(frozen=True)
class UserColumns:
    """The columns in snake case; a user gets each other one as an attribute, unless it holds a secret.

    Of several columns for one field the first counts that has a value.
    """

    system: str
    #: Every file has one of these, as the system writes it.
    known: frozenset[str]
    id: tuple[str, ...] = ("id",)
    email: tuple[str, ...] = ("email",)
    login: tuple[str, ...] = ("username", "login")
    name: tuple[str, ...] = ("full_name", "display_name", "name")
    #: Joined where there is no name, else attributes.
    names: tuple[str, ...] = ("first_name", "last_name")
    hashed: tuple[str, ...] = ()
    password: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("roles", "role")
    must_change: tuple[str, ...] = ()
    #: By our field names; the latest counts.
    times: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Attributes that are true or false, and those that are JSON in a table.
    flags: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    #: Other names of attributes.
    renamed: Mapping[str, str] = field(default_factory=dict)
    #: What has no place, and is named; what says nothing of its own, and is not.
    no_place: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    #: Where JSON has the users, and the key of a link to more of them.
    within: tuple[str, ...] = ()
    next_page: str = ""

    @property
    def taken(self) -> frozenset[str]:
        """The columns that become fields."""
        fields = (self.id, self.email, self.login, self.name, self.names, self.hashed, self.password)
        return frozenset(
            name for names in (*fields, self.roles, self.must_change, *self.times.values()) for name in names
        )


#: Prepares a row before its columns are read; None for what is no user.
Prepare = Callable[[Row, LeftOut], Row | None]


def read_users_of(
    columns: UserColumns,
    source: BinaryIO,
    options: ReadOptions,
    prepare: Prepare | None = None,
    column_name: Callable[[str], str] = snake_case,
) -> Iterator[Record | BadRecord]:
    """Users of a table with these columns, or of JSON with these keys. Raises InvalidInput for another file."""
    left_out, taken = options.left_out, columns.taken

    def parse_user(row: Row) -> ForeignUser | None:
        prepared = row if prepare is None else prepare(row, left_out)
        return None if prepared is None else _user(prepared, columns, taken, left_out)

    return read_rows(
        source,
        options,
        columns.system,
        columns.known,
        parse_user,
        within=columns.within,
        next_page=columns.next_page,
        column_name=column_name,
    )


def _user(row: Row, columns: UserColumns, taken: frozenset[str], left_out: LeftOut) -> ForeignUser:
    login, email = first(row, columns.login), first(row, columns.email)
    roles = {key: role_names(row.get(key)) for key in columns.roles}
    attributes = _attributes(row, columns, taken, left_out)
    attributes |= {key: row[key] for key, named in roles.items() if not named and key in row}  # a number
    attributes[f"{columns.system.replace('-', '_')}_id"] = first(row, columns.id)
    attributes["username"] = login if login != email else ""
    name, names = first(row, columns.name), {key: cell(row, key) for key in columns.names}
    if name:
        attributes |= names
    return ForeignUser(
        email=email,
        login=login,
        name=name or joined(*names.values()),
        is_active=is_open(row),
        roles=[name for named in roles.values() for name in named],
        attributes=attributes,
        secret=_secret(row, columns),
        must_change_password=any(yes(row, key) for key in columns.must_change),
        times={name: latest(row, keys) for name, keys in columns.times.items()},
    )


def _secret(row: Row, columns: UserColumns) -> Secret:
    if stored := first(row, columns.hashed):
        return keep(stored)
    return Secret(password=first(row, columns.password) or None)


# -- the values of a row


def cell(row: Row, key: str) -> str:
    """The text of a column, empty if missing; of a number its digits. Raises InvalidRecord."""
    value = row.get(key)
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        raise InvalidRecord(f"{key} is not a text")
    return str(value).strip()


def first(row: Row, keys: tuple[str, ...]) -> str:
    """The text of the first of these columns that has one."""
    return next((found for key in keys if (found := cell(row, key))), "")


def yes(row: Row, key: str, *, default: bool = False) -> bool:
    """The truth of a column, also as 1, t, yes or Y. Raises InvalidRecord."""
    value = row.get(key)
    if isinstance(value, bool):
        return value
    word = cell(row, key).lower()
    if not word:
        return default
    if word not in _TRUE and word not in _FALSE:
        raise InvalidRecord(f"{key} is neither true nor false")
    return word in _TRUE


def latest(row: Row, keys: tuple[str, ...]) -> datetime | None:
    """The latest time of these columns. Raises InvalidRecord."""
    return max((time for key in keys if (time := moment(row, key)) is not None), default=None)


def as_object(row: Row, key: str) -> dict[str, Any]:
    """The JSON object of a column, which a table holds as text; empty if missing. Raises InvalidRecord."""
    value = row.get(key) or {}
    with_reason = InvalidRecord(f"{key} is not a JSON object")
    if isinstance(value, str):
        try:
            value = read_json(value)
        except InvalidInput:
            raise with_reason from None
    if not isinstance(value, dict):
        raise with_reason
    return value


def role_names(value: Any) -> list[str]:
    """The names of a list, of a text that is joined by commas, or of an array as PostgreSQL or JSON writes it."""
    if isinstance(value, str):
        value = re.split(r"[,;|]", value.strip("{}[] "))
    if not isinstance(value, list):
        return []
    named = ((item.get("name") or item.get("displayName")) if isinstance(item, dict) else item for item in value)
    found = [name.strip().strip('"') for name in named if isinstance(name, str)]
    return [name for name in found if name and not name.isdigit()]


# -- whether the account is closed


def is_open(row: Row) -> bool:
    """Whether no column says that the account is disabled, locked, suspended, banned or deleted."""
    return not any((rule := _state(name)) is not None and rule(row, name) for name in row)


@lru_cache(maxsize=4096)
def _state(name: str) -> Callable[[Row, str], bool] | None:
    """What tells by a column of this name whether an account is closed."""
    found = _STATES.fullmatch(name)
    return _CLOSED_BY[str(found.lastgroup)] if found else None


def _is_set(row: Row, name: str) -> bool:
    """Whether the column says something else than no: a time, or a truth."""
    value = row[name]
    return bool(value) if not isinstance(value, str) else _NOTHING.fullmatch(value.strip().lower()) is None


def _is_closed_until(row: Row, name: str) -> bool:
    if cell(row, name).lower() == "infinity":
        return True
    time = moment(row, name)
    return time is not None and time > utcnow()


def _is_closed_by_word(row: Row, name: str) -> bool:
    return _CLOSED_WORDS.match(snake_case(cell(row, name)).replace("_", " ")) is not None


_NOTHING = re.compile(r"|0+|f|false|n|no|off|never|0000-00-00.*|1970-01-01[t ]00:00:00.*")
_CLOSED_BY: dict[str, Callable[[Row, str], bool]] = {
    "since": _is_set,
    "until": _is_closed_until,
    "closed": _is_set,
    "open": lambda row, name: not yes(row, name, default=True),
    "word": _is_closed_by_word,
}


# -- what becomes of the other columns


def _attributes(row: Row, columns: UserColumns, taken: frozenset[str], left_out: LeftOut) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in taken or name in columns.ignored or is_blank(value) or _says_only_the_state(name, value):
            continue
        if not name:
            left_out.fields["a column without a name"] += 1
        elif name in columns.no_place:
            left_out.fields[name] += 1
        elif name in columns.flags:
            word = str(value).lower()
            found[columns.renamed.get(name, name)] = word in _TRUE if word in _TRUE | _FALSE else value
        elif name in columns.objects:
            found[columns.renamed.get(name, name)] = as_object(row, name)
        else:
            found.setdefault(columns.renamed.get(name, name), value)
    return found


def other_keys(item: dict[str, Any], taken: Collection[str]) -> dict[str, Any]:
    """What no field takes of an object of JSON, by its keys in snake case."""
    row = row_of(rest(item, taken))
    return {name: value for name, value in row.items() if not _says_only_the_state(name, value)}


def _says_only_the_state(name: str, value: Any) -> bool:
    found = _STATES.fullmatch(name)
    if found is None or found.lastgroup in ("since", "until"):
        return False
    return found.lastgroup != "word" or str(value).lower() in _OPEN_WORDS
