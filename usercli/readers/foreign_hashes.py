"""Hashes of other systems in the encoding that usercli.passwords reads; the computation is the same."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from usercli.password_handlers import lacks_extra
from usercli.passwords import identify

# The prefix of PBKDF2 with each digest, and the bytes of the key that are kept. A longer key starts with these:
# it is computed block by block (RFC 8018, 5.2).
_PBKDF2 = {"sha1": ("$pbkdf2$", 20), "sha256": ("$pbkdf2-sha256$", 32), "sha512": ("$pbkdf2-sha512$", 64)}
_SCRYPT_BYTES = 32

DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
SALT_FIRST, SALT_LAST, NO_SALT = "{SALT}{PASSWORD}", "{PASSWORD}{SALT}", "{PASSWORD}"

_LDAP = re.compile(r"\{([A-Za-z0-9./_-]{1,20})\}(.*)", re.DOTALL)
_LDAP_DIGESTS = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
_NAMED = re.compile(r"\$?([A-Za-z0-9][A-Za-z0-9_-]{0,30})\$")
_CRYPT = {"2x": "bcrypt_2x", "y": "yescrypt", "gy": "gost_yescrypt", "7": "scrypt", "3": "nthash", "md5": "sun_md5"}
_DES = re.compile(r"[./0-9A-Za-z]{13}|_[./0-9A-Za-z]{19}")


@dataclass(frozen=True, slots=True)
class Secret:
    """A verifiable hash, or the name of an unsupported scheme, or a plain password."""

    hashed: str | None = None
    unsupported: str | None = None
    password: str | None = None


def keep(stored: str, scheme: str | None = None) -> Secret:
    """The hash if it can be verified, else the name of its scheme; empty for no hash and for a disabled one."""
    kind = identify(stored)
    if kind.usable:
        return Secret(stored)
    if kind.scheme in {"empty", "disabled"}:
        return Secret()
    name = scheme or scheme_name(stored)
    return Secret(unsupported=f"{name} (install usercli[argon2])" if lacks_extra(stored) else name)


def scheme_name(stored: str) -> str:
    """The name of an unsupported scheme."""
    if found := _LDAP.fullmatch(stored):
        return found[1].lower()
    if found := _NAMED.match(stored):
        return _CRYPT.get(found[1], found[1].lower())
    return "des_crypt" if _DES.fullmatch(stored) else "unknown"


def pbkdf2(digest: str, rounds: int, salt: bytes, key: bytes) -> Secret:
    """PBKDF2 with HMAC of `digest`."""
    start, size = _PBKDF2.get(digest, ("", 0))
    if not size or len(key) < size or rounds < 1:
        return Secret(unsupported=f"pbkdf2_{digest}")
    return keep(f"{start}{rounds}${_passlib_base64(salt)}${_passlib_base64(key[:size])}", f"pbkdf2_{digest}")


def pbkdf2_from_phc(stored: str) -> Secret:
    """The PHC string `$pbkdf2-sha512$i=100000,l=64$salt$key`, base64 without padding."""
    found = re.fullmatch(r"\$pbkdf2-([a-z0-9]{1,10})\$i=(\d{1,9}),l=\d{1,9}\$([^$]*)\$([^$]*)", stored)
    if not found:
        return keep(stored)
    salt, key = unbase64(found[3]), unbase64(found[4])
    if salt is None or key is None:
        return Secret(unsupported=f"pbkdf2_{found[1]}")
    return pbkdf2(found[1], int(found[2]), salt, key)


def scrypt(cost: int, block: int, parallel: int, salt: bytes, key: bytes) -> Secret:
    """scrypt (RFC 7914); a longer key starts with the shorter one, since PBKDF2 computes it."""
    exponent = cost.bit_length() - 1
    if len(key) < _SCRYPT_BYTES or cost != 1 << max(exponent, 1):
        return Secret(unsupported="scrypt")
    numbers = f"ln={exponent},r={block},p={parallel}"
    return keep(f"$scrypt${numbers}${unpadded(salt)}${unpadded(key[:_SCRYPT_BYTES])}", "scrypt")


def argon2(kind: str, version: int, numbers: tuple[int, int, int], salt: bytes, key: bytes) -> Secret:
    """Argon2 (RFC 9106); `numbers` are memory in KiB, passes, lanes."""
    memory, passes, lanes = numbers
    start = f"$argon2{kind}$v={version}$m={memory},t={passes},p={lanes}"
    return keep(f"{start}${unpadded(salt)}${unpadded(key)}", "argon2")


def digest(algorithm: str, template: str, salt: bytes, checksum: bytes) -> Secret:
    """One round of a digest over salt and password, joined by the template."""
    if DIGEST_BYTES.get(algorithm) != len(checksum):
        return Secret(unsupported=f"salted_{algorithm}" if salt else algorithm)
    pieces = (base64.b64encode(piece).decode() for piece in (template.encode(), salt, checksum))
    return keep("${}$pf={}${}${}".format(algorithm, *pieces), algorithm)


def werkzeug(stored: str) -> Secret:
    """Werkzeug's pbkdf2:sha256:600000$salt$hex and scrypt:32768:8:1$salt$hex, with a text as the salt."""
    found = re.fullmatch(r"(pbkdf2|scrypt):([a-z0-9:]{1,40})\$([^$]*)\$([0-9a-f]*)", stored)
    key = unhex(found[4]) if found else None
    if found is None or key is None:
        return Secret(unsupported="werkzeug")
    numbers = found[2].split(":")
    salt = found[3].encode(errors="replace")
    if found[1] == "pbkdf2" and len(numbers) == 2 and numbers[1].isdecimal():
        return pbkdf2(numbers[0], int(numbers[1]), salt, key)
    if found[1] == "scrypt" and len(numbers) == 3 and all(number.isdecimal() for number in numbers):
        return scrypt(int(numbers[0]), int(numbers[1]), int(numbers[2]), salt, key)
    return Secret(unsupported="werkzeug")


def ldap(stored: str) -> Secret:
    """A userPassword (RFC 2307): {SSHA} and alike, {CRYPT}, {ARGON2}, {PBKDF2-SHA256}; else a plain password."""
    found = _LDAP.fullmatch(stored)
    if not found:
        return Secret(password=stored or None)
    scheme, value = found[1].upper(), found[2]
    if scheme in ("CRYPT", "ARGON2", "BCRYPT", "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT", "MD5-CRYPT"):
        return keep(value)
    if scheme in ("CLEARTEXT", "CLEAR", "PLAIN"):
        return Secret(password=value or None)
    if scheme.startswith("PBKDF2"):
        return _ldap_pbkdf2(scheme, value)
    known = keep(f"{{{scheme}}}{value}", scheme.lower())
    return known if known.hashed else _ldap_digest(scheme, value)


def _ldap_pbkdf2(scheme: str, value: str) -> Secret:
    """OpenLDAP's pw-pbkdf2 module: {PBKDF2-SHA256}rounds$salt$key; {PBKDF2} is sha1."""
    found = re.fullmatch(r"(\d{1,9})\$([^$]*)\$([^$]*)", value)
    name = scheme.partition("-")[2].lower() or "sha1"
    salt, key = (unbase64(found[2]), unbase64(found[3])) if found else (None, None)
    if found is None or salt is None or key is None:
        return Secret(unsupported=f"pbkdf2_{name}")
    return pbkdf2(name, int(found[1]), salt, key)


def _ldap_digest(scheme: str, value: str) -> Secret:
    """{SHA}, {MD5}, {SMD5}, {SSHA384}, with a salt of any length: base64 of the checksum followed by the salt."""
    is_salted = scheme.startswith(("SSHA", "SMD5"))
    algorithm = _LDAP_DIGESTS.get(scheme[1:] if is_salted else scheme)
    data = unbase64(value)
    if algorithm is None or data is None:
        return Secret(unsupported=scheme.lower())
    size = DIGEST_BYTES[algorithm]
    if len(data) <= size if is_salted else len(data) != size:
        return Secret(unsupported=scheme.lower())
    return digest(algorithm, SALT_LAST if is_salted else NO_SALT, data[size:], data[:size])


def unbase64(text: str) -> bytes | None:
    """Decode base64: with or without padding, also with . or - for + and _ for /. None if it is invalid."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/").replace(".", "+")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def unhex(text: str) -> bytes | None:
    """Decode hexadecimal digits. None if they are invalid."""
    try:
        return binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        return None


def unpadded(data: bytes) -> str:
    """Encode as base64 without padding."""
    return base64.b64encode(data).decode().rstrip("=")


def _passlib_base64(data: bytes) -> str:
    """Encode as passlib's base64 for PBKDF2: . for +, no padding."""
    return unpadded(data).replace("+", ".")
