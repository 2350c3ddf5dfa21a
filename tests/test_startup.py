"""A command line that scripts call once a user starts fast: it loads what it needs and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Database
from usercli.cli.app import COMMANDS
from usercli.cli.lazy_group import Lazy

pytestmark = pytest.mark.process

HEAVY = ("sqlalchemy", "pydantic", "alembic", "psycopg", "passlib", "bcrypt", "rich", "yaml", "dotenv", "asyncio")


def loaded(*arguments: str, of: tuple[str, ...] = HEAVY, code: int = 0) -> set[str]:
    """Which of these modules a command line has loaded by its end."""
    program = (
        "import sys\nfrom usercli.cli.main import run\n"
        f"code = run({list(arguments)!r})\n"
        f"print(int(code), *(name for name in {of!r} if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    ended, *names = done.stderr.splitlines()[-1].split()
    assert int(ended) == code, done.stderr
    return set(names)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_what_needs_no_database_loads_nothing_heavy(arguments: tuple[str, ...], clean_environment: Path) -> None:
    assert loaded(*arguments, of=(*HEAVY, "usercli.config", "usercli.database", "tomllib")) == set()


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("arguments", [("list",), ("list", "-o", "json"), ("db", "--help")])
def test_a_query_loads_no_migrations_no_hashing_and_no_other_driver(
    arguments: tuple[str, ...], environment: Path, database: Database
) -> None:
    assert loaded(*arguments) <= {"sqlalchemy", "pydantic", "asyncio"}  # SQLAlchemy loads asyncio


#: What a question about users does without: repositories of changes, and on SQLite the other dialect.
OF_CHANGES = ("audit", "changes", "foreign_keys", "imports", "user_bulk_insert", "user_bulk_update")
UNUSED = (*(f"usercli.repositories.{name}" for name in OF_CHANGES), "sqlalchemy.dialects.postgresql")


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "code"), [(("list",), 0), (("exists", "id:01a21ac8-b0a9-78f1-89a6-d266cec8849a"), 8)]
)
def test_a_query_loads_nothing_of_changes_and_no_other_dialect(
    arguments: tuple[str, ...], code: int, environment: Path, database: Database
) -> None:
    assert loaded(*arguments, of=UNUSED, code=code) == set()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_what_the_list_names_is_there(command: Lazy) -> None:
    assert command.load().name == command.name
    assert len(command.help) <= len("export, erase a person")  # it stands in two columns
