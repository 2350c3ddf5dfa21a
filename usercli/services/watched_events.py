"""The events of the log in order, and who watches is told how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.repositories.stored_events import BadEvent

#: Who watches is told after so many.
_TOLD_EVERY = 1000


def watched_events(uow: UnitOfWork, since: int, stage: str) -> Iterator[dict[str, Any] | BadEvent]:
    """Every event from a number on, streamed, inside the unit of work."""
    last = uow.audit.last_number()
    for number, event in enumerate(uow.audit.stored(since if since > 1 else None), since):
        yield event
        if number % _TOLD_EVERY == 0:
            uow.on_progress(number, last, stage)
