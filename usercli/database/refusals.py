"""What a change is about, and the events of a change that a rule or a conflict refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from usercli.errors import Conflict, UserCliError
from usercli.schemas.users import UserKey

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class RoleName:
    """A role as the target of a change."""

    name: str


#: What a change is about: a user that is there, the email of one to be, or a role.
Target = UserKey | RoleName | str


def record_refusal(uow: UnitOfWork, action: str, targets: Sequence[Target], error: UserCliError) -> None:
    """Put it into the log, in a transaction of its own; where that fails, the refusal itself stands."""
    outcome = "conflict" if isinstance(error, Conflict) else "refused"
    try:
        with uow:
            for target in targets or (None,):
                uow.audit.record(action, outcome=outcome, error=error.message, **_described(uow, target))
            uow.commit()
    except UserCliError:
        pass  # the caller must hear the refusal


def _described(uow: UnitOfWork, target: Target | None) -> dict[str, Any]:
    if isinstance(target, UserKey):
        is_ours = not isinstance(target.id, int)  # a number is the id of a table of another program
        user = uow.users.find_existing(target) if is_ours else None
        found = (user.id, user.email) if user is not None else (target.id, target.email_key)
        return {"target_id": found[0], "email": found[1]}
    if isinstance(target, RoleName):
        return {"kind": "role", "after": {"name": target.name}}
    return {"email": target}
