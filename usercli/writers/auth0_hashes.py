"""Encode hashes for Auth0's bulk imports; the reverse of readers.systems.auth0."""

from __future__ import annotations

import base64
import re
from typing import Any

from usercli.hash_encodings import NO_SALT, SALT_FIRST, SALT_LAST, unbase64, unpadded
from usercli.hash_forms import identify
from usercli.writers import Report

# Auth0's own hashes; all others are custom ones.
_AUTH0 = re.compile(r"\$2[ab]\$10\$.{53}")
_PBKDF2 = re.compile(r"\$pbkdf2(?:-(sha256|sha512))?\$(\d+)\$([^$]*)\$([^$]*)")
_DJANGO_PBKDF2 = re.compile(r"pbkdf2_(sha1|sha256)\$(\d+)\$([^$]*)\$([^$]*)")
_SCRYPT = re.compile(r"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]*)\$([^$]*)")
_POSITIONS: dict[str, str | None] = {SALT_FIRST: "prefix", SALT_LAST: "suffix", NO_SALT: None}


def to_auth0(stored: str, report: Report) -> dict[str, Any]:
    """`password_hash` or `custom_password_hash`; empty without a password, or if Auth0 cannot verify it."""
    kind = identify(stored)
    if not kind.usable:
        return {}
    bare = stored.removeprefix("bcrypt$") if kind.scheme == "django_bcrypt" else stored
    if _AUTH0.fullmatch(bare):
        return {"password_hash": bare}
    custom = _custom(kind.scheme, bare)
    if custom is None:
        report.lost[f"hashed_password ({kind.scheme})"] += 1
        return {}
    return {"custom_password_hash": custom}


def _custom(scheme: str, stored: str) -> dict[str, Any] | None:
    if scheme in {"bcrypt", "django_bcrypt"}:
        return _as_text("bcrypt", re.sub(r"^\$2y\$", "$2b$", stored))  # PHP's name for 2b
    if scheme in {"argon2", "django_argon2"}:
        return _as_text("argon2", stored.removeprefix("argon2"))
    if scheme.startswith("ldap_salted_"):
        return _as_text("ldap", stored)
    if scheme == "pbkdf2_phc":
        return _as_text("pbkdf2", stored)
    if found := _PBKDF2.fullmatch(stored):
        return _pbkdf2(found[1] or "sha1", found[2], unbase64(found[3]), unbase64(found[4]))
    if found := _DJANGO_PBKDF2.fullmatch(stored):
        return _pbkdf2(found[1], found[2], found[3].encode(), unbase64(found[4]))
    if found := _SCRYPT.fullmatch(stored):
        return _scrypt(found)
    return _digest(stored) if scheme == "salted_digest" else None


def _as_text(algorithm: str, value: str) -> dict[str, Any]:
    return {"algorithm": algorithm, "hash": {"value": value, "encoding": "utf8"}}


def _pbkdf2(digest: str, rounds: str, salt: bytes | None, key: bytes | None) -> dict[str, Any] | None:
    if salt is None or key is None:
        return None
    return _as_text("pbkdf2", f"$pbkdf2-{digest}$i={rounds},l={len(key)}${unpadded(salt)}${unpadded(key)}")


def _scrypt(found: re.Match[str]) -> dict[str, Any] | None:
    salt, key = unbase64(found[4]), unbase64(found[5])
    if salt is None or key is None:
        return None
    return {
        "algorithm": "scrypt",
        "hash": _base64(key),
        "salt": _base64(salt),
        "password": {"encoding": "utf8"},
        "keylen": len(key),
        "cost": 1 << int(found[1]),
        "blockSize": int(found[2]),
        "parallelization": int(found[3]),
    }


def _digest(stored: str) -> dict[str, Any] | None:
    """One round of a digest, if Auth0 supports the template."""
    algorithm, template, salt, checksum = stored.split("$")[1:]
    pieces = base64.b64decode(template.removeprefix("pf=")).decode("utf-8", "replace")
    if pieces not in _POSITIONS or algorithm == "sha384":
        return None
    found: dict[str, Any] = {"algorithm": algorithm, "hash": {"value": checksum, "encoding": "base64"}}
    if position := _POSITIONS[pieces]:
        found["salt"] = {"value": salt, "encoding": "base64", "position": position}
    return found


def _base64(data: bytes) -> dict[str, str]:
    return {"value": base64.b64encode(data).decode(), "encoding": "base64"}
