"""create, list, show, update, delete, restore, exists: what they say, print and answer, on both engines."""

from __future__ import annotations

import json
import re
import shlex
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

MakeUser = Callable[..., UserView]
NOBODY = "error: no such user: "


@pytest.fixture
def bob(make_user: MakeUser) -> UserView:
    return make_user("bob@example.com", full_name="Bob")


def emails(out: str) -> list[str]:
    """The emails of a JSON array or of a change, in order."""
    found = json.loads(out)
    return [user["email"] for user in (found["users"] if isinstance(found, dict) else found)]


def stored(database: Database) -> list[tuple[object, ...]]:
    """Everything in the table, to prove that nothing changed."""
    return database.rows("SELECT * FROM users ORDER BY email, id")


# -- create


def test_create_prints_the_user_and_names_the_target(cli: Cli, database: Database) -> None:
    code, out, err = cli("create", "Ada@Example.com", "--name", "Ada Lovelace", "--no-password", "-o", "json")
    change = json.loads(out)
    user = change["users"][0]
    now = datetime.now(UTC)
    assert (code, err) == (0, f"created Ada@Example.com on {database.url.where}\n")
    assert uuid.UUID(change["change_id"]).version == 7
    assert uuid.UUID(user["id"]).version == 7
    assert now - timedelta(minutes=1) < datetime.fromisoformat(user["created_at"]) <= now
    assert change == {
        "change_id": change["change_id"],
        "dry_run": False,
        "changed": 1,
        "unchanged": 0,
        "failed": [],
        "users": [
            {
                "id": user["id"],
                "email": "Ada@Example.com",
                "full_name": "Ada Lovelace",
                "is_active": True,
                "roles": [],
                "attributes": {},
                "must_change_password": False,
                "password_changed_at": None,
                "expires_at": None,
                "last_login_at": None,
                "version": 1,
                "created_at": user["created_at"],
                "updated_at": user["created_at"],
                "deleted_at": None,
            }
        ],
    }
    assert emails(cli("list", "-o", "json")[1]) == ["Ada@Example.com"]


def test_create_takes_every_option(cli: Cli) -> None:
    code, out, _ = cli(
        *("create", "ada@example.com", "--inactive", "--expires", "2999-01-31", "--no-password", "-o", "json"),
        *("--attribute", "team=blue=sky", "--attribute", "empty=", "--attribute-json", 'deep={"a":[1,null,true]}'),
    )
    user = json.loads(out)["users"][0]
    assert (code, user["is_active"], user["expires_at"]) == (0, False, "2999-01-31T00:00:00Z")
    assert user["attributes"] == {"team": "blue=sky", "empty": "", "deep": {"a": [1, None, True]}}


@pytest.mark.parametrize("again", ["ada@example.com", "ADA@EXAMPLE.COM", "Ada@example.com"])
@pytest.mark.each_once
def test_create_refuses_an_email_in_use(cli: Cli, ada: UserView, again: str) -> None:
    code, out, err = cli("create", again, "--no-password")
    assert (code, out, err) == (4, "", f"error: a user with the email {again} exists already\n")


def test_create_if_not_exists_lets_the_user_stand(cli: Cli, ada: UserView, database: Database) -> None:
    before = stored(database)
    code, out, err = cli(
        "create", "ADA@example.com", "--name", "Other", "--if-not-exists", "--no-password", "-o", "json"
    )
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert json.loads(out) == {
        "change_id": None,
        "dry_run": False,
        "changed": 0,
        "unchanged": 1,
        "failed": [],
        "users": [ada.model_dump(mode="json")],
    }
    assert stored(database) == before


def test_create_if_not_exists_makes_a_missing_user(cli: Cli, database: Database) -> None:
    code, out, err = cli("create", "ada@example.com", "--if-not-exists", "--no-password", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 1)
    assert err == f"created ada@example.com on {database.url.where}\n"


def test_an_email_in_the_bin_is_free_again(cli: Cli, ada: UserView) -> None:
    cli("delete", "ada@example.com", "--yes")
    code, out, _ = cli("create", "ada@example.com", "--no-password", "-o", "json")
    assert (code, emails(out)) == (0, ["ada@example.com"])
    assert json.loads(out)["users"][0]["id"] != str(ada.id)


REFUSED_BY_CREATE = [
    (["no-at-sign"], "invalid email no-at-sign: an email address must have an @-sign"),
    (["two words@example.com"], "invalid email two words@example.com: "),
    ([" ada@example.com"], "invalid email  ada@example.com: "),
    (["Ada <ada@example.com>"], "invalid email Ada <ada@example.com>: "),
    ([""], "invalid email : an email address must have an @-sign"),
    (
        ["ada@corp.local"],
        "invalid email ada@corp.local: its domain is reserved for special use "
        "(to allow it, name it in the setting special_use_domains)",
    ),
    (["ada@example.com", "--expires", "2020-01-01"], "the expiry 2020-01-01T00:00:00Z lies in the past"),
    (
        ["ada@example.com", "--expires", "soon"],
        "not a time: soon (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)",
    ),
    (
        ["ada@example.com", "--expires", "2999-02-30"],
        "not a time: 2999-02-30 (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)",
    ),
    (
        ["ada@example.com", "--expires", ""],
        "not a time:  (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)",
    ),
    (["ada@example.com", "--attribute", "team"], "--attribute must be KEY=VALUE, not: team"),
    (["ada@example.com", "--attribute", "=blue"], "--attribute must be KEY=VALUE, not: =blue"),
    (
        ["ada@example.com", "--attribute-json", "level=high"],
        "--attribute-json level= must be a JSON value (put a text in quotes)",
    ),
    (
        ["ada@example.com", "--attribute", "a=1", "--attribute-json", "a=1"],
        "the attribute a is given twice",
    ),
    (["ada@example.com", "--name", "x" * 256], "the name is longer than 255 characters (256)"),
]


def test_create_refuses_what_is_not_valid(cli: Cli, database: Database) -> None:
    for arguments, error in REFUSED_BY_CREATE:
        code, out, err = cli("create", *arguments, "--no-password")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"error: {error}")
        assert stored(database) == []


def test_a_special_use_domain_is_taken_when_the_setting_allows_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_SPECIAL_USE_DOMAINS", "local,test")
    assert cli("create", "ada@corp.local", "--no-password")[0] == 0
    assert cli("create", "ada@corp.invalid", "--no-password")[0] == 2


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("2w", timedelta(weeks=2)),
        ("90s", timedelta(0, 90)),
    ],
)
def test_an_expiry_may_be_a_span(cli: Cli, given: str, span: timedelta) -> None:
    before = datetime.now(UTC)
    user = json.loads(cli("create", "ada@example.com", "--expires", given, "--no-password", "-o", "json")[1])
    ends = datetime.fromisoformat(user["users"][0]["expires_at"])
    assert before + span <= ends <= datetime.now(UTC) + span


MOMENTS = [
    ("2999-01-31", "2999-01-31T00:00:00Z"),
    ("2999-01-31T08:00:00Z", "2999-01-31T08:00:00Z"),
    ("2999-01-31T08:00:00.25+02:00", "2999-01-31T06:00:00.250000Z"),
    ("never", None),
]


def test_an_expiry_may_be_a_moment_or_never(cli: Cli) -> None:
    for number, (given, shown) in enumerate(MOMENTS):
        email = f"user{number}@example.com"
        user = json.loads(cli("create", email, "--expires", given, "--no-password", "-o", "json")[1])
        assert user["users"][0]["expires_at"] == shown


# -- naming users


def test_a_user_is_named_by_id_or_email_and_prefixes_force_the_kind(cli: Cli, ada: UserView) -> None:
    id_ = str(ada.id)
    for name in ("ada@example.com", "ADA@EXAMPLE.COM", id_, id_.upper(), f"id:{id_}", "email:Ada@example.com"):
        assert cli("show", name, "-q") == (0, f"{id_}\n", ""), name
    for name in (f"email:{id_}", "ada@example"):
        assert cli("show", name) == (3, "", f"{NOBODY}{name}\n"), name
    for name in ("ada", "%", id_[:-1], f"{{{id_}}}", id_.replace("-", "")):
        way = f"to look for it, run: usercli list --search {shlex.quote(name)}"
        assert cli("show", name) == (3, "", f"{NOBODY}{name}; {way}\n"), name
    for name in ("id:ada@example.com", "id:"):
        error = f"error: not an id: {name.removeprefix('id:')} (an id is a UUID)\n"
        assert cli("show", name) == (2, "", error)
    for name in ("", "email:"):
        assert cli("show", name) == (2, "", "error: a USER is empty; name an id or an email\n")


@pytest.mark.parametrize("command", [["show"], ["update", "--name", "x"], ["delete", "--yes"], ["restore"]])
def test_all_missing_users_are_named_and_nothing_changes(
    cli: Cli, ada: UserView, database: Database, command: list[str]
) -> None:
    before, other = stored(database), str(uuid.uuid4())
    code, out, err = cli(*command, "x@example.com", "ada@example.com", other, "y@example.com", "x@example.com")
    assert (code, out, err) == (3, "", f"{NOBODY}x@example.com, {other}, y@example.com\n")
    assert stored(database) == before


@pytest.mark.parametrize("command", [["update", "--name", "x"], ["delete", "--yes"], ["restore"]])
def test_repeats_count_once(cli: Cli, ada: UserView, bob: UserView, database: Database, command: list[str]) -> None:
    if command == ["restore"]:
        cli("delete", "ada@example.com", "bob@example.com", "--yes")
    code, out, err = cli(
        *command, "bob@example.com", "ada@example.com", str(bob.id), "email:BOB@example.com", "-o", "json"
    )
    assert (code, json.loads(out)["changed"]) == (0, 2)
    assert emails(out) == ["bob@example.com", "ada@example.com"]
    assert err.endswith(f"d 2 users on {database.url.where}\n")


def test_an_email_in_use_is_told_before_a_password_is_asked_for(
    cli: Cli, ada: UserView, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(prompt: str, stream: object) -> str:
        asked.append(prompt)
        return "correct horse battery staple"

    monkeypatch.setattr("getpass.getpass", answer)
    before = stored(database)
    code, out, err = cli("create", "ADA@example.com", terminal=True)
    assert (code, out, err) == (4, "", "error: a user with the email ADA@example.com exists already\n")
    assert cli("audit", "log", "--refused", "--fields", "action")[1] == "action\nuser.created\n"
    code, out, err = cli("create", "ada@example.com", "--if-not-exists", "-o", "ids", terminal=True)
    assert (code, out, err) == (0, f"{ada.id}\n", f"nothing to change on {database.url.where}\n")
    assert (asked, stored(database)) == ([], before)
    assert cli("create", "bob@example.com", "-q", terminal=True)[0] == 0
    assert asked == ["password: ", "password again: "]
    assert (
        cli("password", "verify", "bob@example.com", "--password-stdin", stdin="correct horse battery staple")[0]
        == 0
    )


# -- show


def test_show_gives_one_object_for_one_user_and_an_array_for_many(cli: Cli, ada: UserView, bob: UserView) -> None:
    one, other = ada.model_dump(mode="json"), bob.model_dump(mode="json")
    assert json.loads(cli("show", "ada@example.com", "-o", "json")[1]) == one
    code, out, err = cli("show", "bob@example.com", "ada@example.com", "-o", "json")
    assert (code, json.loads(out), err) == (0, [other, one], "")


def test_show_finds_a_binned_user_only_when_asked(cli: Cli, ada: UserView) -> None:
    name = "ada@example.com"
    assert cli("show", name, "--deleted") == (3, "", f"{NOBODY}{name}; {name} is not in the recycle bin\n")
    cli("delete", name, "--yes")
    for typed in (name, str(ada.id)):
        code, out, err = cli("show", typed)
        assert (code, out, err.startswith(f"{NOBODY}{typed}; {typed} is in the recycle bin")) == (3, "", True)
    code, out, err = cli("show", "ada@example.com", "--deleted", "-o", "json")
    found = json.loads(out)
    assert (code, err, found["id"], found["is_active"]) == (0, "", str(ada.id), False)
    assert found["deleted_at"] is not None


# -- update


def test_update_changes_only_what_is_named(cli: Cli, ada: UserView, database: Database) -> None:
    code, out, err = cli("update", "ada@example.com", "--name", "Ada King", "--inactive", "-o", "json")
    user = json.loads(out)["users"][0]
    assert (code, err) == (0, f"updated ada@example.com on {database.url.where}\n")
    assert user == {
        **ada.model_dump(mode="json"),
        "full_name": "Ada King",
        "is_active": False,
        "version": 2,
        "updated_at": user["updated_at"],
    }
    assert user["updated_at"] > user["created_at"]
    assert json.loads(cli("show", "ada@example.com", "-o", "json")[1]) == user


def test_an_update_that_changes_nothing_is_no_change(cli: Cli, ada: UserView, database: Database) -> None:
    before = stored(database)
    code, out, err = cli("update", "ada@example.com", "--name", "Ada Lovelace", "--active", "-o", "json")
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert json.loads(out) == {
        "change_id": None,
        "dry_run": False,
        "changed": 0,
        "unchanged": 1,
        "failed": [],
        "users": [ada.model_dump(mode="json")],
    }
    assert stored(database) == before


def test_update_without_anything_to_change_is_wrong_usage(cli: Cli, ada: UserView) -> None:
    for more in ([], ["--if-version", "1"]):
        code, out, err = cli("update", "ada@example.com", *more)
        assert (code, out) == (2, "")
        assert err == "error: nothing to change was given; see usercli update --help\n"


def test_update_merges_and_unsets_attributes(cli: Cli, make_user: MakeUser) -> None:
    make_user(attributes={"team": "blue", "level": 1})
    out = cli(
        *("update", "ada@example.com", "--attribute", "floor=2", "--attribute-json", "level=true"),
        *("--unset-attribute", "team", "--unset-attribute", "nothing", "-o", "json"),
    )[1]
    assert json.loads(out)["users"][0]["attributes"] == {"floor": "2", "level": True}
    code, out, _ = cli("update", "ada@example.com", "--unset-attribute", "nothing", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 0)


def test_update_moves_an_email_and_refuses_one_in_use(
    cli: Cli, ada: UserView, bob: UserView, database: Database
) -> None:
    before = stored(database)
    taken = cli("update", "ada@example.com", "--email", "BOB@example.com")
    assert taken == (4, "", "error: a user with the email BOB@example.com exists already\n")
    assert stored(database) == before
    code, out, _ = cli("update", "ada@example.com", "--email", "ADA@example.com", "-o", "json")
    assert (code, emails(out)) == (0, ["ADA@example.com"])
    assert cli("update", "ada@example.com", "--email", "new@example.com")[0] == 0
    assert cli("exists", "ada@example.com")[0] == 8
    assert cli("show", "new@example.com", "-q")[1] == f"{ada.id}\n"


def test_update_gives_no_email_to_several_users(cli: Cli, ada: UserView, bob: UserView) -> None:
    answer = cli("update", "ada@example.com", "bob@example.com", "--email", "new@example.com")
    assert answer == (2, "", "error: one email cannot be given to several users\n")


def test_if_version_notices_a_change_by_somebody_else(cli: Cli, ada: UserView, database: Database) -> None:
    assert cli("update", "ada@example.com", "--name", "One", "--if-version", "1")[0] == 0
    before = stored(database)
    answer = cli("update", "ada@example.com", "--name", "Two", "--if-version", "1")
    error = "error: ada@example.com was changed meanwhile: version 2, not 1\n"
    assert answer == (4, "", error)
    assert stored(database) == before


def test_several_users_are_updated_all_or_none(cli: Cli, ada: UserView, bob: UserView, database: Database) -> None:
    cli("update", "bob@example.com", "--name", "Bobby")
    before = stored(database)
    code, out, err = cli("update", "ada@example.com", "bob@example.com", "--name", "x", "--if-version", "1")
    assert (code, out) == (4, "")
    assert err == "error: bob@example.com was changed meanwhile: version 2, not 1\n"
    assert stored(database) == before


# -- delete, restore, purge


def test_delete_moves_to_the_bin_and_restore_brings_back(cli: Cli, ada: UserView, database: Database) -> None:
    where = database.url.where
    code, out, err = cli("delete", "ada@example.com", "--yes", "-o", "json")
    binned = json.loads(out)["users"][0]
    assert (code, err) == (0, f"deleted ada@example.com on {where}\n")
    assert binned == {
        **ada.model_dump(mode="json"),
        "is_active": False,
        "version": 2,
        "updated_at": binned["updated_at"],
        "deleted_at": binned["deleted_at"],
    }
    assert binned["deleted_at"] is not None
    assert cli("list", "-q") == (0, "", "")
    assert cli("list", "--deleted", "-q") == (0, f"{ada.id}\n", "")
    code, out, err = cli("restore", "ada@example.com", "-o", "json")
    back = json.loads(out)["users"][0]
    assert (code, err) == (0, f"restored ada@example.com on {where}\n")
    assert back == {**ada.model_dump(mode="json"), "version": 3, "updated_at": back["updated_at"]}


def test_restore_gives_back_the_former_activity(cli: Cli, make_user: MakeUser) -> None:
    make_user(is_active=False)
    cli("delete", "ada@example.com", "--yes")
    out = cli("restore", "ada@example.com", "-o", "json")[1]
    assert json.loads(out)["users"][0]["is_active"] is False


def test_restoring_a_user_who_is_not_binned_changes_nothing(cli: Cli, ada: UserView, database: Database) -> None:
    code, out, err = cli("restore", "ada@example.com", "-o", "json")
    assert (code, json.loads(out)["changed"], err) == (0, 0, f"nothing to change on {database.url.where}\n")


def test_restore_refuses_an_email_taken_meanwhile(cli: Cli, ada: UserView, make_user: MakeUser) -> None:
    cli("delete", "ada@example.com", "--yes")
    make_user("ada@example.com")
    error = "error: a user with the email ada@example.com exists already\n"
    assert cli("restore", str(ada.id)) == (4, "", error)
    assert cli("restore", "ada@example.com") == (4, "", error)


@pytest.mark.parametrize("command", [["restore"], ["show", "--deleted"], ["delete", "--purge"]])
@pytest.mark.each_once
def test_several_binned_users_with_one_email_are_a_conflict(
    cli: Cli, ada: UserView, make_user: MakeUser, command: list[str]
) -> None:
    cli("delete", "ada@example.com", "--yes")
    other = make_user("ada@example.com")
    cli("delete", "ada@example.com", "--yes")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    listed = ", ".join(f"id:{id_} (deleted {today})" for id_ in sorted([str(ada.id), str(other.id)]))
    error = f"error: ada@example.com matches several users; name one of: {listed}\n"
    code, out, err = cli(*command, "ada@example.com")
    assert (code, out, re.sub(r"T[\d:]{8}Z", "", err)) == (4, "", error)
    assert err != error  # to the second, as they went on one day
    confirm = ["--confirm", "ada@example.com"] if "--purge" in command else []
    assert cli(*command, f"id:{ada.id}", *confirm)[0] == 0


def test_delete_needs_a_confirmation(cli: Cli, ada: UserView, bob: UserView, database: Database) -> None:
    before = stored(database)
    one = cli("delete", "ada@example.com")
    assert one == (2, "", "error: move ada@example.com to the recycle bin: this needs a confirmation; add --yes\n")
    code, out, err = cli("delete", "ada@example.com", "bob@example.com")
    assert (code, out) == (2, "")
    assert err.endswith("this needs a confirmation; add --yes\n")
    misplaced = cli("delete", "ada@example.com", "--confirm", "ada@example.com")
    assert misplaced == (
        2,
        "",
        "error: --confirm requires --purge; to confirm a move to the recycle bin add --yes\n",
    )
    assert stored(database) == before


def test_purge_wants_the_email_and_not_only_yes(cli: Cli, ada: UserView, database: Database) -> None:
    before = stored(database)
    wanted = "error: purging ada@example.com cannot be undone; to go on add --confirm ada@example.com\n"
    assert cli("delete", "ada@example.com", "--purge", "--yes") == (2, "", wanted)
    assert cli("delete", "ada@example.com", "--purge", "--confirm", "bob@example.com", "--yes") == (2, "", wanted)
    assert cli("delete", str(ada.id), "--purge") == (2, "", wanted)
    assert stored(database) == before
    code, out, err = cli("delete", "ada@example.com", "--purge", "--confirm", "ADA@example.com", "-o", "json")
    assert (code, json.loads(out)["users"]) == (0, [ada.model_dump(mode="json")])
    assert err == f"purged ada@example.com on {database.url.where}\n"
    assert stored(database) == []


def test_purge_of_several_names_every_email_that_is_not_confirmed(
    cli: Cli, ada: UserView, bob: UserView, database: Database
) -> None:
    cli("delete", "bob@example.com", "--yes")
    both = ["delete", "--purge", "ada@example.com", "bob@example.com"]
    code, out, err = cli(*both)
    assert (code, out) == (2, "")
    assert err.endswith("cannot be undone; to go on add --confirm ada@example.com --confirm bob@example.com\n")
    code, out, err = cli(*both, "--confirm", "ada@example.com")
    assert (code, out) == (2, "")
    assert err.endswith("cannot be undone; to go on add --confirm bob@example.com\n")
    assert cli(*both, "--confirm", "ada@example.com", "--confirm", "bob@example.com")[0] == 0
    assert stored(database) == []


# -- --continue


@pytest.mark.parametrize(
    ("command", "verb"),
    [(["update", "--name", "x"], "updated"), (["delete", "--yes"], "deleted"), (["restore"], "restored")],
)
@pytest.mark.each_once
def test_continue_does_each_on_its_own_and_answers_7(
    cli: Cli, ada: UserView, bob: UserView, database: Database, command: list[str], verb: str
) -> None:
    if verb == "restored":
        cli("delete", "ada@example.com", "bob@example.com", "--yes")
    code, out, err = cli(
        *command, "x@example.com", "ada@example.com", "id:" + str(uuid.UUID(int=1)), "bob@example.com",
        "--continue", "-o", "json",
    )  # fmt: skip
    change = json.loads(out)
    assert code == 7
    assert err == (
        f"{verb} 2 users on {database.url.where}\n"
        "error: no such user: x@example.com\n"
        f"error: no such user: id:{uuid.UUID(int=1)}\n"
        "error: 2 of 4 failed\n"
    )
    assert emails(out) == ["ada@example.com", "bob@example.com"]
    assert (change["changed"], change["unchanged"]) == (2, 0)
    assert change["failed"] == [
        {"user": "x@example.com", "code": 3, "error": "no such user: x@example.com"},
        {"user": f"id:{uuid.UUID(int=1)}", "code": 3, "error": f"no such user: id:{uuid.UUID(int=1)}"},
    ]


def test_continue_answers_0_when_all_went_well(cli: Cli, ada: UserView, bob: UserView) -> None:
    code, out, _ = cli("update", "ada@example.com", "bob@example.com", "--name", "x", "--continue", "-o", "json")
    change = json.loads(out)
    assert (code, change["changed"], change["failed"]) == (0, 2, [])


def test_continue_answers_with_the_first_error_when_all_failed(cli: Cli, ada: UserView) -> None:
    cli("update", "ada@example.com", "--name", "x")
    code, out, err = cli(
        *("update", "ada@example.com", "x@example.com", "--name", "y", "--if-version", "1", "--continue"),
        *("-o", "json"),
    )
    change = json.loads(out)
    assert (code, change["changed"], change["users"]) == (4, 0, [])
    assert [failure["code"] for failure in change["failed"]] == [4, 3]
    assert err == (
        "error: ada@example.com was changed meanwhile: version 2, not 1\nerror: no such user: x@example.com\n"
    )
    assert (
        cli("update", "x@example.com", "ada@example.com", "--name", "y", "--if-version", "1", "--continue")[0] == 3
    )


def test_purge_continues_past_missing_users(cli: Cli, ada: UserView, database: Database) -> None:
    code, out, err = cli(
        *("delete", "--purge", "x@example.com", "ada@example.com", "--confirm", "ada@example.com"),
        *("--continue", "-o", "json"),
    )
    assert (code, emails(out), stored(database)) == (7, ["ada@example.com"], [])
    assert json.loads(out)["failed"] == [
        {"user": "x@example.com", "code": 3, "error": "no such user: x@example.com"}
    ]
    assert err == (
        f"purged ada@example.com on {database.url.where}\n"
        "error: no such user: x@example.com\n"
        "error: 1 of 2 failed\n"
    )


# -- dry runs


@pytest.mark.parametrize(
    ("command", "verb"),
    [
        (["create", "new@example.com", "--no-password"], "created new@example.com"),
        (["update", "ada@example.com", "--name", "x"], "updated ada@example.com"),
        (["delete", "ada@example.com"], "deleted ada@example.com"),
        (["delete", "ada@example.com", "bob@example.com"], "deleted 2 users"),
        (["delete", "ada@example.com", "--purge"], "purged ada@example.com"),
        (["restore", "gone@example.com"], "restored gone@example.com"),
    ],
)
@pytest.mark.each_once
def test_a_dry_run_has_the_same_shape_asks_nothing_and_changes_nothing(
    cli: Cli, ada: UserView, bob: UserView, make_user: MakeUser, database: Database, command: list[str], verb: str
) -> None:
    make_user("gone@example.com")
    cli("delete", "gone@example.com", "--yes")
    before = stored(database)
    code, out, err = cli(*command, "--dry-run", "-o", "json")
    dry = json.loads(out)
    assert (code, err) == (0, f"would have {verb} on {database.url.where}\n")
    assert (dry["change_id"], dry["dry_run"], stored(database)) == (None, True, before)
    confirm = ["--yes", "--confirm", "ada@example.com"] if "--purge" in command else ["--yes"]
    real = json.loads(cli(*command, *confirm, "-o", "json")[1])
    assert list(dry) == list(real)
    assert (dry["changed"], dry["unchanged"], dry["failed"]) == (real["changed"], real["unchanged"], real["failed"])
    assert [_timeless(user) for user in dry["users"]] == [_timeless(user) for user in real["users"]]


def _timeless(user: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if not name.endswith("_at") and name != "id"}


DRY_CODES = [
    (["create", "ada@example.com", "--no-password"], 4),
    (["create", "nonsense", "--no-password"], 2),
    (["update", "x@example.com", "--name", "x"], 3),
    (["update", "ada@example.com", "--email", "bob@example.com"], 4),
    (["update", "ada@example.com", "--name", "x", "--if-version", "9"], 4),
    (["update", "ada@example.com"], 2),
    (["delete", "x@example.com"], 3),
    (["restore", "x@example.com"], 3),
    (["update", "ada@example.com", "x@example.com", "--name", "x", "--continue"], 7),
]


def test_a_dry_run_answers_with_the_same_code(cli: Cli, ada: UserView, bob: UserView, database: Database) -> None:
    for command, code in DRY_CODES:
        before = stored(database)
        dry = cli(*command, "--dry-run")
        assert (dry[0], stored(database)) == (code, before)
        real = cli(*command, "--yes")
        assert (real[0], real[2]) == (code, dry[2].removeprefix("would have "))


# -- exists


def test_exists_answers_by_its_code_alone(cli: Cli, ada: UserView, bob: UserView) -> None:
    assert cli("exists", "ada@example.com") == (0, "", "")
    assert cli("exists", "ADA@example.com", str(bob.id), "ada@example.com") == (0, "", "")
    assert cli("exists", "ada@example.com", "x@example.com") == (8, "", "")
    assert cli("exists", "nonsense") == (8, "", "")
    cli("delete", "bob@example.com", "--yes")
    assert cli("exists", "bob@example.com") == (8, "", "")
    assert cli("exists", str(bob.id)) == (8, "", "")
    assert cli("exists", "id:nonsense")[0] == 2


# -- list


@pytest.fixture
def crowd(make_user: MakeUser, cli: Cli, database: Database) -> None:
    make_user("ada@example.com", full_name="Ada Lovelace", attributes={"team": "blue", "level": 3})
    make_user("bob@example.org", full_name="Bob 100%_\\", is_active=False, attributes={"team": "red", "on": True})
    make_user("cleo@example.com", full_name="ÉLODIE", attributes={"team": "blue", "level": "3", "none": None})
    make_user("dan@example.com", full_name="", attributes={"team": ["blue"]})
    cli("delete", "dan@example.com", "--yes")
    for number, email in enumerate(("ada@example.com", "bob@example.org", "cleo@example.com")):
        database.rows(
            "UPDATE users SET created_at = :at WHERE email = :email",
            at=f"2026-01-0{number + 1} 00:00:00" + ("+00" if database.engine == "postgresql" else ".000000"),
            email=email,
        )


FILTERS = [
    ([], "ada bob cleo"),
    (["--active"], "ada cleo"),
    (["--inactive"], "bob"),
    (["--deleted"], "dan"),
    (["--search", "LOVE"], "ada"),
    (["--search", "example.org"], "bob"),
    (["--search", "100%_\\"], "bob"),
    (["--search", "%"], "bob"),
    (["--search", "_"], "bob"),
    (["--search", "\\"], "bob"),
    (["--search", "ÉLO"], "cleo"),
    (["--search", "élo"], ""),  # ASCII case only, on both engines
    (["--search", "'; DROP TABLE users; --"], ""),
    (["--created-after", "2026-01-02"], "bob cleo"),
    (["--created-before", "2026-01-02"], "ada"),
    (["--created-after", "2026-01-01T00:00:00Z", "--created-before", "2026-01-03T01:00:00+02:00"], "ada bob"),
    (["--created-after", "1h"], ""),
    (["--where", "team=blue"], "ada cleo"),
    (["--where", "level=3"], "ada cleo"),
    (["--where", "on=true"], "bob"),
    (["--where", "none=null"], ""),
    (["--where", "team=blue", "--where", "level=3", "--search", "ada"], "ada"),
    (["--where", "team=[\"blue\"]"], ""),
    (["--match", "active=true"], "ada cleo"),
    (["--match", "active=false"], "bob"),
    (["--match", "inactive=true"], "bob"),
    (["--match", "deleted=true"], "dan"),
    (["--match", "search=love", "--match", "where=team=blue"], "ada"),
    (["--match", "created-after=2026-01-02", "--match", "created-before=2026-01-03"], "bob"),
    (["--active", "--match", "active=true"], "ada cleo"),
]  # fmt: skip


def test_list_filters(cli: Cli, crowd: None) -> None:
    for filters, wanted in FILTERS:
        code, out, err = cli("list", *filters, "-o", "json")
        names = [email.partition("@")[0] for email in emails(out)]
        assert (code, names, err) == (0, wanted.split(), "")
        assert cli("list", *filters, "--count", "-o", "json") == (0, f'{{"count":{len(names)}}}\n', "")


REFUSED_BY_LIST = [
    (["--match", "activ=true"], "--match knows no filter activ; did you mean: active"),
    (["--match", "active"], "--match must be KEY=VALUE, not: active"),
    (["--match", "active=yes"], "--match active= must be true or false, not: yes"),
    (["--active", "--match", "active=false"], "the filter active is given twice, with different values"),
    (["--match", "search=a", "--search", "b"], "the filter search is given twice, with different values"),
    (["--where", "team"], "--where must be KEY=VALUE, not: team"),
    (["--where", "=blue"], "--where must be KEY=VALUE, not: =blue"),
    (["--created-after", "someday"], "not a time: someday (write 30d, "),
    (["--sort", "name"], "cannot sort by name; did you mean: full_name; the fields to sort by are: id, email, "),
    (["--sort", "-last_login"], "cannot sort by last_login; did you mean: -last_login_at; the fields to sort by "),
    (["--sort", "lastLogin"], "cannot sort by lastLogin; did you mean: last_login_at; the fields to sort by "),
    (["--sort", "email:desc"], "cannot sort by email:desc; did you mean: -email; the fields to sort by "),
    (["--sort", "EMAIL ASC"], "cannot sort by EMAIL ASC; did you mean: email; the fields to sort by "),
    (["--sort", "+email"], "cannot sort by +email; did you mean: email; the fields to sort by "),
    (["--sort", "attributes"], "cannot sort by attributes; the fields to sort by are: id, "),
    (["--sort", "email; DROP TABLE users"], "cannot sort by email; DROP TABLE users; did you mean: email; the "),
    (["--sort", "--email"], "cannot sort by -email; did you mean: -email; the fields to sort by are: id, "),
    (["--sort", ""], "cannot sort by nothing; the fields to sort by are: id, "),
    (["--fields", "emial"], "no such field: emial; did you mean: email (fields: id, email, "),
    (["--fields", "hashed_password"], "no such field: hashed_password"),
    (["--fields", "email,name"], "no such field: name; did you mean: full_name (fields: id, email, "),
    (["--fields", "id,"], "no such field: (empty) (fields: id, email, "),
    (["-o", "xml"], "no such output format: xml (known: table, json, jsonl, csv, tsv, yaml, ids)\n"),
    (["--after", "nonsense"], "the cursor is not one that usercli printed\n"),
    (["--after", "é"], "the cursor is not one that usercli printed\n"),
    (
        ["--limit", "0"],
        "invalid value for '--limit': it should be greater than or equal to 1; see: ",
    ),
    (
        ["--limit", "ten"],
        "invalid value for '--limit': it should be a valid integer; see: usercli list ",
    ),
]


def test_list_refuses_what_it_does_not_know(cli: Cli, crowd: None) -> None:
    for arguments, error in REFUSED_BY_LIST:
        code, out, err = cli("list", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"error: {error}")


SORTS = [
    ("email", "Zoe ada bob 👩 "),
    ("-email", "👩 bob ada Zoe"),
    ("full_name", "bob ada Zoe 👩"),
    ("expires_at", "ada Zoe bob 👩"),
    ("-expires_at", "Zoe ada 👩 bob"),
    ("created_at", "bob ada Zoe 👩"),
    ("-created_at", "👩 Zoe ada bob"),
    ("-id", "👩 Zoe ada bob"),
]


def test_list_sorts_by_code_point_with_nulls_last(cli: Cli, make_user: MakeUser) -> None:
    soon, later = datetime(2999, 1, 1, tzinfo=UTC), datetime(2999, 1, 2, tzinfo=UTC)
    make_user("bob@example.com", full_name="")
    make_user("ada@example.com", full_name="a", expires_at=soon)
    make_user("Zoe@example.com", full_name="ä", expires_at=later)
    make_user("👩@example.com", full_name="\uff5a")
    for sort, wanted in SORTS:
        whole = emails(cli("list", "--sort", sort, "-o", "json")[1])
        assert [email.partition("@")[0] for email in whole] == wanted.split()
        paged: list[str] = []
        cursor: list[str] = []
        for _ in range(4):  # the same order, a page of one at a time
            code, out, err = cli("list", "--sort", sort, "--limit", "1", *cursor, "-o", "json")
            assert code == 0
            paged += emails(out)
            cursor = ["--after", err.split()[-1]] if err else []
        assert (paged, cursor) == (whole, [])


def test_a_list_that_stops_says_where_to_go_on(cli: Cli, make_user: MakeUser, database: Database) -> None:
    for number in range(3):
        make_user(f"user{number}@example.com")
    code, out, err = cli("list", "--limit", "2", "-o", "json")
    token = err.split()[-1]
    assert (code, emails(out)) == (0, ["user0@example.com", "user1@example.com"])
    assert err == f"2 of 3 shown; next: --after {token}\n"
    code, out, err = cli("list", "--limit", "2", "--after", token, "-o", "json")
    assert (code, emails(out), err) == (0, ["user2@example.com"], "")
    assert cli("list", "--limit", "3")[2] == ""


def test_a_cursor_belongs_to_its_query(cli: Cli, make_user: MakeUser) -> None:
    for number in range(3):
        make_user(f"user{number}@example.com")
    token = cli("list", "--limit", "1", "--sort", "email")[2].split()[-1]
    error = "error: the cursor belongs to another query; use the same filters and the same order\n"
    for other in (["--sort", "-email"], [], ["--sort", "email", "--active"], ["--sort", "email", "--search", "u"]):
        assert cli("list", *other, "--after", token) == (2, "", error)
    assert cli("list", "--sort", "email", "--after", token, "--fields", "email")[:2] == (
        0,
        "email\nuser1@example.com\nuser2@example.com\n",
    )


def test_count_says_how_many_in_every_format(cli: Cli, ada: UserView, bob: UserView) -> None:
    shapes = {
        "json": '{"count":2}\n',
        "jsonl": '{"count":2}\n',
        "yaml": "count: 2\n",
        "tsv": "count\n2\n",
        "csv": "count\n2\n",
        "table": "2\n",
        "ids": "2\n",
    }
    assert {name: cli("list", "--count", "-o", name) for name in shapes} == {
        name: (0, text, "") for name, text in shapes.items()
    }
