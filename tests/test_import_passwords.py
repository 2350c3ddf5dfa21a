"""Plain passwords of a file are looked at by line before anything is hashed: form, length in bytes, policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.hash_forms import looks_like_hash
from usercli.passwords import PasswordHasher, generate, generate_words
from usercli.readers import BadRecord, Record
from usercli.readers.foreign_hashes import Secret
from usercli.readers.foreign_user import ForeignUser, ReadOptions
from usercli.schemas.import_rows import RowParser
from usercli.services.imports.validation import Checker
from usercli.services.password_rules import PasswordRules
from usercli.services.policy import PasswordPolicy

BCRYPT = "$2y$10$QIxI5EbvEUAwecv/me3aVOkpIpGRUOHHc8uhmxaidVZKsPxzN3jKe"
HASHES = [
    BCRYPT,
    "{SSHA}QsLO4O2eyqTmRAZeLetKwp7WyMljDME4",
    "{CRYPT}" + BCRYPT,
    "{SHA512-CRYPT}$6$TbuzDMgpvoELilPV$rv5lmNmewH/P9hZikj1Qrear8rA.eO.6",
    "$P$BDummyDummyDummyDummyDummyDumm0",
    "$6$V83TI8nhbrO7ef4M$SjAv42No1m2Gx.i5fmQiBMi3z7yng/VTLEUAed6bBqDm3B4v",
    "$argon2id$v=19$m=19456,t=2,p=1$R+gdQwjB2Fur9R7j/P+/Vw$SRf4C/wUAcvBjutEUFB1bWWgOO8IrWFZ0Phm3Hv6PSU",
    "sha256$Zk3pQw9aTtY1$0362978dd4a2a4c1e1fc60732c445fc504af4defdb67c05ba5f3b5c5a876b02e",
    "sha1$Zk3pQw9aTtY1$4e3fd9b7117b4701b16fd593c424e5d53903d183",
    "pbkdf2_sha256$600000$salt$D5ZkhvdtY9dFv7+K4S3YgqZ0Yk5c2QzE0YvD4Q0b1bY=",
    "pbkdf2:sha256:600000$UJ1FDjo4er0AG6Rv$847d58625c9081d7765bf2eb358f55fdbb8d49670cd3b10d8a8f38324c1649aa",
    "scrypt:32768:8:1$YvGzBdNgWWULzHQV$4aaf49455104dbf8918f762024fa383db8e6a8eb3800a5d6709848c69c0627614d",
    "1|" + BCRYPT,
    "*6F9FFEF309341A12578D66B7B9DA3642844D12B6",
    "md55f4dcc3b5aa765d61d8327deb882cf99",
    "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVka2V5:c2VydmVya2V5",
]
PASSWORDS = [
    "Quiet-River-Lamp-42",
    "$100 is not much, is it",
    "{braces} and more words",
    "sha256 is a digest",
    "*****",
]


@pytest.mark.parametrize("stored", HASHES)
def test_a_hash_is_no_password(stored: str) -> None:
    assert looks_like_hash(stored)
    with pytest.raises(InvalidInput, match="hashed_password"):
        RowParser().parse(1, {"email": "a@example.com", "password": stored})


def test_a_password_is_no_hash() -> None:
    made = [generate(20) for _ in range(200)] + [generate_words(6) for _ in range(50)]
    assert [password for password in [*PASSWORDS, *made] if looks_like_hash(password)] == []


@pytest.mark.parametrize("stored", HASHES)
def test_a_hash_in_the_place_of_a_password_of_another_system_is_never_hashed(stored: str) -> None:
    user = ForeignUser(email="a@example.com", secret=Secret(password=stored))
    found = user.record(1, ReadOptions())
    assert isinstance(found, Record)
    assert "password" not in found.fields
    assert ("hashed_password" in found.fields) != (found.unsupported is not None)


RULES = PasswordRules(PasswordHasher(cost=4), PasswordPolicy())
BAD = [
    ("é" * 40, "the password has 80 bytes and bcrypt reads 72 at most; "),
    ("x1" * 40, "the password has 80 bytes and bcrypt reads 72 at most; "),
    ("short", "the password has 5 characters; the policy requires 15 or more"),
    ("passwordpassword", "the password is a common one over and over"),
    ("anna@example.com", "the password is made of the user's own name or address"),
    ("a\0" * 10, "the password contains a NUL character"),
]


@pytest.mark.parametrize(("password", "reason"), BAD)
def test_each_rule_speaks_by_line(password: str, reason: str) -> None:
    record = Record(7, {"email": "anna@example.com", "password": password})
    checker = Checker(RowParser(), RULES)
    [[found]] = checker.chunks([record])
    assert isinstance(found, BadRecord)
    assert (found.line, found.reason.startswith(reason), found.fields) == (7, True, record.fields)


@pytest.fixture
def unhashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed, which are hashed cheaply."""
    found: list[str] = []

    def hash_(_: PasswordHasher, password: str) -> str:
        if password != "how long does it take":  # the estimate
            found.append(password)
        return BCRYPT

    monkeypatch.setattr(PasswordHasher, "hash", hash_)
    return found


LONG = (
    f"email,password\nok@example.com,Quiet-River-Lamp-42\nlong@example.com,{'é' * 40}\nx@example.com,{'x1' * 40}\n"
)


def test_a_password_too_long_is_named_before_anything_is_hashed(
    cli: Cli, environment: Path, database: Database, unhashed: list[str]
) -> None:
    (environment / "u.csv").write_text(LONG)
    for more in ((), ("--resume",), ("--dry-run",)):
        code, _, err = cli("import", "u.csv", "--hash-passwords", *more)
        told = [line for line in err.splitlines() if line.startswith("error: u.csv:")]
        assert (code, [line[:15] for line in told]) == (2, ["error: u.csv:3:", "error: u.csv:4:"])
        assert all("80 bytes" in line for line in told)
    assert unhashed == []
    code, _, _ = cli("import", "u.csv", "--hash-passwords", "--skip-bad", "--reject-file", "bad.csv")
    assert (code, unhashed) == (7, ["Quiet-River-Lamp-42"])
    assert database.rows("SELECT email FROM users") == [("ok@example.com",)]
    assert "x1x1" in (environment / "bad.csv").read_text()


def test_only_the_policy_can_be_skipped_and_with_a_reason(
    cli: Cli, environment: Path, database: Database, unhashed: list[str]
) -> None:
    (environment / "u.csv").write_text("email,password\ns@example.com,short\n")
    code, _, err = cli("import", "u.csv", "--hash-passwords")
    reason = "the password has 5 characters; the policy requires 15 or more"
    assert (code, err.splitlines()[0]) == (2, f"error: u.csv:2: {reason}")
    assert cli("import", "u.csv", "--hash-passwords", "--skip-policy")[0] == 2
    assert unhashed == []
    assert cli("import", "u.csv", "--hash-passwords", "--skip-policy", "--reason", "moved")[0] == 0
    assert unhashed == ["short"]
    (environment / "l.csv").write_text(LONG + f"h@example.com,{BCRYPT}\n")
    code, _, err = cli("import", "l.csv", "--hash-passwords", "--skip-policy", "--reason", "moved")
    assert (code, [line[:15] for line in err.splitlines()[:3]]) == (
        2,
        [f"error: l.csv:{line}:" for line in (3, 4, 5)],
    )


def test_skip_policy_goes_with_hash_passwords(cli: Cli, environment: Path) -> None:
    (environment / "u.csv").write_text("email\ns@example.com\n")
    code, _, err = cli("import", "u.csv", "--skip-policy", "--reason", "x")
    assert (code, err) == (2, "error: --skip-policy requires --hash-passwords\n")


def test_only_users_who_came_are_counted_without_their_password(cli: Cli, environment: Path) -> None:
    stored = "$apr1$salt$" + "x" * 5
    (environment / "h").write_text(f"ada:{stored}\nada:{stored}\nb b:{stored}\n")
    code, out, err = cli(
        *("import", "h", "--from", "htpasswd", "--email-domain", "example.com", "--skip-bad", "-o", "json")
    )
    assert (code, json.loads(out)["created"]) == (7, 1)
    assert "1 user came without their password: " in err
