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
    ("2026-11-27 08:00", "write 2026-11-27T08:00:00Z"),
    ("2026-11-27T08:00:30", "write 2026-11-27T08:00:30Z"),
    ("2026-11-27 08:00 UTC", "write 2026-11-27T08:00:00Z"),
    ("27.11.2026 8:30", "write 2026-11-27T08:30:00Z"),
    ("2026/11/27", "write 2026-11-27"),
    ("20261127", "write 2026-11-27"),
    ("2026-11", "write 2026-11-01"),
    ("1795766400", "write 2026-11-27T08:00:00Z"),
    ("12/31/2027", "write 2027-12-31"),
    ("31/12/2027", "write 2027-12-31"),
    ("01/02/2027", "write 2027-02-01 or 2027-01-02"),
    ("27 Nov 2026", "write 2026-11-27"),
    ("November 27, 2026", "write 2026-11-27"),
    ("8:30", "write 2028-03-31T08:30:00Z"),
    ("now", "write 0s"),
    ("week", "write 1w"),
    # there is no such date
    ("31/02/2027", FORMS),
    ("27 Foo 2026", FORMS),
    ("12.31.2027", FORMS),
    ("soon", FORMS),
    ("90 %", FORMS),
    ("90 fortnights", FORMS),
    ("ago", FORMS),
    ("999999w", FORMS),
    ("2028y", FORMS),
    ("9999999", FORMS),
    ("next week", FORMS),
    ("in 3 days", FORMS),
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
        parse_time(text, relative_to="past", now=NOW)
    for written in re.findall(r"write (\d\S*?)[ ;,)]", f"{meant})"):
        parse_time(written, relative_to="past")


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("last week", "1w", ""),
        ("the past 7 days", "7d", ""),
        ("a month ago", "1mo", ""),
        ("-7d", "7d", ""),
        ("next month", "", "1mo"),
        ("in 2 weeks", "", "2w"),
        ("one year from now", "", "1y"),
        ("+7d", "", "7d"),
        ("wednesday", "2028-03-29", "2028-04-05"),  # now is a Friday
        ("Fri", "2028-03-24", "2028-04-07"),
        ("last monday", "2028-03-27", ""),
        ("next monday", "", "2028-04-03"),
    ],
)
def test_a_time_in_words_is_told_in_the_direction_that_is_meant(text: str, before: str, after: str) -> None:
    for way, written in (("past", before), ("future", after)):
        with pytest.raises(InvalidInput) as raised:
            parse_time(text, relative_to=way, now=NOW)
        assert raised.value.message == f"not a time: {text} ({f'write {written}' if written else FORMS})"


@pytest.mark.parametrize("text", ["2027-01-31T08:00Z", "2027-01-31 09:00+01:00", "2027-01-31T08:00:00Z"])
def test_a_time_with_its_zone_needs_no_seconds(text: str) -> None:
    assert parse_time(text, relative_to="past") == datetime(2027, 1, 31, 8, tzinfo=UTC)


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
