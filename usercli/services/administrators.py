"""The last administrator: a rule across rows, so lock first, then count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import InvalidInput, LastAdministrator


@contextmanager
def administrators_kept(uow: UnitOfWork, *, allow_none: bool = False) -> Iterator[None]:
    """Around a change that may take administrators away. Raises LastAdministrator.

    Where there was an active, unexpired administrator before, there is one after; and where one had no
    expiry, one has none after: the last one cannot be timed out either. Enter it before users are locked.
    `allow_none` lifts the rule and wants a reason.
    """
    if allow_none and not uow.origin.reason:
        raise InvalidInput("--allow-no-admin needs --reason TEXT")
    uow.roles.lock_administrative()
    before = uow.roles.administrators()
    yield
    uow.flush()
    after = uow.roles.administrators()
    lost = any(had and not has for had, has in zip(before, after, strict=True))
    if lost and not allow_none:
        raise LastAdministrator(
            "this would leave no active administrator without an expiry; "
            "give another user an administrative role first, or add --allow-no-admin and --reason"
        )
