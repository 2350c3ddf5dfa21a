"""Hashing: what others left behind verifies, what is written others can read, nothing is cut, nothing is told."""

from __future__ import annotations

import json
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from usercli.config import Settings
from usercli.errors import InvalidInput
from usercli.hash_forms import FORMS, HashKind, identify, require_hash
from usercli.password_calibration import measure
from usercli.passwords import (
    PasswordHasher,
    Verdict,
    generate,
    generate_words,
    shipped_lines,
)
from usercli.services.policy import PasswordPolicy, PasswordRefused

# the filters that password_handlers.py sets are not those of pytest; what a process says is tested below
pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

VECTORS: list[dict[str, str]] = json.loads((Path(__file__).parent / "data/hashes.json").read_text("utf-8"))
HASHER = PasswordHasher(cost=4)
LONG_READER = PasswordHasher("bcrypt_sha256", 4)
PASSWORD = "correct horse battery"
HASH = "$2b$04$9Q5n2Fmx3WxWHqDqQGzHwO5d.Woe61Gt.yIJ97bB/fJ2N2/wlWcbW"
NO = Verdict(False)

SCHEMES_OF_ISSUE = {
    *("bcrypt", "bcrypt_sha256", "pbkdf2_sha256", "pbkdf2_sha512", "sha256_crypt", "sha512_crypt", "scrypt"),
    *("md5_crypt", "apr_md5_crypt", "ldap_salted_sha1", "ldap_salted_sha256", "ldap_salted_sha512"),
    *("django_pbkdf2_sha256", "django_pbkdf2_sha1", "django_bcrypt", "django_bcrypt_sha256", "django_scrypt"),
    *("django_salted_sha1", "django_salted_md5", "argon2", "django_argon2"),
}


def passlib_hash(scheme: str, password: str) -> str:
    """A hash by passlib itself, as cheap as the scheme allows."""
    import passlib.hash

    handler: Any = getattr(passlib.hash, scheme)
    if "rounds" in handler.setting_kwds:
        handler = handler.using(rounds=max(handler.min_rounds, 1))
    hashed: str = handler.hash(password)
    return hashed


# -- what others left behind


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{n}-{vector['made_by']}-{vector['scheme']}" for n, vector in enumerate(VECTORS)]
)
def test_a_hash_made_by_others_verifies(vector: dict[str, str]) -> None:
    stored, password = vector["hash"], vector["password"]
    verdict = HASHER.verify(password, stored)
    assert (identify(stored).scheme, verdict.ok) == (vector["scheme"], True)
    assert verdict.outdated is (not stored.startswith(("$2a$", "$2b$", "$2y$")))
    assert require_hash(stored) == stored
    for other in (password[:-1], password + "x", password.swapcase() + "."):
        assert HASHER.verify(other, stored) == NO


def test_the_vectors_cover_every_scheme_but_passlibs_own() -> None:
    covered = {vector["scheme"] for vector in VECTORS}
    assert SCHEMES_OF_ISSUE - covered == {"bcrypt_sha256"}
    assert {vector["hash"][:4] for vector in VECTORS if vector["scheme"] == "bcrypt"} == {"$2a$", "$2b$", "$2y$"}


@pytest.mark.parametrize("scheme", sorted(SCHEMES_OF_ISSUE - {"django_scrypt"}))
@pytest.mark.parametrize("password", [PASSWORD, "pässwörd €uro 日本語"])
def test_a_hash_made_by_passlib_verifies(scheme: str, password: str) -> None:
    stored = passlib_hash(scheme, password)
    assert identify(stored).scheme == scheme
    assert HASHER.verify(password, stored).ok
    assert HASHER.verify(password + "x", stored) == NO


@pytest.mark.parametrize("version", ["2a", "2b", "2y"])
@pytest.mark.parametrize("password", [PASSWORD, "π" * 8, "€" * 24, "x" * 72])
def test_a_hash_made_by_the_bcrypt_library_verifies(version: str, password: str) -> None:
    stored = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", f"${version}$")
    assert identify(stored) == HashKind("bcrypt", 4)
    assert HASHER.verify(password, stored) == Verdict(True)
    assert HASHER.verify(password[:-1] + "!", stored) == NO


@pytest.mark.parametrize("salt_end", "OPQRSTUVWXYZabcd")
def test_padding_bits_of_a_salt_that_some_libraries_set_do_not_matter(salt_end: str) -> None:
    # a salt of 16 bytes leaves 4 bits of its 22nd character unused: O and the 15 after it say the same
    good = bcrypt.hashpw(b"padded", b"$2b$04$yjDgE74RJkeqC0/1NheSSO").decode()
    repaired = good[:28] + salt_end + good[29:]
    assert HASHER.verify("padded", repaired).ok
    assert HASHER.verify("padded!", repaired) == NO


# -- what we write


@pytest.mark.parametrize("password", [PASSWORD, "π" * 8, "€" * 24, " blanks kept ", "\t\x01\x7f", "x" * 72])
def test_a_hash_of_ours_verifies_with_the_bcrypt_library(password: str) -> None:
    hashed = HASHER.hash(password)
    assert (hashed[:7], len(hashed)) == ("$2b$04$", 60)
    assert bcrypt.checkpw(password.encode(), hashed.encode())
    assert HASHER.verify(password, hashed) == Verdict(True)


def test_two_hashes_of_one_password_differ() -> None:
    assert len({HASHER.hash(PASSWORD) for _ in range(3)}) == 3


def test_hash_all_gives_the_hashes_in_order() -> None:
    texts = [f"password number {number}" for number in range(20)]
    hashes = list(HASHER.hash_all(texts))
    assert [HASHER.verify(text, hashed) for text, hashed in zip(texts, hashes, strict=True)] == [Verdict(True)] * 20


def test_only_two_schemes_may_be_stored_anew() -> None:
    with pytest.raises(InvalidInput) as caught:
        PasswordHasher("md5_crypt")
    assert caught.value.message == "no such password scheme: md5_crypt (known: bcrypt, bcrypt_sha256)"


@pytest.mark.parametrize(
    ("stored", "outdated"),
    [
        (bcrypt.hashpw(b"pw", bcrypt.gensalt(4)).decode(), True),
        (bcrypt.hashpw(b"pw", bcrypt.gensalt(5)).decode(), False),
        (bcrypt.hashpw(b"pw", bcrypt.gensalt(6)).decode(), False),
        (PasswordHasher("bcrypt_sha256", 6).hash("pw"), True),
        (passlib_hash("sha512_crypt", "pw"), True),
    ],
    ids=["cheaper", "equal", "dearer", "another-scheme", "old-scheme"],
)
def test_a_hash_below_the_settings_is_outdated(stored: str, outdated: bool) -> None:
    hasher = PasswordHasher(cost=5)
    assert hasher.verify("pw", stored) == Verdict(True, outdated)
    assert hasher.verify("wp", stored) == NO
    better = hasher.better_hash("pw")
    assert better is not None
    assert better.startswith("$2b$05$")
    assert hasher.verify("pw", better) == Verdict(True)


def test_a_password_that_bcrypt_cannot_take_keeps_its_scheme() -> None:
    stored = LONG_READER.hash("x" * 73)
    assert HASHER.verify("x" * 73, stored) == Verdict(True, True)
    assert HASHER.better_hash("x" * 73) is None


# -- length: refused rather than cut


@pytest.mark.parametrize("password", ["x" * 71, "x" * 72, "€" * 24])
def test_bcrypt_takes_up_to_72_bytes(password: str) -> None:
    assert HASHER.verify(password, HASHER.hash(password)) == Verdict(True)


@pytest.mark.parametrize(("password", "size"), [("x" * 73, 73), ("€" * 24 + "a", 73), ("😀" * 64, 256)])
def test_bcrypt_refuses_more_and_says_how_many(password: str, size: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        HASHER.hash(password)
    assert caught.value.message == (
        f"the password has {size} bytes and bcrypt reads 72 at most; use a shorter one, or the scheme bcrypt_sha256"
    )


@pytest.mark.parametrize("start", ["x" * 72, "€" * 24])
@pytest.mark.parametrize("suffix", ["a", "\x01", "€", "x" * 100])
@pytest.mark.parametrize("kind", ["bcrypt", "django"])
def test_72_bytes_and_a_suffix_do_not_match(start: str, suffix: str, kind: str) -> None:
    stored = HASHER.hash(start) if kind == "bcrypt" else f"bcrypt${HASHER.hash(start)}"
    assert HASHER.verify(start, stored).ok
    assert HASHER.verify(start + suffix, stored) == NO


@pytest.mark.parametrize(
    "password", ["😀" * 64, ("a long password of a thousand characters " * 25)[:1000], "x" * 4096]
)
def test_bcrypt_sha256_reads_every_character(password: str) -> None:
    hashed = LONG_READER.hash(password)
    assert LONG_READER.verify(password, hashed) == Verdict(True)
    assert LONG_READER.verify(password[:-1], hashed) == NO
    assert LONG_READER.verify(password[:-1] + "!", hashed) == NO


@pytest.mark.parametrize("password", ["😀" * 64, ("a long password of a thousand characters " * 25)[:1000]])
def test_bcrypt_sha256_refuses_every_prefix(password: str) -> None:
    hashed = LONG_READER.hash(password)
    matching = [length for length in range(len(password)) if LONG_READER.verify(password[:length], hashed).ok]
    assert matching == []


# -- what is no password, and what is no hash

NO_PASSWORDS = {
    "": "the password is empty",
    "a\0b": "the password contains a NUL character",
    "\0": "the password contains a NUL character",
    "a\udcffb": "the password is not valid UTF-8",
    "\ud800": "the password is not valid UTF-8",
    "x" * 4097: "the password is longer than 4096 characters",
}


@pytest.mark.parametrize(("password", "message"), NO_PASSWORDS.items(), ids=range(len(NO_PASSWORDS)))
@pytest.mark.parametrize("hasher", [HASHER, LONG_READER], ids=["bcrypt", "bcrypt_sha256"])
def test_what_is_no_password_is_refused_by_name(hasher: PasswordHasher, password: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        hasher.hash(password)
    assert caught.value.message == message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("password", NO_PASSWORDS, ids=range(len(NO_PASSWORDS)))
@pytest.mark.parametrize("stored", [None, "!", HASH, *(vector["hash"] for vector in VECTORS[:14])], ids=range(17))
def test_what_is_no_password_matches_nothing(password: str, stored: str | None) -> None:
    assert HASHER.verify(password, stored) == NO


CUT = "the hash is malformed: it is truncated, or contains characters that its scheme does not use"
UNKNOWN = "the hash is of a scheme that is not supported"
NAMED = "the hash is of the scheme {}, which is not supported"
GOST = "$gy$j9T$abcd$MXl5je7X5NIeGDxyDgkG2XoV70fWUCk3JG1B7Xizfy/"
MARKER = "the hash is a marker of a disabled password"
NO_HASHES = [
    *[("", "empty", "the hash is empty")],
    *[(text, "disabled", MARKER) for text in ("!", "*", "*0", "!" + "a" * 40, "!!" + HASH, "*LK*")],
    (GOST, "unsupported", NAMED.format("gost_yescrypt")),
    ("0123456789abcdef0123456789abcdef", "unsupported", NAMED.format("unsalted_md5")),
    *[("$2x$" + HASH[4:], "unsupported", NAMED.format("bcrypt_2x"))],
    *[
        (text, "malformed", CUT)
        for text in (
            *(HASH[:-1], HASH[:20], HASH[:7], HASH + "x", HASH + "\n", HASH[:-1] + "é", HASH[:-1] + "\0"),
            *("$2b$99$" + HASH[7:], "$2b$03$" + HASH[7:], "$2b$4$" + HASH[7:], "$2b$xx$" + HASH[7:]),
            *("$bcrypt-sha256$v=2,t=2b,r=4$a", "bcrypt$$2b$04$", "bcrypt_sha256$$2b$04$xx", "{SSHA}", "{SSHA}!!"),
            *("$1$", "$apr1$", "$5$", "$6$rounds=1000$", "$6$rounds=10$abc$def", "md5$$", "md5$abc", "sha1$x$"),
            *("pbkdf2_sha256$x$a$b", "pbkdf2_sha256$-1$a$b", "$pbkdf2-sha256$0$AA$AA", "$7$zz"),
            *("$scrypt$ln=8,r=0,p=1$AAAA$AAAA", "scrypt$x$a$8$1$AA", "scrypt$1000$a$8$1$" + "A" * 86 + "=="),
            *("scrypt$1024$a$8$1$é", "scrypt$1024$a$8$1$AAAA", "scrypt$1024$a$8$0$" + "A" * 86 + "=="),
            *("$argon2id$v=19$m=1024,t=2,p=8$VTRN", "argon2$argon2id$v=19$m=1024,t=2,p=8$VTRN"),
        )
    ],
    *[
        (text, "unsupported", UNKNOWN)
        for text in (
            *("plain text", "x" * 5000, "é" * 60, "\ud800", "\n", " " + HASH, "bcrypt$", "U5sK1bPEFm2gs"),
            *("0123456789abcdef", "_7C/.Bf/4gZk10RYRs4Y", "$unknown$x"),
        )
    ],
]


@pytest.mark.parametrize(("stored", "kind", "message"), NO_HASHES, ids=range(len(NO_HASHES)))
def test_what_is_no_hash_matches_nothing_and_is_refused_by_name(
    stored: str, kind: str, message: str, computed: list[bytes]
) -> None:
    assert identify(stored) == HashKind(kind)
    assert not identify(stored).usable
    for password in ("x", PASSWORD, stored[:4000] or "x"):
        computed.clear()
        assert HASHER.verify(password, stored) == NO
        assert len(computed) == 1
    with pytest.raises(InvalidInput) as caught:
        require_hash(stored)
    assert caught.value.message == message


@given(st.text(max_size=120))
@settings(max_examples=50, deadline=None)
def test_no_stored_text_ends_in_a_traceback(stored: str) -> None:
    schemes = {form.scheme for form in FORMS if form.work}
    assert identify(stored).scheme in {*schemes, "empty", "disabled", "malformed", "unsupported"}
    assert HASHER.verify("x", stored) == NO


@given(st.sampled_from(VECTORS), st.integers(0, 200), st.characters(exclude_categories=["Cs"]))
@settings(max_examples=50, deadline=None)
def test_no_damaged_hash_ends_in_a_traceback(vector: dict[str, str], place: int, character: str) -> None:
    stored = vector["hash"]
    assume("=" not in stored and not stored.startswith("$7$"))  # costs are left alone: they would take hours
    place = max(place % len(stored), stored.rindex("$") + 1 if "$" in stored else 0)
    damaged = stored[:place] + character + stored[place + 1 :]
    if damaged != stored:
        HASHER.verify("x", damaged)
        assert isinstance(identify(damaged), HashKind)


# -- the same work for everybody


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        ("wrong", HASH),
        ("missing", None),
        ("disabled", "!"),
        ("unusable", "no hash at all"),
        ("cut", HASH[:-2]),
        ("empty", ""),
        ("", HASH),
        ("over-long" * 9, HASH),
        ("x" * 5000, HASH),
        ("nul\0", HASH),
        ("\ud800", HASH),
        (PASSWORD, HASH),
    ],
    ids=lambda value: repr(value)[:14],
)
def test_every_check_computes_exactly_one_hash_at_the_cost_of_the_settings(
    password: str, stored: str | None, computed: list[bytes]
) -> None:
    verdict = HASHER.verify(password, stored)
    assert [config[:7] for config in computed] == [b"$2b$04$"]
    assert verdict.ok is (password == PASSWORD)


def test_a_check_of_nobody_takes_the_scheme_and_cost_of_the_settings(computed: list[bytes]) -> None:
    PasswordHasher("bcrypt_sha256", 5).verify("x", None)
    PasswordHasher("bcrypt", 6).verify("x", None)
    assert [config[:7] for config in computed] == [b"$2b$05$", b"$2b$06$"]


@pytest.mark.parametrize("password", ["", "nobody", "x"])
@pytest.mark.parametrize("scheme", ["bcrypt", "bcrypt_sha256"])
def test_nobody_has_no_password(scheme: str, password: str) -> None:
    assert PasswordHasher(scheme, 4).verify(password, None) == NO


# -- any text that the policy accepts

POLICY = PasswordPolicy()
ACCEPTED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=15, max_size=72)


def change_one_byte(password: str, place: int, first: int) -> str:
    """The password with one byte of its UTF-8 form changed, to one that is UTF-8 as well."""
    data = bytearray(password.encode())
    place %= len(data)
    for step in range(255):
        other = data[:place] + bytes([data[place] ^ (1 + (first + step) % 255)]) + data[place + 1 :]
        if 0 not in other:
            try:
                return other.decode()
            except UnicodeDecodeError:
                continue
    raise AssertionError("no byte fits")


def require_accepted(password: str) -> None:
    try:
        POLICY.check(password)
    except PasswordRefused:
        assume(False)


@given(ACCEPTED, st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_what_the_policy_accepts_verifies_and_any_changed_byte_does_not(
    password: str, place: int, first: int
) -> None:
    require_accepted(password)
    changed = change_one_byte(password, place, first)
    hashers = [LONG_READER, HASHER] if len(password.encode()) <= 72 else [LONG_READER]
    for hasher in hashers:
        hashed = hasher.hash(password)
        assert hasher.verify(password, hashed) == Verdict(True)
        assert hasher.verify(changed, hashed) == NO
        assert hasher.verify(password + "a", hashed) == NO
        assert hasher.verify(password[:-1], hashed) == NO
    if HASHER in hashers:
        assert bcrypt.checkpw(password.encode(), HASHER.hash(password).encode())
    else:
        with pytest.raises(InvalidInput, match=f"has {len(password.encode())} bytes"):
            HASHER.hash(password)


# -- silence

_SILENT = """
import json, sys, logging, warnings
logging.basicConfig(level=logging.DEBUG)
from usercli.passwords import PasswordHasher
hasher = PasswordHasher(cost=4)
for vector in json.load(sys.stdin):
    assert hasher.verify(vector["password"], vector["hash"]).ok
print(hasher.hash("correct horse")[:7], PasswordHasher("bcrypt_sha256", 4).hash("correct horse")[:14])
"""


@pytest.mark.parametrize("warn", ["default", "error"])
def test_hashing_says_nothing_on_stderr(warn: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", warn, "-c", _SILENT],
        input=json.dumps(VECTORS),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "$2b$04$ $bcrypt-sha256\n", "")


# -- the cost comes from the settings


def cost(environ: dict[str, str]) -> int:
    return Settings(environ={"HOME": "/nonexistent", "USERCLI_CONFIG": "/nonexistent", **environ}).bcrypt_cost


def test_the_cost_is_12_unless_told() -> None:
    assert cost({}) == 12
    assert PasswordHasher().hash("x").startswith("$2b$12$")


@pytest.mark.parametrize("given_cost", ["10", "11", "14", "15"])
def test_a_cost_from_10_to_15_is_free(given_cost: str) -> None:
    assert cost({"USERCLI_BCRYPT_COST": given_cost}) == int(given_cost)


@pytest.mark.parametrize("unsafe", [{}, {"USERCLI_UNSAFE": ""}, {"USERCLI_UNSAFE": "0"}, {"USERCLI_UNSAFE": "yes"}])
@pytest.mark.parametrize("given_cost", ["4", "9"])
def test_a_cost_below_10_is_refused(given_cost: str, unsafe: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        cost({"USERCLI_BCRYPT_COST": given_cost, **unsafe})
    assert "10" in caught.value.message


def test_a_cost_below_10_is_for_tests() -> None:
    assert cost({"USERCLI_BCRYPT_COST": "4", "USERCLI_UNSAFE": "1"}) == 4


# -- generated ones


@pytest.mark.parametrize("length", [8, 20, 128])
def test_a_generated_password_has_letters_and_digits_that_are_not_mistaken(length: int) -> None:
    made = {generate(length) for _ in range(200)}
    assert len(made) == 200
    assert {len(password) for password in made} == {length}
    letters = set("".join(made))
    assert letters <= set(string.ascii_letters + string.digits) - set("0Oo1lI")


def test_generated_words_come_from_the_shipped_list() -> None:
    words = shipped_lines("words.txt.gz")
    assert (len(words), len(set(words))) == (7776, 7776)
    made = generate_words(6)
    # a few of the list's words hold a hyphen themselves
    assert made.count("-") >= 5
    assert set(made.replace("-", " ").split()) <= {part for word in words for part in word.split("-")}


def test_generated_passwords_pass_the_policy() -> None:
    for password in [*(generate() for _ in range(50)), *(generate_words(5) for _ in range(50))]:
        PasswordPolicy().check(password)


def test_measuring_stops_after_the_first_cost_over_the_limit() -> None:
    rows = list(measure(0.0001, lowest=4, times=1))
    assert [row.cost for row in rows] == [4]
    rows = list(measure(8, lowest=4, times=1))
    assert [row.cost for row in rows] == list(range(4, 4 + len(rows)))
    assert rows[-1].milliseconds > 8
    assert all(row.milliseconds <= 8 for row in rows[:-1])


# -- read by others, where they are installed


@pytest.mark.skipif(shutil.which("htpasswd") is None, reason="Apache's htpasswd is not installed")
@pytest.mark.parametrize("password", [PASSWORD, "pässwörd €uro 日本語"])
def test_a_hash_of_ours_verifies_with_htpasswd(tmp_path: Path, password: str) -> None:
    path = tmp_path / "users"
    path.write_text(f"ada:{HASHER.hash(password).replace('$2b$', '$2y$')}\n")
    checks = [["htpasswd", "-vb", path, "ada", text] for text in (password, password + "x")]
    assert [subprocess.run(check, capture_output=True).returncode for check in checks] == [0, 3]


@pytest.mark.parametrize("password", [PASSWORD, "pässwörd €uro 日本語"])
def test_a_hash_of_ours_verifies_with_django(password: str) -> None:
    hashers = pytest.importorskip("django.contrib.auth.hashers")
    hashed = HASHER.hash(password)
    django = hashers.BCryptPasswordHasher()
    assert django.verify(password, f"bcrypt${hashed}")
    assert not django.verify(password + "x", f"bcrypt${hashed}")


def test_the_page_lists_every_scheme() -> None:
    page = (Path(__file__).parent.parent / "docs" / "passwords.md").read_text("utf-8")
    listed = page.partition("What other systems left behind")[2].partition("\n## ")[0]
    names = set(re.findall(r"`(\w+)`", listed))
    assert names == {form.scheme for form in FORMS if form.work}
    assert names >= SCHEMES_OF_ISSUE
