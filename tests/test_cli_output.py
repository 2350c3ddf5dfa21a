"""What goes to stdout: seven formats, in every state, with and without a terminal, on both engines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from tests.conftest import Cli, Database
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

MakeUser = Callable[..., UserView]
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "yaml", "ids")
FIELDS = [
    *("id", "email", "full_name", "is_active", "roles", "attributes", "must_change_password"),
    *("password_changed_at", "expires_at", "last_login_at", "version", "created_at", "updated_at", "deleted_at"),
]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
SGR = re.compile("\x1b\\[[0-9;]*m")


def parsed(kind: str, text: str) -> Any:
    """What a strict reader of the format makes of it; delimited rows as dicts of texts."""
    if kind == "json":
        return json.loads(text)
    if kind == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if kind == "yaml":
        return yaml.safe_load(text)
    if kind == "ids":
        return text.splitlines()
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    lines = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def at_terminal(cli: Cli, *arguments: str) -> tuple[int, str, str]:
    """What a person sees: bold taken off."""
    code, out, err = cli(*arguments, terminal=True)
    return code, "".join(f"{line.rstrip()}\n" for line in SGR.sub("", out).splitlines()), err


def name_past_the_tool(database: Database, user: UserView, name: str) -> None:
    database.rows("UPDATE users SET full_name = :name WHERE email = :email", name=name, email=user.email)


def test_a_terminal_gets_a_table_and_a_pipe_tsv(cli: Cli, ada: UserView) -> None:
    assert cli("list") == cli("list", "-o", "tsv")
    assert cli("list", terminal=True) == cli("list", "-o", "table", terminal=True)
    assert at_terminal(cli, "list")[1].startswith("email  ")
    assert at_terminal(cli, "show", "ada@example.com")[1].startswith("id  ")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.each_once
def test_every_format_parses_in_every_state(
    cli: Cli, make_user: MakeUser, database: Database, terminal: bool
) -> None:
    empty = {
        "json": "[]\n", "jsonl": "", "yaml": "[]\n", "ids": "",
        "csv": ",".join(FIELDS) + "\n", "tsv": "\t".join(FIELDS) + "\n",
    }  # fmt: skip
    assert {kind: cli("list", "-o", kind, terminal=terminal) for kind in empty} == {
        kind: (0, text, "") for kind, text in empty.items()
    }
    users: list[dict[str, Any]] = []
    for email, name in (("ada@example.com", 'Ada, "Countess"'), ("bob@example.com", "back\\slash")):
        made = make_user(email, full_name=name, attributes={"team": "blue", "nested": [1, {"a": None}]})
        users.append(made.model_dump(mode="json"))
        texts = [_texts(user) for user in users]
        for kind in ("json", "jsonl", "yaml"):
            code, out, err = cli("list", "-o", kind, terminal=terminal)
            assert (code, parsed(kind, out), err) == (0, users, ""), kind
        assert parsed("csv", cli("list", "-o", "csv", terminal=terminal)[1]) == texts
        assert parsed("ids", cli("list", "-o", "ids", terminal=terminal)[1]) == [user["id"] for user in users]
        tsv = parsed("tsv", cli("list", "-o", "tsv", terminal=terminal)[1])
        assert [{key: cell.replace("\\\\", "\\") for key, cell in row.items()} for row in tsv] == texts


def _texts(user: dict[str, Any]) -> dict[str, str]:
    """A user as the delimited formats write it."""
    compact = json.dumps(user["attributes"], separators=(",", ":"))
    plain = {**user, "roles": ";".join(user["roles"]), "attributes": compact}
    return {name: _text(value) for name, value in plain.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_show_gives_an_object_or_a_row_in_every_format(cli: Cli, ada: UserView) -> None:
    user = ada.model_dump(mode="json")
    for kind in ("json", "yaml"):
        assert parsed(kind, cli("show", "ada@example.com", "-o", kind)[1]) == user
    assert parsed("jsonl", cli("show", "ada@example.com", "-o", "jsonl")[1]) == [user]
    for kind in ("csv", "tsv"):
        assert parsed(kind, cli("show", "ada@example.com", "-o", kind)[1]) == [_texts(user)]
    assert cli("show", "ada@example.com", "-o", "ids")[1] == f"{ada.id}\n"


def test_a_change_is_one_object_or_its_users_as_rows(cli: Cli, ada: UserView) -> None:
    user = ada.model_dump(mode="json")
    change = {
        "change_id": None,
        "dry_run": False,
        "changed": 0,
        "unchanged": 1,
        "failed": [],
        "users": [user],
    }
    touch = ["update", "ada@example.com", "--name", "Ada Lovelace"]
    for kind in ("json", "yaml"):
        assert parsed(kind, cli(*touch, "-o", kind)[1]) == change
    assert parsed("jsonl", cli(*touch, "-o", "jsonl")[1]) == [change]
    for kind in ("csv", "tsv"):
        assert parsed(kind, cli(*touch, "-o", kind)[1]) == [_texts(user)]
    assert cli(*touch, "-q")[1] == f"{ada.id}\n"
    assert cli(*touch, "-o", "table")[1] == cli("list", "-o", "table")[1]


def test_fields_stand_in_the_order_of_the_contract(cli: Cli, ada: UserView) -> None:
    assert cli("list")[1].splitlines()[0].split("\t") == FIELDS
    assert cli("list", "-o", "csv")[1].splitlines()[0].split(",") == FIELDS
    for kind in ("json", "jsonl", "yaml"):
        found = parsed(kind, cli("list", "-o", kind)[1])
        assert list(found[0]) == FIELDS, kind
    assert [line.split()[0] for line in at_terminal(cli, "show", "ada@example.com")[1].splitlines()] == FIELDS


def test_fields_are_picked_in_the_order_asked(cli: Cli, ada: UserView) -> None:
    pick = ["--fields", "full_name, id,is_active"]
    id_ = str(ada.id)
    wanted = {
        "tsv": f"full_name\tid\tis_active\nAda Lovelace\t{id_}\ttrue\n",
        "csv": f"full_name,id,is_active\nAda Lovelace,{id_},true\n",
        "json": f'[\n{{"full_name":"Ada Lovelace","id":"{id_}","is_active":true}}\n]\n',
        "jsonl": f'{{"full_name":"Ada Lovelace","id":"{id_}","is_active":true}}\n',
        "yaml": f"- full_name: Ada Lovelace\n  id: {id_}\n  is_active: true\n",
        "ids": f"{id_}\n",
        "table": f"full_name     id                                    is_active\nAda Lovelace  {id_}  yes\n",
    }
    assert {kind: cli("list", *pick, "-o", kind)[1] for kind in wanted} == wanted
    one = cli("show", "ada@example.com", *pick, "-o", "json")
    assert one == (0, f'{{"full_name":"Ada Lovelace","id":"{id_}","is_active":true}}\n', "")
    change = json.loads(cli("update", "ada@example.com", "--name", "x", *pick, "-o", "json")[1])
    assert change["users"] == [{"full_name": "x", "id": id_, "is_active": True}]


def test_ids_are_another_field_if_one_is_chosen(cli: Cli, ada: UserView) -> None:
    assert cli("update", "ada@example.com", "--name", "a\\c", "-q", "--fields", "email")[:2] == (
        0,
        f"{ada.email}\n",
    )
    for fields, wanted in (
        ("email", ada.email),
        ("id", str(ada.id)),
        ("full_name", "a\\\\c"),
        ("is_active", "true"),
        ("expires_at", ""),
        ("email,id", str(ada.id)),
    ):
        for line in ("list", "export", "show ada@example.com"):
            assert cli(*line.split(), "-q", "--fields", fields) == (0, f"{wanted}\n", ""), (line, fields)
            assert cli(*line.split(), "-o", "ids", "--fields", fields)[1] == f"{wanted}\n"
    assert cli("list", "-q", "--fields", "email,full_name") == (
        2,
        "",
        "error: -q and -o ids print one field; --fields names 2; for several use -o tsv --no-header\n",
    )


def test_options_stand_on_either_side_and_the_inner_one_wins(cli: Cli, ada: UserView) -> None:
    ids, lines = f"{ada.id}\n", f'{{"email":"{ada.email}"}}\n'
    for arguments, wanted in (
        (["-q", "list"], ids),
        (["list", "-q"], ids),
        (["-o", "json", "list", "-o", "ids"], ids),
        (["-o", "json", "list", "-q"], ids),
        (["list", "-q", "-o", "ids"], ids),
        (["-o", "jsonl", "--fields", "email", "list"], lines),
        (["-o", "ids", "list", "-o", "jsonl", "--fields", "email"], lines),
        (["-q", "list", "-o", "jsonl", "--fields", "email"], lines),
        (["--fields", "id", "list", "--fields", "email", "-o", "jsonl"], lines),
        (["-o", "jsonl", "show", "ada@example.com", "--fields", "email"], lines),
        (["-o", "jsonl", "show", "--fields", "email", "ada@example.com"], lines),
    ):
        assert cli(*arguments) == (0, wanted, ""), arguments
    here, there = "--database-url=sqlite:////nowhere/at/all.db", "--database-url=sqlite:////nowhere/else.db"
    lost = "error: there is no database at /nowhere/else.db, nor its folder; to make a new one, run: usercli"
    assert cli(here, "list", there)[2] == f"{lost} --database-url sqlite:////nowhere/else.db db upgrade\n"
    for dry in (["--dry-run", "delete", "ada@example.com"], ["delete", "--dry-run", "ada@example.com"]):
        assert cli(*dry, "-q")[:2] == (0, ids)
    revision = cli("db", "-o", "json", "current")
    assert revision == cli("db", "current", "-o", "json") == cli("-o", "csv", "db", "current", "-o", "json")
    assert cli("-o", "csv", "db", "-o", "json", "current") == revision


# -- without a header line


def test_no_header_leaves_out_the_header_of_every_table(cli: Cli, ada: UserView) -> None:
    pick = ["--fields", "email,is_active", "--no-header"]
    wanted = {
        "tsv": f"{ada.email}\ttrue\n",
        "csv": f"{ada.email},true\n",
        "table": f"{ada.email}  yes\n",
    }
    for kind, text in wanted.items():
        for line in ("list", f"show {ada.email} {ada.email}", f"update {ada.email} --name Ada"):
            assert cli(*line.split(), *pick, "-o", kind)[:2] == (0, text), (line, kind)
        assert cli("--no-header", "list", *pick[:2], "-o", kind)[1] == text
    for kind in ("tsv", "csv"):
        assert cli("export", *pick, "-o", kind)[1] == wanted[kind]  # made column by column
    assert cli("list", *pick)[1] == wanted["tsv"]
    assert at_terminal(cli, "list", *pick)[1] == wanted["table"]
    assert at_terminal(cli, "show", ada.email, *pick)[1] == f"{ada.email}\nyes\n"
    for kind in ("tsv", "csv", "table", "ids"):
        assert cli("list", "--count", "--no-header", "-o", kind) == (0, "1\n", "")
    assert cli("list", "-q", "--no-header")[1] == f"{ada.id}\n"
    assert cli("list", "--search", "nobody", "--no-header") == (0, "", "")


# -- changes in a pipe


def test_a_change_in_a_pipe_has_the_columns_of_a_terminal(
    cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    header = at_terminal(cli, "activate", ada.email)[1].split("\n")[0].split()
    assert cli("deactivate", ada.email)[1] == "\t".join(header) + f"\n{ada.email}\tAda Lovelace\tfalse\t\n"
    assert cli("activate", ada.email, "--fields", "email,version")[1] == f"email\tversion\n{ada.email}\t3\n"
    for kind in ("tsv", "csv"):
        assert re.split("[\t,]", cli("activate", ada.email, "-o", kind)[1].splitlines()[0]) == FIELDS
    for terminal in (False, True):
        assert cli("expire", "run", terminal=terminal)[:2] == (0, "")


def test_a_command_on_a_role_prints_the_role(cli: Cli, ada: UserView) -> None:
    header = "name\tdescription\tadministrative\tusers\n"
    assert cli("role", "create", "editor", "--description", "Edits")[:2] == (
        0,
        f"{header}editor\tEdits\tfalse\t0\n",
    )
    assert cli("role", "create", "writer", "--dry-run", "-q")[:2] == (0, "writer\n")
    cli("role", "grant", "editor", ada.email)
    renamed = cli("role", "update", "editor", "--name", "author", "-o", "csv", "--fields", "name,users")
    assert renamed[:2] == (0, "name,users\nauthor,1\n")
    done = json.loads(cli("role", "update", "author", "--description", "Edits", "-o", "json")[1])
    role = {"name": "author", "description": "Edits", "administrative": False, "users": 1}
    assert done == {
        "change_id": None, "dry_run": False, "changed": 0, "unchanged": 1, "failed": [], "users": [], "role": role
    }  # fmt: skip
    assert at_terminal(cli, "role", "update", "author", "--administrative", "--dry-run")[1] == (
        "name    description  administrative  users\nauthor  Edits        yes             1\n"
    )


# -- TSV and CSV

HOSTILE = [
    "tab\there",
    "line\nfeed",
    "carriage\rreturn",
    "both\r\n",
    "back\\slash",
    "\\t",
    'say "hi"',
    "a,b",
    "é👩",
]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'quoted", "'=x"]


def test_tsv_escapes_what_would_break_a_line(cli: Cli, ada: UserView, database: Database) -> None:
    for name, cell in (
        ("tab\there", "tab\\there"),
        ("line\nfeed", "line\\nfeed"),
        ("carriage\rreturn", "carriage\\rreturn"),
        ("\\t", "\\\\t"),
        ("\\", "\\\\"),
        ('say "hi"', 'say "hi"'),
        ("=1+1", "=1+1"),
        (" é ", " é "),
    ):
        name_past_the_tool(database, ada, name)
        assert cli("list", "--fields", "full_name", "-o", "tsv") == (0, f"full_name\n{cell}\n", ""), name


def test_csv_quotes_what_rfc_4180_wants(cli: Cli, ada: UserView, database: Database) -> None:
    for name, cell in (
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ("line\nfeed", '"line\nfeed"'),
        ("lone\rreturn", '"lone\rreturn"'),
        ("both\r\n", '"both\r\n"'),
        (" blanks ", " blanks "),
        ("back\\slash", "back\\slash"),
    ):
        name_past_the_tool(database, ada, name)
        assert cli("list", "--fields", "full_name", "-o", "csv") == (0, f"full_name\n{cell}\n", ""), name


@pytest.mark.parametrize("name", ["\tx", "\rx"])
def test_csv_guards_and_quotes_controls_that_start_a_formula(
    cli: Cli, ada: UserView, database: Database, name: str
) -> None:
    name_past_the_tool(database, ada, name)
    guarded = f"'{name}" if name[0] == "\t" else f'"\'{name}"'
    assert cli("list", "--fields", "full_name", "-o", "csv")[1] == f"full_name\n{guarded}\n"


def test_csv_guards_spreadsheets_and_raw_does_not(cli: Cli, make_user: MakeUser, database: Database) -> None:
    names = FORMULAS + HOSTILE
    for number, name in enumerate(names):
        name_past_the_tool(database, make_user(f"user{number}@example.com"), name)

    def listed(*options: str) -> list[str]:
        return [row["full_name"] for row in parsed(options[-1], cli("list", *options)[1])]

    assert listed("-o", "csv") == [f"'{name}" if name in FORMULAS else name for name in names]
    assert listed("--raw", "-o", "csv") == names
    for kind in ("json", "jsonl", "yaml"):
        assert listed("-o", kind) == names, kind


# -- tables


def test_a_table_at_80_columns(cli: Cli, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    make_user(full_name="Ada Lovelace")
    name = "Somebody with a name that folds"
    make_user("a.very.long.address@subdomain.example.com", full_name=name, is_active=False)
    assert at_terminal(cli, "list") == (
        0,
        "email                                      full_name            is_active  roles\n"
        "ada@example.com                            Ada Lovelace         yes\n"
        "a.very.long.address@subdomain.example.com  Somebody with a      no\n"
        "                                           name that folds\n",
        "",
    )


def test_a_table_at_200_columns(
    cli: Cli, make_user: MakeUser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    ada = make_user(full_name="Ada Lovelace", expires_at=datetime(2999, 1, 31, tzinfo=UTC))
    bob = make_user("bob@example.com", full_name="Bob", is_active=False)
    created = [f"{user.created_at:%Y-%m-%dT%H:%M:%SZ}" for user in (ada, bob)]
    assert at_terminal(cli, "list") == (
        0,
        "id                                    email            full_name     is_active  roles"
        "  last_login_at  expires_at            created_at\n"
        f"{ada.id}  ada@example.com  Ada Lovelace  yes                              "
        f"2999-01-31T00:00:00Z  {created[0]}\n"
        f"{bob.id}  bob@example.com  Bob           no                               "
        f"                      {created[1]}\n",
        "",
    )


def test_a_user_is_a_sheet_at_any_width(cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch) -> None:
    user = ada.model_dump(mode="json")
    sheet = "".join(
        f"{name:20}  {text}".rstrip() + "\n"
        for name, text in {
            **{name: user[name] or "" for name in FIELDS},
            "is_active": "yes",
            "roles": "",
            "attributes": "{}",
            "must_change_password": "no",
            "version": "1",
        }.items()
    )
    for columns in ("20", "80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        assert at_terminal(cli, "show", "ada@example.com") == (0, sheet, ""), columns


def test_nothing_is_cut_off_on_a_narrow_terminal(cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = at_terminal(cli, "list", "--fields", "created_at,updated_at,email")[1]
    created = f"{ada.created_at:%Y-%m-%dT%H:%M:%SZ}"
    assert out.split() == ["created_at", "updated_at", "email", created, created, "ada@example.com"]


def test_a_colour_terminal_gets_bold_headers_and_a_pipe_none(
    cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR")
    out = cli("list", "--fields", "email", terminal=True)[1]
    assert out == "\x1b[1memail          \x1b[0m\nada@example.com\n"
    assert SGR.search(cli("list", "-o", "table")[1]) is None
    assert SGR.search(cli("list", "-o", "json", terminal=True)[1]) is None


# -- limits


def test_a_table_stops_at_fifty_and_says_how_to_go_on(cli: Cli, database: Database) -> None:
    assert cli("db", "seed", "--count", "1234", "-q")[0] == 0
    code, out, err = cli("list", "--sort", "email", terminal=True)
    token = err.removeprefix("50 of 1,234 shown; next: --after ").removesuffix("\n")
    assert (code, len(out.splitlines()), err) == (0, 51, f"50 of 1,234 shown; next: --after {token}\n")
    assert re.fullmatch(r"[\w-]+", token)
    everyone = cli("list", "--sort", "email", "-q")
    assert (everyone[0], len(everyone[1].splitlines()), everyone[2]) == (0, 1234, "")
    second = cli("list", "--sort", "email", "--after", token, "--limit", "2", "-q")
    assert second[1].splitlines() == everyone[1].splitlines()[50:52]
    assert second[2].startswith("2 of 1,234 shown; next: --after ")
    for kind in ("json", "jsonl", "csv", "tsv", "yaml"):
        found = parsed(kind, cli("list", "-o", kind, "--fields", "id", "--limit", "60")[1])
        assert len(found) == 60, kind


# -- errors, times


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.each_once
def test_an_error_before_the_first_byte_leaves_stdout_empty(
    cli: Cli, ada: UserView, database: Database, kind: str
) -> None:
    break_the_row_of(database, ada)
    name = f"error: user id:{ada.id} has a wrong attributes (docs/table.md)\n"
    assert cli("list", "-o", kind) == (1, "", name)
    assert cli("show", "x@example.com", "-o", kind) == (3, "", "error: no such user: x@example.com\n")
    assert cli("list", "--sort", "x", "-o", kind)[:2] == (2, "")


def break_the_row_of(database: Database, user: UserView) -> None:
    """Another program writes a list where an object belongs."""
    database.rows("UPDATE users SET attributes = '[]' WHERE email = :email", email=user.email)


def test_an_error_in_mid_stream_leaves_the_list_open(cli: Cli, make_user: MakeUser, database: Database) -> None:
    first = make_user("a@example.com")
    second = make_user("b@example.com")
    break_the_row_of(database, second)
    line = f'{{"id":"{first.id}"}}'
    wanted = {
        "json": f"[\n{line}",
        "jsonl": f"{line}\n",
        "yaml": f"- id: {first.id}\n",
        "csv": f"id\n{first.id}\n",
        "tsv": f"id\n{first.id}\n",
        "ids": f"{first.id}\n",
        "table": "",
    }
    error = f"error: user id:{second.id} has a wrong attributes (docs/table.md)\n"
    assert {kind: cli("list", "--sort", "email", "--fields", "id", "-o", kind) for kind in wanted} == {
        kind: (1, text, error) for kind, text in wanted.items()
    }
    with pytest.raises(json.JSONDecodeError):
        json.loads(wanted["json"])


def test_times_are_rfc_3339_in_utc_with_z(cli: Cli, database: Database) -> None:
    cli("create", "ada@example.com", "--no-password", "--expires", "2999-06-01T12:00:00+02:00")
    cli("delete", "ada@example.com", "--yes")
    for kind in ("json", "jsonl", "csv", "tsv", "yaml"):
        (user,) = parsed(kind, cli("list", "--deleted", "-o", kind)[1])
        assert user["expires_at"] == "2999-06-01T10:00:00Z", kind
        for name in ("created_at", "updated_at", "deleted_at"):
            assert TIME.fullmatch(user[name]), (kind, name)
            assert abs(datetime.now(UTC) - datetime.fromisoformat(user[name])).total_seconds() < 60
    shown = at_terminal(cli, "show", "ada@example.com", "--deleted")[1]
    assert "\nexpires_at            2999-06-01T10:00:00Z\n" in shown
