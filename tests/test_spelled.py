"""What PostgreSQL spells for an export is what we write one value at a time."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from tests.test_export import HOSTILE
from tests.test_round_trip import EMAILS, ROLES, fill
from usercli.cli.context import Options
from usercli.cli.output.writer import Output
from usercli.column_batches import CellEncoding, rows_of
from usercli.errors import DatabaseUnavailable
from usercli.schemas.users import HASHED_FIELDS, UserCriteria
from usercli.services.exports import export_blocks

MOMENTS = [
    "0001-01-01 00:00:00",
    "1969-12-31 23:59:59.999999",
    "2024-02-29 12:00:00",
    "2024-02-29 12:00:00.100000",
    "2024-02-29 12:00:00.000001",
    "2024-02-29 12:00:00.123450",
    "9999-12-31 23:59:59.999999",
]


@pytest.fixture
def people(cli: Cli, database: Database) -> None:
    """Users with hostile texts, and with every kind of time."""
    fill(database, [(name, {"said": name, "n": number / 4}) for number, name in enumerate(HOSTILE)])
    for number, moment in enumerate(MOMENTS):
        database.rows(
            "UPDATE users SET expires_at = :moment, password_changed_at = :moment WHERE email = :email",
            moment=moment + ("+00" if database.engine == "postgresql" else ""),
            email=f"user{number + len(EMAILS)}@example.com",
        )


def apply_each(database: Database, form: str, *, raw: bool = False, deleted: bool = False) -> str:
    """An export, a row and a value at a time."""
    into = io.BytesIO()
    plain = export_blocks(UserCriteria(deleted=deleted), database.uow(read_only=True), fields=HASHED_FIELDS)
    Output(Options(output=form, raw=raw), HASHED_FIELDS, into).many(rows_of(plain))
    return into.getvalue().decode()


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl"])
@pytest.mark.parametrize("has_roles", [False, True])
@pytest.mark.each_once
def test_the_bytes_are_those_of_one_value_at_a_time(
    cli: Cli, database: Database, people: None, form: str, has_roles: bool
) -> None:
    if has_roles:
        granted = [{"email": f"r{n}@example.com", "roles": ROLES[:n]} for n in range(len(ROLES))]
        Path("granted.jsonl").write_text("\n".join(map(json.dumps, granted)))
        assert cli("import", "granted.jsonl", "--create-roles")[0] == 0
    for options in ((), ("--raw",), ("--deleted",)):
        assert cli("export", f"all.{form}", "--with-hashes", *options)[0] == 0
        expected = apply_each(database, form, raw="--raw" in options, deleted="--deleted" in options)
        assert Path(f"all.{form}").read_bytes().decode() == expected
        assert expected.count("@") >= 2


def test_the_times_are_in_utc_whatever_the_server_says(cli: Cli, database: Database, people: None) -> None:
    before = cli("export", "-o", "csv", "--fields", "email,expires_at")
    if database.engine == "postgresql":
        name = database.rows("SELECT current_database()")[0][0]
        database.rows(f"ALTER DATABASE \"{name}\" SET timezone TO 'Asia/Kathmandu'")
        database.rows(f"ALTER DATABASE \"{name}\" SET datestyle TO 'SQL, DMY'")
    assert cli("export", "-o", "csv", "--fields", "email,expires_at") == before
    assert "user11@example.com,0001-01-01T00:00:00Z\n" in before[1]
    assert "user14@example.com,2024-02-29T12:00:00.100000Z\n" in before[1]


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 12:00:00 BC", "12026-11-21 12:00:00.5"])
@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl"])
@pytest.mark.each_once
def test_a_time_that_no_calendar_has_is_encoded_alike(
    cli: Cli, database: Database, people: None, moment: str, form: str
) -> None:
    database.rows("UPDATE users SET last_login_at = :moment WHERE email = 'user12@example.com'", moment=moment)
    for raw in (False, True):
        code, _, err = cli("export", f"all.{form}", "--with-hashes", *(["--raw"] if raw else []))
        assert (code, "in last_login_at, which is no time of the years 1 to 9999" in err) == (0, True)
        assert Path(f"all.{form}").read_bytes().decode() == apply_each(database, form, raw=raw)


@pytest.mark.parametrize(
    "condition",
    [
        ("--search", "50%"),
        ("--search", "o'br\\ien"),
        ("--where", "said='quoted'"),
        ("--where", "n=0.5"),
        ("--where", "n=true"),
        ("--created-after", "2024-02-29T23:59:59.000004Z"),
        ("--role", "50% off"),
        ("--expired", "--active"),
    ],
)
@pytest.mark.each_once
def test_every_filter_fits_the_same_users_as_a_list(
    cli: Cli, database: Database, people: None, condition: tuple[str, ...]
) -> None:
    Path("more.jsonl").write_text(
        '{"email": "more@example.com", "full_name": "50% of O\'Br\\\\ien", "roles": ["50% off"]}\n'
    )
    assert cli("import", "more.jsonl", "--create-roles")[0] == 0
    for sort in ("-email", "last_login_at"):
        options = (*condition, "--sort", sort, "-o", "jsonl", "--fields", "email,version,roles")
        listed = cli("list", *options, "--limit", "100")
        assert cli("export", *options)[:2] == listed[:2]


def test_fields_stand_in_the_order_asked_for(cli: Cli, people: None) -> None:
    for fields in (
        "version,is_active,id",
        "roles",
        "email,email,id,email",
        "id,id,version",
        "deleted_at,email,created_at",
        "attributes,id,is_active,email",
    ):
        for form in ("csv", "tsv", "jsonl", "json", "yaml", "ids"):
            options = ("-o", form, "--sort", "email") + (() if form == "ids" else ("--fields", fields))
            assert cli("export", *options)[:2] == cli("list", *options, "--limit", "100")[:2], (fields, form)


@pytest.fixture
def crowd(database: Database) -> None:
    """More users than fit into what lies between a server and its client."""
    database.rows(
        "INSERT INTO users (email, email_key, hashed_password, attributes) SELECT 'u' || n, 'u' || n, '!', "
        "jsonb_build_object('x', repeat('x', 1000)) FROM generate_series(1, 20000) n"
    )


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_server_that_breaks_off_ends_the_export_with_an_error(database: Database, crowd: None, end: str) -> None:
    uow = database.uow(read_only=True)
    blocks = export_blocks(
        UserCriteria(), uow, fields=("email", "attributes"), cell_encoding=CellEncoding(json=True)
    )
    assert len(next(blocks)["email"]) == 1000
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert database.rows(f"SELECT {end}(pid) {others}") == [(True,)]
    with pytest.raises(DatabaseUnavailable):
        list(blocks)
    again = export_blocks(UserCriteria(), database.uow(), fields=("email",), cell_encoding=CellEncoding(json=True))
    assert sum(len(block["email"]) for block in again) == 20000


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_who_stops_reading_leaves_the_connection_in_order(database: Database, crowd: None) -> None:
    uow = database.uow(read_only=True)
    blocks = export_blocks(UserCriteria(), uow, fields=("email",), cell_encoding=CellEncoding(json=True))
    next(blocks)
    blocks.close()
    with uow:
        assert len(uow.users.emails_starting_with("u", 10)) == 10
