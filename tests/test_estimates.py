"""list --count --estimate: what the planner of PostgreSQL says, and a count on SQLite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Cli, Database
from usercli.schemas.users import UserView

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
NOTE = "estimated from the statistics of PostgreSQL, which ANALYZE and autovacuum renew\n"


@on_postgresql
def test_an_estimate_counts_nothing(cli: Cli, database: Database, make_user: Callable[..., UserView]) -> None:
    for number in range(40):
        make_user(f"user{number}@example.com", is_active=number % 4 != 0)
    database.rows("ANALYZE users")
    assert cli("list", "--count", "--estimate", "-o", "json") == (0, '{"count":40}\n', NOTE)
    assert cli("list", "--count", "--estimate", "--inactive") == (0, "count\n10\n", NOTE)
    database.rows("UPDATE users SET is_active = true")
    assert int(cli("list", "--count", "--estimate", "--inactive", "--no-header")[1]) > 0  # until the next ANALYZE
    assert cli("list", "--count", "--inactive") == (0, "count\n0\n", "")


@on_postgresql
def test_every_filter_is_estimated(cli: Cli, ada: UserView) -> None:
    cli("role", "create", "editor")
    filters = ["--search", "ada"], ["--where", "team=blue"], ["--role", "editor"], ["--created-after", "30d"]
    for words in (*filters, ["--inactive-for", "30d"], ["--expired"], ["--never-signed-in"], ["--deleted"]):
        code, out, err = cli("list", "--count", "--estimate", *words, "--no-header")
        assert (code, out.strip().isdigit(), err) == (0, True, NOTE), words


@on_sqlite
def test_sqlite_counts_and_says_so(cli: Cli, ada: UserView) -> None:
    said = "counted: SQLite keeps no statistics to estimate by\n"
    assert cli("list", "--count", "--estimate") == (0, "count\n1\n", said)


def test_a_role_that_is_not_there_is_not_estimated(cli: Cli, database: Database) -> None:
    error = "error: no such role: editor\n"
    assert cli("list", "--count", "--estimate", "--role", "editor") == (3, "", error)


@on_sqlite
def test_an_estimate_goes_with_a_count(cli: Cli, database: Database) -> None:
    assert cli("list", "--estimate") == (2, "", "error: --estimate goes with --count\n")
