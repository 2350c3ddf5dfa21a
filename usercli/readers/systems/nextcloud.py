"""Nextcloud: `occ user:list --info --output=json`, and the table `oc_users` as CSV or JSON.

nextcloud/server, core/Command/User/ListCommand.php and lib/private/Security/Hasher.php
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.user_columns import UserColumns, read_users_of

_COLUMNS = UserColumns(
    "nextcloud",
    known=frozenset({"cloud_id", "uid"}),
    id=("user_id", "uid"),
    login=("user_id", "uid"),
    name=("display_name", "displayname"),
    hashed=("password",),
    roles=("groups",),
    times={"created_at": ("first_seen",), "last_login_at": ("last_seen",)},
    ignored=frozenset({"uid_lower"}),
    no_place=frozenset({"user_directory"}),
    within=("*",),
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Nextcloud."""
    return read_users_of(_COLUMNS, source, options)
