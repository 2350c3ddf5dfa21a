"""Firebase: `firebase auth:export users.json`, and its CSV without a header and with incomplete quoting.

https://firebase.google.com/docs/cli/auth - the CSV: firebase/firebase-tools, src/accountExporter.ts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret
from usercli.readers.foreign_user import ForeignUser, InvalidRecord, moment, names, parts, rest, text
from usercli.readers.json_stream import read_users
from usercli.readers.named_rows import row_of
from usercli.readers.peeked_stream import is_json, peeked
from usercli.readers.text_source import BadLine, numbered_lines
from usercli.readers.user_columns import is_open, other_keys
from usercli.validation import read_json

_TAKEN = frozenset(
    {"localId", "email", "emailVerified", "phoneNumber", "photoUrl", "displayName", "providerUserInfo", "mfaInfo"}
    | {"customAttributes", "passwordHash", "salt", "createdAt", "lastSignedInAt"}
)
_KNOWN = frozenset({"localId"})
_WITHIN = ("users.item",)

# The columns around the 18 that are free text: names, pictures, data of the providers.
_ROW = re.compile(
    r"(?P<localId>[^,\"]+),(?P<email>[^,\"]*),(?P<emailVerified>true|false),"
    r"(?P<passwordHash>[A-Za-z0-9+/=]*),(?P<salt>[A-Za-z0-9+/=]*),"
    r"(?P<free>.*),"
    r"(?P<createdAt>\d*),(?P<lastSignedInAt>\d*),(?P<phoneNumber>\+?[\d ]*)"
    r"(?:,(?P<disabled>true|false|)(?:,(?P<customAttributes>\"\{.*\}\"|))?)?,?"
)
_PROVIDERS = ("google.com", "facebook.com", "twitter.com", "github.com")
_FREE_COLUMNS = 2 + 4 * len(_PROVIDERS)
_NAME_COLUMNS = frozenset({0, *range(4, _FREE_COLUMNS, 4)})
_PICTURE_COLUMNS = frozenset({1, *range(5, _FREE_COLUMNS, 4)})
_MAX_COMMAS = 30


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Firebase, without hashes: its scrypt cannot be verified without the key of the project."""
    start, whole = peeked(source, "firebase")
    if is_json(start):
        return read_users(whole, options, "firebase", _KNOWN, lambda item: _user(item, options.left_out), _WITHIN)
    return _read_table(whole, options)


def _user(item: dict[str, Any], left_out: LeftOut) -> ForeignUser:
    claims = _claims(text(item, "customAttributes"))
    left_out.fields.update({"mfaInfo"} if item.get("mfaInfo") else ())  # the second factors
    attributes = other_keys(item, _TAKEN) | {
        "firebase_id": text(item, "localId"),
        "email_verified": item.get("emailVerified"),
        "phone_number": text(item, "phoneNumber"),
        "picture": text(item, "photoUrl"),
        "providers": [rest(entry, {"email"}) for entry in parts(item, "providerUserInfo")],
        "claims": rest(claims, {"role", "roles"}),
    }
    return ForeignUser(
        email=text(item, "email"),
        login=text(item, "localId"),
        name=text(item, "displayName"),
        is_active=is_open(row_of(item)),
        roles=[*names(claims, "roles"), *names(claims, "role")],
        attributes=attributes,
        secret=Secret(unsupported="firebase_scrypt" if text(item, "passwordHash") else None),
        times={"created_at": moment(item, "createdAt"), "last_login_at": moment(item, "lastSignedInAt")},
    )


def _claims(custom: str) -> dict[str, Any]:
    try:
        claims = read_json(custom or "{}")
    except InvalidInput:
        claims = None
    if not isinstance(claims, dict):
        raise InvalidRecord("customAttributes is not a JSON object")
    return claims


def _read_table(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    seen = False
    for number, line in numbered_lines(source):
        if isinstance(line, BadLine):
            yield BadRecord(number, line.reason)
            continue
        row = line.rstrip("\r\n")
        if not row.strip():
            continue
        try:
            yield _user(_cells(row), options.left_out).record(number, options)
        except InvalidRecord as error:
            if not seen and (row.count(",") < _FREE_COLUMNS or row.split(",")[2] not in ("true", "false")):
                raise InvalidInput(
                    f"line {number}: not a table of firebase: it has 26 to 28 columns and no header"
                ) from None
            yield BadRecord(number, error.reason)
        seen = True


def _cells(row: str) -> dict[str, Any]:
    """The columns by their names in JSON. Raises InvalidRecord if the row is ambiguous."""
    found = _ROW.fullmatch(row)
    if found is None:
        raise InvalidRecord("not the columns of firebase; a line break in a name, or a file that was edited")
    pieces = found["free"].split(",")
    readings = list(_readings(pieces)) if len(pieces) <= _FREE_COLUMNS + _MAX_COMMAS else []
    if len(readings) != 1:
        why = "can be read in more than one way" if readings else "are not those of firebase"
        raise InvalidRecord(f"the columns {why}: firebase does not escape commas and quotes")
    cells: dict[str, Any] = rest(found.groupdict(), {"free"})
    cells["emailVerified"], cells["disabled"] = cells["emailVerified"] == "true", cells["disabled"] == "true"
    cells["customAttributes"] = (cells["customAttributes"] or "")[1:-1].replace('""', '"')
    return cells | _free_cells(readings[0])


def _free_cells(free: list[str]) -> dict[str, Any]:
    providers = []
    for place, provider in enumerate(_PROVIDERS):
        start = 2 + 4 * place
        keys = ("rawId", "email", "displayName", "photoUrl")
        if free[start]:
            known = dict(zip(keys, free[start : start + 4], strict=True))
            providers.append({"providerId": provider} | {key: value for key, value in known.items() if value})
    return {"displayName": free[0], "photoUrl": free[1], "providerUserInfo": providers}


def _readings(pieces: list[str], place: int = 0) -> Iterator[list[str]]:
    """Every way to split a row into the free columns from `place` on.

    Only a name may contain commas; Firebase then quotes it, without escaping quotes inside.
    """
    if place == _FREE_COLUMNS:
        if not pieces:
            yield []
        return
    longest = len(pieces) - (_FREE_COLUMNS - place - 1) if place in _NAME_COLUMNS else 1
    for count in range(1, longest + 1):
        cell = ",".join(pieces[:count])
        if not pieces or not _fits(cell, place, is_joined=count > 1):
            continue
        value = cell[1:-1] if count > 1 else cell
        for others in _readings(pieces[count:], place + 1):
            yield [value, *others]


def _fits(cell: str, place: int, *, is_joined: bool) -> bool:
    if is_joined:
        return len(cell) > 2 and cell[0] == cell[-1] == '"'
    if place in _NAME_COLUMNS:
        return True
    if '"' in cell:
        return False
    return not cell or "://" in cell if place in _PICTURE_COLUMNS else True
