"""Export, and the round trip: what was exported and imported again is exported as the same bytes."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import USER_FIELDS, UserView

pytestmark = pytest.mark.either_engine

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@a",
    "'quoted'",
    "''=",
    'say "hi"',
    "a,b;c\td",
    "two\nlines\r\n",
    "\r",
    "back\\slash \\n",
    "\x1b[31mred\x1b[0m",
    "\u202eright to left",
    "\u2028line",
    "e\u0301 é ß İ 🎉 \U0001f468‍👩",
    "[/nope] <b> null NULL \\N",
    " blank ends ",
    "",
]


@pytest.fixture
def hostile(database: Database) -> None:
    """Users whose names and attributes no command would take, written past the tool."""
    for number, name in enumerate(HOSTILE):
        database.rows(
            "INSERT INTO users (id, email, email_key, full_name, hashed_password, attributes) "
            "VALUES (:id, :email, :email, :name, '!', :attributes)",
            id=f"0192aaaa00007000800000000000{number:04x}",
            email=f"u{number}@example.com",
            name=name,
            attributes=json.dumps({"said": name, "n": number / 4}),
        )


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json"])
def test_the_round_trip_is_exact(
    cli: Cli, hostile: None, environment: Path, empty_database: Database, form: str
) -> None:
    assert cli("export", f"one.{form}")[:2] == (0, "")
    other = ("--database-url", empty_database.text)
    assert cli("db", "upgrade", *other)[0] == 0
    code, _, err = cli("import", f"one.{form}", "--preserve", *other)
    assert code == 0, err
    assert cli("export", f"two.{form}", *other)[0] == 0
    assert (environment / f"two.{form}").read_bytes() == (environment / f"one.{form}").read_bytes()
    assert (environment / f"one.{form}").stat().st_mode & 0o777 == 0o600


def test_a_spreadsheet_sees_no_formula_unless_raw_is_asked_for(cli: Cli, hostile: None) -> None:
    guarded = {row["email"]: row["full_name"] for row in csv.DictReader(io.StringIO(cli("export", "-o", "csv")[1]))}
    assert [guarded[f"u{n}@example.com"] for n in range(6)] == ["'=1+1", "'+1", "'-1", "'@a", "''quoted'", "'''="]
    raw = csv.DictReader(io.StringIO(cli("export", "-o", "csv", "--raw")[1], newline=""))
    assert [row["full_name"] for row in raw] == HOSTILE


def test_filters_sort_and_fields_choose_what_is_exported(cli: Cli, make_user: Callable[..., UserView]) -> None:
    for name in "bac":
        make_user(f"{name}@example.com", is_active=name != "c")
    out = cli("export", "-o", "csv", "--active", "--sort", "-email", "--fields", "email,is_active")[1]
    assert out == "email,is_active\nb@example.com,true\na@example.com,true\n"


def test_no_users_are_an_empty_list_in_every_form(cli: Cli) -> None:
    assert cli("export", "-o", "json")[:2] == (0, "[]\n")
    assert cli("export", "-o", "jsonl")[:2] == (0, "")
    assert cli("export", "-o", "csv")[:2] == (0, ",".join(USER_FIELDS) + "\n")


def test_hashes_go_to_a_private_file_only(cli: Cli, environment: Path, database: Database) -> None:
    cli("create", "a@example.com", "--password-stdin", stdin="correct horse battery\n")
    [(stored,)] = database.rows("SELECT hashed_password FROM users")
    code, out, err = cli("export", "--with-hashes")
    assert (code, out, err) == (2, "", "error: hashes are written to a file only; name one\n")
    assert cli("export", "all.jsonl", "--with-hashes")[0] == 0
    assert json.loads((environment / "all.jsonl").read_text())["hashed_password"] == stored
    assert cli("export", "plain.jsonl")[0] == 0
    assert str(stored) not in (environment / "plain.jsonl").read_text()


def test_a_file_that_cannot_be_completed_is_not_there(cli: Cli, environment: Path, ada: UserView) -> None:
    (environment / "old.csv").write_text("as it was")
    code, out, err = cli("export", "old.csv", "--sort", "nothing")
    assert (code, out) == (2, "")
    assert (environment / "old.csv").read_text() == "as it was"
    code, _, err = cli("export", "no/such/folder/x.csv")
    assert (code, err) == (1, "error: cannot write no/such/folder/x.csv: no such file or directory\n")
    assert sorted(path.name for path in environment.iterdir()) == ["old.csv"]


def test_a_device_or_a_pipe_does_not_become_a_file(cli: Cli, environment: Path, ada: UserView) -> None:
    os.mkfifo(environment / "pipe")
    for more in ((), ("--to", "django")):
        code, out, err = cli("export", "pipe", *more)
        assert (code, out, err) == (1, "", "error: cannot write pipe: it is not a regular file\n")
    assert (environment / "pipe").is_fifo()
    assert [path.name for path in environment.iterdir()] == ["pipe"]


def test_export_says_how_many_it_wrote(cli: Cli, make_user: Callable[..., UserView], database: Database) -> None:
    def said(*arguments: str) -> str:
        code, out, err = cli("export", *arguments)
        assert (code, out) == (0, "")
        return err.splitlines()[0]

    place = f"from {database.url.where} to"
    assert said("a.csv") == f"exported 0 users {place} a.csv"
    make_user("a@example.com")
    assert said("a.csv") == f"exported 1 user {place} a.csv"
    make_user("b@example.com")
    for name in ("a.csv", "a.tsv", "a.json", "a.jsonl", "a.yaml", "a"):
        assert said(name) == f"exported 2 users {place} {name}"
    assert cli("export", "a.txt", "-q") == (0, "", "")
    for system in ("django", "auth0", "scim"):
        assert said("a.json", "--to", system) == f"exported 2 users {place} a.json"
        assert cli("export", "--to", system)[2].splitlines()[0] == f"exported 2 users {place} standard output"
    for kind in ("table", "json", "jsonl", "csv", "tsv", "yaml"):
        assert cli("export", "-o", kind)[2] == f"exported 2 users {place} standard output\n"
    for line, what in (("audit", "2 events"), ("access-review", "0 grants"), ("privacy", "1 user")):
        arguments = [line, "export", *(["a@example.com"] if line == "privacy" else [])]
        code, out, err = cli(*arguments)
        assert (code, bool(out), err) == (0, True, f"exported {what} {place} standard output\n")
        assert cli(*arguments, "-q")[2] == ""


def test_a_name_that_promises_another_format_is_refused(cli: Cli, ada: UserView, environment: Path) -> None:
    for name in ("x.xlsm", "x.XLS", "x.ods", "x.parquet", "x.ldif"):
        ending = name.rpartition(".")[2].lower()
        wanted = f"error: {name}: no .{ending} files are written; name the file .csv, or the format with -o\n"
        assert cli("export", name) == (2, "", wanted)
    for name in ("x.csv.gz", "x.zip"):
        wanted = f"error: {name}: export does not compress; pipe it, as in usercli export -o jsonl | gzip"
        assert cli("export", name) == (2, "", f"{wanted}\n")
    assert not list(environment.glob("x.*"))
    assert cli("access-review", "export", "x.xlsx")[0] == 2
    assert cli("export", "x.xlsx", "-o", "csv")[0] == 0
    for name, same in (("x.yml", "x.yaml"), ("x.ndjson", "x.jsonl"), ("x.txt", "x.csv")):
        assert (cli("export", name)[0], cli("export", same)[0]) == (0, 0)
        assert (environment / name).read_bytes() == (environment / same).read_bytes()
