"""Bad rows of every kind among many good ones: none goes in, or exactly the good ones, and each bad one is told."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Cli, Database

HEADER = ("email", "full_name", "is_active", "roles", "attributes", "expires_at", "hashed_password")
HASH = "$2b$12$9Q5n2Fmx3WxWHqDqQGzHwOQ1JvWzW6Wk6YF3oRVSlFZ4tVQOjdIYe"
Row = dict[str, str]


def good(number: int) -> Row:
    """The row that should have stood there."""
    return {
        "email": f"user{number}@example.com",
        "full_name": f'"User, {number} é"',  # a line that is no UTF-8 is then a damaged one, not another encoding
        "is_active": "true",
        "roles": "editor",
        "attributes": '"{""n"":1}"',
        "expires_at": "2999-01-01",
        "hashed_password": HASH,
    }


def cells(row: Row) -> bytes:
    return ",".join(row.values()).encode()


def with_(field: str, text: str) -> Callable[[Row], bytes]:
    return lambda row: cells({**row, field: text})


#: How a row may be bad: the line of it, and what is said of it.
KINDS: list[tuple[Callable[[Row], bytes], str]] = [
    (with_("email", "nobody"), "invalid email nobody: "),
    (with_("email", ""), "there is no email"),
    (with_("email", "USER1@example.com"), "the email USER1@example.com appears twice in the file"),
    (lambda row: cells(row).rpartition(b",")[0], "6 fields where the header has 7"),
    (lambda row: cells(row) + b",more", "8 fields where the header has 7"),
    (lambda row: cells(row).replace(b"User", b"U\0er"), "a NUL byte (a file in UTF-16 has them)"),
    (lambda row: cells(row).replace(b"User", b"Z\xfcrich"), "not valid UTF-8 at byte "),
    (with_("is_active", "perhaps"), "is_active is neither true nor false"),
    (with_("attributes", "[1]"), "attributes is not a JSON object"),
    (with_("expires_at", "soon"), "not a time: soon"),
    (with_("hashed_password", HASH[:-1]), "the hash is malformed"),
    (with_("roles", "nobody"), "no such role: nobody"),
]


def write(path: Path, rows: int, bad: int) -> dict[int, str]:
    """Write a table of rows with bad ones all over; their lines, and what must be said of each."""
    expected: dict[int, str] = {}
    every = rows // bad
    with open(path, "wb") as out:
        out.write(",".join(HEADER).encode() + b"\n")
        for number in range(1, rows + 1):
            row, line = good(number), number + 1
            if number % every == 0 and len(expected) < bad:
                make, expected[line] = KINDS[len(expected) % len(KINDS)]
                out.write(make(row) + b"\n")
            else:
                out.write(cells(row) + b"\n")
    return expected


def mend(rejects: Path, mended: Path) -> None:
    """What a program would do: the row that should have stood there, in our own fields."""
    with open(rejects, newline="", encoding="utf-8") as source, open(mended, "w", newline="") as out:
        table = csv.DictReader(source)
        writer = csv.DictWriter(out, table.fieldnames or ())
        writer.writeheader()
        for row in table:
            right = good(int(row["reject_line"]) - 1)
            [right] = csv.DictReader([",".join(HEADER), ",".join(right.values())])
            writer.writerow({**row, **right})


SIZES = [
    pytest.param(2_000, 120, id="small"),
    pytest.param(100_000, 1_000, id="full", marks=pytest.mark.slow),
]


@pytest.fixture
def editor(cli: Cli) -> None:
    assert cli("role", "create", "editor")[0] == 0


def count(database: Database) -> int:
    [(number,)] = database.rows("SELECT count(*) FROM users")
    assert isinstance(number, int)
    return number


@pytest.mark.parametrize(("rows", "bad"), SIZES)
def test_by_default_none_goes_in_and_the_first_twenty_are_told_by_line(
    cli: Cli, environment: Path, database: Database, editor: None, rows: int, bad: int
) -> None:
    expected = write(environment / "users.csv", rows, bad)
    before = database.rows("SELECT count(*) FROM audit_events")
    code, out, err = cli("import", "users.csv")
    *told, last = [line for line in err.splitlines() if line.startswith("error: ")]  # besides progress
    assert (code, out, count(database)) == (2, "", 0)
    assert database.rows("SELECT count(*) FROM audit_events") == before
    first = list(expected.items())[:20]
    assert [line.split(":")[2] for line in told] == [str(line) for line, _ in first]
    for said, (line, reason) in zip(told, first, strict=True):
        assert said.startswith(f"error: users.csv:{line}: {reason}")
    assert (
        last == f"error: {bad:,} bad records found; nothing was imported"
        "; to import the others add --skip-bad --reject-file FILE"
    )


@pytest.mark.parametrize(("rows", "bad"), SIZES)
def test_skip_bad_imports_exactly_the_good_ones_and_the_rejects_can_be_mended(
    cli: Cli, environment: Path, database: Database, editor: None, rows: int, bad: int
) -> None:
    expected = write(environment / "users.csv", rows, bad)
    code, out, err = cli("import", "users.csv", "--skip-bad", "--reject-file", "bad.csv", "-o", "json")
    found = json.loads(out)
    assert (code, found["read"], found["created"], found["rejected"]) == (7, rows, rows - bad, bad), err
    emails = {row[0] for row in database.rows("SELECT email FROM users")}
    assert emails == {f"user{number}@example.com" for number in range(1, rows + 1) if number + 1 not in expected}
    with open(environment / "bad.csv", newline="", encoding="utf-8") as source:
        rejects = {int(row["reject_line"]): row["reject_reason"] for row in csv.DictReader(source)}
    assert rejects.keys() == expected.keys()
    assert [line for line, reason in expected.items() if not rejects[line].startswith(reason)] == []
    mend(environment / "bad.csv", environment / "mended.csv")
    code, out, err = cli("import", "mended.csv", "-o", "json")
    assert (code, json.loads(out or "{}").get("created")) == (0, bad), err
    assert count(database) == rows
    events = database.rows(
        "SELECT count(*), count(DISTINCT target_id) FROM audit_events WHERE target_kind = 'user'"
    )
    assert events == [(rows, rows)]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_max_errors_gives_up_and_imports_nothing(
    cli: Cli, environment: Path, database: Database, editor: None
) -> None:
    write(environment / "users.csv", 200, 12)
    assert cli("import", "users.csv", "--skip-bad", "--max-errors", "11")[0] == 2
    assert count(database) == 0
    assert cli("import", "users.csv", "--skip-bad", "--max-errors", "12")[0] == 7
    assert count(database) == 188


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_left_out_is_told_where_no_file_takes_it(cli: Cli) -> None:
    rows = [f"u{number}@example.com,nosuch" for number in range(23)]
    Path("bad.csv").write_text("email,roles\nada@example.com,\n" + "\n".join(rows) + "\n")
    code, _, err = cli("import", "bad.csv", "--skip-bad")
    told = [line for line in err.splitlines() if line.startswith("rejected ")]
    assert (code, len(told)) == (7, 21)
    assert told[0].startswith("rejected bad.csv:3: ")
    assert "nosuch" in told[0]
    assert told[-1] == "rejected 3 more; add --reject-file FILE to keep them all"
    code, _, err = cli("import", "bad.csv", "--skip-bad", "--reject-file", "rejects.csv")
    assert (code, "rejected bad.csv" in err) == (7, False)
