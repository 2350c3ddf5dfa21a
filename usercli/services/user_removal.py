"""Users that go for good."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.schemas.changed_users import ChangedUsers
from usercli.services import user_events
from usercli.services.related_rows import Related

_USERS_AT_A_TIME = 1000


def remove_users(ids: Sequence[uuid.UUID], related: Mapping[uuid.UUID, Related], uow: UnitOfWork) -> ChangedUsers:
    """Remove users, who are locked, with an event each; `related` are the rows that hang on them. As they were."""
    removed = ChangedUsers()
    uow.bulk_updates.begin(staging=False)
    for some in batched(ids, _USERS_AT_A_TIME):
        users = uow.bulk_updates.read(some)
        removed.add(users)
        for user in users:
            user_events.removed(uow, user, related.get(user.id))
        uow.bulk_updates.remove(some)
    return removed
