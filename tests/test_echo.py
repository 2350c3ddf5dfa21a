"""The setting `echo`: SQL with timings on stderr, and no value."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.config import Settings
from usercli.database.statement_log import _LITERAL
from usercli.embedding import AsyncUsers, Users

_LINE = re.compile(r"sql: +(\d+\.\d ms)?  \S.*")
_HASH = "$2b$04$abcdefghijklmnopqrstuuDnLfUWIL1TZ8Xs7ESYKSPwvRYj6zNmO"


def told(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("sql:")]


@pytest.mark.either_engine
def test_statements_are_told_of_without_values(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USERCLI_ECHO", "1")
    code, _, err = cli("create", "ada@example.com", "--name", "Ada Secret", "--password-hash-stdin", stdin=_HASH)
    assert code == 0, err
    assert all(_LINE.fullmatch(line) for line in told(err)), err
    words = " ".join(line[16:] for line in told(err))
    for part in ("INSERT INTO users", "INSERT INTO audit_events", "COMMIT"):
        assert part in words
    people = tmp_path / "people.jsonl"
    people.write_text(json.dumps({"email": "bob@example.com", "hashed_password": _HASH, "full_name": "Bob Secret"}))
    code, _, more = cli("import", str(people), "--yes")
    assert code == 0, more
    assert "audit_events" in " ".join(told(more))
    for secret in (_HASH, "Secret", "ada@", "bob@", "$2b"):
        assert secret not in "".join(told(err) + told(more))


def test_a_statement_that_fails_is_told_of(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("create", "ada@example.com", "--no-password")
    monkeypatch.setenv("USERCLI_ECHO", "1")
    code, _, err = cli("create", "ADA@example.com", "--no-password")
    assert code == 4
    assert "ROLLBACK" in " ".join(told(err))


def test_without_the_setting_nothing_is_told(cli: Cli) -> None:
    assert told(cli("list")[2]) == []


@pytest.mark.either_engine
def test_a_service_is_told_of_its_statements_too(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4", "USERCLI_DATABASE_URL": database.text}
    settings = Settings(environ={**environ, "USERCLI_ECHO": "1"})
    with Users(database.text, settings=settings) as users:
        users.sign_up("ada@example.com", "a kettle sings at dawn")
    plain = capsys.readouterr().err

    async def scenario() -> None:
        async with AsyncUsers.configured(settings) as users:
            await users.sign_in("ada@example.com", "a kettle sings at dawn")

    asyncio.run(scenario())
    awaited = capsys.readouterr().err
    assert "INSERT INTO users" in plain
    assert "FROM users" in awaited
    for secret in ("kettle", "$2b$", "ada@"):
        assert secret not in plain + awaited


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'secret'",
        "SELECT 'it''s secret' || 'secret'",
        r"SELECT E'\'secret'",
        "SELECT $$secret$$, $a$secret$a$",
    ],
)
def test_a_text_inside_a_statement_is_hidden(statement: str) -> None:
    assert "secret" not in _LITERAL.sub("'...'", statement)
