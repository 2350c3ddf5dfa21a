"""`db inspect`, and what other commands say of a database whose users are in another program's table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database, run_here
from tests.framework_tables import make
from tests.test_migrations import tables


@pytest.fixture
def foreign(clean_environment: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    return empty_database


def inspected(*options: str) -> list[dict[str, Any]]:
    code, out, err = run_here("db", "inspect", "-o", "json", *options)
    assert (code, err) == (0, "")
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_a_table_of_django_is_told_with_its_hashes_and_addresses(foreign: Database) -> None:
    make(foreign, "django")
    before = tables(foreign)
    [table] = inspected()
    public = "" if foreign.engine == "sqlite" else "public."
    assert (table["table"], table["framework"], table["rows"], table["id_type"]) == (
        f"{public}auth_user",
        "django",
        3,
        "integer",
    )
    assert table["hashes"] == [
        {"scheme": "disabled", "cost": None, "users": 1},
        {"scheme": "django_pbkdf2_sha256", "cost": 600000, "users": 2},
    ]
    assert (table["without_email"], table["colliding"]) == (1, 1)
    assert table["collisions"] == [{"email_key": "ada@example.com", "users": 2, "ids": ["1", "2"]}]
    assert [way["way"] for way in table["ways"]] == ["adopt", "map", "import"]
    assert table["ways"][0]["command"] is None
    assert table["ways"][2]["command"] == f"usercli import --from-table PROFILE {public}auth_user"
    assert tables(foreign) == before
    assert run_here("db", "inspect", "-q") == (0, f"{public}auth_user\n", "")
    _, row = run_here("db", "inspect", "-o", "tsv", "--fields", "hashes")[1].splitlines()
    assert json.loads(row) == table["hashes"]


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_each_way_has_its_command_where_it_is_open(foreign: Database) -> None:
    make(foreign, "fastapi-users")
    [table] = inspected()
    assert {way["way"]: way["command"] for way in table["ways"]} == {
        "adopt": "usercli db adopt public.user",
        "map": "usercli --profile NAME list",
        "import": "usercli import --from-table PROFILE public.user",
    }
    assert table["ways"][1]["reason"].endswith('table = { preset = "fastapi-users", name = "public.user" }')
    make(foreign, "supabase")
    ways = {way["way"]: way for way in inspected("--table", "auth.users")[0]["ways"]}
    assert (ways["adopt"]["command"], ways["adopt"]["reason"]) == (None, "Supabase owns and migrates this table")


def test_addresses_beyond_ascii_collide_with_those_of_it(foreign: Database) -> None:
    make(foreign, "fastapi-users")
    row = "'{}', '', true, false, false" if foreign.engine == "postgresql" else "'{}', '', 1, 0, 0"
    for number, email in enumerate(
        ("jörg@exämple.com", "JÖRG@xn--exmple-cua.com", "k@exämple.com", "K@XN--exmple-cua.com")
    ):
        values = row.format(email)
        foreign.rows(f"INSERT INTO \"user\" VALUES ('0190163d-8694-739b-aea5-966c26f8ae0{number}', {values})")
    found = {same["email_key"]: [name[-1] for name in same["ids"]] for same in inspected()[0]["collisions"]}
    assert found == {
        "ada@example.com": ["1", "2"],
        "jörg@xn--exmple-cua.com": ["0", "1"],
        "k@xn--exmple-cua.com": ["2", "3"],
    }


def test_a_terminal_gets_a_page_for_each_table(foreign: Database) -> None:
    make(foreign, "django")
    code, out, err = run_here("db", "inspect", "-o", "table")
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert first.endswith("auth_user, Django: 3 rows")
    assert "  active          is_active  bool" in [line.removesuffix("ean") for line in lines]
    assert "  hashes          disabled: 1, django_pbkdf2_sha256 cost 600000: 2" in lines
    assert "                  ada@example.com: 1, 2" in lines


@pytest.mark.parametrize("kind", ["integer", "bigint", "text"])
def test_a_key_of_any_name_is_the_id(foreign: Database, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if foreign.engine == "sqlite":
        Path(foreign.url.database).touch(0o600)
    foreign.rows(f"CREATE TABLE kunden (kundennr {kind} PRIMARY KEY, email text, password text)")
    [table] = inspected()
    assert (table["fields"]["id"], table["id_type"]) == ("kundennr", kind)
    found = {way["way"]: way for way in table["ways"]}["map"]
    if kind == "text":
        assert found["reason"].startswith("its ids are text; they would have to be numbers")
        return
    assert 'id = "kundennr", email = "email"' in found["reason"]
    foreign.rows("INSERT INTO kunden VALUES (7, 'ada@example.com', '')")
    Path("c.toml").write_text(f'[profiles.k]\nurl = "{foreign.text}"\n{found["reason"].partition(": ")[2]}\n')
    monkeypatch.setenv("USERCLI_CONFIG", "c.toml")
    code, out, err = run_here("--profile", "k", "list", "-q")
    assert (code, out, err) == (0, "7\n", "")


def test_a_table_without_a_key_says_how_to_name_one(foreign: Database) -> None:
    if foreign.engine == "sqlite":
        Path(foreign.url.database).touch(0o600)
    foreign.rows("CREATE TABLE kunden (nr integer, email text, password text)")
    [table] = inspected()
    found = {way["way"]: way["reason"] for way in table["ways"]}["map"]
    assert found.startswith("no column is known as its id; name one of numbers")
    assert found.endswith('in the profile, as in: id = "COLUMN"')


def test_a_page_fits_the_terminal_but_for_what_is_copied(
    foreign: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    make(foreign, "django")
    lines = run_here("db", "inspect", "-o", "table")[1].splitlines()[1:]
    public = "" if foreign.engine == "sqlite" else "public."
    section = f'table = {{ preset = "django", name = "{public}auth_user" }}'
    assert [line.strip() for line in lines if "preset" in line] == [section]
    assert all(len(line) <= 60 for line in lines if section not in line and "usercli " not in line), lines


def test_a_database_without_users_of_others_says_so(environment: Path, database: Database) -> None:
    [table] = inspected()
    assert (table["framework"], table["ways"]) == ("usercli", [])
    assert run_here("db", "inspect", "--table", "nobody")[0] == 3


def test_every_command_names_a_table_that_is_beside_ours_to_be(foreign: Database) -> None:
    make(foreign, "django")
    public = "" if foreign.engine == "sqlite" else "public."
    where, named = foreign.url.where, f"the table {public}auth_user of Django (3 rows)"
    start = f"the database {where} has no usercli schema yet; run: usercli db upgrade"
    state = f"{start}; it has {named}; see: usercli db inspect\n"
    assert run_here("list") == (5, "", f"error: {state}")
    assert run_here("db", "check")[2] == f"warning: {state}"
    beside = "usercli makes empty tables of its own beside it; see: usercli db inspect"
    warned = f"warning: {named} is left as it is; {beside}\n"
    assert run_here("db", "upgrade", "--dry-run")[2].replace(f"{where}: ", "") == warned
    assert run_here("db", "stamp", "head")[0] == 6
    assert warned in run_here("db", "upgrade")[2].replace(f"{where}: ", "")
    assert run_here("db", "upgrade")[2] == f"the schema is already up to date on {where}\n"


def test_a_stamp_of_another_program_s_users_is_refused(foreign: Database) -> None:
    make(foreign, "laravel" if foreign.engine == "postgresql" else "fastapi-users")
    if foreign.engine == "sqlite":
        foreign.rows("ALTER TABLE user RENAME TO users")
    before = tables(foreign)
    for more in ([], ["--dry-run"]):
        for command in (["db", "stamp", "head"], ["db", "upgrade"]):
            code, out, err = run_here(*command, *more)
            assert (code, out) == (4, "")
            assert "has a table users that is not usercli's" in err
            assert "; see: usercli db inspect" in err
    assert tables(foreign) == before
