"""Every spelling of the table gets the same answer, whichever way the hash comes in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from tests.test_formats_peers import read
from tests.test_password_costs import damaged_hashes
from tests.test_passwords import CUT, GOST, HASH, HASHER, UNKNOWN, VECTORS
from usercli.errors import InvalidInput
from usercli.hash_forms import (
    FORMS,
    HashForm,
    UnsupportedHash,
    identify,
    in_our_spelling,
    looks_like_hash,
    require_hash,
)
from usercli.passwords import PasswordHasher
from usercli.readers import Record
from usercli.readers.foreign_hashes import Secret, keep
from usercli.schemas.import_rows import RowParser
from usercli.schemas.users import UserCreate, UserKey
from usercli.services.password_rules import NewPassword
from usercli.services.passwords import set_password
from usercli.services.users import create_user

pytestmark = [
    pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2"),
    pytest.mark.either_engine,
]

PASSWORD = "Quiet-River-Lamp-42"
DATA, SALT = PASSWORD.encode(), b"Zk3pQw9aTtY1"
BCRYPT = HASHER.hash(PASSWORD)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pbkdf2(digest: str) -> bytes:
    return hashlib.pbkdf2_hmac(digest, DATA, SALT, 1000)


def scrypt(size: int = 64) -> bytes:
    return hashlib.scrypt(DATA, salt=SALT, n=1024, r=8, p=1, dklen=size)


def aspnet(number: int, digest: str, size: int) -> str:
    """PasswordHasher.cs, HashPasswordV3."""
    key = hashlib.pbkdf2_hmac(digest, DATA, SALT, 1000, size)
    return b64(b"\1" + b"".join(n.to_bytes(4, "big") for n in (number, 1000, len(SALT))) + SALT + key)


def spring_pbkdf2(digest: str, salt: bytes, rounds: int) -> str:
    """Pbkdf2PasswordEncoder.java."""
    return (salt + hashlib.pbkdf2_hmac(digest, DATA, salt, rounds, 32)).hex()


def werkzeug_digest(algorithm: str) -> str:
    """_hash_internal of werkzeug/security.py, before 3."""
    return f"{algorithm}${SALT.decode()}${hmac.new(SALT, DATA, algorithm).hexdigest()}"


def ds389() -> str:
    """pbkdf2_pwd.c of 389 Directory Server."""
    salt = SALT * 5 + b"abcd"
    return b64((1000).to_bytes(4, "big") + salt + hashlib.pbkdf2_hmac("sha256", DATA, salt, 1000, 256))


def wordpress() -> str:
    """wp_hash_password of 6.8."""
    prepared = base64.b64encode(hmac.new(b"wp-sha384", DATA, "sha384").digest())
    return "$wp" + bcrypt.hashpw(prepared, bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")


def made_by(scheme: str) -> str:
    import passlib.hash

    handler: Any = getattr(passlib.hash, scheme)
    made: str = (
        handler.using(rounds=1000).hash(PASSWORD) if "rounds" in handler.setting_kwds else handler.hash(PASSWORD)
    )
    return made


#: What is stored as it is, with the password that it matches.
AS_IT_IS = {vector["hash"]: vector["password"] for vector in VECTORS} | {
    PasswordHasher("bcrypt_sha256", 4).hash(PASSWORD): PASSWORD,
    made_by("pbkdf2_sha1"): PASSWORD,
    # of Werkzeug before 3: Django's spelling, another computation
    werkzeug_digest("sha1"): PASSWORD,
    werkzeug_digest("md5"): PASSWORD,
    f"$sha256$pf={b64(b'{PASSWORD}')}$${b64(hashlib.sha256(DATA).digest())}": PASSWORD,
    f"$hmac-sha1${b64(hmac.new(SALT, DATA, 'sha1').hexdigest().encode())}${b64(SALT)}": PASSWORD,
    f"$pbkdf2-sha512$i=1000,l=32${b64(SALT)}${b64(pbkdf2('sha512')[:32])}".rstrip("="): PASSWORD,
    wordpress(): PASSWORD,
    "$P$B12345678L6Lpt4BxNotVIMILOa9u81": "JohnRipper",  # passlib, tests/test_handlers.py
    "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf": "hashcat",  # its example hashes, mode 7900
}

#: What is stored in another spelling, and the scheme of that.
TRANSLATED = {
    f"$pbkdf2-sha256$i=1000,l=32${b64(SALT)}${b64(pbkdf2('sha256'))}".replace("=$", "$"): "pbkdf2_sha256",
    f"{{PBKDF2}}1000${b64(SALT)}${b64(pbkdf2('sha1'))}": "pbkdf2_sha1",
    f"{{PBKDF2-SHA512}}1000${b64(SALT)}${b64(pbkdf2('sha512'))}": "pbkdf2_sha512",
    f"{{PBKDF2}}$1${SALT.decode()}$1000${pbkdf2('sha1').hex()}": "pbkdf2_sha1",
    "{PBKDF2_SHA256}" + ds389(): "pbkdf2_sha256",
    f"$pbkdf2-sha256$i=1000,l=32${SALT.decode()}${pbkdf2('sha256').hex()}": "pbkdf2_sha256",  # Discourse
    "{pbkdf2}" + spring_pbkdf2("sha1", SALT[:8], 185_000): "pbkdf2_sha1",
    "{pbkdf2@SpringSecurity_v5_8}" + spring_pbkdf2("sha256", SALT + b"abcd", 310_000): "pbkdf2_sha256",
    f"{{scrypt@SpringSecurity_v5_8}}$a0801${b64(SALT)}${b64(scrypt(32))}": "scrypt",
    f"$a0801${b64(SALT)}${b64(scrypt(32))}": "scrypt",
    "{bcrypt@SpringSecurity_v5_8}" + BCRYPT: "bcrypt",
    b64(b"\0" + SALT + b"abcd" + hashlib.pbkdf2_hmac("sha1", DATA, SALT + b"abcd", 1000, 32)): "pbkdf2_sha1",
    aspnet(0, "sha1", 32): "pbkdf2_sha1",
    aspnet(1, "sha256", 32): "pbkdf2_sha256",
    aspnet(2, "sha512", 32): "pbkdf2_phc",
    aspnet(2, "sha512", 64): "pbkdf2_sha512",
    werkzeug_digest("sha256"): "hmac_digest",
    werkzeug_digest("sha512"): "hmac_digest",
    "{PLAIN-MD5}" + hashlib.md5(DATA).hexdigest(): "salted_digest",
    "{SSHA256.hex}" + (hashlib.sha256(DATA + SALT).digest() + SALT).hex(): "ldap_salted_sha256",
    "{SHA-512}{salt}" + hashlib.sha512(DATA + b"{salt}").hexdigest(): "salted_digest",
    "{MD5}" + hashlib.md5(DATA).hexdigest(): "salted_digest",
    f"{{SHA}}{b64(hashlib.sha1(DATA).digest())}": "salted_digest",
    f"{{ssha}}{b64(hashlib.sha1(DATA + SALT).digest() + SALT)}": "ldap_salted_sha1",
    f"{{SSHA}}{b64(hashlib.sha1(DATA + SALT * 2).digest() + SALT * 2)}": "salted_digest",
    f"{{SSHA384}}{b64(hashlib.sha384(DATA + SALT).digest() + SALT)}": "salted_digest",
    f"{{SMD5}}{b64(hashlib.md5(DATA + SALT).digest() + SALT)}": "salted_digest",
    "{CRYPT}" + BCRYPT.replace("$2b$", "$2y$"): "bcrypt",
    "{BLF-CRYPT}" + BCRYPT: "bcrypt",
    "{SHA512-CRYPT}" + made_by("sha512_crypt"): "sha512_crypt",
    "1|" + BCRYPT: "bcrypt",
    "$md5-crypt" + made_by("md5_crypt")[2:]: "md5_crypt",
    "$sha256-crypt" + made_by("sha256_crypt")[2:]: "sha256_crypt",
    f"pbkdf2:sha256:1000${SALT.decode()}${pbkdf2('sha256').hex()}": "pbkdf2_sha256",
    f"scrypt:1024:8:1${SALT.decode()}${scrypt().hex()}": "scrypt",
}

#: What cannot be verified, and its name.
NAMED = {
    f"pbkdf2:sha256${SALT.decode()}${pbkdf2('sha256').hex()}": "werkzeug",
    "$pbkdf2-md4$i=1,l=16$AAAA$AAAAAAAAAAAAAAAAAAAAAA": "pbkdf2_md4",
    "{PBKDF2-MD5}1$AAAA$AAAAAAAAAAAAAAAAAAAAAA": "pbkdf2_md5",
    "$wp$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAA": "wordpress",
    "unsalted_sha256$$" + "0" * 64: "unsalted_sha256",
    "sha224$Zk3pQw9aTtY1$" + "0" * 56: "sha224",
    "{SHA224}0UoCjCo6K8lHYQK7KII0xBWisB+CjqYqxbPkLw==": "sha224",
    "$2x$" + HASH[4:]: "bcrypt_2x",
    GOST: "gost_yescrypt",
    "{CRYPT}" + GOST: "gost_yescrypt",
    "$3$$8846f7eaee8fb117ad06bdd830b7586c": "nthash",
    "$md5,rounds=904$zlVh0mmC$SkR9P1Q2gkSM4S0zHVQzu1": "sun_md5",
    "U$S$DcNf7Q0UKHe3YTh2CjTCiKS6sg4zZMBl6A7ZBwCQq0rQDnCWbkbB": "drupal_md5",
    "{CRYPT}rqXexS6ZhobKA": "des_crypt",
    "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq": "sha1_crypt",
    "pbkdf2_sha512$1000$salt$D5ZkhvdtY9dFv7+K4S3YgqZ0Yk5c2QzE0YvD4Q0b1bY=": "pbkdf2_sha512",
    "*6F9FFEF309341A12578D66B7B9DA3642844D12B6": "mysql",
    "md55f4dcc3b5aa765d61d8327deb882cf99": "postgres_md5",
    "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVka2V5:c2VydmVya2V5": "scram_sha_256",
    aspnet(3, "sha256", 32): "aspnet",
    "$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED": "mysql_sha2",
    "0x244124303035" + "24" * 64: "mysql_sha2",
    "{noop}password": "noop",
    "plain$$default": "werkzeug_plain",
}

#: Likewise; and a password may look so.
DIGITS = {hashlib.new(name, DATA).hexdigest(): f"unsalted_{name}" for name in ("md5", "sha1", "sha256", "sha512")}

#: What a password may look like, too: it is named only by the systems whose field holds nothing but hashes.
VAGUE = {
    "{SASL}ada@EXAMPLE.COM": "sasl",
    "$firescrypt$ln=14,r=8,p=1$AA$BB$CC$DD": "firescrypt",
    "rqXexS6ZhobKA": "des_crypt",
}

ACCEPTED = {**AS_IT_IS, **dict.fromkeys(TRANSLATED, PASSWORD)}
ALL = [*ACCEPTED, *NAMED, *VAGUE, *DIGITS]
#: What another test verifies: where libcrypt has it, and with a pepper.
ELSEWHERE = {"yescrypt", "peppered_bcrypt"}

#: Cut off, or damaged.
DAMAGED = [
    "pbkdf2_sha256$600000$abc",
    "pbkdf2:sha256:600000$abc",
    "scrypt:32768:8:1$salt$zz",
    "$pbkdf2-sha256$i=1000,l=32$c2FsdA$AAAA",
    "$pbkdf2-sha512$i=0,l=32$c2FsdA$" + "A" * 43,
    "{PBKDF2-SHA256}1000$AAAA",
    "{PBKDF2}$1$salt$1000$zz",
    "{PBKDF2_SHA256}AAAA",
    "{pbkdf2}0123abcd0123abcd",
    "{scrypt}$e0801$AAAA$AAAA",
    "{SHA}AAAA",
    "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4A=",  # aspnetcore, PasswordHasherTest.cs: too short
    "$hmac-sha256$AA$BB",
    "$P$B12345678",
    "$P$",
    "$wp$2y$10$QIxI5EbvEUAwecv",
    "$pepper$2y$10$QIxI5EbvEUAwecv",
]


def form_of(text: str) -> HashForm:
    return next(form for form in FORMS if re.match(form.mark, text))


def refusal(text: str) -> str:
    """Why a hash is not taken where one is set."""
    name = {**NAMED, **DIGITS}.get(text)
    return f"the hash is of the scheme {name}, which is not supported" if name else UNKNOWN


def emails(texts: list[str]) -> dict[str, str]:
    return {f"user{number}@example.com": text for number, text in enumerate(texts)}


def stored(database: Database) -> dict[str, str]:
    return dict(database.rows("SELECT email, hashed_password FROM users ORDER BY email"))


def counted(err: str) -> dict[str, int]:
    """What an import says of hashes that were left out: how many of each scheme."""
    found = re.findall(r"^warning: (\d+) users? came without their password: unsupported scheme (.*)$", err, re.M)
    return {scheme: int(number) for number, scheme in found}


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), damaged_hashes(ALL)))
@example("1|$02b$04$9Plp1khq7GVVT8qvJq9g..9yhcdzyIhT2YWM.A6k/bn3sZjrhGexS")
@example("{CRYPT}rqXexS6ZhobKA")
@example("!$2b$04$9Plp1khq7GVVT8qvJq9g..9yhcdzyIhT2YWM.A6k/bn3sZjrhGexS")
@example("{noop}!correct horse")
@example("{CRYPT}*$gy$j9T$abcd$MXl5je7X5NIeGDxyDgkG2XoV70fWUCk3JG1B7Xizfy/")
def test_any_text_gets_one_answer(text: str) -> None:
    secret, row, refused = keep(text), None, ""
    try:
        row = RowParser().parse(1, {"email": "a@example.com", "hashed_password": text})
    except InvalidInput as error:
        refused = error.message
    try:
        made = require_hash(text)
    except UnsupportedHash as error:
        named = Secret(unsupported=error.name)
        is_told = re.fullmatch("[0-9A-Fa-f]+", text) is None and error.name != "des_crypt"
        assert (secret, looks_like_hash(in_our_spelling(text))) == (named, is_told)
        assert row is not None
        assert (row.hashed_password, row.unsupported) == (None, named.unsupported)
    except InvalidInput as error:
        reason = error.message
        assert secret.hashed is None or secret.is_locked or not identify(secret.hashed).work.is_bounded()
        assert refused == reason or identify(in_our_spelling(text)).scheme in {"disabled", "empty"}
    else:
        assert require_hash(made) == made
        assert secret == Secret(made)
        assert row is not None
        assert row.hashed_password == made


def test_every_form_is_tried() -> None:
    assert {form_of(text) for text in ALL} | {form for form in FORMS if form.scheme in ELSEWHERE} == set(FORMS)


@pytest.mark.parametrize("text", ACCEPTED, ids=range(len(ACCEPTED)))
def test_a_hash_is_stored_in_a_spelling_that_verifies(text: str) -> None:
    made = require_hash(text)
    assert (made == text) is (text in AS_IT_IS)
    assert identify(made).scheme == TRANSLATED.get(text, identify(text).scheme)
    assert in_our_spelling(made) == made
    assert HASHER.verify(ACCEPTED[text], made).ok
    assert not HASHER.verify(ACCEPTED[text] + "x", made).ok


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_hash_is_called_so(text: str) -> None:
    kind = identify(in_our_spelling(text))
    assert kind.scheme == "malformed"
    assert keep(text) == Secret(unsupported=f"malformed {kind.name}")
    with pytest.raises(InvalidInput) as caught:
        require_hash(text)
    assert caught.value.message == CUT
    assert not HASHER.verify(PASSWORD, text).ok


@pytest.mark.parametrize("text", DIGITS)
def test_digits_alone_are_a_hash_only_where_one_is_expected(text: str) -> None:
    assert not looks_like_hash(text)
    assert RowParser().parse(1, {"email": "a@example.com", "password": text}).password == text
    row = RowParser().parse(1, {"email": "a@example.com", "hashed_password": text.upper()})
    assert (row.hashed_password, row.unsupported) == (None, DIGITS[text])


@pytest.mark.parametrize("text", [*NAMED, *VAGUE, *DIGITS], ids=range(len(NAMED) + len(VAGUE) + len(DIGITS)))
def test_a_hash_that_cannot_be_verified_has_a_name(text: str) -> None:
    assert identify(in_our_spelling(text)).name == {**NAMED, **VAGUE, **DIGITS}[text]
    with pytest.raises(InvalidInput) as caught:
        require_hash(text)
    assert caught.value.message == refusal(text)


@pytest.mark.parametrize("text", [*ACCEPTED, *NAMED], ids=range(len(ACCEPTED) + len(NAMED)))
def test_a_hash_is_never_hashed(text: str) -> None:
    assert looks_like_hash(text)
    with pytest.raises(InvalidInput, match="hashed_password"):
        RowParser().parse(1, {"email": "a@example.com", "password": text})


@pytest.mark.parametrize("text", [BCRYPT, GOST], ids=["verified", "unsupported"])
def test_a_password_beside_a_hash_is_refused(text: str) -> None:
    fields = {"email": "a@example.com", "hashed_password": text, "password": PASSWORD}
    with pytest.raises(InvalidInput, match="both a password and a hash are given"):
        RowParser().parse(1, fields)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_file_of_ours(cli: Cli, environment: Path, database: Database, suffix: str) -> None:
    users = emails([*ACCEPTED, *NAMED, *DIGITS])
    lines = [json.dumps({"email": email, "hashed_password": text}) for email, text in users.items()]
    if suffix == "csv":
        lines = ["email,hashed_password", *(f'{email},"{text}"' for email, text in users.items())]
    (environment / f"u.{suffix}").write_text("\n".join([*lines, ""]))
    code, _, err = cli("import", f"u.{suffix}")
    assert (code, counted(err)) == (0, Counter([*NAMED.values(), *DIGITS.values()]))
    assert stored(database) == {
        email: require_hash(text) if text in ACCEPTED else "!" for email, text in sorted(users.items())
    }


def test_what_may_be_a_password_is_refused_in_a_file_of_ours(cli: Cli, environment: Path) -> None:
    users = emails(list(VAGUE))
    lines = [json.dumps({"email": email, "hashed_password": text}) + "\n" for email, text in users.items()]
    (environment / "u.jsonl").write_text("".join(lines))
    code, _, err = cli("import", "u.jsonl")
    assert (code, err.splitlines()[:3]) == (2, [f"error: u.jsonl:{line}: {UNKNOWN}" for line in (1, 2, 3)])


def credentials(stored: str) -> dict[str, Any]:
    return {"password": {"type": "password", "config": {"hashed_password": stored}}}


#: A user of each system whose hash is a text.
SYSTEMS = {
    "auth0": lambda text: {"email": "a@b.co", "password_hash": text},
    "airflow": lambda text: {"firstname": "A", "email": "a@b.co", "password": text},
    "django": lambda text: [{"model": "auth.user", "pk": 1, "fields": {"email": "a@b.co", "password": text}}],
    "kratos": lambda text: {"traits": {"email": "a@b.co"}, "credentials": credentials(text)},
    "htpasswd": lambda text: f"a@b.co:{text}\n",
    "shadow": lambda text: f"a@b.co:{text}:::::::\n",
    "ldif": lambda text: f"dn: uid=a\nobjectClass: person\nmail: a@b.co\nuserPassword:: {b64(text.encode())}\n",
    "scim": lambda text: {"userName": "a@b.co", "password": text},
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_file_of_another_system(system: str) -> None:
    for text in [*ACCEPTED, *NAMED]:
        if ":" in text and system in {"htpasswd", "shadow"}:
            continue  # the end of the column
        if text.startswith("$scrypt$") and system == "kratos":
            continue  # after `ln=` Kratos writes the cost itself
        data = SYSTEMS[system](text)
        [found] = read(system, data if isinstance(data, str | list) else [data])
        assert isinstance(found, Record)
        row = RowParser().parse(1, found.fields)
        expected = (require_hash(text), None, None) if text in ACCEPTED else (None, None, NAMED[text])
        assert (row.hashed_password, row.password, found.unsupported) == expected, text


@pytest.mark.parametrize("system", ["auth0", "django", "htpasswd", "kratos", "shadow"])
def test_a_field_that_holds_nothing_but_hashes_is_counted_by_name(system: str) -> None:
    for text, name in {**VAGUE, **DIGITS}.items():
        data = SYSTEMS[system](text)
        [found] = read(system, data if isinstance(data, str | list) else [data])
        assert isinstance(found, Record)
        assert (found.unsupported, {"password", "hashed_password"} & set(found.fields)) == (name, set()), text


@pytest.mark.slow_on("postgresql")
def test_the_library(database: Database) -> None:
    for email, text in emails(ALL).items():
        key, uow = UserKey.parse(email), database.uow
        if text in ACCEPTED:
            create_user(UserCreate(email=email), uow(), hashed_password=text)
            assert stored(database)[email] == require_hash(text)
            set_password(key, None, uow())
            set_password(key, text, uow())
            assert stored(database)[email] == NewPassword(text).hashed() == require_hash(text)
            continue
        for way in (
            lambda: create_user(UserCreate(email=email), uow(), hashed_password=text),  # noqa: B023 - called at once
            lambda: set_password(key, text, uow()),  # noqa: B023 - called at once
            lambda: NewPassword(text).hashed(),  # noqa: B023 - called at once
        ):
            with pytest.raises(InvalidInput) as caught:
                way()
            assert caught.value.message == refusal(text)


def test_the_command_line(cli: Cli, database: Database) -> None:
    cli("create", "ada@example.com", "--no-password")
    set_, create = ("password", "set", "ada@example.com"), ("create", "bob@example.com")
    for email, text in emails(list(TRANSLATED)).items():
        assert cli(*set_, "--password-hash-stdin", stdin=text)[0] == 0
        assert cli("create", email, "--password-hash-stdin", stdin=text)[0] == 0
        assert stored(database)["ada@example.com"] == stored(database)[email] == require_hash(text)
        assert cli("password", "verify", email, "--password-stdin", "--no-rehash", stdin=PASSWORD) == (0, "", "")
    for text in [*NAMED, *VAGUE]:
        refused = (2, "", f"error: {refusal(text)}\n")
        assert cli(*set_, "--password-hash-stdin", stdin=text) == refused
        assert cli(*create, "--password-hash-stdin", stdin=text) == refused


def test_an_initial_password(cli: Cli, environment: Path) -> None:
    for text in [*TRANSLATED, *NAMED]:
        user = {"email": "ada@example.com", "initial_password": text}
        (environment / "state.json").write_text(json.dumps({"name": "staff", "users": [user]}))
        code, _, err = cli("plan", "state.json")
        assert (code, "the password has the form of a hash" in err, text in err) == (2, True, False)


def test_the_audit_of_what_others_stored(cli: Cli, database: Database) -> None:
    for email, text in emails(list(NAMED)).items():
        cli("create", email, "--no-password")
        database.rows("UPDATE users SET hashed_password = :hash WHERE email = :email", hash=text, email=email)
    code, out, _ = cli("password", "audit", "-o", "json", "--fail-on", "unsupported")
    report = json.loads(out)
    assert (code, report["findings"]) == (7, [{"finding": "unsupported", "users": len(NAMED)}])
    told = {item["scheme"]: item["users"] for item in report["schemes"]}
    assert told == Counter("crypt" if text.startswith("{CRYPT}") else name for text, name in NAMED.items())
