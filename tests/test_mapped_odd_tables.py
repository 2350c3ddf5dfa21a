"""Tables of another program that hold a surprise: a trigger, a view, a computed column, names to be quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Database, run_here
from tests.test_mapped_table import POSTGRESQL, configure

pytestmark = POSTGRESQL

TABLE = """
    CREATE TABLE people (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text NOT NULL UNIQUE,
        name text NOT NULL DEFAULT 'Old', pw text NOT NULL DEFAULT '!', active boolean NOT NULL DEFAULT true
    );
    INSERT INTO people (mail) SELECT 'u' || i || '@example.com' FROM generate_series(1, 3) AS i
"""
SECTION = """
name = "people"
id = "id"
email = "mail"
full_name = "name"
password = "pw"
active = "active"
scheme = "bcrypt_2b"
write = ["create", "email", "full_name", "password", "active"]
"""
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$;"
TRIGGER = "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION f()"
COMPUTED = "ALTER TABLE people DROP name, ADD name text GENERATED ALWAYS AS (upper(mail)) STORED"
VIEW = "ALTER TABLE people RENAME TO persons; CREATE VIEW people AS SELECT {what} FROM persons"

UPDATE = ["update", "id:1", "--name", "New Name"]
CREATE = ["create", "eve@example.com", "--name", "Eve", "--no-password"]
HELD = "took the change of 0 of 1 rows: a trigger or a policy of the table holds the others; nothing was changed"


def make(database: Database, home: Path, more: str) -> None:
    """The table with a surprise, mapped, and our schema beside it."""
    from sqlalchemy import text

    from tests.conftest import kept_engine

    with kept_engine(database.url).begin() as connection:
        for statement in (TABLE, more):
            connection.execute(text(statement.replace(":", "\\:")))
    configure(home, database, SECTION)
    assert run_here("db", "upgrade", "-q")[0] == 0


def events(database: Database) -> object:
    return database.rows("SELECT count(*) FROM usercli.audit_events WHERE outcome = 'done'")[0][0]


@pytest.mark.parametrize(
    ("more", "line", "code", "told"),
    [
        (FUNCTION.format(body="RETURN NULL") + TRIGGER, UPDATE, 6, f"people {HELD}"),
        (
            FUNCTION.format(body="RAISE EXCEPTION 'not % today', NEW.pw") + TRIGGER,
            UPDATE,
            4,
            "the database refused the change: function public.f",
        ),
        (
            FUNCTION.format(body="RAISE EXCEPTION 'no'") + TRIGGER,
            CREATE,
            4,
            "refused the change: function public.f",
        ),
        (VIEW.format(what="*") + " WHERE name NOT LIKE 'New%'", UPDATE, 6, f"people {HELD}"),
        (COMPUTED, UPDATE, 6, "the column name is computed by the database and cannot be written"),
        (COMPUTED, CREATE, 6, "the column name is computed by the database and cannot be written"),
        (VIEW.format(what="DISTINCT *"), UPDATE, 6, "people is a view that cannot be written"),
        (VIEW.format(what="DISTINCT *"), CREATE, 6, "people is a view that cannot be written"),
        ("ALTER TABLE people ADD CHECK (name NOT LIKE 'New%')", UPDATE, 4, "constraint people_name_check"),
        ("ALTER TABLE people ALTER name TYPE varchar(5)", UPDATE, 2, "the database refused a value as invalid"),
    ],
)
def test_what_their_table_refuses_is_told_and_changes_nothing(
    empty_database: Database, clean_environment: Path, more: str, line: list[str], code: int, told: str
) -> None:
    make(empty_database, clean_environment, more)
    before = empty_database.rows("SELECT * FROM people ORDER BY id")
    found, out, err = run_here(*line)
    assert (found, out, err.startswith("error: "), told in err) == (code, "", True, True), err
    assert empty_database.rows("SELECT * FROM people ORDER BY id") == before
    assert events(empty_database) == 0
    assert run_here("list", "--count", "-q")[1] == "3\n"


@pytest.mark.parametrize(
    "more",
    [
        VIEW.format(what="*"),
        "ALTER TABLE people RENAME TO old; CREATE TABLE people (LIKE old INCLUDING DEFAULTS "
        "INCLUDING IDENTITY, PRIMARY KEY (id)) PARTITION BY RANGE (id); "
        "CREATE TABLE p1 PARTITION OF people DEFAULT; INSERT INTO people (mail) SELECT mail FROM old",
        FUNCTION.format(body="NEW.name := initcap(NEW.name); RETURN NEW") + TRIGGER,
    ],
    ids=["view", "partitions", "trigger"],
)
def test_what_they_take_is_logged_as_they_keep_it(
    empty_database: Database, clean_environment: Path, more: str
) -> None:
    make(empty_database, clean_environment, more)
    assert run_here("update", "id:1", "id:2", "--name", "New Name")[0] == 0
    assert run_here(*CREATE)[0] == 0
    assert run_here("deactivate", "u3@example.com")[0] == 0
    names = [row[0] for row in empty_database.rows("SELECT name FROM people ORDER BY id")]
    assert names == ["New Name", "New Name", "Old", "Eve"]
    assert events(empty_database) == 4
    assert run_here("undo", "--last", "--yes")[0] == 0
    assert run_here("db", "check", "-q")[0] == 0


def test_names_that_must_be_quoted(empty_database: Database, clean_environment: Path) -> None:
    theirs = '"We""ird; tab"'
    for statement in (
        f"""CREATE TABLE {theirs} (
            "ID" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "E Mail" text NOT NULL UNIQUE,
            "select" text NOT NULL DEFAULT '', "pw%s" text NOT NULL DEFAULT '!', "a b" boolean NOT NULL DEFAULT true
        )""",
        f"""INSERT INTO {theirs} ("E Mail") VALUES ('u1@example.com')""",
    ):
        empty_database.rows(statement)
    section = SECTION
    for ours, named in (
        ('name = "people"', "name = 'We\"ird; tab'"),
        ('"id"', '"ID"'),
        ('"mail"', '"E Mail"'),
        ('full_name = "name"', 'full_name = "select"'),
        ('"pw"', '"pw%s"'),
        ('active = "active"', 'active = "a b"'),
    ):
        section = section.replace(ours, named, 1)
    configure(clean_environment, empty_database, section)
    for line in (["db", "upgrade"], UPDATE, ["deactivate", "id:1"], CREATE, ["list"]):
        code, _, err = run_here(*line)
        assert code == 0, (line, err)
    assert empty_database.rows(f"""SELECT "select", "a b" FROM {theirs} ORDER BY "ID" """) == [
        ("New Name", False),
        ("Eve", True),
    ]
