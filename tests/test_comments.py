"""Every table and column of PostgreSQL says what it holds."""

from __future__ import annotations

import importlib.util

import pytest

from tests.conftest import Cli, Database
from usercli.database import migrations, schema_version
from usercli.models import OWN_TABLES, Base

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

_STORED = """
SELECT relname, coalesce(attname, ''), description FROM pg_class
LEFT JOIN (SELECT attrelid, attnum, attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped
    UNION ALL SELECT oid, 0, NULL FROM pg_class) AS parts ON attrelid = pg_class.oid
LEFT JOIN pg_description ON objoid = pg_class.oid AND objsubid = attnum AND classoid = CAST('pg_class' AS regclass)
WHERE relname = ANY (:tables) AND relkind = 'r'
"""


def of_models() -> dict[tuple[str, str], str | None]:
    found: dict[tuple[str, str], str | None] = {}
    for name in OWN_TABLES:
        table = Base.metadata.tables[name]
        found[name, ""] = table.comment
        found |= {(name, column.name): column.comment for column in table.columns}
    return found


def stored(database: Database) -> dict[tuple[str, str], str | None]:
    rows = database.rows(_STORED, tables=sorted(OWN_TABLES))
    return {(str(table), str(column)): comment and str(comment) for table, column, comment in rows}


def test_no_table_or_column_is_without_a_comment() -> None:
    assert [place for place, comment in of_models().items() if not comment] == []


@on_postgresql
def test_the_database_says_what_the_models_say(database: Database) -> None:
    assert stored(database) == of_models()


@on_postgresql
def test_a_comment_of_the_owner_stays_and_is_no_difference(database: Database, cli: Cli) -> None:
    revision = "20261126_0700"
    [before] = schema_version.revisions()[revision]
    migrations.downgrade(database.url, before)
    assert set(stored(database).values()) == {None}
    database.rows("COMMENT ON COLUMN users.email IS 'ours'")
    migrations.upgrade(database.url, revision)
    found = stored(database)
    assert found["users", "email"] == "ours"
    assert sum(comment is None for comment in found.values()) == 0
    migrations.upgrade(database.url)
    assert cli("db", "check")[0] == 0
    migrations.downgrade(database.url, before)
    assert {comment for comment in stored(database).values() if comment} == {"ours"}


def test_the_revision_and_the_models_agree() -> None:
    path = schema_version.folder() / "versions" / "20261126_0700_comment_on_tables_and_columns.py"
    spec = importlib.util.spec_from_file_location("comments", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    said = {(table, ""): text for table, (text, _) in module._COMMENTS.items()}
    said |= {
        (table, name): text for table, (_, columns) in module._COMMENTS.items() for name, text in columns.items()
    }
    assert said == of_models()
