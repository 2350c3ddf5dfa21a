"""access-review: what a reviewer decided comes about, on the grants that were reviewed and on no others."""

from __future__ import annotations

import csv
import gzip
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Cli, Database

pytestmark = pytest.mark.either_engine

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"
FIELDS = "user,email,role,administrative,granted_at,granted_by,last_login_at,is_active,decision"

Review = Callable[..., str]

#: Where the engine plays no part.
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def staff(cli: Cli) -> None:
    """Ada is the administrator and an editor, Bob an editor."""
    for line in (
        "role create admin --administrative",
        "role create editor",
        f"create {BOB} --role editor --no-password --actor grace",
        f"create {ADA} --role admin --role editor --no-password",
    ):
        assert cli(*line.split())[0] == 0, line


@pytest.fixture
def review(cli: Cli, staff: None, environment: Path) -> Review:
    """Export, decide (`ada_editor="keep"`), and give the file's name. Rows: ada admin, ada editor, bob editor."""

    def write(name: str = "review.csv", **decisions: str) -> str:
        assert cli("access-review", "export", name)[0] == 0
        separator = "\t" if name.endswith(".tsv") else ","
        rows = list(csv.DictReader(io.StringIO((environment / name).read_text()), delimiter=separator))
        for row in rows:
            row["decision"] = decisions.get(f"{row['email'].partition('@')[0]}_{row['role']}", "")
        with open(environment / name, "w", newline="") as out:
            writer = csv.DictWriter(out, rows[0], delimiter=separator, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return name

    return write


KEEP_ALL = {"ada_admin": "keep", "ada_editor": "keep", "bob_editor": "keep"}


def roles(database: Database) -> list[tuple[object, ...]]:
    return database.rows(
        "SELECT u.email, r.name FROM user_roles g JOIN users u ON u.id = g.user_id "
        "JOIN roles r ON r.id = g.role_id ORDER BY 1, 2"
    )


ALL = [(ADA, "admin"), (ADA, "editor"), (BOB, "editor")]


# -- export


def test_the_export_says_who_holds_what_since_when_and_by_whose_grant(
    cli: Cli, staff: None, database: Database
) -> None:
    assert cli("create", EVE, "--role", "editor", "--no-password")[0] == 0
    assert cli("delete", EVE, "--yes")[0] == 0
    assert cli("deactivate", BOB)[0] == 0
    code, out, err = cli("access-review", "export", "-o", "json")
    rows = json.loads(out)
    said = f"exported 3 grants from {database.url.where} to standard output\n"
    assert (code, err, list(rows[0])) == (0, said, FIELDS.split(","))
    assert [(row["email"], row["role"], row["administrative"], row["is_active"]) for row in rows] == [
        (ADA, "admin", True, True),
        (ADA, "editor", False, True),
        (BOB, "editor", False, False),
    ]
    assert [row["granted_by"] for row in rows][2] == "grace"
    assert {row["decision"] for row in rows} == {None}
    created = json.loads(cli("show", BOB, "-o", "json")[1])
    assert rows[2]["user"] == created["id"]
    assert abs(float(rows[2]["granted_at"][17:-1]) - float(created["created_at"][17:-1])) % 60 < 5


def test_a_file_of_an_export_is_private_and_csv_and_never_replaced(
    cli: Cli, staff: None, environment: Path, database: Database
) -> None:
    code, out, err = cli("access-review", "export", "review.csv")
    assert (code, out, err) == (0, "", f"exported 3 grants from {database.url.where} to review.csv\n")
    file = environment / "review.csv"
    assert (stat.S_IMODE(file.stat().st_mode), file.read_text().splitlines()[0]) == (0o600, FIELDS)
    before = file.read_bytes()
    code, out, err = cli("access-review", "export", "review.csv")
    assert (code, out) == (2, "")
    assert err == "error: review.csv exists already, perhaps with decisions; name a new file\n"
    assert file.read_bytes() == before


def test_without_any_role_the_export_is_empty(cli: Cli) -> None:
    assert cli("access-review", "export", "-o", "csv")[:2] == (0, f"{FIELDS}\n")


# -- apply


def test_what_is_to_be_revoked_is_revoked_as_one_change_and_comes_back_by_undo(
    cli: Cli, review: Review, database: Database
) -> None:
    file = review(**{**KEEP_ALL, "ada_editor": "revoke", "bob_editor": " Revoke "})
    code, out, err = cli("access-review", "apply", file, "--yes", "--ticket", "AUDIT-7", "-o", "json")
    change = json.loads(out)
    assert (code, err) == (0, f"revoked roles of 2 users on {database.url.where}\n")
    assert (change["changed"], change["unchanged"], change["dry_run"]) == (2, 0, False)
    assert [(user["email"], user["roles"]) for user in change["users"]] == [(BOB, []), (ADA, ["admin"])]
    assert roles(database) == [(ADA, "admin")]
    events = [
        json.loads(line)
        for line in cli("audit", "log", "--change", change["change_id"], "-o", "jsonl")[1].splitlines()
    ]
    assert [(event["action"], event["target_email"], event["ticket"]) for event in events] == [
        ("role.revoked", BOB, "AUDIT-7"),
        ("role.revoked", ADA, "AUDIT-7"),
    ]
    assert cli("undo", change["change_id"], "--yes")[0] == 0
    assert roles(database) == ALL


def test_a_review_may_be_applied_again(cli: Cli, review: Review, database: Database) -> None:
    file = review(**{**KEEP_ALL, "bob_editor": "revoke"})
    assert cli("access-review", "apply", file, "--yes")[0] == 0
    code, out, err = cli("access-review", "apply", file, "--yes", "-o", "json")
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert json.loads(out) == {
        "change_id": None, "dry_run": False, "changed": 0, "unchanged": 2, "failed": [], "users": []
    }  # fmt: skip


def test_what_is_gone_is_neither_asked_about_nor_counted(cli: Cli, review: Review, database: Database) -> None:
    file = review(**{**KEEP_ALL, "ada_editor": "revoke", "bob_editor": "revoke"})
    assert cli("role", "revoke", "editor", BOB)[0] == 0
    needs = "error: revoke 1 role of 1 user: this needs a confirmation; add --yes\n"
    assert cli("access-review", "apply", file, "--max-changes", "1") == (2, "", needs)
    assert cli("role", "revoke", "editor", ADA)[0] == 0
    for options in ((), ("--max-changes", "1"), ("--dry-run",)):
        code, _, err = cli("access-review", "apply", file, *options)
        assert (code, err) == (0, f"nothing to change on {database.url.where}\n")


def test_undecided_grants_stay_and_are_named(cli: Cli, review: Review, database: Database) -> None:
    file = review(ada_editor="revoke")
    code, out, err = cli("access-review", "apply", file, "--yes", "-q")
    assert (code, len(out.splitlines())) == (7, 1)
    assert err.splitlines() == [
        f"revoked roles of {ADA} on {database.url.where}",
        "error: 2 grants undecided (lines 2, 4); decide and apply the file again",
    ]
    assert roles(database) == [(ADA, "admin"), (BOB, "editor")]


def test_a_dry_run_says_the_same_and_changes_nothing(cli: Cli, review: Review, database: Database) -> None:
    file = review(bob_editor="revoke", ada_admin="keep")
    events = database.rows("SELECT count(*) FROM audit_events")
    code, out, err = cli("access-review", "apply", file, "--dry-run", "-o", "json")
    change = json.loads(out)
    assert (code, change["dry_run"], change["change_id"], change["changed"]) == (7, True, None, 1)
    assert err.startswith(f"would have revoked roles of {BOB} on ")
    assert (roles(database), database.rows("SELECT count(*) FROM audit_events")) == (ALL, events)


@pytest.mark.parametrize(
    ("since", "decision", "said"),
    [
        ("revoke grant", "revoke", "line 4: bob@example.com holds editor since 2"),
        ("revoke grant", "keep", "line 4: bob@example.com holds editor since 2"),
        ("revoke", "keep", "line 4: bob@example.com no longer holds editor"),
    ],
)
@pytest.mark.each_once
def test_a_grant_that_is_not_the_reviewed_one_refuses_all(
    cli: Cli, review: Review, database: Database, since: str, decision: str, said: str
) -> None:
    file = review(ada_editor="revoke", bob_editor=decision)
    for verb in since.split():
        assert cli("role", verb, "editor", BOB)[0] == 0
    before = roles(database)
    code, out, err = cli("access-review", "apply", file, "--yes")
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith(f"error: changed since the export: {said}")
    assert err.endswith("; take these lines out, or export again\n")
    assert roles(database) == before
    [event] = [json.loads(line) for line in cli("audit", "log", "--refused", "-o", "jsonl")[1].splitlines()]
    assert (event["action"], event["outcome"]) == ("review.applied", "conflict")


def test_a_user_who_went_to_the_bin_loses_the_role_there(cli: Cli, review: Review, database: Database) -> None:
    file = review(**{**KEEP_ALL, "bob_editor": "revoke"})
    assert cli("delete", BOB, "--yes")[0] == 0
    assert cli("access-review", "apply", file, "--yes")[0] == 0
    assert cli("restore", BOB, "--fields", "roles") == (0, "roles\n\n", f"restored {BOB} on {database.url.where}\n")


def test_a_user_or_a_role_that_is_gone_has_nothing_to_lose(cli: Cli, review: Review, database: Database) -> None:
    file = review(**{**KEEP_ALL, "ada_editor": "revoke", "bob_editor": "revoke"})
    assert cli("delete", BOB, "--purge", "--confirm", BOB)[0] == 0
    assert cli("role", "delete", "editor", "--revoke", "--yes")[0] == 0
    code, out, _ = cli("access-review", "apply", file, "--yes", "-o", "json")
    assert (code, json.loads(out)["changed"]) == (0, 0)


def test_the_last_administrator_stays_and_with_that_everything(
    cli: Cli, review: Review, database: Database
) -> None:
    file = review(ada_admin="revoke", bob_editor="revoke", ada_editor="keep")
    assert cli("access-review", "apply", file, "--yes")[0] == 6
    assert cli("access-review", "apply", file, "--dry-run")[0] == 6
    assert roles(database) == ALL
    assert cli("access-review", "apply", file, "--yes", "--allow-no-admin", "--reason", "closing")[0] == 0
    assert roles(database) == [(ADA, "editor")]


@on_sqlite
def test_more_users_than_allowed_are_refused(cli: Cli, review: Review, database: Database) -> None:
    file = review(ada_editor="revoke", bob_editor="revoke", ada_admin="keep")
    code, out, err = cli("access-review", "apply", file, "--yes", "--max-changes", "1")
    assert (code, out) == (6, "")
    assert err == "error: this would change 2 users, more than the 1 allowed; raise --max-changes\n"
    assert roles(database) == ALL


@on_sqlite
def test_a_script_has_to_say_yes(cli: Cli, review: Review, database: Database) -> None:
    file = review(**{**KEEP_ALL, "bob_editor": "revoke"})
    code, out, err = cli("access-review", "apply", file)
    assert (code, out) == (2, "")
    assert err == "error: revoke 1 role of 1 user: this needs a confirmation; add --yes\n"
    assert roles(database) == ALL
    assert cli("access-review", "apply", review("none.csv", **KEEP_ALL))[0] == 0  # nothing to confirm


# -- files


@on_sqlite
def test_every_bad_row_is_named_and_nothing_is_changed(
    cli: Cli, review: Review, database: Database, environment: Path
) -> None:
    file = review(ada_admin="kep", bob_editor="revoke")
    path = environment / file
    user, since = json.loads(cli("list", "--search", "bob", "-o", "json")[1])[0]["id"], "2026-11-21T00:00:00Z"
    bad = [
        f"nobody,{BOB},editor,false,{since},x,,true,keep",
        f"{user},{BOB},writer,false,soon,x,,true,keep",
        f"{user},{BOB},editor,false,{since},x,,true,keep",
        f"{user},{BOB},editor,false,{since}",
        f'{user},{BOB},"reader,false,{since},x,,true,keep',
    ]
    path.write_text(path.read_text() + "".join(f"{line}\n" for line in bad))
    code, out, err = cli("access-review", "apply", file, "--yes")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: review.csv:2: decision is neither keep nor revoke: kep",
        "error: review.csv:5: user is not an id",
        "error: review.csv:6: granted_at is not a time as it was exported",
        "error: review.csv:7: the grant appears twice, first on line 4",
        "error: review.csv:8: 5 fields where the header has 9",
        "error: review.csv:9: a quote is opened and not closed",
        "error: 6 bad rows found; nothing was changed",
    ]
    assert roles(database) == ALL


@on_sqlite
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("review.csv", "", "the file is empty: there is no header line"),
        ("review.csv", "user,email,role,granted_at\n", "review.csv:1: there is no column decision"),
        ("review.csv", f"{FIELDS},decision\n", "review.csv:1: the column decision appears twice"),
        ("review.json", "[]", "a review is read as .csv or .tsv, not: review.json"),
        ("review", "", "a review is read as .csv or .tsv, not: review"),
    ],
    ids=["empty", "no decision", "two decisions", "json", "no ending"],
)
def test_a_file_that_is_no_review_is_refused(cli: Cli, environment: Path, name: str, text: str, said: str) -> None:
    (environment / name).write_text(text)
    assert cli("access-review", "apply", name, "--yes") == (2, "", f"error: {said}\n")


@on_sqlite
def test_a_review_that_no_person_made_is_refused_before_it_fills_the_memory(cli: Cli, environment: Path) -> None:
    with open(environment / "review.csv", "wb") as out:
        out.write(FIELDS.encode() + b"\n")
        out.truncate((16 << 20) + 1)
    code, _, err = cli("access-review", "apply", "review.csv", "--yes")
    assert (code, err) == (2, "error: the review is larger than 16 MB; split it\n")


@on_sqlite
def test_a_gzipped_review_is_read_and_a_truncated_one_refused(
    cli: Cli, review: Review, database: Database, environment: Path
) -> None:
    packed = gzip.compress((environment / review(**{**KEEP_ALL, "bob_editor": "revoke"})).read_bytes())
    (environment / "cut.csv.gz").write_bytes(packed[:-9])
    assert cli("access-review", "apply", "cut.csv.gz", "--yes") == (
        2, "", "error: the gzip file is truncated or damaged\n"
    )  # fmt: skip
    (environment / "review.csv.gz").write_bytes(packed)
    assert cli("access-review", "apply", "review.csv.gz", "--yes")[0] == 0
    assert roles(database) == ALL[:2]


@on_sqlite
def test_a_review_from_a_spreadsheet_is_read(
    cli: Cli, review: Review, database: Database, environment: Path
) -> None:
    """A byte order mark, semicolons, CR LF, columns in another order, some left out and some added."""
    rows = list(csv.DictReader(io.StringIO((environment / review(**KEEP_ALL)).read_text())))
    names = ("decision", "granted_at", "role", "email", "user", "comment", "line")
    lines = [";".join(names)]
    for row in rows:
        decision = "REVOKE" if row["email"] == BOB else "keep"
        row |= {"comment": "left; the company", "line": "x", "decision": decision}
        lines.append(";".join(f'"{row[name]}"' for name in names))
    (environment / "back.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n", newline="")
    assert cli("access-review", "apply", "back.csv", "--yes")[0] == 0
    assert roles(database) == ALL[:2]


HOSTILE = ("=cmd", "'quoted", '"x', "-minus", "a\\nb", "é\u202e")


@pytest.mark.parametrize("name", ["review.csv", "review.tsv", "-"])
@pytest.mark.each_once
def test_hostile_names_of_roles_come_back_exactly(
    cli: Cli, database: Database, environment: Path, name: str
) -> None:
    assert cli("create", BOB, "--no-password")[0] == 0
    for role in HOSTILE:
        assert cli("role", "create", "--", role)[0] == 0
        assert cli("role", "grant", "--", role, BOB)[0] == 0
    code, out, _ = cli("access-review", "export", "-o", "tsv" if name == "review.tsv" else "csv")
    assert (code, out.count("\n")) == (0, len(HOSTILE) + 1)
    decided = out.replace("true,\n", "true,revoke\n").replace("true\t\n", "true\trevoke\n")
    if name != "-":
        (environment / name).write_text(decided)
    assert cli("access-review", "apply", name, "--yes", stdin=decided if name == "-" else "")[0] == 0
    assert roles(database) == []


@on_sqlite
def test_an_export_of_many_grants_is_streamed(cli: Cli, database: Database) -> None:
    """More than one fetch: every grant once, in order."""
    users = "".join(f"u{number:04}@example.com,editor\n" for number in range(2500))
    assert cli("import", "-", "--from", "csv", "--create-roles", stdin=f"email,roles\n{users}")[0] == 0
    code, out, _ = cli("access-review", "export", "-o", "csv", "--fields", "email,role")
    assert (code, out) == (0, f"email,role\n{users}")
