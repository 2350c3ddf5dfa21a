"""docs/table.md is the contract for other writers: its columns, statements and vectors are true."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Cli, Database
from usercli.database.engine import open_engine
from usercli.emails import email_key
from usercli.errors import EmailTaken, InvalidInput

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "table.md").read_text(encoding="utf-8")
STATEMENTS = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
VECTORS = json.loads((DOCS / "email_key_vectors.json").read_text(encoding="utf-8"))
ADD = "INSERT INTO users (email, email_key, hashed_password) VALUES (:email, :email_key, '!')"


def documented_columns(engine: str) -> list[tuple[str, str, bool, bool]]:
    """Name, type, may be NULL, has a default."""
    found = []
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            name, postgresql, sqlite, null, default, _ = (cell.strip() for cell in line.strip("|").split("|"))
            kind = postgresql if engine == "postgresql" else sqlite
            found.append((name.strip("`"), kind, null == "yes", bool(default)))
    return found


def real_columns(database: Database) -> list[tuple[str, str, bool, bool]]:
    if database.engine == "sqlite":
        rows = database.rows("SELECT name, type, NOT \"notnull\", dflt_value FROM pragma_table_info('users')")
    else:
        rows = database.rows(
            "SELECT column_name, data_type, is_nullable = 'YES', column_default"
            " FROM information_schema.columns WHERE table_name = 'users' ORDER BY ordinal_position"
        )
    return [
        (str(name), str(kind).replace("timestamp with time zone", "timestamptz"), bool(null), default is not None)
        for name, kind, null, default in rows
    ]


def test_the_page_lists_every_column_as_it_is(database: Database) -> None:
    assert documented_columns(database.engine) == real_columns(database)


def test_the_page_names_every_constraint_and_index(database: Database) -> None:
    inspector = sa.inspect(open_engine(database.url))
    names = {inspector.get_pk_constraint("users")["name"]}
    names |= {index["name"] for index in inspector.get_indexes("users")}
    names |= {check["name"] for check in inspector.get_check_constraints("users")}
    assert names == set(re.findall(r"`((?:pk|uq|ck|ix)_users\w*)`", PAGE))


def test_no_trigger_stands_on_the_table(database: Database) -> None:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'users'"
        if database.engine == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal"
    )
    assert database.rows(query) == []


def test_the_statements_run_as_they_stand_and_usercli_reads_what_they_wrote(database: Database, cli: Cli) -> None:
    sign_in, add, add_more, change, signed_in, delete, restore = STATEMENTS

    assert database.rows(sign_in) == []
    database.rows(add)
    database.rows(add_more)
    assert len(database.rows(sign_in)) == 1
    ada, elise = listed(cli)
    assert ada.pop("created_at") == ada.pop("updated_at")
    assert ada == {
        "email": "Ada@Example.com",
        "full_name": "",
        "is_active": True,
        "attributes": {},
        "must_change_password": False,
        "password_changed_at": None,
        "expires_at": None,
        "last_login_at": None,
        "version": 1,
        "deleted_at": None,
    }
    assert {**ada, **elise} == {
        **elise,
        "email": "elise@bücher.example",
        "full_name": "Élise Bücher",
        "is_active": False,
        "expires_at": "2999-01-31T00:00:00Z",
        "attributes": {"team": "blue", "number": 7},
    }

    database.rows(change)
    database.rows(signed_in)
    ada = listed(cli)[0]
    assert (ada["email"], ada["version"]) == ("Ada@Example.org", 2)
    assert ada["updated_at"] == "2026-11-21T08:00:00Z"
    assert ada["last_login_at"] == "2026-11-21T09:00:00Z"
    database.rows(delete)
    assert listed(cli, "--deleted")[0]["deleted_at"] == "2026-11-21T10:00:00Z"
    assert cli("exists", "ada@example.org")[0] == 8
    database.rows(restore)
    assert listed(cli)[0]["is_active"] is True
    assert cli("show", "ADA@example.org", "--fields", "version", "-o", "jsonl")[1] == '{"version":4}\n'
    assert cli("db", "check", "-o", "json")[0] == 0


def listed(cli: Cli, *options: str) -> list[dict[str, object]]:
    code, out, _ = cli("list", "--sort", "email", "-o", "json", *options)
    assert code == 0
    users: list[dict[str, object]] = json.loads(out)
    for user in users:
        del user["id"], user["roles"]
    return users


def test_what_another_writer_put_in_the_bin_usercli_restores(database: Database, cli: Cli) -> None:
    _, add, _, change, _, delete, _ = STATEMENTS
    for statement in (add, change, delete):
        database.rows(statement)
    assert cli("restore", "ada@example.org")[0] == 0
    assert database.rows("SELECT is_active, was_active, deleted_at FROM users") == [(True, None, None)]


def test_what_usercli_puts_in_the_bin_the_statement_restores(database: Database, cli: Cli) -> None:
    assert cli("create", "ada@example.org", "--no-password")[0] == 0
    assert cli("delete", "ada@example.org", "--yes")[0] == 0
    database.rows(STATEMENTS[-1])
    assert cli("exists", "ada@example.org")[0] == 0


def test_times_of_the_defaults_are_now_and_ids_are_uuids(database: Database, cli: Cli) -> None:
    before = datetime.now(UTC)
    database.rows(STATEMENTS[1])
    code, out, _ = cli("show", "ada@example.com", "-o", "json")
    user = json.loads(out)
    made = datetime.fromisoformat(user["created_at"])
    # SQLite's clock has milliseconds
    assert before.replace(microsecond=before.microsecond // 1000 * 1000) <= made <= datetime.now(UTC)
    assert cli("show", f"id:{user['id']}", "-o", "json") == (code, out, "")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["email"])[:40])
def test_a_vector_is_what_usercli_computes(vector: dict[str, str | None]) -> None:
    assert isinstance(vector["email"], str)
    if vector["email_key"] is None:
        with pytest.raises(InvalidInput):
            email_key(vector["email"])
    else:
        assert email_key(vector["email"]) == vector["email_key"]


def test_the_vectors_have_both_kinds_and_each_a_reason() -> None:
    assert {vector["email_key"] is None for vector in VECTORS} == {True, False}
    assert all(set(vector) == {"email", "email_key", "why"} and vector["why"] for vector in VECTORS)
    assert len({vector["email"] for vector in VECTORS}) == len(VECTORS)


def test_the_databases_hold_every_vector_and_refuse_the_same_key_twice(database: Database, cli: Cli) -> None:
    seen: set[str] = set()
    for vector in VECTORS:
        row = {"email": vector["email"], "email_key": vector["email_key"]}
        if row["email_key"] is None:
            continue
        if row["email_key"] in seen:
            with pytest.raises(EmailTaken):
                database.rows(ADD, **row)
        else:
            database.rows(ADD, **row)
        seen.add(row["email_key"])
    assert cli("list", "--count", "-o", "json")[1] == f'{{"count":{len(seen)}}}\n'
    for vector in VECTORS:
        if vector["email_key"] is not None:
            assert cli("exists", f"email:{vector['email']}")[0] == 0, vector
    code, out, err = cli("db", "check", "-o", "json")
    assert (code, json.loads(out)["bad_keys"], err) == (0, 0, "")


def test_db_check_finds_every_vector_with_a_wrong_key(database: Database, cli: Cli) -> None:
    wrong = 0
    for vector in VECTORS:
        if vector["email_key"] != vector["email"]:  # some refused, the others not yet folded
            database.rows(ADD, email=vector["email"], email_key=vector["email"])
            wrong += 1
    code, out, _ = cli("db", "check", "-o", "json")
    assert (code, json.loads(out)["bad_keys"]) == (7, wrong)
