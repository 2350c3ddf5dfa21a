"""Times of tables as other programs write them: without a zone, as numbers, in local orders of the date."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Cli
from usercli.errors import Hint, InvalidInput
from usercli.schemas.import_rows import RowParser
from usercli.schemas.import_times import TimeReader, time_zone

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
BERLIN = "Europe/Berlin"


def told(text: str, zone: str = "UTC", order: str | None = None) -> str:
    return TimeReader(time_zone(zone), order).read(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-12-31", "2027-12-31 00:00:00"),
        ("2027-12-31 10:11", "2027-12-31 10:11:00"),
        ("2027-12-31T10:11:12.5", "2027-12-31 10:11:12"),
        ("2024/02/29 10:11:12", "2024-02-29 10:11:12"),
        ("31.12.2027", "2027-12-31 00:00:00"),
        ("1.2.2027 8:05", "2027-02-01 08:05:00"),
        ("31. 12. 2027", "2027-12-31 00:00:00"),
        ("12/31/2027 10:11:12 PM", "2027-12-31 22:11:12"),
        ("12/31/2027, 12:00 AM", "2027-12-31 00:00:00"),
        ("31/12/2027", "2027-12-31 00:00:00"),
        ("31-12-2027 10:00", "2027-12-31 10:00:00"),
        ("3/3/2027", "2027-03-03 00:00:00"),
        ("31 Dec 2027", "2027-12-31 00:00:00"),
        ("Sept 3, 2027", "2027-09-03 00:00:00"),
        ("2027年12月31日", "2027-12-31 00:00:00"),
        ("2024-02-29 10:11:12 UTC", "2024-02-29 10:11:12"),
        ("29.02.2024 10:11:12 +01:00", "2024-02-29 09:11:12"),
        ("1735689600", "2025-01-01 00:00:00"),
        ("1735689600.0", "2025-01-01 00:00:00"),
        ("1735689600000", "2025-01-01 00:00:00"),
        ("1701123100000", "2023-11-27 22:11:40"),
        ("20271231", "2027-12-31 00:00:00"),
    ],
)
def test_a_form_with_one_reading_is_read(text: str, moment: str) -> None:
    assert told(text) == moment
    assert told(f" {text} ") == moment


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("01/02/2027", "dmy", "2027-02-01 00:00:00"),
        ("01/02/2027 10:00", "mdy", "2027-01-02 10:00:00"),
        ("31.12.27", "dmy", "2027-12-31 00:00:00"),
        ("12/31/99", "mdy", "1999-12-31 00:00:00"),
        ("27-01-02", "ymd", "2027-01-02 00:00:00"),
        ("2027-01-02", "dmy", "2027-01-02 00:00:00"),
    ],
)
def test_the_order_says_what_has_several_readings(text: str, order: str, moment: str) -> None:
    assert told(text, order=order) == moment


@pytest.mark.parametrize("text", ["01/02/2027", "01-02-2027 10:00", "31.12.27", "27-01-02"])
def test_a_date_with_several_readings_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        TimeReader().read(text)
    assert (raised.value.message, raised.value.hint) == (
        f"the date {text} has more than one reading",
        Hint.DATE_ORDER,
    )


@pytest.mark.parametrize(
    ("text", "order"),
    [
        *(("12/31/2027", "dmy"), ("31.12.2027", "mdy"), ("31.12.2027", "ymd"), ("30/02/2027", "dmy")),
        *(("30.02.2027", None), ("99/99/2027", None), ("13:00 PM", None), ("31.12.2027 13:00 PM", None)),
        *(("12345", None), ("9" * 400, None), ("1/2/3/4", None), ("31.12/2027", None), ("Foo 3, 2027", None)),
    ],
)
def test_what_is_no_time_is_refused(text: str, order: str | None) -> None:
    with pytest.raises(InvalidInput):
        TimeReader(order=order).read(text)


def test_a_time_without_a_zone_is_of_the_one_that_is_given() -> None:
    assert told("2027-07-01 00:30", BERLIN) == "2027-06-30 22:30:00"
    assert told("31.12.2027", BERLIN) == "2027-12-30 23:00:00"
    assert told("2027-07-01T00:30:00Z", BERLIN) == "2027-07-01 00:30:00"
    assert told("2027-07-01 00:30", "-05:30") == "2027-07-01 06:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "never",
        "Never logged in",
        "NEVER EXPIRES",
        "-",
        "n/a",
        "",
        " ",
        "\u2013",
        "Unbefristet",
        "Illimité",
        "Forever",
    ],
)
def test_words_say_that_there_is_no_time(text: str) -> None:
    fields = {"email": "a@example.com", "expires_at": text, "last_login_at": text}
    row = RowParser(preserve=True).parse(1, fields)
    assert (row.expires_at, (row.kept or {}).get("last_login_at")) == (None, None)
    if text.strip():
        with pytest.raises(InvalidInput):
            RowParser(preserve=True).parse(1, {"email": "a@example.com", "created_at": text})


@on_sqlite
def test_times_of_a_table_are_read_by_the_options(cli: Cli, environment: Path) -> None:
    (environment / "t.csv").write_text("email,Valid until\na@x.com,01/02/2127 12:00\n")
    code, _, err = cli("import", "t.csv")
    reason = "the date 01/02/2127 12:00 has more than one reading; add --date-order dmy, mdy or ymd"
    assert (code, f"error: t.csv:2: {reason}" in err) == (2, True)
    assert cli("import", "t.csv", "--date-order", "DMY", "--timezone", BERLIN)[0] == 0
    assert json.loads(cli("show", "a@x.com", "-o", "json")[1])["expires_at"] == "2127-02-01T11:00:00Z"


@on_sqlite
@pytest.mark.parametrize(
    ("word", "active"),
    [("t", True), ("N", False), ("on", True), ("Off", False), ("Disabled", False), ("FALSCH", False), ("Sí", True)],
)
def test_words_of_booleans_are_read_by_themselves(cli: Cli, environment: Path, word: str, active: bool) -> None:
    (environment / "t.csv").write_text(f"email,is_active\na@x.com,{word}\n")
    assert cli("import", "t.csv")[0] == 0
    assert json.loads(cli("show", "a@x.com", "-o", "json")[1])["is_active"] is active


def test_a_time_with_a_zone_costs_nothing_more() -> None:
    row = RowParser().parse(1, {"email": "a@example.com", "expires_at": "2127-01-01T00:00:00Z"})
    assert row.expires_at == datetime(2127, 1, 1, tzinfo=UTC)
