"""The short way of an import for plain addresses has the verdicts of the full validator."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from usercli.emails import email_key, validate_email
from usercli.plain_emails import PLAIN

#: What the short way takes: words of any length around its limits, one separator between two of them.
WORD = st.text("abzABZ019", min_size=1, max_size=4) | st.sampled_from([*map("x".__mul__, (29, 30, 31, 60, 61, 63))])
REST = st.tuples(st.sampled_from("._+-"), WORD).map("".join)
LOCAL = st.lists(REST, max_size=5).map(lambda rest: "a" + "".join(rest))
LONG_LOCAL = st.integers(60, 66).map(lambda length: "x" * length)
SPECIAL = ("arpa", "invalid", "local", "localhost", "onion", "test", "example", "home", "internal", "TEST", "Local")
#: Labels, and what stands next to them: special uses, A-labels, hyphens at the edges.
LABEL = (
    WORD
    | st.tuples(WORD, WORD).map("-".join)
    | st.sampled_from([*SPECIAL, "xn--bcher-kva", "xn--", "a--b", "ab--cd", "-a", "a-", "1", "123", "", "é"])
)
TLD = st.sampled_from(["com", "co", "COM", "x" * 24, *SPECIAL, "c", "c0m", "123", "xn--p1ai", "x" * 25, "x" * 63])
DOMAIN = st.tuples(st.lists(LABEL, min_size=1, max_size=3).map(".".join), TLD).map(".".join)
LONG_DOMAIN = st.integers(0, 70).map(lambda length: "y." * length + ("y" * 30 + ".") * 4 + "com")
EMAILS = st.tuples(LOCAL | LONG_LOCAL, DOMAIN | LONG_DOMAIN).map("@".join)


@given(email=EMAILS)
@settings(max_examples=800, deadline=None)
@example("x" * 64 + "@" + ".".join(["y" * 30 + "-" + "y" * 29] * 3) + ".com")
@example("a@b.test")
@example("a@test.b.co")
@example("a@localhost.com")
@example("a@1.co")
@example("a@a-1.co")
def test_what_the_short_way_takes_the_validator_takes_and_the_key_is_the_same(email: str) -> None:
    if PLAIN.fullmatch(email):
        assert validate_email(email) == email
        assert email_key(email) == email.lower()


@pytest.mark.parametrize(
    ("email", "taken"),
    [
        ("ada@example.com", True),
        ("Ada.King+tag_x-y@mail.Example.co", True),
        ("x" * 64 + "@example.com", True),
        ("x" * 65 + "@example.com", False),
        ("aaaaaa@" + ".".join(["y" * 30 + "-" + "y" * 29] * 4) + ".com", True),
        ("aaaaaaa@" + ".".join(["y" * 30 + "-" + "y" * 29] * 4) + ".com", False),
        ("a@example.test", False),
        ("a@example.TEST", False),
        ("a@xn--bcher-kva.com", False),
        ("a..b@example.com", False),
        ("a@example.com\n", False),
        ("é@example.com", False),
    ],
)
def test_the_short_way_is_taken_up_to_its_edges(email: str, taken: bool) -> None:
    assert bool(PLAIN.fullmatch(email)) is taken
