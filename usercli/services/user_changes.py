"""One change of many users: what a rule makes of each, written together.

Many on PostgreSQL are read and prepared before anything is locked: whoever needs one of them waits only while the
prepared rows are written. If one of them was changed meanwhile, all are prepared once more under the locks.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.models.user_state import UserState
from usercli.schemas.users import Change, UserView
from usercli.services import user_events

_USERS_AT_A_TIME = 2000

#: Changes the state of one user.
Rule = Callable[[UserState], object]

#: Makes the rule: looks up the roles that it gives and takes, and locks them if it is told to.
RuleMaker = Callable[[Literal["share"] | None], Rule]

#: Finds the ids of the users, in the order in which they are shown; locks them if it is told to.
Finder = Callable[[bool], Sequence[uuid.UUID]]


def change_users(
    uow: UnitOfWork,
    action: str,
    find: Finder,
    rule: RuleMaker,
    *,
    number: int,
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
    check: Callable[[Sequence[UserState]], object] = lambda users: None,  # noqa: ARG005 - nothing to check
) -> Change:
    """Apply the rule to the users, about so many, and commit if it changed one; an event for each whom it changed.

    `guard` is entered before anything is locked. `check` sees some users after the rule, before they are written.
    """
    change = _ChangeOfUsers(uow, action, check)
    is_ahead = uow.bulk_updates.is_worth_staging(number)
    if is_ahead:
        is_ahead = change.prepare(find(False), rule(None), staging=True)
        uow.audit.hash_ahead()
    with guard():
        made = rule("share")
        if not (is_ahead and uow.bulk_updates.lock_staged()):
            change.prepare(find(True), made, staging=is_ahead)
        uow.bulk_updates.finish(uow.now())
        uow.bulk_updates.refresh(change.changed)
    return change.commit()


class _ChangeOfUsers:
    """What the rule did to the users so far."""

    def __init__(self, uow: UnitOfWork, action: str, check: Callable[[Sequence[UserState]], object]) -> None:
        self._uow, self._action, self._check = uow, action, check
        self._mark = uow.audit.mark()
        self.changed: list[uuid.UUID] = []
        self._views: list[UserView] = []

    def prepare(self, ids: Sequence[uuid.UUID], rule: Rule, *, staging: bool) -> bool:
        """Read the users, apply the rule, write or stage them; False if one is not there any more."""
        self._uow.audit.discard_since(self._mark)
        self.changed, self._views = [], []
        self._uow.bulk_updates.begin(staging=staging)
        for some in batched(ids, _USERS_AT_A_TIME):
            users = self._uow.bulk_updates.read(some)
            for user in users:
                rule(user)
            self._settle(users)
        return len(self._views) == len(ids)

    def _settle(self, users: Sequence[UserState]) -> None:
        now = self._uow.now()
        changed = [user for user in users if user.settle()]
        self._check(changed)
        for user in changed:
            user.saved(now)
            user_events.state_changed(self._uow, self._action, user)
        self.changed += [user.id for user in changed]
        self._uow.bulk_updates.write(users, now)
        self._views += [UserView.model_validate(user) for user in users]

    def commit(self) -> Change:
        """Keep what was changed, and tell it."""
        if self.changed:
            self._uow.commit()
        return Change(
            change_id=self._uow.change_id if self.changed and not self._uow.dry_run else None,
            dry_run=self._uow.dry_run,
            changed=len(self.changed),
            unchanged=len(self._views) - len(self.changed),
            users=self._views,
        )
