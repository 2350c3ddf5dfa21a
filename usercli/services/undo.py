"""Take a change back: give every field that it set its former value, if nobody set it since."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangeNotFound, Conflict, Hint, Refused
from usercli.models.user_state import UserState
from usercli.repositories.event_encoder import Draft
from usercli.schemas.changed_users import ChangedUsers
from usercli.schemas.user_fields import TIMES
from usercli.schemas.users import Change
from usercli.services import user_events
from usercli.services.former_values import ABSENT, DoneEvent, changed_since
from usercli.services.former_values import give_back as former_values
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.undo_addresses import Step, holders, leaving, without_address
from usercli.services.undo_plan import UndoPlan, newest_plan
from usercli.services.undo_roles import UndoOfRoles

#: Gone for good: nothing is left that could be given back.
_FINAL = frozenset({"user.purged", "user.erased"})
_USERS_AT_A_TIME = 2000
#: So many changes may lie between now and the last one that can be undone.
_LOOKED_AT = 1000

#: Is shown the plan before anything of it is kept.
PlanListener = Callable[[UndoPlan], object]


def plan_undo(change_id: uuid.UUID, uow: UnitOfWork, *, in_full: bool = True) -> UndoPlan:
    """What an undo would do now; unless `in_full` of a change of many only whether it can be undone.

    Raises ChangeNotFound, Conflict (undone already), Refused.
    """
    with uow:
        undo = _Undo(change_id, uow)
        undo.roles.read()
        uow.bulk_updates.begin(staging=False)
        for batch in undo.events_by_user():
            undo.make_room(undo.plan_users(batch), pull=False)
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
        done = undo.done + undo.roles.done
        change = Change(
            change_id=uow.change_id if done and not uow.dry_run else None,
            dry_run=uow.dry_run,
            changed=done,
            unchanged=0,
        )
        change.users = undo.users.settled()
        uow.commit()
        return change


def _carry_out(undo: _Undo, only_unchanged: bool) -> None:
    undo.roles.read()
    undo.roles.bring_back()
    for batch in undo.events_by_user():
        undo.begin(batch)
        steps = undo.make_room(undo.plan_users(batch, lock=True), pull=True)
        if only_unchanged or not undo.plan.conflicts:
            undo.give_users_back(steps)
            undo.write_prepared()
        undo.tell(batch, "writing users")
    if only_unchanged or not undo.plan.conflicts:
        undo.roles.leave_held()
    undo.require_no_conflict(only_unchanged)
    undo.roles.take_away()


class _Undo:
    """One undo: the events of the change, some thousand users at a time, turned into what is to be given back."""

    def __init__(self, change_id: uuid.UUID, uow: UnitOfWork, on_plan: PlanListener | None = None) -> None:
        self._id, self._uow, self._on_plan = change_id, uow, on_plan
        self.plan = UndoPlan(change_id)
        self.roles = UndoOfRoles(change_id, uow, self.plan)
        self.done = 0
        self.users = ChangedUsers()
        self._role_ids: dict[str, uuid.UUID] = {}
        self._events = self._events_seen = 0
        #: Users of later batches who had to leave their address sooner.
        self._pulled: set[str] = set()
        #: Users of this batch who leave theirs to another.
        self._released: set[uuid.UUID] = set()
        self._require_undoable()

    def events_by_user(self) -> Iterator[Sequence[list[DoneEvent]]]:
        """The events of each user of the change, so many users at a time, in the order in which they were met."""
        found = (events for events in self._events_of() if events[0].target_id not in self._pulled)
        return batched(found, _USERS_AT_A_TIME)

    def _events_of(self, targets: Sequence[str] = ()) -> Iterator[list[DoneEvent]]:
        events = map(DoneEvent, self._uow.audit.of_change(self._id, "user", targets))
        return (list(group) for target, group in groupby(events, lambda event: event.target_id) if target)

    def begin(self, event_lists: Sequence[object]) -> None:
        """Begin to write so many users."""
        self._uow.bulk_updates.begin(staging=self._uow.bulk_updates.is_worth_staging(len(event_lists)))

    def tell(self, event_lists: Sequence[Sequence[DoneEvent]], stage: str) -> None:
        """These events were dealt with."""
        self._events_seen += sum(map(len, event_lists))
        self._uow.on_progress(self._events_seen, self._events, stage)

    def plan_users(self, event_lists: Sequence[Sequence[DoneEvent]], *, lock: bool = False) -> list[Step]:
        """What is to be given back to these users; conflicts are noted."""
        ids = [uuid.UUID(events[0].target_id) for events in event_lists]
        if lock:
            self._uow.users.existing_ids(ids, lock=True)
        users = {user.id: user for user in self._uow.bulk_updates.read(ids)}
        steps = [self._plan_user(users.get(key), events) for key, events in zip(ids, event_lists, strict=True)]
        return [step for step in steps if step is not None]

    def make_room(self, steps: list[Step], *, pull: bool) -> list[Step]:
        """The steps that can be done: an address is free, or left by another one of them; else it is a conflict.

        Users of other batches who leave one are looked at besides, or come now if `pull`.
        """
        seen: set[uuid.UUID] = set()
        others: list[Step] = []
        while True:
            wanted, gone = holders(steps, self._uow), leaving([*steps, *others])
            self._released = wanted.keys() & gone
            blocked = {holder: step for holder, step in wanted.items() if holder not in gone}
            if not blocked:
                return steps
            if new := [str(holder) for holder in blocked if holder not in seen]:
                seen.update(blocked)
                if pull:
                    self._pulled.update(new)
                    steps += self.plan_users(list(self._events_of(new)), lock=True)
                else:
                    others += self._foreseen(new)
            else:
                steps = self._without(steps, list(blocked.values()))

    def _foreseen(self, targets: Sequence[str]) -> list[Step]:
        """What will be done, or was, to users of other batches."""
        plan, self.plan = self.plan, UndoPlan(self._id)
        try:
            return self.plan_users(list(self._events_of(targets)))
        finally:
            self.plan = plan

    def _without(self, steps: Sequence[Step], blocked: Sequence[Step]) -> list[Step]:
        """The steps without the addresses that somebody has, who keeps them."""
        left = []
        names = {step[0].id for step in blocked}
        for step in steps:
            if step[0].id not in names:
                left.append(step)
                continue
            user, _, back = step
            self.plan.steps.discard(_line(user, back))
            self.plan.conflicts.append(f"{back.get('email', user.email)} is another user's address")
            if (rest := without_address(step)) is not None:
                self.plan.steps.append(_line(user, rest[2]))
                left.append(rest)
        return left

    def prepare_ahead(self, only_unchanged: bool) -> bool:
        """Stage what is given back, if users are many and nothing else is: nobody is locked meanwhile."""
        if not self._uow.bulk_updates.is_worth_staging(self._events):
            return False
        self.roles.read()
        if self.roles.steps or self.plan.conflicts:
            return False
        self._uow.bulk_updates.begin(staging=True)
        for batch in self.events_by_user():
            steps = self.plan_users(batch)
            wanted = holders(steps, self._uow)
            if wanted.keys() - leaving(steps):  # somebody of another batch, or who keeps the address
                return False
            self._released = set(wanted)
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

    def _plan_user(self, user: UserState | None, events: Sequence[DoneEvent]) -> Step | None:
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
                self.roles.leave(user.roles)
                return None
            plan.steps.append(f"{user.email}: move to the recycle bin")
            return user, events, {}
        give_back = former_values(user, events, plan.conflicts)
        if give_back.get("is_active") and user.deleted_at is not None and "deleted_at" not in give_back:
            plan.conflicts.append(f"{user.email} is_active")  # in the recycle bin since
            del give_back["is_active"]
        if "roles" in give_back and not set(give_back["roles"][1]) <= self.roles.names():
            plan.conflicts.append(f"{user.email} roles")  # a role is gone since
            del give_back["roles"]
        if not give_back:
            return None
        plan.steps.append(_line(user, give_back))
        return user, events, give_back

    def give_users_back(self, steps: Sequence[Step]) -> None:
        """Do what was planned for these users."""
        own = [role.name for role in self.roles.made]
        now = self._uow.now()
        for user, events, give_back in steps:
            if events[0].action == "user.created":
                if own:
                    user.change_roles({}, own)  # they go as well, and the bin keeps roles
                user.soft_delete(now)
            else:
                self._assign(user, give_back)
        users = [user for user, _, _ in steps]
        for user in users:
            if user.settle():
                user.saved(now)
            if user.id in self._released:
                user.columns.setdefault("email_key", user.email_key)
        self._uow.bulk_updates.release_keys(self._released)
        self._released = set()
        user_events.record_each(self._uow, users, self._draft)
        self._uow.bulk_updates.write(users, now)
        self.done += len(users)
        self.users.add(users)

    def _draft(self, user: UserState) -> Draft:
        return user_events.state_draft(_name(user), user, undoes=str(self._id))

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


def _line(user: UserState, give_back: Mapping[str, Any]) -> str:
    return f"{user.email}: restore {', '.join(name for name in give_back if name != 'was_active')}"


def _name(user: UserState) -> str:
    """The action that the giving back amounts to."""
    was_deleted = user.before(["deleted_at"]) != (None,)
    if not was_deleted and user.deleted_at is not None:
        return "user.deleted"
    if was_deleted and user.deleted_at is None:
        return "user.restored"
    return "user.updated"
