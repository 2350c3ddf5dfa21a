"""Devise (Rails): the table `users` as CSV or JSON.

heartcombo/devise, lib/generators/active_record/templates/migration.rb and lib/devise/models
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.foreign_hashes import peppered
from usercli.readers.user_columns import UserColumns, read_users_of

_COLUMNS = UserColumns(
    "devise",
    known=frozenset({"encrypted_password"}),
    hashed=("encrypted_password",),
    times={
        "created_at": ("created_at",),
        "updated_at": ("updated_at",),
        "last_login_at": ("current_sign_in_at", "last_sign_in_at"),
        "password_changed_at": ("password_changed_at",),
    },
    flags=frozenset({"admin", "is_admin", "superadmin"}),
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of a Rails application with Devise."""
    users = read_users_of(_COLUMNS, source, options)
    return peppered(users) if options.has_pepper else users
