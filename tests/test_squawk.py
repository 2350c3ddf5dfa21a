"""Squawk knows what locks a filled table and what breaks those who use it; it reads the SQL of each revision."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import run_here
from tests.test_migrations import REVISIONS

pytestmark = pytest.mark.process

SQUAWK = Path(sys.executable).parent / "squawk"
FIRST, ROLES, LOG, PROGRESS, *_, RARE, BY_EMAIL = REVISIONS
#: Each warning that is no fault: where, which rule, the line that it is about.
WAIVED = {
    # Alembic's own table of one row; to lengthen a name in it locks nobody
    (f"{FIRST}.up.sql", "prefer-text-field", "version_num VARCHAR(32) NOT NULL,"),
    # the number of changes of one user, which does not reach two thousand million
    (f"{FIRST}.up.sql", "prefer-bigint-over-int", "version INTEGER DEFAULT 1 NOT NULL,"),
    # the way down takes away what the way up made: db downgrade says how many rows that loses, and asks
    *(
        (f"{revision}.down.sql", "ban-drop-table", f"DROP TABLE {table};")
        for revision, tables in {
            FIRST: ["users"],
            ROLES: ["user_roles", "roles"],
            LOG: ["audit_events"],
            PROGRESS: ["import_progress"],
        }.items()
        for table in tables
    ),
    # they hold few rows, and are built in the time of one scan: db adopt needs them in its one transaction
    *(
        (f"{revision}.{way}.sql", f"require-concurrent-index-{rule}", line)
        for revision, way, rule, line in (
            (
                RARE,
                "up",
                "creation",
                "CREATE INDEX ix_users_deleted_email_key ON users (email_key) WHERE deleted_at IS NOT NULL;",
            ),
            (
                RARE,
                "up",
                "creation",
                "CREATE INDEX ix_users_inactive ON users (created_at, id) "
                "WHERE NOT is_active AND deleted_at IS NULL;",
            ),
            (RARE, "down", "deletion", "DROP INDEX ix_users_inactive;"),
            (RARE, "down", "deletion", "DROP INDEX ix_users_deleted_email_key;"),
            (
                BY_EMAIL,
                "up",
                "creation",
                "CREATE INDEX ix_users_email_not_key ON users (email, id) WHERE email <> email_key;",
            ),
            (BY_EMAIL, "down", "deletion", "DROP INDEX ix_users_email_not_key;"),
        )
    ),
    *(
        (f"{LOG}.down.sql", "ban-drop-function", f"DROP FUNCTION audit_events_{name}();")
        for name in ("append", "refuse", "erase_only")
    ),
}

#: What older releases of Alembic do at the end of the way down.
OF_OLD_ALEMBIC = (f"{FIRST}.down.sql", "ban-drop-table", "DROP TABLE alembic_version;")


def warnings(files: list[Path]) -> set[tuple[str, str, str]]:
    """What squawk says: the file's name, the rule, and the first line of what it is about."""
    done = subprocess.run([SQUAWK, "--reporter", "json", *files], capture_output=True, text=True, check=False)
    found = set()
    for entry in json.loads(done.stdout):
        file = Path(entry["file"])
        lines = file.read_text(encoding="utf-8").splitlines()[entry["line"] :]
        found.add((file.name, entry["rule_name"], next(line.strip() for line in lines if line)))
    return found


def test_squawk_has_nothing_to_say_but_what_is_waived(
    clean_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each revision by itself, as on a filled database: what a table holds is not known of one just made."""
    monkeypatch.setenv("USERCLI_DATABASE_URL", "postgresql://ada@db.example.com/users")
    files = []
    for revision, before in zip(REVISIONS, ["base", *REVISIONS], strict=False):
        for way, line in (("up", [f"{before}:{revision}"]), ("down", [f"{revision}:{before}", "--down"])):
            code, sql, err = run_here("db", "sql", *line)
            assert code == 0, err
            files.append(tmp_path / f"{revision}.{way}.sql")
            files[-1].write_text(sql, encoding="utf-8")
    assert warnings(files) - {OF_OLD_ALEMBIC} == WAIVED


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE INDEX ix ON users (full_name);", "require-concurrent-index-creation"),
        ("ALTER TABLE users ADD COLUMN phone text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE users DROP COLUMN full_name;", "ban-drop-column"),
    ],
)
def test_what_would_stop_others_is_found(tmp_path: Path, statement: str, rule: str) -> None:
    file = tmp_path / "new.sql"
    file.write_text(
        f"BEGIN;\nSET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = '1h';\n{statement}\nCOMMIT;\n"
    )
    assert warnings([file]) == {("new.sql", rule, statement)}
