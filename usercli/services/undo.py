"""Take a change back: give every field that it set its former value, if nobody set it since."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from usercli.chain import canonical
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ChangeNotFound, Conflict, Refused
from usercli.models.role import Role
from usercli.models.user import User
from usercli.schemas.audit import EventView
from usercli.schemas.users import Change, UserView
from usercli.services import journal
from usercli.services.administrators import administrators_kept
from usercli.services.users import change_roles
from usercli.times import utcnow

#: Gone for good: nothing is left that could be given back.
_FINAL = frozenset({"user.purged", "user.erased"})
_TIMES = frozenset({"expires_at", "deleted_at"})
_FIELDS = frozenset(journal.FIELDS)
_ABSENT = object()
_LISTED = 10
_WRITE_AT_ONCE = 1000


@dataclass
class UndoPlan:
    """What an undo would do, a line each, and what it cannot do."""

    change_id: uuid.UUID
    steps: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)


def plan_undo(change_id: uuid.UUID, uow: UnitOfWork) -> UndoPlan:
    """What an undo would do now. Raises ChangeNotFound, Conflict (undone already), Refused."""
    with uow:
        return _Undo(change_id, uow).plan()


def undo_change(
    change_id: uuid.UUID, uow: UnitOfWork, *, only_unchanged: bool = False, allow_no_admin: bool = False
) -> Change:
    """Undo a change in one transaction; that is a change itself and can be undone.

    Raises ChangeNotFound, Conflict (undone already, or fields were changed since; `only_unchanged` does the
    rest), Refused (nothing of it can be undone), LastAdministrator.
    """
    with uow.change("change.undone"):
        uow.roles.lock_definitions()
        with administrators_kept(uow, allow_none=allow_no_admin):
            undo = _Undo(change_id, uow)
            plan = undo.plan(lock=True)
            if plan.conflicts and not only_unchanged:
                raise Conflict(f"changed since: {_listed(plan.conflicts)}; --only-unchanged does the rest")
            users = undo.carry_out()
        change = Change(
            change_id=uow.change_id if undo.done and not uow.dry_run else None,
            dry_run=uow.dry_run,
            changed=undo.done,
            unchanged=0,
            users=[UserView.model_validate(user) for user in users],
        )
        uow.commit()
        return change


class _Undo:
    """One undo: the events of the change, turned into what is to be given back."""

    def __init__(self, change_id: uuid.UUID, uow: UnitOfWork) -> None:
        self._id, self._uow = change_id, uow
        self.done = 0
        self._user_steps: list[tuple[User, list[EventView], dict[str, Any]]] = []
        self._role_steps: list[tuple[EventView, Role | None]] = []
        self._known_roles: set[str] | None = None

    def plan(self, *, lock: bool = False) -> UndoPlan:
        events = [EventView.of(event) for event in self._uow.audit.of_change(self._id)]
        self._require_undoable(events)
        plan = UndoPlan(self._id)
        for event in events:
            if event.target_kind == "role":
                self._plan_role(event, plan)
        of_user: dict[str, list[EventView]] = {}
        for event in events:
            if event.target_kind == "user" and event.target_id is not None:
                of_user.setdefault(event.target_id, []).append(event)
        found = self._uow.users.by_id([uuid.UUID(target) for target in of_user], lock=lock)
        users = {str(user.id): user for user in found}
        for target, story in of_user.items():
            self._plan_user(users.get(target), story, plan)
        if plan.passwords and not (plan.steps or plan.conflicts):
            raise Refused("a password cannot be undone; use: usercli password reset")
        return plan

    def _require_undoable(self, events: Sequence[EventView]) -> None:
        if not events:
            raise ChangeNotFound(f"no such change: {self._id}")
        if by := self._uow.audit.undone_by(self._id):
            raise Conflict(f"the change {self._id} was undone already, by {by}")
        if any(event.action in _FINAL for event in events):
            raise Refused("what was removed for good cannot be undone")
        if any(event.erased for event in events):
            raise Refused("the personal values of this change were erased; it cannot be undone")

    def _plan_user(self, user: User | None, story: list[EventView], plan: UndoPlan) -> None:
        name = story[-1].target_email or story[-1].target_id
        if user is None:
            plan.conflicts.append(f"{name} is gone")
            return
        if any("password" in event.after for event in story) and story[0].action != "user.created":
            plan.passwords.append(user.email)
        if story[0].action == "user.created":
            if user.deleted_at is not None:
                plan.conflicts.append(f"{user.email} is in the bin already")
            else:
                plan.steps.append(f"{user.email}: move to the bin")
                self._user_steps.append((user, story, {}))
            return
        give_back = _give_back(user, story, plan.conflicts)
        if give_back.get("is_active") and user.deleted_at is not None and "deleted_at" not in give_back:
            plan.conflicts.append(f"{user.email} is_active")  # in the bin since
            del give_back["is_active"]
        if "roles" in give_back and not set(give_back["roles"][1]) <= self._role_names():
            plan.conflicts.append(f"{user.email} roles")  # a role is gone since
            del give_back["roles"]
        if give_back:
            plan.steps.append(f"{user.email}: give back {', '.join(n for n in give_back if n != 'was_active')}")
            self._user_steps.append((user, story, give_back))

    def _role_names(self) -> set[str]:
        """The roles that there are, and that this undo brings back."""
        if self._known_roles is None:
            back = {event.before["name"] for event, role in self._role_steps if role is None}
            self._known_roles = back | {role.name for role, _ in self._uow.roles.all()}
        return self._known_roles

    def _plan_role(self, event: EventView, plan: UndoPlan) -> None:
        role = self._uow.roles.find(uuid.UUID(event.target_id))
        name = event.after.get("name") or event.before.get("name") or (role.name if role else event.target_id)
        if event.action == "role.deleted":
            if role is not None:
                plan.conflicts.append(f"the role {name} is there again")
                return
        elif role is None:
            plan.conflicts.append(f"the role {name} is gone")
            return
        elif any(getattr(role, key) != value for key, value in event.after.items()):
            plan.conflicts.append(f"the role {role.name}")
            return
        words = {"role.created": "remove", "role.updated": "give back the fields of", "role.deleted": "bring back"}
        plan.steps.append(f"{words[event.action]} the role {name}")
        self._role_steps.append((event, role))

    def carry_out(self) -> list[User]:
        """Do what was planned; the users that changed."""
        for event, role in self._role_steps:
            if event.action == "role.deleted":
                self._bring_back(event)
            elif event.action == "role.updated" and role is not None:
                self._give_role_back(event, role)
        own = [role for event, role in self._role_steps if event.action == "role.created" and role is not None]
        for user, story, give_back in self._user_steps:
            before = journal.snapshot(user)
            if story[0].action == "user.created":
                change_roles(user, [], own, self._uow)  # they go as well, and the bin keeps roles
                user.was_active, user.is_active, user.deleted_at = user.is_active, False, utcnow()
            else:
                self._assign(user, give_back)
            if len(self._user_steps) < _WRITE_AT_ONCE or "email" in give_back or "deleted_at" in give_back:
                self._uow.users.save(user)  # names the email that is taken meanwhile
            journal.changed(self._uow, _name(before, user), user, before, undoes=self._id)
            self.done += 1
        self._uow.flush()
        for event, role in self._role_steps:
            if event.action == "role.created" and role is not None:
                self._remove_role(event, role)
        return [user for user, _, _ in self._user_steps]

    def _assign(self, user: User, give_back: dict[str, Any]) -> None:
        for name, value in give_back.items():
            if name == "roles":
                gained, lost = value
                change_roles(user, self._uow.roles.named(lost), self._uow.roles.named(gained), self._uow)
            elif name == "attributes":
                kept = {key: item for key, item in user.attributes.items() if value.get(key) is not _ABSENT}
                user.attributes = {**kept, **{k: v for k, v in value.items() if v is not _ABSENT}}
            else:
                setattr(user, name, datetime.fromisoformat(value) if name in _TIMES and value else value)

    def _bring_back(self, event: EventView) -> None:
        fields = {key: event.before[key] for key in ("name", "description", "administrative")}
        role = self._uow.roles.add(Role(id=uuid.UUID(event.target_id), **fields))
        self._record_role("role.created", role, {}, fields)

    def _give_role_back(self, event: EventView, role: Role) -> None:
        for key, value in event.before.items():
            setattr(role, key, value)
        self._uow.flush()
        self._record_role("role.updated", role, event.after, event.before)

    def _remove_role(self, event: EventView, role: Role) -> None:
        holders = self._uow.users.by_id(self._uow.roles.holders(role), lock=True)
        if any(user.deleted_at is None for user in holders):
            raise Conflict(f"the role {role.name} was granted since; revoke it first")
        for user in holders:  # in the bin: they were perhaps created with it, and went there with it
            before = journal.snapshot(user)
            change_roles(user, [], [role], self._uow)
            self._uow.users.save(user)
            journal.changed(self._uow, "role.revoked", user, before, undoes=self._id)
        self._uow.roles.remove(role)
        self._record_role("role.deleted", role, event.after, {})

    def _record_role(self, action: str, role: Role, before: dict[str, Any], after: dict[str, Any]) -> None:
        self._uow.audit.record(action, kind="role", target_id=role.id, before=before, after=after, undoes=self._id)
        self.done += 1


def _listed(conflicts: Sequence[str]) -> str:
    more = [f"and {len(conflicts) - _LISTED:,} more"] if len(conflicts) > _LISTED else []
    return "; ".join([*conflicts[:_LISTED], *more])


def _give_back(user: User, story: Sequence[EventView], conflicts: list[str]) -> dict[str, Any]:
    """The former values of the fields that still have what the change gave them."""
    now = journal.snapshot(user)
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for event in story:
        for name in event.after.keys() & _FIELDS:
            if name == "must_change_password" and "password" in event.after:
                continue  # it belongs to that password, which stays
            if name == "attributes":
                _merge_attributes(first, last, event)
            else:
                first.setdefault(name, event.before.get(name))
                last[name] = event.after[name]
    found: dict[str, Any] = {}
    for name in journal.FIELDS:
        if name not in last:
            continue
        if name == "roles":
            value, clash = _roles_back(first[name], last[name], now[name])
        elif name == "attributes":
            value, clash = _attributes_back(first[name], last[name], now[name])
        else:
            value, clash = first[name], now[name] != last[name]
        if clash:
            conflicts.append(f"{user.email} {name}")
        elif value != now[name] or name in {"roles", "attributes"}:
            found[name] = value
    return found


def _merge_attributes(first: dict[str, Any], last: dict[str, Any], event: EventView) -> None:
    old, new = event.before.get("attributes", {}), event.after["attributes"]
    for key in {**old, **new}:
        first.setdefault("attributes", {}).setdefault(key, old.get(key, _ABSENT))
        last.setdefault("attributes", {})[key] = new.get(key, _ABSENT)


def _attributes_back(first: dict[str, Any], last: dict[str, Any], now: dict[str, Any]) -> tuple[Any, bool]:
    return first, any(_differ(now.get(key, _ABSENT), value) for key, value in last.items())


def _differ(one: Any, other: Any) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is not other
    return canonical(one) != canonical(other)  # as JSON: to Python 1 and true are equal


def _roles_back(first: list[str], last: list[str], now: list[str]) -> tuple[Any, bool]:
    gained, lost = sorted(set(last) - set(first)), sorted(set(first) - set(last))
    return (gained, lost), not (set(gained) <= set(now) and not set(lost) & set(now))


def _name(before: dict[str, Any], user: User) -> str:
    """The action that the giving back amounts to."""
    if before["deleted_at"] is None and user.deleted_at is not None:
        return "user.deleted"
    if before["deleted_at"] is not None and user.deleted_at is None:
        return "user.restored"
    return "user.updated"
