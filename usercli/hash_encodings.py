"""Hashes of other systems in the encoding that can be verified here; the computation is the same.

Each function returns None for what has no such encoding, and raises Malformed for what is cut off or damaged.
"""

from __future__ import annotations

import base64
import binascii
import re

# The prefix of PBKDF2 with each digest, and the bytes of the key that are kept. A longer key starts with these:
# it is computed block by block (RFC 8018, 5.2).
_PBKDF2 = {"sha1": ("$pbkdf2$", 20), "sha256": ("$pbkdf2-sha256$", 32), "sha512": ("$pbkdf2-sha512$", 64)}
#: The fewest bytes of a key: a shorter one would match passwords by chance.
MIN_KEY_BYTES = 16
_SCRYPT_BYTES = 32
# PasswordHasher.cs of ASP.NET Core Identity: the pseudo-random functions by number.
_ASPNET_DIGESTS = {0: "sha1", 1: "sha256", 2: "sha512"}
# Pbkdf2PasswordEncoder.java of Spring Security, defaultsForSpringSecurity_v5_5 and _v5_8: bytes of salt and key
# -> bytes of the salt, digest, rounds.
_SPRING_PBKDF2 = {40: (8, "sha1", 185_000), 48: (16, "sha256", 310_000)}
# pbkdf2_pwd.c of 389 Directory Server: rounds in four bytes, a salt, and a key of which the first bytes are kept.
_DS389_ROUNDS, _DS389_SALT, _DS389_BYTES = 4, 64, 324

DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
SALT_FIRST, SALT_LAST, NO_SALT = "{SALT}{PASSWORD}", "{PASSWORD}{SALT}", "{PASSWORD}"

_LDAP_DIGESTS = {"MD5": "md5", "SHA": "sha1", "SHA1": "sha1"} | {
    f"SHA{bits}": f"sha{bits}" for bits in (256, 384, 512)
}
_KRATOS_CRYPT = {"md5-crypt": 1, "sha256-crypt": 5, "sha512-crypt": 6}
# Bytes of the salt behind an LDAP digest that passlib reads, and the schemes that it knows.
_PASSLIB_LDAP = range(4, 17), ("SSHA", "SSHA256", "SSHA512")


class Malformed(ValueError):
    """The text begins like a hash and is none: cut off, or damaged."""


def pbkdf2(digest: str, rounds: int, salt: bytes | None, key: bytes | None) -> str | None:
    """PBKDF2 with HMAC of `digest`; in the PHC string format if the key is shorter than the digest."""
    start, size = _PBKDF2.get(digest, ("", 0))
    if salt is None or key is None or not size or len(key) < MIN_KEY_BYTES or rounds < 1:
        return None
    if len(key) < size:
        return f"$pbkdf2-{digest}$i={rounds},l={len(key)}${unpadded(salt)}${unpadded(key)}"
    return f"{start}{rounds}${_passlib_base64(salt)}${_passlib_base64(key[:size])}"


def _whole_pbkdf2(digest: str, rounds: int, salt: bytes | None, key: bytes | None) -> str | None:
    """The same of a text that has to be a hash: None for another digest. Raises Malformed."""
    return _whole(pbkdf2(digest, rounds, salt, key)) if digest in _PBKDF2 else None


def _whole(made: str | None) -> str:
    if made is None:
        raise Malformed
    return made


def pbkdf2_from_phc(stored: str) -> str | None:
    """The PHC string `$pbkdf2-sha512$i=100000,l=64$salt$key`, base64 without padding.

    Discourse keeps the key in hexadecimal digits, and a salt whose text is the salt.
    """
    found = re.fullmatch(r"\$pbkdf2-([a-z0-9]{1,10})\$i=(\d{1,9})(?:,l=(\d{1,9}))?\$([^$]*)\$([^$]*)", stored)
    if found is None:
        raise Malformed
    digest, rounds, size, salt, key = found.groups()
    if size and len(key) == 2 * int(size) and (digits := unhex(key)) is not None:
        return _whole_pbkdf2(digest, int(rounds), salt.encode(errors="replace"), digits)
    return _whole_pbkdf2(digest, int(rounds), unbase64(salt), unbase64(key))


def pbkdf2_from_ldap(stored: str) -> str | None:
    """OpenLDAP's pw-pbkdf2 module: {PBKDF2-SHA256}rounds$salt$key; {PBKDF2} is sha1."""
    found = re.fullmatch(r"\{PBKDF2-?([A-Z0-9]*)\}(\d{1,9})\$([^$]*)\$([^$]*)", stored, re.IGNORECASE)
    if found is None:
        raise Malformed
    digest = found[1].lower() or "sha1"
    return _whole_pbkdf2(digest, int(found[2]), unbase64(found[3]), unbase64(found[4]))


def pbkdf2_from_dovecot(stored: str) -> str | None:
    """Dovecot's {PBKDF2}$1$salt$rounds$hex, with a text as the salt."""
    found = re.fullmatch(r"\{[^}]*\}\$1\$([^$]*)\$(\d{1,9})\$([0-9a-f]*)", stored)
    if found is None:
        raise Malformed
    return _whole_pbkdf2("sha1", int(found[2]), found[1].encode(errors="replace"), unhex(found[3]))


def pbkdf2_from_389ds(stored: str) -> str | None:
    """389 Directory Server's {PBKDF2_SHA256}: rounds, salt and key in one."""
    data = unbase64(stored.partition("}")[2])
    if data is None or len(data) != _DS389_BYTES:
        raise Malformed
    rounds, rest = int.from_bytes(data[:_DS389_ROUNDS]), data[_DS389_ROUNDS:]
    return _whole_pbkdf2("sha256", rounds, rest[:_DS389_SALT], rest[_DS389_SALT:])


def pbkdf2_from_spring(stored: str) -> str | None:
    """Spring Security's {pbkdf2} and {pbkdf2@SpringSecurity_v5_8}: salt and key in hexadecimal digits."""
    data = unhex(stored.partition("}")[2]) or b""
    if len(data) not in _SPRING_PBKDF2:
        raise Malformed
    size, digest, rounds = _SPRING_PBKDF2[len(data)]
    return _whole_pbkdf2(digest, rounds, data[:size], data[size:])


def scrypt_from_spring(stored: str) -> str | None:
    """Spring Security's $e0801$salt$key: the logarithm of the cost, block and lanes in hexadecimal digits."""
    found = re.fullmatch(r"(?:\{[^}]*\})?\$([0-9a-f]{5,6})\$([^$]*)\$([^$]*)", stored)
    if found is None:
        raise Malformed
    numbers = int(found[1], 16)
    cost, block, parallel = 1 << (numbers >> 16), numbers >> 8 & 255, numbers & 255
    return _whole(scrypt(cost, block, parallel, unbase64(found[2]), unbase64(found[3])))


def aspnet(stored: str) -> str | None:
    """ASP.NET Identity: version 2 (0x00, 1000 rounds of sha1) and 3 (0x01, digest, rounds, size of the salt)."""
    data = unbase64(stored) or b""
    if data[:1] == b"\0" and len(data) == 49:
        return _whole_pbkdf2("sha1", 1000, data[1:17], data[17:])
    if data[:1] != b"\1" or len(data) < 13:
        raise Malformed
    number, rounds, size = (int.from_bytes(data[place : place + 4]) for place in (1, 5, 9))
    salt, key = data[13 : 13 + size], data[13 + size :]
    return _whole_pbkdf2(_ASPNET_DIGESTS.get(number, ""), rounds, salt, key)


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


def keyed_digest(algorithm: str, key: bytes, checksum: bytes) -> str | None:
    """The HMAC of the password, with a salt as the key, in Ory Kratos's format."""
    if DIGEST_BYTES.get(algorithm) != len(checksum):
        return None
    pieces = (base64.b64encode(piece).decode() for piece in (checksum.hex().encode(), key))
    return "$hmac-{}${}${}".format(algorithm, *pieces)


def werkzeug(stored: str) -> str | None:
    """Werkzeug's pbkdf2:sha256:600000$salt$hex and scrypt:32768:8:1$salt$hex, with a text as the salt.

    Without a number of rounds, those of the version that checks it count: there is no encoding.
    """
    found = re.fullmatch(r"(pbkdf2|scrypt):([a-z0-9:]{1,40})\$([^$]*)\$([0-9a-f]*)", stored)
    if found is None:
        raise Malformed
    numbers = found[2].split(":")
    salt, key = found[3].encode(errors="replace"), unhex(found[4])
    if found[1] == "pbkdf2" and len(numbers) == 2 and _are_short(numbers[1:]):
        return _whole_pbkdf2(numbers[0], int(numbers[1]), salt, key)
    if found[1] == "scrypt" and len(numbers) == 3 and _are_short(numbers):
        return _whole(scrypt(int(numbers[0]), int(numbers[1]), int(numbers[2]), salt, key))
    return None


def werkzeug_digest(stored: str) -> str | None:
    """What Werkzeug before 3 wrote as sha256$salt$hex: the HMAC of the password with the salt as its key."""
    algorithm, salt, digits = [*stored.split("$"), "", ""][:3]
    checksum = unhex(digits)
    return keyed_digest(algorithm, salt.encode(errors="replace"), checksum) if salt and checksum else None


def _are_short(numbers: list[str]) -> bool:
    return all(re.fullmatch(r"[0-9]{1,9}", number) for number in numbers)


def ldap_digest(stored: str) -> str | None:
    """{SSHA}, {SHA}, {SMD5}, {SSHA384} and alike (RFC 2307), with a salt of any length behind the checksum.

    Dovecot writes {LDAP-MD5} and {PLAIN-MD5}, too, and the encoding as a suffix: {SSHA256.hex}.
    """
    label, _, value = stored[1:].partition("}")
    scheme, _, encoding = label.upper().removeprefix("LDAP-").partition(".")
    if scheme.startswith("PLAIN-"):
        scheme, encoding = scheme.removeprefix("PLAIN-"), "HEX"
    is_salted = scheme.startswith(("SSHA", "SMD5"))
    algorithm = _LDAP_DIGESTS.get(scheme[1:] if is_salted else scheme)
    if algorithm is None:
        return None
    data, size = unhex(value) if encoding == "HEX" else unbase64(value), DIGEST_BYTES[algorithm]
    if data is None or (len(data) <= size if is_salted else len(data) != size):
        raise Malformed
    salt_sizes, schemes = _PASSLIB_LDAP
    if scheme in schemes and len(data) - size in salt_sizes:
        return f"{{{scheme}}}{base64.b64encode(data).decode()}"
    return digest(algorithm, SALT_LAST if is_salted else NO_SALT, data[size:], data[:size])


def digest_from_spring(stored: str) -> str | None:
    """Spring Security's {MD5}{salt}hex and {SHA-256}{salt}hex: the braces of the salt are hashed with it.

    MessageDigestPasswordEncoder.java; without a salt it is the digest of the password alone.
    """
    found = re.fullmatch(r"\{([A-Z0-9-]+)\}(\{[^}]*\})?([0-9a-f]+)", stored, re.IGNORECASE)
    if found is None:
        raise Malformed
    algorithm, salt = found[1].lower().replace("-", ""), (found[2] or "").encode(errors="replace")
    return _whole(digest(algorithm, SALT_LAST if salt else NO_SALT, salt, unhex(found[3]) or b""))


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
