"""The pepper of Devise: which hashes it belongs to, where it comes from, and that it shows nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import bcrypt
import pytest

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.hash_forms import identify, looks_like_hash, require_hash
from usercli.passwords import PasswordHasher, Verdict
from usercli.readers import BadRecord, Record
from usercli.readers.foreign_hashes import peppered as with_prefix
from usercli.services.auth import AuthService, SignInRefused

pytestmark = pytest.mark.either_engine

PEPPER = "6Wow67q1wZQZpUUeI6G2LsWUu4XKx"
#: Password, pepper and hash: CASino's authenticator for ActiveRecord (of Devise's tables), its specification;
#: nextcloud/server, tests/lib/Security/HasherTest.php, where `passwordsalt` is the same.
PUBLISHED = [
    ("testpassword3", "abcdefg", "$2a$10$ndCGPWg5JFMQH/Kl6xKe.OGNaiG7CFIAVsgAOJU75Q6g5/FpY5eX6"),
    ("password", PEPPER, "$2a$08$emCpDEl.V.QwPWt5gPrqrOhdpH6ailBmkj2Hd2vD5U8qIy20HBe7."),
    ("owncloud.com", PEPPER, "$2a$08$YbEsyASX/hXVNMv8hXQo7ezreN17T8Jl6PjecGZvpX.Ayz2aUyaZ2"),
]
PASSWORD = "Quiet-River-Lamp-42"
NO = Verdict(False)


def devise(password: str, pepper: str) -> str:
    """lib/devise/encryptor.rb; bcrypt-ruby gives all bytes to crypt_blowfish, which reads 72."""
    data = f"{password}{pepper}".encode()[:72]
    return "$pepper" + bcrypt.hashpw(data, bcrypt.gensalt(4, b"2a")).decode()


@pytest.fixture
def pepper_file(tmp_path: Path) -> Path:
    path = tmp_path / "pepper"
    path.write_text(PEPPER + "\n")
    path.chmod(0o600)
    return path


def hasher(path: Path | None, cost: int = 4) -> PasswordHasher:
    return PasswordHasher(cost=cost, pepper_file=path)


@pytest.mark.parametrize(("password", "pepper", "stored"), PUBLISHED)
def test_a_published_hash_verifies_with_its_pepper(
    pepper_file: Path, password: str, pepper: str, stored: str
) -> None:
    pepper_file.write_text(pepper)
    with_pepper = hasher(pepper_file)
    assert require_hash("$pepper" + stored) == "$pepper" + stored
    assert with_pepper.verify(password, "$pepper" + stored) == Verdict(True, True)
    assert with_pepper.verify(password + "x", "$pepper" + stored) == NO
    assert with_pepper.verify(password, stored) == NO


@pytest.mark.parametrize("password", [PASSWORD, "pässwörd €uro 日本語", "x" * 70, "x" * 72, "€" * 24])
@pytest.mark.parametrize("pepper", ["p", "0123456789abcdef" * 8])
def test_of_password_and_pepper_72_bytes_count(pepper_file: Path, password: str, pepper: str) -> None:
    pepper_file.write_text(pepper)
    stored = devise(password, pepper)
    assert hasher(pepper_file).verify(password, stored).ok
    assert hasher(pepper_file).verify(password[:-1], stored) == NO
    assert hasher(pepper_file).verify(password + "x", stored) == NO
    assert hasher(pepper_file).verify(password + pepper, stored) == NO


def test_the_pepper_belongs_to_no_other_hash(pepper_file: Path) -> None:
    with_pepper, without = hasher(pepper_file), hasher(None)
    for stored in (without.hash(PASSWORD), PasswordHasher("bcrypt_sha256", 4).hash(PASSWORD)):
        assert with_pepper.verify(PASSWORD, stored) == without.verify(PASSWORD, stored)
        assert with_pepper.verify(PASSWORD + PEPPER, stored) == NO
    made = with_pepper.hash(PASSWORD)
    assert made.startswith("$2b$04$")
    assert without.verify(PASSWORD, made) == Verdict(True)


def test_of_a_file_only_hashes_of_bcrypt_get_the_prefix() -> None:
    plain, argon2 = {"email": "a@example.com"}, "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$" + "A" * 43
    [(_, _, stored), *_] = PUBLISHED
    hashes = [stored, stored.replace("$2a$", "$2y$"), "$pepper" + stored, argon2, "!"]
    users = [*(Record(1, plain | {"hashed_password": text}) for text in hashes), Record(1, dict(plain))]
    found = list(with_prefix([*users, BadRecord(2, "no user", None)]))
    expected = ["$pepper" + hashes[0], "$pepper" + hashes[1], *hashes[2:], None]
    assert [user.fields.get("hashed_password") for user in found if isinstance(user, Record)] == expected
    assert found[-1] == BadRecord(2, "no user", None)


def test_a_hash_with_a_pepper_is_known_by_its_prefix(computed: list[bytes]) -> None:
    stored = devise(PASSWORD, PEPPER)
    computed.clear()
    assert (str(identify(stored)), looks_like_hash(stored)) == ("peppered_bcrypt, cost 4", True)
    assert identify(stored[:-1]).scheme == "malformed"
    assert not identify(stored.replace("$04$", "$16$")).work.is_bounded()
    assert hasher(None).verify(PASSWORD, stored) == Verdict(False, lacks="the setting pepper_file")
    assert [config[:7] for config in computed] == [b"$2b$04$"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_line_end_is_removed(pepper_file: Path, end: str) -> None:
    pepper_file.write_bytes(f" {PEPPER} {end}".encode())
    assert hasher(pepper_file).verify(PASSWORD, devise(PASSWORD, f" {PEPPER} ")).ok
    pepper_file.write_bytes(f"{PEPPER}\n{end}".encode())
    assert hasher(pepper_file).verify(PASSWORD, devise(PASSWORD, PEPPER)).ok is (end == "")


def test_the_file_is_read_when_it_is_needed(pepper_file: Path) -> None:
    pepper_file.unlink()
    late = hasher(pepper_file)
    assert late.verify(PASSWORD, late.hash(PASSWORD)).ok
    with pytest.raises(InvalidInput, match="cannot read the pepper in"):
        late.verify(PASSWORD, devise(PASSWORD, PEPPER))
    pepper_file.write_text(PEPPER)
    pepper_file.chmod(0o400)
    assert late.verify(PASSWORD, devise(PASSWORD, PEPPER)).ok


BAD = {
    b"": "the pepper in {} is empty",
    b"\n": "the pepper in {} is empty",
    b"x" * 5000: "the pepper in {} is longer than 4096 bytes",
    b"a\0b": "the pepper contains a NUL character",
}


@pytest.mark.parametrize("content", BAD, ids=range(len(BAD)))
def test_what_is_no_pepper_is_named_and_never_shown(pepper_file: Path, content: bytes) -> None:
    pepper_file.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        hasher(pepper_file).verify(PASSWORD, devise(PASSWORD, PEPPER))
    assert caught.value.message == BAD[content].format(pepper_file)


def others_can_read(path: Path) -> str:
    return f"others can read the pepper in {path}; run: chmod 600 {path}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o644])
def test_a_file_that_others_can_read_is_refused(pepper_file: Path, mode: int) -> None:
    pepper_file.chmod(mode)
    with pytest.raises(InvalidInput) as caught:
        hasher(pepper_file).verify(PASSWORD, devise(PASSWORD, PEPPER))
    assert caught.value.message == others_can_read(pepper_file)


@pytest.fixture
def peppered(cli: Cli, environment: Path, database: Database) -> str:
    """A user whose hash has the pepper."""
    stored = devise(PASSWORD, PEPPER)
    line = json.dumps({"email": "ada@example.com", "hashed_password": stored})
    (environment / "users.jsonl").write_text(line + "\n")
    assert cli("import", "users.jsonl")[0] == 0
    assert database.rows("SELECT hashed_password FROM users") == [(stored,)]
    return stored


def verify(cli: Cli, password: str = PASSWORD) -> tuple[int, str, str]:
    return cli("password", "verify", "ada@example.com", "--password-stdin", stdin=password)


@pytest.mark.parametrize("way", ["environment", "configuration file"])
def test_a_sign_in_replaces_the_hash_by_one_without(
    cli: Cli,
    environment: Path,
    database: Database,
    peppered: str,
    pepper_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    if way == "environment":
        monkeypatch.setenv("USERCLI_PEPPER_FILE", str(pepper_file))
    else:
        (environment / "c.toml").write_text(f'pepper_file = "{pepper_file}"\n')
        monkeypatch.setenv("USERCLI_CONFIG", str(environment / "c.toml"))
    assert verify(cli, PASSWORD + "x") == (8, "", "")
    assert verify(cli, PASSWORD + PEPPER) == (8, "", "")
    assert verify(cli) == (0, "", "")
    [(stored,)] = database.rows("SELECT hashed_password FROM users")
    assert stored.startswith("$2b$04$")
    assert bcrypt.checkpw(PASSWORD.encode(), stored.encode())
    monkeypatch.delenv("USERCLI_PEPPER_FILE", raising=False)
    assert verify(cli) == (0, "", "")


@pytest.mark.parametrize("is_set", [True, False])
def test_a_table_of_devise_gets_the_prefix_where_the_setting_is(
    cli: Cli,
    environment: Path,
    database: Database,
    pepper_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_set: bool,
) -> None:
    if is_set:
        monkeypatch.setenv("USERCLI_PEPPER_FILE", str(pepper_file))
    stored = devise(PASSWORD, PEPPER)
    table = f"id,email,encrypted_password\n1,ada@example.com,{stored.removeprefix('$pepper')}\n"
    (environment / "users.csv").write_text(table)
    assert cli("import", "users.csv", "--from", "devise")[0] == 0
    expected = stored if is_set else stored.removeprefix("$pepper")
    assert database.rows("SELECT hashed_password FROM users") == [(expected,)]
    assert verify(cli)[0] == (0 if is_set else 8)


def test_without_the_setting_it_is_named_and_counted(cli: Cli, peppered: str) -> None:
    said = "warning: the stored hash cannot be checked here: it needs the setting pepper_file\n"
    assert verify(cli) == (8, "", said)
    code, out, _ = cli("password", "audit", "-o", "json", "--fail-on", "unsupported")
    report = json.loads(out)
    assert (code, report["findings"]) == (7, [{"finding": "unsupported", "users": 1}])
    assert report["schemes"] == [{"scheme": "peppered_bcrypt", "cost": 4, "users": 1}]


def test_a_service_is_told_too(database: Database, peppered: str, pepper_file: Path) -> None:
    with pytest.raises(SignInRefused) as caught:
        AuthService(database.uow, hasher(None)).authenticate("ada@example.com", PASSWORD)
    assert caught.value.lacks == "the setting pepper_file"
    auth = AuthService(database.uow, hasher(pepper_file))
    assert auth.authenticate("ada@example.com", PASSWORD).user.email == "ada@example.com"


def test_it_goes_out_and_comes_back_as_it_is(
    cli: Cli, environment: Path, database: Database, peppered: str
) -> None:
    assert cli("export", "back.jsonl", "--with-hashes")[0] == 0
    assert peppered in (environment / "back.jsonl").read_text()
    database.rows("DELETE FROM users")
    assert cli("import", "back.jsonl")[0] == 0
    assert database.rows("SELECT hashed_password FROM users") == [(peppered,)]
    code, _, err = cli("export", "users.json", "--to", "django", "--with-hashes")
    assert (code, "hashed_password (peppered_bcrypt) of 1" in err) == (0, True)


def test_the_pepper_shows_nowhere(
    cli: Cli, peppered: str, pepper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_PEPPER_FILE", str(pepper_file))
    code, out, _ = cli("config", "show", "-o", "json", "--fields", "name,value,source")
    settings = {item["name"]: (item["value"], item["source"]) for item in json.loads(out)}
    assert settings["pepper_file"] == (str(pepper_file), "environment USERCLI_PEPPER_FILE")
    told = [out]
    for mode in (0o600, 0o644):
        pepper_file.chmod(mode)
        told += verify(cli, "wrong")[1:]
        for command in (
            ("--debug", "password", "audit"),
            ("doctor",),
            ("audit", "log"),
            ("--debug", "config", "show"),
        ):
            told += cli(*command)[1:]
    assert others_can_read(pepper_file) in "".join(told)
    assert PEPPER not in "".join(told)
    assert verify(cli) == (2, "", f"error: {others_can_read(pepper_file)}\n")
    code, out, _ = cli("doctor")
    assert (code, others_can_read(pepper_file) in out) == (7, True)
