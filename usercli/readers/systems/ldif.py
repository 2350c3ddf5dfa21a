"""LDIF (RFC 2849), as slapcat, ldapsearch and most directories write it."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from typing import BinaryIO, cast

from usercli.errors import InvalidInput
from usercli.hash_encodings import unbase64
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep, ldap
from usercli.readers.foreign_user import ForeignUser, InvalidRecord, joined
from usercli.readers.text_source import BadLine, numbered_lines

_GROUP_CLASSES = frozenset(
    {"groupofnames", "groupofuniquenames", "posixgroup", "group", "groupofmembers", "organizationalrole"}
)
_PERSON_CLASSES = frozenset(
    {"person", "organizationalperson", "inetorgperson", "posixaccount", "shadowaccount", "user", "account"}
    | {"mailrecipient", "simplesecurityobject"}
)
_MEMBER_ATTRIBUTES = ("member", "uniquemember", "memberuid", "roleoccupant")
_OTHER_CLASSES = frozenset({"computer", *_GROUP_CLASSES})
_ATTRIBUTES = {
    "uid": "username",
    "samaccountname": "username",
    "telephonenumber": "phone_number",
    "mobile": "mobile",
    "title": "title",
    "departmentnumber": "department_number",
    "department": "department",
    "employeenumber": "employee_number",
    "o": "organization",
    "ou": "organizational_unit",
    "description": "description",
    "uidnumber": "uid_number",
    "gidnumber": "gid_number",
    "homedirectory": "home",
    "loginshell": "shell",
}
_READ = frozenset(
    {"dn", "mail", "uid", "cn", "sn", "givenname", "displayname", "userpassword", "memberof", *_MEMBER_ATTRIBUTES}
)
_ID_ATTRIBUTES = ("entryuuid", "nsuniqueid", "ipauniqueid")
_TIME = re.compile(r"(\d{14})(?:[.,]\d+)?Z")
_MAX_ENTRY_BYTES = 16 << 20
#: What a line takes in memory besides its text.
_LINE_BYTES = 200


@dataclass
class _Entry:
    """An entry; the values are by the names of attributes in lower case, those with options (;lang-de) apart."""

    line: int = 0
    dn: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    optional: dict[str, list[str]] = field(default_factory=dict)
    #: Why the entry cannot be read.
    error: str | None = None

    def refuse(self, number: int, reason: str) -> None:
        """Record why the entry cannot be read; the first reason counts."""
        self.error = self.error or f"line {number}: {reason}"

    def all(self, name: str) -> list[str]:
        """The values without options, or else those with options."""
        return self.values.get(name) or self.optional.get(name) or []

    def first(self, *names: str) -> str:
        """The first value of the first of these attributes that has one; empty without."""
        return next((found[0] for name in names if (found := self.all(name))), "")

    @property
    def classes(self) -> set[str]:
        return {name.lower() for name in self.all("objectclass")}


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of a directory. The file is read twice, since groups usually come after their members."""
    with _seekable(source) as file:
        start = file.tell()
        groups = _memberships(file)
        file.seek(start)
        for entry in _entries(file):
            if entry.error is not None:
                yield BadRecord(entry.line, entry.error)
            elif _is_user(entry):
                try:
                    yield _user(entry, groups).record(entry.line, options)
                except InvalidRecord as error:
                    yield BadRecord(entry.line, error.reason)


@contextmanager
def _seekable(source: BinaryIO) -> Iterator[BinaryIO]:
    """The file itself, or an unnamed copy if it is a pipe or compressed."""
    is_zipped = isinstance(cast("object", source), gzip.GzipFile)  # seeking in it decompresses again
    if source.seekable() and not is_zipped:
        yield source
        return
    with tempfile.TemporaryFile() as copy:
        try:
            shutil.copyfileobj(source, copy)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InvalidInput("the gzip file is truncated or damaged (reading it as ldif)") from None
        copy.seek(0)
        yield copy


def _memberships(file: BinaryIO) -> dict[str, list[str]]:
    """The groups of each member, by DN or, for memberUid, by `uid:` and the login name."""
    groups: dict[str, list[str]] = {}
    for entry in _entries(file):
        if not entry.classes & _GROUP_CLASSES:
            continue
        name = entry.first("cn") or _rdn_value(entry.dn)
        for attribute in _MEMBER_ATTRIBUTES:
            for member in entry.all(attribute):
                key = f"uid:{member}" if attribute == "memberuid" else _normalized(member)
                groups.setdefault(key, []).append(name)
    return groups


def _entries(file: BinaryIO) -> Iterator[_Entry]:
    """Each entry. Raises InvalidInput if the file does not begin as LDIF does, or an entry is too large."""
    for is_entry, lines in groupby(_require_ldif(_unfolded(file)), lambda numbered: numbered[1] != ""):
        if is_entry:
            entry = _entry(lines)
            if entry.dn or entry.error:
                yield entry


def _require_ldif(lines: Iterator[tuple[int, str | BadLine]]) -> Iterator[tuple[int, str | BadLine]]:
    """The same lines. Raises InvalidInput unless the first that is not blank begins LDIF."""
    has_begun = False
    for number, line in lines:
        if not has_begun and line != "":
            if isinstance(line, BadLine) or not line.lower().startswith(("dn:", "version:")):
                raise InvalidInput(f"line {number}: neither version: nor dn:, so not a file of ldif")
            has_begun = True
        yield number, line
    if not has_begun:
        raise InvalidInput("the file is empty: not a file of ldif")


def _entry(lines: Iterator[tuple[int, str | BadLine]]) -> _Entry:
    entry, size = _Entry(), 0
    for number, line in lines:
        entry.line = entry.line or number
        size += _LINE_BYTES + len(line.reason if isinstance(line, BadLine) else line)
        if size > _MAX_ENTRY_BYTES:
            raise InvalidInput(f"line {number}: an entry is larger than {_MAX_ENTRY_BYTES >> 20} MB (reading ldif)")
        if isinstance(line, BadLine):
            entry.refuse(number, line.reason)
        else:
            _add_attribute(entry, number, line)
    return entry


def _unfolded(file: BinaryIO) -> Iterator[tuple[int, str | BadLine]]:
    """Logical lines: one that begins with a blank continues the line before it. Comments are left out."""
    start, pieces, size = 1, [""], 0
    for number, line in chain(numbered_lines(file), [(0, "")]):  # the blank one completes the last line
        if isinstance(line, str) and line.startswith(" ") and pieces:
            pieces.append(line[1:].rstrip("\r\n"))
            size += len(pieces[-1])
            if size > _MAX_ENTRY_BYTES:
                raise InvalidInput(
                    f"line {start}: a value is larger than {_MAX_ENTRY_BYTES >> 20} MB (reading ldif)"
                )
            continue
        if pieces and not pieces[0].startswith("#"):
            yield start, "".join(pieces)
        if isinstance(line, BadLine):
            yield number, line
            pieces = []
        else:
            start, pieces, size = number, [line.rstrip("\r\n")], 0


def _add_attribute(entry: _Entry, number: int, line: str) -> None:
    """Add one `name: value`, `name:: base64` or `name:< address` to the entry."""
    name, colon, rest = line.partition(":")
    name, has_options, _ = name.strip().lower().partition(";")
    if not colon or not name:
        entry.refuse(number, "not NAME: VALUE")
        return
    value: str | None = None
    if rest.startswith("<"):
        problem = f"the value of {name} is in another file"
    elif rest.startswith(":"):
        value, problem = _decoded(rest[1:].strip()), f"{name} is not base64 of UTF-8"
    else:
        value = rest.removeprefix(" ")
    if value is None:
        if name in _READ:  # others may be pictures or certificates
            entry.refuse(number, problem)
    elif name == "dn":
        entry.dn = value
    elif name == "changetype" and value.strip().lower() != "add":
        entry.refuse(number, "a change of a directory, not an entry of it")
    elif value:
        (entry.optional if has_options else entry.values).setdefault(name, []).append(value)


def _decoded(value: str) -> str | None:
    data = unbase64(value)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_user(entry: _Entry) -> bool:
    """Whether the entry is a person or has a password, and is no group, computer or contact in an address book."""
    has_password = bool(entry.all("userpassword"))
    if entry.classes & _OTHER_CLASSES:
        return False
    if "contact" in entry.classes and not entry.first("samaccountname"):
        return has_password
    return bool(entry.classes & _PERSON_CLASSES) or has_password


def _user(entry: _Entry, groups: dict[str, list[str]]) -> ForeignUser:
    login = entry.first("uid", "samaccountname")
    emails = _emails(entry)
    attributes = _attributes(entry) | {
        "ldif_id": entry.first(*_ID_ATTRIBUTES),
        "dn": entry.dn,
        "username": login or None,
        "other_emails": emails[1:],
    }
    of_uid = groups.get(f"uid:{login}", []) if login else []
    return ForeignUser(
        email=emails[0] if emails else "",
        login=login or _rdn_value(entry.dn),
        name=_name(entry),
        is_active=not _is_locked(entry),
        roles=[*groups.get(_normalized(entry.dn), []), *of_uid, *map(_rdn_value, entry.all("memberof"))],
        attributes=attributes,
        secret=_secret(entry.all("userpassword")),
        must_change_password=entry.first("pwdreset").upper() == "TRUE" or entry.first("pwdlastset").strip() == "0",
        times={
            "created_at": _time(entry.first("createtimestamp", "whencreated")),
            "updated_at": _time(entry.first("modifytimestamp", "whenchanged")),
            "password_changed_at": _time(entry.first("pwdchangedtime")) or _filetime(entry.first("pwdlastset")),
            "last_login_at": _time(entry.first("authtimestamp")) or _filetime(entry.first("lastlogontimestamp")),
            "expires_at": _expiry(entry),
        },
    )


def _emails(entry: _Entry) -> list[str]:
    """The addresses, those of mail first; the user principal name is one where there is no other."""
    found = [value for name in ("mail", "email", "rfc822mailbox") for value in entry.all(name)]
    found += entry.optional.get("mail", [])
    principal = entry.first("userprincipalname")
    return list(dict.fromkeys(found or ([principal] if "@" in principal else [])))


def _attributes(entry: _Entry) -> dict[str, object]:
    """What has no field of its own; several values are a list."""
    found: dict[str, object] = {}
    for theirs, ours in _ATTRIBUTES.items():
        values = list(dict.fromkeys(entry.all(theirs)))
        if values and ours not in found:
            found[ours] = values[0] if len(values) == 1 else values
    principal = entry.first("userprincipalname")
    if principal not in _emails(entry)[:1]:
        found["user_principal_name"] = principal
    return found


def _expiry(entry: _Entry) -> datetime | None:
    """The earliest of the ends that the schemas of directories know."""
    ends = (
        _filetime(entry.first("accountexpires")),
        _day(entry.first("shadowexpire")),
        _time(entry.first("krbprincipalexpiration")),
    )
    return min((end for end in ends if end is not None), default=None)


def _name(entry: _Entry) -> str:
    full = joined(entry.first("givenname"), entry.first("sn"))
    return entry.first("displayname") or (full if entry.first("givenname") else "") or entry.first("cn", "sn")


def _is_locked(entry: _Entry) -> bool:
    """Locked for good or after failed sign-ins, or ACCOUNTDISABLE (2) in Active Directory's userAccountControl."""
    control = entry.first("useraccountcontrol")
    if control.isdecimal() and int(control[:12]) & 2:
        return True
    return entry.first("nsaccountlock").lower() == "true" or bool(entry.first("pwdaccountlockedtime"))


def _secret(values: list[str]) -> Secret:
    """The first verifiable password, else the first."""
    found = [keep(value) if value.startswith("$") else ldap(value) for value in values]
    return next((secret for secret in found if secret.hashed), found[0] if found else Secret())


def _normalized(dn: str) -> str:
    """The DN for comparison: without case and without blanks around commas (RFC 4514, 4517)."""
    return re.sub(r"\s*([,=+])\s*", r"\1", dn.strip()).casefold()


def _rdn_value(dn: str) -> str:
    """The value of the first RDN: `staff` of cn=staff,ou=groups."""
    found = re.match(r"\s*[^=,]+=((?:\\.|[^,+\\])*)", dn)
    value = found[1] if found else dn
    return re.sub(r"\\([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), value).replace("\\", "").strip()


def _time(text: str) -> datetime | None:
    """A generalized time in UTC (RFC 4517, 3.3.13); None if it is invalid."""
    found = _TIME.fullmatch(text)
    try:
        return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _filetime(text: str) -> datetime | None:
    """A time of Active Directory: 100 ns since 1601; None for 0 and the maximum, which mean never."""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) == 0:
        return None
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text[:20]) // 10)
    except OverflowError:
        return None


def _day(text: str) -> datetime | None:
    """Days since 1970; None if empty, 0 or -1."""
    if not (text.isascii() and text.isdigit()) or int(text[:10]) == 0:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(text[:10]))
    except OverflowError:
        return None
