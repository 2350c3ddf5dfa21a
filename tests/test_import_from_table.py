"""`import --from-table`: users straight from the table of another program."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database, run_here
from tests.framework_tables import POSTGRESQL, SQLITE, make
from usercli.database.table_presets import PRESETS

ADA = "0190163d-8694-739b-aea5-966c26f8ad91"
BCRYPT = "$2b$12$" + "abcdefghijklmnopqrstuuO2YQ5e5Yw5QnQbX8wQmZl1Qe1Zl1Qe2"
CASES = [*(("postgresql", name) for name in POSTGRESQL), *(("sqlite", name) for name in SQLITE)]


@pytest.fixture
def source(
    clean_environment: Path,
    empty_database: Database,
    sqlite_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Database:
    """Where the other program has its users, the profile `shop`; the run's database is a file of ours."""
    target, config = tmp_path / "target.db", tmp_path / "config.toml"
    shutil.copyfile(sqlite_template, target)
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch(0o600)
    config.write_text(f'[profiles.shop]\nurl = "{empty_database.text}"\n')
    monkeypatch.setenv("USERCLI_CONFIG", str(config))
    monkeypatch.setenv("USERCLI_DATABASE_URL", f"sqlite:///{target}")
    return empty_database


def imported(table: str, *options: str, source: str = "shop") -> tuple[int, str]:
    code, _, err = run_here("import", "--from-table", source, table, *options)
    return code, err


def users() -> dict[str, dict[str, Any]]:
    code, _, err = run_here("export", "out.json", "--with-hashes")
    assert code == 0, err
    return {user["email"]: user for user in json.loads(Path("out.json").read_text("utf-8"))}


@pytest.mark.parametrize(("engine_name", "preset"), CASES)
def test_each_framework_s_users_come_with_their_hashes(source: Database, preset: str) -> None:
    make(source, preset)
    name = PRESETS[preset].table
    before = source.rows(f"SELECT count(*), max(email) FROM {_sql(name)}")
    code, err = imported(name, "--skip-bad", "--preserve")
    assert code == 7, err  # the second ada
    assert "appears twice in the table" in err
    found = users()
    ada = found.get("ada@example.com") or found["Ada@Example.com"]
    assert ada["hashed_password"].startswith(("$2", "pbkdf2_sha256$"))
    if preset in ("fastapi-users", "supabase"):
        assert ada["id"] == ADA
    else:
        assert ada["attributes"][f"{preset}_id"] in ("1", 1)
        assert "id" not in ada["attributes"]
    if preset in ("django", "fastapi-users") and "bob@example.com" in found:
        assert found["bob@example.com"]["is_active"] is False
    if preset == "devise":
        assert ada["created_at"] == "2024-01-02T03:04:05.250000Z"
    if preset == "django":
        assert ada["full_name"] == "Ada Lovelace"
    assert source.rows(f"SELECT count(*), max(email) FROM {_sql(name)}") == before


def _sql(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.split("."))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_second_row_of_an_address_names_the_first_row(source: Database) -> None:
    make(source, "django")
    told = "error: auth_user:2: the email ada@example.com appears twice in the table, first in row 1\n"
    code, err = imported("auth_user")
    assert (code, told in err) == (2, True), err


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_without_preserve_a_uuid_is_an_attribute(source: Database) -> None:
    make(source, "fastapi-users")
    assert imported("user", "--skip-bad")[0] == 7
    ada = users()["ada@example.com"]
    assert (ada["id"] != ADA, ada["attributes"]["fastapi_users_id"]) == (True, ADA)


def test_a_table_of_no_framework_is_read_by_the_meaning_of_its_columns(source: Database) -> None:
    stamp = "timestamp" if source.engine == "postgresql" else "datetime"
    source.rows(
        f"CREATE TABLE members (nr integer, id integer, mail text, first_name text, surname text, enabled boolean,"
        f" created {stamp}, title text)"
    )
    source.rows("INSERT INTO members VALUES (7, 1, 'ada@x.org', 'Ada', 'Love', false, '2024-01-02 03:04:05', 'Dr')")
    source.rows("INSERT INTO members VALUES (8, 2, 'bob@x.org', 'Bob', NULL, true, NULL, NULL)")
    code, err = imported("members", "--map", "title=attributes.title", "--preserve")
    assert (code, users()) == (2, {})  # what is not sure is never taken
    assert "error: members:1: no such field: nr; it can become attributes.nr\n" in err.replace("public.", "")
    assert imported("members", "--map", "title=attributes.title", "--skip-column", "nr", "--preserve")[0] == 0
    found = users()
    ada, bob = found["ada@x.org"], found["bob@x.org"]
    assert (ada["full_name"], ada["is_active"], ada["created_at"]) == ("Ada Love", False, "2024-01-02T03:04:05Z")
    assert ada["attributes"] == {"members_id": 1, "title": "Dr"}
    assert (bob["full_name"], bob["is_active"]) == ("Bob", True)


@pytest.mark.parametrize(
    ("column", "value", "is_active"),
    [("gesperrt boolean", "true", False), ("disabled integer", "0", True), ("status text", "'suspended'", False)],
)
def test_a_column_that_closes_accounts_is_read_and_told(
    source: Database, column: str, value: str, is_active: bool
) -> None:
    source.rows(f"CREATE TABLE kunden (id integer, mail text, passwort text, {column}, note text)")
    source.rows(f"INSERT INTO kunden VALUES (1, 'ada@x.org', '{BCRYPT}', {value}, 'a\tb')")
    code, err = imported("kunden")
    assert (code, users(), "as is_active" in err) == (2, {}, True)
    code, _, err = run_here(*shlex.split(_proposed(err)))
    assert code == 0, err
    ada = users()["ada@x.org"]
    assert (ada["is_active"], ada["hashed_password"]) == (is_active, BCRYPT)
    assert ada["attributes"] == {"kunden_id": 1, "note": "a\tb"}


def _proposed(err: str) -> str:
    return next(line.removeprefix("run: usercli ") for line in err.splitlines() if line.startswith("run: "))


def test_two_columns_that_close_accounts_need_a_decision(source: Database) -> None:
    source.rows("CREATE TABLE person (id integer, email text, disabled boolean, locked boolean)")
    source.rows("INSERT INTO person VALUES (1, 'ada@x.org', true, false)")
    code, err = imported("person")
    assert (code, users(), "the column disabled may be is_active, as may locked" in err) == (2, {}, True)


def test_attributes_keep_the_types_of_their_columns(source: Database) -> None:
    source.rows("CREATE TABLE accounts (email text, level integer, score double precision, prefs json, code text)")
    source.rows(
        """INSERT INTO accounts VALUES ('ada@x.org', 3, 1.5, '{"a": [1]}', '007'), ('b@x.org', 1, 2, NULL, '')"""
    )
    assert imported("accounts", "--unknown-to-attributes")[0] == 0
    prefs: Any = {"a": [1]}
    assert users()["ada@x.org"]["attributes"] == {"level": 3, "score": 1.5, "prefs": prefs, "code": "007"}
    assert users()["b@x.org"]["attributes"]["level"] == 1


def test_an_array_of_roles_is_read(source: Database) -> None:
    source.rows("CREATE TABLE accounts (email text, roles text)")
    source.rows("""INSERT INTO accounts VALUES ('ada@x.org', '["editor", "admin"]'), ('b@x.org', NULL)""")
    if source.engine == "postgresql":
        source.rows("ALTER TABLE accounts ALTER roles TYPE text[] USING translate(roles, '[]', '{}')::text[]")
    code, err = imported("accounts", "--create-roles")
    assert code == 0, err
    assert [user["roles"] for user in users().values()] == [["admin", "editor"], []]


def test_times_that_are_left_out_are_told(source: Database) -> None:
    make(source, "django")
    for options, told in (((), True), (("--preserve",), False)):
        err = imported("auth_user", "--skip-bad", "--dry-run", *options)[1]
        assert ("left out without --preserve: created_at" in err) is told, err


def test_the_users_of_wordpress_come(source: Database) -> None:
    stamp = "timestamp" if source.engine == "postgresql" else "datetime"
    source.rows(
        f'CREATE TABLE wp_users ("ID" bigint PRIMARY KEY, user_login text, user_pass text, user_nicename text,'
        f" user_email text, user_registered {stamp}, user_status integer, display_name text)"
    )
    hashed = "$P$BsbNJ8fXoGpyPMxdAL8mpLOqbLiX8i0"
    source.rows(
        f"INSERT INTO wp_users VALUES (7, 'ada', '{hashed}', 'ada', 'ada@x.org', '2024-01-02 03:04:05', 0, 'Ada')"
    )
    name = "wp_users" if source.engine == "sqlite" else "public.wp_users"
    for options in ((), ("--table", "wp_users")):
        out = run_here("db", "inspect", "--database-url", source.text, "-o", "json", *options)[1]
        [table] = json.loads(out)
        assert (table["table"], table["fields"]["email"], table["fields"]["id"]) == (name, "user_email", "ID")
    assert imported(name, "--preserve")[0] == 0
    ada = users()["ada@x.org"]
    assert (ada["full_name"], ada["hashed_password"], ada["is_active"]) == ("Ada", hashed, True)
    assert (ada["created_at"], ada["attributes"]["username"]) == ("2024-01-02T03:04:05Z", "ada")


@pytest.mark.parametrize("column", ["E-Mail-Adresse", "correo", "メール", "useremail", "Login Name"])
def test_a_column_of_addresses_may_have_any_name(source: Database, column: str) -> None:
    source.rows(f'CREATE TABLE members ("{column}" text)')
    source.rows("INSERT INTO members VALUES ('ada@x.org')")
    code, err = imported("members", "--dry-run")
    inspected = run_here("db", "inspect", "--database-url", source.text, "--table", "members", "-q")
    if column == "Login Name":
        name = "members" if source.engine == "sqlite" else "public.members"
        assert (
            code,
            "error: members:1: no such field: Login Name; did you mean: email\n" in err.replace("public.", ""),
        ) == (2, True)
        assert inspected[0] == 3
        assert f"no column of the table {name} is known to hold addresses: Login Name" in inspected[2]
    else:
        assert (code, inspected[0]) == (0, 0), err
    assert imported("members", "--map", f"{column}=email")[0] == 0
    assert list(users()) == ["ada@x.org"]


def test_of_two_columns_of_addresses_neither_is_taken(source: Database) -> None:
    source.rows("CREATE TABLE members (user_email text, work_email text)")
    source.rows("INSERT INTO members VALUES ('ada@x.org', 'ada@work.org')")
    assert imported("members")[0] == 2
    assert imported("members", "--map", "work_email=email", "--skip-column", "user_email")[0] == 0
    assert list(users()) == ["ada@work.org"]


def test_a_url_may_name_the_source_but_hold_no_password(source: Database) -> None:
    make(source, "django")
    assert imported("auth_user", "--skip-bad", "--dry-run", source=source.text)[0] == 7
    code, err = imported("auth_user", source="postgresql://u:geheim@h/d")
    assert (code, "takes no password" in err, "geheim" in err) == (2, True, False)
    code, err = imported("auth_user", source="postgresql://u@h/d?password=geheim")
    assert (code, "takes no password" in err, "geheim" in err) == (2, True, False)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_cannot_be_is_refused(source: Database) -> None:
    make(source, "django")
    assert imported("nobody") == (3, "error: there is no table nobody\n")
    assert imported("auth_user", source="nowhere")[0] == 3
    assert imported("auth_user", "--resume")[0] == 2
    assert run_here("import", "x.csv", "--from-table", "shop", "auth_user")[0] == 2
    assert run_here("import")[0] == 2
    target = "sqlite:///" + str(Path(source.url.database).parent / "target.db")
    code, err = imported("users", source=target)
    assert (code, "usercli's own" in err) == (6, True)


@pytest.mark.parametrize(("engine_name", "preset"), [("postgresql", "laravel"), ("sqlite", "django")])
def test_a_table_without_rows_is_named(source: Database, preset: str) -> None:
    make(source, preset)
    name = PRESETS[preset].table
    source.rows(f"DELETE FROM {_sql(name)}")
    for options in ((), ("--dry-run",), ("--map", "email=email")):
        code, err = imported(name, *options)
        assert (code, err.endswith(f"{name} has no rows; there is nothing to import\n")) == (2, True), err
    assert users() == {}
