"""The database of every released schema is upgraded, with all that stood in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tests import released_schemas
from tests.conftest import Database, run_here
from tests.test_migrations import HEAD, REVISIONS, at, schema
from usercli.database import migrations, schema_version
from usercli.database.engine import open_engine

Rows = dict[str, dict[str, list[object]]]


def columns(database: Database) -> Rows:
    """The values of each column of each table, in the order of the table's first column."""
    found: Rows = {}
    with open_engine(database.url).connect() as connection:
        inspector = inspect(connection)
        for table in sorted(set(inspector.get_table_names()) - {schema_version.VERSION_TABLE}):
            rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).mappings().all()
            names = [column["name"] for column in inspector.get_columns(table)]
            found[table] = {name: [row[name] for row in rows] for name in names}
    return found


def test_the_database_of_every_revision_is_kept() -> None:
    there = {path.name for path in released_schemas.FOLDER.iterdir()}
    assert there == {f"{name}.{engine}.sql" for name in REVISIONS for engine in ("sqlite", "postgresql")}, (
        "run scripts/schemas for a new revision"
    )


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_is_upgraded_with_all_its_rows(
    empty_database: Database, clean_environment: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    place = empty_database.url.database if empty_database.engine == "sqlite" else empty_database.text
    released_schemas.load(revision, empty_database.engine, place)
    before = columns(empty_database)
    assert at(empty_database) == [revision]
    assert len(before["users"]["id"]) == 11
    code, out, err = run_here("db", "upgrade", "-q")
    assert (code, out.split()) == (0, REVISIONS[REVISIONS.index(revision) + 1 :]), err
    after = columns(empty_database)
    for table, values in before.items():
        assert {name: after[table][name] for name in values} == values
    code, out, _ = run_here("db", "check", "-o", "json")
    assert (code, json.loads(out)["state"], at(empty_database)) == (0, "current", [HEAD])
    assert run_here("audit", "verify")[0] == 0
    assert run_here("list")[0] == 0
    assert run_here("update", "ada@example.com", "--name", "Ada")[0] == 0


@pytest.mark.slow_on("postgresql")
@pytest.mark.parametrize("revision", REVISIONS)
def test_each_has_the_schema_that_its_revision_makes(
    empty_database: Database, database: Database, revision: str
) -> None:
    place = empty_database.url.database if empty_database.engine == "sqlite" else empty_database.text
    released_schemas.load(revision, empty_database.engine, place)
    if revision != HEAD:
        migrations.downgrade(database.url, revision)
    assert schema(empty_database) == schema(database)
