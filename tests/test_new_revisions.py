"""New revisions in a checkout, by either command: what is written is known at once, and fits what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.concurrent_processes import ROOT
from tests.conftest import Database, run_here
from usercli.database import alembic_runner, schema_version
from usercli.errors import DatabaseUnavailable

HEAD = schema_version.head()
NEW_FILE = re.compile(r"(\d{8}_\d{4})_add_phone_numbers\.py")
COLUMN = "    phone_number: Mapped[str | None] = mapped_column(CodePointText)\n"
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path, environment: Path) -> Path:
    """A checkout of the test's own, with one more column in a model; the environment names a database at head."""
    place = tmp_path / "checkout"
    place.mkdir()
    shutil.copytree(ROOT / "usercli", place / "usercli")  # with what is compiled, which takes a process a second
    shutil.copytree(ROOT / "alembic", place / "alembic", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", place)
    model = place / "usercli" / "models" / "user.py"
    lines = model.read_text().splitlines(keepends=True)
    [last] = [number for number, line in enumerate(lines) if line.startswith("    managed_by:")]
    model.write_text("".join([*lines[: last + 1], COLUMN, *lines[last + 1 :]]))
    return place


@pytest.fixture
def run(checkout: Path) -> Run:
    """Run a module's program in that checkout."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=checkout, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def written(checkout: Path) -> dict[str, str]:
    """The new files in the checkout: by revision, their text."""
    there = {path.name for path in (ROOT / "alembic" / "versions").glob("*.py")}
    found = {}
    for path in (checkout / "alembic" / "versions").glob("*.py"):
        if path.name not in there:
            named = NEW_FILE.fullmatch(path.name)
            assert named, path.name
            found[named[1]] = path.read_text()
    return found


def require_working(run: Run, revision: str) -> None:
    """Before the upgrade commands say what to run; after it the database is at that revision, and they work."""
    before = run("usercli", "list")
    assert (before.returncode, before.stdout) == (5, "")
    assert re.fullmatch(r"error: the database \S+ is 1 revision behind; run: usercli db upgrade\n", before.stderr)
    upgraded = run("usercli", "db", "upgrade", "-q")
    assert (upgraded.returncode, upgraded.stdout) == (0, f"{revision}\n"), upgraded.stderr
    listed = run("usercli", "list", "--count")
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, "count\n0\n", "")
    current = run("usercli", "db", "current", "-q")
    assert (current.returncode, current.stdout) == (0, f"{revision}\n")
    assert run("usercli", "db", "downgrade", "-1", "--dry-run", "-q").stdout == f"{revision}\n"


@pytest.mark.slow_on("sqlite")
def test_plain_alembic_writes_a_revision_that_works(checkout: Path, run: Run, database: Database) -> None:
    done = run("alembic", "revision", "--autogenerate", "-m", "add phone numbers")
    assert done.returncode == 0, done.stderr
    [(revision, text)] = written(checkout).items()
    assert f'revision: str = "{revision}"' in text.replace("'", '"')
    assert f'down_revision: str | Sequence[str] | None = "{HEAD}"' in text.replace("'", '"')
    assert f"Revision: {revision}\nRevises: {HEAD}\n" in text
    assert re.findall(r"op\.(\w+)\('?(\w*)", text) == [("add_column", "users"), ("drop_column", "users")]
    require_working(run, revision)
    check = run("usercli", "db", "check")
    assert (check.returncode, check.stderr) == (0, "")


@on_postgresql
def test_our_command_writes_a_revision_that_works(checkout: Path, run: Run) -> None:
    done = run("usercli", "db", "revision", "--autogenerate", "-m", "add phone numbers", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    [(revision, text)] = written(checkout).items()
    assert done.stdout.endswith(f"/{revision}_add_phone_numbers.py\n")
    assert re.findall(r"op\.(\w+)\('?(\w*)", text) == [("add_column", "users"), ("drop_column", "users")]
    require_working(run, revision)
    assert run("usercli", "db", "check").returncode == 0


@pytest.mark.slow
def test_a_revision_that_was_filled_after_the_upgrade_is_named_with_the_way_out(
    checkout: Path, run: Run, database: Database
) -> None:
    written_to = Path(run("usercli", "db", "revision", "-m", "add phone numbers", "-q").stdout.strip())
    [revision] = written(checkout)
    assert run("usercli", "db", "upgrade").returncode == 0
    lost = "but lacks the column users.phone_number"
    where = database.url.where
    for command in (("list",), ("create", "a@example.com", "--no-password")):
        done = run("usercli", *command)
        said = f"error: the database {where} lacks the column users.phone_number; run: usercli db check\n"
        assert (done.returncode, done.stderr) == (5, said)
    check = run("usercli", "db", "check")
    said = f"warning: the database {where} is at {revision}, {lost}, which no revision makes; write one that does"
    assert (check.returncode, check.stderr.partition("\n")[0]) == (7, f"{said}, then run: usercli db upgrade")

    text = (checkout / written_to).read_text()
    upgrade = 'op.add_column("users", sa.Column("phone_number", sa.Text()))'
    assert text.count("    pass\n") == 2
    (checkout / written_to).write_text(text.replace("    pass\n", f"    {upgrade}\n", 1))
    said = (
        f"the database {where} is stamped with {revision}, {lost}; run: usercli db stamp {HEAD}, then: usercli db"
    )
    for command in (("list",), ("create", "a@example.com", "--no-password"), ("db", "upgrade")):
        done = run("usercli", *command)
        assert (done.returncode, done.stderr) == (5, f"error: {said} upgrade\n")
    check = run("usercli", "db", "check")
    assert (check.returncode, check.stderr) == (7, f"warning: {said} upgrade\n")
    assert run("usercli", "db", "stamp", HEAD).returncode == run("usercli", "db", "upgrade").returncode == 0
    assert run("usercli", "create", "a@example.com", "--no-password").returncode == 0
    assert run("usercli", "db", "check").returncode == 0


@on_sqlite
@pytest.mark.parametrize("command", [("alembic",), ("usercli", "db")], ids=" ".join)
def test_an_empty_revision_works_and_wants_no_database(
    checkout: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("USERCLI_DATABASE_URL", f"sqlite:///{checkout}/none.db")
        done = run(*command, "revision", "-m", "add phone numbers")
    assert done.returncode == 0, done.stderr
    assert not (checkout / "none.db").exists()
    [revision] = written(checkout)
    now = datetime.now(UTC).strftime("%Y%m%d_%H%M")
    assert HEAD < revision <= max(now, alembic_runner.revision_stamp([HEAD]))
    require_working(run, revision)


@on_sqlite
def test_a_name_that_is_given_is_kept(checkout: Path, run: Run) -> None:
    assert run("alembic", "revision", "-m", "add phone numbers", "--rev-id", "29991231_2359").returncode == 0
    assert list(written(checkout)) == ["29991231_2359"]


@on_sqlite
def test_revisions_of_the_same_minute_follow_each_other(checkout: Path, run: Run) -> None:
    for command in (("alembic",), ("usercli", "db"), ("alembic",), ("usercli", "db")):
        assert run(*command, "revision", "-m", "add phone numbers").returncode == 0
    new = sorted(written(checkout))
    assert len(new) == 4
    done = run("usercli", "db", "upgrade", "-q")
    assert (done.returncode, done.stdout.split()) == (0, new)


# -- how far a database is behind


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of revisions, a copy that the test may add to."""
    folder = tmp_path / "alembic"
    shutil.copytree(schema_version.folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema_version, "folder", lambda: folder)
    return folder / "versions"


def add(versions: Path, revision: str, follows: str) -> None:
    text = (
        f'"""Do nothing at all.\n\nRevision: {revision}\n"""\n\n'
        f'revision: str = "{revision}"\n'
        f"down_revision = {follows}\n"
        "branch_labels = None\ndepends_on = None\n\n\n"
        "def upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
    )
    (versions / f"{revision}_do_nothing.py").write_text(text)


def test_the_files_say_what_alembic_says(versions: Path) -> None:
    add(versions, "20991231_0100", f'"{HEAD}"  # not "20261121_0100"')
    add(versions, "20991231_0200", f"'{HEAD}'")
    add(versions, "20991231_0300", '("20991231_0100", "20991231_0200")')
    add(versions, "20991231_0400", '(\n    "20991231_0300",\n)')
    add(versions, "20991231_0500", "'20991231_0400'")
    told = {script.revision: set(script._versioned_down_revisions) for script in alembic_runner.history()}
    assert {name: set(follows) for name, follows in schema_version.revisions().items()} == told
    assert schema_version.head() == alembic_runner.scripts().get_current_head() == "20991231_0500"


def test_a_database_is_never_ahead_by_a_number(versions: Path) -> None:
    known = [script.revision for script in alembic_runner.history()]
    for place, revision in enumerate(known):
        assert schema_version.steps_behind([revision]) == len(known) - 1 - place
    assert schema_version.steps_behind([]) == len(known)
    assert schema_version.steps_behind(["20991231_0100"]) is None
    add(versions, "20991231_0100", f'"{HEAD}"')
    assert schema_version.steps_behind([HEAD]) == 1
    assert schema_version.steps_behind(["20991231_0100"]) == 0


def test_the_newest_is_the_one_that_none_follows_whatever_its_name(versions: Path) -> None:
    add(versions, "20991231_0200", f'"{HEAD}"')
    add(versions, "20991231_0100", '"20991231_0200"')
    assert schema_version.head() == "20991231_0100"
    assert schema_version.steps_behind(["20991231_0200"]) == 1


def test_a_name_is_later_than_all_that_are_there() -> None:
    now = datetime.now(UTC).strftime("%Y%m%d_%H%M")
    assert now <= alembic_runner.revision_stamp([]) <= datetime.now(UTC).strftime("%Y%m%d_%H%M")
    assert alembic_runner.revision_stamp(["29991231_2359", "20200101_0000"]) == "30000101_0000"
    assert alembic_runner.revision_stamp(["coachbot_29990101_0959", "4f5e6a7b8c9d"]) == "29990101_1000"


# -- two heads


TWO_HEADS = (
    "error: the migrations have 2 heads: 20991231_0100, 20991231_0300; "
    'make one follow the other: set down_revision = "20991231_0100" in the file of 20991231_0200\n'
)


@pytest.fixture
def two_heads(versions: Path) -> Path:
    """As after work on two branches: one with one revision, one with two."""
    add(versions, "20991231_0100", f'"{HEAD}"')
    add(versions, "20991231_0200", f'"{HEAD}"')
    add(versions, "20991231_0300", '"20991231_0200"')
    return versions


@pytest.mark.parametrize(
    "line",
    [
        ["list"],
        ["create", "ada@example.com", "--no-password"],
        ["db", "upgrade"],
        ["db", "upgrade", "--dry-run"],
        ["db", "upgrade", "heads"],
        ["db", "upgrade", "+1"],
        ["db", "downgrade", "-1", "--yes"],
        ["db", "current"],
        ["db", "check"],
        ["db", "stamp", "head"],
        ["db", "sql"],
        ["db", "revision", "-m", "x"],
    ],
    ids=" ".join,
)
@pytest.mark.each_once
def test_two_heads_are_said_with_what_to_do(
    two_heads: Path, database: Database, environment: Path, line: list[str]
) -> None:
    files = sorted(two_heads.glob("*.py"))
    assert run_here(*line) == (5, "", TWO_HEADS)
    assert database.rows("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert sorted(two_heads.glob("*.py")) == files


def test_the_advice_on_two_heads_makes_one_line(two_heads: Path, database: Database, environment: Path) -> None:
    path = two_heads / "20991231_0200_do_nothing.py"
    path.write_text(path.read_text().replace(f'down_revision = "{HEAD}"', 'down_revision = "20991231_0100"'))
    code, out, _ = run_here("db", "upgrade", "-q")
    assert (code, out.split()) == (0, ["20991231_0100", "20991231_0200", "20991231_0300"])
    assert run_here("list", "--count") == (0, "count\n0\n", "")


def test_one_of_two_heads_may_be_a_merge(versions: Path, database: Database, environment: Path) -> None:
    for name in ("20991231_0100", "20991231_0200", "20991231_0300"):
        add(versions, name, f'"{HEAD}"')
    add(versions, "20991231_0400", '("20991231_0200", "20991231_0300")')
    assert run_here("list") == (5, "", TWO_HEADS.replace("20991231_0300", "20991231_0400"))


def test_two_heads_leave_the_history_and_the_way_back(
    two_heads: Path, database: Database, environment: Path
) -> None:
    code, out, _ = run_here("db", "history", "-q")
    assert (code, set(out.split())) == (0, set(schema_version.revisions()))
    code, out, _ = run_here("db", "upgrade", "20991231_0300", "-q")
    assert (code, out.split()) == (0, ["20991231_0200", "20991231_0300"])
    code, out, _ = run_here("db", "downgrade", HEAD, "--yes", "-q")
    assert (code, out.split()) == (0, ["20991231_0300", "20991231_0200"])


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_migrations_that_are_missing_are_named(versions: Path, database: Database, environment: Path) -> None:
    shutil.rmtree(versions)
    sentence = f"error: there are no migrations in {versions.parent}; install usercli again\n"
    assert run_here("list") == (5, "", sentence)
    with pytest.raises(DatabaseUnavailable):
        schema_version.head()
