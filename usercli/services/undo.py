"""Take a change back: give every field that it set its former value, if nobody set it since."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangeNotFound, Conflict, EmailTaken, Hint, Refused
from usercli.models.role import Role
from usercli.models.user_state import UserState
from usercli.repositories.event_encoder import Draft
from usercli.schemas.changed_users import ChangedUsers
from usercli.schemas.user_fields import TIMES
from usercli.schemas.users import Change
from usercli.services import user_events
from usercli.services.former_values import ABSENT, DoneEvent, changed_since
from usercli.services.former_values import give_back as former_values
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.undo_plan import UndoPlan, newest_plan
from usercli.services.users import change_roles

#: Gone for good: nothing is left that could be given back.
_FINAL = frozenset({"user.purged", "user.erased"})
_USERS_AT_A_TIME = 2000
#: So many changes may lie between now and the last one that can be undone.
_LOOKED_AT = 1000

#: A user, the events of the change about them, and the values to give back.
_Step = tuple[UserState, Sequence[DoneEvent], dict[str, Any]]


#: Is shown the plan before anything of it is kept.
PlanListener = Callable[[UndoPlan], object]


def plan_undo(change_id: uuid.UUID, uow: UnitOfWork, *, in_full: bool = True) -> UndoPlan:
    """What an undo would do now; unless `in_full` of a change of many only whether it can be undone.

    Raises ChangeNotFound, Conflict (undone already), Refused.
    """
    with uow:
        undo = _Undo(change_id, uow)
        undo.plan_roles()
        uow.bulk_updates.begin(staging=False)
        for batch in undo.events_by_user():
            undo.plan_users(batch)
            undo.tell(batch, "reading the change")
            uow.forget_all()
            if not in_full and undo.plan.steps and len(batch) == _USERS_AT_A_TIME:
                undo.plan.is_whole = False
                break
        undo.require_something()
        return undo.plan


def plan_last(uow: UnitOfWork, *, in_full: bool = True) -> tuple[UndoPlan, list[str]]:
    """What an undo of the newest change that can be undone would do, as `plan_undo`, and why those after it cannot.

    What was undone already, and undos themselves, are left out. Raises ChangeNotFound.
    """
    return newest_plan(uow, lambda change_id: plan_undo(change_id, uow, in_full=in_full), looked_at=_LOOKED_AT)


@retried
def undo_change(
    change_id: uuid.UUID,
    uow: UnitOfWork,
    *,
    only_unchanged: bool = False,
    allow_no_admin: bool = False,
    on_plan: PlanListener | None = None,
) -> Change:
    """Undo a change in one transaction; that is a change itself and can be undone.

    `on_plan` sees what it does, also where that is refused. Raises ChangeNotFound, Conflict (undone already, or
    fields were changed since; `only_unchanged` does the rest), Refused (nothing of it can be undone),
    LastAdministrator.
    """
    with uow.change("change.undone"):
        mark = uow.audit.mark()
        undo = _Undo(change_id, uow, on_plan)
        is_ahead = undo.prepare_ahead(only_unchanged)
        uow.roles.lock_definitions()
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            if is_ahead and undo.still_holds():
                undo.write_prepared()
            else:
                uow.audit.discard_since(mark)
                undo = _Undo(change_id, uow, on_plan)
                _carry_out(undo, only_unchanged)
        change = Change(
            change_id=uow.change_id if undo.done and not uow.dry_run else None,
            dry_run=uow.dry_run,
            changed=undo.done,
            unchanged=0,
        )
        change.users = undo.users.settled()
        uow.commit()
        return change


def _carry_out(undo: _Undo, only_unchanged: bool) -> None:
    undo.plan_roles()
    undo.bring_roles_back()
    for batch in undo.events_by_user():
        steps = undo.plan_users(batch, lock=True)
        if only_unchanged or not undo.plan.conflicts:
            undo.give_users_back(steps)
            undo.write_prepared()
        undo.tell(batch, "writing users")
    undo.require_no_conflict(only_unchanged)
    undo.take_roles_away()


class _Undo:
    """One undo: the events of the change, some thousand users at a time, turned into what is to be given back."""

    def __init__(self, change_id: uuid.UUID, uow: UnitOfWork, on_plan: PlanListener | None = None) -> None:
        self._id, self._uow, self._on_plan = change_id, uow, on_plan
        self.plan = UndoPlan(change_id)
        self.done = 0
        self.users = ChangedUsers()
        self._role_steps: list[tuple[DoneEvent, Role | None]] = []
        self._known_roles: set[str] | None = None
        self._role_ids: dict[str, uuid.UUID] = {}
        self._events = self._events_seen = 0
        self._require_undoable()

    def plan_roles(self) -> None:
        """Look at the roles that the change made, changed and deleted."""
        for event in self._uow.audit.of_change(self._id, "role"):
            self._plan_role(DoneEvent(event))

    def events_by_user(self) -> Iterator[Sequence[list[DoneEvent]]]:
        """The events of each user of the change, so many users at a time, in the order in which they were met."""
        events = map(DoneEvent, self._uow.audit.of_change(self._id, "user"))
        grouped = (list(group) for target, group in groupby(events, lambda event: event.target_id) if target)
        return batched(grouped, _USERS_AT_A_TIME)

    def tell(self, event_lists: Sequence[Sequence[DoneEvent]], stage: str) -> None:
        """These events were dealt with."""
        self._events_seen += sum(map(len, event_lists))
        self._uow.on_progress(self._events_seen, self._events, stage)

    def plan_users(self, event_lists: Sequence[Sequence[DoneEvent]], *, lock: bool = False) -> list[_Step]:
        """What is to be given back to these users; conflicts are noted."""
        ids = [uuid.UUID(events[0].target_id) for events in event_lists]
        if lock:
            self._uow.users.existing_ids(ids, lock=True)
            self._uow.bulk_updates.begin(staging=self._uow.bulk_updates.is_worth_staging(len(ids)))
        users = {user.id: user for user in self._uow.bulk_updates.read(ids)}
        steps = [self._plan_user(users.get(key), events) for key, events in zip(ids, event_lists, strict=True)]
        return [step for step in steps if step is not None]

    def prepare_ahead(self, only_unchanged: bool) -> bool:
        """Stage what is given back, if users are many and nothing else is: nobody is locked meanwhile."""
        if not self._uow.bulk_updates.is_worth_staging(self._events):
            return False
        self.plan_roles()
        if self._role_steps or self.plan.conflicts:
            return False
        self._uow.bulk_updates.begin(staging=True)
        for batch in self.events_by_user():
            steps = self.plan_users(batch)
            if only_unchanged or not self.plan.conflicts:
                self.give_users_back(steps)
            self.tell(batch, "writing users")
        self.require_no_conflict(only_unchanged)
        return True

    def still_holds(self) -> bool:
        """Lock the users that were staged; whether all is as it was when they were read."""
        self._require_undoable()
        self._uow.roles.get_named(self._role_ids)
        return not self._uow.bulk_updates.lock_staged(1)

    def write_prepared(self) -> None:
        """Write the users that are staged."""
        self._uow.bulk_updates.finish(self._uow.now())
        self._uow.bulk_updates.refresh()

    def require_no_conflict(self, only_unchanged: bool) -> None:
        """Show the plan. Raise Conflict for what was changed since, Refused if there is nothing to undo."""
        if self._on_plan is not None:
            self._on_plan(self.plan)
        if self.plan.conflicts and not only_unchanged:
            raise Conflict(f"changed since: {self.plan.conflicts}", hint=Hint.ONLY_UNCHANGED)
        self.require_something()

    def require_something(self) -> None:
        """Raise Refused if passwords are all that the change set."""
        if self.plan.passwords and not (self.plan.steps or self.plan.conflicts):
            raise Refused("a password cannot be undone; use: usercli password reset")

    def _require_undoable(self) -> None:
        actions, erased = self._uow.audit.actions_of(self._id)
        self._events = sum(actions.values())
        if not actions:
            raise ChangeNotFound(f"no such change: {self._id}", str(self._id))
        if by := self._uow.audit.undone_by(self._id):
            raise Conflict(f"the change {self._id} was undone already, by {by}")
        if actions.keys() & _FINAL:
            raise Refused("what was removed for good cannot be undone")
        if erased:
            raise Refused("the personal values of this change were erased; it cannot be undone")

    def _plan_user(self, user: UserState | None, events: Sequence[DoneEvent]) -> _Step | None:
        plan = self.plan
        if user is None:
            plan.conflicts.append(f"{events[-1].target_email or events[-1].target_id} is gone")
            return None
        if events[0].action != "user.created" and any("password" in event.after for event in events):
            plan.passwords.append(user.email)
        if events[0].action == "user.created":
            if user.deleted_at is not None:
                plan.conflicts.append(f"{user.email} is in the recycle bin already")
                return None
            if user.version > 1 and (names := changed_since(user, events)):  # who was just made has the first
                plan.conflicts.append(f"{user.email} {', '.join(names)}")
                self._leave_roles_of(user)
                return None
            plan.steps.append(f"{user.email}: move to the recycle bin")
            return user, events, {}
        give_back = former_values(user, events, plan.conflicts)
        if give_back.get("is_active") and user.deleted_at is not None and "deleted_at" not in give_back:
            plan.conflicts.append(f"{user.email} is_active")  # in the recycle bin since
            del give_back["is_active"]
        if "roles" in give_back and not set(give_back["roles"][1]) <= self._role_names():
            plan.conflicts.append(f"{user.email} roles")  # a role is gone since
            del give_back["roles"]
        if not give_back:
            return None
        plan.steps.append(f"{user.email}: restore {', '.join(n for n in give_back if n != 'was_active')}")
        return user, events, give_back

    def _leave_roles_of(self, user: UserState) -> None:
        """Do not remove roles that the change made and a user who stays has."""
        for event, role in [*self._role_steps]:
            if event.action == "role.created" and role is not None and role.name in user.roles:
                self._role_steps.remove((event, role))
                self.plan.steps.discard(f"remove the role {role.name}")
                self.plan.conflicts.append(f"the role {role.name}")

    def _role_names(self) -> set[str]:
        """The roles that there are, and that this undo brings back."""
        if self._known_roles is None:
            back = {event.before["name"] for event, role in self._role_steps if role is None}
            self._known_roles = back | {role.name for role, _ in self._uow.roles.all()}
        return self._known_roles

    def _plan_role(self, event: DoneEvent) -> None:
        plan = self.plan
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
        words = {"role.created": "remove", "role.updated": "restore the fields of", "role.deleted": "bring back"}
        plan.steps.append(f"{words[event.action]} the role {name}")
        self._role_steps.append((event, role))

    def bring_roles_back(self) -> None:
        """Undo what the change did to roles that were there before it."""
        for event, role in self._role_steps:
            if event.action == "role.deleted":
                self._bring_back(event)
            elif event.action == "role.updated" and role is not None:
                self._give_role_back(event, role)

    def give_users_back(self, steps: Sequence[_Step]) -> None:
        """Do what was planned for these users."""
        own = [r.name for event, r in self._role_steps if event.action == "role.created" and r is not None]
        now = self._uow.now()
        for user, events, give_back in steps:
            if events[0].action == "user.created":
                if own:
                    user.change_roles({}, own)  # they go as well, and the bin keeps roles
                user.soft_delete(now)
            else:
                self._assign(user, give_back)
        released = self._released(steps)
        users = [user for user, _, _ in steps]
        for user in users:
            if user.settle():
                user.saved(now)
            if released and user.id in released:
                user.columns.setdefault("email_key", user.email_key)
        self._uow.bulk_updates.release_keys(released)
        user_events.record_each(self._uow, users, self._draft)
        self._uow.bulk_updates.write(users, now)
        self.done += len(users)
        self.users.add(users)

    def _draft(self, user: UserState) -> Draft:
        return user_events.state_draft(_name(user), user, undoes=str(self._id))

    def _released(self, steps: Sequence[_Step]) -> set[uuid.UUID]:
        """The users whose email another one of them gets back.

        Raises EmailTaken, naming the email, if somebody has one who keeps it.
        """
        back = [user for user, _, found in steps if "email" in found or "deleted_at" in found]
        if not back:
            return set()
        leaving = {user.id for user, _, found in steps if "email" in found or user.deleted_at is not None}
        taken = self._uow.users.ids_by_key([user.email_key for user in back])
        released = set()
        for user in back:
            holder = taken.get(user.email_key, user.id)
            if user.deleted_at is not None or holder == user.id:
                continue
            if holder not in leaving:
                raise EmailTaken(user.email)
            released.add(holder)
        return released

    def take_roles_away(self) -> None:
        """Remove the roles that the change made."""
        for event, role in self._role_steps:
            if event.action == "role.created" and role is not None:
                self._remove_role(event, role)

    def _assign(self, user: UserState, give_back: dict[str, Any]) -> None:
        for name, value in give_back.items():
            if name == "roles":
                gained, lost = value
                user.change_roles(self._ids_of(lost), gained)
            elif name == "attributes":
                kept = {key: item for key, item in user.attributes.items() if value.get(key) is not ABSENT}
                user.attributes = {**kept, **{k: v for k, v in value.items() if v is not ABSENT}}
            elif name == "email":
                user.set_email(value)
            else:
                setattr(user, name, datetime.fromisoformat(value) if name in TIMES and value else value)

    def _ids_of(self, names: Sequence[str]) -> dict[str, uuid.UUID]:
        """The roles that are given back, each looked up once."""
        if unknown := [name for name in names if name not in self._role_ids]:
            self._role_ids |= {role.name: role.id for role in self._uow.roles.get_named(unknown)}
        return {name: self._role_ids[name] for name in names}

    def _bring_back(self, event: DoneEvent) -> None:
        fields = {key: event.before[key] for key in ("name", "description", "administrative")}
        role = self._uow.roles.add(Role(id=uuid.UUID(event.target_id), **fields))
        self._record_role("role.created", role, {}, fields)

    def _give_role_back(self, event: DoneEvent, role: Role) -> None:
        for key, value in event.before.items():
            setattr(role, key, value)
        self._uow.flush()
        self._record_role("role.updated", role, event.after, event.before)

    def _remove_role(self, event: DoneEvent, role: Role) -> None:
        holders = self._uow.users.by_id(self._uow.roles.holders(role), lock=True)
        if any(user.deleted_at is None for user in holders):
            raise Conflict(f"the role {role.name} was granted since; revoke it first")
        for user in holders:  # in the bin: they were perhaps created with it, and went there with it
            before = user_events.snapshot(user)
            change_roles(user, [], [role], self._uow)
            self._uow.users.save(user)
            user_events.changed(self._uow, "role.revoked", user, before, undoes=self._id)
        self._uow.roles.remove(role)
        self._record_role("role.deleted", role, event.after, {})

    def _record_role(self, action: str, role: Role, before: dict[str, Any], after: dict[str, Any]) -> None:
        self._uow.audit.record(action, kind="role", target_id=role.id, before=before, after=after, undoes=self._id)
        self.done += 1


def _name(user: UserState) -> str:
    """The action that the giving back amounts to."""
    was_deleted = user.before(["deleted_at"]) != (None,)
    if not was_deleted and user.deleted_at is not None:
        return "user.deleted"
    if was_deleted and user.deleted_at is None:
        return "user.restored"
    return "user.updated"
