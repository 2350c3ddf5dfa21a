"""Create, find, change, delete and restore users.

Every function opens the unit of work it is given, and those that change something commit it once, last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ChangedMeanwhile, InvalidInput, UserCliError
from usercli.models.user import User
from usercli.repositories.paging import query_mark, read_cursor, write_cursor
from usercli.repositories.users import order_by
from usercli.schemas.users import (
    Change,
    Failure,
    UserCreate,
    UserCriteria,
    UserKey,
    UserUpdate,
    UserView,
)
from usercli.times import utcnow

DEFAULT_ORDER = "created_at"


def create_user(data: UserCreate, uow: UnitOfWork, *, if_not_exists: bool = False) -> Change:
    """Add a user. Raises EmailTaken, unless `if_not_exists` lets the one that is there stand."""
    user = User(**data.model_dump())
    with uow:
        if not if_not_exists:
            uow.users.add(user)
        elif not uow.users.add_if_absent(user):
            return _change(uow, uow.users.pick([UserKey(typed=data.email, email_key=user.email_key)]), [])
        return _commit(uow, [user], [user])


def show_users(keys: Sequence[UserKey], uow: UnitOfWork, *, deleted: bool = False) -> list[UserView]:
    """The users named, in the bin if `deleted`. Raises UserNotFound, Ambiguous."""
    with uow:
        users = uow.users.pick_binned(keys) if deleted else uow.users.pick(keys)
        return [UserView.model_validate(user) for user in users]


def find_anywhere(keys: Sequence[UserKey], uow: UnitOfWork) -> list[UserView]:
    """The users named, in the bin or not: those that a purge would remove. Raises UserNotFound, Ambiguous."""
    with uow:
        return [UserView.model_validate(user) for user in uow.users.pick_anywhere(keys)]


def all_exist(keys: Sequence[UserKey], uow: UnitOfWork) -> bool:
    """Every key names a user outside the bin."""
    with uow:
        return len(uow.users.present(keys)) == len(keys)


def count_users(criteria: UserCriteria, uow: UnitOfWork) -> int:
    """How many users fit."""
    with uow:
        return uow.users.count_matching(criteria)


class Listing:
    """The users that fit, streamed in order; `next` and `total` are known when the stream has ended.

    `next` is the cursor of the following page (None: this was the last), `total` counts all that fit
    and is known only where there is a next page.
    """

    def __init__(
        self,
        criteria: UserCriteria,
        uow: UnitOfWork,
        *,
        sort: str = DEFAULT_ORDER,
        limit: int | None = None,
        after: str | None = None,
    ) -> None:
        self._criteria, self._uow, self._limit = criteria, uow, limit
        self._order = order_by(sort)
        self._mark = query_mark(criteria.model_dump_json(), self._order)
        self._after = read_cursor(after, self._mark, self._order) if after else None
        self.next: str | None = None
        self.total: int | None = None
        self.shown = 0

    def __iter__(self) -> Iterator[UserView]:
        with self._uow as uow:
            one_more = None if self._limit is None else self._limit + 1
            last: UserView | None = None
            for user in uow.users.matching(self._criteria, self._order, self._after, one_more):
                if self.shown == self._limit:
                    self.total = uow.users.count_matching(self._criteria)
                    self.next = self._cursor(last)
                    break
                last = UserView.model_validate(user)
                self.shown += 1
                yield last

    def _cursor(self, last: UserView | None) -> str | None:
        if last is None:
            return None
        return write_cursor(self._mark, getattr(last, self._order.column.key), last.id)


def update_users(keys: Sequence[UserKey], data: UserUpdate, uow: UnitOfWork) -> Change:
    """Change the fields that were set, on all or none. Raises UserNotFound, EmailTaken, ChangedMeanwhile."""
    if data.email is not None and len(keys) > 1:
        raise InvalidInput("one email cannot be given to several users")
    with uow:
        users = uow.users.pick(keys, lock=True)
        for user in users:
            if data.if_version not in (None, user.version):
                raise ChangedMeanwhile(
                    f"{user.email} is at version {user.version}, not {data.if_version}: it was changed meanwhile"
                )
        changed = [user for user in users if _assign(user, data)]
        return _commit(uow, users, changed)


def set_active(keys: Sequence[UserKey], active: bool, uow: UnitOfWork) -> Change:
    """Let users in, or keep them out."""
    return update_users(keys, UserUpdate(is_active=active), uow)


def delete_users(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
    """Move users to the bin; they are inactive there. Raises UserNotFound."""
    with uow:
        users = uow.users.pick(keys, lock=True)
        now = utcnow()
        for user in users:
            user.was_active, user.is_active, user.deleted_at = user.is_active, False, now
        return _commit(uow, users, users)


def restore_users(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
    """Bring users back from the bin, active if they were. One that is not in the bin is left as it is.

    Raises UserNotFound, Ambiguous, EmailTaken.
    """
    with uow:
        users = uow.users.pick_anywhere(keys, lock=True, binned_first=True)
        binned = [user for user in users if user.deleted_at]
        for user in binned:
            user.is_active, user.was_active, user.deleted_at = bool(user.was_active), None, None
        return _commit(uow, users, binned)


def purge_users(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
    """Remove users for good, in the bin or not. Raises UserNotFound, Ambiguous."""
    with uow:
        users = uow.users.pick_anywhere(keys, lock=True)
        change = _change(uow, users, users)
        for user in users:
            uow.users.remove(user)
        uow.commit()
        return change


def one_by_one(
    keys: Sequence[UserKey], operation: Callable[[Sequence[UserKey]], Change], *, dry_run: bool
) -> tuple[Change, list[UserCliError]]:
    """Do each on its own (`--continue`): the sum of what was done, and the errors in order."""
    total = Change(change_id=None, dry_run=dry_run, changed=0, unchanged=0)
    errors: list[UserCliError] = []
    for key in keys:
        try:
            done = operation([key])
        except UserCliError as error:
            errors.append(error)
            total.failed.append(Failure(user=key.typed, code=error.exit_code, error=error.message))
        else:
            total.change_id = total.change_id or done.change_id
            total.changed += done.changed
            total.unchanged += done.unchanged
            total.users.extend(done.users)
    return total, errors


def _assign(user: User, data: UserUpdate) -> bool:
    """Set what was given; True if anything differs from before."""
    given: dict[str, Any] = data.model_dump(
        exclude={"if_version", "set_attributes", "unset_attributes"}, exclude_unset=True
    )
    attributes = {**user.attributes, **data.set_attributes}
    for key in data.unset_attributes:
        attributes.pop(key, None)
    given["attributes"] = attributes
    different = {name: value for name, value in given.items() if not _same(getattr(user, name), value)}
    for name, value in different.items():
        setattr(user, name, value)
    return bool(different)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):  # as JSON: to Python 1 and true are equal
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return bool(one == other)


def _commit(uow: UnitOfWork, users: Sequence[User], changed: Sequence[User]) -> Change:
    for user in changed:
        uow.users.save(user)
    change = _change(uow, users, changed)  # before the commit: a dry run forgets what it loaded
    if changed:
        uow.commit()
    return change


def _change(uow: UnitOfWork, users: Sequence[User], changed: Sequence[User]) -> Change:
    return Change(
        change_id=uow.change_id if changed and not uow.dry_run else None,
        dry_run=uow.dry_run,
        changed=len(changed),
        unchanged=len(users) - len(changed),
        users=[UserView.model_validate(user) for user in users],
    )
