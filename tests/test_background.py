"""Work in the background: in order, and what fails there is not lost."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from tests.audit_log import keys, uow
from tests.conftest import Cli, Database
from usercli.background import Background, quick_switching
from usercli.repositories.event_encoder import EventWriter
from usercli.schemas import changed_users
from usercli.schemas.users import UserCreate, UserUpdate
from usercli.services import users


def test_tasks_are_done_in_order_beside_whoever_starts_them() -> None:
    done: list[int] = []
    behind = Background()
    begun = threading.Event()

    def first() -> None:
        begun.wait(5)
        time.sleep(0.05)
        done.append(1)

    behind.start(first)
    assert not done
    begun.set()
    behind.start(lambda: done.append(2))
    behind.wait()
    assert done == [1, 2]


def test_what_failed_is_raised_and_nothing_is_done_after_it() -> None:
    done: list[int] = []
    behind = Background()
    behind.start(lambda: 1 // 0)
    for ask in (lambda: behind.start(lambda: done.append(1)), behind.wait):
        with pytest.raises(ZeroDivisionError):
            ask()
    assert not done


def test_however_many_want_quick_switching_the_interval_is_as_before_at_the_end() -> None:
    before = sys.getswitchinterval()
    first, second = Background(), Background()
    go = threading.Event()
    with quick_switching():
        first.start(lambda: go.wait(5))
        second.start(lambda: time.sleep(0.02))
        second.wait()
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() < before
    go.set()
    first.wait()
    assert sys.getswitchinterval() == before


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_change_whose_events_cannot_be_hashed_leaves_nothing(
    database: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bob"):
        users.create_user(UserCreate(email=f"{name}@example.com"), uow(database))
    monkeypatch.setattr("usercli.repositories.user_bulk_update.WORTH_STAGING", 1)
    both = keys("ada@example.com", "bob@example.com")
    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space"):
        broken.setattr(EventWriter, "rows", _no_space)
        users.update_users(both, UserUpdate(full_name="New"), uow(database))
    assert database.rows("SELECT full_name, version FROM users") == [("", 1)] * 2
    assert cli("audit", "verify")[0] == 0


def test_a_view_that_cannot_be_packed_stops_the_change(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    users.create_user(UserCreate(email="ada@example.com"), uow(database))
    monkeypatch.setattr(changed_users, "_MANY", 1)
    monkeypatch.setattr(changed_users, "_iso", _no_space)
    with pytest.raises(OSError, match="No space"):
        users.set_active(keys("ada@example.com"), False, uow(database))
    assert database.rows("SELECT version FROM users") == [(1,)]


def _no_space(*_: object) -> object:
    raise OSError(28, "No space left on device")
