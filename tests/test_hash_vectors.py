"""Hashes that other projects publish of known passwords: each verifies, whichever way it comes in."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from tests.test_passwords import HASHER
from usercli.errors import InvalidInput
from usercli.hash_forms import UnsupportedHash, identify, in_our_spelling, looks_like_hash, require_hash
from usercli.passwords import Verdict
from usercli.readers.foreign_hashes import Secret, keep
from usercli.services.auth import AuthService
from usercli.system_crypt import crypt, has_yescrypt, yescrypt_numbers

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")


@dataclass(frozen=True)
class Vector:
    """A hash of a password, and the scheme under which it is stored."""

    scheme: str
    password: str
    hash: str


#: By where they are published.
PUBLISHED = {
    # Spring Security's reference, "Password Storage Format"
    "spring-security": [
        Vector("bcrypt", "password", "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG"),
        Vector(
            "pbkdf2_sha1",
            "password",
            "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc",
        ),
        Vector(
            "scrypt",
            "password",
            "{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$"
            "OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=",
        ),
        # MessageDigestPasswordEncoderTests.java
        Vector("salted_digest", "abc123", "{MD5}{THIS_IS_A_SALT}a68aafd90299d0b137de28fb4bb68573"),
        Vector("salted_digest", "abc123", "{SHA-1}{THIS_IS_A_SALT}b2f50ffcbd3407fe9415c062d55f54731f340d32"),
        Vector(
            "salted_digest",
            "abc123",
            "{SHA-256}{THIS_IS_A_SALT}4b79b7de23eb23b78cc5ede227d532b8a51f89b2ec166f808af76b0dbedc47d7",
        ),
    ],
    # dotnet/aspnetcore, src/Identity/test/Identity.Test/PasswordHasherTest.cs: version 2, and 3 with each digest
    "aspnetcore": [
        Vector(
            "pbkdf2_sha1", "my password", "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg=="
        ),
        Vector(
            "pbkdf2_sha1", "my password", "ANXrDknc7fGPpigibZXXZFMX4aoqz44JveK6jQuwY3eH/UyPhvr5xTPeGYEckLxz9A=="
        ),
        Vector("pbkdf2_phc", "my password", "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M"),
        Vector(
            "pbkdf2_sha256",
            "my password",
            "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==",
        ),
        Vector("pbkdf2_phc", "my password", "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw"),
        Vector(
            "pbkdf2_sha512",
            "my password",
            "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8"
            "IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==",
        ),
        Vector(
            "pbkdf2_phc",
            "my password",
            "AQAAAAIAACcQAAAAEAABAgMEBQYHCAkKCwwNDg9B0Oxwty+PGIDSp95gcCfzeDvA4sGapUIUov8usXfD6A==",
        ),
    ],
    # hashcat's example hashes, mode 7900
    "drupal": [Vector("drupal", "hashcat", "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf")],
    # dovecot/core, src/auth/test-libpassword.c
    "dovecot": [
        Vector("md5_crypt", "test", "{MD5}$1$wmyrgRuV$kImF6.9MAFQNHe23kq5vI/"),
        Vector("md5_crypt", "test", "{MD5-CRYPT}$1$GgvxyNz8$OjZhLh4P.gF1lxYEbLZ3e/"),
        Vector("salted_digest", "test", "{SHA1}qUqP5cyxm6YcTAhz05Hph5gvu9M="),
        Vector("salted_digest", "test", "{SMD5}JTu1KRwptKZJg/RLd+6Vn5GUd0M="),
        Vector("salted_digest", "test", "{LDAP-MD5}CY9rzUYh03PK3k6DJie09g=="),
        Vector("salted_digest", "test", "{SHA256}n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="),
        Vector(
            "salted_digest",
            "test",
            "{SHA512}7iaw3Ur350mqGo7jwQrpkj9hiYB3Lkc/iBml1JQODbJ6wYX4oOHV+E+IvIh/1nsUNzLDBMxfqa2Ob1f1ACio/w==",
        ),
        Vector("ldap_salted_sha1", "test", "{SSHA}H/zrDv8FXUu1JmwvVYijfrYEF34jVZcO"),
        Vector("pbkdf2_sha1", "test", "{PBKDF2}$1$bUnT4Pl7yFtYX0KU$5000$50a83cafdc517b9f46519415e53c6a858908680a"),
        Vector("bcrypt", "test", "{BLF-CRYPT}$2y$05$11ipvo5dR6CwkzwmhwM26OXgzXwhV2PyPuLV.Qi31ILcRcThQpEiW"),
        Vector(
            "argon2",
            "test",
            "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$f2iuP4aUeNMrgu34fhOkkg$"
            "1XSZZMWlIs0zmE+snlUIcLADO3GXbA2O/hsQmmc317k",
        ),
    ],
    # nextcloud/server, tests/lib/Security/HasherTest.php; `3|` is written since, with the same verify
    "nextcloud": [
        Vector("bcrypt", "password", "1|$2a$05$ezAE0dkwk57jlfo6z5Pql.gcIK3ReXT15W7ITNxVS0ksfhO/4E4Kq"),
        Vector(
            "argon2",
            "password",
            "2|$argon2i$v=19$m=1024,t=2,p=2$T3JGcEkxVFNOVktNSjZUcg$4/hyLtSejxNgAuzSFFV/HLM3qRQKBwEtKw61qPN4zWA",
        ),
        Vector(
            "argon2",
            "password",
            "3|$argon2id$v=19$m=65536,t=4,p=1$TEtIMnhUczliQzI0Y01WeA$BpMUDrApy25iagIogUAnlc0rNTPJmGs8lOEeVHujJ9Q",
        ),
    ],
    # Openwall's phpass, test.php; passlib's test_handlers.py (of phpBB); FusionAuth's example for WordPress
    "phpass": [
        Vector("phpass", "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
        Vector("phpass", "test1", "$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00"),
        Vector("phpass", "123456", "$P$BVaXtDXwf/ceSVp8VpLKx8bS2Y4O5F/"),
    ],
    # hashcat's example of mode 35500
    "wordpress": [
        Vector("wordpress_bcrypt", "hashcat", "$wp$2y$10$lzlQrRRhLSjz486bA9CKHuZRPoKz4uviT251Sq/r5OzKUBbrXwnQW"),
    ],
    # techmonger.github.io/4/secure-passwords-werkzeug
    "werkzeug": [
        Vector(
            "hmac_digest",
            "P1ain-text-user-passw@rd",
            "sha256$lTsEjTVv$c794661e2c734903267fbc39205e53eca607f9ca2f85812c95020fe8afb3bc62",
        ),
    ],
    # ory/kratos, hash/hasher_test.go
    "kratos": [
        Vector(
            "hmac_digest",
            "test",
            "$hmac-sha256$ZTAzMWJhMWMyOTM4YjFkMjgzZjkxOWExZGY5YWM2NmMxOTJhN2RkNzQ0MzJkNWZkNGFkYTI5OTk0MWJhMTA5Zg==$"
            "MTIzNDU=",
        ),
    ],
    # thesubtlety/389-ds-password-check, README.md
    "389-ds": [
        Vector(
            "pbkdf2_sha256",
            "Password123",
            "{PBKDF2_SHA256}AAAnEGTxXtnR/oox922/jZyjH6fmiIdW4AwIYZE2LfCVL/SUz5GbAHfjRj4NbN2u8ul0/j/dUzJ4gQSawGALGHZV"
            "74nOAtPttoZDTsh7BeGCLD/Ps7vRugwDdz9uPARXzF3bD/8qCpumvRGb4pehzfQsk+FnGgTwi0rUeVaN8a7Kbv8ZpRfU2sd+208F/YL4"
            "2BWAh/2tv0I4vY7ZsrCZcrUJtgKWy5Nr+t78zmPkrZsX/kgfnGdXhr50kN10cmkLQ0/cZOXo9CAkpeZyFu+wQ5vQdUaES2Vd5kBjJYPC"
            "kr4b2ocr4ETQi3IGO2GGCoCetmMIETsudRVSxUNBbva+Vgxin5Apu4wIP/0ZyuGK6TuWLqLnNpmK3RkRx0xjqJ4nN2Ok0ul0XYBJcYIB"
            "t4UoaVM2uSa/Etw28Uy+zAsUv2AOiRo5",
        ),
    ],
}
VECTORS = [pytest.param(vector, id=f"{name}-{n}") for name in PUBLISHED for n, vector in enumerate(PUBLISHED[name])]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_published_hash_verifies(vector: Vector) -> None:
    stored = require_hash(vector.hash)
    assert (identify(stored).scheme, require_hash(stored)) == (vector.scheme, stored)
    verdict = HASHER.verify(vector.password, stored)
    assert (verdict.ok, verdict.outdated) == (True, vector.scheme != "bcrypt")
    assert not HASHER.verify(vector.password + "x", stored).ok
    assert not HASHER.verify(vector.password[:-1] + "-", stored).ok
    assert keep(vector.hash) == Secret(stored)
    assert looks_like_hash(vector.hash)
    assert looks_like_hash(stored)


#: One of each family, as it comes.
FAMILIES = [vectors[0] for vectors in PUBLISHED.values()]


def emails() -> dict[str, Vector]:
    return {f"user{number}@example.com": vector for number, vector in enumerate(FAMILIES)}


def stored_hashes(database: Database) -> dict[str, str]:
    return dict(database.rows("SELECT email, hashed_password FROM users ORDER BY email"))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_each_is_imported_seen_by_the_audit_exported_and_renewed(
    cli: Cli, environment: Path, database: Database
) -> None:
    lines = [json.dumps({"email": email, "hashed_password": vector.hash}) for email, vector in emails().items()]
    (environment / "users.jsonl").write_text("\n".join([*lines, ""]))
    code, _, err = cli("import", "users.jsonl")
    assert (code, "without their password" in err) == (0, False)
    before = stored_hashes(database)
    assert before == {email: require_hash(vector.hash) for email, vector in emails().items()}

    code, out, _ = cli("password", "audit", "-o", "json")
    report = json.loads(out)
    assert {item["scheme"] for item in report["schemes"]} == {vector.scheme for vector in FAMILIES}
    assert {item["finding"] for item in report["findings"]} == {"below_policy"}

    assert cli("export", "back.jsonl", "--with-hashes")[0] == 0
    assert cli("import", "back.jsonl", "--on-conflict", "update", "--update-passwords")[0] == 0
    assert stored_hashes(database) == before

    for email, vector in emails().items():
        assert cli("password", "verify", email, "--password-stdin", stdin=vector.password + "x")[0] == 8
        assert stored_hashes(database)[email] == before[email]
        assert cli("password", "verify", email, "--password-stdin", stdin=vector.password) == (0, "", "")
        assert HASHER.verify(vector.password, stored_hashes(database)[email]).ok
    code, out, _ = cli("password", "audit", "-o", "json")
    assert {item["scheme"] for item in json.loads(out)["schemes"]} == {"bcrypt"}


def test_a_service_lets_them_in(database: Database) -> None:
    from usercli.schemas.users import UserCreate
    from usercli.services.users import create_user

    auth = AuthService(database.uow, HASHER)
    for email, vector in emails().items():
        create_user(UserCreate(email=email), database.uow(), hashed_password=vector.hash)
        assert auth.authenticate(email, vector.password).user.email == email
        assert stored_hashes(database)[email].startswith("$2")


#: Of Quiet-River-Lamp-42.
OF_ONE_PASSWORD = [
    "scrypt:32768:8:1$YvGzBdNgWWULzHQV$4aaf49455104dbf8918f762024fa383db8e6a8eb3800a5d6709848c69c0627614d67caa304e35cb0"
    "398e85cc06b39db3a1860b439f6a502dc42fac414316326b",
    "pbkdf2:sha256:600000$UJ1FDjo4er0AG6Rv$847d58625c9081d7765bf2eb358f55fdbb8d49670cd3b10d8a8f38324c1649aa",
    "pbkdf2:sha512:210000$arkhDbqucAQdUpYW$651d6608ad59c1ace3c5a174de36e1b771e39e61547311ae9be644a59e71c4796ab3c4aa1df76"
    "9418ef6da7f2349fad2f0f70d489063e80cfbc12a46aa7a6462",
    "sha256$Zk3pQw9aTtY1$0362978dd4a2a4c1e1fc60732c445fc504af4defdb67c05ba5f3b5c5a876b02e",
    "sha1$Zk3pQw9aTtY1$4e3fd9b7117b4701b16fd593c424e5d53903d183",
    "pbkdf2:sha1:1000$Zk3pQw9aTtY1$db43aaceb9b353470a5819aee6fb7f80e9a19646",
    "{CRYPT}$2y$10$QIxI5EbvEUAwecv/me3aVOkpIpGRUOHHc8uhmxaidVZKsPxzN3jKe",
    "{CRYPT}$6$V83TI8nhbrO7ef4M$SjAv42No1m2Gx.i5fmQiBMi3z7yng/VTLEUAed6bBqDm3B4vJUbSLYkN5mmuwGW"
    "VCfL1c71geDRqskvIlVvSw/",
    "{BLF-CRYPT}$2y$10$QIxI5EbvEUAwecv/me3aVOkpIpGRUOHHc8uhmxaidVZKsPxzN3jKe",
    "{SHA512-CRYPT}$6$TbuzDMgpvoELilPV$rv5lmNmewH/P9hZikj1Qrear8rA.eO.6/IqT/R.J0iwujPKdwegOYoO30R0mKSg.jOnrrWZTsBJf/zlt"
    "ArZ9f/",
    "1|$2y$10$QIxI5EbvEUAwecv/me3aVOkpIpGRUOHHc8uhmxaidVZKsPxzN3jKe",
    "$argon2id$v=19$m=19456,t=2,p=1$R+gdQwjB2Fur9R7j/P+/Vw$SRf4C/wUAcvBjutEUFB1bWWgOO8IrWFZ0Phm3Hv6PSU",
]


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("system", ["jsonl", "airflow"])
def test_one_password_in_many_spellings(cli: Cli, environment: Path, database: Database, system: str) -> None:
    key = "hashed_password" if system == "jsonl" else "password"
    users = [
        {"email": f"user{number:02}@example.com", "firstname": str(number), key: text}
        for number, text in enumerate(OF_ONE_PASSWORD)
    ]
    if system == "jsonl":
        users = [{name: value for name, value in user.items() if name != "firstname"} for user in users]
    (environment / "users.jsonl").write_text("\n".join([*map(json.dumps, users), ""]))
    assert cli("import", "users.jsonl", "--from", system)[0] == 0
    stored = stored_hashes(database)
    assert list(stored.values()) == [require_hash(text) for text in OF_ONE_PASSWORD]
    if system == "jsonl":
        assert all(HASHER.verify("Quiet-River-Lamp-42", text).ok for text in stored.values())


def test_a_damaged_hash_of_another_system_is_counted_as_such(
    cli: Cli, environment: Path, database: Database
) -> None:
    fields = {"email": "a@example.com", "password": "pbkdf2_sha256$600000$abc"}
    (environment / "d.json").write_text(json.dumps([{"model": "auth.user", "pk": 1, "fields": fields}]))
    code, _, err = cli("import", "d.json", "--from", "django")
    told = "warning: 1 user came without their password: malformed django_pbkdf2_sha256 hash"
    assert (code, err.splitlines()[0], stored_hashes(database)) == (0, told, {"a@example.com": "!"})


@pytest.mark.parametrize("blank", [" ", "\n", "\t\v"])
def test_wordpress_trims_a_password_before_it_hashes_it(blank: str) -> None:
    """tests/phpunit/tests/auth.php, data_passwords_with_whitespace."""
    [vector] = PUBLISHED["wordpress"]
    assert HASHER.verify(blank + vector.password + blank, vector.hash).ok
    assert not HASHER.verify(vector.password[:3] + blank + vector.password[3:], vector.hash).ok


@pytest.mark.parametrize(
    "text",
    [
        "AAABAgMEBQYHCAkKCwwNDg+uAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAALtH1uJg==",
        "AQAAAAAAAAD6AAAAEAhftMyfTJyAAAAAAAAAAAAAAAAAAAih5WsjXaR3PA9M",
        "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4A=",
        "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHwAAAAAAAAAAAA",
    ],
)
def test_what_aspnetcore_does_not_verify_is_not_verified(text: str) -> None:
    """PasswordHasherTest.cs, VerifyHashedPassword_FailureCases."""
    assert not HASHER.verify("my password", in_our_spelling(text)).ok


@pytest.mark.parametrize("text", ["{noop}password", "{noop}x", "{PLAIN}test", "{cleartext}a b", "plain$$default"])
def test_plain_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnsupportedHash) as caught:
        require_hash(text)
    assert caught.value.name in {"noop", "plain", "cleartext", "werkzeug_plain"}
    assert looks_like_hash(text)


# -- yescrypt, where libcrypt has it

#: openwall/yescrypt-go, yescrypt_test.go, made by libxcrypt.
YESCRYPT = [
    Vector("yescrypt", "test1", "$y$j75$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC"),
    Vector("yescrypt", "test3", "$y$j7T$aoovSEloTaFiZVMrFisfy.$wLTAPbITTB/XIpAGwcX0xxRCFEcDgPWpXTsij0SEbC5"),
    Vector("yescrypt", "test5", "$y$j9T$fqIAg4Vpv9o1MKgWMnyax.$BxkUx27fLJlPOfyIfNEBPzjrDQ95LXKgN5OJii3GL7."),
    Vector("yescrypt", "salt length 0", "$y$j7.$$cmp7v9bzgyAhctAaiyqG56MBYN2IYzfI5LvybJCKacD"),
    Vector("yescrypt", "salt length 4", "$y$j7.$////$WXGIKO.4sthsRPnpY0/.OhyrlEkLcS1pymEGTbJA/l."),
]
where_it_is = pytest.mark.skipif(not has_yescrypt(), reason="the system's libcrypt has no yescrypt")


@where_it_is
@pytest.mark.parametrize("vector", YESCRYPT)
def test_yescrypt_verifies(vector: Vector) -> None:
    assert require_hash("{CRYPT}" + vector.hash) == require_hash(vector.hash) == vector.hash
    assert str(identify(vector.hash)) == f"yescrypt, cost {12 if vector.hash[4] == '9' else 10}"
    assert HASHER.verify(vector.password, vector.hash) == Verdict(True, True)
    assert HASHER.verify(vector.password + "x", vector.hash) == Verdict(False)
    assert identify(vector.hash[:-1]).scheme == "malformed"


@where_it_is
@pytest.mark.parametrize("length", [511, 512])
def test_a_password_longer_than_libcrypt_reads_does_not_match(length: int, computed: list[bytes]) -> None:
    stored = crypt(b"x" * 511, "$y$j75$abcd")
    assert HASHER.verify("x" * length, stored).ok is (length == 511)
    assert len(computed) == (0 if length == 511 else 1)


@where_it_is
def test_the_work_of_yescrypt_is_bounded() -> None:
    rest = "$abcd$" + "." * 43
    assert require_hash("$y$jDT" + rest) == "$y$jDT" + rest
    for numbers, said in (
        ("jET", "needs 512 MiB (yescrypt, cost 17)"),
        ("jD5.r.", "take about 78 s (yescrypt, cost 16)"),
    ):
        with pytest.raises(InvalidInput) as caught:
            require_hash(f"$y${numbers}{rest}")
        assert said in caught.value.message
        assert not HASHER.verify("x", f"$y${numbers}{rest}").ok


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("j9T", (12, 32, 1, 0)), ("jD5.7", (16, 8, 11, 0)), ("jC4", (15, 7, 1, 0)), ("/A2", (13, 5, 1, 0))],
)
def test_the_numbers_of_yescrypt(text: str, numbers: tuple[int, ...]) -> None:
    """openwall/yescrypt, tests.c and TESTS-OK."""
    assert astuple(yescrypt_numbers(text)) == numbers


@pytest.mark.parametrize("text", ["", "j", "j9", "j9T5", "j9T.", "j9T....", "jz", "j9Tz", "jzzzzzz", "é9T"])
def test_other_texts_are_no_numbers_of_yescrypt(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        yescrypt_numbers(text)


def test_without_it_a_hash_of_yescrypt_is_left_out_by_name(
    cli: Cli, environment: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usercli.system_crypt._libcrypt", lambda: None)
    [vector, *_] = YESCRYPT
    with pytest.raises(InvalidInput) as caught:
        require_hash(vector.hash)
    assert caught.value.message == "the hash is of the scheme yescrypt, which needs a libcrypt with yescrypt"
    (environment / "shadow").write_text(f"a@example.com:{vector.hash}:19000::::::\n")
    code, _, err = cli("import", "shadow", "--from", "shadow")
    told = "unsupported scheme yescrypt (the system's libcrypt has none)"
    assert (code, err.splitlines()[0]) == (0, f"warning: 1 user came without their password: {told}")
    database.rows("UPDATE users SET hashed_password = :hash", hash=vector.hash)
    said = "warning: the stored hash cannot be checked here: it needs a libcrypt with yescrypt\n"
    assert cli("password", "verify", "a@example.com", "--password-stdin", stdin=vector.password) == (8, "", said)
