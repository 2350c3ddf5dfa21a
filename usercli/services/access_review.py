"""The access review: what is held, and what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from typing import Literal

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import ChangedMeanwhile
from usercli.models.user_state import UserState
from usercli.schemas.access_review import Decision, GrantView
from usercli.schemas.users import Change
from usercli.services.change_limit import require_at_most
from usercli.services.last_administrator import last_administrator_guard
from usercli.services.user_changes import anybody, change_users
from usercli.text import listed
from usercli.times import rfc3339


def list_grants(uow: UnitOfWork) -> Iterator[GrantView]:
    """Every role that a user outside the bin holds, by email and role, streamed."""
    with uow:
        for grant in uow.roles.grants():
            yield GrantView.model_validate(dict(grant))


def still_to_revoke(decisions: Sequence[Decision], uow: UnitOfWork) -> list[Decision]:
    """The decisions to revoke what is still held."""
    revoked = [item for item in decisions if item.decision == "revoke"]
    with uow:
        held = uow.roles.granted_at(list({item.user for item in revoked}))
    return [item for item in revoked if (item.user, item.role) in held]


def require_few_changes(revoked: Sequence[Decision], limit: int, uow: UnitOfWork) -> None:
    """Raise TooManyChanges if these are of more users than the limit; 0 is no limit."""
    with uow.attempt("review.applied"):
        require_at_most(limit, len({item.user for item in revoked}))


@retried
def apply_review(decisions: Sequence[Decision], uow: UnitOfWork, *, allow_no_admin: bool = False) -> Change:
    """Revoke what was decided to be revoked, all or nothing; undecided grants stay as they are.

    A decision is about one grant: it is refused if the role was taken and given again since the export, and
    a `keep` also if the role was taken. A `revoke` of what is gone already has nothing left to do.
    Raises ChangedMeanwhile naming what is not as it was reviewed, LastAdministrator.
    """
    decided: dict[uuid.UUID, list[Decision]] = {}
    for item in decisions:
        if item.decision is not None:
            decided.setdefault(item.user, []).append(item)
    revoked = {
        user_id: {item.role for item in items if item.decision == "revoke"} for user_id, items in decided.items()
    }

    def find(lock: bool) -> Iterator[Sequence[uuid.UUID]]:
        there = uow.users.existing_ids([user_id for user_id, roles in revoked.items() if roles], lock=lock)
        held = uow.roles.granted_at(list(decided))
        _require_as_reviewed(decided, decided, held)
        losing = {user_id for user_id, role in held if role in revoked[user_id]}
        yield [user_id for user_id in there if user_id in losing]

    def rule(lock: Literal["share"] | None) -> Callable[[UserState], None]:
        there = uow.roles.find_named(set().union(*revoked.values()), lock)
        return lambda user: user.change_roles({}, revoked[user.id] & there.keys())

    def check(users: Sequence[UserState]) -> None:
        """Those who were changed meanwhile come once more."""
        ids = [user.id for user in users]
        _require_as_reviewed(decided, ids, uow.roles.granted_at(ids))

    @contextmanager
    def guard() -> Iterator[None]:
        with last_administrator_guard(uow, allow_none=allow_no_admin):
            yield
            _require_as_reviewed(decided, decided, uow.roles.granted_at(list(decided)))  # also who loses nothing

    with uow.change("review.applied"):
        number = sum(map(bool, revoked.values()))
        change = change_users(
            uow, "role.revoked", find, rule, number=number, fits=anybody, guard=guard, check=check
        )
    change.unchanged = len(decided) - change.changed
    return change


def _require_as_reviewed(
    decided: Mapping[uuid.UUID, Sequence[Decision]],
    users: Iterable[uuid.UUID],
    held_since: Mapping[tuple[uuid.UUID, str], datetime],
) -> None:
    """Raise ChangedMeanwhile if what was decided of these users is about other grants than those that they hold."""
    differing = []
    for item in chain.from_iterable(decided[user_id] for user_id in users):
        moment = held_since.get((item.user, item.role))
        if moment is None and item.decision == "keep":
            differing.append(f"line {item.line}: {item.email} no longer holds {item.role}")
        elif moment not in (None, item.granted_at):
            differing.append(f"line {item.line}: {item.email} holds {item.role} since {rfc3339(moment)}")
    if differing:
        lines = listed(differing, "; ")
        raise ChangedMeanwhile(f"changed since the export: {lines}; take these lines out, or export again")
