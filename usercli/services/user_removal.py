"""Users that go for good."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.models.user_state import UserState
from usercli.repositories.event_encoder import Draft
from usercli.schemas.changed_users import ChangedUsers
from usercli.services import user_events
from usercli.services.related_rows import Related

_USERS_AT_A_TIME = 1000


def remove_users(ids: Sequence[uuid.UUID], related: Mapping[uuid.UUID, Related], uow: UnitOfWork) -> ChangedUsers:
    """Remove users, who are locked, with an event each; `related` are the rows that hang on them. As they were."""
    removed = ChangedUsers()
    uow.bulk_updates.begin(staging=False)

    def draft(user: UserState) -> Draft:
        return user_events.removed_draft(user, related.get(user.id))

    for some in batched(ids, _USERS_AT_A_TIME):
        users = uow.bulk_updates.read(some)
        removed.add(users)
        user_events.record_each(uow, users, draft)
        uow.bulk_updates.remove(some)
    return removed
