"""The access review: what is held, and what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangedMeanwhile
from usercli.models.role import Role
from usercli.models.user import User
from usercli.schemas.access_review import Decision, GrantView
from usercli.schemas.users import Change
from usercli.services import user_events
from usercli.services.change_limit import require_at_most
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.users import change_roles, commit_users
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
    with uow.change("review.applied"):
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            roles = uow.roles.find_named({name for names in revoked.values() for name in names}, "share")
            users = uow.users.by_id(list(revoked), lock=True)
            _require_as_reviewed(decided, uow)
            lost = {user: [roles[name] for name in revoked[user.id] if name in roles] for user in users}
            changed = [user for user in users if _revoke(user, lost[user], uow)]
        change = commit_users(uow, changed, changed)
        change.unchanged = len({item.user for item in decided}) - len(changed)
        return change


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


def _revoke(user: User, roles: Sequence[Role], uow: UnitOfWork) -> bool:
    before = user_events.snapshot(user)
    if not change_roles(user, [], roles, uow):
        return False
    uow.users.save(user)
    user_events.changed(uow, "role.revoked", user, before)
    return True
