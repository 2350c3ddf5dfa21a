"""What a purge would do, for a person who is asked first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Conflict, NotFound
from usercli.models.user import User
from usercli.schemas.users import UserKey, UserView
from usercli.services.related_rows import Related, related_to, sum_related


@dataclass(frozen=True)
class PurgePreview:
    """The users that would go, and what would become of the rows of other tables that refer to them."""

    users: list[UserView]
    related: Related

    @property
    def is_blocked(self) -> bool:
        """Rows of other tables forbid it; the purge will name them."""
        return any("block" in numbers for numbers in self.related.values())


def preview_purge(keys: Sequence[UserKey], uow: UnitOfWork, *, each: bool = False) -> PurgePreview:
    """What a purge of these users, in the bin or not, would do.

    With `each` those who cannot be found are left out. Raises UserNotFound, Ambiguous.
    """
    with uow:
        users = _found(keys, uow) if each else uow.users.pick_including_deleted(keys)
        related = sum_related(related_to([user.id for user in users], uow).values())
        return PurgePreview([UserView.model_validate(user) for user in users], related)


def _found(keys: Sequence[UserKey], uow: UnitOfWork) -> list[User]:
    found: list[User] = []
    for key in keys:
        with suppress(NotFound, Conflict):
            found += uow.users.pick_including_deleted([key])
    return found
