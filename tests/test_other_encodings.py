"""Databases whose encoding is not UTF-8: what they cannot hold is refused by field, and changes nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Cli, run_here, server, server_url
from usercli.database import migrations
from usercli.database import url as database_url

NAME = "Łukasz"


@pytest.fixture
def encoded(
    request: pytest.FixtureRequest, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cli]:
    """The command line on a database at head of that encoding."""
    name = f"e{uuid.uuid4().hex}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    migrations.upgrade(database_url.parse(server_url(name)))
    monkeypatch.setenv("USERCLI_DATABASE_URL", server_url(name))
    yield run_here
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def told(field: str, character: str = "Ł") -> str:
    number = f"U+{ord(character):04X}"
    return f"{field}: the encoding LATIN1 of the database cannot hold the character {character} ({number})"


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
def test_a_character_that_latin1_has_not_is_named(encoded: Cli) -> None:
    assert encoded("create", "a@example.com", "--no-password", "--name", "Ærø")[0] == 0
    before = encoded("export", "-o", "jsonl"), encoded("audit", "log", "-o", "jsonl")
    for command, field in (
        (("create", "b@example.com", "--no-password", "--name", NAME), "full_name"),
        (("update", "a@example.com", "--name", NAME), "full_name"),
        (("update", "a@example.com", "--name", "Bob", "--reason", NAME), "reason"),
        (("role", "create", NAME), "name"),
        (("role", "create", "ops", "--description", NAME), "description"),
        (("update", "a@example.com", "--attribute", f"city={NAME}"), "attributes"),
    ):
        code, out, err = encoded(*command)
        assert (code, out, err) == (2, "", f"error: {told(field)}\n"), command
    rows = [{"email": "c@example.com", "full_name": "Bo"}, {"email": "d@example.com", "full_name": NAME}]
    Path("more.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    code, out, err = encoded("import", "more.jsonl")
    assert code == 2
    assert f"more.jsonl:2: {told('full_name')}" in err
    assert (encoded("export", "-o", "jsonl"), encoded("audit", "log", "-o", "jsonl")) == before
    assert json.loads(before[0][1])["full_name"] == "Ærø"
    assert encoded("import", "more.jsonl", "--skip-bad")[0] == 7
    assert encoded("exists", "c@example.com")[0] == 0


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
def test_a_file_of_desired_state_and_a_batch_are_refused_too(encoded: Cli) -> None:
    assert encoded("create", "a@example.com", "--no-password")[0] == 0
    before = encoded("export", "-o", "jsonl"), encoded("audit", "log", "-o", "jsonl"), encoded("role", "list")
    for desired in (
        {"users": [{"email": "b@example.com", "full_name": "Bo"}, {"email": "c@example.com", "full_name": NAME}]},
        {"users": [{"email": "a@example.com", "attributes": {"city": NAME}}]},
        {"roles": [{"name": "ops", "description": NAME}]},
    ):
        Path("staff.json").write_text(json.dumps({"name": "staff", **desired}))
        code, _, err = encoded("apply", "staff.json", "--yes")
        assert (code, "the encoding LATIN1 of the database cannot hold the character Ł" in err) == (2, True), err
    code, out, _ = encoded("batch", "-", "--atomic", stdin=f"update a@example.com --name {NAME}\n")
    assert (code, told("full_name") in out) == (2, True), out
    assert (
        encoded("export", "-o", "jsonl"),
        encoded("audit", "log", "-o", "jsonl"),
        encoded("role", "list"),
    ) == before


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
def test_a_database_without_an_encoding_holds_every_text(encoded: Cli) -> None:
    fields = ("--name", NAME, "--attribute", "city=Ærø", "--reason", NAME)
    code, _, err = encoded("create", "a@example.com", "--no-password", *fields)
    assert code == 0, err
    for command in ("list", "export"):
        code, out, err = encoded(command, "-o", "json", "--fields", "full_name,attributes")
        assert code == 0, err
        assert json.loads(out) == [{"full_name": NAME, "attributes": {"city": "Ærø"}}]
    for command in ("history", "audit verify", "db check"):
        code, _, err = encoded(*command.split(), *(["a@example.com"] if command == "history" else []))
        assert code == 0, err
