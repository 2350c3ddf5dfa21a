"""Tables and version row in one look: each state has its sentence, and the command that it names leads out."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Database, run_here
from tests.test_migrations import schema, tables
from usercli.database import foreign_tables, migrations, schema_version
from usercli.models import OWN_TABLES

FIRST, *_, LAST_BUT_ONE, HEAD = sorted(schema_version.revisions())
THIRD = sorted(schema_version.revisions())[2]
OWN_FILE = (
    "; usercli requires a file of its own: name it in the database URL, as sqlite:///usercli.db, "
    "and make it by db upgrade"
)
OWN_SCHEMA = (
    "; usercli requires a schema of its own: set USERCLI_SCHEMA=usercli, or schema in the configuration file, "
    "then run: usercli db upgrade"
)
COMMAND = re.compile(r"(?:run|then): usercli ((?:(?![;,]).)+)")


def clear(database: Database) -> None:
    """Take away all that the migrations made, but not the version table."""
    migrations.downgrade(database.url, "base")


def stamped_at_head(database: Database) -> None:
    clear(database)
    stamp(database, HEAD)


def stamp(database: Database, *revisions: str) -> None:
    database.rows("DELETE FROM alembic_version")
    for revision in revisions:
        database.rows(f"INSERT INTO alembic_version VALUES ('{revision}')")


def version_row_lost(database: Database) -> None:
    stamp(database)


def version_table_lost(database: Database) -> None:
    database.rows("DROP TABLE alembic_version")


def old_version_row_lost(database: Database) -> None:
    migrations.downgrade(database.url, THIRD)
    stamp(database)


def two_rows(database: Database) -> None:
    stamp(database, THIRD, HEAD)


def two_rows_without_tables(database: Database) -> None:
    clear(database)
    stamp(database, THIRD, HEAD)


def stamped_too_high(database: Database) -> None:
    migrations.downgrade(database.url, THIRD)
    stamp(database, HEAD)


def behind(database: Database) -> None:
    migrations.downgrade(database.url, THIRD)


def empty_again(database: Database) -> None:
    clear(database)


def nothing_at_all(database: Database) -> None:
    clear(database)
    database.rows("DROP TABLE alembic_version")


ALL = ", ".join(sorted(OWN_TABLES))
EMPTY = "the database has no usercli schema yet; run: usercli db upgrade"
LOST = "the database has the tables of {0}, but no version row; run: usercli db stamp {0}"
SEVERAL = f"the table alembic_version has 2 rows, {THIRD}, {HEAD}, where one belongs"
STATES: dict[Callable[[Database], None], tuple[str, str]] = {
    nothing_at_all: ("missing", EMPTY),
    empty_again: ("missing", EMPTY),
    behind: (
        "behind",
        f"the database is {len(schema_version.revisions()) - 3} revisions behind; run: usercli db upgrade",
    ),
    version_row_lost: ("drifted", LOST.format(HEAD)),
    version_table_lost: ("drifted", LOST.format(HEAD)),
    old_version_row_lost: ("drifted", LOST.format(THIRD)),
    two_rows: ("drifted", f"{SEVERAL}; run: usercli db stamp {HEAD}"),
    two_rows_without_tables: (
        "drifted",
        f"{SEVERAL}, and the tables are missing; run: usercli db stamp base, then: usercli db upgrade",
    ),
    stamped_at_head: (
        "drifted",
        f"the database is stamped with {HEAD}, but lacks the tables {ALL}; "
        "run: usercli db stamp base, then: usercli db upgrade",
    ),
    stamped_too_high: (
        "drifted",
        f"the database is stamped with {HEAD}, but lacks the table import_progress; "
        f"run: usercli db stamp {THIRD}, then: usercli db upgrade",
    ),
}


def named(sentence: str, database: Database) -> str:
    """The sentence as the command line says it: with the database that it is about."""
    where = database.url.where
    if sentence.startswith("the database "):
        return sentence.replace("the database ", f"the database {where} ", 1)
    return f"{where}: {sentence}"


@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
def test_each_state_has_its_sentence_and_a_command_that_leads_out(
    environment: Path, database: Database, make: Callable[[Database], None]
) -> None:
    expected = schema(database)
    make(database)
    state, sentence = STATES[make][0], named(STATES[make][1], database)
    before = schema(database), tables(database)
    assert run_here("list") == (5, "", f"error: {sentence}\n")
    assert run_here("create", "ada@example.com", "--no-password") == (5, "", f"error: {sentence}\n")
    code, out, err = run_here("db", "check", "-o", "json")
    assert (code, f'"state":"{state}"' in out, err) == (7, True, f"warning: {sentence}\n")
    if state == "drifted":
        assert (
            run_here("db", "upgrade") == run_here("db", "upgrade", "--dry-run") == (5, "", f"error: {sentence}\n")
        )
    assert (schema(database), tables(database)) == before
    for _ in range(3):  # an advice may lead to the next one
        code, out, err = run_here("list", "--count")
        if code == 0:
            break
        for command in COMMAND.findall(err):
            assert run_here(*shlex.split(command))[0] == 0
    assert run_here("list", "--count") == (0, "count\n0\n", "")
    assert schema(database) == expected
    assert run_here("db", "check")[0] == 0


def foreign_users(database: Database) -> None:
    database.rows("CREATE TABLE users (id integer, mail text)")
    database.rows("INSERT INTO users VALUES (1, 'theirs')")


def foreign_users_and_roles(database: Database) -> None:
    foreign_users(database)
    database.rows("CREATE TABLE roles (name text)")


def foreign_roles(database: Database) -> None:
    database.rows("CREATE TABLE roles (name text)")


def foreign_version_row(database: Database) -> None:
    foreign_users(database)
    database.rows("CREATE TABLE alembic_version (version_num varchar(32))")
    database.rows("INSERT INTO alembic_version VALUES ('a1b2c3d4')")


def foreign_version_table(database: Database) -> None:
    database.rows("CREATE TABLE alembic_version (number integer, note text)")
    database.rows("INSERT INTO alembic_version VALUES (1, 'theirs')")


USERS = "the database has a table users that is not usercli's (columns id, mail; 1 row); see: usercli db inspect"
FOREIGN: dict[Callable[[Database], None], str] = {
    foreign_users: USERS,
    foreign_users_and_roles: USERS,
    foreign_roles: "the database has a table roles that is not usercli's (columns name; 0 rows)",
    foreign_version_row: (
        "the database has a table alembic_version that is not usercli's (columns version_num; 1 row: a1b2c3d4); "
        "it has the table {public}users (1 row); see: usercli db inspect"
    ),
    foreign_version_table: (
        "the database has a table alembic_version that is not usercli's (columns number, note; 1 row)"
    ),
}


@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__)
def test_tables_of_another_program_are_named_and_kept(
    clean_environment: Path,
    empty_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Database], None],
) -> None:
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)
    on_sqlite = empty_database.engine == "sqlite"
    if on_sqlite:
        Path(empty_database.url.database).touch()
    make(empty_database)
    before = schema(empty_database), tables(empty_database)
    told = named(FOREIGN[make], empty_database).format(public="" if on_sqlite else "public.")
    sentence = f"error: {told}{OWN_FILE if on_sqlite else OWN_SCHEMA}\n"
    assert run_here("list") == (5, "", sentence)
    assert run_here("db", "upgrade") == run_here("db", "upgrade", "--dry-run") == (4, "", sentence)
    assert run_here("db", "stamp", "head")[0] in {4, 6}
    assert run_here("db", "downgrade", "base", "--yes") == (4, "", sentence)
    code, out, err = run_here("db", "check", "-o", "json")
    assert (code, '"state":"missing"' in out, err) == (7, True, sentence.replace("error", "warning"))
    assert (schema(empty_database), tables(empty_database)) == before
    if not on_sqlite:  # as the sentence says
        monkeypatch.setenv("USERCLI_SCHEMA", "usercli")
        assert run_here("db", "upgrade")[0] == 0
        assert run_here("list", "--count") == (0, "count\n0\n", "")
    else:
        monkeypatch.setenv("USERCLI_DATABASE_URL", "sqlite:///usercli.db")
        assert run_here("db", "upgrade")[0] == 0
        assert run_here("list", "--count") == (0, "count\n0\n", "")
    assert tables(empty_database) == before[1]


def test_a_table_of_another_program_in_the_way_of_an_upgrade_is_named(
    environment: Path, database: Database
) -> None:
    migrations.downgrade(database.url, FIRST)
    database.rows("CREATE TABLE roles (name text)")
    code, out, err = run_here("db", "upgrade")
    assert (code, out) == (4, "")
    assert err.startswith(
        f"error: the database {database.url.where} has a table roles that is not usercli's (columns name; 0 rows); "
    )
    assert run_here("db", "upgrade", "--dry-run") == (code, out, err)


def test_a_lost_column_is_named_by_every_command(environment: Path, database: Database) -> None:
    database.rows("ALTER TABLE users DROP COLUMN managed_by")
    said = f"the database {database.url.where} is stamped with {HEAD}, but lacks the column users.managed_by; "
    for command in (("list", "--count"), ("create", "ada@example.com", "--no-password"), ("db", "upgrade")):
        code, out, err = run_here(*command)
        assert (code, out, err.startswith(f"error: {said}")) == (5, "", True), err
    code, _, err = run_here("db", "check")
    assert (code, err.startswith(f"warning: {said}")) == (7, True)


def test_a_lost_table_among_later_ones_is_not_made_silently(environment: Path, database: Database) -> None:
    database.rows("DROP TABLE audit_events")
    sentence = (
        f"error: the database {database.url.where} is stamped with {HEAD}, but lacks the table audit_events; "
        "restore the database from a backup, or make what is missing: usercli db sql\n"
    )
    assert (
        run_here("list") == run_here("db", "upgrade") == run_here("db", "upgrade", "--dry-run") == (5, "", sentence)
    )


@pytest.mark.parametrize("revision", ["base", FIRST, THIRD])
def test_a_stamp_that_the_tables_contradict_is_refused(
    environment: Path, database: Database, revision: str
) -> None:
    tables_are = f"{database.url.where}: the tables are those of {HEAD}, not of {revision}"
    sentence = f"error: {tables_are}; run: usercli db stamp {HEAD}\n"
    for more in ([], ["--dry-run"]):
        assert run_here("db", "stamp", revision, *more) == (6, "", sentence)
    assert database.rows("SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_a_stamp_without_tables_is_refused(environment: Path, database: Database) -> None:
    clear(database)
    sentence = f"error: the tables are not those of {HEAD}: there is no {ALL}; see: usercli db check\n"
    assert run_here("db", "stamp", "head") == (6, "", sentence)
    assert database.rows("SELECT version_num FROM alembic_version") == []


def test_a_stamp_by_steps_says_how_far_it_may_go(environment: Path, database: Database) -> None:
    error = "error: there is no revision +1 from here; see: usercli db history\n"
    assert run_here("db", "stamp", "+1") == (3, "", error)
    assert run_here("db", "upgrade", "+1") == run_here("db", "upgrade", "+1", "--dry-run") == (3, "", error)


def test_no_error_begins_with_the_name_of_a_library(environment: Path, database: Database) -> None:
    for line in (["db", "sql", f"{HEAD}:{FIRST}"], ["db", "sql", "+1"], ["db", "sql", f"{FIRST}:{HEAD}", "--down"]):
        assert "alembic:" not in run_here(*line)[2]


def test_the_shape_of_each_revision_is_the_same_on_both_engines(environment: Path, database: Database) -> None:
    for revision in sorted(schema_version.revisions(), reverse=True):
        migrations.downgrade(database.url, revision)
        assert run_here("db", "stamp", revision)[0] == 0


def test_many_rows_are_not_counted_to_the_end(
    environment: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear(database)
    foreign_users(database)
    database.rows("INSERT INTO users VALUES (2, 'x'), (3, 'y')")
    monkeypatch.setattr(foreign_tables, "_ROWS_COUNTED", 2)
    assert "(columns id, mail; more than 2 rows)" in run_here("list")[2]
