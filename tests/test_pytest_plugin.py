"""The fixture `usercli_database`, which applications get with the package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from coachbot.models import Chat

from tests.conftest import server_url
from usercli.embedding import Settings, Users
from usercli.models import User

pytest_plugins = ["pytester"]
either = pytest.mark.parametrize("usercli_database", ["sqlite", "postgresql"], indirect=True)

_TESTS = """
    import pytest
    from coachbot.models import Chat
    from usercli.embedding import Users

    @pytest.mark.parametrize("time", ["first", "second"])
    def test_users(usercli_database, time):
        with Users(usercli_database) as users:
            ada = users.sign_up("ada@example.com", None)  # taken, if the second saw the first's
            with users.session() as session:
                session.add(Chat(user_id=ada.id, title=time))
                session.commit()

    @pytest.mark.parametrize("usercli_database", ["postgresql"], indirect=True)
    def test_on_a_server(usercli_database):
        raise AssertionError("there is none")
"""


@pytest.fixture(scope="module", autouse=True)
def server_is_named() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("USERCLI_TEST_SERVER", server_url("postgres"))
        yield


@either
@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_has_a_database_of_its_own(usercli_database: str, time: str) -> None:
    with Users.configured(Settings()) as users:  # by the variable that the fixture sets
        users.check()
        users.sign_up("ada@example.com", None, full_name=time)
        with users.session() as session:
            assert [user.full_name for user in session.query(User)] == [time]
    assert os.environ["USERCLI_DATABASE_URL"] == usercli_database


def test_the_tables_of_an_application_are_migrated_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USERCLI_TEST_SERVER")
    apps = Path(__file__).parent / "apps"
    pytester.makeini(f"[pytest]\nusercli_migrations = coachbot_version=coachbot.migrations\npythonpath = {apps}\n")
    pytester.makepyfile(_TESTS)
    assert Chat.__tablename__ == "chats"
    pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:schemathesis").assert_outcomes(passed=2, skipped=1)


def test_pytest_finds_the_plugin_by_the_package() -> None:
    found = entry_points(group="pytest11", name="usercli")
    assert [entry.value for entry in found] == ["usercli.embedding.pytest_plugin"]
