"""What a JSON file is that holds no users of the format asked for: named by the keys of its first object."""

from __future__ import annotations

import io
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NoReturn

from usercli.errors import Hint, InvalidInput

_FORMAT = "; its format is "
_SCIM = "urn:ietf:params:scim:"
_MESSAGES = {
    "ListResponse": "a list response of SCIM; its format is scim",
    "BulkRequest": "a bulk request of SCIM, not users",
    "BulkResponse": "a bulk response of SCIM, not users",
    "SearchRequest": "a search request of SCIM, not users",
    "PatchOp": "a change (PatchOp) of SCIM, not users",
    "Error": "an error message of SCIM, not users",
    "Group": "a group of SCIM, not a user",
    "ServiceProviderConfig": "a configuration of SCIM, not users",
    "ResourceType": "a resource type of SCIM, not users",
    "Schema": "a schema of SCIM, not users",
    "User": "a user of SCIM; its format is scim",
}

#: All keys of a kind, in the order in which they are tried, and what it is.
_KINDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"name", "changes", "create", "update"}), "a saved plan; carry it out with: usercli apply FILE"),
    (frozenset({"action", "kind", "target", "after"}), "the changes of a plan, not users"),
    (frozenset({"realm", "users"}), "a realm of Keycloak; its format is keycloak"),
    (frozenset({"realm", "clients"}), "a realm without users (a partial export)"),
    (frozenset({"realm", "roles"}), "a realm without users (a partial export)"),
    (frozenset({"realm", "enabled"}), "a realm without users (a partial export)"),
    (frozenset({"clientId", "protocol"}), "an export of clients of Keycloak, not users"),
    (frozenset({"clientRole", "containerId"}), "an export of roles of Keycloak, not users"),
    (frozenset({"subGroups"}), "an export of groups of Keycloak, not users"),
    (frozenset({"realm", "client"}), "an export of roles of Keycloak, not users"),
    (frozenset({"seq", "change_id", "action"}), "an export of the audit log, not users"),
    (frozenset({"name", "administrative"}), "an export of roles, not users"),
    (frozenset({"user", "role", "decision"}), "an access review; read it with: usercli access-review apply FILE"),
    (frozenset({"read", "created", "rejected"}), "the summary of an import, not users"),
    (frozenset({"model", "fields"}), "a dump of Django; its format is django"),
    (frozenset({"traits", "schema_id"}), "identities of Kratos; its format is kratos"),
    (frozenset({"localId"}), "users of Firebase; its format is firebase"),
    (frozenset({"identities", "user_id"}), "users of Auth0; its format is auth0"),
    (frozenset({"credentials", "username"}), "users of Keycloak; its format is keycloak"),
    (frozenset({"name", "users", "roles"}), "a file of desired users; apply it with: usercli apply FILE"),
    (frozenset({"users", "name"}), "a file of desired users; apply it with: usercli apply FILE"),
    (frozenset({"error"}), "an error message, not users"),
)


def kind_of(value: Any) -> str | None:
    """What an object is that is no user; None if it is none that is known."""
    if not isinstance(value, dict):
        return None
    if (message := scim_message(value)) is not None:
        return _MESSAGES[message]
    keys = value.keys()
    return next((kind for needed, kind in _KINDS if needed <= keys), None)


def scim_message(value: Any) -> str | None:
    """What an object of SCIM is by its schemas, as in `User`; None if it names none that is known."""
    listed = value.get("schemas") if isinstance(value, dict) else None
    found = listed if isinstance(listed, list) else []
    named = (schema.rpartition(":")[2] for schema in found if isinstance(schema, str) and schema.startswith(_SCIM))
    return next((name for name in named if name in _MESSAGES), None)


def require_users(value: Any, needed: Collection[str]) -> None:
    """Raise InvalidInput if the object is of another kind than users, and has none of the `needed` keys."""
    if isinstance(value, dict) and value.keys().isdisjoint(needed) and (kind := kind_of(value)):
        refuse(kind)


def refuse(kind: str) -> NoReturn:
    """Raise InvalidInput saying what the file is."""
    raise InvalidInput(f"the file is {kind}", hint=Hint.NAME_FORMAT if has_reader(kind) else None)


def has_reader(kind: str) -> bool:
    """Whether such a file can be imported in another format."""
    return _FORMAT in kind


def kind_of_start(start: bytes) -> str | None:
    """What the object is with which a file starts, as far as the start shows."""
    import ijson

    found: dict[str, Any] = {}
    with suppress(ijson.JSONError, UnicodeDecodeError):
        key = ""
        for place, event, value in ijson.parse(io.BytesIO(start), use_float=True):
            if event == "map_key" and not place:
                key = value
                found[key] = []
            elif place == "schemas.item" and isinstance(value, str):
                found["schemas"].append(value)
    return kind_of(found)
