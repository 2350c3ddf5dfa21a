"""Times are taken to UTC before they are sent: what no calendar holds is a bad record, whatever the engine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.models.user import User
from usercli.repositories.pagination import Order, read_cursor, write_cursor
from usercli.schemas.import_rows import RowParser
from usercli.times import rfc3339

OUTSIDE = ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-00:01"]
NO_TIME = ["10000-01-01", "2127-02-30", "2127-01-01T24:00:01Z", "infinity", "1e400", "9" * 5000, "999999999w"]
OFFSETS = [
    ("2127-01-01T00:00:00+16:00", "2126-12-31T08:00:00Z"),
    ("2127-01-01T00:00:00+23:59", "2126-12-31T00:01:00Z"),
    ("2127-01-01T00:00:00-16:30", "2127-01-01T16:30:00Z"),
    ("2127-01-01T00:00:00+01:00:30", "2126-12-31T22:59:30Z"),
]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("field", ["expires_at", "created_at", "deleted_at"])
def test_a_time_outside_the_calendar_is_named_by_line(
    cli: Cli, environment: Path, database: Database, form: str, field: str
) -> None:
    times = OUTSIDE + NO_TIME
    rows = [{"email": f"u{number}@example.com", field: time} for number, time in enumerate(times)]
    lines = [f"{row['email']},{row[field]}" if form == "csv" else json.dumps(row) for row in rows]
    header = [f"email,{field}"] if form == "csv" else []
    (environment / f"t.{form}").write_text("\n".join([*header, *lines, ""]))
    code, _, err = cli("import", f"t.{form}", "--preserve")
    *told, last = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (code, last) == (
        2,
        f"error: {len(times)} bad records found; nothing was imported"
        "; to import the others add --skip-bad --reject-file FILE",
    )
    assert [line.split(":")[2] for line in told] == [str(len(header) + place + 1) for place in range(len(times))]
    assert told[0].endswith(f"{field} lies outside the years 1 to 9999 in UTC")
    assert cli("import", f"t.{form}", "--preserve", "--skip-bad")[0] == 7
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


def test_any_offset_is_taken_to_utc(cli: Cli, environment: Path) -> None:
    lines = [f"u{number}@example.com,{given_}\n" for number, (given_, _) in enumerate(OFFSETS)]
    (environment / "t.csv").write_text("email,expires_at\n" + "".join(lines))
    assert cli("import", "t.csv")[0] == 0
    shown = [json.loads(line)["expires_at"] for line in cli("export", "-o", "jsonl")[1].splitlines()]
    assert sorted(shown) == sorted(right for _, right in OFFSETS)


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)),
    st.integers(-86399, 86399).map(lambda seconds: timedelta(seconds=seconds)),  # Python drops fractions of one
    st.booleans(),
)
@example(datetime(9999, 12, 31, 23, 59, 59), timedelta(hours=-14), True)
@example(datetime(1, 1, 1), timedelta(hours=14), False)
def test_a_time_with_any_offset_is_read_or_refused(moment: datetime, offset: timedelta, as_text: bool) -> None:
    aware = moment.replace(tzinfo=timezone(offset))
    fields = {"email": "a@example.com", "expires_at": aware.isoformat() if as_text else aware}
    try:
        aware.astimezone(UTC)
    except OverflowError:
        with pytest.raises(InvalidInput, match="outside the years 1 to 9999"):
            RowParser().parse(1, fields)
        return
    row = RowParser().parse(1, fields)
    assert row.expires_at == aware
    assert row.expires_at.utcoffset() == timedelta(0)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"\A\d{4,6}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?\Z"))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        row = RowParser().parse(1, {"email": "a@example.com", "expires_at": text})
    except InvalidInput:
        return
    assert row.expires_at is None or rfc3339(row.expires_at)


ORDER = Order(User.created_at, User.id)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.hex()))
@example("WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIl0")
def test_any_cursor_is_refused_or_was_printed(token: str) -> None:
    with pytest.raises(InvalidInput):
        read_cursor(token, "mark", ORDER)


@pytest.mark.parametrize("time", [*OUTSIDE, "2127-01-01", "x", None, 5, 1e300])
def test_a_cursor_with_a_time_outside_the_calendar_is_refused(time: object) -> None:
    token = write_cursor("mark", time, "0190b6c0-0000-7000-8000-000000000000")  # type: ignore[arg-type]  # forged
    if time is None:
        assert read_cursor(token, "mark", ORDER)[0] is None
        return
    with pytest.raises(InvalidInput, match="not one that usercli printed"):
        read_cursor(token, "mark", ORDER)


def test_a_cursor_that_nests_without_end_is_refused(cli: Cli) -> None:
    import base64

    token = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
    code, _, err = cli("list", "--after", token)
    assert (code, err) == (2, "error: the cursor is not one that usercli printed\n")


BEYOND = "99999999999999999999"


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--limit", BEYOND),
        ("list", "-o", "table", "--limit", BEYOND),
        ("changes", "--limit", BEYOND),
        ("audit", "log", "--limit", BEYOND),
        ("audit", "export", "--since", BEYOND),
        ("audit", "verify", "--from", BEYOND),
    ],
    ids=" ".join,
)
def test_a_number_beyond_every_column_is_wrong_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert "unexpected" not in err
