"""Apache Airflow: `airflow users export`, and `airflow users list --output json`.

https://airflow.apache.org/docs/apache-airflow-providers-fab/stable/cli-ref.html - without hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep
from usercli.readers.foreign_user import ForeignUser, joined, moment, names, text
from usercli.readers.json_stream import read_users
from usercli.readers.named_rows import row_of
from usercli.readers.user_columns import is_open, other_keys

_TAKEN = frozenset(
    {"id", "username", "email", "firstname", "first_name", "lastname", "last_name", "roles", "password"}
    | {"last_login", "created_on", "changed_on"}
)
_KNOWN = frozenset({"firstname", "first_name"})


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users and roles of Airflow."""
    return read_users(source, options, "airflow", _KNOWN, _user)


def _user(item: dict[str, Any]) -> ForeignUser:
    first = text(item, "firstname") or text(item, "first_name")
    last = text(item, "lastname") or text(item, "last_name")
    return ForeignUser(
        email=text(item, "email"),
        login=text(item, "username"),
        name=joined(first, last),
        is_active=is_open(row_of(item)),
        roles=names(item, "roles"),
        attributes=other_keys(item, _TAKEN) | {"airflow_id": item.get("id"), "username": text(item, "username")},
        secret=_secret(text(item, "password")),
        times={
            "created_at": moment(item, "created_on"),
            "updated_at": moment(item, "changed_on"),
            "last_login_at": moment(item, "last_login"),
        },
    )


def _secret(password: str) -> Secret:
    """A file for `users import` may have plain passwords, a dump of the table has Werkzeug's hashes."""
    if password.startswith(("$", "pbkdf2:", "scrypt:")):
        return keep(password)
    return Secret(password=password or None)
