"""The newest changes are found from the end of the log, and are those that the whole log gives."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import Database
from usercli.repositories import changes
from usercli.repositories.changes import ChangeRepository
from usercli.schemas.users import UserCreate
from usercli.services.users import create_user


def write_log(database: Database, seed: int) -> None:
    """Changes of one event and of many, some of them between the events of others, as of an import in parts."""
    chance = random.Random(seed)
    people = iter(range(1000))
    for change in sorted(uuid.UUID(int=number << 64) for number in range(12)) * 2:
        if chance.random() < 0.3:
            continue
        for _ in range(chance.choice([1, 1, 2, 7])):
            uow = database.uow()
            uow.change_id = change
            create_user(UserCreate(email=f"u{next(people)}@example.com"), uow)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_they_are_those_of_the_whole_log(database: Database, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_EVENTS_A_LOOK", 3)
    write_log(database, seed)
    with database.uow(read_only=True) as uow:
        found = ChangeRepository(uow.session)

        def shown(limit: int | None) -> list[object]:
            return [(event.change_id, event.seq, users) for event, users, _ in found.matching(limit)]  # type: ignore[misc]  # none is bad

        whole = shown(None)
        assert len(whole) > 5
        for limit in (1, 2, 3, 5, len(whole), len(whole) + 5):
            assert shown(limit) == whole[:limit]


def test_a_long_change_before_them_is_not_read(database: Database) -> None:
    import_, *others = (uuid.UUID(int=number << 64) for number in range(1, 7))
    for change, events in [(import_, 9), *((change, 1) for change in others)]:
        for number in range(events):
            uow = database.uow()
            uow.change_id = change
            create_user(UserCreate(email=f"u{number}.{change}@example.com"), uow)
    with database.uow(read_only=True) as uow:
        found = ChangeRepository(uow.session)
        seen: list[uuid.UUID] = []
        backwards = found._backwards

        def noting(size: int) -> Iterator[tuple[list[uuid.UUID], int]]:
            for changes_, reached in backwards(size):
                seen.extend(changes_)
                yield changes_, reached

        found._backwards = noting  # type: ignore[method-assign]  # what is looked at
        assert [event.change_id for event, *_ in found.matching(5)] == others[::-1]  # type: ignore[misc]  # none is bad
        assert import_ not in seen
