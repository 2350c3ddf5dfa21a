"""Supabase: the table `auth.users` as CSV or JSON, and the users that the admin API lists.

supabase/auth, internal/models/user.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.named_rows import Row
from usercli.readers.user_columns import UserColumns, as_object, cell, first, read_users_of, role_names, yes

_COLUMNS = UserColumns(
    "supabase",
    known=frozenset({"encrypted_password", "raw_user_meta_data", "aud"}),
    hashed=("encrypted_password",),
    roles=("roles",),
    times={
        "created_at": ("created_at",),
        "updated_at": ("updated_at",),
        "last_login_at": ("last_sign_in_at",),
    },
    flags=frozenset({"is_sso_user", "is_super_admin"}),
    objects=frozenset({"app_metadata", "user_metadata"}),
    renamed={"phone": "phone_number", "new_email": "email_change", "new_phone": "phone_change"},
    ignored=frozenset({"instance_id", "aud", "is_anonymous"}),
    within=("users.item", "item.users.item"),
)
_OF_EVERYBODY = "authenticated"


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Supabase, without anonymous ones."""
    return read_users_of(_COLUMNS, source, options, _prepare)


def _prepare(row: Row, left_out: LeftOut) -> Row | None:
    if yes(row, "is_anonymous"):
        left_out.entries["anonymous user"] += 1
        return None
    if cell(row, "deleted_at") and "@" not in cell(row, "email"):  # a hash stands in its place
        left_out.entries["deleted user"] += 1
        return None
    for stored, shown in (("raw_app_meta_data", "app_metadata"), ("raw_user_meta_data", "user_metadata")):
        if stored in row:
            row[shown] = row.pop(stored)
    ours, theirs = as_object(row, "app_metadata"), as_object(row, "user_metadata")
    row["roles"] = [*role_names(ours.get("roles")), *role_names(ours.get("role"))]
    row["app_metadata"] = {key: value for key, value in ours.items() if key not in ("roles", "role")}
    name = {key: value for key, value in theirs.items() if isinstance(value, str)}
    row.setdefault("full_name", first(name, ("full_name", "display_name", "name")))
    if cell(row, "role") == _OF_EVERYBODY:  # the role of the database
        del row["role"]
    if cell(row, "email_change_confirm_status") == "0":
        del row["email_change_confirm_status"]
    return row
