"""SCIM 2.0: a ListResponse (RFC 7644, 3.4.2) of User resources of the core schema (RFC 7643, 4.1).

The enterprise extension is the attribute `enterprise`, where the reader stores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from usercli.readers.systems.scim import ENTERPRISE, LISTS, TEXTS
from usercli.schemas.user_fields import SHOWN
from usercli.text import json_line
from usercli.writers import Exported, Report, is_active, json_array

_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_WRITTEN = {"id", "email", "full_name", "is_active", "roles", "attributes", "version", "created_at", "updated_at"}
_UNSUPPORTED = tuple(name for name in SHOWN if name not in _WRITTEN)


def write(users: Iterable[Exported], report: Report) -> Iterator[str]:
    """The list; the count follows the resources, so that they can be streamed."""
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for user in users:
            count += 1
            yield _resource(user, report)

    start = f'{{"schemas":{json_line([_LIST])},"Resources":'
    for piece in json_array(counted()):
        yield start + piece
        start = ""
    yield f',"totalResults":{count},"startIndex":1,"itemsPerPage":{count}}}\n'


def _resource(user: Exported, report: Report) -> dict[str, Any]:
    report.count_lost(user, _UNSUPPORTED)
    extra = _schema_attributes(user["attributes"])
    if user["attributes"].keys() - extra.keys():
        report.lost["attributes"] += 1
    enterprise = extra.pop("enterprise", None)
    found: dict[str, Any] = {
        "schemas": [_USER, ENTERPRISE] if enterprise else [_USER],
        "id": user["id"],
        "userName": user["email"],
        "active": is_active(user),
        "emails": [{"value": user["email"], "primary": True}],
        **extra,
    }
    if user["full_name"]:
        found["name"] = {"formatted": user["full_name"]}
    if user["roles"]:
        found["roles"] = [{"value": name} for name in user["roles"]]
    if enterprise:
        found[ENTERPRISE] = enterprise
    found["meta"] = {"resourceType": "User", "created": user["created_at"], "lastModified": user["updated_at"]}
    return found


def _schema_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that the schema has, with values of its types."""
    found: dict[str, Any] = {name: attributes[name] for name in TEXTS if isinstance(attributes.get(name), str)}
    for name in LISTS:
        value = attributes.get(name)
        if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
            found[name] = value
    if isinstance(attributes.get("enterprise"), dict):
        found["enterprise"] = attributes["enterprise"]
    return found
