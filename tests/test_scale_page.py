"""docs/scale.md: what it says that usercli asks of PostgreSQL is all that it asks, and its script works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Cli, Database

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
[SCRIPT] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("usercli", "alembic")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


def test_every_lock_by_number_is_listed_and_ends_with_its_transaction() -> None:
    used = set(re.findall(r"\bpg_(?:try_)?advisory\w*", SOURCES))
    assert used
    assert all(f"`{name}`" in PAGE and "_xact_" in name for name in used), used


@pytest.mark.parametrize(
    "never",
    [
        r"\bLISTEN\b",
        r"\bNOTIFY\b",
        r"PREPARE TRANSACTION",
        r"\blo_\w+\(",
        r"\bpg_(?:read|ls|stat)_\w*(?:file|dir)\w*",
    ],
)
def test_what_it_never_asks_is_not_in_the_sources(never: str) -> None:
    assert not re.search(never, SOURCES)


@on_postgresql
def test_triggers_extensions_and_languages_are_those_listed(database: Database) -> None:
    triggers = database.rows("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
    assert triggers == [("audit_events",)]
    languages = database.rows(
        "SELECT DISTINCT lanname::text FROM pg_proc AS function JOIN pg_language AS language "
        "ON language.oid = prolang WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS "
        "(SELECT FROM pg_depend WHERE objid = function.oid AND deptype = 'e')"
    )
    assert languages == [("plpgsql",)]
    extensions = database.rows("SELECT extname::text FROM pg_extension WHERE extname <> 'plpgsql'")
    assert all(f"`{name}`" in PAGE for (name,) in extensions)
    unique = database.rows(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indpred IS NOT NULL"
    )
    assert unique
    assert all(f"`{name}`" in PAGE for (name,) in unique)


def partition(database: Database, first_ends: int) -> None:
    with psycopg.connect(database.text, autocommit=True) as connection:
        connection.execute(SCRIPT.replace("100000000", str(first_ends)))


@on_postgresql
def test_the_log_can_be_partitioned(database: Database, cli: Cli) -> None:
    assert cli("create", "ada@example.com", "--no-password")[0] == 0
    partition(database, first_ends=3)
    lines = "email\n" + "".join(f"u{number}@example.com\n" for number in range(600))
    for arguments in (
        ("update", "ada@example.com", "--name", "Ada"),
        ("import", "-", "--from", "csv"),  # across the border
        ("deactivate", "--match", "active=true", "--yes"),
        ("undo", "--last", "--yes"),
        ("privacy", "erase", "ada@example.com", "--confirm", "ada@example.com"),
        ("db", "check"),
        ("db", "downgrade", "-1", "--yes", "--confirm", database.url.name),
        ("db", "upgrade"),
    ):
        code, out, err = cli(*arguments, stdin=lines if "-" in arguments else "")
        assert code == 0, (arguments, out, err)
    assert database.rows("SELECT count(*) FROM audit_events_0") == [(2,)]
    verified = json.loads(cli("audit", "verify", "-o", "json")[1])
    assert (verified["ok"], verified["count"] > 1800) == (True, True)


@on_postgresql
@pytest.mark.parametrize("table", ["audit_events", "audit_events_0", "audit_events_1"])
def test_no_partition_loses_an_event(database: Database, cli: Cli, table: str) -> None:
    for number in range(3):
        assert cli("create", f"u{number}@example.com", "--no-password")[0] == 0
        if not number:
            partition(database, first_ends=2)
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET tool = 'x'"):
        with (
            psycopg.connect(database.text) as connection,
            pytest.raises(psycopg.errors.RaiseException, match="audit_events is append-only"),
        ):
            connection.execute(statement)
