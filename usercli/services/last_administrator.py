"""The last administrator: a rule across rows, so lock first, then count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Hint, InvalidInput, LastAdministrator
from usercli.times import rfc3339


@contextmanager
def last_administrator_guard(uow: UnitOfWork, *, allow_none: bool = False) -> Iterator[None]:
    """Around a change that may take administrators away. Raises LastAdministrator.

    Where there was an active, unexpired administrator before, there is one after, and for as long: the last
    one cannot be timed out, nor given less time. Enter it before users are locked.
    `allow_none` lifts the rule and wants a reason.
    """
    if allow_none and not uow.origin.reason:
        raise InvalidInput("to leave no active administrator needs a reason", hint=Hint.REASON)
    uow.roles.lock_administrative()
    before = uow.roles.administered_until()
    yield
    uow.flush()
    if before is None or allow_none:
        return
    after = uow.roles.administered_until()
    if after is None or after < before:
        when = f" after {rfc3339(after)}" if after else ""
        raise LastAdministrator(
            f"this would leave no active administrator{when}; give another user an administrative role first",
            hint=Hint.ALLOW_NO_ADMIN,
        )
