"""A file of one system is never taken for one of another: it is refused, or gives nobody who is closed there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Cli
from tests.test_formats_systems import read
from usercli.errors import InvalidInput
from usercli.readers import SYSTEMS, BadRecord, Record
from usercli.readers.key_names import snake_case

MAIL = "mallory@example.com"
HASH = "$2b$04$WtHaNK6Ptbm6xNnJ/Fb3QeCHf5jjKEc8cywg2pnBIpwWI1wZo85RK"
#: A closed account of each system, as its export shows it.
CLOSED: dict[str, Any] = {
    "auth0": [{"user_id": "auth0|1", "email": MAIL, "blocked": True}],
    "django": [{"model": "auth.user", "pk": 1, "fields": {"email": MAIL, "password": HASH, "is_active": False}}],
    "keycloak": [{"id": "3f0d", "username": "mallory", "enabled": False, "email": MAIL, "firstName": "M"}],
    "firebase": {"users": [{"localId": "1", "email": MAIL, "disabled": True}]},
    "kratos": [{"id": "1", "schema_id": "p", "state": "inactive", "traits": {"email": MAIL}}],
    "airflow": [
        {"id": 1, "username": "mallory", "email": MAIL, "firstname": "M", "lastname": "L", "roles": ["Op"]}
        | {"active": False}
    ],
    "shadow": f"mallory:!{HASH}:19000:0:99999:7:::\n",
    "ldif": f"dn: uid=mallory\nobjectClass: person\nmail: {MAIL}\nuserPassword: {HASH}\nnsAccountLock: true\n",
    "scim": {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "mallory", "active": False,
        "emails": [{"value": MAIL}],
    },
    "entra": [{"id": "1", "userPrincipalName": MAIL, "mail": MAIL, "accountEnabled": False}],
    "google": {"users": [{"primaryEmail": MAIL, "suspended": True, "emails": [{"address": MAIL}]}]},
    "okta": [{"id": "1", "status": "SUSPENDED", "profile": {"login": MAIL, "email": MAIL}}],
    "csvde": f"DN,objectClass,mail,userPrincipalName,userAccountControl\nCN=m,user,{MAIL},{MAIL},514\n",
    "laravel": [
        {"email": MAIL, "email_verified_at": None, "password": HASH, "remember_token": "x"}
        | {"deleted_at": "2024-01-01"}
    ],
    "devise": [{"email": MAIL, "encrypted_password": HASH, "sign_in_count": 1, "locked_at": "2024-01-01"}],
    "fastapi-users": [
        {"email": MAIL, "hashed_password": HASH, "is_active": False, "is_superuser": False, "is_verified": True}
    ],
    "supabase": [
        {"aud": "authenticated", "email": MAIL, "encrypted_password": HASH, "raw_user_meta_data": {}}
        | {"banned_until": "2999-01-01T00:00:00Z"}
    ],
    "wordpress": [{"ID": 1, "user_login": "mallory", "user_email": MAIL, "user_pass": HASH, "user_status": "1"}],
    "nextcloud": {"mallory": {"user_id": "mallory", "cloud_id": "m@c", "email": MAIL, "enabled": False}},
}  # fmt: skip
#: Only what each system itself asks for, or always writes.
LEAST: dict[str, Any] = {
    "auth0": [{"email": MAIL}],
    "django": [{"model": "auth.user", "pk": 1, "fields": {"email": MAIL, "password": ""}}],
    "keycloak": [{"username": "mallory", "email": MAIL}],
    "firebase": {"users": [{"localId": "1", "email": MAIL}]},
    "kratos": [{"schema_id": "p", "traits": {"email": MAIL}}],
    "airflow": [{"username": "mallory", "email": MAIL, "firstname": "M", "lastname": "L", "roles": ["Op"]}],
    "htpasswd": "mallory:$apr1$x\n",
    "shadow": "mallory:$1$x:19000::::::\n",
    "ldif": f"dn: uid=mallory\nobjectClass: person\nmail: {MAIL}\n",
    "scim": {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": MAIL},
    "entra": [{"userPrincipalName": MAIL}],
    "google": f"Email Address [Required],First Name [Required]\n{MAIL},M\n",
    "okta": [{"profile": {"login": MAIL, "email": MAIL}}],
    "csvde": f"DN,objectClass,mail\nCN=m,user,{MAIL}\n",
    "laravel": f"email,password\n{MAIL},{HASH}\n",
    "devise": f"email,encrypted_password\n{MAIL},{HASH}\n",
    "fastapi-users": f"email,hashed_password\n{MAIL},{HASH}\n",
    "supabase": f"email,encrypted_password\n{MAIL},{HASH}\n",
    "wordpress": f"user_login,user_email\nmallory,{MAIL}\n",
    "nextcloud": f"uid,displayname,password,email\nmallory,M,,{MAIL}\n",
}


def test_every_system_is_tried() -> None:
    assert set(CLOSED) == set(SYSTEMS) - {"htpasswd"}  # it has no closed accounts
    assert set(LEAST) == set(SYSTEMS)


@pytest.mark.parametrize("system", LEAST)
def test_the_least_that_a_system_writes_is_read(system: str) -> None:
    [found], _ = read(system, LEAST[system])
    assert isinstance(found, Record), found
    assert (found.fields["email"], found.fields["is_active"]) == (MAIL, True)


@pytest.mark.parametrize("system", CLOSED)
def test_a_closed_account_is_inactive_here(system: str) -> None:
    [found], _ = read(system, CLOSED[system])
    assert isinstance(found, Record), found
    assert (found.fields["email"], found.fields["is_active"]) == (MAIL, False)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("other", CLOSED)
def test_the_file_of_another_system_is_refused(system: str, other: str) -> None:
    if system != other:
        with pytest.raises(InvalidInput):
            read(system, CLOSED[other])


STATES = [
    {"enabled": False},
    {"is_active": False},
    {"active": False},
    {"disabled": True},
    {"blocked": True},
    {"suspended": True},
    {"deleted_at": "2024-01-01"},
    {"banned_until": "2999-01-01T00:00:00Z"},
    {"status": "SUSPENDED"},
]


@pytest.mark.parametrize("system", [system for system in LEAST if not isinstance(LEAST[system], str)])
@pytest.mark.parametrize("state", STATES, ids=str)
def test_whatever_key_says_that_an_account_is_closed(system: str, state: dict[str, Any]) -> None:
    data = json.loads(json.dumps(LEAST[system]))
    [item] = data if isinstance(data, list) else data.get("users", [data])
    item.get("fields", item).update(state)
    [found], _ = read(system, data)
    assert isinstance(found, BadRecord) or found.fields["is_active"] is False


HOLDERS = {
    "auth0": lambda text: [{"email": MAIL, "password_hash": text}],
    "django": lambda text: [{"model": "auth.user", "pk": 1, "fields": {"email": MAIL, "password": text}}],
    "kratos": lambda text: [
        {"traits": {"email": MAIL}, "credentials": {"password": {"config": {"hashed_password": text}}}}
    ],
    "airflow": lambda text: [{"firstname": "M", "email": MAIL, "password": text}],
    "htpasswd": lambda text: f"mallory:{text}\n",
    "shadow": lambda text: f"mallory:{text}:19000::::::\n",
    "ldif": lambda text: f"{LEAST['ldif']}userPassword: {text}\n",
    "scim": lambda text: [{"userName": MAIL, "password": text}],
    "laravel": lambda text: f"email,password\n{MAIL},{text}\n",
    "devise": lambda text: f"email,encrypted_password\n{MAIL},{text}\n",
    "fastapi-users": lambda text: f"email,hashed_password\n{MAIL},{text}\n",
    "supabase": lambda text: f"email,encrypted_password\n{MAIL},{text}\n",
    "wordpress": lambda text: f"user_email,user_pass\n{MAIL},{text}\n",
    "nextcloud": lambda text: f"uid,email,password\nmallory,{MAIL},{text}\n",
}
SHA1 = "W6ph5Mm5Pz8GgiULbPgzG37mj9g="  # of 20 bytes


@pytest.mark.parametrize("system", HOLDERS)
@pytest.mark.parametrize("mark", ["!", "!!", "{CRYPT}!", "!{CRYPT}"])
def test_a_locked_hash_is_kept_behind_an_inactive_user(system: str, mark: str) -> None:
    [found], _ = read(system, HOLDERS[system](mark + HASH))
    assert isinstance(found, Record), found
    assert (found.fields["is_active"], found.fields.get("hashed_password")) == (False, HASH)
    assert "password" not in found.fields


@pytest.mark.parametrize("system", HOLDERS)
def test_a_locked_hash_that_cannot_be_verified_is_counted(system: str) -> None:
    [found], _ = read(system, HOLDERS[system]("!$2x$" + HASH[4:]))
    assert isinstance(found, Record), found
    assert (found.fields["is_active"], found.unsupported) == (False, "bcrypt_2x")


@pytest.mark.parametrize("system", sorted(set(HOLDERS) - {"shadow", "airflow", "scim", "ldif"}))
@pytest.mark.parametrize("mark", ["!", "!" + "aB3dE6gH9j" * 4, "*"])
def test_a_mark_that_there_is_no_password_closes_no_account(system: str, mark: str) -> None:
    [found], _ = read(system, HOLDERS[system](mark))
    assert isinstance(found, Record), found
    assert (found.fields["is_active"], found.unsupported, "hashed_password" in found.fields) == (True, None, False)


def test_a_directory_s_open_password_goes_before_a_locked_one() -> None:
    salted = f"{{SHA}}!{SHA1}"
    data = LEAST["ldif"] + f"userPassword: {salted}\n"
    [locked], _ = read("ldif", data)
    [both], _ = read("ldif", data + f"userPassword: {{CRYPT}}{HASH}\n")
    assert isinstance(locked, Record)
    assert isinstance(both, Record)
    assert (locked.fields["is_active"], "hashed_password" in locked.fields) == (False, True)
    assert (both.fields["is_active"], both.fields["hashed_password"]) == (True, HASH)


#: Where a system has room for what anybody may add.
ROOMS: dict[str, tuple[str, ...]] = {
    "auth0": ("user_metadata", "app_metadata"),
    "django": ("fields",),
    "keycloak": ("attributes",),
    "firebase": ("customAttributes",),
    "kratos": ("traits", "metadata_public", "metadata_admin"),
    "scim": ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",),
    "okta": ("profile",),
    "supabase": ("raw_app_meta_data", "raw_user_meta_data"),
    "entra": (),
    "google": (),
    "laravel": (),
    "devise": (),
    "fastapi-users": (),
    "wordpress": (),
    "nextcloud": (),
    "airflow": (),
}


def with_more(system: str, more: dict[str, Any], room: str = "") -> Any:
    """A closed account of a system with more keys, in a room or beside the others."""
    data = json.loads(json.dumps(CLOSED[system]))
    item = data[0] if isinstance(data, list) else data.get("users", [data.get("mallory", data)])[0]
    if system == "firebase" and room:
        item[room] = json.dumps(more)
    else:
        (item.setdefault(room, {}) if room else item).update(more)
    return data


@pytest.mark.parametrize(
    ("system", "room"), [(system, room) for system, rooms in ROOMS.items() for room in ("", *rooms)]
)
def test_no_secret_of_any_system_becomes_an_attribute(system: str, room: str) -> None:
    secrets = {"totp_secret": ["TOPSECRET"], "resetToken": "TOPSECRET", "deep": {"x": [{"apiKey": "TOPSECRET"}]}}
    [found], left_out = read(system, with_more(system, secrets, room))
    assert isinstance(found, Record), found
    assert "TOPSECRET" not in str(found)
    if room:
        assert {name.replace("_", "").lower() for name in left_out.fields} >= {"totpsecret", "resettoken", "apikey"}
        assert "deep" in str(found)


@pytest.mark.parametrize("system", ROOMS)
def test_what_has_no_field_becomes_an_attribute(system: str) -> None:
    more = {"shoeSize": 43, "hobbies": ["tea", {"a": 1}], "is_tall": False}
    [found], left_out = read(system, with_more(system, more, "fields" if system == "django" else ""))
    assert isinstance(found, Record), found
    held = {snake_case(name): value for name, value in found.fields["attributes"].items()}
    assert (held["shoe_size"], held["hobbies"], held["is_tall"]) == (43, ["tea", {"a": 1}], False)
    assert left_out.fields.keys() <= {"remember_token"}


NAMED: list[tuple[str, dict[str, Any], str, str]] = [
    ("auth0", {"name": "Countess", "given_name": "Ada", "family_name": "King"}, "", "Countess"),
    ("kratos", {"name": "Countess", "first_name": "Ada", "last_name": "King"}, "traits", "Countess"),
    ("kratos", {"name": {"first": "Ada", "last": "King", "title": "Countess"}}, "traits", "Ada King"),
    ("scim", {"name": {"formatted": "Countess", "givenName": "Ada", "familyName": "King"}}, "", "Countess"),
    ("scim", {"name": {"givenName": "Ada", "familyName": "King"}, "displayName": "Countess"}, "", "Ada King"),
    ("django", {"first_name": "Ada", "last_name": "King", "full_name": "Countess"}, "fields", "Ada King"),
    ("entra", {"displayName": "Countess", "givenName": "Ada", "surname": "King"}, "", "Countess"),
    ("okta", {"displayName": "Countess", "firstName": "Ada", "lastName": "King"}, "profile", "Countess"),
    ("google", {"name": {"fullName": "Countess", "givenName": "Ada", "familyName": "King"}}, "", "Countess"),
    ("google", {"name": {"displayName": "Countess", "givenName": "Ada", "familyName": "King"}}, "", "Ada King"),
    ("wordpress", {"display_name": "Countess", "first_name": "Ada", "last_name": "King"}, "", "Countess"),
]


@pytest.mark.parametrize(("system", "more", "room", "name"), NAMED)
def test_no_part_of_a_name_is_lost(system: str, more: dict[str, Any], room: str, name: str) -> None:
    [found], _ = read(system, with_more(system, more, room))
    assert isinstance(found, Record), found
    assert found.fields["full_name"] == name
    assert all(word in str(found.fields) for word in ("Ada", "King", "Countess"))


@pytest.mark.parametrize("shown", ["displayName: Countess", "cn: Countess"])
def test_no_part_of_a_name_in_a_directory_is_lost(shown: str) -> None:
    [found], _ = read("ldif", f"{LEAST['ldif']}{shown}\nsn: King\n")
    assert isinstance(found, Record), found
    assert (found.fields["full_name"], found.fields["attributes"]["family_name"]) == ("Countess", "King")


@pytest.mark.parametrize(
    ("system", "more", "named"),
    [
        ("auth0", {"mfa_factors": [{"phone": {"value": "+1555"}}]}, "mfa_factors"),
        ("firebase", {"mfaInfo": [{"phoneInfo": "+1555"}]}, "mfaInfo"),
        ("keycloak", {"credentials": [{"type": "otp", "secretData": "+1555"}]}, "otp"),
        ("kratos", {"credentials": {"totp": {"config": {"totp_url": "+1555"}}}}, "totp"),
        ("scim", {"x509Certificates": [{"value": "+1555"}]}, "x509Certificates"),
    ],
)
def test_second_factors_are_left_out_and_counted(system: str, more: dict[str, Any], named: str) -> None:
    [found], left_out = read(system, with_more(system, more))
    assert "+1555" not in str(found)
    assert left_out.fields == {named: 1}


def test_what_our_own_export_wrote_to_auth0_comes_back_whole() -> None:
    ours = {"attributes": {"key_of_desk": "7", "n": {"token": "x"}}}
    [found], left_out = read("auth0", [{"email": MAIL, "app_metadata": {"usercli": ours}}])
    assert isinstance(found, Record)
    assert (found.fields["attributes"], left_out.fields) == (ours["attributes"], {})


@pytest.mark.parametrize(
    "text",
    [
        "mallory:x:1000:1000:M:/home/m:/bin/sh\n",
        "wheel:x:10:mallory\n",
        "eve::::::::\n",
        "dn: uid=mallory\n",
        "version: 1\n",
        '{"user": "mallory"}\n',
    ],
)
def test_what_is_no_htpasswd_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="line 1: not NAME:HASH"):
        read("htpasswd", text)


@pytest.mark.parametrize("comment", ["note", "since 2024:01", "12", "1:2:3", ":::::"])
def test_a_comment_in_htpasswd_may_have_colons(comment: str) -> None:
    [found], _ = read("htpasswd", f"ada:{HASH}:{comment}\n")
    assert isinstance(found, Record)
    assert found.fields["hashed_password"] == HASH


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_refusal_names_the_system_that_the_file_is_of(cli: Cli) -> None:
    data = json.dumps(CLOSED["keycloak"])
    code, _, err = cli("import", "-", "--from", "auth0", stdin=data)
    assert (code, err) == (
        2,
        "error: the file is users of Keycloak; its format is keycloak; name the format with --from\n",
    )
