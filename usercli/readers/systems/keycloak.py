"""Keycloak: a realm export (`kc.sh export`), its files of users, or the users of the admin interface.

https://www.keycloak.org/server/importExport - hashes: keycloak/keycloak, PasswordCredentialModel and the
Pbkdf2PasswordHashProvider and Argon2PasswordHashProvider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli import hash_encodings as encodings
from usercli.errors import InvalidInput
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep
from usercli.readers.foreign_user import (
    ForeignUser,
    InvalidRecord,
    flag,
    joined,
    moment,
    names,
    part,
    parts,
    sanitize,
    text,
)
from usercli.readers.json_stream import read_users
from usercli.readers.named_rows import row_of
from usercli.readers.user_columns import is_open, other_keys
from usercli.validation import read_json

_KNOWN = frozenset({"username"})
_TAKEN = frozenset(
    {"id", "username", "email", "emailVerified", "firstName", "lastName", "attributes", "credentials"}
    | {"createdTimestamp", "requiredActions", "realmRoles", "clientRoles", "groups", "federatedIdentities"}
    # what is said of the credentials, or of whoever exports
    | {"totp", "disableableCredentialTypes", "notBefore", "access", "userProfileMetadata", "self"}
)
_WITHIN = ("users.item", "item.users.item")
_PASSWORD = ("password", "")
_DIGESTS = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}
_VERSIONS = {"1.3": 19, "1.0": 16}


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Keycloak, without service accounts and second factors."""
    return read_users(source, options, "keycloak", _KNOWN, lambda item: _user(item, options.left_out), _WITHIN)


def _user(item: dict[str, Any], left_out: LeftOut) -> ForeignUser | None:
    if text(item, "serviceAccountClientId"):
        left_out.entries["service account"] += 1
        return None
    attributes = {key: _single(value) for key, value in part(item, "attributes").items()}
    attributes |= other_keys(item, _TAKEN)
    attributes |= {
        "keycloak_id": text(item, "id"),
        "username": text(item, "username"),
        "email_verified": item.get("emailVerified"),
        "federated_identities": parts(item, "federatedIdentities"),
    }
    credentials = parts(item, "credentials")
    left_out.fields.update({kind for each in credentials if (kind := text(each, "type")) not in _PASSWORD})
    secret, is_temporary = _secret(credentials)
    actions = names(item, "requiredActions")
    return ForeignUser(
        email=text(item, "email"),
        login=text(item, "username"),
        name=joined(text(item, "firstName"), text(item, "lastName")),
        is_active=is_open(row_of(item)),
        roles=_roles(item),
        attributes=attributes | {"required_actions": [each for each in actions if each != "UPDATE_PASSWORD"]},
        secret=secret,
        must_change_password=is_temporary or "UPDATE_PASSWORD" in actions,
        times={"created_at": moment(item, "createdTimestamp")},
    )


def _single(value: Any) -> Any:
    """The single value of a list: Keycloak stores a list for every attribute."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _roles(item: dict[str, Any]) -> list[str]:
    """Realm roles, client roles as CLIENT/ROLE, and groups by path."""
    clients = part(item, "clientRoles")
    of_clients = [f"{client}/{role}" for client in clients for role in names(clients, client)]
    return [*names(item, "realmRoles"), *of_clients, *(group.strip("/") for group in names(item, "groups"))]


def _secret(credentials: list[dict[str, Any]]) -> tuple[Secret, bool]:
    """The password, and whether it must be changed."""
    for credential in credentials:
        if text(credential, "type") in _PASSWORD:
            return _password(credential), flag(credential, "temporary")
    return Secret(), False


def _password(credential: dict[str, Any]) -> Secret:
    if clear := text(credential, "value"):
        return Secret(password=clear)
    if "secretData" in credential:  # JSON as text, since Keycloak 8
        data, secret = _json_object(credential, "credentialData"), _json_object(credential, "secretData")
    else:
        data, secret = credential, {**credential, "value": text(credential, "hashedSaltedValue")}
    if "hashIterations" not in data and not text(secret, "value"):
        return Secret()
    return _hash(data, secret)


def _hash(data: dict[str, Any], secret: dict[str, Any]) -> Secret:
    algorithm, value = text(data, "algorithm") or "pbkdf2", text(secret, "value")
    salt, key = encodings.unbase64(text(secret, "salt")), encodings.unbase64(value)
    rounds = _number(data.get("hashIterations"))
    if value.startswith("$"):  # of a custom hash provider, such as bcrypt
        return keep(value, sanitize(algorithm))
    if salt is None or key is None:
        raise InvalidRecord("the hash of the password is not base64")
    if algorithm in _DIGESTS:
        digest = _DIGESTS[algorithm]
        return keep(encodings.pbkdf2(digest, rounds, salt, key), f"pbkdf2_{digest}")
    if algorithm == "argon2":
        return _argon2(part(data, "additionalParameters"), rounds, salt, key)
    return Secret(unsupported=sanitize(algorithm)[:40])


def _argon2(parameters: dict[str, Any], passes: int, salt: bytes, key: bytes) -> Secret:
    kind = _single(parameters.get("type", "id"))
    version = _VERSIONS.get(str(_single(parameters.get("version", "1.3"))))
    memory, lanes = (_number(_single(parameters.get(name))) for name in ("memory", "parallelism"))
    if kind not in ("id", "i", "d") or version is None:
        return Secret(unsupported="argon2")
    return keep(encodings.argon2(kind, version, (memory, passes, lanes), salt, key), "argon2")


def _json_object(credential: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        value = read_json(text(credential, key) or "{}")
    except InvalidInput:
        value = None
    if not isinstance(value, dict):
        raise InvalidRecord(f"{key} is not a JSON object")
    return value


def _number(value: Any) -> int:
    digits = str(value)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
