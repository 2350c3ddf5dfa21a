"""Who did what to whom, when, from where and why: one event for each effect, none where there is none."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.parse import quote

import psycopg
import pytest

from tests.audit_log import HASH, fill, verify
from tests.conftest import Cli, Database, run_here
from tests.table_dump import everything
from usercli import __version__
from usercli.settings_values import KNOWN

pytestmark = pytest.mark.either_engine

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"
SECRET = "correct horse battery canary"
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
EFFECT = ("action", "outcome", "target_kind", "target_email", "before", "after")


def events(cli: Cli, *filters: str) -> list[dict[str, Any]]:
    code, out, err = cli("audit", "log", *filters, "-o", "jsonl")
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def user(action: str, email: str, before: dict[str, Any], after: dict[str, Any]) -> tuple[Any, ...]:
    return action, "done", "user", email, before, after


def role(action: str, before: dict[str, Any], after: dict[str, Any]) -> tuple[Any, ...]:
    return action, "done", "role", None, before, after


def refused(action: str, email: str | None, error: str, outcome: str = "refused") -> tuple[Any, ...]:
    return action, outcome, "user", email, {}, {"error": error}


IN_BIN = {"is_active": False, "deleted_at": ANY, "was_active": True}
OUT_OF_BIN = {"is_active": True, "deleted_at": None, "was_active": None}
NEW = {"full_name": "", "is_active": True, "roles": [], "attributes": {}}
ADMIN = {"name": "admin", "description": "", "administrative": True}
OPS = {"name": "ops", "description": "", "administrative": False}
PASSWORD = {"password": {"changed": True, "scheme": "bcrypt", "cost": 4}}
ABOUT_BOB = "the password is made of the user's own name or address, or the service's name"
GRANTED = "the role ops is granted to 1 user; revoke it first"
NO_ADMIN = "this would leave no active administrator; give another user an administrative role first"

#: Command lines in this order, what comes on stdin, the exit code, and the events that each must leave.
STORY: list[tuple[str, str, int, list[tuple[Any, ...]]]] = [
    ("role create admin --administrative", "", 0, [role("role.created", {}, ADMIN)]),
    ("role create ops", "", 0, [role("role.created", {}, OPS)]),
    (
        "role create ops",
        "",
        4,
        [
            (
                "role.created",
                "conflict",
                "role",
                None,
                {},
                {"name": "ops", "error": "a role with this name exists already"},
            )
        ],
    ),
    ("role update ops --description x", "", 0, [role("role.updated", {"description": ""}, {"description": "x"})]),
    ("role update ops --description x", "", 0, []),
    (
        f"create {ADA} --name Ada --attribute team=blue --role admin --no-password",
        "",
        0,
        [
            user(
                "user.created",
                ADA,
                {},
                {**NEW, "email": ADA, "full_name": "Ada", "roles": ["admin"], "attributes": {"team": "blue"}},
            )
        ],
    ),
    (
        f"create {BOB} --password-stdin",
        f"{SECRET}\n",
        0,
        [user("user.created", BOB, {}, {**NEW, **PASSWORD, "email": BOB})],
    ),
    (
        f"create {EVE} --password-stdin",
        "short\n",
        6,
        [refused("user.created", EVE, "the password has 5 characters; the policy requires 15 or more")],
    ),
    (
        f"create {ADA.upper()} --no-password",
        "",
        4,
        [refused("user.created", ADA.upper(), "a user with the email ADA@EXAMPLE.COM exists already", "conflict")],
    ),
    (f"create {ADA} --no-password --if-not-exists", "", 0, []),
    (f"create {EVE} --no-password --dry-run", "", 0, []),
    ("create not-an-email --no-password", "", 2, []),
    (
        f"update {ADA} {BOB} --attribute team=red",
        "",
        0,
        [
            user("user.updated", ADA, {"attributes": {"team": "blue"}}, {"attributes": {"team": "red"}}),
            user("user.updated", BOB, {"attributes": {}}, {"attributes": {"team": "red"}}),
        ],
    ),
    (f"update {ADA} {BOB} --attribute team=red", "", 0, []),
    (f"update {ADA} {BOB} --attribute team=green --dry-run", "", 0, []),
    (
        f"update {ADA} --email {BOB}",
        "",
        4,
        [refused("user.updated", ADA, f"a user with the email {BOB} exists already", "conflict")],
    ),
    (
        f"update {ADA} --name X --if-version 9",
        "",
        4,
        [refused("user.updated", ADA, f"{ADA} was changed meanwhile: version 2, not 9", "conflict")],
    ),
    (f"update {EVE} --name X", "", 3, []),
    (
        f"update {BOB} --email bob@example.org",
        "",
        0,
        [user("user.updated", "bob@example.org", {"email": BOB}, {"email": "bob@example.org"})],
    ),
    (
        f"update bob@example.org --email {BOB}",
        "",
        0,
        [user("user.updated", BOB, {"email": "bob@example.org"}, {"email": BOB})],
    ),
    (
        f"role grant ops {ADA} {BOB}",
        "",
        0,
        [
            user("role.granted", ADA, {"roles": ["admin"]}, {"roles": ["admin", "ops"]}),
            user("role.granted", BOB, {"roles": []}, {"roles": ["ops"]}),
        ],
    ),
    (
        f"role revoke ops {ADA}",
        "",
        0,
        [user("role.revoked", ADA, {"roles": ["admin", "ops"]}, {"roles": ["admin"]})],
    ),
    (f"role revoke admin {ADA}", "", 6, [refused("role.revoked", ADA, NO_ADMIN)]),
    (f"deactivate {ADA}", "", 6, [refused("user.deactivated", ADA, NO_ADMIN)]),
    (f"deactivate {BOB}", "", 0, [user("user.deactivated", BOB, {"is_active": True}, {"is_active": False})]),
    (f"activate {BOB}", "", 0, [user("user.activated", BOB, {"is_active": False}, {"is_active": True})]),
    ("role delete ops", "", 6, [("role.deleted", "refused", "role", None, {}, {"name": "ops", "error": GRANTED})]),
    (
        "role delete ops --revoke --yes",
        "",
        0,
        [
            user("role.revoked", BOB, {"roles": ["ops"]}, {"roles": []}),
            role("role.deleted", {**OPS, "description": "x"}, {}),
        ],
    ),
    (f"password set {BOB} --password-stdin", f"{SECRET} 2\n", 0, [user("password.set", BOB, {}, PASSWORD)]),
    (f"password set {BOB} --password-stdin", "bob@example.com1\n", 6, [refused("password.set", BOB, ABOUT_BOB)]),
    (f"password set {BOB} --password-hash-stdin", f"{HASH}\n", 0, [user("password.set", BOB, {}, PASSWORD)]),
    (
        f"password reset {BOB} --secret-out new.csv --yes",
        "",
        0,
        [user("password.reset", BOB, {"must_change_password": False}, {"must_change_password": True, **PASSWORD})],
    ),
    (
        f"password reset {BOB} --secret-out other.csv --length 8 --yes",
        "",
        6,
        [refused("password.reset", BOB, "the password has 8 characters; the policy requires 15 or more")],
    ),
    (f"password reset {BOB} --secret-out no.csv --yes --dry-run", "", 0, []),
    (f"password expire {BOB}", "", 0, []),
    (
        f"password expire {ADA}",
        "",
        0,
        [user("password.expired", ADA, {"must_change_password": False}, {"must_change_password": True})],
    ),
    (
        f"password set {BOB} --no-password",
        "",
        0,
        [
            user(
                "password.set",
                BOB,
                {"must_change_password": True},
                {"must_change_password": False, "password": {"changed": True, "scheme": "disabled", "cost": None}},
            )
        ],
    ),
    (f"delete {ADA} --yes", "", 6, [refused("user.deleted", ADA, NO_ADMIN)]),
    (f"delete {BOB} --yes --dry-run", "", 0, []),
    (f"delete {BOB} --yes", "", 0, [user("user.deleted", BOB, {**OUT_OF_BIN}, IN_BIN)]),
    (f"create {BOB} --no-password", "", 0, [user("user.created", BOB, {}, {**NEW, "email": BOB})]),
    (
        f"restore {BOB}",
        "",
        4,
        [("user.restored", "conflict", "user", BOB, {}, {"error": f"a user with the email {BOB} exists already"})],
    ),
    (
        f"delete {BOB} --purge --confirm {BOB}",  # which of the two was not said: nothing was tried yet
        "",
        4,
        [],
    ),
    (f"delete {EVE} {BOB} --continue --yes", "", 7, [user("user.deleted", BOB, {**OUT_OF_BIN}, IN_BIN)]),
    ("list", "", 0, []),
    (f"show {ADA}", "", 0, []),
    (f"exists {ADA}", "", 0, []),
    (f"history {ADA}", "", 0, []),
    ("audit verify", "", 0, []),
    ("changes", "", 0, []),
    ("expire run", "", 0, []),
    (f"password verify {ADA} --password-stdin", f"{SECRET}\n", 8, []),
    ("purge --deleted-before 1d", "", 0, []),
    (f"privacy export {ADA}", "", 0, []),
]


@pytest.mark.slow_on("postgresql")
def test_every_command_leaves_one_event_for_each_effect_and_tells_all_of_it(cli: Cli, database: Database) -> None:
    origin = ("--actor", "root", "--reason", "as agreed", "--ticket", "OPS-7")
    seen = 0
    for line, stdin, code, wanted in STORY:
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        done = cli(*line.split(), *origin, "-o", "json", stdin=stdin)
        found = events(cli)[seen:]
        assert (line, done[0], [tuple(event[name] for name in EFFECT) for event in found]) == (
            line,
            code,
            wanted,
        ), done
        for event in found:
            seen += 1
            assert event["seq"] == seen
            assert [event[name] for name in ("actor", "host", "reason", "ticket", "tool", "erased", "undoes")] == [
                "root", socket.gethostname(), "as agreed", "OPS-7", f"usercli {__version__}", False, None,
            ]  # fmt: skip
            assert event["db_role"] == ("postgres" if database.engine == "postgresql" else "")
            assert before <= datetime.fromisoformat(event["at"]) <= datetime.now(UTC)
            if event["outcome"] == "done" and event["target_kind"] == "user":
                [(user_id,)] = database.rows(
                    "SELECT id FROM users WHERE email = :email ORDER BY created_at DESC LIMIT 1",
                    email=event["target_email"],
                )
                assert event["target_id"].replace("-", "") == str(user_id).replace("-", "")
        assert len({event["change_id"] for event in found}) <= 1
        if (
            done[0] in (0, 7)
            and '"change_id"' in done[1]
            and line.split()[0] not in {"history", "changes", "privacy"}
        ):
            assert json.loads(done[1])["change_id"] == (found[0]["change_id"] if found else None)
    assert verify(database).count == seen


def test_leaving_and_expiring_leave_their_events_too(cli: Cli, database: Database) -> None:
    for email in (ADA, BOB, EVE):
        assert cli("create", email, "--no-password", "--expires", "2999-01-01")[0] == 0
    database.rows("UPDATE users SET expires_at = '2020-01-01 00:00:00.000000' WHERE email = 'ada@example.com'")
    assert cli("expire", "run")[0] == 0
    assert cli("delete", BOB, EVE, "--yes")[0] == 0
    database.rows("UPDATE users SET deleted_at = '2020-01-01 00:00:00.000000' WHERE email = 'bob@example.com'")
    name = database.url.name
    assert cli("purge", "--deleted-before", "30d", "--confirm", name)[0] == 0
    assert cli("delete", EVE, "--purge", "--confirm", EVE)[0] == 0
    found = [tuple(event[name] for name in EFFECT) for event in events(cli)[5:]]
    gone = {"full_name": "", "roles": [], "attributes": {}, "must_change_password": False, "managed_by": None}
    binned = {**gone, "is_active": False, "expires_at": "2999-01-01T00:00:00Z", "was_active": True}
    assert [item for item in found if item[0] != "user.deleted"] == [
        user("user.purged", BOB, {**binned, "email": BOB, "deleted_at": "2020-01-01T00:00:00Z"}, {}),
        user("user.purged", EVE, {**binned, "email": EVE, "deleted_at": ANY}, {}),
    ]
    [expired] = events(cli, "--action", "user.expired")
    assert tuple(expired[name] for name in EFFECT) == user(
        "user.expired", ADA, {"is_active": True}, {"is_active": False}
    )


def test_a_sign_in_leaves_no_event(cli: Cli, database: Database) -> None:
    assert cli("create", ADA, "--password-stdin", stdin=f"{SECRET}\n")[0] == 0
    before = database.rows("SELECT count(*) FROM audit_events")
    line = ["password", "verify", ADA, "--password-stdin", "--record-login"]
    assert cli(*line, stdin=f"{SECRET}\n")[0] == 0
    assert cli(*line, stdin="wrong\n")[0] == 8
    assert database.rows("SELECT last_login_at IS NOT NULL, version FROM users") in ([(True, 1)], [(1, 1)])
    assert database.rows("SELECT count(*) FROM audit_events") == before == [(1,)]


CHANGES = [
    ["create", EVE, "--no-password"],
    ["update", ADA, "--name", "X"],
    ["deactivate", ADA],
    ["delete", ADA, "--yes"],
    ["restore", BOB],
    ["delete", BOB, "--purge", "--confirm", BOB],
    ["privacy", "erase", BOB, "--confirm", BOB],
    ["role", "create", "new"],
    ["role", "update", "ops", "--description", "x"],
    ["role", "grant", "ops", ADA],
    ["role", "delete", "ops", "--yes"],
    ["password", "set", ADA, "--no-password"],
    ["password", "reset", ADA, "--secret-out", "new.csv", "--yes"],
    ["password", "expire", ADA],
]


def test_what_cannot_be_recorded_does_not_happen(cli: Cli, database: Database, tmp_path: Path) -> None:
    assert cli("role", "create", "ops")[0] == cli("create", ADA, "--no-password")[0] == 0
    assert cli("create", BOB, "--no-password")[0] == cli("delete", BOB, "--yes")[0] == 0
    [change, *_] = cli("changes", "-o", "ids")[1].splitlines()
    if database.engine == "postgresql":
        database.rows("ALTER TABLE audit_events ADD CONSTRAINT no_more CHECK (seq < 5)")
    else:
        database.rows("CREATE TRIGGER no_more BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'disk'); END")
    before = everything(database)
    for line in (*CHANGES, ["undo", change, "--yes"]):
        code, out, err = cli(*line)
        assert (line, code in {1, 4, 5}, out) == (line, True, "")
        assert re.fullmatch(r"error: [^\n]+", err.splitlines()[-1])
        assert "Traceback" not in err
        assert everything(database) == before, line
        assert not Path("new.csv").exists()


def test_no_secret_is_in_the_log(cli: Cli, database: Database) -> None:
    url_secret, hashed = "urlCANARY99", "$2b$04$CANARYcanaryCANARYcanaruDnLfUWIL1TZ8Xs7ESYKSPwvRYj6zNm"
    assert cli("create", ADA, "--password-stdin", stdin=f"{SECRET}\n")[0] == 0
    assert cli("password", "set", ADA, "--password-stdin", stdin=f"{SECRET} two\n")[0] == 0
    assert cli("password", "set", ADA, "--password-hash-stdin", stdin=f"{HASH}\n")[0] == 0
    assert cli("password", "set", ADA, "--password-stdin", stdin="canary\n")[0] == 6
    assert cli("create", ADA, "--password-stdin", stdin=f"{SECRET} three\n")[0] == 4
    assert cli("password", "reset", ADA, "--secret-out", "new.csv", "--yes")[0] == 0
    generated = Path("new.csv").read_text().split(",")[-1].strip()
    [(stored,)] = database.rows("SELECT hashed_password FROM users")
    everywhere = str(database.rows("SELECT * FROM audit_events"))
    for shown in (
        ["audit", "export"],
        ["audit", "log", "-o", "json"],
        ["history", ADA],
        ["privacy", "export", ADA],
    ):
        everywhere += cli(*shown)[1]
    assert len(everywhere) > 5000
    for secret in ("canary", HASH, "$2b$", generated, str(stored), url_secret, hashed):
        assert secret not in everywhere


# -- hostile text

HOSTILE = 'new\nline\r\x1b[31mred\x1b]0;title\x07 "}]\\ \u202eback\u2028\x9b2J\t{"seq":1}'


def test_hostile_names_stay_one_line_and_valid_json(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")  # a table folds what its width does not hold
    assert cli("create", ADA, "--no-password")[0] == 0
    database.rows("UPDATE users SET full_name = :name", name=HOSTILE)  # another program did that
    line = ["update", ADA, "--name", "Ada", "--actor", HOSTILE, "--reason", HOSTILE, "--ticket", HOSTILE]
    assert cli(*line)[0] == 0
    [_, event] = events(cli)
    assert (event["actor"], event["reason"], event["ticket"]) == (HOSTILE, HOSTILE, HOSTILE)
    assert event["before"] == {"full_name": HOSTILE}
    raw = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]")
    for shown in (["audit", "log", "-o", "jsonl"], ["audit", "export"], ["changes", "-o", "jsonl"]):
        out = cli(*shown)[1]
        assert not raw.search(out)
        assert [json.loads(line) is not None for line in out.split("\n")[:-1]] == [True, True]
    assert len(cli("audit", "log", "-o", "tsv")[1].split("\n")) == 4  # a header, two events, the end
    for shown in (["audit", "log"], ["history", ADA], ["changes"]):
        code, out, err = cli(*shown, "--no-color", terminal=True)
        bare = re.sub(r"\x1b\[[01]m", "", out)  # our own bold heading
        assert (code, raw.search(bare), raw.search(err)) == (0, None, None)
    assert len(cli("audit", "log", terminal=True)[1].splitlines()) == 3
    assert cli("audit", "log", "--by", HOSTILE, "--fields", "seq")[1] == "seq\n2\n"
    assert verify(database).ok


@pytest.mark.parametrize("option", ["--actor", "--reason", "--ticket"])
@on_sqlite
def test_bytes_that_are_not_utf8_are_refused_before_anything_changes(cli: Cli, ada: object, option: str) -> None:
    code, out, err = cli("update", ADA, "--name", "X", option, "a\udcff")
    name = {"--actor": "the actor's name", "--reason": "the reason", "--ticket": "the ticket"}[option]
    assert (code, out, err) == (2, "", f"error: {name} is not valid UTF-8\n")


# -- reading it


@pytest.fixture
def logged(cli: Cli, database: Database) -> Cli:
    fill(database, rounds=1)
    return cli


def seqs(cli: Cli, *filters: str) -> list[int]:
    return [event["seq"] for event in events(cli, *filters)]


def test_the_log_is_filtered_by_actor_action_user_time_change_and_outcome(logged: Cli, database: Database) -> None:
    every = events(logged)
    count = len(every)
    assert [event["seq"] for event in every] == list(range(1, count + 1))
    bob = "bob0@bücher.example"
    assert seqs(logged, "--by", "root") == [e["seq"] for e in every if e["actor"] == "root"] != []
    for nobody in ("ROOT", "roo", "r%t", "r__t", 'root","after'):
        assert seqs(logged, "--by", nobody) == []
    assert (
        seqs(logged, "--action", "user.deleted") == [e["seq"] for e in every if e["action"] == "user.deleted"] != []
    )
    assert seqs(logged, "--action", "role") == [e["seq"] for e in every if e["action"].startswith("role.")] != []
    assert seqs(logged, "--action", "user.del") == seqs(logged, "--action", "USER") == []
    ada = next(e for e in every if e["target_email"] == "ada0@example.com")
    of_ada = [e["seq"] for e in every if e["target_id"] == ada["target_id"]]
    assert seqs(logged, "--user", "ada0@example.com") == seqs(logged, "--user", ada["target_id"]) == of_ada
    erased = next(e for e in every if e["action"] == "user.erased")
    of_bob = [e["seq"] for e in every if e["target_id"] == erased["target_id"]]
    assert seqs(logged, "--user", f"id:{erased['target_id']}") == of_bob
    code, out, err = logged("audit", "log", "--user", bob)
    assert (code, out, err) == (3, "", f"error: no such user: {bob}\n")
    assert seqs(logged, "--change", erased["change_id"]) == [erased["seq"]]
    assert seqs(logged, "--change", "01a1fc06-8ddf-766a-827d-e7e5975bf096") == []
    assert logged("audit", "log", "--change", "x")[0] == 3
    middle = every[5]["at"]
    assert seqs(logged, "--since", middle) == [e["seq"] for e in every if e["at"] >= middle]
    assert seqs(logged, "--until", middle) == [e["seq"] for e in every if e["at"] < middle]
    assert seqs(logged, "--since", "1h", "--until", "2999-01-01") == list(range(1, count + 1))
    assert seqs(logged, "--refused") == [e["seq"] for e in every if e["outcome"] != "done"] != []
    assert seqs(logged, "--by", "root", "--action", "user", "--refused") == [
        e["seq"] for e in every if (e["actor"], e["outcome"]) == ("root", "refused") and e["action"][:5] == "user."
    ]
    newest = logged("audit", "log", "--limit", "2", "--fields", "seq")
    assert newest == (0, f"seq\n{count - 1}\n{count}\n", f"2 of {count} shown; see --limit, --since and --until\n")


def test_every_format_shows_every_event(logged: Cli, database: Database) -> None:
    count = verify(database).count
    assert len(json.loads(logged("audit", "log", "-o", "json")[1])) == count
    assert len(logged("audit", "log", "-o", "tsv")[1].splitlines()) == count + 1
    assert len(logged("audit", "log", "-o", "csv")[1].splitlines()) == count + 1
    assert logged("audit", "log", "-q")[1].split() == [str(seq) for seq in range(1, count + 1)]
    assert logged("audit", "log", "-o", "yaml", "--fields", "seq")[1].count("- seq:") == count
    code, out, err = logged("audit", "log", "--limit", "3", terminal=True)
    assert (code, len(out.splitlines())) == (0, 4)
    assert err == f"3 of {count} shown; see --limit, --since and --until\n"


def test_an_export_can_be_resumed(logged: Cli, database: Database) -> None:
    whole = logged("audit", "export")[1].splitlines(keepends=True)
    assert len(whole) == verify(database).count
    for since in (1, 2, 7, len(whole), len(whole) + 1):
        assert logged("audit", "export", "--since", str(since))[:2] == (0, "".join(whole[since - 1 :]))
    assert logged("audit", "export", "--since", "0")[0] == 2


def test_the_time_of_a_large_change_goes_on(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SQLite's trigger refuses an event whose time is a minute old."""
    monkeypatch.setattr("usercli.repositories.audit._OLD", timedelta(0))
    monkeypatch.setattr("usercli.spool.IN_MEMORY", 10)
    monkeypatch.setattr("usercli.services.imports.session.CHUNK", 10)
    (tmp_path / "users.csv").write_text("email\n" + "".join(f"user{n}@example.com\n" for n in range(40)))
    assert cli("import", str(tmp_path / "users.csv"))[0] == 0
    times = {event["at"] for event in events(cli, "--action", "user.created")}
    assert (len(times) > 1) == (database.engine != "postgresql")
    assert verify(database).ok


def test_a_checkpoint_is_what_verify_expects(logged: Cli, database: Database) -> None:
    code, out, err = logged("audit", "checkpoint", "-o", "json")
    point = json.loads(out)
    found = verify(database)
    assert (code, point, err) == (0, {"count": found.count, "head": found.head}, "")
    expected = ["--expect-count", str(point["count"]), "--expect-head", point["head"].upper()]
    for line in (expected, expected[:2], expected[2:], [*expected, "--from", "5"], ["--from", str(point["count"])]):
        code, out, err = logged("audit", "verify", *line, "-o", "json")
        whole = {"ok": True, **point, "broken_at": None, "reason": None, "breaks": [], "more_breaks": 0}
        assert (code, json.loads(out), err) == (0, whole, "")
    code, out, err = logged("audit", "verify", "--from", str(point["count"] + 2))
    assert (code, err) == (
        7,
        f"warning: the log is broken at seq {point['count'] + 1}: there is no event of this number\n",
    )
    code, out, err = logged("audit", "verify", "--expect-head", "abc")
    assert (code, out) == (2, "")
    assert err == "error: --expect-head must be the 64 hexadecimal digits of a checkpoint\n"


def test_changes_has_a_line_for_each_command_that_changed_something(logged: Cli) -> None:
    every = events(logged)
    done: dict[str, list[dict[str, Any]]] = {}
    for event in every:
        if event["outcome"] == "done":
            done.setdefault(event["change_id"], []).append(event)
    listed = json.loads(logged("changes", "-o", "json")[1])
    assert [line["change_id"] for line in listed] == list(reversed(done))
    for line in listed:
        of = done[line["change_id"]]
        assert (line["at"], line["actor"], line["action"]) == (of[0]["at"], of[0]["actor"], of[0]["action"])
        assert line["users"] == len({event["target_id"] for event in of if event["target_kind"] == "user"})
        assert line["undone_by"] is None
    summaries = [line["summary"] for line in listed if line["users"] == 2]
    assert summaries == ["user.updated 2 users"]
    assert json.loads(logged("changes", "--limit", "2", "-o", "json")[1]) == listed[:2]


def test_history_is_a_timeline_with_what_each_change_set(cli: Cli) -> None:
    assert cli("create", ADA, "--no-password", "--actor", "eve")[0] == 0
    assert (
        cli("update", ADA, "--name", "Ada King", "--attribute", "team=red", "--reason", "wed", "--actor", "root")[0]
        == 0
    )
    assert cli("create", ADA, "--no-password", "--actor", "bob")[0] == 4
    assert cli("delete", ADA, "--yes", "--actor", "root")[0] == 0
    every = events(cli)
    user_id = every[0]["target_id"]
    code, out, err = cli("history", ADA, terminal=True)
    assert (code, err) == (0, "")
    blocks = re.sub(r"\S+Z", "TIME", re.sub(r"[0-9a-f]{8}-[-0-9a-f]{27}", "ID", out))
    assert blocks == (
        "TIME  user.created  by eve\n"
        "    email: ada@example.com\n    full_name: \"\"\n    is_active: true\n    roles: []\n    attributes: {}\n"
        "    change ID\n"
        "TIME  user.updated  by root  (wed)\n"
        "    full_name: \"\" -> Ada King\n    attributes: {} -> {\"team\":\"red\"}\n"
        "    change ID\n"
        "TIME  user.deleted  by root\n"
        "    is_active: true -> false\n    deleted_at: (none) -> TIME\n"
        "    change ID\n"
    )  # fmt: skip
    assert cli("delete", ADA, "--purge", "--confirm", ADA)[0] == 0
    assert cli("history", ADA)[0] == 3
    lines = cli("history", user_id, "-o", "jsonl")[1].splitlines()
    assert [json.loads(line)["action"] for line in lines] == [
        "user.created",
        "user.updated",
        "user.deleted",
        "user.purged",
    ]


# -- a profile that wants a reason


@on_sqlite
def test_a_profile_may_demand_a_reason_for_every_change(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "require_reason" in KNOWN
    assert cli("role", "create", "ops")[0] == cli("create", ADA, "--no-password")[0] == 0
    assert cli("create", BOB, "--no-password")[0] == cli("delete", BOB, "--yes")[0] == 0
    [change, *_] = cli("changes", "-o", "ids")[1].splitlines()
    Path("config.toml").write_text(f'[profiles.strict]\nurl = "{database.text}"\nrequire_reason = true\n')
    monkeypatch.setenv("USERCLI_CONFIG", "config.toml")
    monkeypatch.delenv("USERCLI_DATABASE_URL")
    before = everything(database)
    for line in (*CHANGES, ["undo", change, "--yes"], ["expire", "run"]):
        code, out, err = cli("--profile", "strict", *line)
        assert (line, code, out) == (line, 2, "")
        assert err.splitlines()[-1] == "error: changes here need a reason; add --reason TEXT"
    assert everything(database) == before
    assert (
        cli("--profile", "strict", "list")[0]
        == cli("--profile", "strict", "update", ADA, "--name", "X", "--dry-run")[0]
        == 0
    )
    assert cli("--profile", "strict", "update", ADA, "--name", "X", "--reason", "so")[0] == 0
    assert events(lambda *line: cli("--profile", "strict", *line))[-1]["reason"] == "so"


# -- a database role that cannot touch the log


@pytest.fixture
def operator(database: Database) -> Iterator[str]:
    """The URL of a role with a hostile name that has what `db sql --grants` gives it."""
    name = f'op"s {database.url.database[:8]}'
    quoted = '"' + name.replace('"', '""') + '"'
    code, script, err = run_here("db", "sql", "--grants", name)
    assert (code, err) == (0, "")
    with psycopg.connect(database.text, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {quoted} LOGIN")
        owner.execute(script)
        owner.execute(script)  # once more does no harm
    yield database.text.replace("postgres@", f"{quote(name)}@")
    with psycopg.connect(database.text, autocommit=True) as owner:
        owner.execute(f"DROP OWNED BY {quoted}")
        owner.execute(f"DROP ROLE {quoted}")


@on_postgresql
def test_a_role_with_the_grants_can_do_the_daily_work(
    environment: Path, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", operator)
    for line, stdin, code, _ in STORY:
        found = run_here(*line.split(), stdin=stdin)
        assert (line, found[0]) == (line, code), found
    for line in ("db current", "db check", "audit checkpoint", "audit export", "db seed --count 150"):
        assert (line, run_here(*line.split())[0]) == (line, 0)
    [change, *_] = run_here("changes", "-q")[1].splitlines()
    assert run_here("undo", change, "--yes")[0] == 0
    [role_name] = {event["db_role"] for event in events(run_here)}
    assert role_name.startswith('op"s ')


@on_postgresql
def test_a_role_with_the_grants_cannot_change_the_log(database: Database, environment: Path, operator: str) -> None:
    fill(database)
    before = database.rows("SELECT * FROM audit_events ORDER BY seq")
    sealed = (
        "encode(sha256(convert_to(concat(hash, chr(10), seq + 1, chr(10), to_char(clock AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), chr(10), body_hash, chr(10)), 'UTF8')), 'hex')"
    )
    honest = (
        "INSERT INTO public.audit_events SELECT seq + 1, change_id, clock, action, outcome,"
        " target_kind, target_id, before, after, undoes, db_role, tool, personal, salt, personal_hash, body_hash,"
        f" hash, {sealed} FROM (SELECT *, clock_timestamp() AS clock FROM public.audit_events"
        " ORDER BY seq DESC LIMIT 1) AS newest"
    )
    for statement in (
        "UPDATE audit_events SET action = 'x'",
        "UPDATE audit_events SET personal = NULL, salt = NULL",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_events_append ON audit_events",
        "DROP TABLE audit_events",
        "ALTER TABLE audit_events RENAME TO old",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_events_append() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE TRIGGER mine BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_events_refuse()",
        "CREATE TABLE mine (id int)",
        "UPDATE alembic_version SET version_num = 'x'",
        "TRUNCATE users",
        honest.replace(sealed, "'x'"),
        honest.replace("seq + 1", "seq + 2"),
        honest.replace("seq + 1", "0"),
        honest.replace("clock_timestamp()", "clock_timestamp() - interval '1 day'"),
        honest.replace("clock_timestamp()", "clock_timestamp() + interval '1 day'"),
        honest.replace(" hash, encode", " prev_hash, encode").replace("concat(hash", "concat(prev_hash"),
    ):
        with psycopg.connect(operator) as connection, pytest.raises(psycopg.Error) as caught:
            connection.execute(statement)
        assert caught.value.sqlstate in {"42501", "P0001"}, statement
    assert database.rows("SELECT * FROM audit_events ORDER BY seq") == before
    with psycopg.connect(operator) as connection:
        connection.execute(honest)  # what is left: one more event, the next one, now
        connection.rollback()


@on_postgresql
def test_erasing_wants_the_owner_and_says_so(cli: Cli, database: Database, operator: str, ada: object) -> None:
    before = everything(database), database.rows("SELECT * FROM audit_events")
    code, out, err = cli("--database-url", operator, "privacy", "erase", ADA, "--confirm", ADA)
    assert (code, out) == (5, "")
    assert (
        err
        == "error: the database role may not do this to the audit log; erasing requires the owner of the tables\n"
    )
    assert (everything(database), database.rows("SELECT * FROM audit_events")) == before


@on_postgresql
def test_the_grants_are_for_a_name_of_a_postgresql_role_alone(cli: Cli) -> None:
    assert cli("db", "sql", "--grants", 'we"ird; --')[1].count('"we""ird; --"') == 9
    for name in ("public", "none", "", "a\nb"):
        code, out, err = cli("db", "sql", "--grants", name)
        assert (name, code, out, err.count("\n")) == (name, 2, "", 1)
    assert cli("db", "sql", "base", "--grants", "ops")[0] == cli("db", "sql", "--down", "--grants", "ops")[0] == 2
    code, out, err = cli("--database-url", "sqlite:///x.db", "db", "sql", "--grants", "ops")
    assert (code, out) == (2, "")
    assert err == "error: SQLite has no roles: grants are for PostgreSQL; guard the file by its permissions\n"


def test_an_import_that_makes_roles_is_listed_as_one_of_users(cli: Cli, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    path.write_text('{"email":"a@example.com","roles":["ops"]}\n{"email":"b@example.com"}\n')
    assert cli("import", str(path), "--create-roles")[0] == 0
    assert cli("changes", "--fields", "action,users,summary")[1] == (
        "action\tusers\tsummary\nuser.created\t2\tuser.created 2 users, role.created 1\n"
    )
