"""Create, find, change, delete and restore users.

Every function opens the unit of work it is given, and those that change something commit it once, last.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Literal

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.emails import email_key
from usercli.errors import EmailTaken, InvalidInput, UserCliError
from usercli.models import Role, User, UserRole
from usercli.models.clock import not_before
from usercli.models.user_state import UserState
from usercli.repositories.pagination import query_mark, read_cursor, write_cursor
from usercli.repositories.users import order_by
from usercli.schemas.selected_users import SelectedUsers
from usercli.schemas.users import (
    Change,
    Failure,
    UserCreate,
    UserCriteria,
    UserKey,
    UserUpdate,
    UserView,
)
from usercli.services import user_events
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.related_rows import related_to, require_unblocked, with_more
from usercli.services.user_changes import are_named, change_users, outside_bin
from usercli.services.user_removal import remove_users
from usercli.services.user_rules import require_free, restore_state, update_rule
from usercli.text import MOST_COUNTED
from usercli.validation import require_limit

if TYPE_CHECKING:
    from usercli.services.password_rules import NewPassword

DEFAULT_ORDER = "created_at"
#: The database reads what it skips: further on only a cursor leads.
MOST_SKIPPED = 10_000


@retried
def create_user(
    data: UserCreate,
    uow: UnitOfWork,
    *,
    hashed_password: str | None = None,
    new_password: NewPassword | None = None,
    if_not_exists: bool = False,
    on_created: Callable[[UserView], None] | None = None,
) -> Change:
    """Add a user, without a password unless a hash or a new password is given.

    A new password is checked and hashed before the transaction begins. `on_created` is called before the
    commit; what it raises undoes the creation. Raises RoleNotFound, PasswordRefused, InvalidInput for what is no
    hash, and EmailTaken unless `if_not_exists` lets the one that is there stand.
    """
    if hashed_password is not None:
        from usercli.hash_forms import require_hash

        hashed_password = require_hash(hashed_password)
    if new_password is not None:
        with uow.attempt("user.created", [data.email]):
            hashed_password = new_password.hashed(data.email, data.full_name, dry_run=uow.dry_run)
    user = User(**data.model_dump(exclude={"roles"}), grants=[])
    if hashed_password is not None:
        user.hashed_password = hashed_password
    with uow.change("user.created", [data.email]):
        if hashed_password is not None:
            user.password_changed_at = uow.now()
        roles = uow.roles.get_named(data.roles, "share")
        if not if_not_exists:
            uow.users.add(user)
        elif not uow.users.add_if_absent(user):
            return _change(uow, uow.users.pick([UserKey(typed=data.email, email_key=user.email_key)]), [])
        for role in roles:
            user.grants.append(new_grant(role, uow))
        uow.flush()
        user_events.created(uow, user)
        if on_created is not None:
            on_created(UserView.model_validate(user))
        return commit_users(uow, [user], [user])


def require_new(data: UserCreate, uow: UnitOfWork, *, if_not_exists: bool = False) -> Change | None:
    """What `create_user` answers where the email is taken, before a password is asked for; None where it is free.

    Raises EmailTaken unless `if_not_exists`.
    """
    with uow.change("user.created", [data.email]):
        user = uow.users.find_existing(UserKey(typed=data.email, email_key=email_key(data.email)))
        if user is not None and not if_not_exists:
            raise EmailTaken(data.email)
        return _change(uow, [user], []) if user is not None else None


def show_users(
    keys: Sequence[UserKey],
    uow: UnitOfWork,
    *,
    deleted: bool = False,
    related: bool = False,
    columns: Sequence[str] = (),
) -> list[UserView]:
    """The users named, in the bin if `deleted`; with what hangs on them if `related`, and an application's columns.

    Raises UserNotFound, Ambiguous.
    """
    with uow:
        users = uow.users.pick_deleted(keys) if deleted else uow.users.pick(keys)
        views = [UserView.model_validate(user) for user in users]
        return with_more(views, uow, related=related, columns=columns)


def select_users(criteria: UserCriteria, uow: UnitOfWork) -> SelectedUsers:
    """The keys of all users that fit, by id. Raises RoleNotFound."""
    with uow:
        if criteria.role is not None:
            uow.roles.get_named([criteria.role])
        return SelectedUsers(uow.users.ids_matching(criteria))


def has_sign_ins(uow: UnitOfWork) -> bool:
    """Whether a sign-in of anybody is recorded: a service that records none makes everybody look idle."""
    with uow:
        return uow.users.has_sign_ins()


def suggest_emails(start: str, uow: UnitOfWork, limit: int, *, deleted: bool = False) -> list[str]:
    """The first emails that begin so, in the order of their keys; of the bin, or of the other users."""
    with uow:
        return uow.users.emails_starting_with(
            unicodedata.normalize("NFC", start.casefold()), limit, deleted=deleted
        )


def find_including_deleted(keys: Sequence[UserKey], uow: UnitOfWork, *, live_first: bool = False) -> list[UserView]:
    """The users named, in the bin or not; with `live_first` an email is that of the user outside the bin.

    Raises UserNotFound, Ambiguous.
    """
    with uow:
        return [
            UserView.model_validate(user) for user in uow.users.pick_including_deleted(keys, live_first=live_first)
        ]


def deleted_namesakes(keys: Sequence[UserKey], uow: UnitOfWork) -> list[UserView]:
    """The users in the bin who share their email with one outside that is named."""
    with uow:
        return [UserView.model_validate(user) for user in uow.users.deleted_namesakes(keys)]


def all_exist(keys: Sequence[UserKey], uow: UnitOfWork) -> bool:
    """Every key names a user outside the bin."""
    with uow:
        return len(uow.users.existing_keys(keys)) == len(keys)


def count_users(criteria: UserCriteria, uow: UnitOfWork) -> int:
    """How many users fit."""
    with uow:
        if criteria.role is not None:
            uow.roles.get_named([criteria.role])
        return uow.users.count_matching(criteria)


class Listing:
    """The users that fit, streamed in order; `next` and `total` are known when the stream has ended.

    `next` is the cursor of the following page (None: this was the last). With `count`, `total` counts all that fit
    where there is a next page, up to MOST_COUNTED + 1. A page starts `after` a cursor or `skip` users.
    Raises InvalidInput for a wrong cursor, and where too many are skipped.
    """

    def __init__(
        self,
        criteria: UserCriteria,
        uow: UnitOfWork,
        *,
        sort: str = DEFAULT_ORDER,
        limit: int | None = None,
        after: str | None = None,
        skip: int = 0,
        count: bool = False,
    ) -> None:
        if not 0 <= skip <= MOST_SKIPPED:
            raise InvalidInput(f"skip must be from 0 to {MOST_SKIPPED}; page by cursor to go further")
        if skip and after is not None:
            raise InvalidInput("a page starts after a cursor or skips users, not both")
        require_limit(limit)
        self._criteria, self._uow, self._limit, self._skip = criteria, uow, limit, skip
        self._order = order_by(sort)
        self._mark = query_mark(criteria.model_dump_json(), self._order)
        self._after = read_cursor(after, self._mark, self._order) if after is not None else None
        self.next: str | None = None
        self.total: int | None = None
        self.shown, self._count = 0, count

    def __iter__(self) -> Iterator[UserView]:
        with self._uow as uow:
            one_more = None if self._limit is None else self._limit + 1
            last: UserView | None = None
            if self._criteria.role is not None:
                uow.roles.get_named([self._criteria.role])
            for user in uow.users.matching(self._criteria, self._order, self._after, one_more, self._skip):
                if self.shown == self._limit:
                    if self._count:
                        self.total = uow.users.count_matching(self._criteria, MOST_COUNTED + 1)
                    self.next = self._cursor(last)
                    break
                last = UserView.model_validate(user)
                self.shown += 1
                yield last

    def _cursor(self, last: UserView | None) -> str | None:
        if last is None:
            return None
        return write_cursor(self._mark, getattr(last, self._order.column.key), last.id)


@retried
def update_users(
    keys: Sequence[UserKey],
    data: UserUpdate,
    uow: UnitOfWork,
    *,
    allow_no_admin: bool = False,
    action: str = "user.updated",
) -> Change:
    """Change the fields that were set, on all or none.

    Raises UserNotFound, RoleNotFound, EmailTaken, ChangedMeanwhile, LastAdministrator.
    """
    if data.email is not None and len(keys) > 1:
        raise InvalidInput("one email cannot be given to several users")

    def rule(lock: Literal["share"] | None) -> Callable[[UserState], None]:
        added = {role.name: role.id for role in uow.roles.get_named(data.add_roles, lock)}
        removed = [role.name for role in uow.roles.get_named(data.remove_roles, lock)]
        return update_rule(data, added, removed)

    with uow.change(action, keys):
        guard = partial(last_administrator_guard, uow, allow_none=allow_no_admin, several=len(keys) > 1)
        try:
            return change_users(
                uow,
                action,
                outside_bin(keys, uow),
                rule,
                number=len(keys),
                fits=are_named(keys),
                guard=guard if data.may_end_access else nullcontext,
            )
        except EmailTaken:
            raise EmailTaken(data.email or "") from None


def set_active(keys: Sequence[UserKey], active: bool, uow: UnitOfWork, *, allow_no_admin: bool = False) -> Change:
    """Let users in, or keep them out."""
    action = "user.activated" if active else "user.deactivated"
    return update_users(keys, UserUpdate(is_active=active), uow, allow_no_admin=allow_no_admin, action=action)


@retried
def delete_users(keys: Sequence[UserKey], uow: UnitOfWork, *, allow_no_admin: bool = False) -> Change:
    """Move users to the bin; they are inactive there. Raises UserNotFound, LastAdministrator."""
    with uow.change("user.deleted", keys):
        now = uow.now()
        return change_users(
            uow,
            "user.deleted",
            outside_bin(keys, uow),
            lambda _: lambda user: user.soft_delete(now),
            number=len(keys),
            fits=are_named(keys),
            guard=partial(last_administrator_guard, uow, allow_none=allow_no_admin, several=len(keys) > 1),
        )


@retried
def restore_users(keys: Sequence[UserKey], uow: UnitOfWork) -> Change:
    """Bring users back from the bin, active if they were. One that is not in the bin is left as it is.

    Raises UserNotFound, Ambiguous, EmailTaken.
    """

    seen: set[str] = set()

    def rule(_: object) -> Callable[[UserState], None]:
        seen.clear()  # it may be made once more
        return restore_state

    with uow.change("user.restored", keys):
        return change_users(
            uow,
            "user.restored",
            lambda lock: [uow.users.locate_including_deleted(keys, lock=lock, deleted_first=True)],
            rule,
            number=len(keys),
            fits=are_named(keys, in_bin=True),
            check=lambda users: require_free(users, seen, uow),
        )


@retried
def purge_users(keys: Sequence[UserKey], uow: UnitOfWork, *, allow_no_admin: bool = False) -> Change:
    """Remove users for good, in the bin or not. Raises UserNotFound, Ambiguous, LastAdministrator."""
    with uow.change("user.purged", keys):
        with last_administrator_guard(uow, allow_none=allow_no_admin, several=len(keys) > 1):
            ids = uow.users.locate_including_deleted(keys, lock=True)
            related = related_to(ids, uow)
            require_unblocked(related, len(ids))
            users = remove_users(ids, related, uow).settled()
        uow.commit()
        change = Change(change_id=None, dry_run=uow.dry_run, changed=len(users), unchanged=0)
        change.change_id, change.users = None if uow.dry_run else uow.change_id, users
        return change


def empty_change(uow: UnitOfWork) -> Change:
    """What a change of no users did."""
    return Change(change_id=None, dry_run=uow.dry_run, changed=0, unchanged=0)


def apply_each(
    keys: Sequence[UserKey], operation: Callable[[Sequence[UserKey], UnitOfWork], Change], uow: UnitOfWork
) -> tuple[Change, list[UserCliError]]:
    """Do each on its own (`--continue`): the sum of what was done, and the errors in order."""
    total, users, errors = empty_change(uow), list[UserView](), list[UserCliError]()
    with uow if uow.dry_run else nullcontext():  # of a dry run, each after what those before it would have done
        for key in keys:
            try:
                done = operation([key], uow)
            except UserCliError as error:
                errors.append(error)
                total.failed.append(Failure(user=key.typed, code=error.exit_code, error=error.message))
            else:
                total.count(done)
                users += done.users
    total.users = users
    return total, errors


def new_grant(role: Role, uow: UnitOfWork) -> UserRole:
    """The role, given now by whoever acts."""
    return UserRole(role=role, granted_by=uow.origin.actor)


def change_roles(user: User, added: Sequence[Role], removed: Sequence[Role], uow: UnitOfWork) -> bool:
    """Give and take roles; True if anything differs from before."""
    held = {grant.role_id: grant for grant in user.grants}
    gone = [held[role.id] for role in removed if role.id in held]
    new = [role for role in added if role.id not in held]
    for grant in gone:
        user.grants.remove(grant)
    user.grants.extend(new_grant(role, uow) for role in new)
    if gone or new:  # the row itself changes too, and with it the version
        user.updated_at = not_before(uow.now(), user.created_at)
    return bool(gone or new)


def commit_users(uow: UnitOfWork, users: Sequence[User], changed: Sequence[User]) -> Change:
    """Commit, if anything changed, and tell what was done."""
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
        only_changed=changed[0].email if len(changed) == 1 else None,
    )
