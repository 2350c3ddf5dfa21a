"""Other systems' own files give exactly the users that they hold, in every form that these systems write."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from usercli.errors import InvalidInput
from usercli.readers import SYSTEMS, BadRecord, ReadOptions, Record, reader

PEERS = Path(__file__).parent / "data" / "peers"
EXPECTED: list[dict[str, Any]] = json.loads((PEERS / "expected.json").read_text("utf-8"))


def read(system: str, data: bytes | str | list[Any] | dict[str, Any], **options: Any) -> list[Record | BadRecord]:
    """What a reader makes of bytes, of a text, or of a value as JSON."""
    if isinstance(data, list | dict):
        data = json.dumps(data)
    source = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(reader(system)(source, ReadOptions(**options)))


def users(system: str, data: bytes | str | list[Any] | dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """The fields of the users, all of which must be readable."""
    found = read(system, data, **options)
    assert [entry for entry in found if not isinstance(entry, Record)] == []
    return [cast("dict[str, Any]", entry.fields) for entry in found]


def user(system: str, data: bytes | str | list[Any] | dict[str, Any], **options: Any) -> dict[str, Any]:
    (found,) = users(system, data, **options)
    return found


def reasons(found: list[Record | BadRecord]) -> list[tuple[int, str]]:
    return [(entry.line, entry.reason) for entry in found if isinstance(entry, BadRecord)]


# -- files of the systems' own


@pytest.mark.parametrize("case", EXPECTED, ids=[case["file"] for case in EXPECTED])
def test_every_file_gives_exactly_the_users_it_holds(case: dict[str, Any]) -> None:
    options = dict(case["options"])
    options["companions"] = tuple(str(PEERS / name) for name in options.get("companions", ()))
    found = []
    with open(PEERS / case["file"], "rb") as file:
        for record in reader(case["system"])(file, ReadOptions(**options)):
            assert isinstance(record, Record)
            fields = {
                key: value.isoformat() if isinstance(value, datetime) else value
                for key, value in record.fields.items()
            }
            extra = {"unsupported": record.unsupported} if record.unsupported else {}
            found.append({"line": record.line, **fields, **extra})
    assert found == case["users"]


def test_every_file_of_the_folder_is_read_or_a_companion() -> None:
    data = {path.relative_to(PEERS).as_posix() for path in PEERS.rglob("*") if path.is_file()}
    companions = {f"passwd-shadow/{name}" for name in ("passwd", "group", "gshadow")}
    about = {name for name in data if name.endswith(("LICENSE", ".txt", "README.md", "expected.json"))}
    assert data - about == companions | {case["file"] for case in EXPECTED}


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_empty_file_is_no_file_of_any_system(system: str) -> None:
    with pytest.raises(InvalidInput, match=system):
        read(system, b"")


# -- auth0


def test_auth0_exports_json_lines() -> None:
    lines = [
        {
            "user_id": "auth0|1", "email": "ada@example.com", "name": "ada@example.com", "given_name": "Ada",
            "family_name": "Lovelace", "blocked": True, "email_verified": True, "nickname": "ada",
            "created_at": "2020-01-02T03:04:05.678Z", "last_login": "2021-01-02T03:04:05.000Z",
            "app_metadata": {"authorization": {"roles": ["editor"]}}, "user_metadata": {"theme": "dark"},
        },
        {
            "_id": {"$oid": "5c1"}, "email": "bob@example.com",
            "passwordHash": "$2b$04$9Q5n2Fmx3WxWHqDqQGzHwO5d.Woe61Gt.yIJ97bB/fJ2N2/wlWcbW",
            "password_set_date": {"$date": "2020-01-02T00:00:00.000Z"}, "tenant": "t", "connection": "c",
        },
    ]  # fmt: skip
    ada, bob = users("auth0", "\n".join(map(json.dumps, lines)) + "\n")
    assert ada == {
        "email": "ada@example.com",
        "full_name": "Ada Lovelace",
        "is_active": False,
        "roles": ["editor"],
        "attributes": {
            "auth0_id": "auth0|1",
            "nickname": "ada",
            "email_verified": True,
            "user_metadata": {"theme": "dark"},
            "app_metadata": {"authorization": {"roles": ["editor"]}},
        },
        "created_at": datetime(2020, 1, 2, 3, 4, 5, 678000, UTC),
        "last_login_at": datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC),
    }
    assert (bob["attributes"], bob["hashed_password"][:7]) == (
        {"auth0_id": "5c1", "tenant": "t", "connection": "c"},
        "$2b$04$",
    )
    assert bob["password_changed_at"] == datetime(2020, 1, 2, tzinfo=UTC)


def test_auth0_keeps_no_secret_of_a_second_factor() -> None:
    factors = [{"totp": {"secret": "2PRXZWZAYYDAWCD"}}]
    assert "2PRX" not in str(user("auth0", [{"email": "ada@example.com", "mfa_factors": factors}]))


# -- django


def dumped(model: str, pk: Any, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


def django_user(pk: Any, **fields: Any) -> dict[str, Any]:
    return dumped("auth.user", pk, **({"email": f"u{pk}@example.com", "password": "!x"} | fields))


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("groups_first", [False, True])
def test_django_finds_the_names_of_groups_in_the_file(lines: bool, groups_first: bool) -> None:
    groups = [dumped("auth.group", 3, name="Editors", permissions=[]), dumped("auth.permission", 1, name="x")]
    people = [django_user(1, groups=[3]), django_user(2, groups=[["Readers"]])]
    objects = [*groups, *people] if groups_first else [*people, *groups]
    found = users("django", "\n".join(map(json.dumps, objects)) if lines else objects)
    assert {one["email"]: one["roles"] for one in found} == {
        "u1@example.com": ["Editors"],
        "u2@example.com": ["Readers"],
    }


def test_django_refuses_a_group_that_is_only_a_number() -> None:
    found = read("django", [django_user(1, groups=[7]), django_user(2)])
    reason = "the group 7 is not in the file; dump auth.group as well, or use --natural-foreign"
    assert reasons(found) == [(1, reason)]
    assert len(found) == 2


def test_django_reads_a_user_model_of_ones_own() -> None:
    fields = {"email": "ada@example.com", "password": "", "full_name": "Ada", "team": 4, "last_login": None}
    found = user("django", [dumped("accounts.member", "5b0", **fields), dumped("shop.order", 1, total="3")])
    assert (found["full_name"], found["is_active"]) == ("Ada", True)
    assert found["attributes"] == {"team": 4, "django_id": "5b0"}


# -- keycloak

REALM_USER = {
    "id": "0a1b", "createdTimestamp": 1600000000123, "username": "ada", "enabled": False, "emailVerified": True,
    "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com",
    "attributes": {"locale": ["de"], "team": ["red", "blue"]},
    "requiredActions": ["UPDATE_PASSWORD", "VERIFY_EMAIL"],
    "realmRoles": ["admin"], "clientRoles": {"shop": ["buyer"]}, "groups": ["/staff/editors"],
    "credentials": [{"type": "otp", "secretData": "{\"value\":\"TOPSECRET\"}"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        [REALM_USER],
        {"realm": "shop", "users": [REALM_USER], "clients": [{"users": [1]}]},
        {"users": [REALM_USER]},
        [{"realm": "master", "users": []}, {"realm": "shop", "users": [REALM_USER]}],
    ],
    ids=["users", "realm", "file-of-users", "realms"],
)
def test_keycloak_reads_realms_and_users(data: Any) -> None:
    assert user("keycloak", data) == {
        "email": "ada@example.com",
        "full_name": "Ada Lovelace",
        "is_active": False,
        "roles": ["admin", "shop/buyer", "staff/editors"],
        "attributes": {
            "locale": "de",
            "team": ["red", "blue"],
            "keycloak_id": "0a1b",
            "username": "ada",
            "email_verified": True,
            "required_actions": ["VERIFY_EMAIL"],
        },
        "must_change_password": True,
        "created_at": datetime(2020, 9, 13, 12, 26, 40, 123000, UTC),
    }


def test_keycloak_passes_over_the_accounts_of_services() -> None:
    service = {"username": "service-account-shop", "serviceAccountClientId": "shop", "enabled": True}
    assert users("keycloak", {"realm": "shop", "users": [service]}) == []


def test_keycloak_gives_a_temporary_password_in_clear() -> None:
    credential = {"type": "password", "value": "let me in", "temporary": True}
    found = user("keycloak", [{"username": "ada", "email": "ada@example.com", "credentials": [credential]}])
    assert (found["password"], found["must_change_password"]) == ("let me in", True)


# -- firebase


def firebase_row(name: str, **columns: str) -> str:
    """A row as firebase-tools writes it: a name with a comma goes into quotes, and nothing is escaped."""
    cells = [""] * 28
    shown = {"google": 9, "photo": 6, "claims": 27, "disabled": 26, "google_id": 7}
    cells[:7] = ["uid1", "ada@example.com", "true", "aGFzaA==", "c2FsdA==", name, ""]
    cells[23:27] = ["1600000000123", "1600000001000", "+15551234567", "false"]
    for key, value in columns.items():
        cells[shown[key]] = value
    for place in (5, 9):
        if "," in cells[place]:
            cells[place] = f'"{cells[place]}"'
    return ",".join(cells) + ",\n"


NAMES = [
    "",
    "Ada",
    "Lovelace, Ada",
    'Ada "the Countess" King',
    '"Ada"',
    'King, "Ada" A.',
    "a,b,c,d",
    ",",
    'x","y',
    "Zoë 王",
]


@pytest.mark.parametrize("name", NAMES)
def test_firebase_s_broken_table_is_read_right(name: str) -> None:
    claims = '"{""role"":""admin"",""team"":""x, y""}"'
    row = firebase_row(name, disabled="true", google_id="g1", google="Other, Name", claims=claims)
    (found,) = read("firebase", row)
    assert isinstance(found, Record)
    assert found.fields["full_name"] == name.strip()
    assert found.unsupported == "firebase_scrypt"
    assert (found.fields["is_active"], found.fields["roles"]) == (False, ["admin"])
    assert found.fields["created_at"] == datetime(2020, 9, 13, 12, 26, 40, 123000, UTC)
    assert found.fields["attributes"] == {
        "firebase_id": "uid1",
        "email_verified": True,
        "phone_number": "+15551234567",
        "providers": [{"providerId": "google.com", "rawId": "g1", "displayName": "Other, Name"}],
        "claims": {"team": "x, y"},
    }


def test_firebase_s_table_is_refused_by_line_where_it_cannot_be_told() -> None:
    two_lines = firebase_row("Ada\nKing")
    photo = firebase_row("Bob", photo="https://example.com/a,b.png")
    ambiguous = firebase_row('x","https://a",,,,"y', google='x","y')
    found = read("firebase", firebase_row("Ada") + two_lines + photo + ambiguous + firebase_row("Eve"))
    assert [entry.line for entry in found if isinstance(entry, Record)] == [1, 6]
    assert [line for line, _ in reasons(found)] == [2, 3, 4, 5]


@pytest.mark.parametrize("columns", [26, 27, 28])
def test_firebase_s_older_tables_have_fewer_columns(columns: int) -> None:
    row = ",".join(firebase_row("Ada").split(",")[:columns])
    for end in ("\n", ",\r\n"):
        assert user("firebase", row + end)["full_name"] == "Ada"


def test_firebase_s_json() -> None:
    account = {
        "localId": "uid1", "email": "ada@example.com", "emailVerified": True, "passwordHash": "aGFzaA==",
        "salt": "c2E=", "displayName": "Ada", "lastSignedInAt": "1600000001000", "createdAt": "1600000000123",
        "disabled": True,
        "providerUserInfo": [{"providerId": "github.com", "rawId": "7", "email": "x@example.com"}],
        "customAttributes": "{\"roles\":[\"a\",\"b\"],\"team\":1}",
    }  # fmt: skip
    (found,) = read("firebase", {"users": [account]})
    assert isinstance(found, Record)
    assert (found.unsupported, found.fields["roles"], found.fields["is_active"]) == (
        "firebase_scrypt",
        ["a", "b"],
        False,
    )
    assert found.fields["attributes"]["claims"] == {"team": 1}
    assert found.fields["attributes"]["providers"] == [{"providerId": "github.com", "rawId": "7"}]


# -- kratos, airflow, scim

IDENTITY = {
    "id": "a1", "state": "inactive", "schema_id": "person", "created_at": "2020-01-02T03:04:05.123456Z",
    "traits": {"email": "ada@example.com", "name": {"first": "Ada", "last": "King"}, "team": "red"},
    "verifiable_addresses": [{"value": "ada@example.com", "via": "email", "verified": True}],
    "metadata_public": {"roles": ["editor"], "plan": "free"},
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [[IDENTITY], {"identities": [IDENTITY], "next_page_token": ""}, json.dumps(IDENTITY) + "\n"],
    ids=["array", "list", "alone"],
)
def test_kratos_identities(data: Any) -> None:
    assert user("kratos", data) == {
        "email": "ada@example.com",
        "full_name": "Ada King",
        "is_active": False,
        "roles": ["editor"],
        "attributes": {
            "team": "red",
            "kratos_id": "a1",
            "email_verified": True,
            "schema_id": "person",
            "metadata_public": {"plan": "free"},
        },
        "created_at": datetime(2020, 1, 2, 3, 4, 5, 123456, UTC),
    }


SCIM_USER = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "2819", "externalId": "701",
    "userName": "bjensen",
    "name": {"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"},
    "emails": [{"value": "babs@home.example.org"}, {"value": "bjensen@example.com", "primary": True}],
    "active": False, "groups": [{"value": "e9e3", "display": "Tour Guides"}], "roles": [{"value": "admin"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Tours"},
    "meta": {"created": "2010-01-23T04:56:22Z", "lastModified": "2011-05-13T04:42:34Z"},
}  # fmt: skip
SCIM_GROUP = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    "id": "e9e3",
    "displayName": "x",
    "members": [],
}


def listed(*resources: Any, total: int) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "Resources": resources,
    }


@pytest.mark.parametrize(
    "data", [listed(SCIM_USER, SCIM_GROUP, total=2), [SCIM_USER], SCIM_USER], ids=["list", "array", "alone"]
)
def test_scim_users(data: Any) -> None:
    assert user("scim", data) == {
        "email": "bjensen@example.com",
        "full_name": "Ms. Barbara J Jensen III",
        "is_active": False,
        "roles": ["admin", "Tour Guides"],
        "attributes": {
            "externalId": "701",
            "name": {"familyName": "Jensen", "givenName": "Barbara"},
            "other_emails": ["babs@home.example.org"],
            "scim_id": "2819",
            "username": "bjensen",
            "enterprise": {"department": "Tours"},
        },
        "created_at": datetime(2010, 1, 23, 4, 56, 22, tzinfo=UTC),
        "updated_at": datetime(2011, 5, 13, 4, 42, 34, tzinfo=UTC),
    }


def test_scim_s_pages_must_all_be_there() -> None:
    other = SCIM_USER | {"emails": [{"value": "eve@example.com"}]}
    pages = [listed(SCIM_USER, total=2), listed(other, total=2)]
    assert len(users("scim", "\n".join(map(json.dumps, pages)))) == 2
    with pytest.raises(InvalidInput) as caught:
        users("scim", pages[0])
    assert caught.value.message == "the file holds 1 of 2 scim resources; fetch the other pages as well"


# -- files of lines

BOB = "$1$NBLBLIXb$WUgojj1bNuxWEADQGt1m9."
SHADOW = f"ada:!$6$ab$x:0:0:99999:7::20000:\nbob:{BOB}:12991:0:99999:7:::\neve::::::::\n"


def test_shadow_says_who_is_locked_and_when_accounts_end(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("ada:x:1000:1000:Ada King,Room 1,,:/h:/bin/sh\nbob:x:1001:100:Bob:/b:/s\n")
    (tmp_path / "group").write_text("ada:x:1000:\nusers:x:100:\nsudo:x:27:ada,bob\n")
    companions = (str(tmp_path / "group"), str(tmp_path / "passwd"))
    ada, bob, eve = users("shadow", SHADOW, email_domain="example.com", companions=companions)
    assert (ada["full_name"], ada["is_active"], ada["must_change_password"]) == ("Ada King", False, True)
    assert (ada["roles"], bob["roles"], eve["roles"]) == (["sudo"], ["users", "sudo"], [])
    assert ada["expires_at"] == datetime(2024, 10, 4, tzinfo=UTC)
    assert bob["hashed_password"] == BOB
    assert (eve["is_active"], "hashed_password" in eve) == (True, False)


def test_a_hash_that_is_locked_is_kept_behind_an_inactive_user() -> None:
    found = user("shadow", f"bob:!{BOB}:1::::::\n", email_domain="example.com")
    assert (found["is_active"], found["hashed_password"]) == (False, BOB)


@pytest.mark.parametrize("system", ["shadow", "htpasswd"])
def test_a_system_without_addresses_needs_a_domain(system: str) -> None:
    line = "ada:*:1::::::\n" if system == "shadow" else "ada:$apr1$x\n"
    found = read(system, line)
    assert reasons(found) == [(1, "the user ada has no address")]
    assert isinstance(found[0], BadRecord)
    assert found[0].fields is not None
    assert found[0].fields["email"] == ""
    assert user(system, line, email_domain="example.com")["email"] == "ada@example.com"


def test_shadow_refuses_companions_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*: no such file"):
        read("shadow", SHADOW, companions=(str(tmp_path / "passwd"),))
    (tmp_path / "notes").write_text("milk, bread\n")
    with pytest.raises(InvalidInput, match="notes, line 1: neither passwd nor group"):
        read("shadow", SHADOW, companions=(str(tmp_path / "notes"),))
    with pytest.raises(InvalidInput, match="line 1: 7 columns where shadow has 9; passwd is a companion of shadow"):
        read("shadow", (PEERS / "passwd-shadow/passwd").read_bytes())


def test_htpasswd_has_comments_and_names_that_are_addresses() -> None:
    found = users(
        "htpasswd",
        "# people\n\nada@example.com:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:x:note\n",
        email_domain="example.org",
    )
    assert [one["email"] for one in found] == ["ada@example.com", "bob@example.org"]


LDIF = """\
version: 1

dn: uid=ada,ou=People,dc=example,dc=org
objectClass: inetOrgPerson
uid: ada
cn:: w4RkYQ==
sn: King
displayName: Ada of the very long
  name
# a comment
 that is folded
mail;lang-en: ada@example.org
memberOf: CN=Domain\\2C Admins,OU=Groups,DC=example,DC=org
userAccountControl: 514
accountExpires: 9223372036854775807
lastLogonTimestamp: 132444736000000000
createTimestamp: 20200102030405Z
entryUUID: 0a-1b
jpegPhoto:: /9j/4AAQ
telephoneNumber: +1 555

dn: cn=bob , ou=People,dc=example,dc=org
objectClass: account
objectClass: posixAccount
uid: bob
pwdReset: TRUE
shadowExpire: 20000

dn: cn=hosts,dc=example,dc=org
objectClass: device
cn: hosts

dn: cn=readers,dc=example,dc=org
objectClass: groupOfNames
cn: readers
member: CN=Bob,OU=people,dc=example,dc=org
memberUid: ada
"""


@pytest.mark.parametrize("how", ["plain", "crlf", "gzip", "pipe"])
def test_ldif_of_a_directory(how: str) -> None:
    data = (LDIF.replace("\n", "\r\n") if how == "crlf" else LDIF).encode()
    source: Any = io.BytesIO(data)
    if how == "gzip":
        source = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data)))
    if how == "pipe":
        source.seekable = lambda: False
    ada, bob = (record.fields for record in reader("ldif")(source, ReadOptions(email_domain="x.org")))
    assert ada == {
        "email": "ada@example.org",
        "full_name": "Ada of the very long name",
        "is_active": False,
        "roles": ["readers", "Domain, Admins"],
        "attributes": {
            "ldif_id": "0a-1b",
            "dn": "uid=ada,ou=People,dc=example,dc=org",
            "username": "ada",
            "phone_number": "+1 555",
            "family_name": "King",
        },
        "created_at": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        "last_login_at": datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC),
    }
    assert (bob["email"], bob["roles"], bob["must_change_password"]) == ("bob@x.org", ["readers"], True)
    assert bob["expires_at"] == datetime(2024, 10, 4, tzinfo=UTC)


def test_ldif_refuses_changes_and_values_in_other_files() -> None:
    entries = (
        "dn: cn=a\nchangetype: modify\nreplace: mail\n\n"
        "dn: cn=b\nobjectClass: person\nuserPassword:< file:///etc/x\n\n"
        "dn: cn=c\nobjectClass: person\nmail:: !!!\n\n"
        "dn: cn=d\nobjectClass: person\nmail: d@example.org\njpegPhoto:< file:///d.jpg\n\n"
        "dn: cn=e\nobjectClass: person\nnonsense\n"
    )
    found = read("ldif", entries)
    assert reasons(found) == [
        (1, "line 2: a change of a directory, not an entry of it"),
        (5, "line 7: the value of userpassword is in another file"),
        (9, "line 11: mail is not base64 of UTF-8"),
        (18, "line 20: not NAME: VALUE"),
    ]
    assert [entry.fields["email"] for entry in found if isinstance(entry, Record)] == ["d@example.org"]


MISSING = "a dn inside an entry; the line before it must be empty"
PERSON = "dn: uid={0},dc=x\nobjectClass: person\nuid: {0}\nmail: {0}@example.org\nuserPassword: {{SHA}}{0}\n"


@pytest.mark.parametrize("between", ["", " \n", "   \n", " \n \n", "# comment\n"])
def test_two_entries_of_ldif_are_never_one_user(between: str) -> None:
    ada, bob, eve = map(PERSON.format, ("ada", "bob", "eve"))
    line = 6 + between.count("\n")
    found = read("ldif", f"{ada}{between}{bob}\n{eve}")
    assert reasons(found) == [(1, f"line {line}: {MISSING}")]
    assert [entry.fields["email"] for entry in found if isinstance(entry, Record)] == ["eve@example.org"]


def test_two_groups_of_ldif_are_never_one() -> None:
    group = "dn: cn={0},dc=x\nobjectClass: groupOfNames\ncn: {0}\nmemberUid: {1}\n"
    data = f"{PERSON.format('ada')}\n{group.format('admins', 'eve')}{group.format('staff', 'ada')}"
    found = read("ldif", data)
    assert reasons(found) == [(7, f"line 11: {MISSING}")]
    assert [entry.fields["roles"] for entry in found if isinstance(entry, Record)] == [[]]


def test_what_stands_without_a_dn_is_named_unless_ldapsearch_wrote_it() -> None:
    ada = PERSON.format("ada")
    reason = "an entry without a dn; the empty line before it may be one too many"
    assert reasons(read("ldif", f"{ada}\nuserPassword: x\n")) == [(7, f"line 7: {reason}")]
    result = "# search reference\nref: ldap://b.example.org\n\n# search result\nsearch: 2\nresult: 0 Success\n\n"
    assert len(users("ldif", f"version: 1\n{ada}\n{result}# numResponses: 2\n")) == 1
