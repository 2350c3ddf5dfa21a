"""Whatever bytes a file holds: a user, a reason with its line, or one refusal of all; never a traceback."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_formats_peers import EXPECTED, LDIF, PEERS, REALM_USER, firebase_row, read, reasons
from tests.test_formats_systems import EXPECTED as MADE_FILES
from tests.test_formats_systems import FILES as MADE
from usercli.errors import InvalidInput
from usercli.readers import SYSTEMS, BadRecord, ReadOptions, Record, json_stream, reader
from usercli.schemas.attributes import check_attributes
from usercli.validation import require_printable

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

JSON_SYSTEMS = [name for name in SYSTEMS if name not in ("htpasswd", "shadow", "ldif", "csvde")]
GOOD: dict[str, bytes] = {case["system"]: (PEERS / case["file"]).read_bytes() for case in EXPECTED}
GOOD |= {case["system"]: (MADE / case["file"]).read_bytes() for case in MADE_FILES}
GOOD["firebase"] = firebase_row("Ada, B").encode()
GOOD["htpasswd"] = b"ada:$apr1$x\nbob:{SHA}AAAA\n"
GOOD["ldif"] = LDIF.encode()
GOOD["scim"] = b'{"userName":"ada","emails":[{"value":"ada@example.com"}]}'
GOOD["keycloak"] = json.dumps([REALM_USER]).encode()
USER = {"email": "ada@example.com"}
OWN: dict[str, dict[str, Any]] = {
    "keycloak": {"username": "ada"},
    "firebase": {"localId": "u"},
    "kratos": {"traits": {"email": "ada@example.com"}},
    "airflow": {"firstname": "Ada"},
    "scim": {"userName": "ada@example.com"},
    "entra": {"userPrincipalName": "ada@example.com"},
    "google": {"primaryEmail": "ada@example.com"},
    "okta": {"login": "ada@example.com"},
    "laravel": {"email_verified_at": None},
    "devise": {"encrypted_password": ""},
    "fastapi-users": {"hashed_password": ""},
    "supabase": {"aud": "authenticated"},
    "wordpress": {"user_email": "ada@example.com"},
    "nextcloud": {"uid": "ada"},
}


def attempt(system: str, data: bytes) -> list[Record | BadRecord] | str:
    """What is read, checked to be fit for the next step; or the refusal."""
    try:
        found = read(system, data, email_domain="example.com")
    except InvalidInput as error:
        require_printable(error.message, "the message")
        return error.message
    for entry in found:
        assert entry.line >= 1
        if isinstance(entry, BadRecord):
            require_printable(entry.reason, "the reason")
        else:
            require_printable(entry.fields["full_name"], "the name")
            check_attributes(entry.fields["attributes"])
    return found


def object_of(system: str, **more: Any) -> dict[str, Any]:
    if system == "django":
        return {"model": "auth.user", "pk": 1, "fields": {"email": "ada@example.com", "password": ""} | more}
    return USER | OWN.get(system, {}) | more


@pytest.mark.parametrize("system", SYSTEMS)
@given(data=st.binary(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_bytes(system: str, data: bytes) -> None:
    attempt(system, data)


@pytest.mark.parametrize("system", SYSTEMS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_good_file_with_a_few_bytes_changed(system: str, data: st.DataObject) -> None:
    content = bytearray(GOOD[system])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not content:
            return
    attempt(system, bytes(content))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**63) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = {
    "auth0": [
        "name",
        "blocked",
        "app_metadata",
        "custom_password_hash",
        "password_hash",
        "created_at",
        "_id",
        "user_id",
    ],
    "django": [
        "username",
        "password",
        "first_name",
        "is_active",
        "groups",
        "date_joined",
        "user_permissions",
        "name",
    ],
    "keycloak": [
        "username",
        "enabled",
        "attributes",
        "realmRoles",
        "clientRoles",
        "groups",
        "credentials",
        "users",
    ],
    "firebase": ["displayName", "disabled", "customAttributes", "providerUserInfo", "createdAt", "passwordHash"],
    "kratos": ["traits", "credentials", "verifiable_addresses", "metadata_public", "state", "created_at", "id"],
    "airflow": ["firstname", "roles", "active", "password", "id"],
    "scim": ["name", "emails", "active", "groups", "roles", "meta", "password", "phoneNumbers", "totalResults"],
    "entra": [
        "mail",
        "otherMails",
        "accountEnabled",
        "memberOf",
        "passwordProfile",
        "signInActivity",
        "identities",
    ],
    "google": ["name", "emails", "aliases", "suspended", "password", "hashFunction", "lastLoginTime", "status"],
    "okta": ["profile", "credentials", "status", "type", "secondEmail", "lastLogin", "groups"],
    "laravel": ["name", "roles", "role", "password", "banned_at", "is_admin", "created_at", "remember_token"],
    "devise": ["sign_in_count", "locked_at", "banned_until", "current_sign_in_at", "role", "id", "first_name"],
    "fastapi-users": ["is_active", "is_superuser", "is_verified", "active", "status", "created_at", "settings"],
    "supabase": [
        "raw_app_meta_data",
        "user_metadata",
        "banned_until",
        "is_anonymous",
        "deleted_at",
        "role",
        "phone",
    ],
    "wordpress": ["user_pass", "user_status", "roles", "spam", "user_registered", "display_name", "ID", "caps"],
    "nextcloud": ["groups", "enabled", "last_seen", "password", "displayname", "email", "quota"],
}


@pytest.mark.parametrize("system", JSON_SYSTEMS)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_values_of_any_type(system: str, data: st.DataObject) -> None:
    attempt_values(system, data)


@pytest.mark.slow
@pytest.mark.parametrize("system", JSON_SYSTEMS)
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_many_values_of_any_type(system: str, data: st.DataObject) -> None:
    attempt_values(system, data)


def attempt_values(system: str, data: st.DataObject) -> None:
    more = data.draw(st.dictionaries(st.sampled_from(KEYS[system]), VALUES, max_size=4))
    attempt(system, json.dumps([object_of(system, **more)]).encode("utf-8", "replace"))


@pytest.mark.parametrize("system", JSON_SYSTEMS)
def test_a_truncated_document_names_its_line(system: str) -> None:
    whole = json.dumps([object_of(system)] * 3, indent=1).encode()
    lines = whole.count(b"\n", 0, len(whole) - 20) + 1
    message = attempt(system, whole[:-20])
    assert message == f"line {lines}: not valid JSON, so not a file of {system}: it ends too early"


@pytest.mark.parametrize("system", JSON_SYSTEMS)
def test_a_key_that_stands_twice_is_refused(system: str) -> None:
    text = json.dumps([object_of(system), object_of(system)])
    text = text[:-3].replace('"email": ', '"email": "eve@example.com", "email": ', 1) + text[-3:]
    assert reasons(read(system, text)) == [(1, "the key email appears twice")]


@pytest.mark.parametrize("system", JSON_SYSTEMS)
@pytest.mark.parametrize(
    "bad",
    [
        b"\xff",
        b'"\xc3"',
        b"\x00",
        b"[NaN]",
        b"[1e999]",
        b"[" * 5000,
        b"9" * 6000,
        b'{"a":' * 5000,
        b"[1e99999999999999999999]",
    ],
    ids=range(9),
)
def test_what_is_no_json_is_refused(system: str, bad: bytes) -> None:
    message = attempt(system, b"[" + json.dumps(object_of(system)).encode() + b",\n" + bad + b"]")
    assert isinstance(message, str)
    assert message.startswith("line 2: ")
    assert system in message


@pytest.mark.parametrize("system", JSON_SYSTEMS)
def test_an_entry_that_is_no_object_is_refused_by_its_number(system: str) -> None:
    data = [object_of(system), 1, None, "x", [object_of(system)], object_of(system)]
    found = read(system, data)
    assert reasons(found) == [(number, "not a JSON object") for number in (2, 3, 4, 5)]
    assert [entry.line for entry in found if isinstance(entry, Record)] == [1, 6]


@pytest.mark.parametrize("system", JSON_SYSTEMS)
def test_a_byte_order_mark_is_read(system: str) -> None:
    data = json.dumps([object_of(system)]).encode()
    assert read(system, b"\xef\xbb\xbf" + data) == read(system, data)


@pytest.mark.parametrize("system", JSON_SYSTEMS)
def test_a_text_or_an_object_without_end_does_not_fill_the_memory(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "MAX_BYTES", 1 << 20)
    long_text = json.dumps([object_of(system, name="x" * (2 << 20))]).encode()
    many = json.dumps([object_of(system, name=["x" * 1000] * 3000)]).encode()
    for data in (long_text, many):
        message = attempt(system, data)
        assert isinstance(message, str)
        assert "is l" in message  # longer, larger


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_truncated_gzip_is_refused(system: str) -> None:
    data = gzip.compress(GOOD[system] * 50)
    source: Any = gzip.GzipFile(fileobj=io.BytesIO(data[: len(data) // 2]))
    with pytest.raises(InvalidInput, match=r"truncated|damaged|too early"):
        list(reader(system)(source, ReadOptions(email_domain="example.com")))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("other", GOOD)
def test_the_whole_file_of_another_system_is_refused(system: str, other: str) -> None:
    if other not in (system, "auth0"):  # of Auth0's not even the id is mandatory
        assert isinstance(attempt(system, GOOD[other]), str)


def test_control_characters_become_blanks() -> None:
    (found,) = read("auth0", [{"email": "a@b.co", "name": "Ada\n\x1b[31mKing\0", "user_metadata": {"a\tb": "c\n"}}])
    assert isinstance(found, Record)
    assert found.fields["full_name"] == "Ada [31mKing"
    assert found.fields["attributes"] == {"user_metadata": {"a b": "c"}}


@pytest.mark.parametrize("system", ["shadow", "htpasswd", "ldif"])
def test_a_line_that_is_no_text_is_refused_by_its_number(system: str) -> None:
    row = {"shadow": b"ada%s:*:1::::::\n", "htpasswd": b"ada%s:x\n"}
    form = row.get(system, b"dn: uid=ada%s\nobjectClass: person\n\n")
    whole, bad = form % b"", form % b"\xff"
    found = read(system, whole + bad + bad.replace(b"\xff", b"\0") + whole, email_domain="example.com")
    assert [isinstance(entry, Record) for entry in found] == [True, False, False, True]
    assert ["UTF-8" in reasons(found)[0][1], "NUL" in reasons(found)[1][1]] == [True, True]
