"""A known password of each system's scheme verifies after reading; what cannot be verified is named."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from tests.test_formats_peers import firebase_row, read
from usercli.hash_forms import identify, require_hash
from usercli.passwords import PasswordHasher
from usercli.readers import Record
from usercli.readers.foreign_hashes import Secret, ldap

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

PASSWORD = "correct horse, bättery"
DATA = PASSWORD.encode()
SALT = bytes(range(200, 216))
HASHER = PasswordHasher(cost=4)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def bare(data: bytes) -> str:
    return b64(data).rstrip("=")


def pbkdf2(digest: str, size: int, rounds: int = 100) -> bytes:
    return hashlib.pbkdf2_hmac(digest, DATA, SALT, rounds, size)


def scrypt(size: int) -> bytes:
    return hashlib.scrypt(DATA, salt=SALT, n=1024, r=8, p=1, dklen=size)


def argon2(kind: str, version: int = 19, size: int = 32) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(DATA, SALT, 2, 64, 1, size, Type[kind.upper()], version)


def phc(kind: str, size: int = 32) -> str:
    return f"$argon2{kind}$v=19$m=64,t=2,p=1${bare(SALT)}${bare(argon2(kind, size=size))}"


def crypted(scheme: str) -> str:
    import passlib.hash

    handler: Any = getattr(passlib.hash, scheme)
    if "rounds" in handler.setting_kwds:
        handler = handler.using(rounds=max(handler.min_rounds, 1))
    hashed: str = handler.hash(PASSWORD)
    return hashed


BCRYPT = bcrypt.hashpw(DATA, bcrypt.gensalt(4)).decode()


def keycloak(algorithm: str, rounds: int, key: bytes, **parameters: Any) -> list[dict[str, Any]]:
    """PasswordCredentialModel: two texts of JSON."""
    data = {"hashIterations": rounds, "algorithm": algorithm, "additionalParameters": parameters}
    secret = {"value": b64(key), "salt": b64(SALT), "additionalParameters": {}}
    credential = {"type": "password", "credentialData": json.dumps(data), "secretData": json.dumps(secret)}
    return [{"username": "ada", "email": "ada@example.com", "credentials": [credential]}]


def keycloak_old(algorithm: str, key: bytes) -> list[dict[str, Any]]:
    """CredentialRepresentation before Keycloak 8."""
    credential = {"type": "password", "algorithm": algorithm, "hashIterations": 100}
    credential |= {"salt": b64(SALT), "hashedSaltedValue": b64(key)}
    return [{"username": "ada", "email": "ada@example.com", "credentials": [credential]}]


ARGON2_PARAMETERS = {
    "hashLength": ["32"],
    "memory": ["64"],
    "type": ["id"],
    "version": ["1.3"],
    "parallelism": ["1"],
}


def kratos(stored: str) -> list[dict[str, Any]]:
    """hash/hash_comparator.go."""
    credentials = {"password": {"type": "password", "config": {"hashed_password": stored}}}
    return [{"traits": {"email": "ada@example.com"}, "credentials": credentials}]


def kratos_digest(name: str, form: str, together: bytes) -> list[dict[str, Any]]:
    checksum = hashlib.new(name, together).digest()
    return kratos(f"${name}$pf={b64(form.encode())}${b64(SALT)}${b64(checksum)}")


def auth0(algorithm: str, value: str, **more: Any) -> list[dict[str, Any]]:
    """The schema of bulk imports."""
    encoding = more.pop("encoding", "utf8")
    stored = {"value": value, "encoding": encoding} | {
        key: more.pop(key) for key in ("digest", "key") if key in more
    }
    custom = {"algorithm": algorithm, "hash": stored, **more}
    return [{"email": "ada@example.com", "custom_password_hash": custom}]


def salt(encoding: str, position: str | None = None) -> dict[str, str]:
    value = SALT.hex() if encoding == "hex" else b64(SALT)
    return {"value": value, "encoding": encoding} | ({"position": position} if position else {})


def django(stored: str) -> list[dict[str, Any]]:
    """django.contrib.auth.hashers."""
    return [{"model": "auth.user", "pk": 1, "fields": {"email": "ada@example.com", "password": stored}}]


def entry(stored: str) -> str:
    return f"dn: uid=ada\nobjectClass: person\nmail: ada@example.com\nuserPassword:: {b64(stored.encode())}\n"


def table(header: str, cells: str) -> str:
    return f"{header}\nada@example.com,{cells}\n"


def okta(stored: str) -> list[dict[str, Any]]:
    """The body with which its API takes users of other systems."""
    parts = {"algorithm": "BCRYPT", "workFactor": int(stored[4:6]), "salt": stored[7:29], "value": stored[29:]}
    profile = {"login": "ada@example.com", "email": "ada@example.com"}
    return [{"profile": profile, "credentials": {"password": {"hash": parts}}}]


def line(system: str, stored: str) -> str:
    return f"ada@example.com:{stored}" + (":" * 7 if system == "shadow" else "") + "\n"


VERIFIED: dict[str, tuple[str, Any]] = {
    "keycloak pbkdf2": ("keycloak", keycloak("pbkdf2", 100, pbkdf2("sha1", 64))),
    "keycloak pbkdf2-sha256": ("keycloak", keycloak("pbkdf2-sha256", 100, pbkdf2("sha256", 64))),
    "keycloak pbkdf2-sha256 short": ("keycloak", keycloak("pbkdf2-sha256", 100, pbkdf2("sha256", 32))),
    "keycloak pbkdf2-sha512": ("keycloak", keycloak("pbkdf2-sha512", 100, pbkdf2("sha512", 64))),
    "keycloak argon2id": ("keycloak", keycloak("argon2", 2, argon2("id"), **ARGON2_PARAMETERS)),
    "keycloak argon2i": ("keycloak", keycloak("argon2", 2, argon2("i"), **ARGON2_PARAMETERS | {"type": ["i"]})),
    "keycloak old": ("keycloak", keycloak_old("pbkdf2-sha256", pbkdf2("sha256", 64))),
    "kratos bcrypt": ("kratos", kratos(BCRYPT.replace("$2b$", "$2a$"))),
    "kratos argon2id": (
        "kratos",
        kratos(f"$argon2id$v=19$m=64,t=2,p=1${bare(SALT)}${bare(argon2('id', size=16))}"),
    ),
    "kratos pbkdf2": ("kratos", kratos(f"$pbkdf2-sha512$i=100,l=128${bare(SALT)}${bare(pbkdf2('sha512', 128))}")),
    "kratos pbkdf2 short": (
        "kratos",
        kratos(f"$pbkdf2-sha512$i=100,l=32${bare(SALT)}${bare(pbkdf2('sha512', 32))}"),
    ),
    "kratos hmac": (
        "kratos",
        kratos(f"$hmac-sha512${b64(hmac.new(SALT, DATA, 'sha512').hexdigest().encode())}${b64(SALT)}"),
    ),
    "kratos pbkdf2 sha1": ("kratos", kratos(f"$pbkdf2-sha1$i=100,l=20${bare(SALT)}${bare(pbkdf2('sha1', 20))}")),
    "kratos scrypt": ("kratos", kratos(f"$scrypt$ln=1024,r=8,p=1${b64(SALT)}${b64(scrypt(32))}")),
    "kratos sha256": ("kratos", kratos_digest("sha256", "{SALT}{PASSWORD}", SALT + DATA)),
    "kratos sha512": ("kratos", kratos_digest("sha512", "a{PASSWORD}-{SALT}", b"a" + DATA + b"-" + SALT)),
    "kratos md5": ("kratos", kratos(f"$md5${b64(hashlib.md5(DATA).digest())}")),
    "kratos ssha": ("kratos", kratos("{SSHA256}" + b64(hashlib.sha256(DATA + SALT).digest() + SALT))),
    "kratos md5-crypt": ("kratos", kratos("$md5-crypt" + crypted("md5_crypt").removeprefix("$1"))),
    "kratos sha512-crypt": ("kratos", kratos("$sha512-crypt" + crypted("sha512_crypt").removeprefix("$6"))),
    "auth0 bcrypt": ("auth0", [{"email": "ada@example.com", "password_hash": BCRYPT}]),
    "auth0 hmac": (
        "auth0",
        auth0(
            "hmac",
            hmac.new(SALT, DATA, "sha256").hexdigest(),
            encoding="hex",
            digest="sha256",
            key={"value": SALT.hex(), "encoding": "hex"},
        ),
    ),
    "auth0 argon2": ("auth0", auth0("argon2", phc("i"))),
    "auth0 pbkdf2": (
        "auth0",
        auth0("pbkdf2", f"$pbkdf2-sha256$i=100,l=64${bare(SALT)}${bare(pbkdf2('sha256', 64))}"),
    ),
    "auth0 scrypt": (
        "auth0",
        auth0("scrypt", scrypt(64).hex(), encoding="hex", salt=salt("hex"), keylen=64, cost=1024),
    ),
    "auth0 md5": ("auth0", auth0("md5", hashlib.md5(DATA).hexdigest().upper(), encoding="hex")),
    "auth0 sha256 prefix": (
        "auth0",
        auth0("sha256", b64(hashlib.sha256(SALT + DATA).digest()), encoding="base64", salt=salt("hex", "prefix")),
    ),
    "auth0 sha512 suffix": (
        "auth0",
        auth0("sha512", hashlib.sha512(DATA + SALT).hexdigest(), encoding="hex", salt=salt("base64", "suffix")),
    ),
    "auth0 ldap": ("auth0", auth0("ldap", "{SSHA}" + b64(hashlib.sha1(DATA + SALT).digest() + SALT))),
    "django pbkdf2": ("django", django(crypted("django_pbkdf2_sha256"))),
    "django argon2": ("django", django(crypted("django_argon2"))),
    "django bcrypt": ("django", django(crypted("django_bcrypt_sha256"))),
    "django md5": ("django", django(f"md5$pepper${hashlib.md5(b'pepper' + DATA).hexdigest()}")),
    "django scrypt": (
        "django",
        django(
            "scrypt$1024$pepper$8$1$" + b64(hashlib.scrypt(DATA, salt=b"pepper", n=1024, r=8, p=1, dklen=64)),
        ),
    ),
    "airflow pbkdf2": (
        "airflow",
        [
            {
                "firstname": "Ada",
                "email": "ada@example.com",
                "password": f"pbkdf2:sha256:100$pepper${hashlib.pbkdf2_hmac('sha256', DATA, b'pepper', 100).hex()}",
            }
        ],
    ),
    "airflow scrypt": (
        "airflow",
        [
            {
                "firstname": "Ada",
                "email": "ada@example.com",
                "password": "scrypt:1024:8:1$pepper$"
                + hashlib.scrypt(DATA, salt=b"pepper", n=1024, r=8, p=1, dklen=64).hex(),
            }
        ],
    ),
    "htpasswd bcrypt": ("htpasswd", line("htpasswd", BCRYPT.replace("$2b$", "$2y$"))),
    "htpasswd apr1": ("htpasswd", line("htpasswd", crypted("apr_md5_crypt"))),
    "htpasswd sha": ("htpasswd", line("htpasswd", "{SHA}" + b64(hashlib.sha1(DATA).digest()))),
    "htpasswd sha512-crypt": ("htpasswd", line("htpasswd", crypted("sha512_crypt"))),
    "shadow sha512-crypt": ("shadow", line("shadow", crypted("sha512_crypt"))),
    "shadow sha256-crypt": ("shadow", line("shadow", crypted("sha256_crypt"))),
    "shadow md5-crypt": ("shadow", line("shadow", crypted("md5_crypt"))),
    "shadow bcrypt": ("shadow", line("shadow", BCRYPT.replace("$2b$", "$2y$"))),
    "ldif ssha": ("ldif", entry("{SSHA}" + b64(hashlib.sha1(DATA + SALT[:8]).digest() + SALT[:8]))),
    "ldif ssha, long salt": ("ldif", entry("{ssha}" + b64(hashlib.sha1(DATA + SALT * 2).digest() + SALT * 2))),
    "ldif ssha512": ("ldif", entry("{SSHA512}" + b64(hashlib.sha512(DATA + SALT).digest() + SALT))),
    "ldif ssha384": ("ldif", entry("{SSHA384}" + b64(hashlib.sha384(DATA + SALT).digest() + SALT))),
    "ldif smd5": ("ldif", entry("{SMD5}" + b64(hashlib.md5(DATA + SALT).digest() + SALT))),
    "ldif md5": ("ldif", entry("{MD5}" + b64(hashlib.md5(DATA).digest()))),
    "ldif sha256": ("ldif", entry("{SHA256}" + b64(hashlib.sha256(DATA).digest()))),
    "ldif crypt": ("ldif", entry("{CRYPT}" + crypted("sha512_crypt"))),
    "ldif pbkdf2": (
        "ldif",
        entry(
            f"{{PBKDF2-SHA256}}100${bare(SALT).replace('+', '.')}${bare(pbkdf2('sha256', 32)).replace('+', '.')}"
        ),
    ),
    "ldif argon2": (
        "ldif",
        entry("{ARGON2}" + phc("d")),
    ),
    "google sha1": (
        "google",
        "Email Address [Required],Password [Required],Password Hash Function [UPLOAD ONLY]\n"
        f"ada@example.com,{hashlib.sha1(DATA).hexdigest()},SHA-1\n",
    ),
    "okta bcrypt": ("okta", okta(BCRYPT)),
    "laravel bcrypt": ("laravel", table("email,password", BCRYPT.replace("$2b$", "$2y$"))),
    "devise bcrypt": ("devise", table("email,encrypted_password", BCRYPT)),
    "fastapi-users argon2": ("fastapi-users", table("email,hashed_password", f'"{phc("id")}"')),
    "supabase bcrypt": ("supabase", table("email,encrypted_password", BCRYPT.replace("$2b$", "$2a$"))),
    "wordpress bcrypt": ("wordpress", table("user_email,user_pass", BCRYPT.replace("$2b$", "$2y$"))),
    "wordpress phpass": ("wordpress", table("user_email,user_pass", crypted("phpass"))),
    "nextcloud bcrypt": ("nextcloud", table("email,password,uid", "1|" + BCRYPT.replace("$2b$", "$2y$") + ",ada")),
    "nextcloud argon2": ("nextcloud", table("email,password,uid", f'"3|{phc("id")}",ada')),
    "scim ldap": (
        "scim",
        [
            {
                "userName": "ada@example.com",
                "password": "{SSHA}" + b64(hashlib.sha1(DATA + SALT).digest() + SALT),
            }
        ],
    ),
}


@pytest.mark.parametrize("case", VERIFIED)
def test_a_known_password_verifies_after_reading(case: str) -> None:
    system, data = VERIFIED[case]
    (found,) = read(system, data)
    assert isinstance(found, Record)
    assert (found.unsupported, "password" in found.fields) == (None, False)
    stored = found.fields["hashed_password"]
    assert require_hash(stored) == stored
    assert HASHER.verify(PASSWORD, stored).ok
    assert not HASHER.verify(PASSWORD + "x", stored).ok
    assert not HASHER.verify(PASSWORD[:-1], stored).ok


UNSUPPORTED: dict[str, tuple[str, Any]] = {
    "md4": ("auth0", auth0("md4", b64(bytes(16)), encoding="base64")),
    "hmac_sha256": ("auth0", auth0("hmac", "x", digest="sha256")),
    "sha256": ("auth0", auth0("sha256", bytes(32).hex(), encoding="hex", salt=salt("hex"))),
    "sha1 of passwords that are not UTF-8": (
        "auth0",
        auth0("sha1", bytes(20).hex(), encoding="hex", password={"encoding": "utf16le"}),
    ),
    "pbkdf2_md4": ("auth0", auth0("pbkdf2", "$pbkdf2-md4$i=1,l=16$AAAA$AAAAAAAAAAAAAAAAAAAAAA")),
    "malformed pbkdf2_phc": ("kratos", kratos(f"$pbkdf2-sha1$i=100,l=8${bare(SALT)}${bare(pbkdf2('sha1', 8))}")),
    "firescrypt": ("kratos", kratos("$firescrypt$ln=14,r=8,p=1$AA$BB$CC$DD")),
    "malformed hmac_digest": ("kratos", kratos("$hmac-sha256$AA$BB")),
    "malformed django_pbkdf2_sha256": ("django", django("pbkdf2_sha256$600000$abc")),
    "scrypt": ("kratos", kratos(f"$scrypt$ln=1000,r=8,p=1${b64(SALT)}${b64(scrypt(32))}")),
    "md5": ("kratos", kratos("$md5$AAAA")),
    "firebase_scrypt": ("firebase", firebase_row("Ada")),
    "foo": ("django", django("foo$bar")),
    "unknown": ("django", django("$")),
    "des_crypt": ("htpasswd", line("htpasswd", "rqXexS6ZhobKA")),
    "htdigest": ("htpasswd", "ada@example.com:realm:0123456789abcdef0123456789abcdef\n"),
    "gost_yescrypt": ("shadow", line("shadow", "$gy$j9T$abcd$MXl5je7X5NIeGDxyDgkG2XoV70fWUCk3JG1B7Xizfy/")),
    "bcrypt_2x": ("shadow", line("shadow", BCRYPT.replace("$2b$", "$2x$"))),
    "ssha1024": ("ldif", entry("{SSHA1024}AAAA")),
    "custom": ("keycloak", keycloak("custom", 1, b"x")),
    "argon2": ("keycloak", keycloak("argon2", 2, argon2("id"), **ARGON2_PARAMETERS | {"version": ["2.0"]})),
}  # fmt: skip


@pytest.mark.parametrize("scheme", UNSUPPORTED)
def test_a_hash_that_cannot_be_verified_is_left_out_and_named(scheme: str) -> None:
    system, data = UNSUPPORTED[scheme]
    (found,) = read(system, data)
    assert isinstance(found, Record)
    assert found.unsupported == scheme
    assert not {"hashed_password", "password"} & set(found.fields)


DIGITS = {"md5": "0" * 32, "sha1": "0" * 40, "sha512": "0" * 128}
UPLOAD = (
    "Email Address [Required],Password [Required],Password Hash Function [UPLOAD ONLY]\nada@example.com,{},CRYPT\n"
)
#: What docs/import-from.md says of hashes that are left out, and one of these.
LEFT_OUT: list[tuple[str, str, Any]] = [
    ("auth0", "md4", UNSUPPORTED["md4"][1]),
    ("auth0", "hmac without its key", auth0("hmac", "00", digest="sha256", encoding="hex")),
    ("auth0", "pbkdf2 with md4", UNSUPPORTED["pbkdf2_md4"][1]),
    ("auth0", "a salt without its position", UNSUPPORTED["sha256"][1]),
    ("auth0", "passwords that were not UTF-8", UNSUPPORTED["sha1 of passwords that are not UTF-8"][1]),
    ("django", "unsalted_md5", django(DIGITS["md5"])),
    ("django", "crypt", django("crypt$$rqXexS6ZhobKA")),
    ("keycloak", "custom hash providers", UNSUPPORTED["custom"][1]),
    ("firebase", "firebase_scrypt", firebase_row("Ada")),
    ("kratos", "firescrypt", UNSUPPORTED["firescrypt"][1]),
    (
        "airflow",
        "pbkdf2 without a number of rounds",
        [{"firstname": "A", "email": "a@b.co", "password": "pbkdf2:sha256$x$" + "0" * 64}],
    ),
    ("htpasswd", "DES crypt", UNSUPPORTED["des_crypt"][1]),
    ("htpasswd", "htdigest", UNSUPPORTED["htdigest"][1]),
    ("shadow", "DES crypt", line("shadow", "rqXexS6ZhobKA")),
    ("ldif", "{SASL}", entry("{SASL}ada@example.com")),
    ("ldif", "what `{CRYPT}` contains beyond", entry("{CRYPT}rqXexS6ZhobKA")),
    ("google", "DES crypt", UPLOAD.format("rqXexS6ZhobKA")),
    ("devise", "those of other encryptors", table("email,encrypted_password", DIGITS["sha512"])),
    ("supabase", "Firebase's scrypt", table("email,encrypted_password", '"$fbscrypt$v=1,n=14,r=8,p=1$c2E=$aA=="')),
    ("wordpress", "MD5 of old versions", table("user_email,user_pass", DIGITS["md5"])),
    ("nextcloud", "SHA-1 of old versions", table("email,password,uid", DIGITS["sha1"] + ",ada")),
]
KEPT = [("auth0 hmac", "hmac with its key"), ("django md5", "md5 with or without salt"), ("kratos hmac", "hmac")]
PAGE = (Path(__file__).parent.parent / "docs" / "import-from.md").read_text("utf-8")
#: By system: the columns of what is kept, and of what is left out.
ROWS = {cells[1].strip(" `"): cells[3:5] for line in PAGE.splitlines() if len(cells := line.split("|")) == 6}


@pytest.mark.parametrize(("system", "words", "data"), LEFT_OUT, ids=[f"{case[0]}-{case[1]}" for case in LEFT_OUT])
def test_what_the_page_says_to_be_left_out_is(system: str, words: str, data: Any) -> None:
    assert words in ROWS[system][1]
    [found] = read(system, data, email_domain="example.com")
    assert isinstance(found, Record)
    assert found.unsupported
    assert not {"hashed_password", "password"} & set(found.fields)


@pytest.mark.parametrize(("case", "words"), KEPT)
def test_what_the_page_says_to_be_kept_is_verified(case: str, words: str) -> None:
    assert words in ROWS[VERIFIED[case][0]][0]


def test_django_s_unsalted_digests_verify() -> None:
    for name in ("sha1", "md5"):
        [found] = read("django", django(f"{name}$${hashlib.new(name, DATA).hexdigest()}"))
        assert isinstance(found, Record)
        assert HASHER.verify(PASSWORD, found.fields["hashed_password"]).ok


def test_passwords_in_clear_come_as_passwords() -> None:
    cases = [
        ("ldif", entry(PASSWORD)),
        (
            "kratos",
            [{"traits": {"email": "a@b.co"}, "credentials": {"password": {"config": {"password": PASSWORD}}}}],
        ),
        ("scim", {"userName": "a@b.co", "password": PASSWORD}),
        ("airflow", [{"firstname": "A", "email": "a@b.co", "password": PASSWORD}]),
        ("htpasswd", "a@b.co:{PLAIN}" + PASSWORD + "\n"),
    ]
    for system, data in cases:
        (found,) = read(system, data)
        assert isinstance(found, Record)
        assert (found.fields.get("password"), "hashed_password" in found.fields) == (PASSWORD, False), system


def test_a_disabled_password_is_no_secret() -> None:
    assert ldap("{CRYPT}*") == ldap("{CRYPT}!x") == ldap("") == Secret()


DAMAGED = [
    "$sha256$pf=$$",
    "$sha256$pf=e1BBU1NXT1JEfQ==$$AAAA",
    "$sha256$pf=!!$$" + "A" * 43 + "=",
    "$sha256$pf=e1NBTFR9$$" + "A" * 43 + "=",
    "$sha256$pf=e1BBU1NXT1JEfQ==$$" + "A" * 43 + "=$",
    "$sha1$pf=" + "A" * 5000 + "$$AAAA",
    "$md5$pf=é$$",
    "$scrypt$n=10,r=8,p=1$AAAA$AAAA",
]


@pytest.mark.parametrize("stored", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_hash_matches_nothing(stored: str) -> None:
    assert identify(stored).scheme == "malformed"
    assert not HASHER.verify("x", stored).ok
