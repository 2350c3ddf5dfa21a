"""Users as an export gives them: every field, streamed, in a repeatable order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from usercli.column_batches import Block, CellEncoding, rows_of
from usercli.database.unit_of_work import UnitOfWork
from usercli.repositories.users import order_by
from usercli.schemas.stored_times import UnreadableTimes
from usercli.schemas.users import HASHED_FIELDS, USER_FIELDS, UserCriteria


def export_blocks(
    criteria: UserCriteria,
    uow: UnitOfWork,
    *,
    fields: Sequence[str],
    sort: str = "id",
    cell_encoding: CellEncoding | None = None,
    unreadable: UnreadableTimes | None = None,
) -> Iterator[Block]:
    """The users that fit, as blocks of columns in the order of the fields. Raises RoleNotFound, InvalidInput.

    With a `cell_encoding` columns may be Encoded. A time that no calendar holds is the text that is stored, and is
    noted in `unreadable`.
    """
    order = order_by(sort)
    with uow:
        if criteria.role is not None:
            uow.roles.get_named([criteria.role])
        export = uow.user_export(fields, cell_encoding)
        yield from export.matching(criteria, order)
        if unreadable is not None:
            unreadable.note(export.unreadable)


def export_users(
    criteria: UserCriteria,
    uow: UnitOfWork,
    *,
    sort: str = "id",
    with_hashes: bool = False,
    unreadable: UnreadableTimes | None = None,
) -> Iterator[dict[str, Any]]:
    """The same, a user at a time."""
    fields = HASHED_FIELDS if with_hashes else USER_FIELDS
    return rows_of(export_blocks(criteria, uow, fields=fields, sort=sort, unreadable=unreadable))


def count_users(criteria: UserCriteria, uow: UnitOfWork) -> int:
    """How many users an export would have."""
    with uow:
        return uow.users.count_matching(criteria)
