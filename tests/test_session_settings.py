"""Texts and times are read alike, whatever the server, the database, the role and the environment say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import Cli, Database
from usercli.database.engine import open_engine, open_pooled_engine

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

NAME = "Łukasz Ærø 李"
STYLES = ["German, DMY", "SQL, DMY", "Postgres, MDY", "ISO, DMY"]
SHOWN = "SELECT current_setting('client_encoding'), current_setting('datestyle'), current_setting('timezone')"
WANTED = ("UTF8", "ISO, YMD", "UTC")


def round_trip(cli: Cli) -> None:
    """Write and read texts and times in every way."""
    fields = ("--name", NAME, "--expires", "2031-02-03T04:05:06.789Z")
    assert cli("create", "a@example.com", "--no-password", *fields)[0] == 0
    Path("more.jsonl").write_text(json.dumps({"email": "b@example.com", "full_name": NAME}) + "\n")
    assert cli("import", "more.jsonl")[0] == 0
    for command in ("list", "export"):
        code, out, err = cli(command, "-o", "json", "--fields", "email,full_name,expires_at")
        assert (code, json.loads(out)[0]["full_name"]) == (0, NAME), err
        assert json.loads(out)[0]["expires_at"] == "2031-02-03T04:05:06.789000Z"
    for command in (("history", "a@example.com"), ("audit", "verify"), ("db", "check"), ("db", "upgrade")):
        code, _, err = cli(*command)
        assert code == 0, err


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("of", ["database", "environment", "options"])
@pytest.mark.each_once
def test_any_style_of_dates(
    database: Database, cli: Cli, style: str, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if of == "database":
        database.rows(f"ALTER DATABASE \"{database.url.database}\" SET datestyle = '{style}'")
        database.rows(f"ALTER DATABASE \"{database.url.database}\" SET timezone = 'Asia/Kathmandu'")
    elif of == "environment":
        monkeypatch.setenv("PGDATESTYLE", style)
        monkeypatch.setenv("PGTZ", "Asia/Kathmandu")
    else:
        monkeypatch.setenv("PGOPTIONS", "-c datestyle=" + style.replace(" ", "\\ ") + " -c timezone=Asia/Kathmandu")
    round_trip(cli)


@pytest.mark.parametrize("of", ["database", "role", "environment", "options"])
def test_any_encoding_of_the_client(database: Database, cli: Cli, of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if of == "database":
        database.rows(f"ALTER DATABASE \"{database.url.database}\" SET client_encoding = 'LATIN1'")
    elif of == "role":
        for setting in ("client_encoding = 'LATIN1'", "datestyle = 'German, DMY'"):
            database.rows(f'ALTER ROLE postgres IN DATABASE "{database.url.database}" SET {setting}')
    elif of == "environment":
        monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    else:
        monkeypatch.setenv("PGOPTIONS", "-c client_encoding=LATIN1")
    round_trip(cli)


def test_every_transaction_has_them(database: Database) -> None:
    """Also where the session was changed meanwhile, as behind a pooler that shares sessions."""
    for opening in (open_engine, open_pooled_engine):
        engine = opening(database.url)
        for _ in range(2):
            with engine.connect() as connection:
                assert tuple(connection.execute(text(SHOWN)).one()) == WANTED
                connection.execute(text("SET SESSION datestyle = 'German, DMY'"))
                connection.execute(text("SET SESSION timezone = 'Asia/Kathmandu'"))
                connection.execute(text("SET SESSION client_encoding = 'LATIN1'"))
                connection.commit()
                assert tuple(connection.execute(text(SHOWN)).one()) == WANTED
                connection.commit()
        engine.dispose()


def test_a_service_has_them(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from usercli.database.async_unit_of_work import AsyncDatabase

    monkeypatch.setenv("PGDATESTYLE", "German")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")

    async def look() -> None:
        service = AsyncDatabase(database.url)
        async with service.engine.connect() as connection:
            assert tuple((await connection.execute(text(SHOWN))).one()) == WANTED
        await service.engine.dispose()

    asyncio.run(look())


def test_a_connection_that_an_interrupt_left_in_a_pipeline_is_not_used_again(database: Database) -> None:
    engine = open_pooled_engine(database.url)
    pooled = engine.raw_connection()
    pooled.driver_connection.pgconn.enter_pipeline_mode()  # type: ignore[union-attr]  # psycopg's
    pooled.close()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
