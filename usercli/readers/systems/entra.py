"""Microsoft Entra ID: the CSV of the portal's bulk operations (download and create), and Microsoft Graph's users.

MicrosoftDocs/entra-docs, docs/identity/users/users-bulk-download.md and users-bulk-add.md
https://learn.microsoft.com/graph/api/user-list
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_user import names, parts
from usercli.readers.key_names import snake_case
from usercli.readers.named_rows import Row
from usercli.readers.user_columns import UserColumns, as_object, cell, read_users_of, role_names, yes

_COLUMNS = UserColumns(
    "entra",
    known=frozenset({"userPrincipalName"}),
    id=("object_id", "id"),
    login=(),
    name=("display_name",),
    names=("given_name", "surname"),
    password=("initial_password",),
    roles=("member_of",),
    must_change=("must_change",),
    times={
        "created_at": ("created_date_time",),
        "last_login_at": ("last_sign_in_date_time", "last_successful_sign_in_date_time"),
        "password_changed_at": ("last_password_change_date_time",),
    },
    flags=frozenset({"directory_synced", "on_premises_sync_enabled"}),
    renamed={
        "telephone_number": "phone_number",
        "business_phones": "phone_number",
        "mobile_phone": "mobile",
        "job_title": "title",
        "physical_delivery_office_name": "office",
        "office_location": "office",
        "company_name": "organization",
    },
    no_place=frozenset(
        {"assigned_licenses", "assigned_plans", "provisioned_plans", "license_assignment_states"}
        | {"service_provisioning_errors", "on_premises_provisioning_errors", "password_policies"}
    ),
    ignored=frozenset(
        {"mail", "odata_type", "odata_id", "odata_context", "odata_etag", "member_of_odata_context"}
        | {"last_sign_in_request_id", "last_non_interactive_sign_in_request_id"}
        | {"last_successful_sign_in_request_id"}
    ),
    within=("value.item", "item.value.item"),
    next_page="@odata.nextLink",
)
_PROPERTY = re.compile(r"\[(\w+)\]")
_EXAMPLE = "Example:"
#: Between the addresses of a cell; a + may also be part of one, before its @.
_BETWEEN = re.compile(r"[;,\s]+|(?<=\w)\+(?=\w+:)|(@[^;,\s+]+)\+")
_GUEST = "#EXT#"


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Entra ID, without the template's example."""
    return read_users_of(_COLUMNS, source, options, _prepare, _column_name)


def _column_name(header: str) -> str:
    """`Name [displayName] Required` is displayName; the template's question whether to block is accountEnabled."""
    found = _PROPERTY.search(header)
    if found is None:
        return snake_case(header)
    return {"accountEnabled": "blocked", "passwordProfile": "initial_password"}.get(found[1], snake_case(found[1]))


def _prepare(row: Row, left_out: LeftOut) -> Row | None:
    principal = cell(row, "user_principal_name")
    if _EXAMPLE in (cell(row, "display_name")[: len(_EXAMPLE)], principal[: len(_EXAMPLE)]):
        left_out.entries["template example"] += 1
        return None
    row["blocked"] = yes(row, "blocked")
    row["must_change"] = bool(row.get("initial_password"))  # Entra demands it, too
    if profile := as_object(row, "password_profile"):
        del row["password_profile"]
        row["initial_password"] = profile.get("password")
        row["must_change"] = yes(profile, "forceChangePasswordNextSignIn")
    row |= {snake_case(key): value for key, value in as_object(row, "sign_in_activity").items()}
    row.pop("sign_in_activity", None)
    row["member_of"] = role_names(row.get("member_of"))
    emails = _emails(row, principal)
    row["email"] = emails[0] if emails else ""
    row["other_emails"] = [address for address in emails[1:] if address != principal]
    if principal == row["email"]:
        row.pop("user_principal_name", None)
    return row


def _emails(row: Row, principal: str) -> list[str]:
    """The address of the mailbox first, then that of a customer's sign-in; a guest's principal name is none."""
    sign_ins = [
        str(entry.get("issuerAssignedId"))
        for entry in parts(row, "identities")
        if entry.get("signInType") == "emailAddress"
    ]
    others = [*_listed(row, "other_mails"), *_listed(row, "alternate_email_address")]
    others += [name[5:] for name in _listed(row, "proxy_addresses") if name.lower().startswith("smtp:")]
    found = [
        cell(row, "mail"),
        *sign_ins,
        "" if _GUEST in principal or "@" not in principal else principal,
        *others,
    ]
    unique = {address.strip().lower(): address.strip() for address in reversed(found) if address.strip()}
    return [unique.pop(key) for address in found if (key := address.strip().lower()) in unique]


def _listed(row: Row, key: str) -> list[str]:
    """The texts of a list, which a table holds in one cell; the row has it no more."""
    found = names(row, key) if isinstance(row.get(key), list) else _BETWEEN.sub(r"\1;", cell(row, key)).split(";")
    row.pop(key, None)
    return found
