"""How many statements a service's usual calls cost: each is a journey to the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.conftest import Database
from tests.test_embedding_users import OLD, settings_of
from usercli.database import bounded_connection
from usercli.database.engine import open_pooled_engine
from usercli.embedding import Users

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@pytest.fixture
def users(database: Database) -> Iterator[Users]:
    with Users(open_pooled_engine(database.url), settings=settings_of(database)) as opened:
        yield opened


@pytest.fixture
def statements(users: Users) -> Iterator[list[str]]:
    seen: list[str] = []
    engine = users._database.engine

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_call_asks_no_more_than_it_must(users: Users, statements: list[str]) -> None:
    def cost(call: Callable[[], object]) -> int:
        statements.clear()
        call()
        return len(statements)

    users.create_role("editor")
    # BEGIN carries the settings; a change ends with the lock and the head of the log in one, and the event
    assert cost(lambda: users.sign_up("ada@example.com", OLD)) == 3
    assert cost(lambda: users.sign_up("bob@example.com", OLD, roles=["editor"])) == 6  # and the lock of the roles
    assert (
        cost(lambda: users.sign_in("ada@example.com", OLD)) == 2
    )  # two transactions: none is open while it hashes
    ada = users.find("ada@example.com")
    assert ada is not None
    assert cost(lambda: users.get(ada.id)) == 1
    assert cost(lambda: users.list(limit=50)) == 1
    assert [user.roles for user in users.list(limit=50).users] == [(), ("editor",)]


def test_a_call_waits_for_the_server_no_more_than_it_must(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    waits, wait = [0], bounded_connection._run

    def counted(*arguments: Any) -> object:
        waits[0] += 1
        return wait(*arguments)

    monkeypatch.setattr(bounded_connection, "_run", counted)
    ada = users.sign_up("ada@example.com", OLD)
    waits[0] = 0
    users.get(ada.id)  # BEGIN with its settings, the question, ROLLBACK; no ping of what was used a moment ago
    assert waits == [3]


def test_a_connection_that_was_closed_a_moment_ago_is_replaced(users: Users, database: Database) -> None:
    ada = users.sign_up("ada@example.com", OLD)
    for _ in range(3):
        with users._database.engine.connect() as connection:
            pid = connection.connection.driver_connection.info.backend_pid
        assert database.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=pid) == [(True,)]
        assert users.get(ada.id).id == ada.id
