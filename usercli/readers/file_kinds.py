"""What a JSON file is that holds no users of the format asked for: named by the keys of its first object."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from usercli.errors import Hint, InvalidInput


class Kind(NamedTuple):
    """What a file is; `format` is the name of the reader that imports it."""

    what: str
    format: str = ""

    def __str__(self) -> str:
        return f"{self.what}; its format is {self.format}" if self.format else self.what


_SCIM = "urn:ietf:params:scim:"
_MESSAGES = {
    "ListResponse": Kind("a list response of SCIM", "scim"),
    "BulkRequest": Kind("a bulk request of SCIM, not users"),
    "BulkResponse": Kind("a bulk response of SCIM, not users"),
    "SearchRequest": Kind("a search request of SCIM, not users"),
    "PatchOp": Kind("a change (PatchOp) of SCIM, not users"),
    "Error": Kind("an error message of SCIM, not users"),
    "Group": Kind("a group of SCIM, not a user"),
    "ServiceProviderConfig": Kind("a configuration of SCIM, not users"),
    "ResourceType": Kind("a resource type of SCIM, not users"),
    "Schema": Kind("a schema of SCIM, not users"),
    "User": Kind("a user of SCIM", "scim"),
}

_AUTH0 = Kind("users of Auth0", "auth0")
_SUPABASE = Kind("users of Supabase", "supabase")
_OF_KEYCLOAK = ("credentials", "createdTimestamp", "emailVerified", "firstName", "realmRoles", "requiredActions")

#: All keys of a kind, in the order in which they are tried, and what it is.
_KINDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (
        frozenset({"name", "changes", "create", "update"}),
        Kind("a saved plan; carry it out with: usercli apply FILE"),
    ),
    (frozenset({"action", "kind", "target", "after"}), Kind("the changes of a plan, not users")),
    (frozenset({"realm", "users"}), Kind("a realm of Keycloak", "keycloak")),
    (frozenset({"realm", "clients"}), Kind("a realm without users (a partial export)")),
    (frozenset({"realm", "roles"}), Kind("a realm without users (a partial export)")),
    (frozenset({"realm", "enabled"}), Kind("a realm without users (a partial export)")),
    (frozenset({"clientId", "protocol"}), Kind("an export of clients of Keycloak, not users")),
    (frozenset({"clientRole", "containerId"}), Kind("an export of roles of Keycloak, not users")),
    (frozenset({"subGroups"}), Kind("an export of groups of Keycloak, not users")),
    (frozenset({"realm", "client"}), Kind("an export of roles of Keycloak, not users")),
    (frozenset({"seq", "change_id", "action"}), Kind("an export of the audit log, not users")),
    (frozenset({"name", "administrative"}), Kind("an export of roles, not users")),
    (
        frozenset({"user", "role", "decision"}),
        Kind("an access review; read it with: usercli access-review apply FILE"),
    ),
    (frozenset({"read", "created", "rejected"}), Kind("the summary of an import, not users")),
    (frozenset({"model", "fields"}), Kind("a dump of Django", "django")),
    (frozenset({"traits", "schema_id"}), Kind("identities of Kratos", "kratos")),
    (frozenset({"localId"}), Kind("users of Firebase", "firebase")),
    (frozenset({"user_id", "cloud_id"}), Kind("users of Nextcloud", "nextcloud")),
    (frozenset({"uid", "displayname"}), Kind("users of Nextcloud", "nextcloud")),
    (frozenset({"user_id", "identities"}), _AUTH0),
    (frozenset({"user_id", "email_verified"}), _AUTH0),
    (frozenset({"user_id", "blocked"}), _AUTH0),
    (frozenset({"custom_password_hash"}), _AUTH0),
    (frozenset({"@odata.context", "value"}), Kind("a list of Microsoft Graph", "entra")),
    (frozenset({"DN", "objectClass"}), Kind("a file of csvde", "csvde")),
    (frozenset({"userPrincipalName"}), Kind("users of Microsoft Entra ID", "entra")),
    (frozenset({"primaryEmail"}), Kind("users of Google Workspace", "google")),
    (frozenset({"profile", "status"}), Kind("users of Okta", "okta")),
    (frozenset({"login", "firstName"}), Kind("users of Okta", "okta")),
    (frozenset({"user_login", "user_email"}), Kind("users of WordPress", "wordpress")),
    (frozenset({"userName", "emails"}), Kind("users of SCIM", "scim")),
    *((frozenset({"username", key}), Kind("users of Keycloak", "keycloak")) for key in _OF_KEYCLOAK),
    (frozenset({"username", "firstname"}), Kind("users of Airflow", "airflow")),
    (frozenset({"raw_user_meta_data"}), _SUPABASE),
    (frozenset({"aud", "user_metadata"}), _SUPABASE),
    (frozenset({"encrypted_password", "reset_password_sent_at"}), Kind("users of Devise", "devise")),
    (frozenset({"encrypted_password", "sign_in_count"}), Kind("users of Devise", "devise")),
    (frozenset({"hashed_password", "is_superuser"}), Kind("users of FastAPI Users", "fastapi-users")),
    (frozenset({"email_verified_at", "remember_token"}), Kind("users of Laravel", "laravel")),
    (frozenset({"email_verified_at", "password"}), Kind("users of Laravel", "laravel")),
    (frozenset({"name", "users", "roles"}), Kind("a file of desired users; apply it with: usercli apply FILE")),
    (frozenset({"users", "name"}), Kind("a file of desired users; apply it with: usercli apply FILE")),
    (frozenset({"error"}), Kind("an error message, not users")),
)


#: Systems that other tables do not resemble, and whose readers take tables.
_OF_TABLES = frozenset({"wordpress", "supabase", "devise", "fastapi-users", "laravel", "entra", "google"})


def kind_of_table(columns: Iterable[str]) -> Kind | None:
    """The system whose reader knows these columns."""
    kind = kind_of(dict.fromkeys(columns))
    return kind if kind is not None and kind.format in _OF_TABLES else None


def kind_of(value: Any) -> Kind | None:
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


def require_kind(value: Any, system: str) -> None:
    """Raise InvalidInput if the object is known to be something else than a user of this system."""
    kind = kind_of(value)
    if kind is not None and kind.format != system:
        refuse(kind)


def refuse(kind: Kind) -> NoReturn:
    """Raise InvalidInput saying what the file is."""
    raise InvalidInput(f"the file is {kind}", hint=Hint.NAME_FORMAT if kind.format else None)


def kind_of_start(start: bytes) -> Kind | None:
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
