"""Times as people write them: what is meant is said, and what is said is taken."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Cli
from usercli.errors import InvalidInput
from usercli.times import parse_span, parse_time

FORMS = "write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z"

MEANT = [
    ("90", "90 what? write 90d; the units are s, m, h, d and w"),
    ("90days", "write 90d"),
    ("90 days", "write 90d"),
    ("2 weeks", "write 2w"),
    ("12Hours", "write 12h"),
    ("30min", "write 30m"),
    ("30D", "write 30d"),
    ("3mo", "months and years differ in length; write 90d or a date such as 2027-01-31"),
    ("1y", "months and years differ in length; write 365d or a date such as 2027-01-31"),
    ("2 years", "months and years differ in length; write 730d or a date such as 2027-01-31"),
]
MEANT_DATES = [
    ("yesterday", f"{FORMS}; yesterday is 1d"),
    ("31.12.2027", "write 2027-12-31"),
    ("1.2.2027", "write 2027-02-01"),
    # it might be a month and a day, or no date at all
    ("01/02/2027", FORMS),
    ("12.31.2027", FORMS),
    ("soon", FORMS),
    ("90 %", FORMS),
    ("999999w", FORMS),
    ("\u0669", FORMS),
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


def test_every_unit_works(cli: Cli) -> None:
    for unit in "smhdw":
        assert cli("list", "--inactive-for", f"1{unit}", "--count") == (0, "count\n0\n", "")
