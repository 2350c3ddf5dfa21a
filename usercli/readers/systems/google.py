"""Google Workspace: the CSV of the Admin console (download and bulk upload), and users of the Directory API.

https://support.google.com/a/answer/40057 - https://developers.google.com/admin-sdk/directory/reference/rest/v1/users
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import BinaryIO

from usercli.hash_encodings import unhex
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_user import names, parts, text
from usercli.readers.key_names import snake_case
from usercli.readers.named_rows import Row
from usercli.readers.user_columns import UserColumns, as_object, cell, read_users_of

_COLUMNS = UserColumns(
    "google",
    known=frozenset({"Email Address", "primaryEmail"}),
    email=("email_address", "primary_email"),
    login=(),
    name=("name_full_name", "full_name", "name"),
    hashed=("hashed",),
    password=("password",),
    must_change=("change_password_at_next_sign_in", "change_password_at_next_login"),
    times={"created_at": ("creation_time",), "last_login_at": ("last_sign_in", "last_login_time")},
    flags=frozenset(
        {"is_admin", "is_delegated_admin", "2sv_enrolled", "2sv_enforced", "is_enrolled_in2_sv"}
        | {"is_enforced_in2_sv", "agreed_to_terms"}
        | {"include_in_global_address_list", "ip_whitelisted", "is_mailbox_setup"}
    ),
    renamed={"work_phone": "phone_number", "mobile_phone": "mobile", "employee_title": "title"},
    no_place=frozenset(
        {"email_usage", "drive_usage", "photos_usage", "total_storage", "storage_used", "storage_limit"}
        | {"gemini_limit_status", "new_licenses", "licenses"}
    ),
    ignored=frozenset({"kind", "etag"}),
    within=("users.item", "item.users.item"),
    next_page="nextPageToken",
)
_NOTE = re.compile(r"\s*\[[^\]]*\]")  # [Required], [READ ONLY], [MUST BE IN THE E.164 FORMAT]
_NAMES = {"givenName": "first_name", "familyName": "last_name"}
_HIDDEN = "****"
_DIGESTS = {"md5": "MD5", "sha1": "SHA"}


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Google Workspace."""
    return read_users_of(_COLUMNS, source, options, _prepare, lambda header: snake_case(_NOTE.sub("", header)))


def _prepare(row: Row, _: LeftOut) -> Row:
    if not isinstance(row.get("name"), str):
        name = as_object(row, "name")
        row.pop("name", None)
        row |= {_NAMES.get(key, snake_case(key)): value for key, value in name.items()}
    own = cell(row, "email_address") or cell(row, "primary_email")
    others = [cell(row, key) for key in ("work_secondary_email", "home_secondary_email")]
    others += [text(entry, "address") for entry in parts(row, "emails")] + names(row, "aliases")
    for key in ("work_secondary_email", "home_secondary_email", "emails", "aliases"):
        row.pop(key, None)
    row["other_emails"] = [each for each in dict.fromkeys(others) if each and each.lower() != own.lower()]
    _take_password(row)
    return row


def _take_password(row: Row) -> None:
    """A download shows stars; a file for upload has the password, or a hash and the name of its function."""
    function = re.sub(r"\W", "", cell(row, "password_hash_function") or cell(row, "hash_function")).lower()
    stored = cell(row, "password")
    row.pop("password_hash_function", None)
    row.pop("hash_function", None)
    if not function and stored != _HIDDEN:
        return
    row.pop("password", None)
    key = unhex(stored) if function in _DIGESTS else None
    if stored != _HIDDEN:
        row["hashed"] = stored if key is None else f"{{{_DIGESTS[function]}}}{base64.b64encode(key).decode()}"
