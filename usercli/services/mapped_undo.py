"""Take a change back in a table that belongs to another program: what it set, where nobody set it since."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangeNotFound, Conflict, Hint, Refused
from usercli.repositories.mapped_grants import MappedGrants
from usercli.repositories.mapped_rows import MappedRow, MappedRows
from usercli.schemas.mapped_users import MappedChange, MappedUserView
from usercli.schemas.user_table import UserTable
from usercli.services.former_values import DoneEvent
from usercli.services.mapped_writes import require_write
from usercli.services.undo_plan import UndoPlan, newest_plan

#: What can be taken back, besides passwords, which are named.
_UNDOABLE = frozenset(
    {
        *("user.updated", "user.activated", "user.deactivated"),
        *("role.granted", "role.revoked"),
        *("password.set", "password.reset"),
    }
)
_WRITTEN_AS = {"email": "email", "full_name": "full_name", "is_active": "active"}
#: So many changes may lie between now and the last one that can be undone.
_LOOKED_AT = 100


class _Step(NamedTuple):
    """A user, the values to give back, and the roles to take and to give."""

    row: MappedRow
    values: dict[str, Any]
    gained: Sequence[str]
    lost: Sequence[str]


def plan_undo(change_id: uuid.UUID, uow: UnitOfWork, table: UserTable) -> UndoPlan:
    """What an undo would do now. Raises ChangeNotFound, Conflict (undone already), Refused."""
    with uow:
        undo = _Undo(change_id, uow, table)
        undo.steps()
        return undo.plan


def plan_last(uow: UnitOfWork, table: UserTable) -> tuple[UndoPlan, list[str]]:
    """The plan of the newest change that can be undone, and why those after it cannot. Raises ChangeNotFound."""
    return newest_plan(uow, lambda change_id: plan_undo(change_id, uow, table), looked_at=_LOOKED_AT)


@retried
def undo_change(
    change_id: uuid.UUID, uow: UnitOfWork, table: UserTable, *, only_unchanged: bool = False
) -> MappedChange:
    """Undo a change in one transaction; that is a change itself and can be undone.

    Raises ChangeNotFound, Conflict (undone already; changed since, unless `only_unchanged`), EmailTaken, Refused.
    """
    with uow.change("change.undone"):
        undo = _Undo(change_id, uow, table)
        steps = undo.steps(lock=True)
        if undo.plan.conflicts and not only_unchanged:
            raise Conflict(f"changed since: {undo.plan.conflicts}", hint=Hint.ONLY_UNCHANGED)
        users = [undo.carry_out(step) for step in steps]
        change = MappedChange(
            change_id=uow.change_id if users and not uow.dry_run else None,
            dry_run=uow.dry_run,
            changed=len(users),
            unchanged=0,
            users=users,
        )
        if users:
            uow.commit()
        return change


class _Undo:
    """One undo: the events of the change, turned into what is to be given back."""

    def __init__(self, change_id: uuid.UUID, uow: UnitOfWork, table: UserTable) -> None:
        self._id, self._uow, self._table = change_id, uow, table
        users = uow.mapped_users(table)
        self._rows, self._grants = MappedRows(users), MappedGrants(users)
        self.plan = UndoPlan(change_id)
        actions, _ = uow.audit.actions_of(change_id)
        if not actions:
            raise ChangeNotFound(f"no such change: {change_id}", str(change_id))
        if by := uow.audit.undone_by(change_id):
            raise Conflict(f"the change {change_id} was undone already, by {by}")
        if others := sorted(actions.keys() - _UNDOABLE):
            raise Refused(f"{', '.join(others)} is not undone on {table.name}")

    def steps(self, *, lock: bool = False) -> list[_Step]:
        """What is to be given back; conflicts are noted. Raises Refused where that may not be written."""
        events = map(DoneEvent, self._uow.audit.of_change(self._id, "user"))
        grouped = [list(group) for _, group in groupby(events, lambda event: event.target_id)]
        steps = [step for group in grouped if (step := self._step(group, lock=lock)) is not None]
        if self.plan.passwords and not (steps or self.plan.conflicts):
            raise Refused("a password cannot be undone; use: usercli password reset")
        written = {_WRITTEN_AS[name] for step in steps for name in step.values}
        require_write(self._table, *sorted(written))
        return steps

    def _step(self, events: Sequence[DoneEvent], *, lock: bool) -> _Step | None:
        row = self._rows.find(events[0].target_id or "", lock=lock)
        if row is None:
            self.plan.conflicts.append(f"{events[-1].target_email or events[-1].target_id} is gone")
            return None
        if any("password" in event.after for event in events):
            self.plan.passwords.append(row.name)
        values = {}
        for name in _WRITTEN_AS:
            set_here = [event for event in events if name in event.after]
            if not set_here:
                continue
            if getattr(row.user, name) != set_here[-1].after[name]:
                self.plan.conflicts.append(f"{row.name} {name}")
            elif set_here[0].before.get(name) != set_here[-1].after[name]:
                values[name] = set_here[0].before.get(name)
        gained, lost = self._roles_back(row, [event for event in events if "roles" in event.after])
        if not (values or gained or lost):
            return None
        told = [*values, *(["roles"] if gained or lost else [])]
        self.plan.steps.append(f"{row.name}: restore {', '.join(told)}")
        return _Step(row, values, gained, lost)

    def _roles_back(self, row: MappedRow, events: Sequence[DoneEvent]) -> tuple[list[str], list[str]]:
        """The roles that the change gave and took, unless somebody changed that since."""
        if not events:
            return [], []
        first, last, now = events[0].before["roles"], events[-1].after["roles"], self._grants.of(row.user.id)
        gained, lost = sorted(set(last) - set(first)), sorted(set(first) - set(last))
        if not set(gained) <= set(now) or set(lost) & set(now) or not set(lost) <= set(self._uow.roles.names()):
            self.plan.conflicts.append(f"{row.name} roles")
            return [], []
        return gained, lost

    def carry_out(self, step: _Step) -> MappedUserView:
        """Give back what was planned, and log it."""
        row, before, after = step.row, dict[str, Any](), dict[str, Any]()
        if step.values:
            before = {name: getattr(row.user, name) for name in step.values}
            self._rows.update([row], step.values, self._uow.now())
            [row] = self._rows.remember([row.user.id], self._uow.now())
            after = {name: getattr(row.user, name) for name in step.values}
        if step.gained or step.lost:
            before["roles"] = self._grants.of(row.user.id)
            for role in self._uow.roles.get_named([*step.gained, *step.lost], "share"):
                if role.name in step.gained:
                    self._grants.remove(row.user.id, role)
                else:
                    self._grants.add(row.user.id, role, self._uow.origin.actor)
            after["roles"] = self._grants.of(row.user.id)
        self._uow.audit.record(
            "user.updated",
            target_id=row.user.id,
            email=row.user.email,
            before=before,
            after=after,
            undoes=self._id,
        )
        return row.user
