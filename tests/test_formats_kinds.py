"""A file without users is named for what it is, and entries of a directory that are no accounts are passed over."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Cli, Database
from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record, reader
from usercli.readers.file_kinds import kind_of

SCIM = "urn:ietf:params:scim:api:messages:2.0:"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
REALM = {"id": "r", "realm": "acme", "enabled": True, "roles": {"realm": [{"name": "editor"}]}, "clients": []}
PARTIAL = "the file is a realm without users (a partial export)"

KINDS: list[tuple[str, Any, str]] = [
    ("keycloak", REALM, PARTIAL),
    ("keycloak", [REALM], PARTIAL),
    ("keycloak", {"id": "r", "realm": "acme", "enabled": True}, PARTIAL),
    ("keycloak", [{"id": "1", "clientId": "x", "protocol": "openid-connect"}], "the file is an export of clients"),
    ("keycloak", [{"id": "1", "name": "g", "path": "/g", "subGroups": []}], "the file is an export of groups"),
    (
        "keycloak",
        [{"id": "1", "name": "r", "clientRole": False, "containerId": "x"}],
        "the file is an export of role",
    ),
    ("keycloak", [{"id": "1"}], "this is not a file of keycloak: "),
    (
        "scim",
        {"schemas": [SCIM + "BulkRequest"], "Operations": []},
        "the file is a bulk request of SCIM, not users",
    ),
    ("scim", {"schemas": [SCIM + "Error"], "status": "404"}, "the file is an error message of SCIM, not users"),
    ("scim", {"schemas": [SCIM + "PatchOp"], "Operations": []}, "the file is a change (PatchOp) of SCIM"),
    ("scim", {"schemas": [CORE + "Group"], "displayName": "g"}, "the file has groups of SCIM, and no users"),
    ("json", REALM, PARTIAL),
    (
        "json",
        {"schemas": [SCIM + "ListResponse"], "Resources": []},
        "the file is a list response of SCIM; its form",
    ),
    ("json", {"name": "n", "changes": [], "create": 0, "update": 0}, "the file is a saved plan; "),
    ("json", {"name": "n", "users": [{"email": "a@x.com"}]}, "the file is a file of desired users; "),
    (
        "json",
        [{"name": "editor", "description": "", "administrative": False, "users": 1}],
        "the file is an export of",
    ),
    ("jsonl", {"name": "editor", "administrative": False}, "the file is an export of roles, not users"),
    ("jsonl", {"seq": 1, "change_id": "x", "action": "user.created"}, "the file is an export of the audit log"),
    (
        "json",
        {"@odata.context": "https://graph.microsoft.com/", "value": []},
        "the file is a list of Microsoft Graph",
    ),
    ("json", [{"userPrincipalName": "a@example.com"}], "the file is users of Microsoft Entra ID; its format is e"),
    ("json", [{"primaryEmail": "a@example.com", "suspended": False}], "the file is users of Google Workspace; "),
    ("jsonl", {"profile": {}, "status": "ACTIVE", "credentials": {}}, "the file is users of Okta; its format is o"),
    (
        "json",
        [{"user_login": "a", "user_email": "a@example.com"}],
        "the file is users of WordPress; its format is w",
    ),
    ("jsonl", {"model": "auth.user", "pk": 1, "fields": {}}, "the file is a dump of Django; its format is d"),
]


@pytest.mark.parametrize(("system", "data", "message"), KINDS)
def test_an_object_that_is_no_user_is_named(system: str, data: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        list(reader(system)(io.BytesIO(json.dumps(data).encode()), ReadOptions()))
    assert raised.value.message.startswith(message)


def test_what_usercli_itself_exports_is_named(cli: Cli, environment: Path) -> None:
    cli("role", "create", "editor")
    for name, arguments in (
        ("r.json", ("role", "list", "-o", "json")),
        ("a.jsonl", ("audit", "log", "-o", "jsonl")),
    ):
        (environment / name).write_text(cli(*arguments)[1])
        code, _, err = cli("import", name)
        assert (code, err.startswith("error: the file is an export of ")) == (2, True), err


def test_a_group_before_the_users_is_passed_over() -> None:
    group = {"schemas": [CORE + "Group"], "displayName": "g"}
    user = {"schemas": [CORE + "User"], "userName": "a@example.com"}
    found = list(reader("scim")(io.BytesIO(json.dumps([group, user]).encode()), ReadOptions()))
    assert [record.fields["email"] for record in found if isinstance(record, Record)] == ["a@example.com"]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.lists(st.integers()), max_size=6))
def test_any_object_has_a_kind_or_none(value: dict[str, Any]) -> None:
    assert kind_of(value) is None or set(value)


def ldif(text: str) -> list[Record | BadRecord]:
    return list(reader("ldif")(io.BytesIO(text.encode()), ReadOptions(email_domain="x.org")))


PERSON = "dn: uid=a,dc=x\nobjectClass: inetOrgPerson\nuid: a\n"


def entry(more: str) -> dict[str, Any]:
    [found] = ldif(PERSON + more)
    assert isinstance(found, Record), found
    return found.fields


def test_the_value_without_options_is_preferred() -> None:
    found = entry("mail;lang-de: de@x.org\nmail: a@x.org\ndisplayName;lang-de: Deutsch\ndisplayName: Plain\n")
    assert (found["email"], found["full_name"]) == ("a@x.org", "Plain")
    assert found["attributes"]["other_emails"] == ["de@x.org"]
    assert entry("mail;lang-de: de@x.org\ncn;lang-de: Nur\n")["email"] == "de@x.org"


def test_no_second_value_is_lost() -> None:
    found = entry("mail: a@x.org\nmail: b@x.org\ntelephoneNumber: 1\ntelephoneNumber: 2\nou: one\ntitle: T\n")
    assert found["email"] == "a@x.org"
    attributes = found["attributes"]
    assert attributes["other_emails"] == ["b@x.org"]
    assert (attributes["phone_number"], attributes["organizational_unit"], attributes["title"]) == (
        ["1", "2"],
        "one",
        "T",
    )


def test_a_contact_is_no_account() -> None:
    contact = "dn: CN=c,DC=x\nobjectClass: person\nobjectClass: contact\ncn: c\nmail: c@x.org\n"
    assert ldif(contact) == []
    assert len(ldif(contact + "sAMAccountName: c\n")) == 1
    assert len(ldif(contact + "userPassword: x\n")) == 1


def test_a_user_principal_name_is_an_address_where_there_is_no_other() -> None:
    assert entry("userPrincipalName: upn@x.org\n")["email"] == "upn@x.org"
    found = entry("userPrincipalName: upn@x.org\nmail: a@x.org\n")
    assert (found["email"], found["attributes"]["user_principal_name"]) == ("a@x.org", "upn@x.org")


def test_active_directory_s_zero_says_that_the_password_must_change() -> None:
    assert entry("pwdLastSet: 0\n")["must_change_password"] is True
    found = entry("pwdLastSet: 132444736000000000\n")
    assert "must_change_password" not in found
    assert found["password_changed_at"] == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


def test_the_earliest_end_counts() -> None:
    kerberos = "krbPrincipalExpiration: 20300102030405Z\n"
    assert entry(f"shadowExpire: -1\n{kerberos}")["expires_at"] == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert entry(f"shadowExpire: 20000\n{kerberos}")["expires_at"] == datetime(2024, 10, 4, tzinfo=UTC)
    assert "expires_at" not in entry("shadowExpire: -1\n")


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("amil:;dn \n<=é,#\\0xuid"), max_size=80))
def test_any_ldif_is_read_or_named(text: str) -> None:
    found: list[Record | BadRecord] = []
    with suppress(InvalidInput):
        found = ldif(f"dn: uid=a\nobjectClass: person\n{text}")
    assert all(isinstance(record, Record | BadRecord) for record in found)


READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))
from usercli.errors import InvalidInput
from usercli.readers import ReadOptions, reader
try:
    print(sum(1 for _ in reader("ldif")(sys.stdin.buffer, ReadOptions())))
except InvalidInput as error:
    print(error.message)
"""


@pytest.mark.parametrize("kind", ["values", "names"])
def test_an_entry_of_ldif_is_bounded_in_memory(kind: str) -> None:
    lines = (f"a{number if kind == 'names' else ''}:b\n" for number in range(3_000_000))
    data = f"dn: uid=a\n{''.join(lines)}".encode()
    done = subprocess.run([sys.executable, "-c", READ], input=data, capture_output=True, timeout=60, check=False)
    assert re.fullmatch(rb"line \d+: an entry is larger than 16 MB \(reading ldif\)\n", done.stdout), done.stderr


@pytest.mark.parametrize("name", ["d.json", "d.yaml"])
def test_a_desired_file_is_bounded_in_values(cli: Cli, environment: Path, database: Database, name: str) -> None:
    inside = ",".join("[]" * 1 for _ in range(1_000_000))
    (environment / name).write_text(f'{{"name":"d","users":[{inside}]}}')
    code, _, err = cli("plan", name)
    assert (code, err) == (
        2,
        f"error: {name}: too many values for a file that people review; see: usercli import\n",
    )
