"""Desired state: compare a file of users and roles with the database."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.emails import email_key
from usercli.errors import Conflict, RoleNotFound
from usercli.models.user_state import UserState
from usercli.schemas.desired import Desired, DesiredUser
from usercli.schemas.plans import PASSWORD, GrantedRole, Plan, PlannedChange, Seen
from usercli.schemas.user_fields import AUDITED
from usercli.services import user_events
from usercli.services.change_limit import require_at_most
from usercli.services.plan_values import is_same, require_future_expiry
from usercli.text import listed, suggestion

_USERS_AT_A_TIME = 1000
_CHANGE_FIELDS = set(PlannedChange.model_fields)
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
        self._granted: dict[str, GrantedRole] = {}
        self._to_stage = uow.bulk_updates.is_worth_staging(len(desired.users or ()))
        self._fingerprints = array("q")

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
            raise Conflict(listed(self._theirs))
        left = self._unlisted_users()
        if prune:
            for some_ids in batched(left, _USERS_AT_A_TIME):
                self._changes += map(_deletion, self._uow.bulk_updates.read(some_ids))
        named = len(self._desired.roles or []) + number
        touched = sum(change.action != "delete" for change in self._changes)
        seen = Seen(self._fingerprints, self._uow.bulk_updates.role_names)
        plan = Plan.make(self._desired.name, self._changes, self._granted, named - touched, seen)
        return plan, 0 if prune else len(left)

    def _compare_roles(self) -> None:
        wanted_users = self._desired.roles or []
        there = {role.name: role for role, _ in self._uow.roles.all()}
        self._granted = {
            name: GrantedRole(id=role.id, administrative=role.administrative) for name, role in there.items()
        }
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
            raise RoleNotFound(f"no such role: {listed(missing)}{suggestion(missing[0], sorted(known))}")

    def _compare_users(self, wanted_users: Sequence[DesiredUser]) -> None:
        wanted_by_key = {email_key(wanted.email): wanted for wanted in wanted_users}
        names = {"managed_by"}.union(*(wanted.said for wanted in wanted_users))
        present = self._uow.bulk_updates.read_fields(list(wanted_by_key), names, to_stage=self._to_stage)
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
            self._fingerprints.append(0)
        else:
            after = {name: value for name, value in after.items() if not is_same(user[name], value)}
            if after:
                before = {name: user_events.as_json(user[name]) for name in after}
                self._changes.append(_update("user", user["email"], user["id"], before, after))
                self._fingerprints.append(user["fingerprint"])
        require_future_expiry(wanted.email, after)

    def _unlisted_users(self) -> list[uuid.UUID]:
        """None where the file says nothing of users."""
        if self._desired.users is None:
            return []
        return [user_id for user_id in self._uow.users.managed_by(self._desired.name) if user_id not in self._named]


def require_few_changes(plan: Plan, limit: int, uow: UnitOfWork) -> None:
    """Raise TooManyChanges if the plan changes more users than the limit; 0 is no limit."""
    with uow.attempt("plan.applied"):
        require_at_most(limit, plan.users)


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
