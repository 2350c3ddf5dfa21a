"""A table that belongs to another program: what is read of it, what is refused, and that nothing is written."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest

from tests import commands
from tests.conftest import Database, kept_engine, run_here
from usercli.cli.mapped_mode import OFFERED, ON_OUR_TABLES
from usercli.errors import InvalidInput
from usercli.schemas.user_table import PRESETS, parse_user_table

FRAMEWORKS = Path(__file__).parent / "data/frameworks"
PAGE = Path(__file__).parent.parent / "docs/existing-table.md"
PASSWORD = "Quiet-River-Lamp-42"
ADA, BOB, DUP = (uuid.UUID(int=number) for number in (1, 2, 3))
POSTGRESQL = pytest.mark.parametrize("engine_name", ["postgresql"])
#: What runs as ever: it asks no database.
WITHOUT_DATABASE = {
    *("config show", "config path", "config profiles", "config init", "completion", "help", "__complete", "schema"),
    *("password generate", "password calibrate"),
}


def _bcrypt(ident: str) -> str:
    return bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", ident)


def _django_hash() -> str:
    from passlib.hash import django_pbkdf2_sha256

    return str(django_pbkdf2_sha256.using(rounds=1000).hash(PASSWORD))


@dataclass(frozen=True)
class Framework:
    """A framework's table with Ada, Bob and whoever shares Ada's address in other case."""

    preset: str
    ids: tuple[object, object, object]
    kind: str
    rows: str
    stored: str
    has_active: bool = False
    name: str = ""


FRAMEWORK = {
    "django": Framework(
        "django",
        (1, 2, 3),
        "integer",
        """INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff,
        is_active, date_joined) VALUES (:hash, false, 'ada', 'Ada', 'Lovelace', 'Ada@Example.com', false, true,
        '2026-01-01 10:00Z'), (:hash, false, 'bob', 'Bob', '', 'bob@example.com', false, false,
        '2026-01-02 10:00Z'), ('!x', false, 'ada2', '', '', 'ada@example.com', false, true, '2026-01-03 10:00Z')""",
        _django_hash(),
        True,
        "Ada Lovelace",
    ),
    "fastapi-users": Framework(
        "fastapi-users",
        (ADA, BOB, DUP),
        "uuid",
        f"""INSERT INTO "user" VALUES ('{ADA}', 'Ada@Example.com', :hash, true, false, true),
        ('{BOB}', 'bob@example.com', :hash, false, false, true),
        ('{DUP}', 'ada@example.com', '!x', true, false, true)
        """,
        _bcrypt("$2b$"),
        True,
    ),
    "laravel": Framework(
        "laravel",
        (1, 2, 3),
        "bigint",
        """INSERT INTO users (name, email, password, created_at, updated_at) VALUES
        ('Ada Lovelace', 'Ada@Example.com', :hash, '2026-01-01 10:00', '2026-01-01 10:00'),
        ('Bob', 'bob@example.com', :hash, '2026-01-02 10:00', NULL), ('', 'ada@example.com', '!x', NULL, NULL)""",
        _bcrypt("$2y$"),
        name="Ada Lovelace",
    ),
    "devise": Framework(
        "devise",
        (1, 2, 3),
        "bigint",
        """INSERT INTO users (email, encrypted_password, created_at, updated_at) VALUES
        ('Ada@Example.com', :hash, '2026-01-01 10:00', '2026-01-01 10:00'),
        ('bob@example.com', :hash, '2026-01-02 10:00', '2026-01-02 10:00'),
        ('ada@example.com', '!x', '2026-01-03 10:00', '2026-01-03 10:00')""",
        _bcrypt("$2a$"),
    ),
    "supabase": Framework(
        "supabase",
        (ADA, BOB, DUP),
        "uuid",
        f"""INSERT INTO auth.users (id, email, encrypted_password, created_at, updated_at, banned_until, deleted_at,
        is_sso_user) VALUES ('{ADA}', 'Ada@Example.com', :hash, '2026-01-01 10:00Z', '2026-01-01 10:00Z', NULL,
        NULL, false), ('{BOB}', 'bob@example.com', :hash, '2026-01-02 10:00Z', NULL, '2099-01-01Z', NULL, false),
        ('{DUP}', 'ada@example.com', '!x', '2026-01-03 10:00Z', NULL, NULL, NULL, false),
        ('{uuid.UUID(int=4)}', 'gone@example.com', :hash, NULL, NULL, NULL, '2026-01-04', false)""",
        _bcrypt("$2a$"),
    ),
}


def configure(home: Path, database: Database, section: str, more: str = "") -> None:
    """Write a configuration whose default profile maps a table."""
    path = home / ".config/usercli/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ['default_profile = "theirs"', "[profiles.theirs]", f'url = "{database.text}"', more]
    path.write_text("\n".join([*lines, "[profiles.theirs.table]", section, ""]))
    path.chmod(0o600)


def fill(database: Database, framework: Framework) -> None:
    """Make the framework's table with three users."""
    from sqlalchemy import text

    with kept_engine(database.url).begin() as connection:
        connection.exec_driver_sql((FRAMEWORKS / f"{framework.preset}.sql").read_text())
        connection.execute(text(framework.rows), {"hash": framework.stored})


def contents(database: Database) -> list[tuple[object, ...]]:
    """Every table there is, and every row of those of the framework with the transaction that wrote it."""
    names = database.rows("SELECT schemaname, relname FROM pg_stat_user_tables ORDER BY 1, 2")
    rows = [
        row
        for schema, table in names
        for row in database.rows(f'SELECT t.xmin::text, t.ctid::text, t::text FROM "{schema}"."{table}" AS t')
    ]
    return [*names, *rows]


@pytest.fixture(params=sorted(FRAMEWORK))
def theirs(
    request: pytest.FixtureRequest, empty_database: Database, clean_environment: Path
) -> Iterator[tuple[Framework, Database]]:
    """The table of a framework, mapped by its preset; nothing in the database may have changed in the end."""
    framework = FRAMEWORK[request.param]
    fill(empty_database, framework)
    configure(clean_environment, empty_database, f'preset = "{framework.preset}"')
    before = contents(empty_database)
    yield framework, empty_database
    assert contents(empty_database) == before


@POSTGRESQL
def test_what_is_offered_works_on_the_table_of_each_framework(theirs: tuple[Framework, Database]) -> None:
    framework, _ = theirs
    table, ada = PRESETS[framework.preset], f"id:{framework.ids[0]}"

    code, out, err = run_here("list", "-o", "json", "--sort", "id")
    users = json.loads(out)
    assert (code, err, [str(user["id"]) for user in users]) == (0, "", [str(item) for item in framework.ids])
    assert tuple(users[0]) == table.fields
    assert users[0]["email"] == "Ada@Example.com"
    assert users[0].get("full_name", "") == framework.name
    assert users[0].get("created_at", "2026-01-01T10:00:00Z") == "2026-01-01T10:00:00Z"
    assert run_here("list", "--count")[:2] == (0, "count\n3\n")
    assert "estimated" in run_here("list", "--count", "--estimate")[2]
    assert run_here("list", "-q", "--search", "BOB")[:2] == (0, f"{framework.ids[1]}\n")
    assert json.loads(run_here("show", ada, "-o", "json")[1]) == users[0]
    assert run_here("exists", ada, "BOB@example.com")[0] == 0
    assert run_here("exists", "id:999", ada)[0] == 8
    assert run_here("exists", "id:9000000000", "id:0", str(uuid.UUID(int=99)))[0] == 8
    assert run_here("show", "eve@example.com") == (3, "", "error: no such user: eve@example.com\n")
    assert run_here("show", "ada@example.com") == (
        4,
        "",
        f"error: ada@example.com matches several users; name one of: {ada}, id:{framework.ids[2]}\n",
    )
    code, out, err = run_here("list", terminal=True)
    assert (code, "bob@example.com" in out, "is_active" in out) == (0, True, framework.has_active), err
    assert run_here("show", ada, terminal=True)[0] == 0
    code, out, err = run_here("export", "-o", "jsonl", "--sort", "id")
    assert (code, [json.loads(line) for line in out.splitlines()]) == (0, users)
    code, out, err = run_here("db", "check", "-o", "json")
    assert (code, err) == (7, f"warning: one address: {ada}, id:{framework.ids[2]}\n")
    assert json.loads(out) == {
        "table": table.name,
        "ids": framework.kind,
        "users": 3,
        "without_email": 0,
        "collisions": 1,
        "invalid_emails": 0,
        "stale_emails": 0,
        "changed_past_us": 0,
        "gone": 0,
    }


@POSTGRESQL
def test_a_password_is_verified_as_the_service_stored_it(theirs: tuple[Framework, Database]) -> None:
    framework, _ = theirs
    verify = ("password", "verify", "--password-stdin")
    ada, bob, other = (f"id:{item}" for item in framework.ids)
    assert run_here(*verify, ada, stdin=PASSWORD) == (0, "", "")
    assert run_here(*verify, ada, stdin=f"{PASSWORD}x") == (8, "", "")
    assert run_here(*verify, other, stdin=PASSWORD) == (8, "", "")
    assert run_here(*verify, "nobody@example.com", stdin=PASSWORD) == (8, "", "")
    keeps_out = framework.has_active or framework.preset == "supabase"
    assert run_here(*verify, bob, stdin=PASSWORD)[0] == (8 if keeps_out else 0)
    code, _, err = run_here(*verify, ada, "--record-login", stdin=PASSWORD)
    assert (code, "--record-login is refused" in err) == (6, True)

    code, out, _ = run_here("password", "audit", "-o", "json")
    report = json.loads(out)
    assert (code, report["total"]) == (0, 3)
    assert report["findings"] == [{"finding": "shared", "users": 2}, {"finding": "unusable", "users": 1}]


@POSTGRESQL
def test_a_filter_that_the_table_cannot_answer_is_refused(theirs: tuple[Framework, Database]) -> None:
    framework, _ = theirs
    name = PRESETS[framework.preset].name
    for option in (
        "--deleted",
        "--role=x",
        "--where=a=b",
        "--expired",
        "--expires-before=1d",
        "--must-change-password",
    ):
        code, out, err = run_here("list", option)
        assert (code, out, err.startswith(f"error: {name} has no ")) == (6, "", True)
    code, out, err = run_here("list", "--inactive", "-q")
    if framework.has_active:
        assert (code, out) == (0, f"{framework.ids[1]}\n")
    else:
        assert (code, err) == (6, f"error: {name} has no column that keeps a user out\n")
    assert run_here("list", "--fields", "roles")[0] == 2


def _arguments(folder: Path, case: commands.Case) -> list[str]:
    (folder / "any").write_text("email\neve@example.com\n")
    return [
        re.sub(r"\{(\w*file)\}|\{(\w+)\}", lambda m: str(folder / "any") if m[1] and "new" not in m[1] else "x", it)
        for it in case.complete
    ]


@POSTGRESQL
@pytest.mark.parametrize("theirs", ["laravel"], indirect=True)
def test_every_command_is_offered_or_refused_with_a_reason(
    theirs: tuple[Framework, Database], tmp_path: Path
) -> None:
    assert set(commands.CASES) >= OFFERED
    for name, cases in commands.CASES.items():
        if name in OFFERED | ON_OUR_TABLES or name in WITHOUT_DATABASE:
            continue
        case = cases[-1]
        stdin = case.stdin.replace("{password}", PASSWORD).replace("{hash}", FRAMEWORK["laravel"].stored)
        code, out, err = run_here(*_arguments(tmp_path, case), stdin=stdin)
        refusal = err.splitlines()[-1]
        assert (name, code, out) == (name, 6, ""), err
        assert refusal.startswith(f"error: {name} is refused on users, a table of another program: "), refusal


@POSTGRESQL
@pytest.mark.parametrize("theirs", ["django", "supabase"], indirect=True)
def test_pages_follow_one_another_in_every_order(theirs: tuple[Framework, Database]) -> None:
    framework, _ = theirs
    for field in PRESETS[framework.preset].fields:
        for sort in (field, f"-{field}"):
            whole = run_here("list", "-q", "--sort", sort)[1].split()
            assert len(whole) == 3
            found, after = [], []
            while True:
                code, out, err = run_here("list", "-q", "--sort", sort, "--limit", "1", *after)
                assert code == 0, err
                found += out.split()
                if "--after" not in err:
                    break
                after = ["--after", err.split()[-1]]
            assert found == whole
    assert run_here("list", "--after", "x")[0] == 2


@POSTGRESQL
def test_addresses_are_the_same_by_our_key_whatever_the_database_thinks(
    empty_database: Database, clean_environment: Path
) -> None:
    fill(empty_database, FRAMEWORK["laravel"])
    configure(clean_environment, empty_database, 'preset = "laravel"')
    empty_database.rows(
        "INSERT INTO users (name, email, password, created_at) VALUES ('E', :upper, '', 'infinity'), "
        "('no address', 'x', '', NULL), ('', '', '', NULL), ('D', :domain, '', NULL)",
        upper="\u00c9va@example.com",
        domain="dora@b\u00fccher.example",
    )
    assert run_here("show", "e\u0301va@example.com", "-q")[:2] == (0, "4\n")
    assert run_here("show", "dora@xn--bcher-kva.example", "-q")[:2] == (0, "7\n")
    assert run_here("show", "id:6", "--fields", "email", "-o", "json")[:2] == (0, '{"email":""}\n')
    code, out, _ = run_here("db", "check", "-o", "json")
    report = json.loads(out)
    assert (code, report["without_email"], report["invalid_emails"]) == (7, 1, 1)
    code, out, err = run_here("list", "-o", "jsonl", "--sort", "-created_at")
    assert code == 0
    assert "id:4 has 'infinity' in created_at" in err


@POSTGRESQL
def test_a_pepper_of_the_configuration_belongs_to_their_hashes(
    empty_database: Database, clean_environment: Path
) -> None:
    pepper = clean_environment / "pepper"
    pepper.write_text("abcdefg\n")
    pepper.chmod(0o600)
    made = bcrypt.hashpw(f"{PASSWORD}abcdefg".encode(), bcrypt.gensalt(4, b"2a")).decode()
    devise = FRAMEWORK["devise"]
    fill(empty_database, Framework("devise", devise.ids, devise.kind, devise.rows, made))
    verify = ("password", "verify", "--password-stdin", "id:1")
    configure(clean_environment, empty_database, 'preset = "devise"', f'pepper_file = "{pepper}"')
    assert run_here(*verify, stdin=PASSWORD)[0] == 8
    configure(clean_environment, empty_database, 'preset = "devise"\npeppered = true', f'pepper_file = "{pepper}"')
    assert run_here(*verify, stdin=PASSWORD) == (0, "", "")
    configure(clean_environment, empty_database, 'preset = "devise"\npeppered = true')
    assert run_here(*verify, stdin=PASSWORD) == (
        8,
        "",
        "warning: the stored hash cannot be checked here: it needs the setting pepper_file\n",
    )


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_table_in_sqlite_is_mapped_by_plain_keys(empty_database: Database, clean_environment: Path) -> None:
    import sqlite3

    with sqlite3.connect(empty_database.url.database) as connection:
        connection.execute(
            "CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128), last_login datetime, "
            "first_name varchar(150), email varchar(254), is_active bool NOT NULL, date_joined datetime NOT NULL)"
        )
        connection.execute(
            "INSERT INTO auth_user VALUES (7, ?, NULL, 'Ada', 'Ada@example.com', 1, '2026-01-01 10:00:00.5')",
            [_django_hash()],
        )
    section = 'name = "auth_user"\nfull_name = "first_name"\nactive = "is_active"\ncreated_at = "date_joined"\n'
    configure(clean_environment, empty_database, f'{section}password = "password"')
    code, out, err = run_here("show", "ada@example.com", "-o", "json")
    assert (code, json.loads(out)) == (
        0,
        {
            "id": 7,
            "email": "Ada@example.com",
            "full_name": "Ada",
            "is_active": True,
            "created_at": "2026-01-01T10:00:00.500000Z",
        },
    ), err
    assert run_here("list", "--created-after", "2026-01-01", "--active", "-q")[:2] == (0, "7\n")
    assert run_here("password", "verify", "7", "--password-stdin", stdin=PASSWORD)[0] == 0
    assert run_here("db", "check")[0] == 0
    assert run_here("create", "eve@example.com", "--no-password")[0] == 6


@POSTGRESQL
def test_a_table_or_column_that_is_not_there_is_named(empty_database: Database, clean_environment: Path) -> None:
    configure(clean_environment, empty_database, 'preset = "laravel"')
    assert run_here("list") == (
        5,
        "",
        "error: there is no table users; correct name in the section table of the profile\n",
    )
    empty_database.rows("CREATE TABLE users (id text, email text, password text)")
    assert run_here("list") == (
        5,
        "",
        "error: the table users has no column created_at, updated_at, name; "
        "correct the section table of the profile\n",
    )
    configure(clean_environment, empty_database, 'name = "users"')
    code, _, err = run_here("list")
    assert (code, err) == (
        6,
        "error: the ids of users are TEXT; a mapped table has ids of bigint, integer or uuid\n",
    )


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("x", "table in profile p must be a section: [profiles.NAME.table]"),
        (
            {"preset": "rails"},
            "no such preset in profile p: rails (known: django, fastapi-users, laravel, devise, ",
        ),
        ({"preset": "laravel", "emial": "x"}, "unknown key in the table of profile p: emial; did you mean: email"),
        (
            {"preset": "laravel", "write": ["emails"]},
            "write in the table of profile p must be a list of: create, email, full_name, password, active",
        ),
        ({"name": "u", "scheme": "md5"}, "scheme in the table of profile p must be one of: django_pbkdf2_sha256, "),
        (
            {"name": "u", "on_create": "x"},
            "on_create in the table of profile p must be a section of texts, numbers",
        ),
        ({"email": "mail"}, "the table of profile p has neither a preset nor a name"),
        ({"name": "u", "email": ""}, "email in the table of profile p is empty; every table of users has one"),
        ({"name": "u", "id": 1}, "id in the table of profile p must be a text"),
        ({"name": "u", "full_name": [1]}, "full_name in the table of profile p must be a column, or a list of"),
        ({"name": "u", "peppered": "x"}, "peppered in the table of profile p must be true or false"),
    ],
)
def test_a_section_that_says_no_table_is_invalid(section: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)):
        parse_user_table(section, "profile p")


def test_plain_keys_say_what_a_preset_says() -> None:
    spelled = {
        "name": "auth_user",
        "password": "password",
        "full_name": ["first_name", "last_name"],
        "active": "is_active",
        "created_at": "date_joined",
        "last_login_at": "last_login",
    }
    assert parse_user_table(spelled, "p") == PRESETS["django"]
    assert parse_user_table({"preset": "django", "active": ""}, "p").fields == (
        *("id", "email", "full_name", "last_login_at", "created_at"),
    )


def test_config_show_names_the_table(clean_environment: Path) -> None:
    path = clean_environment / ".config/usercli/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[profiles.p]\nurl = "postgresql://h/d"\n[profiles.p.table]\npreset = "supabase"\n')
    code, out, _ = run_here("config", "show", "--profile", "p")
    assert (code, "table\tauth.users\tprofile p\n" in out) == (0, True)


def test_the_page_says_of_each_preset_what_its_columns_are() -> None:
    lines = PAGE.read_text().splitlines()
    for name in ("name", "id", "email", "password", "active", "created_at", "banned_until", "deleted_at"):
        columns = (getattr(PRESETS[preset], name) for preset in FRAMEWORK)
        cells = " | ".join(f"`{column}`" if column else "" for column in columns)
        assert f"| `{name}` | {cells} |" in lines
