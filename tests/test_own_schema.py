"""The settings `schema` and `version_table`: usercli beside another application in one database."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.conftest import Database, run_here
from tests.framework_tables import make
from usercli.database.foreign_tables import quote

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"])

THEIRS = "3f2a9c1b7d10"


@pytest.fixture
def shared(clean_environment: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database of an application with its own users and its own revisions."""
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    make(empty_database, "laravel")
    empty_database.rows("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    empty_database.rows(f"INSERT INTO alembic_version VALUES ('{THEIRS}')")
    return empty_database


def ran(*line: str) -> str:
    code, out, err = run_here(*line)
    assert code == 0, err
    return out


def names(database: Database, schema: str) -> set[str]:
    found = database.rows("SELECT tablename::text FROM pg_tables WHERE schemaname = :schema", schema=schema)
    return {str(row[0]) for row in found}


@pytest.mark.parametrize("schema", ["usercli", """O'do "d" %s \\ x"""])
def test_every_table_of_ours_lies_in_the_schema_and_theirs_stay(
    shared: Database, monkeypatch: pytest.MonkeyPatch, schema: str
) -> None:
    monkeypatch.setenv("USERCLI_SCHEMA", schema)
    before = shared.rows("SELECT * FROM public.users ORDER BY id"), names(shared, "public")
    assert run_here("db", "upgrade", "--dry-run")[0] == 0
    assert names(shared, schema) == set()
    ran("db", "upgrade")
    assert names(shared, schema) >= {"users", "roles", "user_roles", "audit_events", "alembic_version"}
    ran("role", "create", "editor")
    ran("create", "ada@example.com", "--no-password", "--role", "editor")
    ran("import", _file("bob@example.com"))
    assert ran("list", "-q", "--fields", "email") == "ada@example.com\nbob@example.com\n"
    assert '"current"' in ran("db", "check", "-o", "json")
    ran("audit", "verify")
    ran("delete", "bob@example.com", "--yes")
    assert (shared.rows("SELECT * FROM public.users ORDER BY id"), names(shared, "public")) == before
    assert shared.rows("SELECT version_num FROM public.alembic_version") == [(THEIRS,)]
    assert shared.rows(f"SELECT count(*) FROM {quote(schema)}.users") == [(2,)]
    ran("db", "downgrade", "base", "--confirm", shared.url.name)
    assert (shared.rows("SELECT * FROM public.users ORDER BY id"), names(shared, "public")) == before


def _file(*emails: str) -> str:
    path = Path("users.csv")
    path.write_text("email\n" + "".join(f"{email}\n" for email in emails), encoding="utf-8")
    return str(path)


def test_tables_of_ours_in_another_schema_are_not_taken(
    environment: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_SCHEMA", "usercli")
    code, _, err = run_here("list")
    assert (code, "has no usercli schema yet" in err) == (5, True)
    assert run_here("create", "ada@example.com", "--no-password")[0] == 5
    assert database.rows("SELECT count(*) FROM public.users") == [(0,)]


def test_rows_of_applications_in_the_schema_are_found(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_SCHEMA", "usercli")
    ran("db", "upgrade")
    ran("create", "ada@example.com", "--no-password")
    shared.rows("CREATE TABLE usercli.orders (id int, user_id uuid REFERENCES usercli.users ON DELETE CASCADE)")
    shared.rows("INSERT INTO usercli.orders SELECT 1, id FROM usercli.users")
    assert '"related":{"orders":{"go":1}}' in ran("show", "ada@example.com", "--related", "-o", "json")


def test_the_version_table_has_the_name_of_the_setting(
    clean_environment: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    monkeypatch.setenv("USERCLI_VERSION_TABLE", "usercli_version")
    empty_database.rows("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    empty_database.rows(f"INSERT INTO alembic_version VALUES ('{THEIRS}')")
    ran("db", "upgrade")
    ran("create", "ada@example.com", "--no-password")
    assert '"current"' in ran("db", "check", "-o", "json")
    assert empty_database.rows("SELECT version_num FROM alembic_version") == [(THEIRS,)]
    statements = ran("db", "sql")
    assert ("usercli_version" in statements, "alembic_version" in statements) == (True, False)
    assert run_here("db", "stamp", "head")[0] == 0
    ran("db", "downgrade", "base", "--confirm", empty_database.url.name)
    assert empty_database.rows("SELECT version_num FROM alembic_version") == [(THEIRS,)]


def test_the_sql_and_the_grants_lead_to_the_schema(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERCLI_SCHEMA", "usercli")
    with psycopg.connect(shared.text, autocommit=True) as connection:
        connection.execute(ran("db", "sql").encode())
    assert names(shared, "usercli") >= {"users", "alembic_version"}
    grants = ran("db", "sql", "--grants", "operators")
    assert 'SET LOCAL search_path = "usercli";' in grants
    assert 'GRANT USAGE ON SCHEMA "usercli" TO "operators";' in grants


@pytest.mark.parametrize(("name", "value"), [("SCHEMA", "pg_catalog"), ("SCHEMA", "a\tb"), ("VERSION_TABLE", "x")])
def test_a_wrong_name_is_refused(shared: Database, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"USERCLI_{name}", value)
    code, _, err = run_here("list")
    assert (code, "is not valid" in err) == (2, True)
