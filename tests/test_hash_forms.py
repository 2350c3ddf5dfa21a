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

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from tests.test_formats_peers import read
from tests.test_password_costs import damaged_hashes
from tests.test_passwords import HASH, HASHER, UNKNOWN, VECTORS, YESCRYPT
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

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

PASSWORD = "Quiet-River-Lamp-42"
DATA, SALT = PASSWORD.encode(), b"Zk3pQw9aTtY1"
BCRYPT = HASHER.hash(PASSWORD)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pbkdf2(digest: str) -> bytes:
    return hashlib.pbkdf2_hmac(digest, DATA, SALT, 1000)


def scrypt() -> bytes:
    return hashlib.scrypt(DATA, salt=SALT, n=1024, r=8, p=1, dklen=64)


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
    f"sha1${SALT.decode()}${hmac.new(SALT, DATA, 'sha1').hexdigest()}": PASSWORD,
    f"md5${SALT.decode()}${hmac.new(SALT, DATA, 'md5').hexdigest()}": PASSWORD,
    f"$sha256$pf={b64(b'{PASSWORD}')}$${b64(hashlib.sha256(DATA).digest())}": PASSWORD,
}

#: What is stored in another spelling, and the scheme of that.
TRANSLATED = {
    f"$pbkdf2-sha256$i=1000,l=32${b64(SALT)}${b64(pbkdf2('sha256'))}".replace("=$", "$"): "pbkdf2_sha256",
    f"{{PBKDF2}}1000${b64(SALT)}${b64(pbkdf2('sha1'))}": "pbkdf2_sha1",
    f"{{PBKDF2-SHA512}}1000${b64(SALT)}${b64(pbkdf2('sha512'))}": "pbkdf2_sha512",
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
    "{SHA224}0UoCjCo6K8lHYQK7KII0xBWisB+CjqYqxbPkLw==": "sha224",
    "{CRYPT}" + YESCRYPT: "yescrypt",
    "$2x$" + HASH[4:]: "bcrypt_2x",
    YESCRYPT: "yescrypt",
    "$gy$j9T$abcd$MXl5je7X5NIeGDxyDgkG2XoV70fWUCk3JG1B7Xizfy/": "gost_yescrypt",
    "$3$$8846f7eaee8fb117ad06bdd830b7586c": "nthash",
    "$md5,rounds=904$zlVh0mmC$SkR9P1Q2gkSM4S0zHVQzu1": "sun_md5",
    "$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/": "phpass",
    "$S$DcNf7Q0UKHe3YTh2CjTCiKS6sg4zZMBl6A7ZBwCQq0rQDnCWbkbB": "drupal",
    "$wp$2y$10$QIxI5EbvEUAwecv/me3aVOkpIpGRUOHHc8uhmxaidVZKsPxzN3jKe": "wordpress",
    "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq": "sha1_crypt",
    "sha256$Zk3pQw9aTtY1$0362978dd4a2a4c1e1fc60732c445fc504af4defdb67c05ba5f3b5c5a876b02e": "sha256",
    "pbkdf2_sha512$1000$salt$D5ZkhvdtY9dFv7+K4S3YgqZ0Yk5c2QzE0YvD4Q0b1bY=": "pbkdf2_sha512",
    "*6F9FFEF309341A12578D66B7B9DA3642844D12B6": "mysql",
    "md55f4dcc3b5aa765d61d8327deb882cf99": "postgres_md5",
    "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVka2V5:c2VydmVya2V5": "scram_sha_256",
    "AQAAAAEAACcQAAAAEJ" + "A" * 60 + "==": "aspnet",
}

#: What a password may look like, too: it is named only by the systems whose field holds nothing but hashes.
VAGUE = {
    "{SASL}ada@EXAMPLE.COM": "sasl",
    "$firescrypt$ln=14,r=8,p=1$AA$BB$CC$DD": "firescrypt",
    "rqXexS6ZhobKA": "des_crypt",
}

ACCEPTED = {**AS_IT_IS, **dict.fromkeys(TRANSLATED, PASSWORD)}
ALL = [*ACCEPTED, *NAMED, *VAGUE]


def form_of(text: str) -> HashForm:
    return next(form for form in FORMS if re.match(form.mark, text))


def refusal(text: str) -> str:
    """Why a hash is not taken where one is set."""
    return f"the hash is of the scheme {NAMED[text]}, which is not supported" if text in NAMED else UNKNOWN


def emails(texts: list[str]) -> dict[str, str]:
    return {f"user{number}@example.com": text for number, text in enumerate(texts)}


def stored(database: Database) -> dict[str, str]:
    return dict(database.rows("SELECT email, hashed_password FROM users ORDER BY email"))


def counted(err: str) -> dict[str, int]:
    """What an import says of hashes that were left out: how many of each scheme."""
    found = re.findall(r"^warning: (\d+) users came without their password: unsupported scheme (.*)$", err, re.M)
    return {scheme: int(number) for number, scheme in found}


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), damaged_hashes(ALL)))
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
        assert (secret, looks_like_hash(in_our_spelling(text))) == (named, True)
        assert row is not None
        assert (row.hashed_password, row.unsupported) == (None, named.unsupported)
    except InvalidInput as error:
        reason = error.message
        assert secret.hashed is None or not identify(secret.hashed).work.is_bounded()
        assert refused == reason or identify(text).scheme in {"disabled", "empty"}
    else:
        assert require_hash(made) == made
        assert secret == Secret(made)
        assert row is not None
        assert row.hashed_password == made


def test_every_form_is_tried() -> None:
    assert {form_of(text) for text in ALL} | {form_of("{SHA}")} == set(FORMS)


@pytest.mark.parametrize("text", ACCEPTED, ids=range(len(ACCEPTED)))
def test_a_hash_is_stored_in_a_spelling_that_verifies(text: str) -> None:
    made = require_hash(text)
    assert (made == text) is (text in AS_IT_IS)
    assert identify(made).scheme == TRANSLATED.get(text, identify(text).scheme)
    assert in_our_spelling(made) == made
    assert HASHER.verify(ACCEPTED[text], made).ok
    assert not HASHER.verify(ACCEPTED[text] + "x", made).ok


@pytest.mark.parametrize("text", [*NAMED, *VAGUE], ids=range(len(NAMED) + len(VAGUE)))
def test_a_hash_that_cannot_be_verified_has_a_name(text: str) -> None:
    assert identify(in_our_spelling(text)).name == {**NAMED, **VAGUE}[text]
    with pytest.raises(InvalidInput) as caught:
        require_hash(text)
    assert caught.value.message == refusal(text)


@pytest.mark.parametrize("text", [*ACCEPTED, *NAMED], ids=range(len(ACCEPTED) + len(NAMED)))
def test_a_hash_is_never_hashed(text: str) -> None:
    assert looks_like_hash(text)
    with pytest.raises(InvalidInput, match="hashed_password"):
        RowParser().parse(1, {"email": "a@example.com", "password": text})


@pytest.mark.parametrize("text", [BCRYPT, YESCRYPT], ids=["verified", "unsupported"])
def test_a_password_beside_a_hash_is_refused(text: str) -> None:
    fields = {"email": "a@example.com", "hashed_password": text, "password": PASSWORD}
    with pytest.raises(InvalidInput, match="both a password and a hash are given"):
        RowParser().parse(1, fields)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_file_of_ours(cli: Cli, environment: Path, database: Database, suffix: str) -> None:
    users = emails([*ACCEPTED, *NAMED])
    lines = [json.dumps({"email": email, "hashed_password": text}) for email, text in users.items()]
    if suffix == "csv":
        lines = ["email,hashed_password", *(f'{email},"{text}"' for email, text in users.items())]
    (environment / f"u.{suffix}").write_text("\n".join([*lines, ""]))
    code, _, err = cli("import", f"u.{suffix}")
    assert (code, counted(err)) == (0, Counter(NAMED.values()))
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
    "airflow": lambda text: {"email": "a@b.co", "password": text},
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
    for text, name in VAGUE.items():
        data = SYSTEMS[system](text)
        [found] = read(system, data if isinstance(data, str | list) else [data])
        assert isinstance(found, Record)
        assert (found.unsupported, {"password", "hashed_password"} & set(found.fields)) == (name, set()), text


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
