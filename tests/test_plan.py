"""plan and apply on both engines: what a file says comes about, once, and nothing else does."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.desired import DesiredUser
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

Write = Callable[..., str]
MakeUser = Callable[..., UserView]

STAFF = """\
name: staff
roles:
  - name: editor
    description: Writes
users:
  - email: ada@example.com
    full_name: Ada
    roles: [editor]
    attributes: {team: blue}
    must_change_password: true
    initial_password: correct horse battery
  - email: bob@example.com
    full_name: Robert
    expires_at: 2999-01-31
"""

#: Where the engine plays no part.
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def write(environment: Path) -> Write:
    """Write a file and give its name."""

    def put(text: str | bytes, name: str = "staff.yaml") -> str:
        (environment / name).touch(0o600)
        (environment / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return put


def state(database: Database) -> list[tuple[object, ...]]:
    """All that a plan may change."""
    return [
        *database.rows("SELECT email, full_name, is_active, managed_by, version FROM users ORDER BY id"),
        *database.rows("SELECT name, description, administrative FROM roles ORDER BY name"),
        *database.rows("SELECT u.email, r.name FROM user_roles g JOIN users u ON u.id = g.user_id "
                       "JOIN roles r ON r.id = g.role_id ORDER BY 1, 2"),
        *database.rows("SELECT count(*) FROM audit_events WHERE outcome = 'done'"),
    ]  # fmt: skip


def shown(cli: Cli, email: str, *names: str) -> dict[str, Any]:
    found = json.loads(cli("show", email, "-o", "json")[1])
    return {name: found[name] for name in names}


def applied(out: str) -> dict[str, Any]:
    """The summary without what is the same everywhere."""
    found = json.loads(out)
    assert set(found) == {"name", "created", "updated", "deleted", "unchanged", "dry_run", "change_id"}
    return {name: value for name, value in found.items() if value and name not in {"name", "change_id"}}


def plan_of(cli: Cli, *arguments: str) -> dict[str, Any]:
    code, out, _ = cli("plan", *arguments, "-o", "json")
    assert code == 0
    return dict(json.loads(out))


# -- plan


def test_a_plan_says_what_would_change_and_changes_nothing(
    cli: Cli, write: Write, database: Database, make_user: MakeUser
) -> None:
    bob = make_user("Bob@example.com", full_name="Bob")
    before = state(database)
    code, out, err = cli("plan", write(STAFF), "-o", "json")
    assert (code, json.loads(out)) == (
        0,
        {
            "name": "staff",
            "changes": [
                {
                    "action": "create",
                    "kind": "role",
                    "target": "editor",
                    "id": None,
                    "before": {},
                    "after": {"description": "Writes", "administrative": False},
                },
                {
                    "action": "create",
                    "kind": "user",
                    "target": "ada@example.com",
                    "id": None,
                    "before": {},
                    "after": {
                        "full_name": "Ada",
                        "roles": ["editor"],
                        "attributes": {"team": "blue"},
                        "must_change_password": True,
                        "managed_by": "staff",
                        "initial_password": True,
                    },
                },
                {
                    "action": "update",
                    "kind": "user",
                    "target": "Bob@example.com",
                    "id": str(bob.id),
                    "before": {"full_name": "Bob", "expires_at": None, "managed_by": None},
                    "after": {
                        "full_name": "Robert",
                        "expires_at": "2999-01-31T00:00:00Z",
                        "managed_by": "staff",
                    },
                },
            ],
            "granted": {},
            "create": 2,
            "update": 1,
            "delete": 0,
            "unchanged": 0,
        },
    )
    assert err == f"2 to create, 1 to update, 0 to delete, 0 unchanged on {database.url.where}\n"
    assert state(database) == before


def test_people_see_a_plan_as_a_diff(cli: Cli, write: Write, make_user: MakeUser) -> None:
    cli("role", "create", "reader")
    make_user("bob@example.com", full_name="Bob", roles=["reader"], attributes={"a": 1, "b": 1, "same": 0})
    cli("apply", write("name: staff\nusers:\n- email: old@example.com\n"), "--yes")
    text = STAFF + '    roles: [editor]\n    attributes: {b: 2, c: "\\u202e", same: 0}\n'
    code, out, _ = cli("plan", write(text), "--prune", "-o", "table")
    assert (code, out) == (
        0,
        "+ role editor\n"
        '    + description: "Writes"\n'
        "    + administrative: false\n"
        "+ user ada@example.com\n"
        '    + full_name: "Ada"\n'
        '    + roles: ["editor"]\n'
        '    + attributes: {"team": "blue"}\n'
        "    + must_change_password: true\n"
        '    + managed_by: "staff"\n'
        "    + initial_password: (as in the file)\n"
        "~ user bob@example.com\n"
        '    ~ full_name: "Bob" -> "Robert"\n'
        "    + roles: editor\n"
        "    - roles: reader\n"
        "    - attributes.a: 1\n"
        "    ~ attributes.b: 1 -> 2\n"
        '    + attributes.c: "\\u202e"\n'
        '    ~ expires_at: null -> "2999-01-31T00:00:00Z"\n'
        '    ~ managed_by: null -> "staff"\n'
        "- user old@example.com (to the recycle bin)\n",
    )


def test_a_script_hears_by_exit_code_that_there_is_something_to_do(cli: Cli, write: Write) -> None:
    file = write(STAFF)
    assert cli("plan", file, "--exit-code", "-q")[:2] == (7, "editor\nada@example.com\nbob@example.com\n")
    assert cli("apply", file, "--yes")[0] == 0
    code, out, err = cli("plan", file, "--exit-code")
    assert (code, out) == (0, "target\taction\tkind\tid\tbefore\tafter\n")
    assert err.startswith("0 to create, 0 to update, 0 to delete, 3 unchanged on ")


# -- apply


def test_an_apply_does_what_the_plan_says_and_a_second_one_nothing(
    cli: Cli, write: Write, database: Database, make_user: MakeUser
) -> None:
    make_user("bob@example.com", full_name="Bob", attributes={"kept": 1})
    file = write(STAFF)
    code, out, err = cli("apply", file, "--yes", "-o", "json")
    assert (code, applied(out)) == (0, {"created": 2, "updated": 1})
    assert err == (
        "plan: + role editor\nplan: + user ada@example.com\nplan: ~ user bob@example.com\n"
        f"applied staff: 3 changes, of 2 users, on {database.url.where}\n"
    )
    wanted = ("full_name", "roles", "attributes", "must_change_password", "expires_at")
    assert shown(cli, "ada@example.com", *wanted) == dict(
        zip(wanted, ("Ada", ["editor"], {"team": "blue"}, True, None), strict=True)
    )
    assert shown(cli, "bob@example.com", *wanted) == dict(
        zip(wanted, ("Robert", [], {"kept": 1}, False, "2999-01-31T00:00:00Z"), strict=True)
    )
    assert database.rows("SELECT DISTINCT managed_by FROM users") == [("staff",)]
    change = json.loads(out)["change_id"]
    kind = "CAST(change_id AS text)" if database.engine == "postgresql" else "change_id"
    events = f"SELECT action, before, after FROM audit_events WHERE replace({kind}, '-', '') = :id ORDER BY seq"
    assert [row[0] for row in database.rows(events, id=change.replace("-", ""))] == [
        "role.created",
        "user.created",
        "user.updated",
    ]
    assert cli("audit", "verify")[0] == 0
    after = state(database)
    code, out, err = cli("apply", file, "-o", "json")
    assert (code, applied(out), json.loads(out)["change_id"]) == (0, {"unchanged": 3}, None)
    assert err == f"nothing to change on {database.url.where}\n"
    assert state(database) == after


def test_an_apply_is_undone_as_one_and_the_undo_as_well(
    cli: Cli, write: Write, database: Database, make_user: MakeUser
) -> None:
    make_user("bob@example.com", full_name="Bob")
    cli("apply", write("name: staff\nusers:\n- email: old@example.com\n"), "--yes")
    change = json.loads(cli("apply", write(STAFF), "--prune", "--yes", "-o", "json")[1])["change_id"]
    assert cli("list", "--fields", "email")[1] == "email\nbob@example.com\nada@example.com\n"
    code, out, _ = cli("undo", change, "--yes", "-o", "json")
    assert code == 0
    assert cli("list", "--fields", "email,full_name,roles,expires_at")[1] == (
        "email\tfull_name\troles\texpires_at\nbob@example.com\tBob\t\t\nold@example.com\t\t\t\n"
    )
    assert cli("role", "list", "-q")[1] == ""
    assert database.rows("SELECT email, managed_by FROM users WHERE deleted_at IS NULL ORDER BY email") == [
        ("bob@example.com", None),
        ("old@example.com", "staff"),
    ]
    assert cli("undo", json.loads(out)["change_id"], "--yes")[0] == 0
    assert cli("list", "--fields", "email,full_name,roles")[1] == (
        "email\tfull_name\troles\nbob@example.com\tRobert\t\nada@example.com\tAda\teditor\n"
    )


def test_what_the_file_does_not_say_stays_and_what_is_empty_goes(
    cli: Cli, write: Write, database: Database, make_user: MakeUser
) -> None:
    cli("role", "create", "editor", "--description", "Writes")
    ada = {"full_name": "Ada", "roles": ["editor"], "attributes": {"a": 1}, "expires_at": "2999-01-01T00:00:00Z"}
    make_user("ada@example.com", **ada)
    head = "name: staff\nroles:\n- name: editor\nusers:\n- email: ada@example.com\n"
    assert cli("apply", write(head), "--yes")[0] == 0
    assert shown(cli, "ada@example.com", *ada) == ada
    assert database.rows("SELECT description FROM roles") == [("Writes",)]
    empty = "  full_name: ''\n  roles: []\n  attributes: {}\n  expires_at: never\n"
    assert cli("apply", write(head + empty), "--yes")[0] == 0
    assert shown(cli, "ada@example.com", *ada) == {
        "full_name": "",
        "roles": [],
        "attributes": {},
        "expires_at": None,
    }


def test_an_initial_password_is_set_on_creation_only(cli: Cli, write: Write, database: Database) -> None:
    verify = ("password", "verify", "ada@example.com", "--password-stdin")
    cli("apply", write(STAFF), "--yes")
    assert cli(*verify, stdin="correct horse battery\n")[0] == 0
    stored = database.rows("SELECT hashed_password FROM users ORDER BY email")
    assert stored[1] == ("!",)
    other = write(STAFF.replace("correct horse battery", "another horse battery"))
    assert applied(cli("apply", other, "--yes", "-o", "json")[1]) == {"unchanged": 3}
    assert database.rows("SELECT hashed_password FROM users ORDER BY email") == stored
    everything = str(database.rows("SELECT before, after, personal FROM audit_events"))
    assert "horse" not in everything
    assert str(stored[0][0]) not in everything


@on_sqlite
def test_passwords_that_others_can_read_are_warned_of(cli: Cli, write: Write, environment: Path) -> None:
    file = write(STAFF)
    (environment / file).chmod(0o640)
    err = cli("apply", file, "--yes")[2]
    warning = "warning: others can read staff.yaml, and it contains passwords; run: chmod 600 staff.yaml"
    assert err.splitlines()[0] == warning
    assert "warning" not in cli("apply", file)[2]  # nobody gets one any more


def test_the_password_policy_holds_and_the_refusal_is_logged(cli: Cli, write: Write, database: Database) -> None:
    before = state(database)
    code, out, err = cli("apply", write(STAFF.replace("correct horse battery", "short")), "--yes")
    assert (code, out) == (6, "")
    assert err == "error: ada@example.com: the password has 5 characters; the policy requires 15 or more\n"
    assert database.rows("SELECT action, outcome FROM audit_events") == [("plan.applied", "refused")]
    assert state(database) == before


def test_a_dry_run_says_the_same_asks_nothing_and_writes_nothing(
    cli: Cli, write: Write, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usercli.passwords.PasswordHasher.hash", None)
    before = state(database)
    code, out, err = cli("apply", write(STAFF), "--dry-run", "-o", "json")
    assert (code, applied(out), json.loads(out)["change_id"]) == (0, {"created": 3, "dry_run": True}, None)
    assert err.splitlines()[-1] == f"would have applied staff: 3 changes, of 2 users, on {database.url.where}"
    assert state(database) == before


@on_sqlite
def test_an_apply_asks_first(cli: Cli, write: Write, database: Database) -> None:
    file = write(STAFF)
    question = "apply staff: 3 to create, 0 to update, 0 to delete, 0 unchanged"
    code, out, err = cli("apply", file)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"error: {question}: this needs a confirmation; add --yes"
    code, out, err = cli("apply", file, stdin="n\n", terminal=True)
    assert (code, out, database.rows("SELECT count(*) FROM users")) == (130, "", [(0,)])
    assert f"{question} on {database.url.where}? [y/N] " in err
    assert cli("apply", file, stdin="y\n", terminal=True)[0] == 0


# -- rules


def test_only_users_that_the_file_manages_are_pruned_and_only_when_told(
    cli: Cli, write: Write, database: Database, make_user: MakeUser
) -> None:
    make_user("free@example.com")
    cli("apply", write("name: other\nusers:\n- email: theirs@example.com\n", "other.yaml"), "--yes")
    cli("apply", write(STAFF), "--yes")
    only_ada = write(STAFF.partition("  - email: bob")[0])
    code, out, err = cli("apply", only_ada, "--yes", "-o", "json")
    left = "1 user is managed by staff and no longer in the file; --prune moves them to the recycle bin"
    assert (code, applied(out), err.splitlines()[0]) == (0, {"unchanged": 2}, left)
    assert (
        cli("apply", write("name: staff\nroles: []\n", "silent.yaml"), "--prune", "--yes")[0] == 0
    )  # says nothing of users
    assert cli("apply", only_ada, "--prune", "--yes", "-o", "json")[0] == 0
    assert database.rows("SELECT email, is_active FROM users WHERE deleted_at IS NOT NULL") == [
        ("bob@example.com", False)
    ]
    assert cli("apply", write("name: staff\nusers: []\n"), "--prune", "--yes")[0] == 0
    assert database.rows("SELECT email FROM users WHERE deleted_at IS NULL ORDER BY email") == [
        ("free@example.com",),
        ("theirs@example.com",),
    ]


def test_a_user_of_another_file_is_a_conflict_that_names_it(cli: Cli, write: Write, database: Database) -> None:
    cli("apply", write("name: other\nusers:\n- email: ada@example.com\n"), "--yes")
    before = state(database)
    error = "error: ada@example.com is managed by other\n"
    assert cli("plan", write(STAFF)) == (4, "", error)
    assert cli("apply", write(STAFF), "--yes") == (4, "", error)
    assert state(database) == before


def test_a_role_that_nobody_made_is_named(cli: Cli, write: Write) -> None:
    file = write(STAFF.replace("[editor]", "[editr]"))
    assert cli("apply", file, "--yes") == (3, "", "error: no such role: editr; did you mean: editor\n")


def test_the_brake_holds_for_the_option_and_for_the_setting(
    cli: Cli, write: Write, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, error = write(STAFF), "error: this would change 2 users, more than the 1 allowed; raise --max-changes\n"
    assert cli("apply", file, "--yes", "--max-changes", "1") == (6, "", error)
    monkeypatch.setenv("USERCLI_MAX_CHANGES", "1")
    assert cli("apply", file, "--yes") == (6, "", error)
    assert database.rows("SELECT count(*) FROM users") == [(0,)]
    assert cli("apply", file, "--yes", "--max-changes", "2")[0] == 0


def test_the_last_administrator_stays(cli: Cli, write: Write, database: Database, make_user: MakeUser) -> None:
    cli("role", "create", "admin", "--administrative")
    make_user("ada@example.com", roles=["admin"])
    cli("apply", write("name: staff\nusers:\n- email: ada@example.com\n"), "--yes")
    before = state(database)
    for text in (
        "name: staff\nusers: []\n",
        "name: staff\nusers:\n- email: ada@example.com\n  roles: []\n",
        "name: staff\nusers:\n- email: ada@example.com\n  is_active: false\n",
        "name: staff\nroles:\n- name: admin\n  administrative: false\n",
    ):
        file = write(text)
        code, out, err = cli("apply", file, "--prune", "--yes")
        assert (code, out) == (6, ""), text
        assert err.splitlines()[-1].startswith("error: this would leave no active administrator"), text
        assert state(database) == before
    assert cli("apply", file, "--yes", "--allow-no-admin", "--reason", "test")[0] == 0


def test_an_expiry_that_has_passed_stays_but_is_not_set(
    cli: Cli, write: Write, database: Database, ada: UserView
) -> None:
    file = write("name: staff\nusers:\n- email: ada@example.com\n  expires_at: 2020-01-01T00:00:00Z\n")
    error = "error: ada@example.com: the expiry 2020-01-01T00:00:00Z lies in the past\n"
    assert cli("apply", file, "--yes") == (2, "", error)
    database.rows("UPDATE users SET expires_at = '2020-01-01 00:00:00.000000'")
    database.rows("UPDATE users SET managed_by = 'staff'")
    assert applied(cli("apply", file, "-o", "json")[1]) == {"unchanged": 1}


def test_numbers_and_truth_are_compared_as_json(cli: Cli, write: Write) -> None:
    text = "name: staff\nusers:\n- email: ada@example.com\n  attributes: {n: %s, f: 1.5, big: 1e22}\n"
    assert cli("apply", write(text % "1"), "--yes")[0] == 0
    assert plan_of(cli, write(text % "1"))["changes"] == []
    assert plan_of(cli, write(text % "true"))["update"] == 1


# -- saved plans


NO_PASSWORD = STAFF.replace("    initial_password: correct horse battery\n", "")


def test_a_saved_plan_is_applied_as_it_was_reviewed(
    cli: Cli, write: Write, database: Database, environment: Path, make_user: MakeUser
) -> None:
    make_user("bob@example.com", full_name="Bob")
    code, out, _ = cli("plan", write(NO_PASSWORD), "--save", "plan.json", "-o", "json")
    assert (code, json.loads((environment / "plan.json").read_text())) == (0, json.loads(out))
    assert (environment / "plan.json").stat().st_mode & 0o777 == 0o600
    (environment / "staff.yaml").unlink()
    code, out, _ = cli("apply", "plan.json", "--yes", "-o", "json")
    assert (code, applied(out)) == (0, {"created": 2, "updated": 1})
    assert shown(cli, "ada@example.com", "full_name", "roles") == {"full_name": "Ada", "roles": ["editor"]}
    again = "error: changed since the plan was made: editor, ada@example.com, bob@example.com; plan again"
    code, out, err = cli("apply", "plan.json", "--yes")
    assert (code, out, err.splitlines()[-1]) == (4, "", again)


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["update", "bob@example.com", "--name", "B"], "bob@example.com"),
        (["update", "bob@example.com", "--email", "b@example.com"], "bob@example.com"),
        (["delete", "bob@example.com", "--yes"], "bob@example.com"),
        (["delete", "bob@example.com", "--purge", "--confirm", "bob@example.com"], "bob@example.com"),
        (["create", "Ada@example.com", "--no-password"], "ada@example.com"),
        (["deactivate", "old@example.com"], "old@example.com"),
        (["role", "create", "editor"], "editor"),
        (["role", "delete", "reader", "--yes"], "reader"),
        (["role", "update", "reader", "--administrative"], "reader"),
        (["role", "update", "ops", "--description", "x"], "ops"),
        (["apply", "other.yaml", "--yes"], "bob@example.com"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.each_once
def test_a_saved_plan_is_refused_when_what_it_touches_has_changed(
    cli: Cli, write: Write, database: Database, make_user: MakeUser, command: list[str], named: str
) -> None:
    make_user("bob@example.com", full_name="Bob")
    for name in ("reader", "ops"):
        cli("role", "create", name)
    write("name: other\nusers:\n- email: bob@example.com\n", "other.yaml")
    cli("apply", write("name: staff\nusers:\n- email: old@example.com\n"), "--yes")
    text = NO_PASSWORD.replace("users:", "  - name: ops\n    description: Runs\nusers:") + "    roles: [reader]\n"
    assert cli("plan", write(text), "--prune", "--save", "plan.json")[0] == 0
    assert cli(*command)[0] == 0
    before = state(database)
    code, out, err = cli("apply", "plan.json", "--yes")
    assert (code, out) == (4, "")
    assert err.splitlines()[-1] == f"error: changed since the plan was made: {named}; plan again"
    assert state(database) == before


def test_a_saved_plan_grants_no_role_that_was_made_anew_with_the_name(
    cli: Cli, write: Write, database: Database, make_user: MakeUser
) -> None:
    make_user("bob@example.com")
    cli("role", "create", "reader")
    text = "name: staff\nusers:\n- email: bob@example.com\n  roles: [reader]\n"
    assert cli("plan", write(text), "--save", "plan.json")[0] == 0
    cli("role", "delete", "reader", "--yes")
    cli("role", "create", "reader")
    code, _, err = cli("apply", "plan.json", "--yes")
    changed = "error: changed since the plan was made: reader; plan again"
    assert (code, err.splitlines()[-1]) == (4, changed)
    assert shown(cli, "bob@example.com", "roles") == {"roles": []}


def test_what_a_saved_plan_does_not_touch_may_have_changed(cli: Cli, write: Write, make_user: MakeUser) -> None:
    make_user("bob@example.com", full_name="Bob")
    assert cli("plan", write(NO_PASSWORD), "--save", "plan.json")[0] == 0
    assert cli("update", "bob@example.com", "--attribute", "a=b")[0] == 0
    assert cli("apply", "plan.json", "--yes")[0] == 0
    assert shown(cli, "bob@example.com", "full_name", "attributes") == {
        "full_name": "Robert",
        "attributes": {"a": "b"},
    }


def test_a_saved_plan_holds_no_password_and_one_that_needs_one_is_refused(
    cli: Cli, write: Write, environment: Path, database: Database
) -> None:
    assert cli("plan", write(STAFF), "--save", "plan.json")[0] == 0
    saved = (environment / "plan.json").read_text()
    assert ("horse" in saved, "$2" in saved) == (False, False)
    error = "error: the plan sets initial passwords; a saved plan contains none; apply the file itself\n"
    assert cli("apply", "plan.json", "--yes") == (2, "", error)
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


@on_sqlite
@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("name", "other"),
        ("changes.2.after.managed_by", "other"),
        ("changes.2.after.hashed_password", "x"),
        ("changes.2.after.email", "x@example.com"),
        ("changes.2.after.version", 1),
        ("changes.2.after.expires_at", 5),
        ("changes.2.after.expires_at", "2020-01-01T00:00:00Z"),
        ("changes.2.id", None),
        ("changes.2.id", "x"),
        ("changes.2.action", "purge"),
        ("changes.2.before", {}),
        ("changes.1.target", "no address"),
        ("changes.1.after.roles", "editor"),
        ("changes.0.action", "delete"),
        ("changes.0.target", "a;b"),
        ("changes.1.extra", 1),
    ],
)
def test_a_plan_that_somebody_bent_is_refused(
    cli: Cli, write: Write, environment: Path, database: Database, make_user: MakeUser, where: str, value: object
) -> None:
    make_user("bob@example.com", full_name="Bob")
    assert cli("plan", write(NO_PASSWORD), "--save", "plan.json")[0] == 0
    saved = json.loads((environment / "plan.json").read_text())
    *path, last = [int(part) if part.isdigit() else part for part in where.split(".")]
    item = saved
    for part in path:
        item = item[part]
    item[last] = value
    before = state(database)
    code, out, err = cli("apply", write(json.dumps(saved), "plan.json"), "--yes")
    assert (code, out) == (4 if where == "changes.2.before" else 2, ""), err
    assert state(database) == before


@on_sqlite
def test_a_plan_names_nobody_twice_and_no_role_that_it_did_not_see(
    cli: Cli, write: Write, environment: Path, database: Database, make_user: MakeUser
) -> None:
    for name in ("bob", "eve"):
        make_user(f"{name}@example.com")
    cli("role", "create", "reader")
    text = "name: staff\nusers:\n- email: bob@example.com\n  roles: [reader]\n- email: eve@example.com\n"
    assert cli("plan", write(text), "--save", "plan.json")[0] == 0
    plan = json.loads((environment / "plan.json").read_text())
    bob, eve = plan["changes"]
    for bent, reason in (
        ({**plan, "changes": [bob, {**bob, "target": "BOB@example.com"}]}, "a target appears twice"),
        ({**plan, "changes": [bob, {**eve, "id": bob["id"]}]}, "an id appears twice"),
        ({**plan, "granted": {}}, "it grants reader, and granted does not say which role that is"),
    ):
        code, _, err = cli("apply", write(json.dumps(bent), "plan.json"), "--yes")
        assert (code, err) == (2, f"error: plan.json: not a plan that usercli saved: {reason}\n")


@on_sqlite
def test_no_plan_deletes_a_user_whom_its_file_does_not_manage(
    cli: Cli, write: Write, database: Database, ada: UserView
) -> None:
    change = {"action": "delete", "kind": "user", "target": "ada@example.com", "id": str(ada.id)}
    code, out, err = cli("apply", write(json.dumps({"name": "staff", "changes": [change]}), "plan.json"), "--yes")
    refused = "error: changed since the plan was made: ada@example.com; plan again"
    assert (code, out, err.splitlines()[-1]) == (4, "", refused)
    assert database.rows("SELECT deleted_at FROM users") == [(None,)]


@on_sqlite
def test_a_plan_is_neither_planned_nor_given_a_name_or_pruned_again(cli: Cli, write: Write) -> None:
    cli("plan", write(NO_PASSWORD), "--save", "plan.json")
    error = "error: plan.json is a saved plan; apply it, or plan the file that it was made of\n"
    assert cli("plan", "plan.json") == (2, "", error)
    for option in (["--prune"], ["--name", "x"]):
        assert cli("apply", "plan.json", "--yes", *option)[0] == 2
    error = "error: --save requires a name that ends in .json\n"
    assert cli("plan", "staff.yaml", "--save", "plan.yaml") == (2, "", error)


# -- files


@on_sqlite
def test_the_sample_of_the_page_is_valid(cli: Cli, write: Write) -> None:
    page = (Path(__file__).parent.parent / "docs" / "desired-state.md").read_text(encoding="utf-8")
    expected = plan_of(cli, write(page.partition("```yaml\n")[2].partition("```")[0].replace("2027", "2999")))
    [role, user] = expected["changes"]
    assert role["after"] == {"description": "Writes", "administrative": False}
    assert set(user["after"]) == {*DesiredUser.model_fields, "managed_by"} - {"email"}


def test_json_and_tables_say_the_same_as_yaml(cli: Cli, write: Write) -> None:
    users = [
        {
            "email": "ada@example.com",
            "full_name": "=Ada, \"A\"",
            "is_active": False,
            "roles": ["a", "b"],
            "attributes": {"n": 1},
            "expires_at": "2999-01-31T00:00:00Z",
            "must_change_password": True,
            "initial_password": "correct horse battery",
        },
        {"email": "bob@example.com", "full_name": "", "is_active": True, "roles": [], "attributes": {},
         "expires_at": None, "must_change_password": False},
    ]  # fmt: skip
    for name in ("a", "b"):
        cli("role", "create", name)
    table = (
        "email,full_name,is_active,roles,attributes,expires_at,must_change_password,initial_password\n"
        'ada@example.com,"\'=Ada, ""A""",false,a;b,"{""n"":1}",2999-01-31,true,correct horse battery\n'
        "bob@example.com,,yes,,,,no,\n"
    )
    text = json.dumps({"name": "staff", "users": users})
    expected = plan_of(cli, write(text, "staff.json"))
    assert len(expected["changes"]) == 2
    assert expected["changes"][0]["after"]["full_name"] == '=Ada, "A"'
    assert plan_of(cli, write(text, "staff.yml")) == expected
    assert plan_of(cli, write(table, "staff.csv"), "--name", "staff") == expected
    assert plan_of(cli, write("\ufeff" + table.replace(",", ";").replace("a;b", '"a;b"').replace(
        '=Ada; ""A""', '=Ada, ""A""').replace("initial_password\n", "initial_password\r\n"), "staff.csv"),
        "--name", "staff") == expected  # fmt: skip


@on_sqlite
@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("a.yaml", "", "a.yaml: the file is empty"),
        ("a.yaml", "# nothing\n", "a.yaml: the file is empty"),
        ("a.yaml", "- a\n", "a.yaml:1: the file is not a mapping of name, roles and users"),
        (
            "a.yaml",
            "users: []\n",
            "a.yaml: the name is missing; write name: in the file, or for CSV give --name NAME",
        ),
        ("a.yaml", "name: a\nname: b\n", "a.yaml:2: the key name appears twice"),
        ("a.yaml", "name: a\nuser: []\n", "a.yaml:2: no such key: user; did you mean: users"),
        (
            "a.yaml",
            "name: a\nusers:\n- email: a@example.com\n  fullname: A\n",
            "a.yaml:4: no such key: fullname; did you mean: full_name",
        ),
        (
            "a.yaml",
            "name: a\nroles:\n- name: r\n  administratve: true\n",
            "a.yaml:4: no such key: administratve; did you mean: administrative",
        ),
        ("a.yaml", "name: a\nusers:\n- full_name: A\n", "a.yaml:3: email is missing"),
        (
            "a.yaml",
            "name: a\nusers:\n- email: a@example.com\n- email: b@example.com\n- email: A@EXAMPLE.com\n",
            "a.yaml:5: A@EXAMPLE.com appears twice, first at line 3",
        ),
        (
            "a.yaml",
            "name: a\nusers:\n- email: a@example.com\n  is_active: yes\n",
            "a.yaml:4: is_active: input should be a valid boolean",
        ),
        (
            "a.yaml",
            "name: a\nusers:\n- email: a@example.com\n  roles:\n",
            "a.yaml:4: roles has no value; leave the key out, or write an empty value",
        ),
        (
            "a.yaml",
            "name: a\nusers:\n- email: a@example.com\n  roles: admin\n",
            "a.yaml:4: roles: input should be a valid list",
        ),
        (
            "a.yaml",
            "name: a\nusers:\n- email: a@example.com\n  expires_at: 30d\n",
            "a.yaml:4: not a time (write 2027-01-31, 2027-01-31T08:00:00Z or never)",
        ),
        (
            "a.yaml",
            "a: &a [x, x]\nb: [*a, *a]\n",
            "a.yaml:1: anchors and aliases (& and *) are not read; write it out",
        ),
        ("a.yaml", "name: !!python/object/apply:os.system [x]\n", "a.yaml:1: tags (!) are not read"),
        ("a.yaml", "name: a\n---\nname: b\n", "a.yaml:2: a second document begins; one is read"),
        ("a.yaml", "name: " + "[" * 5000, "a.yaml:1: nested deeper than 100 levels"),
        ("a.yaml", "name: [\n", None),
        ("a.yaml", "name: a\nusers: {a: 1}\n", "a.yaml:2: users: input should be a valid list"),
        ("a.yaml", "name: 5\n", "a.yaml:1: name: input should be a valid string"),
        ("a.yaml", "name: ' a'\n", "a.yaml:1: not a name for a file: 1 to 64 characters, no blank at an end"),
        ("a.yaml", "name: a\x07\n", None),
        ("a.yaml", b"name: a\n# Z\xfcrich\n", "a.yaml:2: not valid UTF-8 at byte 4 (Latin-1 has such bytes)"),
        ("a.yaml", "name: a\n".encode("utf-16-le"), "the file looks like UTF-16-LE without its mark"),
        ("a.yaml", "name: a\nusers:\n- email: a@example.com\n  attributes: {n: " + "9" * 5000 + "}\n", None),
        ("a.yaml", "name: a\n#" + "x" * (16 << 20), None),
        ("a.yaml.gz", gzip.compress(b"name: a\n", mtime=0), None),
        ("a.json", '{"name": "a",\n"users": [}', "a.json:2: not valid JSON: expecting value"),
        ("a.json", '{"name": "a", "name": "b"}', "a.json: the key name appears twice"),
        (
            "a.json",
            '{"name": "a", "users": [{"email": "a@example.com", "rolles": []}]}',
            "a.json: users[0].rolles: no such key: rolles; did you mean: roles",
        ),
        ("a.json", '{"name": ' + "[" * 200_000, "a.json: nested deeper than 100 levels"),
        ("a.json", '{"name": ' + "9" * 5000 + "}", "a.json: a number is too long"),
        (
            "a.csv",
            "email,login\n",
            "a.csv:1: no such column: login (known: email, full_name, is_active, roles, attributes, "
            "must_change_password, expires_at, initial_password)",
        ),
        ("a.csv", "email,email\n", "a.csv:1: the column email appears twice"),
        ("a.csv", "email,fullname\n", "a.csv:1: no such column: fullname; did you mean: full_name"),
        ("a.csv", "email,roles\na@example.com\n", "a.csv:2: 1 fields where the header has 2"),
        ("a.csv", 'email\n"a@example.com\n', "a.csv:2: not valid CSV (is a quote not closed?)"),
        ("a.csv", "email,attributes\na@example.com,{\n", "a.csv:2: attributes is not a JSON object"),
        ("a.csv", "email\nnot an address\n", None),
        ("a.csv", "email,is_active\na@example.com,\n", "a.csv:2: is_active: input should be a valid boolean"),
        ("a.txt", "x", "cannot tell the format of a.txt from its name (known: .yaml, .yml, .json, .csv)"),
        ("a.yaml", None, "cannot read a.yaml: no such file or directory"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line_with_the_place(
    cli: Cli, write: Write, database: Database, name: str, text: str | bytes | None, error: str | None
) -> None:
    if text is not None:
        write(text, name)
    naming = ["--name", "a"] if name.endswith(".csv") else []
    for command in (["plan", name], ["apply", name, "--yes"]):
        code, out, err = cli(*command, *naming)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("error: ")
        assert error is None or err == f"error: {error}\n"
    assert database.rows("SELECT count(*) FROM audit_events") == [(0,)]


@on_sqlite
@pytest.mark.parametrize("form", ["csv", "json", "yaml"])
def test_an_export_is_told_which_one_fits(cli: Cli, ada: UserView, form: str) -> None:
    assert cli("export", f"all.{form}")[0] == 0
    naming = ["--name", "a"] if form == "csv" else []
    code, out, err = cli("plan", f"all.{form}", *naming)
    way = "name the fields, as in usercli (export .*), and then the state, as in usercli (plan .*)\n"
    told = re.search(f"for one that fits here {way}", err)
    assert (code, out, bool(told)) == (2, "", True)
    if form == "csv":
        unfit = "id, password_changed_at, last_login_at, version, created_at, updated_at, deleted_at"
        assert err.startswith(f"error: all.csv:1: no such columns: {unfit} (known: email, ")
    assert told
    assert cli(*told[1].replace("FILE", "fitting").split())[0] == 0
    assert cli(*told[2].replace("FILE", "fitting").split())[0] == 0


@on_sqlite
def test_more_than_is_shown_is_seen_by_a_command_that_works(cli: Cli, environment: Path) -> None:
    rows = "".join(f"u{number}@example.com\n" for number in range(25))
    (environment / "all staff.csv").write_text(f"email\n{rows}")
    see = "plan 'all staff.csv' --name staff --prune"
    code, _, err = cli("apply", "all staff.csv", "--name", "staff", "--prune", "--no-input")
    assert (code, err.splitlines()[20]) == (2, f"plan: and 5 more; see: usercli {see}")
    code, out, _ = cli(*shlex.split(see), "--save", "p.json", "-o", "csv")
    assert (code, out.count("create")) == (0, 25)
    code, _, err = cli("apply", "p.json", "--no-input")
    assert (code, err.splitlines()[20]) == (2, "plan: and 5 more")


@on_sqlite
def test_no_error_repeats_a_password(cli: Cli, write: Write) -> None:
    for bad in ("{x}\\0", "{x}", "[{x}]", "{{a: {x}}}", '"{x}', "!{x} y", "*{x}"):
        text = STAFF.replace(
            "correct horse battery", bad.replace("{x}", "Zq7Xk").replace("{{", "{").replace("}}", "}")
        )
        code, out, err = cli("apply", write(text), "--yes", "--debug")
        assert code in {2, 6}, (bad, err)
        assert "Zq7Xk" not in out + err, bad
