"""Who gets an address back in an undo, and who must leave it for that."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.emails import email_key
from usercli.models.user_state import UserState
from usercli.services.former_values import DoneEvent

#: A user, the events of the change about them, and the values to give back; none where the change made the user.
Step = tuple[UserState, Sequence[DoneEvent], dict[str, Any]]


def holders(steps: Sequence[Step], uow: UnitOfWork) -> dict[uuid.UUID, Step]:
    """The users who have an address that another gets back, each with the step that wants it."""
    wanted = {_key(step): step for step in steps if _gets_address(step)}
    taken = uow.users.ids_by_key(list(wanted)) if wanted else {}
    return {holder: wanted[key] for key, holder in taken.items() if holder != wanted[key][0].id}


def leaving(steps: Sequence[Step]) -> set[uuid.UUID]:
    """The users who leave the address that they have."""
    return {
        user.id
        for user, events, back in steps
        if "email" in back or back.get("deleted_at") or events[0].action == "user.created"
    }


def without_address(step: Step) -> Step | None:
    """What can be done of a step while somebody else has the address; None if nothing."""
    user, events, back = step
    if "deleted_at" in back:
        return None
    rest = {name: value for name, value in back.items() if name != "email"}
    return (user, events, rest) if rest else None


def _gets_address(step: Step) -> bool:
    user, _, back = step
    if "deleted_at" in back:
        return back["deleted_at"] is None
    return "email" in back and user.deleted_at is None


def _key(step: Step) -> str:
    user, _, back = step
    return email_key(back["email"]) if "email" in back else user.email_key
