"""Users as an export gives them: every field, streamed, in a repeatable order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from usercli.columns import Block, rows_of
from usercli.database.unit_of_work import UnitOfWork
from usercli.repositories.plain import PlainUsers
from usercli.repositories.users import order_by
from usercli.schemas.users import USER_FIELDS, UserCriteria


def export_blocks(
    criteria: UserCriteria, uow: UnitOfWork, *, sort: str = "id", with_hashes: bool = False
) -> Iterator[Block]:
    """The users that fit, as blocks of columns in the order of the fields. Raises RoleNotFound, InvalidInput."""
    order = order_by(sort)
    fields = (*USER_FIELDS, "hashed_password") if with_hashes else USER_FIELDS
    with uow:
        if criteria.role is not None:
            uow.roles.named([criteria.role])
        yield from PlainUsers(uow.session, fields).matching(criteria, order)


def export_users(
    criteria: UserCriteria, uow: UnitOfWork, *, sort: str = "id", with_hashes: bool = False
) -> Iterator[dict[str, Any]]:
    """The same, a user at a time."""
    return rows_of(export_blocks(criteria, uow, sort=sort, with_hashes=with_hashes))
