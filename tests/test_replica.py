"""--replica reads from the profile's streaming replica, and says how far behind it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from tests.standby import Pair
from usercli.database import migrations
from usercli.database import url as database_url

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"])


@pytest.fixture
def configure(environment: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Write the profile `shop`, which is the one in use."""
    monkeypatch.delenv("USERCLI_DATABASE_URL", raising=False)
    monkeypatch.setenv("USERCLI_PROFILE", "shop")
    path = environment / ".config/usercli/config.toml"

    def write(url: str, **given: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{name} = {value}\n" for name, value in given.items())
        path.write_text(f'[profiles.shop]\nurl = "{url}"\n{lines}')
        path.chmod(0o600)

    return write


@on_postgresql
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no replica is configured for this database; give its profile a read_url"),
        ({"read_url": "7"}, "read_url in profile shop must be a URL"),
        ({"read_url": '"sqlite:///x.db"'}, "read_url in profile shop must be a replica of a PostgreSQL database"),
        ({"read_url": '"mysql://h/d"'}, "profile shop: "),
    ],
)
def test_without_one_nothing_is_read(
    cli: Cli, database: Database, configure: object, given: dict[str, str], message: str
) -> None:
    configure(database.text, **given)  # type: ignore[operator]  # the fixture's function
    code, out, err = cli("list", "--replica")
    assert (code, out, err.startswith(f"error: {message}")) == (2, "", True), err


@on_postgresql
def test_a_server_that_takes_changes_is_no_replica(cli: Cli, database: Database, configure: object) -> None:
    configure(database.text, read_url=f'"{database.text}"')  # type: ignore[operator]  # the fixture's function
    assert cli("create", "ada@example.com", "--no-password")[0] == 0
    code, out, err = cli("list", "--replica", "-q", "--fields", "email")
    assert (code, out) == (0, "ada@example.com\n")
    assert err == f"warning: {database.url.where} is no replica; it takes changes itself\n"


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["sqlite"])  # whose database is not used
def test_everything_that_reads_much_reads_from_the_replica(cli: Cli, configure: object) -> None:
    with Pair() as pair:
        migrations.upgrade(database_url.parse(pair.url()))
        configure(pair.url(), read_url=f'"{pair.standby_url()}"')  # type: ignore[operator]  # the fixture's function
        assert cli("create", "ada@example.com", "--no-password")[0] == 0
        where = re.escape(database_url.parse(pair.standby_url()).where)
        said = rf"reading from the replica {where}; its last change is of \S+Z, [0-9] s ago\n"
        for command in (
            ("list",),
            ("list", "--count"),
            ("show", "ada@example.com"),
            ("export",),
            ("history", "ada@example.com"),
            ("changes",),
            ("audit", "log"),
            ("audit", "verify"),
            ("audit", "export"),
        ):
            code, out, err = cli(*command, "--replica")
            assert code == 0, (command, err)
            assert re.match(said, err), err
            assert out.strip()
        configure(pair.standby_url())  # type: ignore[operator]  # the fixture's function
        code, out, err = cli("create", "bob@example.com", "--no-password")
        assert (code, out) == (5, ""), err
        assert "read-only" in err or "replica" in err or "standby" in err, err


@on_postgresql
def test_config_profiles_shows_it_without_its_password(cli: Cli, environment: Path, configure: object) -> None:
    configure("postgresql://db/shop", read_url='"postgresql://reader:canary-77@replica/shop"')  # type: ignore[operator]  # the fixture's function
    code, out, err = cli("config", "profiles", "-o", "json")
    assert (code, "canary-77" in out + err) == (0, False)
    [profile] = json.loads(out)
    assert profile["read_url"] == "postgresql://reader:***@replica:5432/shop"
