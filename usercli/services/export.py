"""Users as an export gives them: every field, streamed, in a repeatable order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.repositories.users import order_by
from usercli.schemas.users import USER_FIELDS, UserCriteria
from usercli.times import rfc3339

_TIMES = ("password_changed_at", "expires_at", "last_login_at", "created_at", "updated_at", "deleted_at")


def export_users(
    criteria: UserCriteria, uow: UnitOfWork, *, sort: str = "id", with_hashes: bool = False
) -> Iterator[dict[str, Any]]:
    """The users that fit, as plain rows in the order of the fields. Raises RoleNotFound, InvalidInput."""
    order = order_by(sort)
    with uow:
        if criteria.role is not None:
            uow.roles.named([criteria.role])
        for row, roles in uow.users.rows_matching(criteria, order):
            plain: dict[str, Any] = {name: row[name] for name in USER_FIELDS if name != "roles"}
            plain["id"] = str(row["id"])
            plain["roles"] = roles
            for name in _TIMES:
                if (moment := row[name]) is not None:
                    plain[name] = rfc3339(moment)
            found = {name: plain[name] for name in USER_FIELDS}
            if with_hashes:
                found["hashed_password"] = row["hashed_password"]
            yield found
