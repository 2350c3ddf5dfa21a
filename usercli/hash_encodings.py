"""Hashes of other systems in the encoding that can be verified here; the computation is the same.

Each function returns None for what has no such encoding.
"""

from __future__ import annotations

import base64
import binascii
import re

# The prefix of PBKDF2 with each digest, and the bytes of the key that are kept. A longer key starts with these:
# it is computed block by block (RFC 8018, 5.2).
_PBKDF2 = {"sha1": ("$pbkdf2$", 20), "sha256": ("$pbkdf2-sha256$", 32), "sha512": ("$pbkdf2-sha512$", 64)}
_SCRYPT_BYTES = 32

DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
SALT_FIRST, SALT_LAST, NO_SALT = "{SALT}{PASSWORD}", "{PASSWORD}{SALT}", "{PASSWORD}"

_LDAP_DIGESTS = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
_KRATOS_CRYPT = {"md5-crypt": 1, "sha256-crypt": 5, "sha512-crypt": 6}
# Bytes of the salt behind an LDAP digest that passlib reads, and the schemes that it knows.
_PASSLIB_LDAP = range(4, 17), ("SSHA", "SSHA256", "SSHA512")


def pbkdf2(digest: str, rounds: int, salt: bytes | None, key: bytes | None) -> str | None:
    """PBKDF2 with HMAC of `digest`."""
    start, size = _PBKDF2.get(digest, ("", 0))
    if salt is None or key is None or not size or len(key) < size or rounds < 1:
        return None
    return f"{start}{rounds}${_passlib_base64(salt)}${_passlib_base64(key[:size])}"


def pbkdf2_from_phc(stored: str) -> str | None:
    """The PHC string `$pbkdf2-sha512$i=100000,l=64$salt$key`, base64 without padding."""
    found = re.fullmatch(r"\$pbkdf2-([a-z0-9]{1,10})\$i=(\d{1,9}),l=\d{1,9}\$([^$]*)\$([^$]*)", stored)
    return pbkdf2(found[1], int(found[2]), unbase64(found[3]), unbase64(found[4])) if found else None


def pbkdf2_from_ldap(stored: str) -> str | None:
    """OpenLDAP's pw-pbkdf2 module: {PBKDF2-SHA256}rounds$salt$key; {PBKDF2} is sha1."""
    found = re.fullmatch(r"\{PBKDF2-?([A-Z0-9]*)\}(\d{1,9})\$([^$]*)\$([^$]*)", stored, re.IGNORECASE)
    if found is None:
        return None
    return pbkdf2(found[1].lower() or "sha1", int(found[2]), unbase64(found[3]), unbase64(found[4]))


def scrypt(cost: int, block: int, parallel: int, salt: bytes | None, key: bytes | None) -> str | None:
    """scrypt (RFC 7914); a longer key starts with the shorter one, since PBKDF2 computes it."""
    exponent = cost.bit_length() - 1
    if salt is None or key is None or len(key) < _SCRYPT_BYTES or cost != 1 << max(exponent, 1):
        return None
    return f"$scrypt$ln={exponent},r={block},p={parallel}${unpadded(salt)}${unpadded(key[:_SCRYPT_BYTES])}"


def argon2(kind: str, version: int, numbers: tuple[int, int, int], salt: bytes, key: bytes) -> str:
    """Argon2 (RFC 9106); `numbers` are memory in KiB, passes, lanes."""
    memory, passes, lanes = numbers
    return f"$argon2{kind}$v={version}$m={memory},t={passes},p={lanes}${unpadded(salt)}${unpadded(key)}"


def digest(algorithm: str, template: str, salt: bytes, checksum: bytes) -> str | None:
    """One round of a digest over salt and password, joined by the template."""
    if DIGEST_BYTES.get(algorithm) != len(checksum):
        return None
    pieces = (base64.b64encode(piece).decode() for piece in (template.encode(), salt, checksum))
    return "${}$pf={}${}${}".format(algorithm, *pieces)


def werkzeug(stored: str) -> str | None:
    """Werkzeug's pbkdf2:sha256:600000$salt$hex and scrypt:32768:8:1$salt$hex, with a text as the salt."""
    found = re.fullmatch(r"(pbkdf2|scrypt):([a-z0-9:]{1,40})\$([^$]*)\$([0-9a-f]*)", stored)
    if found is None:
        return None
    numbers = found[2].split(":")
    salt, key = found[3].encode(errors="replace"), unhex(found[4])
    if found[1] == "pbkdf2" and len(numbers) == 2 and numbers[1].isdecimal():
        return pbkdf2(numbers[0], int(numbers[1]), salt, key)
    if found[1] == "scrypt" and len(numbers) == 3 and all(number.isdecimal() for number in numbers):
        return scrypt(int(numbers[0]), int(numbers[1]), int(numbers[2]), salt, key)
    return None


def ldap_digest(stored: str) -> str | None:
    """{SSHA}, {SHA}, {SMD5}, {SSHA384} and alike (RFC 2307), with a salt of any length behind the checksum."""
    scheme, _, value = stored[1:].partition("}")
    scheme = scheme.upper()
    is_salted = scheme.startswith(("SSHA", "SMD5"))
    algorithm = _LDAP_DIGESTS.get(scheme[1:] if is_salted else scheme)
    data = unbase64(value)
    if algorithm is None or data is None:
        return None
    size = DIGEST_BYTES[algorithm]
    if len(data) <= size if is_salted else len(data) != size:
        return None
    salt_sizes, schemes = _PASSLIB_LDAP
    if scheme in schemes and len(data) - size in salt_sizes:
        return f"{{{scheme}}}{base64.b64encode(data).decode()}"
    return digest(algorithm, SALT_LAST if is_salted else NO_SALT, data[size:], data[:size])


def unprefixed(stored: str) -> str:
    """The hash behind {CRYPT} and alike, or behind the version and bar of Nextcloud."""
    return re.sub(r"\{[^}]*\}|\d\|", "", stored, count=1)


def crypt_from_kratos(stored: str) -> str:
    """Ory Kratos's `$sha512-crypt$...` and alike, as crypt(3) writes it."""
    _, scheme, rest = stored.split("$", 2)
    return f"${_KRATOS_CRYPT[scheme]}${rest}"


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
