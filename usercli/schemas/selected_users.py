"""The users that a selection found: as keys, however many."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from usercli.batches import batched
from usercli.schemas.users import UserKey
from usercli.spool import IN_MEMORY, SpooledSequence


class SelectedUsers(SpooledSequence[UserKey]):
    """Keys of users that were found by id, each once and by id; they do not fill the memory."""

    def __init__(self, found: Iterable[tuple[uuid.UUID, str]]) -> None:
        super().__init__()
        for some in batched(found, IN_MEMORY):
            self._spool.extend([(user_id.bytes, email) for user_id, email in some])

    def batches(self) -> Iterator[dict[uuid.UUID, str]]:
        """The emails by id, some thousands at a time."""
        for batch in self._spool.batches():
            yield {uuid.UUID(bytes=user_id): email for user_id, email in batch}

    def _made(self, values: tuple[bytes, str]) -> UserKey:
        return UserKey(typed=values[1], id=uuid.UUID(bytes=values[0]))
