"""The short way of an import for plain addresses has the verdicts of the full validator."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from usercli.emails import email_key, validate_email
from usercli.schemas.rows import _PLAIN

#: Everything that the short way takes, and what stands next to it.
ATOM = st.text("abzABZ019", min_size=1, max_size=4) | st.sampled_from(
    ["x" * n for n in (29, 30, 31, 60, 61, 62, 63)]
)
LOCAL = st.lists(ATOM | st.sampled_from(list("._+-") + ["", "..", "é", "'"]), min_size=1, max_size=9).map("".join)
SPECIAL = ("arpa", "invalid", "local", "localhost", "onion", "test", "example", "home", "internal", "TEST", "Local")
LABEL = (
    ATOM
    | st.sampled_from([*SPECIAL, "xn--bcher-kva", "xn--", "a-b", "a--b", "ab--cd", "-a", "a-", "1", "123", "", "é"])
    | st.tuples(ATOM, ATOM).map("-".join)
)
TLD = st.sampled_from([*SPECIAL, "com", "c", "co", "COM", "c0m", "123", "xn--p1ai", "x" * 24, "x" * 25, "x" * 63])
DOMAIN = st.tuples(st.lists(LABEL, max_size=6), TLD).map(lambda parts: ".".join([*parts[0], parts[1]]))
LENGTHS = st.sampled_from([1, 2, 62, 63, 64, 65, 66])


def padded(local: str, length: int) -> str:
    """The local part, made that long."""
    return local[:length].rstrip("._+-") + "x" * (length - len(local[:length].rstrip("._+-")))


EMAILS = (
    st.tuples(LOCAL, DOMAIN)
    | st.tuples(st.tuples(LOCAL, LENGTHS).map(lambda pair: padded(*pair)), DOMAIN)
    | st.tuples(LENGTHS.map(lambda length: "x" * length), st.lists(st.just("y" * 46), min_size=3, max_size=5).map(
        lambda labels: ".".join([*labels, "com"])
    ))
).map("@".join)  # fmt: skip


@given(email=EMAILS)
@settings(max_examples=3000, deadline=None)
@example("x" * 64 + "@" + ".".join(["y" * 30 + "-" + "y" * 29] * 3) + ".com")
@example("a@b.test")
@example("a@test.b.co")
@example("a@localhost.com")
@example("a@1.co")
@example("a@a-1.co")
def test_what_the_short_way_takes_the_validator_takes_and_the_key_is_the_same(email: str) -> None:
    assume(_PLAIN.fullmatch(email))
    assert validate_email(email) == email
    assert email_key(email) == email.lower()


@pytest.mark.parametrize(
    ("email", "taken"),
    [
        ("ada@example.com", True),
        ("Ada.King+tag_x-y@mail.Example.co", True),
        ("x" * 64 + "@example.com", True),
        ("x" * 65 + "@example.com", False),
        ("a@" + ".".join(["y" * 30 + "-" + "y" * 19] * 4) + ".com", True),
        ("aa@" + ".".join(["y" * 30 + "-" + "y" * 29] * 4) + ".com", True),
        ("aaaaa@" + ".".join(["y" * 30 + "-" + "y" * 29] * 4) + ".com", True),
        ("aaaaaa@" + ".".join(["y" * 30 + "-" + "y" * 29] * 4) + ".com", False),
        ("a@example.test", False),
        ("a@example.TEST", False),
        ("a@xn--bcher-kva.com", False),
        ("a..b@example.com", False),
        ("a@example.com\n", False),
        ("é@example.com", False),
    ],
)
def test_the_short_way_is_taken_up_to_its_edges(email: str, taken: bool) -> None:
    assert bool(_PLAIN.fullmatch(email)) is taken
