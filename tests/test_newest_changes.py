"""The newest changes are found from the end of the log, and are those that the whole log gives."""

from __future__ import annotations

import random
import uuid

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
