"""Okta: users of its API, and a CSV with the names of its profile, as its template and its reports have them.

https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/
https://help.okta.com/en-us/content/topics/users-groups-profiles/usgp-import-users-csv.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_user import part, text
from usercli.readers.key_names import snake_case
from usercli.readers.named_rows import Row
from usercli.readers.user_columns import UserColumns, as_object, cell, read_users_of

_COLUMNS = UserColumns(
    "okta",
    known=frozenset({"profile", "login"}),
    id=("id", "user_id", "okta_id"),
    email=("email", "primary_email"),
    login=("login", "username"),
    name=("display_name",),
    hashed=("hashed",),
    password=("password",),
    roles=("groups",),
    must_change=("must_change",),
    times={
        "created_at": ("created",),
        "updated_at": ("last_updated",),
        "last_login_at": ("last_login",),
        "password_changed_at": ("password_changed",),
    },
    renamed={"primary_phone": "phone_number", "mobile_phone": "mobile"},
    ignored=frozenset({"links", "embedded"}),
)
_CREDENTIALS = frozenset({"password", "provider", "emails"})
_PREFIX = re.compile(r"(?:user|profile)\.")
#: States in which the next sign-in asks for a new password.
_NEEDS_PASSWORD = frozenset({"password_expired", "recovery", "password_reset"})


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Okta, without second factors and answers to questions."""
    return read_users_of(_COLUMNS, source, options, _prepare, lambda header: snake_case(_PREFIX.sub("", header)))


def _prepare(row: Row, left_out: LeftOut) -> Row:
    profile = as_object(row, "profile")
    row.pop("profile", None)
    for key, value in profile.items():
        row.setdefault(snake_case(key), value)
    if second := cell(row, "second_email"):
        row["other_emails"] = [second]
    row.pop("second_email", None)
    row["must_change"] = snake_case(cell(row, "status")) in _NEEDS_PASSWORD
    if isinstance(row.get("type"), dict):
        del row["type"]
    credentials = as_object(row, "credentials")
    row.pop("credentials", None)
    left_out.fields.update(key for key, value in credentials.items() if key not in _CREDENTIALS and value)
    if provider := text(part(credentials, "provider"), "type"):
        row["provider"] = provider
    _take_password(row, part(credentials, "password"))
    return row


def _take_password(row: Row, given: dict[str, Any]) -> None:
    """The API never shows one; a file for it may have the password, or a hash in parts."""
    stored = part(given, "hash")
    if value := text(given, "value"):
        row["password"] = value
    if text(stored, "algorithm") == "BCRYPT":
        cost = cell(stored, "workFactor").zfill(2)
        row["hashed"] = f"$2a${cost}${text(stored, 'salt')}{text(stored, 'value')}"
    elif stored:
        row["hashed"] = f"okta-{text(stored, 'algorithm')}${text(stored, 'value')}"  # known by name only
