"""Times as people write them: what is meant is said, and what is said is taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Cli
from usercli.errors import InvalidInput
from usercli.times import parse_span, parse_time

FORMS = "write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z"
NOW = datetime(2028, 3, 31, 8, 30, tzinfo=UTC)

MEANT = [
    ("90", "90 what? write 90d; the units are s, m, h, d, w, mo and y"),
    ("30D", "write 30d"),
    ("30M", "write 30m for minutes, 30mo for months"),
]
MEANT_DATES = [
    ("31.12.2027", "write 2027-12-31"),
    ("1.2.2027", "write 2027-02-01"),
    # it might be a month and a day, or no date at all
    ("01/02/2027", FORMS),
    ("12.31.2027", FORMS),
    ("soon", FORMS),
    ("90 %", FORMS),
    ("90 fortnights", FORMS),
    ("ago", FORMS),
    ("999999w", FORMS),
    ("2028y", FORMS),
    ("\u0669", FORMS),
    ("\u0669d", FORMS),
]
SPANS = [
    ("90days", "2028-01-01T08:30", "2028-06-29T08:30"),
    ("90 days", "2028-01-01T08:30", "2028-06-29T08:30"),
    ("1 day", "2028-03-30T08:30", "2028-04-01T08:30"),
    ("2 weeks", "2028-03-17T08:30", "2028-04-14T08:30"),
    ("12Hours", "2028-03-30T20:30", "2028-03-31T20:30"),
    ("30min", "2028-03-31T08:00", "2028-03-31T09:00"),
    ("30m", "2028-03-31T08:00", "2028-03-31T09:00"),
    # on the same day, or on the last day of a shorter month
    ("3mo", "2027-12-31T08:30", "2028-06-30T08:30"),
    ("1 month", "2028-02-29T08:30", "2028-04-30T08:30"),
    ("13mo", "2027-02-28T08:30", "2029-04-30T08:30"),
    ("1y", "2027-03-31T08:30", "2029-03-31T08:30"),
    ("2 years", "2026-03-31T08:30", "2030-03-31T08:30"),
]


@pytest.mark.parametrize(("text", "meant"), MEANT + MEANT_DATES)
def test_what_was_meant_by_a_time_is_said_and_works(text: str, meant: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{re.escape(f'not a time: {text} ({meant})')}$"):
        parse_time(text, relative_to="past")
    for written in re.findall(r"write (\d\S*?)[ ;,)]", f"{meant})"):
        parse_time(written, relative_to="past")


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_a_length_of_time_says_the_same(text: str, meant: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{re.escape(f'not a length of time: {text} ({meant})')}$"):
        parse_span(text)


@pytest.mark.parametrize(("text", "before", "after"), SPANS)
def test_a_length_of_time_is_taken_as_people_write_it(text: str, before: str, after: str) -> None:
    past, future = (datetime.fromisoformat(f"{moment}Z") for moment in (before, after))
    assert parse_time(text, relative_to="past", now=NOW) == past
    assert parse_time(text, relative_to="future", now=NOW) == future
    assert {parse_time(f"{text} ago", relative_to=way, now=NOW) for way in ("past", "future")} == {past}
    assert parse_span(text, now=NOW) == NOW - past


def test_days_have_names() -> None:
    for text, day in (("yesterday", 30), ("today", 31), ("Today", 31)):
        wanted = datetime(2028, 3, day, tzinfo=UTC)
        assert {parse_time(text, relative_to=way, now=NOW) for way in ("past", "future")} == {wanted}
    assert parse_time("tomorrow", relative_to="future", now=NOW) == datetime(2028, 4, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="not a length of time: yesterday"):
        parse_span("yesterday")


def test_no_time_lies_outside_the_calendar() -> None:
    for text in ("9999y", "99999mo", "999999d"):
        with pytest.raises(InvalidInput, match=f"not a length of time: {text}"):
            parse_span(text, now=NOW)
    assert parse_span("0d", now=NOW) == timedelta()


def test_every_unit_works(cli: Cli) -> None:
    for span in ("1s", "1m", "1h", "1d", "1w", "1mo", "1y", "90 days", "2 weeks ago", "yesterday"):
        assert cli("list", "--inactive-for", span, "--count") == (0, "count\n0\n", ""), span
    assert cli("create", "ada@example.com", "--no-password", "--expires", "3mo")[0] == 0
    for command in ("changes", "audit log", "list"):
        since = "--created-after" if command == "list" else "--since"
        assert cli(*command.split(), since, "today", "-q")[1].count("\n") == 1, command
        assert cli(*command.split(), since, "tomorrow", "-q")[1] == "", command
    assert cli("password", "audit", "--older-than", "1y")[0] == 0
    assert cli("purge", "--deleted-before", "2 weeks ago")[0] == 0
