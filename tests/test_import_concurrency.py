"""Imports at the same time: each is one transaction, and they wait for each other instead of failing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from tests.herd import at_once

ROWS = 6_000  # more than one chunk


@pytest.fixture
def files(environment: Path) -> Callable[[int], tuple[str, str]]:
    """Two files with the same users, in opposite order, each with names of its own."""

    def write(rows: int) -> tuple[str, str]:
        paths = []
        for name, numbers in (("up", range(rows)), ("down", reversed(range(rows)))):
            path = environment / f"{name}.csv"
            lines = [f"user{number:06}@example.com,{name} {number}\n" for number in numbers]
            path.write_text("email,full_name\n" + "".join(lines))
            paths.append(str(path))
        return paths[0], paths[1]

    return write


def run_both(paths: tuple[str, str], *options: str) -> list[tuple[int, dict[str, object], str]]:
    done = at_once([[["import", path, *options, "-o", "json"]] for path in paths])
    return [(code, json.loads(out) if out else {}, err) for [(code, out, err)] in done]


@pytest.mark.parametrize("on_conflict", ["skip", "update"])
@pytest.mark.parametrize("existing", [0, 500], ids=["new", "some-exist"])
def test_two_imports_in_opposite_order_both_finish(
    cli: Cli, files: Callable[[int], tuple[str, str]], database: Database, on_conflict: str, existing: int
) -> None:
    if existing:
        assert cli("import", files(existing)[0])[0] == 0
    rows = ROWS
    paths = files(rows)
    done = run_both(paths, "--on-conflict", on_conflict)
    assert [code for code, _, _ in done] == [0, 0], [err for _, _, err in done]
    assert all("deadlock" not in err and "40P01" not in err and "40001" not in err for _, _, err in done)
    assert sum(int(str(found["created"])) for _, found, _ in done) == rows - existing
    for _, found, _ in done:
        assert sum(int(str(found[name])) for name in ("created", "updated", "unchanged", "skipped")) == rows
    names = {row[0] for row in database.rows("SELECT DISTINCT substr(full_name, 1, 2) FROM users")}
    if on_conflict == "update":  # whoever came last gave all users its names
        assert names in ({"up"}, {"do"})
    [(users,)] = database.rows("SELECT count(*) FROM users")
    assert users == rows
    assert cli("audit", "verify")[0] == 0


def test_of_two_imports_of_the_same_new_users_one_goes_in_and_the_other_is_told(
    cli: Cli, files: Callable[[int], tuple[str, str]], database: Database
) -> None:
    done = run_both(files(1_000))
    assert sorted(code for code, _, _ in done) == [0, 4], [err for _, _, err in done]
    [loser] = [err for code, _, err in done if code == 4]
    assert loser.splitlines()[-1] == "error: 1,000 bad records found; nothing was imported"
    names = {row[0] for row in database.rows("SELECT DISTINCT substr(full_name, 1, 2) FROM users")}
    assert len(names) == 1
