"""Times that other programs store and no calendar holds: they end nothing, are named, and can be mended."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.audit_log import tampering
from tests.conftest import Cli, Database
from usercli.schemas.user_fields import TIMES

#: What is stored, the text that is shown, and whether the user may still sign in.
STORED: dict[str, list[tuple[Any, str, bool]]] = {
    "postgresql": [
        ("-infinity", "-infinity", False),
        ("20000-01-01", "20000-01-01 00:00:00+00", True),
        ("10000-02-03 04:05:06.7", "10000-02-03 04:05:06.7+00", True),
        ("0044-03-15 12:00:00 BC", "0044-03-15 12:00:00+00 BC", False),
    ],
    "sqlite": [
        ("infinity", "infinity", False),
        ("soon", "soon", False),
        ("", "", False),
        ("9999-99-99 00:00:00.000000", "9999-99-99 00:00:00.000000", False),
        ("20000-01-01 00:00:00.000000", "20000-01-01 00:00:00.000000", False),
        ("now", "now", False),
        (1_732_636_800, "1732636800", False),
        (2.5e300, "2.5e+300", False),
        (b"\xff\x00", "0xff00", False),
    ],
}
#: One of each kind: these are in the fast suite for every test, the others for the first.
FAST = {"-infinity", "0044-03-15 12:00:00 BC", "20000-01-01", "soon", 1_732_636_800, b"\xff\x00"}
SHOWN = {engine: [case[:2] for case in cases if case[0] in FAST] for engine, cases in STORED.items()}


def cases(of: dict[str, list[Any]], every: bool = False) -> Any:
    """Each engine with what only it can hold."""
    each = [
        pytest.param(engine, *case, marks=() if every or case[0] in FAST else pytest.mark.slow)
        for engine, found in of.items()
        for case in found
    ]
    names = ("engine_name", "stored", "shown", "may_sign_in")[: len(each[0].values)]
    return pytest.mark.parametrize(names, each, indirect=["engine_name"], ids=lambda value: repr(value)[:30])


@pytest.fixture
def people(cli: Cli) -> None:
    for name in "abc":
        given = ("--password-stdin",) if name == "a" else ("--no-password",)
        code, _, err = cli("create", f"{name}@example.com", *given, stdin="correct horse battery staple\n")
        assert code == 0, err


def store(database: Database, column: str, value: Any, email: str = "a@example.com") -> str:
    """Store it as another program does; the id of the user."""
    database.rows(f"UPDATE users SET {column} = :value WHERE email = :email", value=value, email=email)
    [[found]] = database.rows("SELECT id FROM users WHERE email = :email", email=email)
    return str(uuid.UUID(str(found)))


def named(user_id: str, column: str, shown: str) -> str:
    return f"user id:{user_id} has {shown!r} in {column}, which is no time of the years 1 to 9999"


@cases(STORED, every=True)
def test_an_expiry_is_named_and_can_be_mended(
    cli: Cli, database: Database, people: None, stored: Any, shown: str, may_sign_in: bool
) -> None:
    user_id = store(database, "expires_at", stored)
    warning = f"{named(user_id, 'expires_at', shown)}; to mend it run: "
    for command in (("list", "--sort", "email"), ("export", "--sort", "email")):
        code, out, err = cli(*command, "-o", "json", "--fields", "email,expires_at")
        assert (code, [row["expires_at"] for row in json.loads(out)]) == (0, [shown, None, None]), err
        assert warning in err
    code, out, err = cli("show", "a@example.com", "-o", "json")
    assert (code, json.loads(out)["expires_at"], warning in err) == (0, shown, True)
    assert cli("show", "b@example.com", "-o", "json")[2] == ""
    code, _, err = cli(
        "password", "verify", "a@example.com", "--password-stdin", stdin="correct horse battery staple\n"
    )
    assert (code, err) == (0 if may_sign_in else 8, "")
    code, out, _ = cli("list", "--expired", "-o", "ids")
    assert (code, out) == (0, "" if may_sign_in else f"{user_id}\n")
    for option in ("--expires-before", "--expires-after"):
        is_found = may_sign_in == (option == "--expires-after")
        assert cli("list", option, "1d", "-o", "ids")[1] == (f"{user_id}\n" if is_found else "")
    code, _, err = cli("db", "check")
    assert (code, err.count("warning"), warning in err) == (7, 1, True)
    way_out = err.partition("to mend it run: usercli ")[2].partition(", or")[0].split()
    code, _, err = cli(*way_out)
    assert code == 0, err
    assert database.rows("SELECT expires_at FROM users WHERE email = 'a@example.com'") == [(None,)]
    for command in (("db", "check"), ("export",), ("history", "a@example.com"), ("audit", "verify")):
        assert (cli(*command)[0], "no time" in cli(*command)[2]) == (0, False)


@cases(SHOWN)
@pytest.mark.parametrize("column", sorted(TIMES))
@pytest.mark.each_once("engine_name")
def test_no_column_of_times_ends_a_command(
    cli: Cli, database: Database, people: None, column: str, stored: Any, shown: str
) -> None:
    if column == "deleted_at":
        assert cli("delete", "a@example.com", "--yes")[0] == 0
    user_id = store(database, column, stored)
    said = named(user_id, column, shown)
    there = ("--deleted",) if column == "deleted_at" else ()
    for command in (
        ("list", *there),
        ("show", "a@example.com", *there),
        ("export", *there),
        ("privacy", "export", "a@example.com"),
        ("db", "check"),
    ):
        for form in ("json",) if command[0] == "privacy" else ("json", "yaml", "table"):
            code, _, err = cli(*command, "-o", form)
            assert (code, said in err) == (7 if command[0] == "db" else 0, True), (command, err)
    for form in ("csv", "tsv", "jsonl"):
        for raw in ((), ("--raw",)):
            fields = ("-o", form, *raw, "--fields", f"id,is_active,{column},email", *there)
            assert cli("export", *fields, "--sort", "id")[:2] == cli("list", *fields, "--sort", "id")[:2]
    for command in (
        ("password", "audit", "--older-than", "30d"),
        ("access-review", "export"),
        ("list", "--inactive-for", "30d", "--created-after", "2020-01-01", *there),
        ("update", "id:" + user_id, "--name", "A") if not there else ("restore", "id:" + user_id),
        ("delete", "id:" + user_id, "--yes"),
        ("restore", "id:" + user_id),
        ("expire", "run"),
        ("changes",),
        ("history", "a@example.com"),
        ("audit", "verify"),
        ("delete", "id:" + user_id, "--purge", "--confirm", "a@example.com"),
    ):
        code, _, err = cli(*command)
        assert code == 0, (command, err)


@cases(SHOWN)
@pytest.mark.parametrize("column", ["created_at", "expires_at"])
@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.each_once
def test_pages_lead_past_it(
    cli: Cli, database: Database, people: None, column: str, direction: str, stored: Any, shown: str
) -> None:
    store(database, column, stored)
    store(database, column, stored, "c@example.com")
    order = ("--sort", direction + column)
    whole = cli("list", "-o", "ids", *order)[1].split()
    pages: list[str] = []
    more: tuple[str, ...] = ()
    for _ in range(3):
        code, out, err = cli("list", "-o", "ids", *order, "--limit", "1", *more)
        assert code == 0, err
        pages += out.split()
        more = ("--after", err.rpartition("--after ")[2].strip())
    assert (pages, len(set(pages))) == (whole, 3)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_an_infinite_expiry_is_never(cli: Cli, database: Database, people: None) -> None:
    store(database, "expires_at", "infinity")
    store(database, "expires_at", "infinity", "b@example.com")
    for command in (("list",), ("export",)):
        for form in ("json", "csv"):
            code, out, err = cli(*command, "-o", form, "--fields", "email,expires_at", "--sort", "email")
            rows = json.loads(out) if form == "json" else list(csv.DictReader(io.StringIO(out)))
            assert (code, {row["expires_at"] for row in rows}) == (0, {None if form == "json" else ""})
            assert err == "" or err.startswith("exported 3 users from ")
    verify = ("password", "verify", "a@example.com", "--password-stdin")
    assert cli(*verify, stdin="correct horse battery staple\n")[0] == 0
    for filters in (["--expired"], ["--expires-before", "1000y"], ["--expires-after", "0s"]):
        assert cli("list", *filters, "-o", "ids")[1] == ""
    assert cli("db", "check")[0] == 0
    for direction in ("", "-"):
        order = ("list", "-o", "ids", "--sort", f"{direction}expires_at")
        whole = cli(*order)[1].split()
        pages: list[str] = []
        more: tuple[str, ...] = ()
        for _ in range(3):
            _, out, err = cli(*order, "--limit", "1", *more)
            pages += out.split()
            more = ("--after", err.rpartition("--after ")[2].strip())
        assert (pages, len(set(pages))) == (whole, 3)
    assert cli("update", "a@example.com", "--expires", "never")[0] == 0
    assert cli("update", "a@example.com", "--expires", "30d")[0] == 0
    assert cli("delete", "a@example.com", "b@example.com", "--yes")[0] == 0
    assert cli("audit", "verify")[0] == 0


@cases(STORED)
def test_who_cannot_sign_in_does_not_administer(
    cli: Cli, database: Database, people: None, stored: Any, shown: str, may_sign_in: bool
) -> None:
    assert cli("role", "create", "admin", "--administrative")[0] == 0
    assert cli("role", "grant", "admin", "a@example.com", "b@example.com")[0] == 0
    store(database, "expires_at", stored, "b@example.com")
    code, _, err = cli("delete", "a@example.com", "--yes")
    assert (code, "no active administrator" in err) == ((6, True) if not may_sign_in else (0, False))


@cases(STORED)
def test_undo_sets_no_such_time(
    cli: Cli, database: Database, people: None, stored: Any, shown: str, may_sign_in: bool
) -> None:
    user_id = store(database, "expires_at", stored)
    code, out, err = cli("update", "a@example.com", "--expires", "2999-01-01", "-o", "json")
    assert code == 0, err
    change = json.loads(out)["change_id"]
    code, _, err = cli("undo", change, "--yes")
    assert (code, "a@example.com expires_at" in err) == (4, True)
    assert json.loads(cli("show", f"id:{user_id}", "-o", "json")[1])["expires_at"] == "2999-01-01T00:00:00Z"


@cases(STORED)
@pytest.mark.parametrize("system", ["django", "auth0", "scim"])
@pytest.mark.each_once
def test_an_export_to_another_system_lets_nobody_in(
    cli: Cli, database: Database, people: None, system: str, stored: Any, shown: str, may_sign_in: bool
) -> None:
    store(database, "expires_at", stored)
    code, _, err = cli("export", "all.json", "--to", system)
    assert (code, shown in err) == (0, True), err
    written = json.loads(Path("all.json").read_text())
    items = written if system != "scim" else written["Resources"]
    [user] = [item for item in items if "a@example.com" in json.dumps(item)]
    states = {"django": lambda: user["fields"]["is_active"], "auth0": lambda: not user.get("blocked", False)}
    assert states.get(system, lambda: user["active"])() is False


@cases(SHOWN)
def test_what_was_exported_does_not_come_back(
    cli: Cli, database: Database, people: None, stored: Any, shown: str
) -> None:
    store(database, "expires_at", stored)
    for form in ("csv", "jsonl"):
        code, _, err = cli("export", f"all.{form}")
        assert code == 0, err
        code, _, err = cli("import", f"all.{form}", "--on-conflict", "update")
        is_refused = bool(shown) and not shown.isdigit()  # a number counts seconds, and comes in
        assert (code, f"not a time: {shown}" in err) == ((2, True) if is_refused else (0, False)), err


@pytest.mark.parametrize("text", ["infinity", "-infinity", "20000-01-01", "9" * 30])
@pytest.mark.each_once
def test_no_such_time_comes_in(cli: Cli, database: Database, people: None, text: str) -> None:
    from usercli.errors import InvalidInput
    from usercli.schemas.users import UserCreate, UserUpdate
    from usercli.times import UnreadableTime

    Path("users.jsonl").write_text(json.dumps({"email": "n@example.com", "expires_at": text}))
    Path("users.csv").write_text(f"email,expires_at\nn@example.com,{text}\n")
    Path("staff.json").write_text(
        json.dumps({"name": "staff", "users": [{"email": "n@example.com", "expires_at": text}]})
    )
    Path("batch.txt").write_text(f"create n@example.com --no-password --expires {text}\n")
    for command in (
        ("create", "n@example.com", "--no-password", "--expires", text),
        ("update", "a@example.com", f"--expires={text}"),
        ("import", "users.jsonl"),
        ("import", "users.csv"),
        ("apply", "staff.json"),
        ("plan", "staff.json"),
    ):
        code, out, err = cli(*command)
        assert (code, out, "not a time" in err) == (2, "", True), (command, err)
    for value in (text, UnreadableTime.of(text, late=True), UnreadableTime.of(text)):
        for model in (UserCreate, UserUpdate):
            with pytest.raises((InvalidInput, ValueError)):
                model.model_validate({"email": "n@example.com", "expires_at": value})
    assert cli("db", "check")[0] == 0
    assert database.rows("SELECT count(*) FROM users") == [(3,)]


def test_roles_and_grants_are_looked_at(cli: Cli, database: Database, people: None) -> None:
    value = "infinity" if database.engine == "postgresql" else "soon"
    assert cli("role", "create", "staff")[0] == cli("role", "grant", "staff", "a@example.com")[0] == 0
    database.rows("UPDATE roles SET created_at = :value", value=value)
    database.rows("UPDATE user_roles SET granted_at = :value", value=value)
    code, _, err = cli("db", "check")
    assert (code, f"role staff has '{value}' in created_at" in err, f"'{value}' in granted_at" in err) == (
        7,
        True,
        True,
    )
    for command in (("role", "list"), ("show", "a@example.com"), ("access-review", "export", "-o", "json")):
        code, out, err = cli(*command)
        assert code == 0, err
    assert json.loads(out)[0]["granted_at"] == value


def test_the_log_goes_on_behind_an_event_without_a_time(cli: Cli, database: Database, people: None) -> None:
    with tampering(database) as owner:
        [[last]] = database.rows("SELECT max(seq) FROM audit_events")
        owner.set(int(str(last)), "at", "infinity" if database.engine == "postgresql" else "soon")
    assert cli("update", "a@example.com", "--name", "A")[0] == 0
    code, out, err = cli("audit", "log", "-o", "json")
    assert (code, f"cannot be read: seq {last};" in err) == (7, True)
    assert json.loads(out)[-1]["at"] < "2999"
    assert cli("audit", "checkpoint")[0] == 0
    assert cli("audit", "verify")[0] == 7


@cases({engine: [case[:1] for case in found] for engine, found in STORED.items()})
def test_nobody_is_purged_by_what_is_no_time(cli: Cli, database: Database, people: None, stored: Any) -> None:
    assert cli("delete", "a@example.com", "b@example.com", "--yes")[0] == 0
    store(database, "deleted_at", stored)
    time.sleep(0.01)
    name = cli("purge", "--deleted-before", "0s")[2].split()[-1]
    code, out, err = cli("purge", "--deleted-before", "0s", "--confirm", name)
    assert (code, database.rows("SELECT email FROM users ORDER BY email")) == (
        0,
        [("a@example.com",), ("c@example.com",)],
    ), (out, err)
