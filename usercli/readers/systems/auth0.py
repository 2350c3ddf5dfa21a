"""Auth0: the users export (JSON lines), the file of hashes from its support, and bulk import files (an array).

https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli import hash_encodings as encodings
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep, ldap
from usercli.readers.foreign_user import ForeignUser, InvalidRecord, flag, joined, moment, names, part, rest, text
from usercli.readers.json_stream import read_users
from usercli.readers.named_rows import row_of
from usercli.readers.user_columns import is_open, other_keys

_KNOWN = frozenset({"email", "user_id", "username", "phone_number", "_id", "app_metadata"})
_SECOND_FACTORS = ("mfa_factors", "multifactor", "multifactor_last_modified", "guardian_authenticators")
_TAKEN = frozenset(
    {"email", "name", "given_name", "family_name", "app_metadata", "user_id", "_id", "created_at", "updated_at"}
    | {"last_login", "password_set_date", "password_hash", "passwordHash", "custom_password_hash"}
    | {*_SECOND_FACTORS}
)
#: The key of `app_metadata` for the fields of our export that Auth0 does not have.
OURS = "usercli"
_TEMPLATES = {"prefix": encodings.SALT_FIRST, "suffix": encodings.SALT_LAST}


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Auth0, without second factors: attributes must not contain their secrets."""
    return read_users(source, options, "auth0", _KNOWN, lambda item: _user(item, options.left_out))


def _user(item: dict[str, Any], left_out: LeftOut) -> ForeignUser:
    name, email = text(item, "name"), text(item, "email")
    names_of = {key: text(item, key) for key in ("given_name", "family_name")}
    is_named = name not in ("", email)  # Auth0 sets the address as the name
    metadata = part(item, "app_metadata")
    ours = part(metadata, OURS)
    attributes = other_keys(item, _TAKEN) | {"auth0_id": _id(item)} | (names_of if is_named else {})
    left_out.fields.update(key for key in _SECOND_FACTORS if item.get(key))
    if remaining := rest(metadata, {"roles", OURS}):
        attributes["app_metadata"] = remaining
    return ForeignUser(
        email=email,
        login=text(item, "username"),
        name=name if is_named else joined(*names_of.values()),
        is_active=is_open(row_of(item)),
        roles=names(metadata, "roles") or names(part(metadata, "authorization"), "roles"),
        attributes=attributes,
        own_attributes=part(ours, "attributes"),
        secret=_secret(item),
        must_change_password=flag(ours, "must_change_password"),
        times={
            "created_at": moment(item, "created_at") or moment(ours, "created_at"),
            "updated_at": moment(item, "updated_at") or moment(ours, "updated_at"),
            "last_login_at": moment(item, "last_login") or moment(ours, "last_login_at"),
            "expires_at": moment(ours, "expires_at"),
            "password_changed_at": moment(item, "password_set_date"),
        },
    )


def _id(item: dict[str, Any]) -> str:
    inner = item.get("_id")
    return text(item, "user_id") or (text(inner, "$oid") if isinstance(inner, dict) else text(item, "_id"))


def _secret(item: dict[str, Any]) -> Secret:
    if custom := part(item, "custom_password_hash"):
        return _custom(custom)
    return keep(text(item, "password_hash") or text(item, "passwordHash"))


def _custom(custom: dict[str, Any]) -> Secret:
    algorithm = text(custom, "algorithm")
    stored = part(custom, "hash")
    value = text(stored, "value")
    if text(part(custom, "password"), "encoding") not in ("", "utf8", "ascii"):
        return Secret(unsupported=f"{algorithm} of passwords that are not UTF-8")
    if algorithm in ("bcrypt", "argon2"):
        return keep(value, algorithm)
    if algorithm == "pbkdf2":
        return keep(value)
    if algorithm == "ldap":
        return ldap(value) if value.startswith("{") else Secret(unsupported="ldap")
    if algorithm == "hmac":
        return _hmac(stored, value)
    return _digest_or_scrypt(custom, algorithm, value)


def _hmac(stored: dict[str, Any], value: str) -> Secret:
    digest, held = text(stored, "digest"), part(stored, "key")
    checksum = _decoded(value, text(stored, "encoding"))
    key = _decoded(text(held, "value"), text(held, "encoding") or "utf8")
    if checksum is None or key is None:
        raise InvalidRecord("custom_password_hash is not in the encoding that it names")
    return keep(encodings.keyed_digest(digest, key, checksum) if held else None, f"hmac_{digest}".rstrip("_"))


def _digest_or_scrypt(custom: dict[str, Any], algorithm: str, value: str) -> Secret:
    key = _decoded(value, text(part(custom, "hash"), "encoding"))
    salting = part(custom, "salt")
    salt = _decoded(text(salting, "value"), text(salting, "encoding") or "utf8")
    if key is None or salt is None:
        raise InvalidRecord("custom_password_hash is not in the encoding that it names")
    if algorithm == "scrypt":
        cost, block, parallel = (_count(custom, name) for name in ("cost", "blockSize", "parallelization"))
        return keep(encodings.scrypt(cost or 16384, block or 8, parallel or 1, salt, key), "scrypt")
    template = _TEMPLATES.get(text(salting, "position")) if salt else encodings.NO_SALT
    if template is None or algorithm not in encodings.DIGEST_BYTES:
        return Secret(unsupported=algorithm or "unknown")
    return keep(encodings.digest(algorithm, template, salt, key), f"salted_{algorithm}" if salt else algorithm)


def _decoded(value: str, encoding: str) -> bytes | None:
    if encoding == "hex":
        return encodings.unhex(value)
    return value.encode(errors="replace") if encoding == "utf8" else encodings.unbase64(value)


def _count(item: dict[str, Any], key: str) -> int:
    value = item.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise InvalidRecord(f"{key} is not a number")
    return value
