"""Unix: /etc/shadow (shadow(5)), with names and groups from passwd(5) and group(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep
from usercli.readers.foreign_user import ForeignUser, InvalidRecord
from usercli.readers.text_source import BadLine, numbered_lines

_COLUMNS = 9
_PASSWD, _GROUP = 7, 4


@dataclass
class _Companions:
    """The data of passwd and group."""

    #: Login name -> columns of passwd.
    accounts: dict[str, list[str]] = field(default_factory=dict)
    #: Login name -> groups that list it.
    groups: dict[str, list[str]] = field(default_factory=dict)
    #: Group number -> group name.
    names: dict[str, str] = field(default_factory=dict)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of a shadow file. Raises InvalidInput if the first line does not have nine columns."""
    companions = _Companions()
    for path in options.companions:
        _read_companion(path, companions)
    first = 0
    for number, line in numbered_lines(source):
        if isinstance(line, BadLine):
            yield BadRecord(number, line.reason)
            continue
        row = line.strip("\r\n")
        if not row.strip() or row.startswith("#"):
            continue
        columns = row.split(":")
        first = first or number
        if number == first and len(columns) != _COLUMNS:
            hint = "; passwd is a companion of shadow" if len(columns) == _PASSWD else ""
            raise InvalidInput(f"line {number}: {len(columns)} columns where shadow has {_COLUMNS}{hint}")
        if number == first and not re.fullmatch(r"-?\d*", columns[2]):
            raise InvalidInput(f"line {number}: the third column is not a number of days, so not a file of shadow")
        try:
            yield _user(columns, companions).record(number, options)
        except InvalidRecord as error:
            yield BadRecord(number, error.reason)
    if not first:
        raise InvalidInput("the file is empty: not a file of shadow")


def _user(columns: list[str], companions: _Companions) -> ForeignUser:
    if len(columns) != _COLUMNS:
        raise InvalidRecord(f"{len(columns)} columns where shadow has {_COLUMNS}")
    login, stored, changed, *_, expires, _reserved = columns
    if not login or login[0] in "+-":
        raise InvalidRecord("no login name (a line for NIS)" if login else "no login name")
    account = companions.accounts.get(login)
    attributes = {"username": login}
    if account:
        attributes |= {"shadow_id": account[2], "home": account[5], "shell": account[6]}
    return ForeignUser(
        login=login,
        name=account[4].partition(",")[0] if account else "",
        is_active=not stored.startswith(("!", "*")),
        roles=_groups(login, account, companions),
        attributes=attributes,
        secret=_secret(stored),
        must_change_password=changed == "0",
        times={"password_changed_at": _day(changed), "expires_at": _day(expires)},
    )


def _groups(login: str, account: list[str] | None, companions: _Companions) -> list[str]:
    """The groups that list the user, and the primary group unless it has the user's name."""
    primary = companions.names.get(account[3], "") if account else ""
    return [*([primary] if primary not in ("", login) else []), *companions.groups.get(login, [])]


def _secret(stored: str) -> Secret:
    """The hash, also of a locked user (`!` before it)."""
    return keep(stored.lstrip("!"))


def _day(text: str) -> datetime | None:
    """Days since 1970; None if empty, 0 or negative. Raises InvalidRecord."""
    if not text or text.startswith("-") or text == "0":
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidRecord(f"not a number of days: {text[:20]}")
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(text[:10]))
    except OverflowError:
        return None  # beyond the year 9999


def _read_companion(path: str, companions: _Companions) -> None:
    """Read passwd or group, distinguished by the number of columns. Raises InvalidInput."""
    try:
        with open(path, "rb") as file:
            for number, line in numbered_lines(file):
                if isinstance(line, BadLine):
                    raise InvalidInput(f"{path}, line {number}: {line.reason}")
                _read_companion_line(f"{path}, line {number}", line.strip("\r\n").split(":"), companions)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {(error.strerror or 'error').lower()}") from None


def _read_companion_line(where: str, columns: list[str], companions: _Companions) -> None:
    if not "".join(columns).strip() or columns[0].startswith(("#", "+", "-")):
        return
    if len(columns) == _PASSWD:
        companions.accounts[columns[0]] = columns
    elif len(columns) == _GROUP and columns[2].isdecimal():
        companions.names[columns[2]] = columns[0]
        for member in filter(None, columns[3].split(",")):
            companions.groups.setdefault(member, []).append(columns[0])
    else:
        raise InvalidInput(f"{where}: neither passwd nor group")
