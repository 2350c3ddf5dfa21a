"""Desired state: compare a file of users and roles with the database, and make the database as the file says."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.emails import email_key
from usercli.errors import ChangedMeanwhile, Conflict, EmailTaken, InvalidInput, RoleNotFound
from usercli.hash_chain import differs_as_json
from usercli.models.role import Role
from usercli.models.user_state import UserState
from usercli.schemas.desired import Desired, DesiredUser
from usercli.schemas.plans import PASSWORD, Applied, Plan, PlannedChange
from usercli.schemas.user_fields import AUDITED, TIMES
from usercli.services import user_events
from usercli.services.change_limit import require_at_most
from usercli.services.initial_passwords import NO_PASSWORDS, InitialPasswords
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.user_changes import MOST_AGAIN
from usercli.text import suggestion
from usercli.times import utcnow

_LISTED = 10
_USERS_AT_A_TIME = 1000
_NOBODY = uuid.UUID(int=0)
#: What is written otherwise than as a column of the row.
_APART = frozenset({"roles", PASSWORD, "managed_by"})
_CHANGE_FIELDS = set(PlannedChange.model_fields)
_ROLE_FIELDS = frozenset({"description", "administrative"})
_USER_FIELDS = frozenset(AUDITED)
_PLAIN = frozenset({str, bool, type(None)})
#: What a deletion was reviewed by: all of the user but what the deletion itself sets.
_REVIEWED = tuple(name for name in AUDITED if name not in {"deleted_at", "was_active"})


def plan_desired(desired: Desired, uow: UnitOfWork, *, prune: bool = False) -> tuple[Plan, int]:
    """What the file would change, and how many users it manages but no longer names and leaves.

    Lets go of the users of the file, who take as much memory as the plan; those with an initial password stay.
    A refusal is logged, unless the unit of work only reads. Raises Conflict naming users that another file
    manages, RoleNotFound, InvalidInput.
    """
    with uow.change("plan.applied"):
        return _Comparison(desired, uow).plan(prune)


class _Comparison:
    """A file beside the database."""

    def __init__(self, desired: Desired, uow: UnitOfWork) -> None:
        self._desired, self._uow = desired, uow
        self._changes: list[PlannedChange] = []
        self._named: set[uuid.UUID] = set()
        self._theirs: list[str] = []

    def plan(self, prune: bool) -> tuple[Plan, int]:
        self._compare_roles()
        waiting = self._desired.users or []
        number = len(waiting)
        with_passwords: list[DesiredUser] = []
        waiting.reverse()  # to be taken from its end, in the order of the file
        while waiting:
            some = [waiting.pop() for _ in range(min(_USERS_AT_A_TIME, len(waiting)))]
            self._compare_users(some)
            with_passwords += [wanted for wanted in some if wanted.initial_password is not None]
            self._uow.on_progress(number - len(waiting), number, "comparing users")
        waiting += with_passwords
        if self._theirs:
            raise Conflict(_listed(self._theirs))
        left = self._unlisted_users()
        if prune:
            for some_ids in batched(left, _USERS_AT_A_TIME):
                self._changes += map(_deletion, self._uow.bulk_updates.read(some_ids))
        named = len(self._desired.roles or []) + number
        touched = sum(change.action != "delete" for change in self._changes)
        return Plan.make(self._desired.name, self._changes, named - touched), 0 if prune else len(left)

    def _compare_roles(self) -> None:
        wanted_users = self._desired.roles or []
        there = {role.name: role for role, _ in self._uow.roles.all()}
        for wanted in wanted_users:
            role = there.get(wanted.name)
            if role is None:
                after = wanted.model_dump(exclude={"name"})
                self._changes.append(PlannedChange(action="create", kind="role", target=wanted.name, after=after))
                continue
            after = {key: value for key, value in wanted.fields().items() if getattr(role, key) != value}
            if after:
                before = {key: getattr(role, key) for key in after}
                self._changes.append(_update("role", wanted.name, role.id, before, after))
        self._require_roles({*there, *(wanted.name for wanted in wanted_users)})

    def _require_roles(self, known: set[str]) -> None:
        wanted = {name for user in self._desired.users or () for name in user.roles}
        if missing := sorted(wanted - known):
            raise RoleNotFound(f"no such role: {_listed(missing)}{suggestion(missing[0], sorted(known))}")

    def _compare_users(self, wanted_users: Sequence[DesiredUser]) -> None:
        wanted_by_key = {email_key(wanted.email): wanted for wanted in wanted_users}
        names = {"managed_by"}.union(*(wanted.said for wanted in wanted_users))
        present = self._uow.bulk_updates.read_fields(list(wanted_by_key), names)
        self._named.update(user["id"] for user in present.values())
        for key, wanted in wanted_by_key.items():
            user = present.get(key)
            if user is not None and user["managed_by"] not in (None, self._desired.name):
                self._theirs.append(f"{user['email']} is managed by {user['managed_by']}")
            else:
                self._compare_user(wanted, user)

    def _compare_user(self, wanted: DesiredUser, user: Mapping[str, Any] | None) -> None:
        after = {**wanted.fields(), "managed_by": self._desired.name}
        if user is None:
            if wanted.initial_password is not None:
                after[PASSWORD] = True
            self._changes.append(PlannedChange(action="create", kind="user", target=wanted.email, after=after))
        else:
            after = {name: value for name, value in after.items() if not _is_same(user[name], value)}
            if after:
                before = {name: user_events.as_json(user[name]) for name in after}
                self._changes.append(_update("user", user["email"], user["id"], before, after))
        _require_future_expiry(wanted.email, after)

    def _unlisted_users(self) -> list[uuid.UUID]:
        """None where the file says nothing of users."""
        if self._desired.users is None:
            return []
        return [user_id for user_id in self._uow.users.managed_by(self._desired.name) if user_id not in self._named]


def require_few_changes(plan: Plan, limit: int, uow: UnitOfWork) -> None:
    """Raise TooManyChanges if the plan changes more users than the limit; 0 is no limit."""
    with uow.attempt("plan.applied"):
        require_at_most(limit, plan.users)


@retried
def apply_plan(
    plan: Plan,
    uow: UnitOfWork,
    *,
    passwords: InitialPasswords = NO_PASSWORDS,
    allow_no_admin: bool = False,
) -> Applied:
    """Do what was planned, in one transaction; initial passwords are hashed before it.

    Raises ChangedMeanwhile naming what is not as it was when the plan was made, LastAdministrator.
    """
    for change in plan.changes:
        _require_future_expiry(change.target, change.after)
    hashes = {} if uow.dry_run else passwords.hashed()
    with uow.change("plan.applied"):
        uow.roles.lock_definitions()
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            application = _PlanExecution(plan, uow, hashes)
            application.carry_out()
        if plan.changes:
            uow.commit()
    return Applied(
        name=plan.name,
        created=plan.create,
        updated=plan.update,
        deleted=plan.delete,
        unchanged=plan.unchanged,
        dry_run=uow.dry_run,
        change_id=uow.change_id if plan.changes and not uow.dry_run else None,
    )


class _PlanExecution:
    """A plan as it is carried out: roles first, then users.

    Many users are prepared before they are locked, as in user_changes: whoever needs one of them waits only while
    the prepared rows are written. Those who were changed meanwhile are prepared again.
    """

    def __init__(self, plan: Plan, uow: UnitOfWork, hashes: Mapping[str, str]) -> None:
        self._plan, self._uow, self._hashes = plan, uow, hashes
        self._done = 0
        of_roles = [change for change in plan.changes if change.kind == "role"]
        of_users = [change for change in plan.changes if change.kind == "user"]
        self._number = len(of_users)
        updates = any(change.action == "update" for change in of_roles)
        names = {change.target for change in of_roles} | set(_roles_of(of_users))
        self._roles = uow.roles.find_named(names, "change" if updates else "share")
        self._to_be = {change.target for change in of_roles if change.action == "create"}
        there = sum(change.id is not None for change in of_users)
        self._is_ahead = uow.bulk_updates.is_worth_staging(there)
        if not self._is_ahead:
            uow.users.existing_ids([change.id for change in of_users if change.id], lock=True)
        uow.bulk_updates.begin(staging=self._is_ahead)
        self._taken = uow.users.ids_by_key(email_key(change.target) for change in of_users if change.id is None)
        #: What is not as it was when the plan was made.
        self._changed = [change.target for change in of_roles if not self._is_role_as_planned(change)]
        self._gone = [name for name in dict.fromkeys(_roles_of(of_users)) if not self._is_role(name)]
        self._of_roles, self._of_users = of_roles, of_users

    def _is_role(self, name: str) -> bool:
        return name in self._roles or name in self._to_be

    def _is_role_as_planned(self, change: PlannedChange) -> bool:
        return _is_now(change, self._roles.get(change.target), _ROLE_FIELDS)

    def _is_as_planned(self, change: PlannedChange, user: UserState | None) -> bool:
        if change.action == "create":
            return email_key(change.target) not in self._taken
        if user is None or user.deleted_at is not None:
            return False
        if user.email != change.target and user.email_key != email_key(change.target):
            return False
        others = (self._plan.name,) if change.action == "delete" else (self._plan.name, None)
        return user.managed_by in others and _is_now(change, user, _USER_FIELDS)

    def carry_out(self) -> None:
        """Every change with its event, in the order of the plan.

        Raises ChangedMeanwhile naming what is not as it was when the plan was made.
        """
        if self._is_as_it_was:
            for change in self._of_roles:
                self._write_role(change)
        mark = self._uow.audit.mark()
        self._prepare(self._of_users)
        if self._is_ahead and self._is_as_it_was:
            self._hold(mark)
        if not self._is_as_it_was:
            names = _listed([*self._changed, *self._gone])
            raise ChangedMeanwhile(f"changed since the plan was made: {names}; plan again")
        self._uow.bulk_updates.finish(self._uow.now())
        self._uow.bulk_updates.refresh()

    def _prepare(self, changes: Iterable[PlannedChange]) -> None:
        """Compare the users with the plan, and write or stage what it makes of them."""
        for some in batched(changes, _USERS_AT_A_TIME):
            users = {user.id: user for user in self._uow.bulk_updates.read([c.id for c in some if c.id])}
            found = [(change, users.get(change.id or _NOBODY)) for change in some]
            self._changed += [change.target for change, user in found if not self._is_as_planned(change, user)]
            if self._is_as_it_was:
                self._write_users(found)
                self._tell(len(found))

    def _hold(self, mark: int) -> None:
        """Lock the prepared users, and prepare those again who were changed meanwhile."""
        stale = set(self._uow.bulk_updates.lock_staged(MOST_AGAIN + 1))
        if len(stale) > MOST_AGAIN:  # only so many are named, but all are locked
            stale = {change.id for change in self._of_users if change.id}
        if stale:
            dropped = self._uow.bulk_updates.unstage(list(stale))
            self._uow.audit.drop(map(str, stale), mark, dropped)
            self._prepare(change for change in self._of_users if change.id in stale)

    @property
    def _is_as_it_was(self) -> bool:
        return not (self._changed or self._gone)

    def _write_users(self, found: Sequence[tuple[PlannedChange, UserState | None]]) -> None:
        now = self._uow.now()
        new: list[UserState] = []
        changed: list[UserState] = []
        told: list[tuple[str, UserState]] = []
        for change, user in found:
            if user is None:
                new.append(self._new(change))
                self._record(told)
                told = []
                user_events.created(self._uow, new[-1])
                continue
            if change.action == "delete":
                user.soft_delete(now)
            else:
                self._assign(user, change.after)
            if user.settle():
                user.saved(now)
                told.append((f"user.{change.action}d", user))
            changed.append(user)
        self._record(told)
        try:
            self._uow.bulk_updates.insert(new)
        except EmailTaken:  # after the look at who is there
            raise ChangedMeanwhile("changed since the plan was made: a new user is there now; plan again") from None
        self._uow.bulk_updates.write(changed, now)

    def _record(self, told: Sequence[tuple[str, UserState]]) -> None:
        user_events.record_each(self._uow, told, lambda item: user_events.state_draft(*item))

    def _tell(self, users: int) -> None:
        self._done = min(self._done + users, self._number)
        self._uow.on_progress(self._done, self._number, "writing users")

    def _write_role(self, change: PlannedChange) -> None:
        if change.action == "create":
            role = self._roles[change.target] = self._uow.roles.add(Role(**change.role().model_dump()))
            after = change.role().model_dump()
        else:
            role, after = self._roles[change.target], change.after
            for name, value in after.items():
                setattr(role, name, value)
        action = f"role.{change.action}d"
        self._uow.audit.record(action, kind="role", target_id=role.id, before=change.before, after=after)

    def _new(self, change: PlannedChange) -> UserState:
        now = self._uow.now()
        fields = {"email": change.target, "managed_by": self._plan.name, **_columns(change.after)}
        if (hashed := self._hashes.get(change.target)) is not None:
            fields |= {"hashed_password": hashed, "password_changed_at": now}
        return UserState.new(fields, self._role_ids(change.after.get("roles", ())), now)

    def _assign(self, user: UserState, after: Mapping[str, Any]) -> None:
        for name, value in _columns(after).items():
            setattr(user, name, value)
        if "roles" in after:
            added = self._role_ids(after["roles"])
            user.change_roles(added, [role for role in user.roles if role not in added])
        user.managed_by = self._plan.name

    def _role_ids(self, names: Iterable[str]) -> dict[str, uuid.UUID]:
        return {name: self._roles[name].id for name in names}


def _update(
    kind: Any, target: str, found: uuid.UUID, before: dict[str, Any], after: dict[str, Any]
) -> PlannedChange:
    # of checked values: to check them again takes a fifth of a comparison; and a set for each takes 0.7 kB
    values = {"action": "update", "kind": kind, "target": target, "id": found, "before": before, "after": after}
    return PlannedChange.model_construct(_CHANGE_FIELDS, **values)


def _deletion(user: UserState) -> PlannedChange:
    now = user_events.snapshot(user)
    before = {name: now[name] for name in _REVIEWED}
    return PlannedChange(action="delete", kind="user", target=user.email, id=user.id, before=before)


def _is_now(change: PlannedChange, found: Role | UserState | None, fields: frozenset[str]) -> bool:
    """The row has the values that the plan saw before; what is to be created is not there."""
    seen = change.before
    if change.id != (None if found is None else found.id) or not seen.keys() <= fields:
        return False
    is_reviewed = seen.keys() >= change.after.keys() - _unreviewed_fields(change)
    return is_reviewed and all(_is_same(getattr(found, name), value) for name, value in seen.items())


def _unreviewed_fields(change: PlannedChange) -> frozenset[str]:
    """What a plan sets without having seen it: nothing but what it creates."""
    return frozenset(change.after) if change.action == "create" else frozenset()


def _roles_of(changes: Iterable[PlannedChange]) -> Iterator[str]:
    for change in changes:
        if change.kind == "user":
            yield from change.after.get("roles", ())


def _require_future_expiry(target: str, after: Mapping[str, Any]) -> None:
    """What is set anew lies ahead; an expiry that has passed in the meantime stays as it is."""
    moment = _moment(after.get("expires_at"))
    if moment is not None and moment <= utcnow():
        raise InvalidInput(f"{target}: the expiry {after['expires_at']} lies in the past")


def _columns(after: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan sets in the row of a user itself."""
    names = [name for name in after if name not in _APART]
    return {name: _moment(after[name]) if name in TIMES else after[name] for name in names}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _is_same(stored: Any, said: Any) -> bool:
    """What is stored of a field is what a file, or a plan, says."""
    if type(stored) in _PLAIN:  # as most are
        return type(said) is type(stored) and bool(said == stored)
    return not _differ(user_events.as_json(stored), said)


def _differ(one: Any, other: Any) -> bool:
    return differs_as_json(_normalize_numbers(one), _normalize_numbers(other))


def _normalize_numbers(value: Any) -> Any:
    """1e22 comes back from PostgreSQL as a whole number."""
    if isinstance(value, dict):
        return {key: _normalize_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normalize_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _LISTED:,} more"] if len(names) > _LISTED else []
    return ", ".join([*names[:_LISTED], *more])
