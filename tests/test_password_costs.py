"""What a check of a hash may take: refused before it is stored, and no to every password where it is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from tests.test_passwords import HASH, HASHER, NO, PASSWORD, VECTORS, passlib_hash
from usercli.errors import InvalidInput
from usercli.hash_forms import identify, require_hash
from usercli.password_costs import MAX_BCRYPT_COST, MAX_MEBIBYTES, MAX_SECONDS
from usercli.passwords import PasswordHasher
from usercli.schemas.import_rows import RowParser
from usercli.schemas.users import UserView

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

A22, A27, A43, A86 = ("A" * length for length in (22, 27, 43, 86))
FOUR, MIB = "; the most is 4 s", "; the most is 256 MiB"


def at(template: str, *numbers: int) -> str:
    """The hash with these numbers in it."""
    return template.format(*numbers)


BCRYPT = "$2b${}$" + HASH[7:]
BCRYPT_SHA256 = "$bcrypt-sha256$v=2,t=2b,r={}$" + HASH[7:29] + "$" + HASH[29:]
SCRYPT = "$scrypt$ln={},r={},p={}$c2FsdHNhbHQ$" + A43
DJANGO_SCRYPT = "scrypt${}$saltsalt${}${}$" + A86 + "=="
ARGON2 = "$argon2id$v=19$m={},t={},p={}$c2FsdHNhbHQ$" + A43
SHA1, DJANGO_SHA1 = "$pbkdf2${}$" + A22 + "$" + A27, "pbkdf2_sha1${}$salt$" + A27 + "="
SHA256, DJANGO_SHA256 = "$pbkdf2-sha256${}$" + A22 + "$" + A43, "pbkdf2_sha256${}$salt$" + A43 + "="
SHA512 = "$pbkdf2-sha512${}$" + A22 + "$" + A86
SHA512_PHC, PHPASS = "$pbkdf2-sha512$i={},l=32$c2FsdHNhbHQ$" + A43, "$P${}12345678" + "." * 22
CRYPT_5, CRYPT_6 = "$5$rounds={}$saltsalt$" + "." * 43, "$6$rounds={}$saltsalt$" + "." * 86

#: A hash within the bounds, the next one beyond them, and what is said of it.
BOUNDS = [
    (at(BCRYPT, 15), at(BCRYPT, 16), "would take about 5 s (bcrypt, cost 16)" + FOUR),
    ("bcrypt$" + at(BCRYPT, 15), "bcrypt$" + at(BCRYPT, 31), "about 161,061 s (django_bcrypt, cost 31)" + FOUR),
    ("bcrypt_sha256$" + at(BCRYPT, 15), "bcrypt_sha256$" + at(BCRYPT, 17), "10 s (django_bcrypt_sha256, cost 17)"),
    (at(BCRYPT_SHA256, 15), at(BCRYPT_SHA256, 16), "would take about 5 s (bcrypt_sha256, cost 16)" + FOUR),
    (at(SHA256, 7272727), at(SHA256, 7272728), "would take about 4 s (pbkdf2_sha256, cost 7272728)" + FOUR),
    (at(SHA512, 3076923), at(SHA512, 3076924), "would take about 4 s (pbkdf2_sha512, cost 3076924)" + FOUR),
    (at(SHA1, 8000000), at(SHA1, 8000001), "would take about 4 s (pbkdf2_sha1, cost 8000001)" + FOUR),
    (at(DJANGO_SHA256, 7272727), at(DJANGO_SHA256, 7272728), "s (django_pbkdf2_sha256, cost 7272728)" + FOUR),
    (at(DJANGO_SHA1, 8000000), at(DJANGO_SHA1, 8000001), "s (django_pbkdf2_sha1, cost 8000001)" + FOUR),
    (at(CRYPT_6, 6666666), at(CRYPT_6, 6666667), "would take about 4 s (sha512_crypt, cost 6666667)" + FOUR),
    (at(CRYPT_5, 5000000), at(CRYPT_5, 999999999), "would take about 800 s (sha256_crypt, cost 999999999)" + FOUR),
    (at(SHA512_PHC, 3076923), at(SHA512_PHC, 3076924), "would take about 4 s (pbkdf2_phc, cost 3076924)" + FOUR),
    (PHPASS.format("J"), PHPASS.format("K"), "would take about 5 s (phpass, cost 22)" + FOUR),
    ("$wp" + at(BCRYPT, 15), "$wp" + at(BCRYPT, 16), "would take about 5 s (wordpress_bcrypt, cost 16)" + FOUR),
    (at(SCRYPT, 14, 8, 27), at(SCRYPT, 14, 8, 28), "would take about 4 s (scrypt, cost 14)" + FOUR),
    (at(SCRYPT, 18, 8, 1), at(SCRYPT, 18, 9, 1), "to check the hash needs 288 MiB (scrypt, cost 18)" + MIB),
    (at(SCRYPT, 4, 8, 1), at(SCRYPT, 14, 8, 100000), "would take about 14,418 s (scrypt, cost 14)" + FOUR),
    (at(SCRYPT, 17, 8, 1), at(SCRYPT, 20, 1000, 1), "needs 128,000 MiB (scrypt, cost 20)" + MIB),
    (at(DJANGO_SCRYPT, 16384, 8, 5), at(DJANGO_SCRYPT, 16384, 8, 28), "take about 4 s (django_scrypt)" + FOUR),
    (at(DJANGO_SCRYPT, 262144, 8, 1), at(DJANGO_SCRYPT, 524288, 8, 1), "needs 512 MiB (django_scrypt)" + MIB),
    (at(DJANGO_SCRYPT, 2, 1, 1), at(DJANGO_SCRYPT, 2, 1, 10**4000), "needs 1,000,000 or more MiB (django_scrypt)"),
    (at(ARGON2, 262144, 6, 1), at(ARGON2, 262144, 7, 1), "would take about 4 s (argon2, cost 7)" + FOUR),
    (at(ARGON2, 262144, 1, 1), at(ARGON2, 262145, 1, 1), "needs 257 MiB (argon2, cost 1)" + MIB),
    (at(ARGON2, 65536, 3, 4), at(ARGON2, 65536, 49000000, 1), "1,000,000 or more s (argon2, cost 49000000)"),
    (at(ARGON2, 65536, 1, 8000), at(ARGON2, 65536, 1, 9000), "would take about 4 s (argon2, cost 1)" + FOUR),
    ("argon2" + at(ARGON2, 102400, 2, 8), "argon2" + at(ARGON2, 2097152, 1, 1), "needs 2,048 MiB (django_argon2"),
]  # fmt: skip


def refusal(stored: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        require_hash(stored)
    return caught.value.message


@pytest.mark.parametrize(("within", "beyond", "message"), BOUNDS, ids=range(len(BOUNDS)))
def test_the_work_of_a_hash_is_bounded(within: str, beyond: str, message: str) -> None:
    fields = {"email": "a@example.com"}
    assert require_hash(within) == within
    assert RowParser().parse(1, fields | {"hashed_password": within}).hashed_password == within
    assert identify(beyond).usable
    assert message in refusal(beyond)
    with pytest.raises(InvalidInput) as caught:
        RowParser().parse(1, fields | {"hashed_password": beyond})
    assert caught.value.message == refusal(beyond)


#: Within the bounds, and no library computes them.
NOT_COMPUTABLE = [
    at(SCRYPT, 16, 1, 1),
    at(DJANGO_SCRYPT, 65536, 1, 1),
    at(ARGON2, 1024, 1, 0),
    at(ARGON2, 1024, 0, 1),
]


@pytest.mark.parametrize(
    "stored", [*(beyond for _, beyond, _ in BOUNDS), *NOT_COMPUTABLE], ids=range(len(BOUNDS) + len(NOT_COMPUTABLE))
)
def test_what_is_not_checked_is_refused_after_the_same_work(stored: str, computed: list[bytes]) -> None:
    start = process_time()
    assert HASHER.verify(PASSWORD, stored) == NO
    assert process_time() - start < 1
    assert [config[:7] for config in computed] == [b"$2b$04$"]


@pytest.mark.parametrize("template", [CRYPT_5, CRYPT_6])
def test_a_long_password_does_not_multiply_the_work(template: str, computed: list[bytes]) -> None:
    start = process_time()
    assert HASHER.verify("x" * 4096, at(template, 4_000_000)) == NO
    assert process_time() - start < 1
    assert len(computed) == 1
    assert HASHER.verify("x" * 4096, passlib_hash("sha512_crypt", "x" * 4096)).ok


def test_a_long_password_does_not_multiply_the_rounds_of_phpass(computed: list[bytes]) -> None:
    start = process_time()
    assert HASHER.verify("x" * 4096, PHPASS.format("J")) == NO
    assert process_time() - start < 1
    assert len(computed) == 1
    assert HASHER.verify("x" * 4096, passlib_hash("phpass", "x" * 4096)).ok


def test_our_own_hashes_are_within_the_bounds() -> None:
    assert PasswordHasher(cost=MAX_BCRYPT_COST).cost == 15
    with pytest.raises(InvalidInput, match="the cost 16 of bcrypt is above 15"):
        PasswordHasher(cost=16)


def test_the_formula_is_near_what_is_measured() -> None:
    for vector in VECTORS:
        work = identify(vector["hash"]).work
        start = process_time()
        HASHER.verify(vector["password"], vector["hash"])
        taken = process_time() - start
        assert taken < 10 * work.seconds + 0.5
        assert work.seconds <= MAX_SECONDS
        assert work.mebibytes <= MAX_MEBIBYTES


def test_no_way_in_takes_a_hash_without_bounds(cli: Cli, ada: UserView, tmp_path: Path) -> None:
    stored = at(SCRYPT, 14, 8, 100000)
    message = "to check the hash would take about 14,418 s (scrypt, cost 14); the most is 4 s"
    refused = (2, "", f"error: {message}\n")
    assert cli("password", "set", ada.email, "--password-hash-stdin", stdin=stored) == refused
    assert cli("create", "bob@example.com", "--password-hash-stdin", stdin=stored) == refused
    file = tmp_path / "users.jsonl"
    file.write_text(f'{{"email": "bob@example.com", "hashed_password": "{stored}"}}\n')
    code, _, err = cli("import", str(file))
    assert code == 2
    assert f"users.jsonl:1: {message}\n" in err
    file.write_text(f"bob@example.com:{stored}\n")
    code, _, err = cli("import", str(file), "--from", "htpasswd")
    assert code == 2
    assert f"users.jsonl:1: {message}\n" in err


def test_a_hash_without_bounds_that_is_stored_lets_nobody_in(cli: Cli, ada: UserView, database: Database) -> None:
    database.rows("UPDATE users SET hashed_password = :hash", hash=at(ARGON2, 2097152, 1, 1))
    assert cli("password", "verify", ada.email, "--password-stdin", stdin=PASSWORD) == (8, "", "")


def test_the_audit_says_which_bound_a_stored_hash_breaks(cli: Cli, database: Database) -> None:
    stored = [at(BCRYPT, 16), at(SCRYPT, 14, 8, 100000), at(ARGON2, 2097152, 1, 1), at(BCRYPT, 15)]
    for number, hashed in enumerate(stored):
        email = f"user{number}@example.com"
        cli("create", email, "--no-password")
        database.rows("UPDATE users SET hashed_password = :hash WHERE email = :email", hash=hashed, email=email)
    code, out, _ = cli("password", "audit", "-o", "json", "--fail-on", "weak")
    report = json.loads(out)
    assert (code, report["findings"]) == (7, [])
    assert report["too_costly"] == [{"bound": "memory", "users": 1}, {"bound": "time", "users": 2}]
    code, out, _ = cli("password", "audit", "--fail-on", "too_costly")
    assert code == 7
    assert {"finding\ttoo_costly (memory)\t\t1", "finding\ttoo_costly (time)\t\t2"} <= set(out.splitlines())
    assert cli("password", "audit", "--fail-on", "empty")[0] == 0


# -- any text

_SEEDS = sorted({vector["hash"] for vector in VECTORS} | {beyond for _, beyond, _ in BOUNDS if len(beyond) < 500})
_PIECES = st.sampled_from(
    [
        "$",
        "=",
        ",",
        "0",
        "9" * 9,
        "9" * 30,
        "-1",
        "A",
        ".",
        "é",
        "\0",
        "\ud800",
        " ",
        "٣",
        "m=",
        "p=",
        "{",
        "}",
        ":",
        "|",
        "*",
        "!",
    ]
)


@st.composite
def damaged_hashes(draw: st.DrawFn, seeds: Sequence[str] = _SEEDS) -> str:
    """A valid hash with a few pieces put in, cut out or put in the place of others."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 5)))
        text = text[:start] + draw(_PIECES) + text[end:]
    return text


def is_refused(stored: str) -> bool:
    start = process_time()
    try:
        require_hash(stored)
    except InvalidInput:
        return True
    finally:
        assert process_time() - start < 1
    return False


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), damaged_hashes()))
def test_any_text_is_a_hash_or_is_refused(stored: str) -> None:
    if is_refused(stored):
        start = process_time()
        assert HASHER.verify(PASSWORD, stored) == NO
        assert process_time() - start < 1
    elif identify(stored).work.seconds < 0.1:
        HASHER.verify(PASSWORD, stored)
