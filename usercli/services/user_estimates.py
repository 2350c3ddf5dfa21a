"""About how many users there are, without counting them."""

from __future__ import annotations

from usercli.database.unit_of_work import UnitOfWork
from usercli.schemas.users import UserCriteria


def estimate_users(criteria: UserCriteria, uow: UnitOfWork) -> int | None:
    """About how many users fit, by the statistics of PostgreSQL; None on SQLite, which keeps none.

    Raises RoleNotFound.
    """
    with uow:
        if criteria.role is not None:
            uow.roles.get_named([criteria.role])
        return uow.users.estimate_matching(criteria)
