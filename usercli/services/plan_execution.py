"""Carry out the plan of a desired state: in one transaction, if everything is as it was when the plan was made."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.emails import email_key
from usercli.errors import ChangedMeanwhile, EmailTaken
from usercli.models.role import Role
from usercli.models.user_state import UserState
from usercli.schemas.plans import Applied, Plan, PlannedChange, granted_roles
from usercli.schemas.user_fields import AUDITED
from usercli.services import user_events
from usercli.services.initial_passwords import NO_PASSWORDS, InitialPasswords
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.plan_values import columns, is_same, require_future_expiry
from usercli.services.user_changes import MOST_AGAIN
from usercli.text import listed

_USERS_AT_A_TIME = 1000
_NOBODY = uuid.UUID(int=0)
_ROLE_FIELDS = frozenset({"description", "administrative"})
_USER_FIELDS = frozenset(AUDITED)


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
        require_future_expiry(change.target, change.after)
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
    the prepared rows are written. Those who were changed meanwhile are prepared again. A plan that was just made
    knows what it read: its users are prepared from that, and read again only if they look otherwise by then.
    """

    def __init__(self, plan: Plan, uow: UnitOfWork, hashes: Mapping[str, str]) -> None:
        self._plan, self._uow, self._hashes = plan, uow, hashes
        self._done = 0
        of_roles = [change for change in plan.changes if change.kind == "role"]
        of_users = [change for change in plan.changes if change.kind == "user"]
        self._number = len(of_users)
        updates = any(change.action == "update" for change in of_roles)
        granted = dict.fromkeys(granted_roles(of_users))
        names = {change.target for change in of_roles} | granted.keys()
        self._roles = uow.roles.find_named(names, "change" if updates else "share")
        self._to_be = {change.target for change in of_roles if change.action == "create"}
        there = sum(change.id is not None for change in of_users)
        self._is_ahead = uow.bulk_updates.is_worth_staging(there)
        if not self._is_ahead:
            uow.users.existing_ids([change.id for change in of_users if change.id], lock=True)
        uow.bulk_updates.begin(staging=self._is_ahead)
        self._seen = plan.seen if self._is_ahead else None
        if self._seen and not self._seen.roles.items() <= uow.bulk_updates.role_names.items():
            self._seen = None  # a role has another name by now
        self._seen_roles = {name: role_id for role_id, name in self._seen.roles.items()} if self._seen else {}
        self._taken = uow.users.ids_by_key(email_key(change.target) for change in of_users if change.id is None)
        #: What is not as it was when the plan was made.
        self._changed = [change.target for change in of_roles if not self._is_role_as_planned(change)]
        self._changed += [name for name in granted if not self._may_be_granted(name)]
        self._of_roles, self._of_users = of_roles, of_users

    def _may_be_granted(self, name: str) -> bool:
        role, seen = self._roles.get(name), self._plan.granted.get(name)
        if role is None or seen is None:
            return name in self._to_be
        return (role.id, role.administrative) == (seen.id, seen.administrative)

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
        self._prepare(self._of_users, self._seen.fingerprints if self._seen else ())
        if self._is_ahead and self._is_as_it_was:
            self._hold(mark)
        if not self._is_as_it_was:
            names = listed(list(dict.fromkeys(self._changed)))
            raise ChangedMeanwhile(f"changed since the plan was made: {names}; plan again")
        self._uow.bulk_updates.finish(self._uow.now())
        self._uow.bulk_updates.refresh()

    def _prepare(self, changes: Iterable[PlannedChange], fingerprints: Iterable[int] = ()) -> None:
        """Write or stage what the plan makes of the users, who are compared with it, or were when it was made."""
        for some in batched(zip(changes, chain(fingerprints, repeat(0))), _USERS_AT_A_TIME):  # noqa: B905 - endless
            unread = [change.id for change, fingerprint in some if change.id and not fingerprint]
            users = {user.id: user for user in self._uow.bulk_updates.read(unread)} if unread else {}
            found: list[tuple[PlannedChange, UserState | None]] = []
            for change, fingerprint in some:
                user = self._as_seen(change, fingerprint) if fingerprint else users.get(change.id or _NOBODY)
                if not (fingerprint or self._is_as_planned(change, user)):
                    self._changed.append(change.target)
                found.append((change, user))
            if self._is_as_it_was:
                self._write_users(found)
                self._tell(len(found))

    def _as_seen(self, change: PlannedChange, fingerprint: int) -> UserState:
        """The user of an update, as the plan saw them."""
        seen = change.before
        fields = {"id": change.id, "email": change.target, **columns(seen)}
        fields["managed_by"] = seen.get("managed_by", self._plan.name)
        roles = {name: self._seen_roles[name] for name in seen.get("roles", ())}
        return UserState.of_some_fields(fields, roles, fingerprint)

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
        return not self._changed

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
        fields = {"email": change.target, "managed_by": self._plan.name, **columns(change.after)}
        if (hashed := self._hashes.get(change.target)) is not None:
            fields |= {"hashed_password": hashed, "password_changed_at": now}
        return UserState.new(fields, self._role_ids(change.after.get("roles", ())), now)

    def _assign(self, user: UserState, after: Mapping[str, Any]) -> None:
        for name, value in columns(after).items():
            setattr(user, name, value)
        if "roles" in after:
            added = self._role_ids(after["roles"])
            user.change_roles(added, [role for role in user.roles if role not in added])
        user.managed_by = self._plan.name

    def _role_ids(self, names: Iterable[str]) -> dict[str, uuid.UUID]:
        return {name: self._roles[name].id for name in names}


def _is_now(change: PlannedChange, found: Role | UserState | None, fields: frozenset[str]) -> bool:
    """The row has the values that the plan saw before; what is to be created is not there."""
    seen = change.before
    if change.id != (None if found is None else found.id) or not seen.keys() <= fields:
        return False
    is_reviewed = seen.keys() >= change.after.keys() - _unreviewed_fields(change)
    return is_reviewed and all(is_same(getattr(found, name), value) for name, value in seen.items())


def _unreviewed_fields(change: PlannedChange) -> frozenset[str]:
    """What a plan sets without having seen it: nothing but what it creates."""
    return frozenset(change.after) if change.action == "create" else frozenset()
