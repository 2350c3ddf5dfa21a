"""Every role that is made has the form that `role create` demands, whichever way it is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Cli, Database

pytestmark = pytest.mark.either_engine

FORM = "(1 to 64 characters, no ; or , and no blank at an end)"
BAD = ["x;admin", "a,b", " lead", "lead ", "x" * 65, "\u3000lead"]


@pytest.mark.parametrize("name", BAD)
def test_an_import_makes_no_role_outside_the_form(
    cli: Cli, environment: Path, database: Database, name: str
) -> None:
    records = [{"email": "ok@example.com", "roles": ["editor"]}, {"email": "joe@example.com", "roles": [name]}]
    (environment / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert cli("role", "create", "admin", "--administrative")[0] == 0
    code, _, err = cli("import", "r.jsonl", "--create-roles")
    assert (code, err.splitlines()[0]) == (2, f"error: r.jsonl:2: not a role name: {name} {FORM}")
    assert database.rows("SELECT name FROM roles") == [("admin",)]
    code, _, _ = cli("import", "r.jsonl", "--create-roles", "--skip-bad", "--reject-file", "bad.csv")
    assert (code, database.rows("SELECT name FROM roles ORDER BY name")) == (7, [("admin",), ("editor",)])
    assert cli("import", "bad.csv", "--create-roles")[0] == 2  # the reject file does not split the name
    assert database.rows("SELECT name FROM roles ORDER BY name") == [("admin",), ("editor",)]


def test_each_way_in_names_the_line(cli: Cli, environment: Path, database: Database) -> None:
    realm = {"users": [{"username": "k", "email": "k@example.com", "groups": ["/x;y"]}]}
    entry = "dn: uid=a,dc=x\nobjectClass: person\nmail: a@example.com\nmemberOf: CN=Ops\\, Night,DC=x\n"
    for name, text, options in (
        ("t.csv", 'email,roles\na@example.com,"a,b"\n', ()),
        ("t.tsv", "email\troles\na@example.com\ta;b,c\n", ()),
        ("t.json", '[{"email":"a@example.com","roles":["a;b"]}]', ()),
        ("t.json", json.dumps(realm), ("--from", "keycloak")),
        ("t.ldif", entry, ("--from", "ldif")),
    ):
        (environment / name).write_text(text)
        code, _, err = cli("import", name, "--create-roles", *options)
        assert (code, "not a role name: " in err.splitlines()[0]) == (2, True), err
    assert database.rows("SELECT name FROM roles") == []


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_says_which_role_does_not_come_back(
    cli: Cli, environment: Path, database: Database, form: str
) -> None:
    for name in ("old", "editor"):
        assert cli("role", "create", name)[0] == 0
    assert "import refuses" not in cli("export", f"u.{form}")[2]
    database.rows("UPDATE roles SET name = 'x;admin' WHERE name = 'old'")
    code, _, err = cli("export", f"u.{form}")
    assert (code, "import refuses the role name 'x;admin'; " in err) == (0, True)
    assert "import refuses" not in cli("export", "-o", form, "--fields", "id,email")[2]
    assert cli("role", "update", "x;admin", "--name", "old")[0] == 0


LISTS = {
    '["admin"]': ["admin"],
    '["night ops", "admin"]': ["admin", "night ops"],
    " [] ": [],
    "[old] admin": ["[old] admin"],
    "[a]": ["[a]"],
    "a;[b]": ["[b]", "a"],
}


@pytest.mark.parametrize("cell", LISTS)
def test_a_json_list_of_roles_is_a_list(cli: Cli, environment: Path, cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    (environment / "t.csv").write_text(f"email,roles\na@example.com,{quoted}\n")
    (environment / "t.tsv").write_text(f"email\troles\nb@example.com\t{cell}\n")
    for name in ("t.csv", "t.tsv"):
        code, _, err = cli("import", name, "--create-roles")
        assert code == 0, err
    shown = json.loads(cli("list", "-o", "json", "--fields", "roles")[1])
    assert shown == [{"roles": LISTS[cell]}] * 2


@pytest.mark.parametrize("cell", ['["a;b"]', '["a", 1]', '[{"name": "a"}]', "[1]", '["a,b"]', '[""]'])
def test_a_json_list_of_other_things_is_refused(cli: Cli, environment: Path, database: Database, cell: str) -> None:
    (environment / "t.tsv").write_text(f"email\troles\nb@example.com\t{cell}\n")
    code, _, err = cli("import", "t.tsv", "--create-roles")
    assert (code, err.startswith("error: t.tsv:2: ")) == (2, True)
    assert database.rows("SELECT name FROM roles") == []


def test_roles_of_a_json_list_are_proposed_by_their_names(cli: Cli, environment: Path) -> None:
    (environment / "t.tsv").write_text('email\troles\tTeam\nb@example.com\t["a", "b"]\tred\n')
    _, _, err = cli("import", "t.tsv")
    assert "roles that are not there, and that --create-roles makes: a, b\n" in err
