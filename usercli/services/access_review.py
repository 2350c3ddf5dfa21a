"""The access review: what is held, and what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangedMeanwhile
from usercli.models.user_state import UserState
from usercli.schemas.access_review import Decision, GrantView
from usercli.schemas.users import Change
from usercli.services.change_limit import require_at_most
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.user_changes import change_users
from usercli.times import rfc3339

_LISTED = 10


def list_grants(uow: UnitOfWork) -> Iterator[GrantView]:
    """Every role that a user outside the bin holds, by email and role, streamed."""
    with uow:
        for grant in uow.roles.grants():
            yield GrantView.model_validate(dict(grant))


def require_few_changes(decisions: Sequence[Decision], limit: int, uow: UnitOfWork) -> None:
    """Raise TooManyChanges if roles of more users than the limit would be revoked; 0 is no limit."""
    with uow.attempt("review.applied"):
        require_at_most(limit, len({item.user for item in decisions if item.decision == "revoke"}))


@retried
def apply_review(decisions: Sequence[Decision], uow: UnitOfWork, *, allow_no_admin: bool = False) -> Change:
    """Revoke what was decided to be revoked, all or nothing; undecided grants stay as they are.

    A decision is about one grant: it is refused if the role was taken and given again since the export, and
    a `keep` also if the role was taken. A `revoke` of what is gone already has nothing left to do.
    Raises ChangedMeanwhile naming what is not as it was reviewed, LastAdministrator.
    """
    decided = [item for item in decisions if item.decision is not None]
    revoked: dict[uuid.UUID, list[str]] = {}
    for item in decided:
        if item.decision == "revoke":
            revoked.setdefault(item.user, []).append(item.role)
    changed: set[uuid.UUID] = set()

    def find(lock: bool) -> list[list[uuid.UUID]]:
        found = uow.users.existing_ids(list(revoked), lock=lock)
        _require_as_reviewed(decided, uow)
        return [found]

    def rule(lock: Literal["share"] | None) -> Callable[[UserState], None]:
        there = uow.roles.find_named({name for names in revoked.values() for name in names}, lock)

        def revoke(user: UserState) -> None:
            lost = [name for name in revoked[user.id] if name in there and name in user.roles]
            user.change_roles({}, lost)
            changed.update([user.id] if lost else [])

        return revoke

    with uow.change("review.applied"):
        guard = partial(last_administrator_guard, uow, allow_none=allow_no_admin)
        # not prepared ahead: since when a role is held is compared under the locks
        change = change_users(uow, "role.revoked", find, rule, number=0, guard=guard)
    users = [user for user in change.users if user.id in changed]
    unchanged = len({item.user for item in decided}) - len(users)
    return change.model_copy(update={"users": users, "unchanged": unchanged})


def _require_as_reviewed(decided: Sequence[Decision], uow: UnitOfWork) -> None:
    now = uow.roles.granted_at(list({item.user for item in decided}))
    differing = []
    for item in decided:
        moment = now.get((item.user, item.role))
        if moment is None and item.decision == "keep":
            differing.append(f"line {item.line}: {item.email} no longer holds {item.role}")
        elif moment not in (None, item.granted_at):
            differing.append(f"line {item.line}: {item.email} holds {item.role} since {rfc3339(moment)}")
    if differing:
        more = [f"and {len(differing) - _LISTED:,} more"] if len(differing) > _LISTED else []
        listed = "; ".join([*differing[:_LISTED], *more])
        raise ChangedMeanwhile(f"changed since the export: {listed}; take these lines out, or export again")
