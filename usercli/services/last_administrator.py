"""The last administrator: a rule across rows, so lock first, then count."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Hint, InvalidInput, LastAdministrator
from usercli.schemas.users import UserCriteria
from usercli.times import rfc3339

#: So many administrators are named.
_NAMED = 3

_ADMINISTRATIVE = re.compile("admin|superuser|^root$", re.IGNORECASE)


@contextmanager
def last_administrator_guard(uow: UnitOfWork, *, allow_none: bool = False, several: bool = False) -> Iterator[None]:
    """Around a change that may take administrators away. Raises LastAdministrator.

    Where there was an active, unexpired administrator before, there is one after, and for as long: the last
    one cannot be timed out, nor given less time. Enter it before users are locked.
    `allow_none` lifts the rule and wants a reason. Of `several` users the refusal says who administers.
    """
    if allow_none and not uow.origin.reason:
        raise InvalidInput("to leave no active administrator needs a reason", hint=Hint.REASON)
    uow.roles.lock_administrative()
    before = uow.roles.administered_until()
    last = uow.roles.administrators(_NAMED + 1) if several and before is not None and not allow_none else []
    yield
    uow.flush()
    if before is None:
        return
    after = uow.roles.administered_until()
    if allow_none:
        if after is None:
            uow.warnings.append("nobody administers any more: no active user holds an administrative role")
        return
    if after is None or after < before:
        when = f" after {rfc3339(after)}" if after else ""
        raise LastAdministrator(
            f"this would leave no active administrator{when}{_named(last)}; "
            "give another user an administrative role first",
            hint=Hint.ALLOW_NO_ADMIN_OR_EACH if several else Hint.ALLOW_NO_ADMIN,
        )


def _named(last: Collection[str]) -> str:
    """The administrators that there were, or nothing where there were many."""
    if not 0 < len(last) <= _NAMED:
        return ""
    return f" ({', '.join(last)} {'is the last' if len(last) == 1 else 'are the last'})"


def is_unadministered(uow: UnitOfWork) -> bool:
    """There are users and roles, but no active user holds an administrative role."""
    with uow:
        if uow.roles.administered_until() is not None or not uow.roles.names():
            return False
        return uow.users.count_matching(UserCriteria()) > 0


def sounds_administrative(name: str) -> bool:
    """A role of this name is taken for an administrative one, which it is only if it was made so."""
    return _ADMINISTRATIVE.search(name) is not None


def misleading_roles(names: Collection[str], uow: UnitOfWork) -> list[str]:
    """Those of the roles that sound administrative and are not, where no role at all is administrative."""
    suspects = [name for name in names if sounds_administrative(name)]
    if not suspects:
        return []
    with uow:
        roles = {role.name: role.administrative for role, _ in uow.roles.all()}
    return [] if any(roles.values()) else [name for name in suspects if name in roles]
