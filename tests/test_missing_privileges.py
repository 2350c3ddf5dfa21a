"""A privilege that the database role lacks is named, with what grants it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import Cli, Database

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    name = f"r{uuid.uuid4().hex[:8]}"
    database.rows(f"CREATE ROLE {name} LOGIN")
    yield name
    database.rows(f"DROP OWNED BY {name}")
    database.rows(f"DROP ROLE {name}")


def test_object_privilege_role_and_grant_are_named(database: Database, cli: Cli, role: str, ada: object) -> None:
    as_role = ("--database-url", database.text.replace("postgres@", f"{role}@"))
    for command, table, needed in (
        (("list",), "alembic_version", "SELECT"),
        (("list",), "users", "SELECT"),
        (("update", "ada@example.com", "--name", "A"), "users", "SELECT, UPDATE"),
    ):
        code, out, err = cli(*as_role, *command)
        grant = f"GRANT {needed} ON TABLE {table} TO {role}"
        assert (code, out) == (5, "")
        lacks = f": the role {role} lacks {needed} on table {table}; the owner of the table grants it: {grant}"
        assert f"{lacks}; for all that daily work needs, run: usercli " in err
        assert f" db sql --grants {role}" in err
        with psycopg.connect(database.text, autocommit=True) as connection:
            connection.execute(grant)
            if table == "users":
                connection.execute(f"GRANT SELECT ON user_roles, roles TO {role}")


def test_the_schema_is_named(empty_database: Database, cli: Cli, role: str) -> None:
    code, out, err = cli("--database-url", empty_database.text.replace("postgres@", f"{role}@"), "db", "upgrade")
    assert (code, out) == (5, "")
    lacks = f"the role {role} lacks CREATE on schema public; the owner of the schema grants it"
    assert err == f"error: {lacks}: GRANT CREATE ON SCHEMA public TO {role}\n"


def test_a_schema_that_the_role_may_not_use_is_not_an_empty_database(
    database: Database, cli: Cli, role: str
) -> None:
    as_role = ("--database-url", database.text.replace("postgres@", f"{role}@"))
    with psycopg.connect(database.text, autocommit=True) as connection:
        connection.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    lacks = f"the role {role} lacks USAGE on schema public; the owner of the schema grants it"
    try:
        for command in (("list",), ("db", "check"), ("db", "upgrade"), ("db", "current")):
            code, out, err = cli(*as_role, *command)
            assert (code, out) == (5, "")
            assert f"{lacks}: GRANT USAGE ON SCHEMA public TO {role}; " in err
    finally:
        with psycopg.connect(database.text, autocommit=True) as connection:
            connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def test_a_role_that_may_not_connect_is_told_so(database: Database, cli: Cli, role: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database.text)["dbname"]
    with psycopg.connect(database.text, autocommit=True) as connection:
        connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
    try:
        code, out, err = cli("--database-url", database.text.replace("postgres@", f"{role}@"), "list")
    finally:
        with psycopg.connect(database.text, autocommit=True) as connection:
            connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO PUBLIC')
    assert (code, out) == (5, "")
    assert err.endswith(f": the role {role} lacks CONNECT on the database; its owner grants it: GRANT CONNECT\n")


def test_changes_of_many_users_need_temporary_tables(database: Database, cli: Cli, role: str) -> None:
    as_role = ("--database-url", database.text.replace("postgres@", f"{role}@"))
    grants = cli("db", "sql", "--grants", role)[1]
    name = database.url.name
    people = "email\n" + "".join(f"u{number}@example.com\n" for number in range(600))
    assert cli("import", "-", "--from", "csv", stdin=people)[0] == 0
    with psycopg.connect(database.text, autocommit=True) as connection:
        connection.execute(grants)
        connection.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC, {role}")
    change = (*as_role, "update", "--match", "active=true", "--name", "X", "--yes")
    code, out, err = cli(*change)
    assert (code, out) == (5, "")
    assert f"the role {role} lacks TEMPORARY on database {name}; the owner of the database grants it: " in err
    assert f"GRANT TEMPORARY ON DATABASE {name} TO {role}; for all that daily work needs, run: usercli " in err
    with psycopg.connect(database.text, autocommit=True) as connection:
        connection.execute(grants)
    assert cli(*change)[0] == 0
