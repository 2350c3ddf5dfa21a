"""Laravel: the table `users` as CSV or JSON, as Breeze, Jetstream and Fortify extend it.

laravel/laravel, database/migrations/0001_01_01_000000_create_users_table.php
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.user_columns import UserColumns, read_users_of

_COLUMNS = UserColumns(
    "laravel",
    known=frozenset({"email_verified_at", "remember_token", "password"}),
    hashed=("password",),
    times={
        "created_at": ("created_at",),
        "updated_at": ("updated_at",),
        "last_login_at": ("last_login_at", "last_login"),
        "password_changed_at": ("password_changed_at",),
    },
    flags=frozenset({"is_admin", "is_superuser", "is_staff"}),
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of a Laravel application."""
    return read_users_of(_COLUMNS, source, options)
