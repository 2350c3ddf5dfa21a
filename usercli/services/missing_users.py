"""Where users are besides: those whom a command did not find, and those in the bin whose email a new one has."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Hint
from usercli.models.user import User
from usercli.schemas.users import UserKey

#: So many of the users that were not found are looked for.
_LOOKED_FOR = 10


def whereabouts(keys: Sequence[UserKey], uow: UnitOfWork) -> list[tuple[str, Hint | None]]:
    """A clause for each user who is elsewhere than the command looked, and what would help."""
    wanted = keys[:_LOOKED_FOR]
    with uow:
        found = uow.users.find_all(wanted)
        return [text for key in wanted for text in _clauses(key, found.get(key.id or key.email_key, []), uow)]


def namesakes_of_new(number: int, change_id: uuid.UUID, uow: UnitOfWork) -> tuple[int, str]:
    """How many of the `number` users that an import made have a namesake in the bin, and one email."""
    with uow:
        return uow.users.namesakes_of_new(number, change_id)


def _clauses(key: UserKey, found: Sequence[User], uow: UnitOfWork) -> Iterator[tuple[str, Hint | None]]:
    live = [user for user in found if user.deleted_at is None]
    if live:
        yield f"{key} is not in the recycle bin", None
    elif found:
        since = max(user.deleted_at for user in found if user.deleted_at)
        yield f"{key} is in the recycle bin since {since:%Y-%m-%d}", Hint.IN_BIN
    elif key.email_key:
        ids = [uuid.UUID(target) for target in uow.audit.renamed_from(key.email_key)]
        for user in uow.users.by_id(ids):
            yield f"{key} is now {user.email}", None
