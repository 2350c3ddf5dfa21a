"""One change of many users: what a rule makes of each, written together.

Many on PostgreSQL are read and prepared before anything is locked: whoever needs one of them waits only while the
prepared rows are written. If one of them was changed meanwhile, all are prepared once more under the locks.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Literal

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.models.user_state import UserState
from usercli.schemas.changed_users import ChangedUsers
from usercli.schemas.selected_users import SelectedUsers
from usercli.schemas.users import Change, UserKey, UserView
from usercli.services import user_events

#: So many users who were changed meanwhile are prepared again by themselves, under the locks.
MOST_AGAIN = 2000
_USERS_AT_A_TIME = 2000

#: Changes the state of one user.
Rule = Callable[[UserState], object]

#: Makes the rule: looks up the roles that it gives and takes, and locks them if it is told to.
RuleMaker = Callable[[Literal["share"] | None], Rule]

#: Whether a user who was changed meanwhile is still one of those who are to be changed.
Fits = Callable[[UserState], bool]

#: Finds the ids of the users, some at a time, in the order in which they are shown; locks them if it is told to.
Finder = Callable[[bool], Iterable[Sequence[uuid.UUID]]]


def anybody(_: UserState) -> bool:
    """Fits, whatever was changed meanwhile: the rule looks at each user."""
    return True


def outside_bin(keys: Sequence[UserKey], uow: UnitOfWork) -> Finder:
    """Finds the users of these keys, unless they are in the bin. Raises UserNotFound."""
    if isinstance(keys, SelectedUsers):
        return lambda lock: uow.users.locate_selected(keys, lock=lock)
    return lambda lock: [uow.users.locate(keys, lock=lock)]


def are_named(keys: Sequence[UserKey], *, in_bin: bool = False) -> Callable[[UserState], bool]:
    """Whether a user is still one whom the keys name; in the recycle bin only if one may be there."""
    if isinstance(keys, SelectedUsers):
        return lambda user: user.deleted_at is None
    ids, names = {key.id for key in keys}, {key.email_key for key in keys}
    return lambda user: (in_bin or user.deleted_at is None) and (user.id in ids or user.email_key in names)


def change_users(
    uow: UnitOfWork,
    action: str,
    find: Finder,
    rule: RuleMaker,
    *,
    number: int,
    fits: Fits,
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
    check: Callable[[Sequence[UserState]], object] = lambda users: None,  # noqa: ARG005 - nothing to check
) -> Change:
    """Apply the rule to the users, about so many, and commit if it changed one; an event for each whom it changed.

    `fits` tells who is still one of those that `find` looks for: users found before they are locked are looked for
    again if one of them is not. `guard` is entered before anything is locked. `check` sees some
    users after the rule, before they are written.
    """
    change = _ChangeOfUsers(uow, action, check)
    is_prepared = staging = uow.bulk_updates.is_worth_staging(number)
    if staging:
        is_prepared = change.prepare(find(False), rule(None), staging=True, fits=fits)
    with guard():
        made = rule("share")
        if not (is_prepared and change.hold(made, fits)):
            change.prepare(find(True), made, staging=staging)
        uow.bulk_updates.finish(uow.now())
        uow.bulk_updates.refresh()
    return change.commit()


def write_changes(uow: UnitOfWork, action: str, ids: Sequence[uuid.UUID], rule: Rule) -> Sequence[UserView]:
    """Lock these users, apply the rule, with an event for each whom it changed; part of a change, not committed."""
    change = _ChangeOfUsers(uow, action, lambda users: None)  # noqa: ARG005 - nothing to check
    there = uow.users.existing_ids(ids, lock=True)
    change.prepare([there], rule, staging=uow.bulk_updates.is_worth_staging(len(there)))
    uow.bulk_updates.finish(uow.now())
    uow.bulk_updates.refresh()
    return change.users.settled()


class _ChangeOfUsers:
    """What the rule did to the users so far."""

    def __init__(self, uow: UnitOfWork, action: str, check: Callable[[Sequence[UserState]], object]) -> None:
        self._uow, self._action, self._check = uow, action, check
        self._mark = uow.audit.mark()
        self._changed = 0
        self._last_changed: str | None = None
        self.users = ChangedUsers()

    def prepare(
        self, found: Iterable[Sequence[uuid.UUID]], rule: Rule, *, staging: bool, fits: Fits = anybody
    ) -> bool:
        """Read the users, apply the rule, write or stage them; False if one is not there, or fits no more.

        Those who are locked fit.
        """
        self._uow.audit.discard_since(self._mark)
        self._changed, self._last_changed, self.users = 0, None, ChangedUsers()
        self._uow.bulk_updates.begin(staging=staging)
        for ids in found:
            for some in batched(ids, _USERS_AT_A_TIME):
                users = self._uow.bulk_updates.read(some)
                if len(users) < len(some) or not all(map(fits, users)):
                    return False
                for user in users:
                    rule(user)
                self._settle(users)
        return True

    def hold(self, rule: Rule, fits: Fits) -> bool:
        """Lock the prepared users, and prepare those again who were changed meanwhile.

        False where they are too many for that, or one is not there, or fits no more.
        """
        stale = self._uow.bulk_updates.lock_staged(MOST_AGAIN + 1)
        if len(stale) > MOST_AGAIN:
            return False
        if stale:
            users = self._uow.bulk_updates.read(stale)
            if len(users) < len(stale) or not all(map(fits, users)):
                return False
            dropped = self._uow.bulk_updates.unstage(stale)
            self._uow.audit.drop(map(str, stale), self._mark, dropped)
            self._changed -= dropped
            self._last_changed = None  # it may be one of those
            for user in users:
                rule(user)
            self._settle(users, again=True)
        return True

    def _settle(self, users: Sequence[UserState], *, again: bool = False) -> None:
        now = self._uow.now()
        changed = [user for user in users if user.settle()]
        self._check(changed)
        for user in changed:
            user.saved(now)
        self._last_changed = changed[-1].email if changed else self._last_changed
        user_events.record_each(self._uow, changed, partial(user_events.state_draft, self._action))
        self._changed += len(changed)
        self._uow.bulk_updates.write(users, now)
        self.users.replace(users) if again else self.users.add(users)

    def commit(self) -> Change:
        """Keep what was changed, and tell it."""
        users = self.users.settled()
        if self._changed:
            self._uow.commit()
        change = Change(
            change_id=self._uow.change_id if self._changed and not self._uow.dry_run else None,
            dry_run=self._uow.dry_run,
            changed=self._changed,
            unchanged=len(users) - self._changed,
            only_changed=self._last_changed if self._changed == 1 else None,
        )
        change.users = users
        return change
