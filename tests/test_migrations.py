"""The way up and down, on both engines: nothing lost, nothing half done, one deployer at a time."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import inspect, text

from tests.concurrent_processes import ROOT, at_once
from tests.conftest import Cli, Database, run_here
from usercli.database import alembic_runner, migrations, schema_version
from usercli.database import url as database_url
from usercli.database.engine import open_engine
from usercli.errors import DatabaseUnavailable, InvalidInput, RevisionNotFound
from usercli.schemas.users import UserView

HEAD = schema_version.head()
REVISIONS = [script.revision for script in alembic_runner.history()]
FIRST = REVISIONS[0]
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def empty(clean_environment: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database without a schema, which the environment names."""
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    return empty_database


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations in a folder of the test's own, where it may break them."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema_version.folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema_version, "folder", lambda: folder)
    return folder


def schema(database: Database) -> list[Any]:
    """Everything that the schema is made of, as the database itself tells it."""
    if database.engine == "sqlite":
        made = database.rows("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
        return [(*row[:3], re.sub(r"\s+", " ", str(row[3]))) for row in made]
    found: list[Any] = []
    for query in (
        "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default, ordinal_position"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    ):
        found += database.rows(query)
    return found


def tables(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of ours."""
    with open_engine(database.url).connect() as connection:
        names = sorted(set(inspect(connection).get_table_names()) - {schema_version.VERSION_TABLE})
        return {
            name: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))), key=repr)
            for name in names
        }


def fill(database: Database) -> None:
    """Users of all kinds, and rows in every other table that there is."""
    for name, deleted in (("ada", "NULL"), ("bob", "NULL"), ("cleo", "created_at")):
        database.rows(
            "INSERT INTO users (email, email_key, hashed_password, full_name, attributes)"
            " VALUES (:email, :email, '!', 'N\u00e4me', :attributes)",
            email=f"{name}@example.com",
            attributes='{"a": [1, null]}',
        )
        database.rows(
            f"UPDATE users SET is_active = ({deleted} IS NULL), deleted_at = {deleted} WHERE email LIKE '{name}%'"
        )
    there = tables(database)
    if "roles" in there:
        database.rows("INSERT INTO roles (name, administrative) VALUES ('admin', true), ('reader', false)")
        database.rows("INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u CROSS JOIN roles r")


def at(database: Database) -> list[str]:
    return sorted(str(row[0]) for row in database.rows("SELECT version_num FROM alembic_version"))


# -- the folder


def test_there_is_one_head_and_the_program_knows_it() -> None:
    assert alembic_runner.scripts().get_heads() == [HEAD]
    assert schema_version.head() == HEAD


def test_the_revisions_make_one_line() -> None:
    downs = [script.down_revision for script in alembic_runner.history()]
    assert downs == [None, *REVISIONS[:-1]]


def test_files_are_named_by_date_time_and_description() -> None:
    names = sorted(path.name for path in (schema_version.folder() / "versions").glob("*.py"))
    assert [name for name in names if not re.fullmatch(r"\d{8}_\d{4}_[a-z0-9]+(_[a-z0-9]+)*\.py", name)] == []
    assert [name[:13] for name in names] == sorted(REVISIONS)
    assert sorted(REVISIONS) == REVISIONS  # by name is by time


def test_every_revision_says_what_it_does() -> None:
    for script in alembic_runner.history():
        assert re.fullmatch(r"[A-Z][^\n]{5,70}\.", script.doc.splitlines()[0]), script.revision
        assert f"Revision: {script.revision}" in script.longdoc


def test_a_new_revision_follows_the_head_and_the_naming(copied: Path, clean_environment: Path) -> None:
    code, out, err = run_here("db", "revision", "-m", "Add a Column for phones", "-q")
    path = Path(out.strip())
    assert (code, err) == (0, "")
    assert path.parent == copied / "versions"
    assert re.fullmatch(r"\d{8}_\d{4}_add_a_column_for_phones\.py", path.name)
    assert f'down_revision: str | Sequence[str] | None = "{HEAD}"' in path.read_text().replace("'", '"')
    assert schema_version.head() == path.name[:13]


# -- up and down


def test_up_down_and_up_again_back_to_back(empty: Database) -> None:
    migrations.upgrade(empty.url)
    there = schema(empty)
    fill(empty)
    undone = migrations.downgrade(empty.url, "base")
    assert [script.revision for script in undone] == REVISIONS[::-1]
    assert tables(empty) == {}
    assert at(empty) == []
    run = migrations.upgrade(empty.url)
    assert [script.revision for script in run] == REVISIONS
    assert schema(empty) == there
    assert at(empty) == [HEAD]
    assert {name: rows for name, rows in tables(empty).items() if rows} == {}
    fill(empty)


def test_each_step_keeps_the_rows_and_the_schema_of_what_stays(empty: Database) -> None:
    for revision in REVISIONS:
        migrations.upgrade(empty.url, revision)
    there, step = schema(empty), {HEAD: schema(empty)}
    fill(empty)
    for revision in REVISIONS[-2::-1]:
        before = tables(empty)
        migrations.downgrade(empty.url, "-1")
        assert at(empty) == [revision]
        after = tables(empty)
        assert after == {name: before[name] for name in after}
        step[revision] = schema(empty)
    kept = tables(empty)
    for revision in REVISIONS[1:]:
        migrations.upgrade(empty.url, "+1")
        assert schema(empty) == step[revision]
    assert {name: tables(empty)[name] for name in kept} == kept
    assert schema(empty) == there


def test_upgrading_twice_changes_nothing(cli: Cli, database: Database) -> None:
    fill(database)
    before = schema(database), tables(database)
    code, out, err = cli("db", "upgrade")
    assert (code, out) == (0, "revision\tdown_revision\tdescription\n")
    assert err == f"the schema is already up to date on {database.url.where}\n"
    assert (schema(database), tables(database)) == before


def test_a_dry_upgrade_lists_what_is_missing_and_makes_nothing(empty: Database) -> None:
    code, out, err = run_here("db", "upgrade", "--dry-run", "-q")
    assert (code, out.split(), err) == (0, REVISIONS, "")
    if empty.engine == "sqlite":
        assert not Path(empty.url.database).exists()
    else:
        assert tables(empty) == {}


@on_sqlite
def test_an_upgrade_makes_a_private_file(empty: Database) -> None:
    before = os.umask(0)
    try:
        assert run_here("db", "upgrade", "-q")[0] == 0
    finally:
        os.umask(before)
    assert Path(empty.url.database).stat().st_mode & 0o777 == 0o600


def test_models_and_schema_do_not_differ(cli: Cli, database: Database) -> None:
    with open_engine(database.url).connect() as connection:
        assert migrations.differences(connection) == []
    assert cli("db", "check", "-o", "json") == (
        0,
        json.dumps({"at": HEAD, "head": HEAD, "state": "current", "bad_keys": 0}, separators=(",", ":")) + "\n",
        "",
    )


def test_a_difference_is_found_and_named(cli: Cli, database: Database) -> None:
    database.rows("ALTER TABLE users ADD COLUMN phone text")
    database.rows("DROP INDEX ix_users_created_at_id")
    code, out, err = cli("db", "check", "-o", "json")
    assert code == 7
    assert json.loads(out)["state"] == "drifted"
    assert sorted(err.splitlines()) == [
        "warning: the schema differs from the program's: add index ix_users_created_at_id",
        "warning: the schema differs from the program's: remove column users phone",
    ]


def test_tables_of_other_programs_are_left_alone(cli: Cli, database: Database) -> None:
    database.rows("CREATE TABLE theirs (id integer)")
    assert cli("db", "check")[0] == 0
    assert cli("db", "downgrade", "base", "--yes")[0] == 0
    assert list(tables(database)) == ["theirs"]


def test_the_sql_makes_the_same_schema(empty: Database, tmp_path: Path) -> None:
    code, sql, err = run_here("db", "sql")
    assert (code, err) == (0, "")
    if empty.engine == "sqlite":
        import sqlite3

        with sqlite3.connect(empty.url.database) as connection:
            connection.executescript(sql)
        other = Database(database_url.sqlite_file(tmp_path / "other.db"), "")
        migrations.upgrade(other.url)
        assert schema(empty) == schema(other)
        return
    with psycopg.connect(empty.text, autocommit=True) as server:
        server.execute(sql)  # type: ignore[arg-type]  # text of our own
    by_sql = schema(empty)
    with psycopg.connect(empty.text, autocommit=True) as server:
        server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrations.upgrade(empty.url)
    assert schema(empty) == by_sql


def test_the_sql_of_the_way_down_undoes_it(database: Database, environment: Path) -> None:
    code, sql, _ = run_here("db", "sql", f"{HEAD}:base", "--down")
    assert code == 0
    if database.engine == "sqlite":
        import sqlite3

        with sqlite3.connect(database.url.database) as connection:
            connection.executescript(sql)
    else:
        with psycopg.connect(database.text, autocommit=True) as server:
            server.execute(sql)  # type: ignore[arg-type]  # text of our own
    assert tables(database) == {}


# -- a failure in the middle


def broken(folder: Path, revision: str, way: str, what: str = 'raise RuntimeError("broken")') -> None:
    """Let a revision do all that it does, and then something else."""
    [path] = (folder / "versions").glob(f"{revision}_*.py")
    path.write_text(path.read_text() + f"\n\n_whole = {way}\n\n\ndef {way}():\n    _whole()\n    {what}\n")


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.each_once
def test_a_revision_that_fails_leaves_nothing_and_runs_once_it_is_mended(
    empty: Database, copied: Path, revision: str
) -> None:
    place = REVISIONS.index(revision)
    if place:
        migrations.upgrade(empty.url, REVISIONS[place - 1])
        fill(empty)
        before = schema(empty), tables(empty)
    mended = shutil.copytree(copied, copied.with_name("mended"))
    broken(copied, revision, "upgrade")
    with pytest.raises(RuntimeError, match="broken"):
        migrations.upgrade(empty.url)
    if place:
        assert (schema(empty), tables(empty)) == before
        assert at(empty) == [REVISIONS[place - 1]]
    else:
        assert schema(empty) == []
    shutil.rmtree(copied)
    shutil.copytree(mended, copied)
    assert [script.revision for script in migrations.upgrade(empty.url)] == REVISIONS[place:]
    assert at(empty) == [HEAD]


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.each_once
def test_a_way_down_that_fails_leaves_everything(database: Database, copied: Path, revision: str) -> None:
    fill(database)
    before = schema(database), tables(database)
    broken(copied, revision, "downgrade")
    with pytest.raises(RuntimeError, match="broken"):
        migrations.downgrade(database.url, "base")
    assert (schema(database), tables(database)) == before
    assert at(database) == [HEAD]


def test_a_statement_that_fails_is_one_line_and_leaves_nothing(empty: Database, copied: Path) -> None:
    broken(copied, HEAD, "upgrade", "op.execute(\"INSERT INTO users (email) VALUES ('SECRET')\")")
    code, out, err = run_here("db", "upgrade")
    assert (code, out) == (2, "")
    assert err == "error: the database refused the change: no value for email_key\n"
    assert schema(empty) == []


@on_sqlite
def test_a_revision_that_orphans_rows_is_refused(empty: Database, copied: Path) -> None:
    """Foreign keys are off while tables are rebuilt, so they are checked before the commit."""
    migrations.upgrade(empty.url, REVISIONS[-2])
    fill(empty)
    before = schema(empty), tables(empty)
    broken(
        copied,
        HEAD,
        "upgrade",
        'op.execute("CREATE TABLE child (user_id CHAR(32) REFERENCES users (id))")\n'
        "    op.execute(\"INSERT INTO child VALUES ('nobody')\")",
    )
    assert run_here("db", "upgrade") == (
        4,
        "",
        f"warning: a copy of the database as it was before is kept: {empty.url.database}.before-{HEAD}\n"
        "error: the migration would leave rows of child without the users they refer to\n",
    )
    assert (schema(empty), tables(empty)) == before


# -- a kill in the middle

_UPGRADE = """
import sys
from pathlib import Path
from usercli.database import schema_version
schema_version.folder = lambda: Path(sys.argv[1])
from usercli.cli.main import run
sys.exit(run(sys.argv[2:]))
"""


@pytest.mark.parametrize("revision", sorted({FIRST, HEAD}))
@pytest.mark.each_once
def test_a_kill_in_an_upgrade_leaves_the_old_schema(empty: Database, copied: Path, revision: str) -> None:
    place = REVISIONS.index(revision)
    if place:
        migrations.upgrade(empty.url, REVISIONS[place - 1])
        fill(empty)
    before = (schema(empty), tables(empty)) if place else None
    _kill_when_there(copied, revision, "upgrade", ["db", "upgrade"])
    assert before is None or (schema(empty), tables(empty)) == before
    assert place or schema(empty) == []
    assert [script.revision for script in migrations.upgrade(empty.url)] == REVISIONS[place:]


def test_a_kill_in_a_downgrade_leaves_the_old_schema(environment: Path, database: Database, copied: Path) -> None:
    fill(database)
    before = schema(database), tables(database)
    _kill_when_there(copied, FIRST, "downgrade", ["db", "downgrade", "base", "--confirm", database.url.name])
    assert (schema(database), tables(database)) == before
    assert at(database) == [HEAD]


def _kill_when_there(folder: Path, revision: str, way: str, line: list[str]) -> None:
    """Run a command line, let it do all that the revision does, and kill it before it can commit."""
    there = folder / "there"
    whole = shutil.copytree(folder, folder.with_name("whole"))
    broken(folder, revision, way, f"import pathlib, time; pathlib.Path({str(there)!r}).touch(); time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-c", _UPGRADE, str(folder), *line], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 30
        while not there.exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    shutil.rmtree(folder)
    shutil.move(whole, folder)


# -- several at once


@pytest.mark.parametrize("start", ["empty", "old"])
@pytest.mark.each_once
def test_eight_deployers_at_once_all_succeed(empty: Database, start: str) -> None:
    migrations.upgrade(empty.url, FIRST if start == "old" else "head")
    if start == "empty":
        migrations.downgrade(empty.url, "base")
        if empty.engine == "sqlite":
            Path(empty.url.database).unlink()
    else:
        fill(empty)
    done = [job[0] for job in at_once([[["db", "upgrade", "-q"]]] * 8)]
    assert Counter(code for code, _, _ in done) == {0: 8}, [err for _, _, err in done]
    ran = REVISIONS if start == "empty" else REVISIONS[1:]
    assert Counter(tuple(out.split()) for _, out, _ in done) == {tuple(ran): 1, (): 7}
    assert at(empty) == [HEAD]
    with open_engine(empty.url).connect() as connection:
        assert migrations.differences(connection) == []
    assert len(tables(empty)["users"]) == (3 if start == "old" else 0)


# -- a developer's bare alembic


@pytest.mark.slow_on("postgresql")
def test_plain_alembic_works_with_the_same_configuration(empty: Database) -> None:
    for words, revision in ((["upgrade", "head"], [HEAD]), (["downgrade", "base"], [])):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", *words], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert at(empty) == revision
    assert tables(empty) == {}


# -- what other writers rely on


@on_postgresql
def test_every_column_but_three_has_a_default_or_may_be_null(database: Database) -> None:
    found = database.rows(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'users' AND is_nullable = 'NO' AND column_default IS NULL ORDER BY column_name"
    )
    assert found == [("email",), ("email_key",), ("hashed_password",)]


def test_a_bare_insert_of_three_columns_makes_a_whole_user(cli: Cli, database: Database) -> None:
    database.rows("INSERT INTO users (email, email_key, hashed_password) VALUES ('A@x.com', 'a@x.com', '!')")
    code, out, err = cli("show", "a@x.com", "-o", "json")
    assert (code, err) == (0, "")
    shown = UserView.model_validate_json(out)
    assert json.loads(out) == {
        "id": str(shown.id),
        "email": "A@x.com",
        "full_name": "",
        "is_active": True,
        "roles": [],
        "attributes": {},
        "must_change_password": False,
        "password_changed_at": None,
        "expires_at": None,
        "last_login_at": None,
        "version": 1,
        "created_at": json.loads(out)["created_at"],
        "updated_at": json.loads(out)["created_at"],
        "deleted_at": None,
    }
    age = time.time() - shown.created_at.timestamp()
    assert -1 < age < 60  # in UTC, whatever the server's zone
    assert cli("update", f"id:{shown.id}", "--name", "Ada", "--attribute", "a=1", "-q") == (
        0,
        f"{shown.id}\n",
        f"updated A@x.com on {database.url.where}\n",
    )
    assert cli("list", "--where", "a=1", "--created-after", "1h", "--count") == (0, "count\n1\n", "")
    assert cli("db", "check")[0] == 0


def test_no_trigger_stands_on_users(database: Database) -> None:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'users'"
        if database.engine == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal"
    )
    assert database.rows(query) == []


# -- a schema that is not the program's

READERS: list[list[str]] = [["list"], ["show", "a@x.com"], ["exists", "a@x.com"], ["list", "--count"]]
WRITERS: list[list[str]] = [
    ["create", "a@x.com", "--no-password"],
    ["update", "a@x.com", "--name", "x"],
    ["delete", "a@x.com", "--yes"],
    ["restore", "a@x.com"],
]


def refusals(lines: list[list[str]]) -> set[tuple[int, str, str]]:
    return {run_here(*line) for line in lines}


def test_a_database_without_a_schema_says_what_to_run(empty: Database) -> None:
    if empty.engine == "sqlite":
        where = f"error: there is no database at {empty.url.where}; to make a new one, run: usercli db upgrade\n"
        assert refusals(READERS + WRITERS) == {(5, "", where)}
        assert not Path(empty.url.database).exists()
        Path(empty.url.database).touch()
    sentence = f"error: the database {empty.url.where} has no usercli schema yet; run: usercli db upgrade\n"
    assert refusals(READERS + WRITERS) == {(5, "", sentence)}
    assert tables(empty) == {}
    assert run_here("db", "check", "-o", "json")[:2] == (
        7,
        f'{{"at":null,"head":"{HEAD}","state":"missing","bad_keys":0}}\n',
    )


@pytest.mark.parametrize("steps", range(1, len(REVISIONS)))
@pytest.mark.each_once
def test_a_database_that_is_behind_says_how_far_and_what_to_run(
    environment: Path, database: Database, steps: int
) -> None:
    migrations.downgrade(database.url, f"-{steps}")
    before = schema(database), tables(database)
    some = f"{steps} revision{'s' if steps > 1 else ''}"
    sentence = f"error: the database {database.url.where} is {some} behind; run: usercli db upgrade\n"
    assert refusals(READERS + WRITERS) == {(5, "", sentence)}
    assert (schema(database), tables(database)) == before
    code, out, _ = run_here("db", "check", "-o", "json")
    assert (code, json.loads(out)["state"]) == (7, "behind")


def test_a_database_that_is_ahead_is_not_touched(environment: Path, database: Database) -> None:
    fill(database)
    database.rows("UPDATE alembic_version SET version_num = '99991231_2359'")
    before = schema(database), tables(database)
    sentence = (
        f"error: the database {database.url.where} is at revision 99991231_2359, "
        "which this version of usercli does not know; "
        "install a newer usercli, or check that this is the right database\n"
    )
    lines = [*READERS, *WRITERS, ["db", "upgrade"], ["db", "downgrade", "base", "--confirm", database.url.name]]
    assert refusals(lines) == {(5, "", sentence)}
    assert (schema(database), tables(database), at(database)) == (*before, ["99991231_2359"])
    code, out, _ = run_here("db", "check", "-o", "json")
    assert (code, json.loads(out)["state"]) == (7, "ahead")


def test_an_unknown_revision_is_not_found(database: Database, environment: Path) -> None:
    for line in (["db", "upgrade", "x"], ["db", "downgrade", "x"], ["db", "stamp", "x"], ["db", "sql", "x"]):
        code, out, err = run_here(*line)
        assert (code, out) == (3, "")
        assert err == "error: no such revision: x; see: usercli db history\n"
    for relative in (f"-{len(REVISIONS) + 1}", "+1"):
        with pytest.raises((RevisionNotFound, InvalidInput)):
            migrations.plan_downgrade(database.url, relative)
    assert at(database) == [HEAD]


# -- what a downgrade costs


def test_a_downgrade_tells_the_rows_it_drops_and_wants_the_name_typed(
    environment: Path, database: Database
) -> None:
    fill(database)
    before = schema(database), tables(database)
    lost = [f"this drops {name} ({len(rows)} rows)" for name, rows in tables(database).items()]
    code, out, err = run_here("db", "downgrade", "base", "--yes")
    assert (code, out) == (2, "")
    *told, last = err.splitlines()
    assert sorted(told) == lost
    assert last == (
        f"error: this downgrade drops rows and cannot be undone; to go on add --confirm {database.url.name}"
    )
    assert run_here("db", "downgrade", "base", "--confirm", "another")[0] == 2
    code, out, err = run_here("db", "downgrade", "base", "--dry-run", "-q")
    assert (code, out.split(), sorted(err.splitlines())) == (0, REVISIONS[::-1], lost)
    assert (schema(database), tables(database)) == before
    code, out, err = run_here("db", "downgrade", "base", "--confirm", database.url.name, "-q")
    assert (code, out.split()) == (0, REVISIONS[::-1])
    assert err.splitlines()[-1] == f"downgraded to base on {database.url.where}"
    assert tables(database) == {}


def test_a_downgrade_without_rows_asks_only_to_go_on(environment: Path, database: Database) -> None:
    code, out, err = run_here("db", "downgrade", "base")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == "error: downgrade to base: this needs a confirmation; add --yes"
    assert at(database) == [HEAD]
    assert run_here("db", "downgrade", "base", "--yes")[0] == 0
    assert tables(database) == {}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_downgrade_takes_a_number_of_steps(environment: Path, database: Database) -> None:
    for arguments in (["-1", "--dry-run", "-q"], ["--dry-run", "-q", "-1"], ["--dry-run", "-q", "--", "-1"]):
        code, out, _ = run_here("db", "downgrade", *arguments)
        assert (code, out) == (0, f"{HEAD}\n"), arguments
    code, _, err = run_here("db", "downgrade", "-x")
    assert (code, err) == (2, "error: no such option: -x; see: usercli db downgrade --help\n")
    assert at(database) == [HEAD]


def test_reading_the_state_waits_for_no_writer(environment: Path, database: Database) -> None:
    with database.uow() as uow:
        uow.session.execute(text("UPDATE users SET version = version"))
        started = time.monotonic()
        assert run_here("db", "current", "-o", "json")[0] == 0
        assert run_here("db", "check")[0] == 0
        assert time.monotonic() - started < 10


@on_sqlite
def test_a_file_that_is_no_database_is_named(empty: Database) -> None:
    Path(empty.url.database).write_text("no database, but long enough to be looked at" * 30)
    with pytest.raises(DatabaseUnavailable, match="is not a SQLite database"):
        migrations.upgrade(empty.url)
