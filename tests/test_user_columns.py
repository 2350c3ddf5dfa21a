"""Columns of an application on `users`, which the setting `user_columns` declares."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import ExtraUserView, UserKey, UserView
from usercli.services.users import show_users

pytestmark = pytest.mark.either_engine


@pytest.fixture
def extended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has two more columns, with an index, and they are declared."""
    for statement in (
        "ALTER TABLE users ADD COLUMN phone_number text",
        'ALTER TABLE users ADD COLUMN "crmId" integer NOT NULL DEFAULT 7',
        "CREATE INDEX ix_users_phone_number ON users (phone_number)",
    ):
        database.rows(statement)
    monkeypatch.setenv("USERCLI_USER_COLUMNS", "phone_number,crmId")


def test_a_column_that_is_declared_is_no_difference(
    database: Database, cli: Cli, extended: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("db", "check")[0] == 0
    monkeypatch.delenv("USERCLI_USER_COLUMNS")
    code, _, err = cli("db", "check")
    assert (code, "remove column users phone_number" in err) == (7, True)
    monkeypatch.setenv("USERCLI_USER_COLUMNS", "phone_number,crmId,nowhere")
    code, _, err = cli("db", "check")
    assert (code, "users lacks the column nowhere, which the setting user_columns names\n" in err) == (7, True)


def test_the_columns_are_shown_as_one_field(ada: UserView, database: Database, cli: Cli, extended: None) -> None:
    database.rows("UPDATE users SET phone_number = '+49 30 1'")
    code, out, err = cli("show", "ada@example.com", "--fields", "email,extra", "-o", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"email": "ada@example.com", "extra": {"phone_number": "+49 30 1", "crmId": 7}}
    code, out, err = cli("show", "ada@example.com", "--related", "-o", "json")
    assert (json.loads(out)["related"], json.loads(out)["extra"]["crmId"]) == ({}, 7)
    assert "+49 30 1" in cli("show", "ada@example.com")[1]
    code, out, err = cli("list", "-o", "jsonl", "--fields", "id,extra")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"id": str(ada.id), "extra": {"phone_number": "+49 30 1", "crmId": 7}}
    assert cli("list", "--count")[1] == "count\n1\n"
    [found] = show_users([UserKey.of(ada)], database.uow(read_only=True), columns=["phone_number"])
    assert isinstance(found, ExtraUserView)
    assert found.extra == {"phone_number": "+49 30 1"}


def test_usercli_writes_users_beside_the_columns(cli: Cli, database: Database, extended: None) -> None:
    assert cli("create", "ada@example.com", "--no-password")[0] == 0
    database.rows("UPDATE users SET phone_number = '1'")
    assert cli("update", "ada@example.com", "--name", "Ada")[0] == 0
    assert cli("delete", "ada@example.com", "--yes")[0] == 0
    assert cli("restore", "ada@example.com")[0] == 0
    assert database.rows('SELECT full_name, phone_number, "crmId" FROM users') == [("Ada", "1", 7)]


def test_the_columns_are_part_of_what_is_handed_over_and_erased(
    ada: UserView, cli: Cli, database: Database, extended: None
) -> None:
    database.rows("UPDATE users SET phone_number = '+49 30 1'")
    code, out, _ = cli("privacy", "export", "ada@example.com")
    assert (code, json.loads(out)["user"]["extra"]) == (0, {"phone_number": "+49 30 1", "crmId": 7})
    erased = cli("privacy", "erase", "ada@example.com", "--anonymise", "--confirm", "ada@example.com")
    assert erased[0] == 0, erased
    assert database.rows('SELECT full_name, phone_number, "crmId" FROM users') == [("", None, 7)]


def test_without_the_setting_nothing_is_shown(ada: UserView, cli: Cli) -> None:
    assert "extra" not in json.loads(cli("show", "ada@example.com", "-o", "json")[1])
    code, _, err = cli("show", "ada@example.com", "--fields", "extra")
    assert (code, err.startswith("error: no such field: extra")) == (2, True)


def test_a_column_that_is_missing_says_so(ada: UserView, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_USER_COLUMNS", "nowhere")
    code, out, err = cli("show", "ada@example.com")
    assert (code, out) == (5, "")
    assert "lacks the column users.nowhere; run: usercli db check" in err


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("email", "email is a column of usercli's"),
        ("email_key", "email_key is a column of usercli's"),
        ('a"b', "must be names of columns: letters, digits and _"),
    ],
)
def test_a_name_that_is_no_column_of_an_application_is_refused(
    value: str, why: str, ada: UserView, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_USER_COLUMNS", value)
    code, _, err = cli("show", str(uuid.uuid4()))
    assert (code, err.endswith(f"is not valid: {why}\n")) == (2, True), err
