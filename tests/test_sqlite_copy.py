"""Before a SQLite file is migrated there is a copy beside it, until that has succeeded."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.concurrent_processes import ROOT
from tests.conftest import Database, run_here
from tests.test_migrations import (  # noqa: F401 - fixtures
    HEAD,
    REVISIONS,
    _kill_when_there,
    at,
    broken,
    copied,
    empty,
    fill,
    tables,
)
from usercli.database import migrations, sqlite_copy
from usercli.database import url as database_url
from usercli.services.doctor.examination import examine_database

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
OLD = REVISIONS[-2]


@pytest.fixture
def old(empty: Database) -> Database:  # noqa: F811 - a fixture
    """A database one revision behind, with rows."""
    migrations.upgrade(empty.url, OLD)
    fill(empty)
    return empty


def beside(database: Database) -> list[str]:
    """The files beside the database, by what their names have more; not those of SQLite itself."""
    path = Path(database.url.database)
    ends = {file.name.removeprefix(path.name) for file in path.parent.glob(f"{path.name}*")}
    return sorted(ends - {"", "-wal", "-shm"})


def copy_of(database: Database, revision: str = HEAD) -> Path:
    return Path(f"{database.url.database}.before-{revision}")


def downgrade(database: Database, revision: str) -> tuple[int, str, str]:
    return run_here("db", "downgrade", revision, "--yes", "--confirm", database.url.name, "-q")


def test_it_is_made_before_and_removed_after(
    old: Database,
    copied: Path,  # noqa: F811 - a fixture
    tmp_path: Path,
) -> None:
    shown = tmp_path / "shown"
    look = f"import os; open({str(shown)!r}, 'w').write(oct(os.stat({str(copy_of(old))!r}).st_mode))"
    broken(copied, HEAD, "upgrade", look)
    assert run_here("db", "upgrade", "-q")[:2] == (0, f"{HEAD}\n")
    assert shown.read_text() == oct(stat.S_IFREG | 0o600)
    assert beside(old) == []


@pytest.mark.parametrize("what", ["nothing is missing", "nothing is there"])
def test_none_is_made_where(
    empty: Database,  # noqa: F811 - a fixture
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if what == "nothing is missing":
        migrations.upgrade(empty.url)
    monkeypatch.setattr(sqlite_copy, "_copy", None)  # called, it fails
    assert run_here("db", "upgrade")[0] == 0


def test_an_upgrade_that_fails_names_it_and_the_next_removes_it(
    old: Database,
    copied: Path,  # noqa: F811 - a fixture
) -> None:
    before = tables(old)
    mended = shutil.copytree(copied, copied.with_name("mended"))
    broken(copied, HEAD, "upgrade", "op.execute('SELECT nothing')")
    for _ in range(2):
        code, out, err = run_here("db", "upgrade")
        assert (code, out, beside(old)) == (5, "", [f".before-{HEAD}"])
        assert f"warning: a copy of the database as it was before is kept: {copy_of(old)}\n" in err
    kept = Database(database_url.sqlite_file(copy_of(old)), "")
    assert (tables(kept), at(kept)) == (before, [OLD])
    shutil.rmtree(copied)
    shutil.move(mended, copied)
    assert run_here("db", "upgrade", "-q")[:2] == (0, f"{HEAD}\n")
    assert beside(old) == []


def test_sample_users_name_it_too(old: Database, copied: Path) -> None:  # noqa: F811 - a fixture
    broken(copied, HEAD, "upgrade", "op.execute('SELECT nothing')")
    code, _, err = run_here("db", "seed", "--count", "1")
    assert (code, f"is kept: {copy_of(old)}\n" in err) == (5, True)


def test_a_downgrade_makes_one_too(
    old: Database,
    copied: Path,  # noqa: F811 - a fixture
    tmp_path: Path,
) -> None:
    shown = tmp_path / "shown"
    copy = str(copy_of(old, REVISIONS[-4]))
    look = f"os.path.exists({copy!r}) and open({str(shown)!r}, 'w').write(oct(os.stat({copy!r}).st_mode))"
    broken(copied, OLD, "downgrade", f"import os; {look}")  # it is run for its SQL before
    copy_of(old).touch()  # of an upgrade that failed
    assert downgrade(old, "-2")[0] == 0
    assert shown.read_text() == oct(stat.S_IFREG | 0o600)
    assert beside(old) == [f".before-{HEAD}"]


def test_a_downgrade_that_fails_names_it_and_the_next_removes_it(
    old: Database,
    copied: Path,  # noqa: F811 - a fixture
) -> None:
    before = tables(old)
    mended = shutil.copytree(copied, copied.with_name("mended"))
    broken(copied, OLD, "downgrade", "op.execute('SELECT nothing')")
    code, out, err = downgrade(old, "base")
    assert (code, out, beside(old)) == (5, "", [".before-base"])
    assert f"warning: a copy of the database as it was before is kept: {copy_of(old, 'base')}\n" in err
    kept = Database(database_url.sqlite_file(copy_of(old, "base")), "")
    assert (tables(kept), at(kept)) == (before, [OLD])
    shutil.rmtree(copied)
    shutil.move(mended, copied)
    assert downgrade(old, "base")[0] == 0
    assert beside(old) == []


def test_where_a_downgrade_cannot_make_one_nothing_is_changed(old: Database) -> None:
    before = tables(old)
    copy_of(old, "base").mkdir()
    code, _, err = downgrade(old, "base")
    assert (code, tables(old), at(old)) == (5, before, [OLD])
    assert f"cannot be copied to {copy_of(old, 'base')} before the downgrade: is a directory; nothing was" in err


@pytest.mark.parametrize("state", ["behind", "current"])
def test_one_that_was_left_is_named(old: Database, state: str) -> None:
    if state == "current":
        migrations.upgrade(old.url)
    copy_of(old).touch(0o600)
    named = f"a migration to {HEAD} has not ended; a copy of the database as it was before is kept: {copy_of(old)}"
    code, _, err = run_here("db", "check")
    assert (code, f"warning: {named}\n" in err) == (7 if state == "behind" else 0, True)
    found = [view for view in examine_database(old.url) if view.said == named]
    assert [(view.check, view.state) for view in found] == [("schema", "warn")]
    assert "usercli db upgrade" in str(found[0].do)
    assert run_here("db", "upgrade")[0] == 0
    assert (named in run_here("db", "check")[2], beside(old)) == (False, [])


@pytest.mark.process
def test_after_a_kill_it_is_there_and_the_next_upgrade_removes_it(
    old: Database,
    copied: Path,  # noqa: F811 - a fixture
) -> None:
    before = tables(old)
    _kill_when_there(copied, HEAD, "upgrade", ["db", "upgrade"])
    assert beside(old) == [f".before-{HEAD}"]
    kept = Database(database_url.sqlite_file(copy_of(old)), "")
    assert (tables(kept), at(kept)) == (before, [OLD])
    assert (tables(old), at(old)) == (before, [OLD])
    assert f"is kept: {copy_of(old)}\n" in run_here("db", "check")[2]
    assert run_here("db", "upgrade", "-q")[:2] == (0, f"{HEAD}\n")
    assert beside(old) == []


_KILLED = """
import os, signal, sys
from usercli.database import sqlite_copy
sqlite_copy._PAGES = 1
sqlite_copy._between = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from usercli.cli.main import run
run(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_kill_while_it_is_made_leaves_no_copy_that_is_not_whole(old: Database) -> None:
    before = tables(old)
    killed = subprocess.run([sys.executable, "-c", _KILLED, "db", "upgrade"], cwd=ROOT, check=False)
    assert (killed.returncode, beside(old)) == (-9, [f".before-{HEAD}.partial"])
    assert (tables(old), at(old)) == (before, [OLD])
    assert run_here("db", "upgrade", "-q")[:2] == (0, f"{HEAD}\n")
    assert beside(old) == []


def test_where_it_cannot_be_made_nothing_is_changed(old: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tables(old)
    copy_of(old).mkdir()
    code, out, err = run_here("db", "upgrade")
    assert (code, out) == (5, "")
    assert err == (
        f"error: the database cannot be copied to {copy_of(old)} before the upgrade: is a directory; "
        "nothing was changed\n"
    )
    assert (tables(old), at(old), beside(old)) == (before, [OLD], [f".before-{HEAD}"])


def test_on_a_full_disk_nothing_is_changed(old: Database) -> None:
    old.rows("UPDATE users SET attributes = '\"' || hex(zeroblob(50000)) || '\"'")
    before = tables(old)
    with closing(sqlite3.connect(old.url.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        code, out, err = run_here("db", "upgrade")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, out) == (5, "")
    assert err.startswith(f"error: the database cannot be copied to {copy_of(old)} before the upgrade: ")
    assert err.endswith("; nothing was changed\n")
    assert (tables(old), at(old), beside(old)) == (before, [OLD], [])


def test_a_file_of_another_name_is_left_alone(old: Database) -> None:
    mine = Path(f"{old.url.database}.before-christmas")
    mine.touch()
    assert run_here("db", "upgrade")[0] == 0
    assert beside(old) == [".before-christmas"]
