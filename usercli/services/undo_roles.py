"""What an undo does to the roles that a change made, changed or deleted."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.models.role import Role
from usercli.services import user_events
from usercli.services.former_values import DoneEvent
from usercli.services.undo_plan import UndoPlan
from usercli.services.users import change_roles

_WORDS = {"role.created": "remove", "role.updated": "restore the fields of", "role.deleted": "bring back"}


class UndoOfRoles:
    """The events of a change about roles, each with its role. `done` counts what was written."""

    def __init__(self, change_id: uuid.UUID, uow: UnitOfWork, plan: UndoPlan) -> None:
        self._id, self._uow, self._plan = change_id, uow, plan
        self.steps: list[tuple[DoneEvent, Role | None]] = []
        self._known: set[str] | None = None
        self.done = 0

    def read(self) -> None:
        """Look at what can be taken back; conflicts are noted."""
        for event in self._uow.audit.of_change(self._id, "role"):
            self._read(DoneEvent(event))

    def _read(self, event: DoneEvent) -> None:
        plan = self._plan
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
        plan.steps.append(f"{_WORDS[event.action]} the role {name}")
        self.steps.append((event, role))

    @property
    def made(self) -> list[Role]:
        """The roles that the change made, and this removes."""
        return [role for event, role in self.steps if event.action == "role.created" and role is not None]

    def names(self) -> set[str]:
        """The roles that there are, and that this brings back."""
        if self._known is None:
            back = {event.before["name"] for event, role in self.steps if role is None}
            self._known = back | {role.name for role, _ in self._uow.roles.all()}
        return self._known

    def bring_back(self) -> None:
        """Undo what the change did to roles that were there before it."""
        for event, role in self.steps:
            if event.action == "role.deleted":
                fields = {key: event.before[key] for key in ("name", "description", "administrative")}
                made = self._uow.roles.add(Role(id=uuid.UUID(event.target_id), **fields))
                self._record("role.created", made, {}, fields)
            elif event.action == "role.updated" and role is not None:
                for key, value in event.before.items():
                    setattr(role, key, value)
                self._uow.flush()
                self._record("role.updated", role, event.after, event.before)

    def leave(self, names: Collection[str]) -> None:
        """Let those of the roles that the change made stay which users have who stay: a conflict."""
        for role in self.made:
            if role.name in names:
                self.steps = [step for step in self.steps if step[1] is not role]
                self._plan.steps.discard(f"remove the role {role.name}")
                self._plan.conflicts.append(f"the role {role.name} is held by users")

    def leave_held(self) -> None:
        """The same, once users are given back, of those whom somebody still has."""
        for role in self.made:
            holders = self._uow.users.by_id(self._uow.roles.holders(role), lock=True)
            if any(user.deleted_at is None for user in holders):
                self.leave([role.name])

    def take_away(self) -> None:
        """Remove the roles that the change made."""
        for event, role in self.steps:
            if event.action != "role.created" or role is None:
                continue
            for user in self._uow.users.by_id(self._uow.roles.holders(role), lock=True):
                before = user_events.snapshot(user)  # in the bin: created with it, perhaps, and went there with it
                change_roles(user, [], [role], self._uow)
                self._uow.users.save(user)
                user_events.changed(self._uow, "role.revoked", user, before, undoes=self._id)
            self._uow.roles.remove(role)
            self._record("role.deleted", role, event.after, {})

    def _record(self, action: str, role: Role, before: dict[str, Any], after: dict[str, Any]) -> None:
        self._uow.audit.record(action, kind="role", target_id=role.id, before=before, after=after, undoes=self._id)
        self.done += 1
