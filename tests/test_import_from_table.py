"""`import --from-table`: users straight from the table of another program."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database, run_here
from tests.framework_tables import POSTGRESQL, SQLITE, make
from usercli.database.table_presets import PRESETS

ADA = "0190163d-8694-739b-aea5-966c26f8ad91"
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
    found = users()
    ada = found.get("ada@example.com") or found["Ada@Example.com"]
    assert ada["hashed_password"].startswith(("$2", "pbkdf2_sha256$"))
    if preset in ("fastapi-users", "supabase"):
        assert ada["id"] == ADA
    else:
        assert ada["attributes"][f"{preset}_id"] in ("1", 1)
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
def test_without_preserve_a_uuid_is_an_attribute(source: Database) -> None:
    make(source, "fastapi-users")
    assert imported("user", "--skip-bad")[0] == 7
    ada = users()["ada@example.com"]
    assert (ada["id"] != ADA, ada["attributes"]["fastapi_users_id"]) == (True, ADA)


def test_a_table_of_no_framework_is_read_by_the_meaning_of_its_columns(source: Database) -> None:
    if source.engine == "sqlite":
        Path(source.url.database).touch(0o600)
    stamp = "timestamp" if source.engine == "postgresql" else "datetime"
    source.rows(
        f"CREATE TABLE members (nr integer, id integer, mail text, first_name text, surname text, enabled boolean,"
        f" created {stamp}, title text)"
    )
    source.rows("INSERT INTO members VALUES (7, 1, 'ada@x.org', 'Ada', 'Love', false, '2024-01-02 03:04:05', 'Dr')")
    source.rows("INSERT INTO members VALUES (8, 2, 'bob@x.org', 'Bob', NULL, true, NULL, NULL)")
    assert imported("members", "--map", "title=attributes.title", "--preserve")[0] == 0
    found = users()
    ada, bob = found["ada@x.org"], found["bob@x.org"]
    assert (ada["full_name"], ada["is_active"], ada["created_at"]) == ("Ada Love", False, "2024-01-02T03:04:05Z")
    assert ada["attributes"] == {"members_id": 1, "title": "Dr"}
    assert (bob["full_name"], bob["is_active"]) == ("Bob", True)


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
    assert imported("nobody") == (3, "error: there is no table nobody with a column of email addresses\n")
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
