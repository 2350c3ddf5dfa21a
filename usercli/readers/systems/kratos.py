"""Ory Kratos: identities as `kratos list identities --format json` or the admin API returns them.

https://www.ory.sh/docs/kratos/manage-identities/import-user-accounts-identities - hashes: ory/kratos,
hash/hash_comparator.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli import hash_encodings as encodings
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep, ldap
from usercli.readers.foreign_user import ForeignUser, joined, moment, names, part, parts, rest, text
from usercli.readers.json_stream import read_users
from usercli.readers.named_rows import row_of
from usercli.readers.user_columns import is_open, other_keys

_KNOWN = frozenset({"traits"})
_WITHIN = ("identities.item",)
_SCRYPT = re.compile(r"\$scrypt\$ln=(\d{1,9}),r=(\d{1,9}),p=(\d{1,9})\$([^$]*)\$([^$]*)")
_MD5 = re.compile(r"\$md5\$([^$]*)")
_TAKEN = frozenset(
    {"id", "traits", "credentials", "metadata_public", "metadata_admin", "schema_id", "state", "created_at"}
    | {"updated_at", "verifiable_addresses", "recovery_addresses", "schema_url", "state_changed_at"}
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Identities of Kratos: one, several in sequence, or an array. Roles are read from `roles` in the metadata."""
    return read_users(source, options, "kratos", _KNOWN, lambda item: _user(item, options.left_out), _WITHIN)


def _user(item: dict[str, Any], left_out: LeftOut) -> ForeignUser:
    traits, credentials = part(item, "traits"), part(item, "credentials")
    public, admin = part(item, "metadata_public"), part(item, "metadata_admin")
    email = _email(item, traits)
    verified = [
        entry.get("verified") for entry in parts(item, "verifiable_addresses") if entry.get("value") == email
    ]
    name, of_name = _name(traits)
    left_out.fields.update(credentials.keys() - {"password"})  # second factors among them
    attributes = other_keys(item, _TAKEN) | rest(traits, {"email"})
    attributes |= {
        "name": of_name,
        "kratos_id": text(item, "id"),
        "email_verified": verified[0] if verified else None,
        "schema_id": text(item, "schema_id"),
        "metadata_public": rest(public, {"roles"}),
        "metadata_admin": rest(admin, {"roles"}),
    }
    return ForeignUser(
        email=email,
        login=text(traits, "username") or text(item, "external_id"),
        name=name,
        is_active=text(item, "state") != "inactive" and is_open(row_of(item)),
        roles=[*names(public, "roles"), *names(admin, "roles")],
        attributes=attributes,
        secret=_secret(part(part(credentials, "password"), "config")),
        times={"created_at": moment(item, "created_at"), "updated_at": moment(item, "updated_at")},
    )


def _email(item: dict[str, Any], traits: dict[str, Any]) -> str:
    """The trait `email`, or the first of `emails`, else the first verifiable address."""
    if found := [*names(traits, "email"), *names(traits, "emails")]:
        return found[0]
    by_mail = [entry for entry in parts(item, "verifiable_addresses") if entry.get("via") == "email"]
    return text(by_mail[0], "value") if by_mail else ""


def _name(traits: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The full name, and what else the trait `name` says."""
    name = traits.get("name")
    if isinstance(name, dict):
        return joined(text(name, "first"), text(name, "last")), rest(name, {"first", "last"})
    return text(traits, "name") or joined(text(traits, "first_name"), text(traits, "last_name")), {}


def _secret(config: dict[str, Any]) -> Secret:
    stored = text(config, "hashed_password")
    if not stored:
        return Secret(password=text(config, "password") or None)
    if found := _SCRYPT.fullmatch(stored):
        return _scrypt(found)
    if found := _MD5.fullmatch(stored):
        return keep(encodings.digest("md5", encodings.NO_SALT, b"", encodings.unbase64(found[1]) or b""), "md5")
    return ldap(stored) if stored.startswith("{") else keep(stored)


def _scrypt(found: re.Match[str]) -> Secret:
    """Kratos writes the cost after `ln=`, not its logarithm."""
    salt, key = encodings.unbase64(found[4]), encodings.unbase64(found[5])
    return keep(encodings.scrypt(int(found[1]), int(found[2]), int(found[3]), salt, key), "scrypt")
