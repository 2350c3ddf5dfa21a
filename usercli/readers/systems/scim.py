"""SCIM 2.0 (RFC 7643): a ListResponse, several in sequence, an array of users, or one user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.file_kinds import scim_message
from usercli.readers.foreign_hashes import Secret, ldap
from usercli.readers.foreign_user import ForeignUser, joined, moment, part, parts, rest, text
from usercli.readers.json_stream import is_envelope, read_one, require_known, walk
from usercli.readers.named_rows import row_of
from usercli.readers.user_columns import is_open

_KNOWN = frozenset({"userName", "schemas"})
_WITHIN = ("Resources.item", "item.Resources.item")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TEXTS = ("nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "externalId")
LISTS = ("phoneNumbers", "addresses", "entitlements", "ims", "photos")
_NO_PLACE = "x509Certificates"
_TAKEN = frozenset(
    {"schemas", "id", "meta", "userName", "name", "displayName", "emails", "active", "roles", "groups", "password"}
    | {ENTERPRISE, _NO_PLACE}
)


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of a SCIM provider. Groups are skipped, since users name theirs.

    Raises InvalidInput at the end if the file has fewer than `totalResults`.
    """
    number = total = users = 0
    for document in walk(source, "scim", _WITHIN):
        if is_envelope(document, _WITHIN):
            listed = document.value.get("totalResults")
            total = max(total, listed if isinstance(listed, int) else 0)
            continue
        number += 1
        if number == 1 and scim_message(document.value) != "Group":
            require_known(document.value, _KNOWN, "scim")
        if found := read_one(number, document, lambda item: _user(item, options.left_out), options):
            users += 1
            yield found
    if number and not users:
        raise InvalidInput("the file has groups of SCIM, and no users")
    if total > number:
        raise InvalidInput(f"the file holds {number:,} of {total:,} scim resources; fetch the other pages as well")


def _user(item: dict[str, Any], left_out: LeftOut) -> ForeignUser | None:
    if scim_message(item) == "Group" or ("userName" not in item and "members" in item):
        return None
    meta, emails = part(item, "meta"), _emails(item)
    name, of_name = _name(item)
    shown = text(item, "displayName")
    left_out.fields.update({_NO_PLACE} if item.get(_NO_PLACE) else ())
    attributes = rest(item, _TAKEN) | {key: parts(item, key) for key in LISTS}
    attributes |= {"name": of_name, "displayName": shown if shown != name else "", "other_emails": emails[1:]}
    attributes |= {"scim_id": text(item, "id"), "username": text(item, "userName")}
    attributes["enterprise"] = part(item, ENTERPRISE)
    return ForeignUser(
        email=emails[0] if emails else "",
        login=text(item, "userName"),
        name=name,
        is_active=is_open(row_of(item)),
        roles=[*_values(item, "roles"), *_values(item, "groups")],
        attributes=attributes,
        secret=_secret(text(item, "password")),
        times={"created_at": moment(meta, "created"), "updated_at": moment(meta, "lastModified")},
    )


def _name(item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The full name, and what it does not say of the parts."""
    name = part(item, "name")
    if full := text(name, "formatted"):
        return full, rest(name, {"formatted"})
    parts_of = joined(text(name, "givenName"), text(name, "familyName"))
    return parts_of or text(item, "displayName"), rest(name, {"givenName", "familyName"})


def _emails(item: dict[str, Any]) -> list[str]:
    """The addresses, the primary one first; without any the user name if it is an address."""
    entries = [entry for entry in parts(item, "emails") if entry.get("value")]
    entries.sort(key=lambda entry: entry.get("primary") is not True)
    login = text(item, "userName")
    return list(dict.fromkeys(text(entry, "value") for entry in entries)) or ([login] if "@" in login else [])


def _values(item: dict[str, Any], key: str) -> list[str]:
    """The names of groups or roles: the display names, else the values."""
    found = [text(entry, "display") or text(entry, "value") for entry in parts(item, key)]
    return [value for value in found if value]


def _secret(password: str) -> Secret:
    """A file for provisioning may have passwords; a provider never returns them."""
    return ldap(password) if password.startswith("{") else Secret(password=password or None)
