"""The password policy: NIST SP 800-63B-4 section 3.1.1 and OWASP ASVS 5.0 section 6.2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.services.policy import LENGTH, SHORTEST, PasswordPolicy, PasswordRefused

pytestmark = pytest.mark.either_engine

COMMON = "the password is a common one, or a common one with digits around it"
ABOUT = "the password is made of the user's own name or address, or the service's name"


def short(characters: int, wanted: int = 15) -> str:
    return f"the password has {characters} characters; the policy requires {wanted} or more"


def verdict(password: str, *about: str, policy: PasswordPolicy | None = None) -> str | None:
    """Why the password is refused; None if it is accepted."""
    try:
        (policy or PasswordPolicy()).check(password, *about)
    except PasswordRefused as refused:
        return refused.message
    return None


def wide(text: str) -> str:
    """The text in the full-width letters of East Asian fonts."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kvwzjqxmtbnphd", short(14)),
        ("kvwzjqxmtbnphdr", None),
        ("k", short(1)),
        ("é" * 14, short(14)),
        ("ékvwzjqxmtbnphd", None),
        ("😀" * 14, short(14)),
        ("😀kvwzjqxmtbnphd", None),
        ("e\u0301a\u0300i\u0308o\u0302u\u0303n\u0303cdx", None),
    ],
)
def test_length_counts_in_code_points(password: str, reason: str | None) -> None:
    assert verdict(password) == reason


@pytest.mark.parametrize(
    "password",
    [
        "kvwzjqxmtbnphdr",
        "KVWZJQXMTBNPHDR",
        "837265019283746",
        "!?#%&/()=+*~-_:",
        "correct horse battery staple",
        "it was a dark and stormy night",
        "les sanglots longs des violons",
        "君の名は何ですか教えてくださいませ",
        " fifteen blanks ",
        "the cat sat on the mat " * 3,
        "a sentence of more than sixty-four characters is as good as any other one",
    ],
)
def test_no_rule_of_composition(password: str) -> None:
    assert verdict(password, "ada@example.com", "Ada Lovelace") is None


def test_width_and_characters_that_are_not_seen_do_not_hide_what_is_refused(tmp_path: Path) -> None:
    assert verdict(wide("passwordpassword")) == "the password is a common one over and over"
    assert verdict("pass\u200bwordpass\u200bword") == "the password is a common one over and over"
    assert verdict(wide("lovelace1234567"), "Lovelace") == verdict("lovelace1234567", wide("Lovelace")) == ABOUT
    (tmp_path / "own").write_text(wide("kvwzjqxmtbnphdr"), encoding="utf-8")
    assert verdict("kvwzjqxmtbnphdr", policy=PasswordPolicy(blocklist=tmp_path / "own")) == COMMON


@pytest.mark.parametrize(
    "password", ["a" * 16, " " * 16, "\u200b" * 16, "é" * 16, wide("a" * 8) + "A" * 8, "- " * 8]
)
def test_one_character_over_and_over_is_refused(password: str) -> None:
    assert verdict(password) == "the password is one character over and over"


@pytest.mark.parametrize(
    "password",
    [
        *("password123456789", "Password123456789", "123456789password", "12345password6789", "PASSWORD!!!!!!!!"),
        *(
            "qwertyuiop12345",
            "1qaz2wsx3edc4rfv",
            "iloveyou2024!!!",
            "___football____",
            "iloveyou 2024 !",
        ),
    ],
)
def test_a_common_password_is_refused_with_digits_around_it_too(password: str) -> None:
    assert verdict(password) == COMMON


@pytest.mark.parametrize(
    "password",
    [
        *("passwordpassword", "password password", "monkeymonkeymonkey", "Letmein-Letmein-1"),
        *("123456789012345", "987654321098765", "qwertyqwertyqwerty"),
    ],
)
def test_a_common_password_over_and_over_is_refused(password: str) -> None:
    assert verdict(password) == "the password is a common one over and over"


@pytest.mark.parametrize("password", ["abcdefghijklmno", "xkqzjwvbpmfhdtn"])
def test_fifteen_lower_case_letters_are_enough(password: str) -> None:
    assert verdict(password) is None


ADA = ("ada.lovelace@example.com", "Ada Lovelace")


@pytest.mark.parametrize(
    "password",
    [
        *("ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "ada.lovelace@example.com1", "Ada Lovelace 1815"),
        *(
            "lovelacelovelace",
            "Lovelace-Lovelace-1",
            "adalovelace2024!",
            "example.com12345",
        ),
    ],
)
def test_the_own_name_or_address_is_refused(password: str) -> None:
    assert verdict(password, *ADA) == ABOUT
    assert verdict(password, "bob@elsewhere.org", "Bob") is None


@pytest.mark.parametrize(
    "password", ["lovelace wrote the first program", "my example of a passphrase", "ada and ada and then bob"]
)
def test_a_passphrase_may_hold_the_name_among_other_words(password: str) -> None:
    assert verdict(password, *ADA) is None


def test_a_name_of_regular_expression_signs_is_a_name() -> None:
    assert verdict("(.*)+[(.*)+[123", "x@y.example", "(.*)+[") == ABOUT
    assert verdict("correct horse battery", "x@y.example", "(.*)+[") is None


def test_the_name_of_the_service_is_refused() -> None:
    policy = PasswordPolicy(service_name="Initech Portal")
    assert verdict("initech-portal-2024", policy=policy) == ABOUT
    assert verdict("portalportal1234", policy=policy) == ABOUT
    assert verdict("initech-portal-2024") is None


def test_a_blocklist_of_ones_own_counts_besides_the_shipped_one(tmp_path: Path) -> None:
    listed = tmp_path / "blocklist.txt"
    listed.write_text("Xyzzy Plugh Xyzzy\n\nschön\n", "utf-8")
    policy = PasswordPolicy(blocklist=listed)
    assert verdict("xyzzy plugh xyzzy", policy=policy) == COMMON
    assert verdict("SCHÖN1234567890", policy=policy) == COMMON
    assert verdict("password123456789", policy=policy) == COMMON
    assert verdict("correct horse battery", policy=policy) is None
    assert verdict("xyzzy plugh xyzzy") is None


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_blocklist_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    listed = tmp_path / "blocklist.txt"
    if content is not None:
        listed.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        PasswordPolicy(blocklist=listed).check("correct horse battery")
    assert caught.value.message == f"cannot read the blocklist {listed} (UTF-8, a password a line)"


def test_the_length_is_15_and_never_below_8() -> None:
    assert (LENGTH, SHORTEST, PasswordPolicy().min_length) == (15, 8, 15)
    policy = PasswordPolicy(min_length=8)
    assert verdict("kvwzjqx", policy=policy) == short(7, 8)
    assert verdict("kvwzjqxm", policy=policy) is None


# -- on the command line


def create(cli: Cli, password: str, *options: str) -> tuple[int, str, str]:
    return cli("create", "ada@example.com", "--password-stdin", *options, stdin=password)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kvwzjqxmtbnphd", short(14)),
        ("password123456789", COMMON),
        ("ada@example.com", ABOUT),
        ("lovelace 1815-12-10", ABOUT),
    ],
)
def test_create_and_password_set_refuse_with_6_and_change_nothing(
    cli: Cli, database: Database, password: str, reason: str
) -> None:
    told = (6, "", f"error: {reason}\n")
    assert create(cli, password, "--name", "Ada Lovelace") == told
    assert database.rows("SELECT count(*) FROM users") == [(0,)]
    cli("create", "ada@example.com", "--name", "Ada Lovelace", "--no-password")
    before = database.rows("SELECT * FROM users")
    assert cli("password", "set", "ada@example.com", "--password-stdin", stdin=password) == told
    assert cli("password", "set", "ada@example.com", "--password-stdin", "--dry-run", stdin=password) == told
    assert database.rows("SELECT * FROM users") == before


def test_fifteen_lower_case_letters_are_accepted(cli: Cli) -> None:
    assert create(cli, "kvwzjqxmtbnphdr")[0] == 0
    assert cli("password", "verify", "ada@example.com", "--password-stdin", stdin="kvwzjqxmtbnphdr") == (0, "", "")


def test_skip_policy_needs_a_reason(cli: Cli) -> None:
    assert create(cli, "short", "--skip-policy") == (2, "", "error: --skip-policy needs --reason TEXT\n")
    assert create(cli, "short", "--skip-policy", "--reason", "")[0] == 2
    assert create(cli, "short", "--skip-policy", "--reason", "a device that cannot more")[0] == 0
    assert cli("password", "verify", "ada@example.com", "--password-stdin", stdin="short")[0] == 0


@pytest.mark.parametrize(("password", "message"), [("", "is empty"), ("x" * 73, "has 73 bytes")])
def test_skip_policy_does_not_skip_the_form(cli: Cli, password: str, message: str) -> None:
    code, out, err = create(cli, password, "--skip-policy", "--reason", "why")
    assert (code, out) == (2, "")
    assert message in err


def test_the_policy_comes_from_the_settings(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed = tmp_path / "blocklist.txt"
    listed.write_text("xyzzyplugh\n")
    monkeypatch.setenv("USERCLI_PASSWORD_MIN_LENGTH", "8")
    monkeypatch.setenv("USERCLI_BLOCKLIST", str(listed))
    monkeypatch.setenv("USERCLI_SERVICE_NAME", "Initech")
    assert create(cli, "kvwzjqx") == (6, "", f"error: {short(7, 8)}\n")
    assert create(cli, "xyzzyplugh7") == (6, "", f"error: {COMMON}\n")
    assert create(cli, "initech123") == (6, "", f"error: {ABOUT}\n")
    assert create(cli, "kvwzjqxm")[0] == 0


@pytest.mark.parametrize("length", ["7", "0", "-1", "129", "many"])
def test_a_length_below_8_is_no_setting(cli: Cli, monkeypatch: pytest.MonkeyPatch, length: str) -> None:
    monkeypatch.setenv("USERCLI_PASSWORD_MIN_LENGTH", length)
    code, out, err = create(cli, "correct horse battery")
    assert (code, out) == (2, "")
    assert "password_min_length" in err.lower()
