"""`db check` says when the triggers of the audit log are gone, off or somebody else's."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import psycopg
import pytest

from tests.conftest import Cli, Database
from usercli.database import log_triggers
from usercli.database.engine import open_engine

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
APPEND = "audit_events_append"
NOT_OURS = f"the trigger {APPEND} of the audit log, or its function, is not the one of this program"


def execute(database: Database, *statements: str) -> None:
    raw: Any
    if database.engine == "postgresql":
        raw = psycopg.connect(database.text, autocommit=True)
    else:
        raw = sqlite3.connect(database.url.database, isolation_level=None)
    for statement in statements:
        raw.execute(statement)
    raw.close()


def test_the_digests_are_those_of_the_newest_revision(database: Database, cli: Cli) -> None:
    with open_engine(database.url).connect() as connection:
        assert log_triggers.digests(connection) == log_triggers._DIGESTS[database.engine]
    assert cli("db", "check")[0] == 0


def checked(cli: Cli) -> tuple[int, str, list[str]]:
    code, out, err = cli("db", "check", "-o", "json")
    return code, json.loads(out)["state"], [line.removeprefix("warning: ") for line in err.splitlines()]


def test_a_missing_trigger_is_named(database: Database, cli: Cli) -> None:
    for name in log_triggers._DIGESTS[database.engine]:
        with open_engine(database.url).connect() as connection:
            before = set(log_triggers.digests(connection))
        assert name in before
        execute(database, f"DROP TRIGGER {name}" + (" ON audit_events" if database.engine == "postgresql" else ""))
    missing = [f"the trigger {name} of the audit log is missing" for name in log_triggers._DIGESTS[database.engine]]
    assert checked(cli) == (7, "drifted", missing)


@on_postgresql
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (f"ALTER TABLE audit_events DISABLE TRIGGER {APPEND}", f"the trigger {APPEND} of the audit log is off"),
        (
            f"ALTER TABLE audit_events ENABLE REPLICA TRIGGER {APPEND}",
            f"the trigger {APPEND} of the audit log is off",
        ),
        (
            f"CREATE OR REPLACE FUNCTION {APPEND}() RETURNS trigger LANGUAGE plpgsql"
            " SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'",
            NOT_OURS,
        ),
        (f"ALTER FUNCTION {APPEND}() RESET search_path", NOT_OURS),
        (f"ALTER FUNCTION {APPEND}() SECURITY DEFINER", NOT_OURS),
        (
            f"DROP TRIGGER {APPEND} ON audit_events; CREATE TRIGGER {APPEND} AFTER INSERT ON audit_events"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {APPEND}()",
            NOT_OURS,
        ),
        (
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            " CREATE TRIGGER a BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION swallow()",
            "the trigger a of the audit log is not of this program and acts before its own",
        ),
        (
            "CREATE RULE r AS ON INSERT TO audit_events DO INSTEAD NOTHING",
            "the rule r of the audit log is not of this program",
        ),
        (
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica',"
            " current_database()); END $$",
            "no trigger of the audit log acts: session_replication_role is replica",
        ),
    ],
)
def test_on_postgresql_a_trigger_that_does_not_guard_is_named(
    database: Database, cli: Cli, statement: str, sentence: str
) -> None:
    execute(database, *statement.split("; ") if "DROP" in statement else [statement])
    code, state, sentences = checked(cli)
    [said] = sentences
    assert (code, state) == (7, "drifted")
    assert said.startswith(sentence)
    if "; run: " in said:
        execute(database, said.partition("; run: ")[2])
        assert checked(cli) == (0, "current", [])


@on_postgresql
def test_a_trigger_that_always_fires_and_one_that_acts_after_ours_are_right(database: Database, cli: Cli) -> None:
    execute(
        database,
        f"ALTER TABLE audit_events ENABLE ALWAYS TRIGGER {APPEND}",
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER tell AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION tell()",
    )
    assert checked(cli) == (0, "current", [])


@on_sqlite
def test_on_sqlite_a_trigger_that_does_not_guard_is_named(database: Database, cli: Cli) -> None:
    execute(
        database,
        f"DROP TRIGGER {APPEND}",
        f"CREATE TRIGGER {APPEND} BEFORE INSERT ON audit_events WHEN 0 BEGIN SELECT 1; END",
        "CREATE TRIGGER swallow BEFORE INSERT ON audit_events BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER tell AFTER INSERT ON audit_events BEGIN SELECT 1; END",
    )
    other = "the trigger swallow of the audit log is not of this program and acts before its own"
    assert checked(cli) == (7, "drifted", [NOT_OURS, other])


@on_sqlite
def test_on_sqlite_a_trigger_that_is_no_sql_is_damage_of_the_file(database: Database, cli: Cli) -> None:
    broken = "UPDATE sqlite_master SET sql = replace(sql, 'BEFORE', 'BEFOR') WHERE name = 'audit_events_append'"
    execute(database, "PRAGMA writable_schema = ON", broken)
    error = f"error: the database file {database.url.database} is damaged; restore it from a backup\n"
    assert cli("db", "check") == cli("list") == (5, "", error)
