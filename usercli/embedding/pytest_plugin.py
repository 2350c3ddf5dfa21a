"""Fixtures for the tests of an application, which pytest finds by itself (docs/embedding.md)."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_SERVER = "USERCLI_TEST_SERVER"
_DATABASE = "USERCLI_DATABASE_URL"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting of the tests: migrations of the application, as in the setting `migrations`."""
    parser.addini("usercli_migrations", "VERSION_TABLE=PACKAGE, one a line", type="linelist", default=[])


@pytest.fixture
def usercli_database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of a database at head and empty, of this test alone; USERCLI_DATABASE_URL names it.

    It is on the PostgreSQL server that USERCLI_TEST_SERVER names, or else a SQLite file. The parameters
    `sqlite` and `postgresql` (with `indirect=True`) choose the engine.
    """
    engine = getattr(request, "param", "postgresql" if os.environ.get(_SERVER) else "sqlite")
    if engine == "sqlite":
        path = tmp_path / "usercli.db"
        shutil.copyfile(request.getfixturevalue("usercli_sqlite_template"), path)
        monkeypatch.setenv(_DATABASE, url := f"sqlite:///{path}")
        yield url
        return
    if not os.environ.get(_SERVER):
        pytest.skip(f"{_SERVER} names no PostgreSQL server")
    with _new_database(request.getfixturevalue("usercli_postgresql_template")) as url:
        monkeypatch.setenv(_DATABASE, url)
        yield url


@pytest.fixture(scope="session")
def usercli_sqlite_template(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("usercli") / "template.db"
    _migrate(f"sqlite:///{path}", pytestconfig)
    return path


@pytest.fixture(scope="session")
def usercli_postgresql_template(pytestconfig: pytest.Config) -> Iterator[str]:
    """The name of a migrated database on the server, to be copied."""
    with _new_database("template1") as url:
        _migrate(url, pytestconfig)
        yield urlsplit(url).path[1:]


@contextmanager
def _new_database(template: str) -> Iterator[str]:
    """The URL of a copy of a database; it is dropped at the end, whoever still uses it."""
    import psycopg

    server, name = os.environ[_SERVER], f"usercli_test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(text: str, config: pytest.Config) -> None:
    from usercli.database import migrations, url
    from usercli.database.applications import Application
    from usercli.settings_values import parse_setting

    entries = parse_setting("migrations", list(config.getini("usercli_migrations")))
    migrations.upgrade(url.parse(text), applications=[Application.parse(entry) for entry in entries])
