"""Every command works behind a pooler that hands each transaction to another session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import commands, poolers
from tests.conftest import Database, run_here, server_url
from tests.test_canary import filled  # noqa: F401 - a fixture
from tests.test_session_settings import SHOWN, WANTED, round_trip
from usercli.database import url as database_url
from usercli.database.engine import open_engine, open_pooled_engine
from usercli.embedding import AsyncUsers

pytestmark = [
    pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True),
    pytest.mark.skipif(poolers.PROGRAM is None, reason="there is no pgbouncer on this machine"),
]
HOSTILE = ("datestyle = 'German, DMY'", "timezone = 'Asia/Kathmandu'", "client_encoding = 'LATIN1'")


@pytest.fixture
def pooled(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The test's database behind a pooler, with settings of its own that a client does not expect."""
    for setting in HOSTILE:
        database.rows(f'ALTER DATABASE "{database.url.database}" SET {setting}')
    with poolers.pgbouncer(server_url("postgres"), tmp_path / "pooler") as start:
        text = f"{start}{database.url.database}"
        monkeypatch.setenv("USERCLI_DATABASE_URL", text)
        yield Database(database_url.parse(text), text)


def test_texts_and_times_come_back(environment: Path, pooled: Database) -> None:
    round_trip(run_here)


def test_every_transaction_has_its_settings(environment: Path, pooled: Database) -> None:
    from sqlalchemy import text

    for opening in (open_engine, open_pooled_engine):
        engine = opening(pooled.url)
        with engine.connect() as connection:
            for _ in range(3):
                assert tuple(connection.execute(text(SHOWN)).one()) == WANTED
                connection.commit()
        engine.dispose()


def test_asyncpg_works_behind_it(environment: Path, pooled: Database) -> None:
    """Its statements are prepared, under names that no other client has chosen."""
    url = database_url.parse(pooled.text.replace("postgresql:", "postgresql+asyncpg:"))

    async def scenario() -> None:
        async with AsyncUsers(url) as users:

            async def one(number: int) -> None:
                ada = await users.sign_up(f"ä{number}@example.com", None, full_name="Ädä")
                assert await users.get(ada) == ada
                assert (await users.update(ada, full_name="Łukasz")).full_name == "Łukasz"

            await asyncio.gather(*map(one, range(20)))
            assert len((await users.list(search="ukasz")).users) == 20

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_the_schema_of_the_setting_holds(
    clean_environment: Path, pooled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_SCHEMA", "own")
    monkeypatch.setenv("USERCLI_DATABASE_URL", pooled.text)
    assert run_here("db", "upgrade")[0] == 0
    assert run_here("create", "ada@example.com", "--no-password")[0] == 0
    assert run_here("list", "-q", "--fields", "email") == (0, "ada@example.com\n", "")
    monkeypatch.delenv("USERCLI_SCHEMA")
    assert run_here("list", "-q") == (0, "", "")


def test_every_command_works(filled: dict[str, str], pooled: Database, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    for number, case in enumerate(commands.cases()):
        places = {**filled, "new_file": str(tmp_path / f"new{number}")}
        line = [part.format(**places) for part in case.complete]
        code, _, err = run_here(*line, stdin=case.stdin.format(**places))
        assert code == case.code, (line, code, err)


def test_a_startup_option_that_it_refuses_is_named(environment: Path, pooled: Database) -> None:
    code, _, err = run_here("--database-url", f"{pooled.text}?options=-csearch_path%3Dpublic", "list")
    assert code == 5
    assert "options" in err


def test_batches_share_it(environment: Path, pooled: Database) -> None:
    lines = "".join(f"create b{number}@example.com --no-password\n" for number in range(40))
    code, out, err = run_here("batch", "-", "-o", "jsonl", stdin=lines)
    assert code == 0, err
    assert {json.loads(line)["code"] for line in out.splitlines()} == {0}
    assert run_here("list", "--count") == (0, "count\n40\n", "")
