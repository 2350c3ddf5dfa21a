"""How many statements a service's usual calls cost: each is a journey to the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event

from tests.conftest import Database
from tests.test_embedding_users import OLD, settings_of
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
    # each begins with its settings; a change ends with the lock and the head of the log, and the event
    assert cost(lambda: users.sign_up("ada@example.com", OLD)) == 5
    assert cost(lambda: users.sign_up("bob@example.com", OLD, roles=["editor"])) == 8  # and the lock of the roles
    assert (
        cost(lambda: users.sign_in("ada@example.com", OLD)) == 4
    )  # two transactions: none is open while it hashes
    ada = users.find("ada@example.com")
    assert ada is not None
    assert cost(lambda: users.get(ada.id)) == 2
    assert cost(lambda: users.list(limit=50)) == 2
    assert [user.roles for user in users.list(limit=50).users] == [(), ("editor",)]
