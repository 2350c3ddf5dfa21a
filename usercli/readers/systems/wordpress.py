"""WordPress: `wp user list --format=csv` or `json`, and the table `wp_users`.

wp-cli/entity-command, src/User_Command.php - the table: wp-admin/includes/schema.php
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.named_rows import Row
from usercli.readers.user_columns import UserColumns, cell, read_users_of

_COLUMNS = UserColumns(
    "wordpress",
    known=frozenset({"user_login", "user_email"}),
    email=("user_email",),
    login=("user_login",),
    hashed=("user_pass",),
    times={"created_at": ("user_registered",)},
    no_place=frozenset({"caps", "allcaps", "filter"}),
    renamed={"user_nicename": "nickname", "user_url": "website"},
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of WordPress."""
    return read_users_of(_COLUMNS, source, options, _prepare)


def _prepare(row: Row, _: LeftOut) -> Row:
    """The status is a number: 0, 1 for spam, 2 for one that was not activated (BuddyPress)."""
    if cell(row, "user_status").strip("0"):
        row["disabled"] = True
    row.pop("user_status", None)
    return row
