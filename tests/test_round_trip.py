"""What was exported, imported into an empty database and exported again is the same bytes, whatever it holds."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.conftest import Cli, Database
from usercli.database.engine import open_engine
from usercli.emails import email_key
from usercli.readers import BadRecord, ReadOptions, Record, reader

SPECTRUM = Path(__file__).parent / "data" / "csv-spectrum"
FORMS = ("csv", "tsv", "jsonl", "json")

#: Addresses that a spreadsheet, a table or a shell would take for something else.
EMAILS = [f"{local}@exämple.com" for local in ("=1+1", "-x", "+y", "'z", "a|b", "a'b", "#c", "`d`", "{}", "ß", "É")]
ROLES = ["=admin", "it's", '"q"', "a b", "-r", "[/x]"]
HASHES = ["!", "!locked $", "$2b$04$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe", "{SSHA}" + "A" * 32]

#: Characters with a meaning somewhere, and any others that both databases can hold.
ODD = st.sampled_from([*"'\"=+-@\t\r\n\\,;|: \u2028\x85\x1b\u202e\ufeffNé\u0301🎉", "''", "\\n", "\r\n", "\\N"])
ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.lists(ODD | ANY, max_size=12).map("".join)
#: A streamed array holds whole numbers of 64 bits; PostgreSQL writes large floats as whole numbers, too.
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(-(2**62), 2**62)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(bool), inner, max_size=3),
    max_leaves=5,
)
USERS = st.lists(st.tuples(TEXTS, st.dictionaries(TEXTS.filter(bool), VALUES, max_size=3)), min_size=7, max_size=30)


@pytest.fixture
def other(cli: Cli, empty_database: Database) -> Database:
    """A second database, at head."""
    assert cli("db", "upgrade", "--database-url", empty_database.text)[0] == 0
    return empty_database


_INSERT = """
INSERT INTO users (id, email, email_key, full_name, hashed_password, attributes, is_active, version,
    created_at, updated_at, last_login_at, deleted_at, was_active)
VALUES (:id, :email, :key, :name, :hash, :attributes, :active, :version, :at, :at, :login, :deleted, :was)
"""


def fill(database: Database, users: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Write users past the tool, as other programs may: some in the bin, all times with microseconds."""
    rows = []
    for number, (name, attributes) in enumerate(users):
        email = EMAILS[number] if number < len(EMAILS) else f"user{number}@example.com"
        in_bin = number % 7 == 6
        rows.append(
            {
                "id": f"0192aaaa00007000800000000000{number:04x}",
                "email": email,
                "key": email_key(email),
                "name": name,
                "hash": HASHES[number % len(HASHES)],
                "attributes": json.dumps(attributes, ensure_ascii=False),
                "active": number % 3 != 1 and not in_bin,
                "version": number + 1,
                "at": f"2024-02-29 23:59:59.{number:06}",
                "login": "1999-12-31 00:00:00.500000" if number % 2 else None,
                "deleted": "2025-01-01 00:00:00.000001" if in_bin else None,
                "was": True if in_bin else None,
            }
        )
    with open_engine(database.url).begin() as connection:
        connection.execute(text(_INSERT), rows)


def empty(*databases: Database) -> None:
    for database in databases:
        database.rows("DELETE FROM users")


def bytes_both_ways(cli: Cli, database: Database, other: Database, form: str, *bin_: str) -> tuple[bytes, bytes]:
    """An export, and what it is after an import elsewhere."""
    there = ("--database-url", other.text)
    assert cli("export", f"one.{form}", "--with-hashes", *bin_)[:2] == (0, "")
    code, _, err = cli("import", f"one.{form}", "--preserve", "--reason", "a copy", "--create-roles", *there)
    assert code == 0, err
    assert cli("export", f"two.{form}", "--with-hashes", *bin_, *there)[0] == 0
    return Path(f"one.{form}").read_bytes(), Path(f"two.{form}").read_bytes()


def check(
    cli: Cli, database: Database, other: Database, form: str, users: Sequence[tuple[str, dict[str, Any]]]
) -> None:
    """These users, and only these, come back as the same bytes, also from the bin."""
    empty(database, other)
    fill(database, users)
    for bin_ in ((), ("--deleted",)):
        one, two = bytes_both_ways(cli, database, other, form, *bin_)
        assert two == one


def hostile(examples: int) -> Callable[..., Any]:
    """Give a test that many examples; to shrink one through six command lines would take minutes."""
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    health = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    limits = settings(max_examples=examples, phases=phases, deadline=None, suppress_health_check=health)
    return lambda test: pytest.mark.parametrize("form", FORMS)(limits(given(users=USERS)(test)))


@hostile(2)
@pytest.mark.each_once
def test_hostile_users_come_back_byte_by_byte(
    cli: Cli, database: Database, other: Database, form: str, users: list[tuple[str, dict[str, Any]]]
) -> None:
    check(cli, database, other, form, users)


@pytest.mark.slow
@hostile(100)
def test_many_hostile_users_come_back_byte_by_byte(
    cli: Cli, database: Database, other: Database, form: str, users: list[tuple[str, dict[str, Any]]]
) -> None:
    check(cli, database, other, form, users)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.each_once
def test_odd_addresses_and_roles_come_back_byte_by_byte(
    cli: Cli, database: Database, other: Database, form: str
) -> None:
    lines = [json.dumps({"email": email, "roles": ROLES[: n % 7]}) for n, email in enumerate(EMAILS)]
    Path("odd.jsonl").write_text("\n".join(lines))
    assert cli("import", "odd.jsonl", "--create-roles")[0] == 0
    one, two = bytes_both_ways(cli, database, other, form)
    assert two == one
    assert one.count(b"@") >= len(EMAILS)


# -- csv-spectrum


def spectrum(name: str) -> list[dict[str, str]]:
    """What a file of csv-spectrum holds, after its own JSON."""
    found = json.loads((SPECTRUM / "json" / f"{name}.json").read_text("utf-8"))
    rows: list[dict[str, str]] = found if isinstance(found, list) else [found]
    if name == "location_coordinates":  # the JSON names another number
        rows[0]["Contact Phone Number"] = "2095257564"
    return rows


NAMES = sorted(path.stem for path in (SPECTRUM / "csvs").iterdir())

#: A quote inside a cell that does not begin with one: another reader may see another cell.
STRAY = "location_coordinates"


def test_a_quote_inside_an_unquoted_cell_is_named() -> None:
    options = ReadOptions(mapping={"Contact Phone Number": "email"}, unknown_to_attributes=True)
    with open(SPECTRUM / "csvs" / f"{STRAY}.csv", "rb") as source:
        [found] = reader("csv")(source, options)
    assert isinstance(found, BadRecord)
    assert found.reason.startswith("a quote is inside a cell that does not begin with one")


@pytest.mark.parametrize("name", [name for name in NAMES if name != STRAY])
def test_the_files_of_csv_spectrum_are_read_as_they_say(name: str) -> None:
    rows = spectrum(name)
    first = next(iter(rows[0]))
    options = ReadOptions(mapping={first: "email"}, unknown_to_attributes=True)
    with open(SPECTRUM / "csvs" / f"{name}.csv", "rb") as source:
        found = list(reader("csv")(source, options))
    assert [record.fields for record in found if isinstance(record, Record)] == [
        read_as({**row}, first) for row in rows
    ]


def read_as(row: dict[str, str], first: str) -> dict[str, Any]:
    """The first column as the email, the others, where there is something, as attributes."""
    email = row.pop(first)
    attributes = {name: cell for name, cell in row.items() if cell}
    return {"email": email, "attributes": attributes} if attributes else {"email": email}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.each_once
def test_the_cells_of_csv_spectrum_come_back_byte_by_byte(
    cli: Cli, database: Database, other: Database, form: str
) -> None:
    rows = [row for name in NAMES for row in spectrum(name)]
    files = [(SPECTRUM / "csvs" / f"{name}.csv").read_bytes().decode("utf-8") for name in NAMES]
    fill(
        database,
        [("".join(row.values()), row) for row in rows] + [(whole[:255], {"all": whole}) for whole in files],
    )
    one, two = bytes_both_ways(cli, database, other, form)
    assert two == one


def test_a_spreadsheet_that_opens_the_csv_sees_every_cell_of_csv_spectrum(cli: Cli, database: Database) -> None:
    rows = [row for name in NAMES for row in spectrum(name)]
    fill(database, [("|".join(row.values()), row) for row in rows])
    assert cli("export", "users.csv", "--raw")[0] == 0
    with open("users.csv", newline="", encoding="utf-8") as source:
        found = {row["full_name"]: json.loads(row["attributes"]) for row in csv.DictReader(source)}
    assert found == {"|".join(row.values()): row for n, row in enumerate(rows) if n % 7 != 6}
