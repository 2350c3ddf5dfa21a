"""What the catalogue says of tables of users that are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Database, kept_engine
from tests.framework_tables import POSTGRESQL, SQLITE, make
from usercli.database.foreign_tables import ForeignTable, find_tables, users_elsewhere
from usercli.database.table_presets import PRESETS
from usercli.errors import NotFound

CASES = [*(("postgresql", name) for name in POSTGRESQL), *(("sqlite", name) for name in SQLITE)]


def found(database: Database, name: str | None = None) -> list[ForeignTable]:
    with kept_engine(database.url).connect() as connection:
        return find_tables(connection, name)


@pytest.mark.parametrize(("engine_name", "preset"), CASES)
def test_each_framework_s_table_is_found_and_told(empty_database: Database, preset: str) -> None:
    make(empty_database, preset)
    [table] = found(empty_database)
    assert table.framework == preset
    assert table.label.endswith(PRESETS[preset].table.rpartition(".")[2])
    assert (table.rows, table.is_exact, table.primary_key) == (3, True, ("id",))
    wanted = {field: name for field, name in PRESETS[preset].columns.items() if name != "last_sign_in_at"}
    assert dict(table.fields).items() >= wanted.items()
    assert table.id_kind == {"django": "integer", "laravel": "bigint", "devise": "bigint"}.get(preset, "uuid")
    if preset != "django":
        assert any(key.startswith("email") for key in table.unique)


def test_what_refers_to_the_table_is_named(empty_database: Database) -> None:
    make(empty_database, "django")
    [table] = found(empty_database)
    assert table.referenced_by == ("auth_user_groups.user_id (on delete no action)",)
    assert table.unique == ("username",)


def test_a_table_of_ours_is_told_from_others(database: Database) -> None:
    [table] = found(database)
    assert (table.framework, table.is_ours) == ("usercli", True)
    with kept_engine(database.url).connect() as connection:
        assert users_elsewhere(connection) is None


def test_a_table_of_any_name_is_described_if_it_is_named(empty_database: Database) -> None:
    if empty_database.engine == "sqlite":
        Path(empty_database.url.database).touch(0o600)
    empty_database.rows('CREATE TABLE "Odd ""people" (nr integer PRIMARY KEY, mail text UNIQUE)')
    assert found(empty_database) == []
    [table] = found(empty_database, 'Odd "people')
    assert (dict(table.fields), table.unique) == ({"id": "nr", "email": "mail"}, ("mail",))
    with pytest.raises(NotFound):
        found(empty_database, "people")
