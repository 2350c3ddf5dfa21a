"""Auth0: the file of a bulk import job.

https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from usercli.readers.systems.auth0 import OURS
from usercli.schemas.user_fields import SHOWN
from usercli.writers import Exported, Report, is_active, json_array
from usercli.writers.auth0_hashes import to_auth0

#: The limit of a file for one job.
MAX_BYTES = 500_000

#: Fields that the schema does not have are written to the metadata that users cannot edit.
_ELSEWHERE = {"id", "email", "full_name", "is_active", "roles", "password_changed_at", "version", "deleted_at"}
_METADATA_FIELDS = tuple(name for name in SHOWN if name not in _ELSEWHERE)


def write(users: Iterable[Exported], report: Report) -> Iterator[str]:
    """The array of users."""
    size = 1
    for piece in json_array(_user(user, report) for user in users):
        size += len(piece.encode())
        yield piece
    yield "\n"
    if size > MAX_BYTES:
        report.notes.add(f"a job takes files of {MAX_BYTES // 1000} KB, this one has {size // 1000:,}: split it")


def _user(user: Exported, report: Report) -> dict[str, Any]:
    report.count_lost(user, ("deleted_at",))
    found: dict[str, Any] = {"email": user["email"], "user_id": user["id"], "blocked": not is_active(user)}
    if user["full_name"]:
        found["name"] = user["full_name"]
    ours = {name: user[name] for name in _METADATA_FIELDS if user[name]}
    found["app_metadata"] = {"roles": user["roles"], OURS: ours}
    if "hashed_password" in user:
        found |= to_auth0(user["hashed_password"], report)
    if user["password_changed_at"] and not found.keys().isdisjoint({"password_hash", "custom_password_hash"}):
        found["password_set_date"] = user["password_changed_at"]
    return found
