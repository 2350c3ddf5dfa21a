"""FastAPI Users: the table `user` as CSV or JSON.

fastapi-users/fastapi-users-db-sqlalchemy, SQLAlchemyBaseUserTable - hashes: pwdlib's argon2 and bcrypt
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.user_columns import UserColumns, read_users_of

_COLUMNS = UserColumns(
    "fastapi-users",
    known=frozenset({"hashed_password"}),
    hashed=("hashed_password",),
    times={
        "created_at": ("created_at",),
        "updated_at": ("updated_at",),
        "last_login_at": ("last_login_at", "last_login"),
    },
    flags=frozenset({"is_superuser", "is_verified"}),
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of an application with FastAPI Users."""
    return read_users_of(_COLUMNS, source, options)
