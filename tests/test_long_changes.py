"""A change of many users shows them as that of few, though they wait in a file meanwhile."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Cli, Database
from usercli import spool
from usercli.schemas import changed_users
from usercli.schemas.users import USER_FIELDS, Change, UserUpdate, UserView
from usercli.services import undo, users

EMAILS = tuple(f"user{number}@example.com" for number in range(7))


@pytest.fixture
def seven(cli: Cli) -> Cli:
    for email in EMAILS:
        assert cli("create", email, "--name", "Æ \\", "--attribute-json", "n=[1,{}]", "--no-password")[0] == 0
    return cli


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 2)
    monkeypatch.setattr(changed_users, "_FEW", 1)


def selected(cli: Cli, *line: str) -> tuple[str, str]:
    code, out, err = cli("update", "--match", "active=true", "--yes", *line)
    assert code == 0, err
    return out, err


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_many_are_shown_as_few(seven: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = ",".join(name for name in USER_FIELDS if name != "updated_at")
    lines = [("-o", form, "--fields", fields) for form in ("json", "jsonl", "yaml", "csv", "tsv")] + [("-q",), ()]
    few = [selected(seven, "--name", "Ada", "--dry-run", *line) for line in lines]
    monkeypatch.setattr(spool, "IN_MEMORY", 2)
    monkeypatch.setattr(changed_users, "_FEW", 1)
    assert [selected(seven, "--name", "Ada", "--dry-run", *line) for line in lines] == few
    assert "would have updated 7 users" in few[0][1]


@pytest.mark.either_engine
@pytest.mark.usefixtures("spooled")
def test_users_of_a_change_are_a_sequence(seven: Cli, database: Database) -> None:
    found = users.select_users(users.UserCriteria(), database.uow())
    change = users.update_users(found, UserUpdate(full_name="New"), database.uow())
    views = list(change.users)
    assert not isinstance(change.users, list)
    assert all(isinstance(user, UserView) for user in views)
    assert [user.email for user in views] == [key.typed for key in found] == sorted(EMAILS)
    assert (change.users[0], change.users[-1], change.users[1:6:2]) == (views[0], views[-1], views[1:6:2])
    assert (change.users[::-1], len(change.users), views[3] in change.users) == (views[::-1], 7, True)
    with pytest.raises(IndexError):
        change.users[7]
    assert Change.model_validate_json(change.model_dump_json()).users == views


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("spooled")
def test_a_time_that_is_none_is_named_among_many(seven: Cli, database: Database) -> None:
    database.rows("UPDATE users SET last_login_at = 'soon' WHERE email = 'user3@example.com'")
    out, err = selected(seven, "--name", "New", "-o", "json")
    assert "has 'soon' in last_login_at" in err
    assert [user["last_login_at"] for user in json.loads(out)["users"]].count("soon") == 1


@pytest.mark.either_engine
def test_one_who_went_meanwhile_is_missing(seven: Cli, database: Database) -> None:
    found = users.select_users(users.UserCriteria(), database.uow())
    assert seven("delete", EMAILS[3], "--yes")[0] == 0
    with pytest.raises(users.UserCliError) as refused:
        users.update_users(found, UserUpdate(full_name="New"), database.uow())
    assert refused.value.message == f"no such user: {EMAILS[3]}"
    assert "New" not in seven("list", "-o", "tsv")[1]


@pytest.mark.either_engine
def test_the_plan_of_an_undo_of_many_is_read_once(seven: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    selected(seven, "--name", "New")
    whole = seven("undo", "--last", "--dry-run")
    monkeypatch.setattr(undo, "_USERS_AT_A_TIME", 2)
    planned = []
    usual = undo._Undo.plan_users
    monkeypatch.setattr(undo._Undo, "plan_users", lambda *a, **k: planned.append(len(a[1])) or usual(*a, **k))
    assert seven("undo", "--last", "--dry-run") == whole
    assert planned == [2, 2, 2, 2, 1]  # two of them to see whether there is anything
    assert whole[2].count("plan: ") == 7
    monkeypatch.setattr(undo, "_USERS_AT_A_TIME", 2)
    seven("update", EMAILS[5], "--name", "Newer")
    code, _, err = seven("undo", seven("changes", "-q")[1].split()[1], "--yes")
    assert (code, err.count("plan: ")) == (4, 6)
    assert f"changed since: {EMAILS[5]} full_name" in err
