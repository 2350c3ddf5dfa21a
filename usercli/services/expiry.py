"""Deactivate users whose expiry has passed."""

from __future__ import annotations

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.models.user_state import UserState
from usercli.schemas.users import Change
from usercli.services.user_changes import change_users


@retried
def expire_overdue(uow: UnitOfWork) -> Change:
    """Deactivate every active user whose expiry has passed; safe to repeat."""

    def is_overdue(user: UserState) -> bool:
        has_expired = user.expires_at is not None and user.expires_at <= uow.now()
        return bool(has_expired and user.is_active and user.deleted_at is None)

    def expire(user: UserState) -> None:
        user.is_active = False

    with uow.change("user.expired"):
        overdue = uow.users.count_expired()
        return change_users(
            uow, "user.expired", uow.users.locate_expired, lambda _: expire, number=overdue, fits=is_overdue
        )
