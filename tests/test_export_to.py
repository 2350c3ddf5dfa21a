"""Files for other systems: they take them, and what they hold comes back as the same users."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import Cli, Database
from tests.test_formats_hashes import HASHER, PASSWORD, VERIFIED
from tests.test_formats_peers import read
from usercli.hash_forms import identify
from usercli.readers import Record
from usercli.schemas.users import USER_FIELDS, UserView
from usercli.writers import SYSTEMS, Report, writer

pytestmark = pytest.mark.filterwarnings("ignore::passlib.exc.PasslibHashWarning", "ignore:Accessing argon2")

BCRYPT = HASHER.hash(PASSWORD)
LONG = "a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".com"

#: Users with everything that a file of ours may say.
PEOPLE: list[dict[str, Any]] = [
    {
        "email": "Ada@example.com",
        "full_name": "Ada King, Countess of Lovelace",
        "roles": ["admin", "editor"],
        "attributes": {"team": {"name": "blue", "n": 1.5}, "title": "Countess", "username": "eve@example.com"},
        "hashed_password": BCRYPT,
        "created_at": "2020-01-02T03:04:05.678901Z",
        "updated_at": "2021-01-02T03:04:05Z",
        "last_login_at": "2022-01-02T03:04:05Z",
        "password_changed_at": "2023-01-02T03:04:05Z",
    },
    {
        "email": "bob@example.com",
        "full_name": "Ünïcödé 🎉",
        "expires_at": "2999-01-01T00:00:00Z",
        "is_active": True,
    },
    {"email": "eve@example.com", "full_name": "Eve", "is_active": False, "must_change_password": True},
    {"email": LONG, "full_name": "=1+1", "roles": ["editor"]},
]


@pytest.fixture
def people(cli: Cli, environment: Path) -> None:
    """The users, imported; those who say no time were made at one."""
    start = {"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}
    (environment / "people.jsonl").write_text("\n".join(json.dumps(start | one) for one in PEOPLE))
    code, _, err = cli("import", "people.jsonl", "--create-roles", "--preserve")
    assert code == 0, err


def row(**fields: Any) -> dict[str, Any]:
    """A user as an export gives it."""
    empty: dict[str, Any] = dict.fromkeys(USER_FIELDS)
    empty |= {"id": "0192aaaa-0000-7000-8000-000000000001", "email": "ada@example.com", "full_name": ""}
    empty |= {"is_active": True, "roles": [], "attributes": {}, "must_change_password": False}
    return empty | {"created_at": "2020-01-02T03:04:05Z", "updated_at": "2020-01-02T03:04:05Z"} | fields


def written(system: str, *users: dict[str, Any]) -> tuple[Any, Report]:
    """What a writer makes of users, read as JSON, and what it says."""
    report = Report()
    return json.loads("".join(writer(system)(users, report))), report


# -- there and back


def shown(cli: Cli, *options: str) -> list[dict[str, Any]]:
    """The users by email, without what every database makes anew."""
    users = json.loads(cli("export", "-o", "json", "--sort", "email", *options)[1])
    return [{name: value for name, value in user.items() if name not in ("id", "version")} for user in users]


#: What each system has no place for, and so what it is when it comes back.
LOST: dict[str, dict[str, Any]] = {
    "django": {"must_change_password": False, "expires_at": None, "password_changed_at": None},
    "auth0": {},
    "scim": {
        "must_change_password": False,
        "expires_at": None,
        "password_changed_at": None,
        "last_login_at": None,
    },
}


def attributes_after(system: str, user: dict[str, Any], user_id: str) -> dict[str, Any]:
    """The attributes with which a user comes back: those that the system holds, and its own."""
    if system == "django":
        return {"username": user["email"] if len(user["email"]) <= 150 else user_id}
    if system == "auth0":
        return {**user["attributes"], "auth0_id": user_id}
    title = {name: value for name, value in user["attributes"].items() if name == "title"}
    return {**title, "scim_id": user_id, "username": user["email"]}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.each_once
def test_what_a_system_holds_comes_back_as_the_same_users(
    cli: Cli, people: None, database: Database, empty_database: Database, system: str
) -> None:
    hashes = () if system == "scim" else ("--with-hashes",)
    assert cli("export", "users.json", "--to", system, *hashes)[0] == 0
    other = ("--database-url", empty_database.text)
    assert cli("db", "upgrade", *other)[0] == 0
    code, out, err = cli(
        "import", "users.json", "--from", system, "--create-roles", "--preserve", "-o", "json", *other
    )
    assert (code, json.loads(out)["created"]) == (0, len(PEOPLE)), err
    wanted = []
    for user in shown(cli):
        [(user_id,)] = database.rows("SELECT id FROM users WHERE email = :email", email=user["email"])
        after = {"attributes": attributes_after(system, user, str(uuid.UUID(str(user_id)))), **LOST[system]}
        if system == "django":
            after["updated_at"] = user["created_at"]
        wanted.append({**user, **after})
    assert shown(cli, *other) == wanted
    if hashes:
        verify = ("password", "verify", "ada@example.com", "--password-stdin", *other)
        assert [cli(*verify, stdin=f"{text}\n")[0] for text in (PASSWORD, PASSWORD + "x")] == [0, 8]


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_bytes_are_the_same_each_time_and_on_stdout(
    cli: Cli, people: None, environment: Path, system: str
) -> None:
    texts = [cli("export", "--to", system)[1] for _ in range(2)]
    assert cli("export", "users.json", "--to", system)[:2] == (0, "")
    texts.append((environment / "users.json").read_text())
    assert len(set(texts)) == 1
    assert (environment / "users.json").stat().st_mode & 0o777 == 0o600


# -- Django itself


@pytest.fixture(scope="session")
def django() -> Iterator[Any]:
    """Django with its own tables in a database in memory."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    names = ("MD5", "BCrypt", "BCryptSHA256", "PBKDF2", "PBKDF2SHA1", "Argon2", "Scrypt")
    settings.configure(
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        MIGRATION_MODULES={"auth": None, "contenttypes": None},
        PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}PasswordHasher" for name in names],
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    yield django
    call_command("flush", interactive=False, verbosity=0)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_django_loads_the_fixture_also_twice_and_lets_users_in(cli: Cli, people: None, django: Any) -> None:
    from django.contrib.auth import authenticate
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command

    Group.objects.all().delete()
    User.objects.all().delete()
    code, _, err = cli("export", "users.json", "--to", "django", "--with-hashes")
    assert (code, err.splitlines()[1:]) == (
        0,
        [
            "warning: django cannot carry some fields of some users: attributes of 1, expires_at of 1, "
            "must_change_password of 1, password_changed_at of 1",
            "warning: django: hashes are bcrypt: django.contrib.auth.hashers.BCryptPasswordHasher must be in "
            "PASSWORD_HASHERS",
        ],
    )
    for _ in range(2):
        call_command("loaddata", "users.json", verbosity=0)
    users = {user.email: user for user in User.objects.all()}
    assert sorted(users) == sorted(str(one["email"]) for one in PEOPLE)
    assert sorted(group.name for group in Group.objects.all()) == ["admin", "editor"]
    ada = users["Ada@example.com"]
    assert (ada.username, ada.get_full_name()) == ("Ada@example.com", "Ada King, Countess of Lovelace")
    assert (ada.last_name, ada.is_staff, ada.is_superuser) == ("Lovelace", False, False)
    assert sorted(ada.groups.values_list("name", flat=True)) == ["admin", "editor"]
    assert (ada.date_joined.isoformat(), ada.last_login.year) == ("2020-01-02T03:04:05.678901+00:00", 2022)
    assert users["bob@example.com"].has_usable_password() is False
    assert users["eve@example.com"].is_active is False
    assert len(users[LONG].username) == 36
    assert authenticate(username="Ada@example.com", password=PASSWORD) == ada
    assert authenticate(username="Ada@example.com", password=PASSWORD + "x") is None


#: The schemes whose stored form each system takes.
KEPT = {
    "django": {"bcrypt", "argon2", "django_pbkdf2_sha256", "django_argon2", "django_bcrypt_sha256"}
    | {"django_salted_md5", "django_scrypt"},
    "auth0": {"bcrypt", "argon2", "django_pbkdf2_sha256", "django_argon2", "scrypt", "salted_digest"}
    | {"pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512", "pbkdf2_phc"}
    | {"ldap_salted_sha1", "ldap_salted_sha256", "ldap_salted_sha512"},
}
#: Digests for which Auth0 has no word: put together otherwise, or SHA-384.
NOT_IN_AUTH0 = {"kratos sha512", "ldif ssha384"}


def stored_of(case: str) -> str:
    (found,) = read(*VERIFIED[case])
    return cast("str", cast("Record", found).fields["hashed_password"])


@pytest.mark.parametrize("case", VERIFIED)
def test_a_known_password_verifies_with_django_or_the_scheme_is_named(case: str, django: Any) -> None:
    from django.contrib.auth.hashers import check_password, is_password_usable

    stored = stored_of(case)
    scheme = identify(stored).scheme
    objects, report = written("django", row(hashed_password=stored))
    spelled = objects[-1]["fields"]["password"]
    if scheme in KEPT["django"]:
        assert check_password(PASSWORD, spelled)
        assert not check_password(PASSWORD + "x", spelled)
        assert not report.lost
    else:
        assert (spelled, is_password_usable(spelled)) == ("!", False)
        assert report.lost == {f"hashed_password ({scheme})": 1}


@pytest.mark.parametrize("case", VERIFIED)
def test_a_known_password_comes_back_from_auth0_or_the_scheme_is_named(case: str) -> None:
    stored = stored_of(case)
    scheme = identify(stored).scheme
    users, report = written("auth0", row(hashed_password=stored))
    (back,) = read("auth0", users)
    assert isinstance(back, Record)
    if scheme in KEPT["auth0"] and case not in NOT_IN_AUTH0:
        assert HASHER.verify(PASSWORD, back.fields["hashed_password"]).ok
        assert not report.lost
    else:
        assert "hashed_password" not in back.fields
        assert report.lost == {f"hashed_password ({scheme})": 1}


def test_bcrypt_sha256_is_another_construction_in_django() -> None:
    from django.contrib.auth.hashers import BCryptSHA256PasswordHasher

    from usercli.passwords import PasswordHasher

    ours = PasswordHasher("bcrypt_sha256", 4).hash(PASSWORD)
    salt, checksum = ours.split("$")[3:]
    assert not BCryptSHA256PasswordHasher().verify(PASSWORD, f"bcrypt_sha256$$2b$04${salt}{checksum}")
    for system in ("django", "auth0"):
        assert written(system, row(hashed_password=ours))[1].lost == {"hashed_password (bcrypt_sha256)": 1}


@pytest.mark.parametrize("stored", ["!", "*", "", "!locked$2b$"])
def test_no_password_is_no_loss(stored: str) -> None:
    objects, report = written("django", row(hashed_password=stored))
    assert (objects[-1]["fields"]["password"], report) == ("!", Report())
    users, report = written("auth0", row(hashed_password=stored))
    assert ({"password_hash", "custom_password_hash"} & set(users[0]), report) == (set(), Report())


# -- what a file says


def test_auth0_gets_its_own_form_of_bcrypt_where_it_is_that() -> None:
    ten = "$2b$10$" + BCRYPT[7:]
    assert written("auth0", row(hashed_password=ten))[0][0]["password_hash"] == ten
    for stored in ("$2b$12$" + BCRYPT[7:], "$2y$12$" + BCRYPT[7:], "bcrypt$$2b$12$" + BCRYPT[7:]):
        custom = written("auth0", row(hashed_password=stored))[0][0]["custom_password_hash"]
        assert custom == {"algorithm": "bcrypt", "hash": {"value": "$2b$12$" + BCRYPT[7:], "encoding": "utf8"}}


#: https://auth0.com/docs/manage-users/user-migration/bulk-user-import-schema: nothing else is allowed.
AUTH0_SCHEMA = {
    *("email", "email_verified", "user_id", "username", "given_name", "family_name", "name", "nickname", "picture"),
    *("blocked", "password_hash", "custom_password_hash", "password_set_date", "app_metadata", "user_metadata"),
}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_auth0_gets_only_what_its_schema_knows(cli: Cli, people: None, environment: Path) -> None:
    assert cli("export", "users.json", "--to", "auth0", "--with-hashes")[0] == 0
    users = json.loads((environment / "users.json").read_text())
    assert {name for user in users for name in user} - AUTH0_SCHEMA == set()
    assert [(user["email"], user["blocked"]) for user in users if user["blocked"]] == [("eve@example.com", True)]
    assert users[0]["app_metadata"]["roles"] == ["admin", "editor"]
    assert users[0]["password_set_date"] == "2023-01-02T03:04:05Z"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_scim_gets_a_list_of_core_users(cli: Cli, people: None) -> None:
    found = json.loads(cli("export", "--to", "scim")[1])
    assert found["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert (found["totalResults"], found["itemsPerPage"], found["startIndex"]) == (len(PEOPLE), len(PEOPLE), 1)
    ada = found["Resources"][0]
    assert ada == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": json.loads(cli("show", "ada@example.com", "-o", "json")[1])["id"],
        "userName": "Ada@example.com",
        "active": True,
        "emails": [{"value": "Ada@example.com", "primary": True}],
        "title": "Countess",
        "name": {"formatted": "Ada King, Countess of Lovelace"},
        "roles": [{"value": "admin"}, {"value": "editor"}],
        "meta": {
            "resourceType": "User",
            "created": "2020-01-02T03:04:05.678901Z",
            "lastModified": "2021-01-02T03:04:05Z",
        },
    }


def test_scim_carries_what_its_schema_has_a_place_for() -> None:
    attributes = {
        "nickName": "ada",
        "locale": 7,
        "phoneNumbers": [{"value": "+1"}],
        "ims": ["x"],
        "enterprise": {"department": "Tours"},
    }
    found, report = written("scim", row(attributes=attributes))
    (user,) = found["Resources"]
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert (user["nickName"], user["phoneNumbers"]) == ("ada", [{"value": "+1"}])
    assert (user[enterprise], enterprise in user["schemas"]) == ({"department": "Tours"}, True)
    assert ("locale" in user, "ims" in user, report.lost) == (False, False, {"attributes": 1})


@pytest.mark.parametrize("system", SYSTEMS)
def test_attributes_grant_nothing(system: str) -> None:
    """Whoever may set attributes must not become somebody else, or an administrator, on the way."""
    roles = {"roles": ["admin"]}
    attributes = {
        "roles": ["admin"],
        "groups": [["admin"]],
        "is_superuser": True,
        "is_staff": True,
        "authorization": roles,
        "app_metadata": {**roles, "authorization": roles},
        "username": "root",
        "userName": "root",
        "email": "root@example.com",
    }
    found, _ = written(system, row(attributes=attributes))
    (back,) = read(system, found)
    assert isinstance(back, Record)
    assert (back.fields["email"], back.fields["roles"]) == ("ada@example.com", [])
    if system == "django":
        assert found[0]["fields"].keys() & {"is_superuser", "is_staff", "user_permissions"} == set()
        assert found[0]["fields"]["username"] == "ada@example.com"


@pytest.mark.parametrize("system", SYSTEMS)
def test_who_may_not_sign_in_any_more_is_inactive_there(system: str) -> None:
    back = []
    for expires in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        (found,) = read(system, written(system, row(expires_at=expires))[0])
        back.append(cast("Record", found).fields["is_active"])
    assert back == [False, True]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada", ("Ada", "")),
        ("Ada King Lovelace", ("Ada King", "Lovelace")),
        ("Ada  King", ("Ada  King", "")),
        (" Ada King", (" Ada King", "")),
        ("Ada ", ("Ada ", "")),
        ("x" * 200, ("x" * 150, "")),
        ("", ("", "")),
    ],
)
def test_django_gets_a_name_in_two_parts_that_join_again(name: str, parts: tuple[str, str]) -> None:
    objects, report = written("django", row(full_name=name))
    fields = objects[-1]["fields"]
    assert (fields["first_name"], fields["last_name"]) == parts
    assert bool(report.lost) == (len(name) > 150)


def test_a_job_of_auth0_that_is_too_large_is_said_once() -> None:
    small, large = (written("auth0", *[row()] * number)[1].notes for number in (100, 4000))
    assert small == set()
    (note,) = large
    assert note.startswith("a job takes files of 500 KB, this one has ")


@pytest.mark.parametrize("system", SYSTEMS)
def test_users_are_written_as_they_come(system: str) -> None:
    asked: list[int] = []

    def users() -> Iterator[dict[str, Any]]:
        for number in range(3):
            asked.append(number)
            yield row(email=f"u{number}@example.com")

    pieces = writer(system)(users(), Report())
    assert "u0@example.com" in next(pieces)
    assert asked == [0]


# -- the command line


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--to nextcloud", "no such system to export to: nextcloud (known: django, auth0, scim)"),
        ("--to django -o csv", "--to decides format and fields; leave out -o, --fields, -q and --no-header"),
        ("--to django -q", "--to decides format and fields; leave out -o, --fields, -q and --no-header"),
        (
            "--to django --fields email",
            "--to decides format and fields; leave out -o, --fields, -q and --no-header",
        ),
        ("--to auth0 --with-hashes", "hashes are written to a file only; name one"),
        ("x.json --to scim --with-hashes", "scim cannot carry hashes; leave out --with-hashes"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    cli: Cli, ada: UserView, environment: Path, arguments: str, message: str
) -> None:
    assert cli("export", *arguments.split()) == (2, "", f"error: {message}\n")
    assert list(environment.iterdir()) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_hash_leaves_unless_asked_for(cli: Cli, people: None, environment: Path, system: str) -> None:
    assert BCRYPT[7:] not in cli("export", "--to", system)[1]
    assert cli("export", "users.json", "--to", system)[0] == 0
    assert BCRYPT[7:] not in (environment / "users.json").read_text()


def test_filters_choose_and_nobody_is_an_empty_file(
    cli: Cli, make_user: Callable[..., UserView], environment: Path
) -> None:
    make_user("a@example.com")
    make_user("b@example.com", is_active=False)
    found = json.loads(cli("export", "--to", "auth0", "--active")[1])
    assert [user["email"] for user in found] == ["a@example.com"]
    nobody = ("export", "--search", "nobody", "--to")
    assert cli(*nobody, "django")[:2] == (0, "[]\n")
    assert json.loads(cli(*nobody, "scim")[1])["totalResults"] == 0


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_error_leaves_the_file_that_was_there(cli: Cli, ada: UserView, environment: Path) -> None:
    (environment / "users.json").write_text("as it was")
    assert cli("export", "users.json", "--to", "django", "--role", "nobody")[:2] == (3, "")
    assert (environment / "users.json").read_text() == "as it was"
    assert cli("export", "--to", "scim", "--role", "nobody")[:2] == (3, "")


def test_the_page_lists_every_system() -> None:
    page = (Path(__file__).parent.parent / "docs" / "export-to.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(SYSTEMS)
