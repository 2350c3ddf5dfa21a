"""A change is taken back whole, field by field, unless somebody was there since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.audit_log import HASH, verify
from tests.conftest import Cli, Database
from tests.table_dump import everything
from usercli.repositories import user_bulk_update
from usercli.services import undo

pytestmark = pytest.mark.either_engine

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"
#: What an undo may not give back exactly: the row did change.
_MOVES = ("version", "updated_at", "created_at", "id", "deleted_at")


def change(cli: Cli, *line: str, stdin: str = "") -> str:
    """Run a command; the id of its change."""
    code, out, err = cli(*line, "-o", "json", stdin=stdin)
    assert code == 0, err
    return str(json.loads(out)["change_id"])


def state(cli: Cli) -> tuple[str, ...]:
    """All that operators see of users and roles, but the columns that every change moves."""
    shown = [
        cli("list", "--sort", "email", "-o", "json")[1],
        cli("list", "--deleted", "--sort", "email", "-o", "json")[1],
    ]
    users = [[{k: v for k, v in user.items() if k not in _MOVES} for user in json.loads(text)] for text in shown]
    roles = json.loads(cli("role", "list", "-o", "json")[1])
    return tuple(json.dumps(part, sort_keys=True) for part in (*users, roles))  # to Python 1 and true are equal


@pytest.fixture
def two(cli: Cli) -> Cli:
    """Ada, who administers, and Bob; the roles admin and ops."""
    assert cli("role", "create", "admin", "--administrative")[0] == cli("role", "create", "ops")[0] == 0
    attributes = ["--attribute", "team=blue", "--attribute-json", "n=1"]
    assert cli("create", ADA, "--name", "Ada", *attributes, "--role", "admin", "--no-password")[0] == 0
    assert cli("create", BOB, "--name", "Bob", *attributes, "--password-hash-stdin", stdin=f"{HASH}\n")[0] == 0
    return cli


CHANGES = {
    "an update": ["update", ADA, BOB, "--name", "X", "--attribute", "team=red", "--attribute", "new=1"],
    "another type": ["update", BOB, "--attribute-json", "n=true"],
    "a taken attribute": ["update", BOB, "--unset-attribute", "team", "--unset-attribute", "n"],
    "an address": ["update", BOB, "--email", EVE],
    "an expiry": ["update", BOB, "--expires", "2999-01-01"],
    "a deletion": ["delete", BOB, "--yes"],
    "a deactivation": ["deactivate", BOB],
    "a grant": ["role", "grant", "ops", ADA, BOB],
    "a grant of administration": ["role", "grant", "admin", BOB],
    "an expired password": ["password", "expire", BOB],
    "a new role": ["role", "create", "new", "--administrative"],
    "a changed role": ["role", "update", "ops", "--description", "x", "--administrative"],
    "a renamed role and all": ["role", "delete", "ops", "--yes"],
}


@pytest.mark.parametrize("line", CHANGES.values(), ids=CHANGES)
@pytest.mark.each_once
def test_a_change_is_undone_and_its_undo_too(two: Cli, line: list[str]) -> None:
    first = state(two)
    done = change(two, *line)
    second = state(two)
    assert second != first
    undone = change(two, "undo", done, "--yes")
    assert state(two) == first
    redone = change(two, "undo", undone, "--yes")
    assert state(two) == second
    last = change(two, "undo", redone, "--yes")
    assert state(two) == first
    found = {line["change_id"]: line["undone_by"] for line in json.loads(two("changes", "-o", "json")[1])}
    assert [found[name] for name in (done, undone, redone, last)] == [undone, None, last, None]


def test_what_takes_the_way_back_is_undone_too(two: Cli) -> None:
    assert two("role", "grant", "ops", BOB)[0] == two("delete", BOB, "--yes")[0] == 0
    in_bin = state(two)
    done = change(two, "restore", BOB)
    outside = state(two)
    assert outside != in_bin
    assert change(two, "undo", done, "--yes")
    assert state(two) == in_bin
    assert two("restore", BOB)[0] == 0
    for line in (["role", "revoke", "ops", BOB], ["role", "delete", "ops", "--revoke", "--yes"]):
        done = change(two, *line)
        assert change(two, "undo", done, "--yes")
        assert state(two) == outside
    assert two("deactivate", BOB)[0] == 0
    done = change(two, "activate", BOB)
    assert change(two, "undo", done, "--yes")
    assert json.loads(two("show", BOB, "-o", "json")[1])["is_active"] is False


def test_a_creation_is_undone_to_the_bin(two: Cli, database: Database) -> None:
    done = change(two, "create", EVE, "--name", "Eve", "--role", "ops", "--no-password")
    code, out, err = two("undo", done, "--yes", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 1)
    assert err.splitlines()[0] == f"plan: {EVE}: move to the recycle bin"
    assert two("exists", EVE)[0] == 8
    assert two("restore", EVE)[0] == 0
    user = json.loads(two("show", EVE, "-o", "json")[1])
    assert (user["is_active"], user["roles"], user["full_name"]) == (True, ["ops"], "Eve")
    assert verify(database).ok


def test_a_dry_run_and_a_no_change_nothing_and_the_plan_comes_first(two: Cli, database: Database) -> None:
    done = change(two, "update", ADA, BOB, "--name", "X")
    before = everything(database), verify(database).count
    plan = f"plan: {ADA}: restore full_name\nplan: {BOB}: restore full_name\n"
    code, out, err = two("undo", done, "--dry-run", "-o", "json")
    shown = json.loads(out)
    assert (code, shown["changed"], shown["dry_run"], shown["change_id"]) == (0, 2, True, None)
    assert err.startswith(plan)
    code, out, err = two("undo", done)
    assert (code, out) == (2, "")
    assert err == f"{plan}error: undo the change {done}: this needs a confirmation; add --yes\n"
    code, out, err = two("undo", done, stdin="n\n", terminal=True)
    assert (code, out) == (130, "")
    assert (everything(database), verify(database).count) == before


# -- what somebody changed since


def test_what_changed_since_is_named_and_nothing_is_undone(two: Cli, database: Database) -> None:
    done = change(two, "update", ADA, BOB, "--name", "X", "--attribute", "team=red", "--attribute", "new=1")
    assert two("update", BOB, "--name", "Y")[0] == two("update", ADA, "--attribute", "team=green")[0] == 0
    before = everything(database)
    code, out, err = two("undo", done, "--yes")
    assert (code, out) == (4, "")
    said = f"error: changed since: {ADA} attributes; {BOB} full_name; --only-unchanged does the rest"
    assert err.splitlines()[-1] == said
    assert everything(database) == before
    [refusal] = [json.loads(line) for line in two("audit", "log", "--refused", "-o", "jsonl")[1].splitlines()]
    assert (refusal["action"], refusal["outcome"]) == ("change.undone", "conflict")
    code, out, err = two("undo", done, "--yes", "--only-unchanged", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 2)
    assert [line for line in err.splitlines() if line.startswith("warning")] == [
        f"warning: left as it is, changed since: {ADA} attributes",
        f"warning: left as it is, changed since: {BOB} full_name",
    ]
    found = {user["email"]: user for user in json.loads(two("list", "-o", "json")[1])}
    assert (found[ADA]["full_name"], found[ADA]["attributes"]) == ("Ada", {"team": "green", "n": 1, "new": "1"})
    assert (found[BOB]["full_name"], found[BOB]["attributes"]) == ("Y", {"team": "blue", "n": 1})
    code, out, err = two("undo", done, "--yes", "--only-unchanged")
    assert (code, out) == (4, "")


def test_other_fields_attributes_and_roles_that_changed_since_are_no_conflict_and_stay(two: Cli) -> None:
    done = change(two, "update", BOB, "--name", "X", "--attribute", "team=red", "--add-role", "ops")
    assert two("update", BOB, "--attribute", "other=1", "--expires", "2999-01-01", "--add-role", "admin")[0] == 0
    assert change(two, "undo", done, "--yes")
    bob = json.loads(two("show", BOB, "-o", "json")[1])
    assert (bob["full_name"], bob["attributes"], bob["roles"], bob["expires_at"]) == (
        "Bob", {"team": "blue", "n": 1, "other": "1"}, ["admin"], "2999-01-01T00:00:00Z",
    )  # fmt: skip


def test_a_change_past_the_tool_counts_too_also_of_a_type(two: Cli, database: Database) -> None:
    done = change(two, "update", BOB, "--attribute-json", "n=2")
    value = '\'{"team": "blue", "n": 2.5}\''
    database.rows(f"UPDATE users SET attributes = {value} WHERE email = 'bob@example.com'")  # version stays
    assert two("undo", done, "--yes")[0] == 4
    done = change(two, "update", BOB, "--attribute-json", "n=1")
    value = '\'{"team": "blue", "n": true}\''
    database.rows(f"UPDATE users SET attributes = {value} WHERE email = 'bob@example.com'")
    assert two("undo", done, "--yes")[0] == 4  # to Python 1 and true are equal


SINCE = {
    "full_name": ["update", EVE, "--name", "Victor"],
    "attributes": ["update", EVE, "--attribute", "new=1"],
    "expires_at": ["update", EVE, "--expires", "2999-01-01"],
    "roles": ["role", "grant", "admin", EVE],
    "is_active": ["deactivate", EVE],
    "email": ["update", EVE, "--email", "v@example.com"],
    "email, full_name": ["update", EVE, "--email", "v@example.com", "--name", "Victor"],
}


@pytest.mark.parametrize("fields", SINCE)
def test_who_was_made_and_changed_since_is_a_conflict(two: Cli, database: Database, fields: str) -> None:
    done = change(two, "create", EVE, "--role", "ops", "--attribute", "team=red", "--no-password")
    later = change(two, *SINCE[fields])
    before = everything(database)
    email = "v@example.com" if "email" in fields else EVE
    code, out, err = two("undo", done, "--yes")
    assert (code, out) == (4, "")
    assert err == f"error: changed since: {email} {fields}; --only-unchanged does the rest\n"
    code, out, err = two("undo", done, "--yes", "--only-unchanged", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 0)
    assert err.startswith(f"warning: left as it is, changed since: {email} {fields}\n")
    assert everything(database) == before
    assert change(two, "undo", later, "--yes")  # as it was made
    assert change(two, "undo", done, "--yes")
    assert two("exists", EVE)[0] == 8


def test_a_password_and_a_sign_in_are_no_conflict_of_a_creation(two: Cli) -> None:
    done = change(two, "create", EVE, "--password-hash-stdin", "--must-change", stdin=f"{HASH}\n")
    assert two("password", "set", EVE, "--no-password")[0] == two("password", "expire", EVE)[0] == 0
    assert two("password", "set", EVE, "--password-hash-stdin", stdin=f"{HASH}\n")[0] == 0
    assert change(two, "undo", done, "--yes")
    assert two("exists", EVE)[0] == 8


@pytest.mark.parametrize("worth", [10**9, 0])
def test_of_an_import_those_who_changed_since_stay_with_the_role_that_it_made(
    two: Cli, environment: Path, database: Database, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    monkeypatch.setattr(user_bulk_update, "WORTH_STAGING", worth)
    numbers = '{"a":[1e22,-0.0],"b":{"c":-1.5e300,"d":1e16,"e":1.0}}'  # PostgreSQL gives them back otherwise
    lines = [f'{{"email":"u{n}@example.com","attributes":{numbers},"roles":["new"]}}\n' for n in range(4)]
    (environment / "u.jsonl").write_text("".join(lines))
    done = change(two, "import", "u.jsonl", "--create-roles")
    assert change(two, "undo", change(two, "undo", done, "--yes"), "--yes")  # nobody changed them
    assert two("update", "u1@example.com", "u2@example.com", "--name", "X")[0] == 0
    before = everything(database)
    code, out, err = two("undo", done, "--yes")
    assert (code, out) == (4, "")
    listed = "u1@example.com full_name; the role new is held by users; u2@example.com full_name"
    assert err.splitlines()[-1] == f"error: changed since: {listed}; --only-unchanged does the rest"
    assert everything(database) == before
    code, out, err = two("undo", done, "--yes", "--only-unchanged", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 2)
    assert "remove the role" not in err
    assert two("exists", "u0@example.com")[0] == two("exists", "u3@example.com")[0] == 8
    assert [user["roles"] for user in json.loads(two("list", "--search", "u", "-o", "json")[1])] == [["new"]] * 2
    assert verify(database).ok


def test_many_conflicts_are_told_in_one_short_line(two: Cli) -> None:
    emails = [f"u{number:02}@example.com" for number in range(30)]
    for email in emails:
        assert two("create", email, "--no-password")[0] == 0
    done = change(two, "update", *emails, "--name", "X")
    assert two("update", *emails, "--name", "Y")[0] == 0
    code, _, err = two("undo", done, "--yes")
    listed = "; ".join(f"{email} full_name" for email in emails[:10])
    assert (code, err) == (4, f"error: changed since: {listed}; and 20 more; --only-unchanged does the rest\n")
    code, out, err = two("undo", done, "--yes", "--only-unchanged", "-o", "json")
    assert (code, json.loads(out)["changed"], json.loads(out)["change_id"], len(err.splitlines())) == (
        0,
        0,
        None,
        12,
    )


def test_a_change_is_undone_once_and_again_after_its_undo_was_undone(two: Cli) -> None:
    done = change(two, "deactivate", BOB)
    undone = change(two, "undo", done, "--yes")
    code, out, err = two("undo", done, "--yes")
    assert (code, out, err) == (4, "", f"error: the change {done} was undone already, by {undone}\n")
    assert change(two, "undo", undone, "--yes")
    assert change(two, "undo", done, "--yes")
    assert json.loads(two("show", BOB, "-o", "json")[1])["is_active"] is True


def test_an_unknown_change_is_not_found(two: Cli) -> None:
    for unknown in ("01a1fc06-8ddf-766a-827d-e7e5975bf096", "x", "", "'; DROP TABLE users"):
        assert two("undo", unknown, "--yes") == (3, "", f"error: no such change: {unknown}\n")


def test_a_refused_change_is_no_change(two: Cli) -> None:
    assert two("deactivate", ADA)[0] == 6
    [refusal] = [json.loads(line) for line in two("audit", "log", "--refused", "-o", "jsonl")[1].splitlines()]
    refused = refusal["change_id"]
    assert two("undo", refused, "--yes") == (3, "", f"error: no such change: {refused}\n")


# -- rules


def test_a_password_cannot_be_undone_and_the_way_out_is_named(two: Cli, database: Database) -> None:
    [stored] = database.rows("SELECT hashed_password FROM users WHERE email = 'bob@example.com'")
    for line, stdin in (
        (["password", "set", BOB, "--no-password"], ""),
        (["password", "set", BOB, "--password-hash-stdin", "--must-change"], f"{HASH}\n"),
        (["password", "reset", BOB, "--secret-out", "new.csv", "--yes"], ""),
    ):
        done = change(two, *line, stdin=stdin)
        before = everything(database)
        code, out, err = two("undo", done, "--yes")
        assert (line, code, out) == (line, 6, "")
        assert err == f"error: {database.url.where}: a password cannot be undone; use: usercli password reset\n"
        assert everything(database) == before
    assert [stored] != database.rows("SELECT hashed_password FROM users WHERE email = 'bob@example.com'")


def test_the_last_administrator_is_kept_by_an_undo_too(two: Cli, database: Database) -> None:
    done = change(two, "role", "grant", "admin", BOB)
    assert two("role", "revoke", "admin", ADA)[0] == 0
    before = everything(database)
    code, out, err = two("undo", done, "--yes")
    assert (code, out) == (6, "")
    assert err.splitlines()[-1].startswith("error: this would leave no active administrator; ")
    assert everything(database) == before
    assert two("undo", done, "--yes", "--allow-no-admin")[0] == 2
    assert two("undo", done, "--yes", "--allow-no-admin", "--reason", "closing")[0] == 0
    assert verify(database).ok


def test_an_address_that_was_taken_meanwhile_is_a_conflict(two: Cli, database: Database) -> None:
    deleted = change(two, "delete", BOB, "--yes")
    assert two("create", BOB, "--no-password")[0] == 0
    renamed = change(two, "update", ADA, "--email", EVE)
    assert two("create", ADA, "--no-password")[0] == 0
    before = everything(database)
    for done, email in ((deleted, BOB), (renamed, ADA)):
        code, out, err = two("undo", done, "--yes")
        assert (code, out) == (4, "")
        said = f"error: changed since: {email} is another user's address; --only-unchanged does the rest"
        assert err.splitlines()[-1] == said
    assert everything(database) == before


def test_the_rest_is_undone_where_one_address_was_taken(two: Cli, database: Database) -> None:
    emails = [f"u{number}@example.com" for number in range(3)]
    for email in emails:
        assert two("create", email, "--no-password")[0] == 0
    deleted = change(two, "delete", *emails, "--yes")
    assert two("create", emails[1], "--no-password")[0] == 0
    code, _, err = two("undo", deleted, "--yes", "--only-unchanged")
    assert (code, f"{emails[1]} is another user's address" in err) == (0, True), err
    assert two("list", "--search", "u", "-o", "ids", "--deleted")[1].count("\n") == 1
    renamed = change(two, "update", emails[0], "--email", "n@example.com", "--name", "New")
    assert two("create", emails[0], "--no-password")[0] == 0
    assert two("undo", renamed, "--yes", "--only-unchanged")[0] == 0
    [(email, name)] = database.rows("SELECT email, full_name FROM users WHERE email = 'n@example.com'")
    assert (email, name) == ("n@example.com", "")


@pytest.mark.parametrize("worth", [1, 10**9])
@pytest.mark.parametrize("way", ["renamed", "deleted", "in a ring"])
def test_addresses_pass_between_users_of_different_batches(
    two: Cli, database: Database, environment: Path, monkeypatch: pytest.MonkeyPatch, way: str, worth: int
) -> None:
    monkeypatch.setattr(undo, "_USERS_AT_A_TIME", 2)
    monkeypatch.setattr(user_bulk_update, "WORTH_STAGING", worth)
    emails = [f"u{number}@example.com" for number in range(6)]
    for email in emails:
        assert two("create", email, "--no-password")[0] == 0
    before = _users(database)
    between = [f"update {email} --name X" for email in emails[1:5]]
    first, last = emails[0], emails[5]
    lines = {
        "renamed": [f"update {first} --email t@example.com", *between, f"update {last} --email {first}"],
        "deleted": [f"delete {first} --yes", *between, f"update {last} --email {first}"],
        "in a ring": [
            f"update {first} --email t@example.com",
            *between,
            f"update {last} --email {first}",
            f"update t@example.com --email {last}",
        ],
    }[way]
    (environment / "b.txt").write_text("\n".join(lines) + "\n")
    assert two("batch", "--atomic", "b.txt")[0] == 0
    after = _users(database)
    code, _, err = two("undo", "--last", "--dry-run")
    assert code == 0, err
    undone = change(two, "undo", "--last", "--yes")
    assert _users(database) == before
    change(two, "undo", undone, "--yes")
    assert _users(database) == after
    assert verify(database).ok


def _users(database: Database) -> list[Any]:
    return database.rows("SELECT email, email_key, full_name, is_active, deleted_at IS NULL FROM users ORDER BY id")


def test_a_role_that_was_granted_since_stays(two: Cli, database: Database) -> None:
    made = change(two, "role", "create", "new")
    assert two("role", "grant", "new", BOB)[0] == 0
    before = everything(database)
    code, out, err = two("undo", made, "--yes")
    assert (code, out) == (4, "")
    said = "error: changed since: the role new is held by users; --only-unchanged does the rest"
    assert err.splitlines()[-1] == said
    assert everything(database) == before
    assert two("undo", made, "--yes", "--only-unchanged")[0] == 0
    assert everything(database) == before


def test_a_role_that_only_users_in_the_bin_have_goes_and_comes_back_with_them(two: Cli, database: Database) -> None:
    first = state(two)
    made = change(two, "role", "create", "new")
    created = change(two, "create", EVE, "--role", "new", "--no-password")
    assert change(two, "undo", created, "--yes")
    undone = change(two, "undo", made, "--yes")
    assert (state(two)[0], state(two)[2]) == (first[0], first[2])
    assert change(two, "undo", undone, "--yes")
    assert two("restore", EVE)[0] == 0
    assert json.loads(two("show", EVE, "-o", "json")[1])["roles"] == ["new"]
    assert verify(database).ok


def test_a_user_in_the_bin_and_a_role_that_is_gone_are_named(two: Cli, database: Database) -> None:
    deactivated = change(two, "deactivate", BOB)
    assert two("role", "grant", "ops", BOB)[0] == 0
    revoked = change(two, "role", "revoke", "ops", BOB)
    assert two("role", "delete", "ops", "--yes")[0] == two("delete", BOB, "--yes")[0] == 0
    before = everything(database)
    for done, field in ((deactivated, "is_active"), (revoked, "roles")):
        code, out, err = two("undo", done, "--yes")
        assert (code, out) == (4, "")
        assert err.splitlines()[-1] == f"error: changed since: {BOB} {field}; --only-unchanged does the rest"
        assert two("undo", done, "--yes", "--only-unchanged")[0] == 0
    assert everything(database) == before


def test_what_is_gone_is_named(two: Cli, database: Database) -> None:
    done = change(two, "update", ADA, BOB, "--name", "X")
    assert two("delete", BOB, "--purge", "--confirm", BOB)[0] == 0
    code, out, err = two("undo", done, "--yes")
    assert (code, out) == (4, "")
    assert err.splitlines()[-1] == f"error: changed since: {BOB} is gone; --only-unchanged does the rest"
    assert two("undo", done, "--yes", "--only-unchanged")[0] == 0
    assert json.loads(two("show", ADA, "-o", "json")[1])["full_name"] == "Ada"


def test_the_undo_says_what_it_undoes(two: Cli, database: Database) -> None:
    done = change(two, "update", ADA, BOB, "--name", "X")
    undone = change(two, "undo", done, "--yes", "--reason", "a mistake")
    events: list[dict[str, Any]] = [
        json.loads(line) for line in two("audit", "log", "--change", undone, "-o", "jsonl")[1].splitlines()
    ]
    assert [
        (e["action"], e["undoes"], e["reason"], e["target_email"], e["before"], e["after"]) for e in events
    ] == [
        ("user.updated", done, "a mistake", ADA, {"full_name": "X"}, {"full_name": "Ada"}),
        ("user.updated", done, "a mistake", BOB, {"full_name": "X"}, {"full_name": "Bob"}),
    ]
    [line] = [line for line in json.loads(two("changes", "-o", "json")[1]) if line["change_id"] == undone]
    assert line["summary"] == f"user.updated 2 users (undoes {done})"
    assert verify(database).ok


def test_a_dry_undo_is_told_in_the_right_form(cli: Cli, database: Database) -> None:
    cli("create", "ada@example.com", "--no-password")
    [change] = cli("changes", "--limit", "1", "-q")[1].split()
    err = cli("undo", change, "--dry-run", "-q")[2]
    assert err.splitlines()[-1] == (
        f"would have undone the change {change}: ada@example.com on {database.url.where}"
    )


@pytest.mark.parametrize("worth", [10**9, 1], ids=["few", "many"])
@pytest.mark.parametrize(
    "lines",
    [
        [
            f"update {ADA} --email t@example.com",
            f"update {BOB} --email {ADA}",
            f"update t@example.com --email {BOB}",
        ],
        [f"update {BOB} --email {EVE}", f"update {ADA} --email {BOB}"],
        [f"update {BOB} --email {EVE}", f"create {BOB} --no-password"],
        [f"delete {BOB} --yes", f"create {BOB} --no-password"],
    ],
    ids=["exchanged", "handed on", "created anew", "deleted and created anew"],
)
def test_an_email_that_went_to_another_user_comes_back(
    two: Cli, monkeypatch: pytest.MonkeyPatch, lines: list[str], worth: int
) -> None:
    monkeypatch.setattr(user_bulk_update, "WORTH_STAGING", worth)
    held = {user["id"]: user["email"] for user in json.loads(two("list", "-o", "json")[1])}
    assert two("batch", "-", "--atomic", "--yes", stdin="\n".join(lines))[0] == 0
    code, _, err = two("undo", "--last", "--yes")
    assert code == 0, err
    assert {user["id"]: user["email"] for user in json.loads(two("list", "-o", "json")[1])} == held
    assert two("exists", ADA)[0] == two("exists", BOB)[0] == 0
    assert two("audit", "verify")[0] == 0


NUMBERS = ("1e22", "1.5e300", "-0.0", "1e16", "-1e17", "1E2", "1e-7", "123456789012345678901")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_the_same_once_it_is_stored(two: Cli, number: str) -> None:
    before = state(two)
    line = ["update", BOB, "--attribute-json", f"k=[{number}]"]
    assert json.loads(two(*line, "-o", "json")[1])["changed"] == 1
    assert json.loads(two(*line, "-o", "json")[1])["changed"] == 0
    [stored] = json.loads(two("show", BOB, "-o", "json")[1])["attributes"]["k"]
    assert float(stored) == float(number)
    code, _, err = two("undo", "--last", "--yes")
    assert code == 0, err
    assert state(two) == before
