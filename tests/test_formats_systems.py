"""Files in the shape of other systems' exports give exactly the users they hold, and name what they leave out."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli
from usercli.errors import InvalidInput
from usercli.hash_forms import identify
from usercli.passwords import PasswordHasher
from usercli.readers import SYSTEMS, BadRecord, LeftOut, ReadOptions, Record, reader
from usercli.readers.key_names import is_secret, snake_case

pytestmark = pytest.mark.filterwarnings("ignore:Accessing argon2")

FILES = Path(__file__).parent / "data" / "systems"
EXPECTED: list[dict[str, Any]] = json.loads((FILES / "expected.json").read_text("utf-8"))
PASSWORD = "correct horse"
NEW = (
    "entra",
    "google",
    "okta",
    "csvde",
    "laravel",
    "devise",
    "fastapi-users",
    "supabase",
    "wordpress",
    "nextcloud",
)


def read(system: str, data: bytes | str | Any) -> tuple[list[Record | BadRecord], LeftOut]:
    """What a reader makes of bytes, of a text, or of a value as JSON, and what it leaves out."""
    if not isinstance(data, bytes | str):
        data = json.dumps(data)
    options = ReadOptions(email_domain="example.com")
    found = list(reader(system)(io.BytesIO(data.encode() if isinstance(data, str) else data), options))
    return found, options.left_out


def user(system: str, data: bytes | str | Any) -> dict[str, Any]:
    """The fields of the only user."""
    [found], _ = read(system, data)
    assert isinstance(found, Record), found
    return found.fields


def plain(record: Record | BadRecord) -> dict[str, Any]:
    """A record as expected.json has it; the hash is named by its scheme."""
    assert isinstance(record, Record), record
    found: dict[str, Any] = {"line": record.line}
    for name, value in record.fields.items():
        found[name] = value.isoformat() if isinstance(value, datetime) else value
    if stored := found.pop("hashed_password", None):
        found["scheme"] = identify(stored).name
    return found | ({"unsupported": record.unsupported} if record.unsupported else {})


@pytest.mark.parametrize("case", EXPECTED, ids=[case["file"] for case in EXPECTED])
def test_every_file_gives_exactly_the_users_it_holds(case: dict[str, Any]) -> None:
    found, left_out = read(case["system"], (FILES / case["file"]).read_bytes())
    known_later = {"scheme", "unsupported"}  # which hashes are verified is a matter of hash_forms.py
    wanted = [{key: value for key, value in each.items() if key not in known_later} for each in case["users"]]
    users = [plain(record) for record in found]
    assert [{key: value for key, value in each.items() if key not in known_later} for each in users] == wanted
    assert [len(known_later & set(each)) for each in users] == [
        len(known_later & set(each)) for each in case["users"]
    ]
    assert (left_out.entries, left_out.fields) == (case["passed_over"], case["left_out"])


def test_every_hash_of_the_files_is_of_the_same_password() -> None:
    hasher = PasswordHasher(cost=4)
    for case in EXPECTED:
        for record in read(case["system"], (FILES / case["file"]).read_bytes())[0]:
            assert isinstance(record, Record)
            stored = record.fields.get("hashed_password")
            assert stored is None or hasher.verify(PASSWORD, stored).ok, (case["file"], record.line)


def test_every_file_of_the_folder_is_read_and_every_system_has_one() -> None:
    assert {path.name for path in FILES.iterdir()} - {"README.md", "expected.json"} == {
        case["file"] for case in EXPECTED
    }
    assert {case["system"] for case in EXPECTED} == set(NEW) <= set(SYSTEMS)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("case", EXPECTED, ids=[case["file"] for case in EXPECTED])
def test_every_file_imports_and_tells_once_what_it_leaves_out(cli: Cli, case: dict[str, Any]) -> None:
    arguments = ["import", str(FILES / case["file"]), "--from", case["system"], "--create-roles"]
    if any("password" in each for each in case["users"]):
        code, _, err = cli(*arguments, "--email-domain", "example.com")
        assert (code, "a plain password; it needs --hash-passwords" in err) == (2, True), err
        arguments.append("--hash-passwords")
    code, out, err = cli(*arguments, "--email-domain", "example.com", "-o", "json")
    assert (code, json.loads(out)["created"]) == (0, len(case["users"])), err
    assert err.count("passed over, as they are no users: ") == bool(case["passed_over"])
    assert err.count("left out, as there is no place for it: ") == bool(case["left_out"])
    for name, number in case["left_out"].items():
        assert f"{name} of {number}" in err


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_kinds_and_fields_are_counted_in_words(cli: Cli, environment: Path) -> None:
    code, _, err = cli("import", str(FILES / "csvde.csv"), "--from", "csvde", "--create-roles")
    assert code == 0
    assert "passed over, as they are no users: 1 other object, 1 computer, 1 group, 1 contact\n" in err
    columns = [f"c{number}_token" for number in range(20)]
    rows = [
        ["email", "hashed_password", *columns],
        ["a@example.com", "", *columns],
        ["b@example.com", "", *columns],
    ]
    (environment / "u.csv").write_text("\n".join(map(",".join, rows)))
    code, _, err = cli("import", "u.csv", "--from", "fastapi-users")
    assert code == 0
    assert "c0_token of 2, c1_token of 2" in err
    assert ", and 8 more fields\n" in err


# -- rules for all systems with named columns

STATES = [
    ("locked_at", "2024-01-01 00:00:00", False),
    ("locked_at", "0000-00-00 00:00:00", True),
    ("locked_at", "NULL", True),
    ("deleted_at", "\\N", True),
    ("banned_at", "2024-01-01", False),
    ("discarded_at", "2024-01-01", False),
    ("banned_until", "2999-01-01T00:00:00Z", False),
    ("banned_until", "2001-01-01T00:00:00Z", True),
    ("suspended_until", "infinity", False),
    ("is_active", "f", False),
    ("active", "1", True),
    ("active", "0", False),
    ("enabled", "no", False),
    ("is_banned", "t", False),
    ("blocked", "0", True),
    ("suspended", "true", False),
    ("spam", "1", False),
    ("status", "Suspended", False),
    ("status", "LOCKED_OUT", False),
    ("status", "deactivated", False),
    ("status", "active", True),
    ("status", "3", True),
    ("state", "Disabled Bay", True),
]


@pytest.mark.parametrize(("column", "value", "is_active"), STATES)
def test_a_closed_account_is_inactive(column: str, value: str, is_active: bool) -> None:
    table = f"email,hashed_password,{column}\na@example.com,,{value}\n"
    assert user("fastapi-users", table)["is_active"] is is_active
    if value not in ("NULL", "\\N"):
        assert user("fastapi-users", [{"email": "a@example.com", "hashed_password": "", column: value}])[
            "is_active"
        ] is (is_active)


def test_truths_of_json_close_an_account() -> None:
    row = {"email": "a@example.com", "hashed_password": ""}
    for column, value, is_active in (
        ("is_banned", True, False),
        ("is_banned", False, True),
        ("is_banned", 1, False),
        ("active", False, False),
        ("deleted_at", None, True),
        ("deleted_at", 1700000000, False),
    ):
        assert user("fastapi-users", [row | {column: value}])["is_active"] is is_active, (column, value)


def test_what_is_neither_open_nor_closed_is_refused_by_its_line() -> None:
    [found], _ = read("fastapi-users", "email,hashed_password,is_active\na@example.com,,maybe\n")
    assert isinstance(found, BadRecord)
    assert (found.line, found.reason) == (2, "is_active is neither true nor false")


SECRETS = [
    "remember_token",
    "twoFactorSecret",
    "otp_backup_codes",
    "API-key",
    "password_salt",
    "session_id",
    "user_activation_key",
]
NO_SECRETS = [
    "email",
    "postal_code",
    "password_changed_at",
    "otp_enabled",
    "monkey",
    "hashtag",
    "two_factor_confirmed_at",
]


def test_no_secret_is_kept() -> None:
    assert [name for name in SECRETS if not is_secret(name)] == []
    assert [name for name in NO_SECRETS if is_secret(name)] == []
    nested = {"theme": "dark", "tokens": {"a": "TOPSECRET"}, "list": [{"apiKey": "TOPSECRET", "b": 1}]}
    row = {"email": "a@example.com", "hashed_password": "", "settings": nested} | dict.fromkeys(
        SECRETS, "TOPSECRET"
    )
    [found], left_out = read("fastapi-users", [row])
    assert isinstance(found, Record)
    assert "TOPSECRET" not in str(found)
    assert found.fields["attributes"] == {"settings": {"theme": "dark", "list": [{"b": 1}]}}
    assert left_out.fields == dict.fromkeys([*map(snake_case, SECRETS), "tokens", "apiKey"], 1)


def test_other_columns_are_attributes_under_their_names() -> None:
    table = "Email,Hashed Password,Favourite colour,Größe,Zip,\na@example.com,,red,1.80,01067,\n"
    assert user("fastapi-users", table)["attributes"] == {
        "favourite_colour": "red",
        "größe": "1.80",
        "zip": "01067",
    }


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        ("admin", ["admin"]),
        ("administrator,editor", ["administrator", "editor"]),
        ('{admin,"shop keeper"}', ["admin", "shop keeper"]),
        ('["admin", "editor"]', ["admin", "editor"]),
        ("1", []),
    ],
)
def test_roles_are_names(value: str, roles: list[str]) -> None:
    quoted = value.replace('"', '""')
    found = user("laravel", f'email,password,role\na@example.com,,"{quoted}"\n')
    assert found["roles"] == roles
    assert found["attributes"] == ({} if roles else {"role": value})


@pytest.mark.parametrize("system", NEW)
@pytest.mark.parametrize(
    "data",
    ["id,colour\n1,red\n", "version:v1.0\n", [{"colour": "red"}], {"error": "denied"}, "{}{", "id\n"],
    ids=range(6),
)
def test_what_is_no_file_of_the_system_is_refused(system: str, data: Any) -> None:
    with pytest.raises(InvalidInput):
        read(system, data)


@pytest.mark.parametrize("system", NEW)
def test_an_address_twice_in_the_header_is_refused(system: str) -> None:
    needed = {"entra": "userPrincipalName", "google": "Email Address", "okta": "login", "csvde": "DN,objectClass"}
    column = needed.get(system, {"wordpress": "user_email", "nextcloud": "uid"}.get(system, "encrypted_password"))
    column = {"laravel": "password", "fastapi-users": "hashed_password"}.get(system, column)
    with pytest.raises(InvalidInput, match=r"line 1: the column mail appears twice"):
        read(system, f"{column},mail,mail\na,b,c\n")


# -- what is particular to one system


def test_entra_s_template_asks_whether_to_block_in_its_own_words() -> None:
    head = (
        "version:v1.0,,\nName [displayName] Erforderlich,[userPrincipalName],Anmelden blockieren [accountEnabled]\n"
    )
    assert user("entra", head + "Ada,ada@example.com,Yes\n")["is_active"] is False
    assert user("entra", "userPrincipalName,accountEnabled\nada@example.com,True\n")["is_active"] is True
    [found], _ = read("entra", head + "Ada,ada@example.com,Nein\n")
    assert isinstance(found, BadRecord)
    assert found.reason == "blocked is neither true nor false"


@pytest.mark.parametrize(
    ("column", "cell", "others"),
    [
        (
            "proxyAddresses",
            "SMTP:ada@example.com{}smtp:b+c@example.com{}X500:/o=x{}sip:d@x",
            ["b+c@example.com"],
        ),
        ("otherMails", "a+b@example.com{}c@example.com", ["a+b@example.com", "c@example.com"]),
        ("alternateEmailAddress", "c@example.com{}d@example.com{}", ["c@example.com", "d@example.com"]),
        ("otherMails", "c@example.com", ["c@example.com"]),
    ],
)
@pytest.mark.parametrize("between", [";", "; ", ",", ", ", "+", " "])
def test_several_addresses_in_a_cell_of_entra_are_several(
    column: str, cell: str, others: list[str], between: str
) -> None:
    joined = cell.replace("{}", between)
    found = user("entra", f'userPrincipalName,{column}\nada@example.com,"{joined}"\n')
    assert found["attributes"]["other_emails"] == others
    if column != "alternateEmailAddress":  # Graph has lists
        pieces = cell.removesuffix("{}").split("{}")
        found = user("entra", [{"userPrincipalName": "ada@example.com", column: pieces}])
        assert found["attributes"]["other_emails"] == others


def test_a_guest_of_entra_without_mailbox_has_no_address() -> None:
    [found], _ = read("entra", [{"userPrincipalName": "b_x.example#EXT#@y.example", "mail": None}])
    assert isinstance(found, BadRecord)
    assert found.reason == "the user has neither an address nor a login name"


@pytest.mark.parametrize(
    ("system", "page", "link"),
    [
        ("entra", {"value": [{"userPrincipalName": "a@example.com"}]}, "@odata.nextLink"),
        ("google", {"users": [{"primaryEmail": "a@example.com"}]}, "nextPageToken"),
    ],
)
def test_the_last_page_must_be_there(system: str, page: dict[str, Any], link: str) -> None:
    first = page | {link: "https://example.com/2"}
    assert len(read(system, json.dumps(first) + json.dumps(page))[0]) == 2
    with pytest.raises(InvalidInput, match=rf"a link to another page \({link}\); fetch all pages of {system}"):
        read(system, first)


def test_google_s_hash_function_is_named_beside_the_hash() -> None:
    head = "Email Address [Required],Password [Required],Password Hash Function [UPLOAD ONLY]\n"
    crypted = "$6$rounds=1000$abcdefgh$" + "a" * 86
    assert user("google", f"{head}a@example.com,{crypted},CRYPT\n")["hashed_password"] == crypted
    assert "hashed_password" in user("google", f"{head}a@example.com,{'0' * 32},MD5\n")
    [found], _ = read("google", f"{head}a@example.com,x,MD5\n")
    assert isinstance(found, Record)
    assert (found.unsupported, "password" in found.fields) == ("unknown", False)


def test_okta_s_hash_is_put_together() -> None:
    stored = "$2a$04$WtHaNK6Ptbm6xNnJ/Fb3QeCHf5jjKEc8cywg2pnBIpwWI1wZo85RK"
    parts = {"algorithm": "BCRYPT", "workFactor": 4, "salt": stored[7:29], "value": stored[29:]}
    profile = {"login": "a@example.com", "email": "a@example.com"}
    row = {"profile": profile, "credentials": {"password": {"hash": parts}}}
    assert user("okta", [row])["hashed_password"] == stored


@pytest.mark.parametrize("algorithm", ["SHA-1", "SHA-256", "SHA-512", "MD5", "PBKDF2"])
def test_okta_s_salted_hashes_are_left_out_by_name(algorithm: str) -> None:
    stored = {"algorithm": algorithm, "salt": "UEs=", "saltOrder": "PREFIX", "value": "A" * 22 + "=="}
    profile = {"login": "a@example.com", "email": "a@example.com"}
    [found], _ = read("okta", [{"profile": profile, "credentials": {"password": {"hash": stored}}}])
    assert isinstance(found, Record)
    assert (found.unsupported, "hashed_password" in found.fields) == (f"okta-{algorithm.lower()}", False)


def test_active_directory_s_accounts_of_machines_are_no_users() -> None:
    head = "DN,objectClass,sAMAccountName,userAccountControl,lockoutTime\n"
    rows = ["CN=T,user,OTHER$,2080,", "CN=G,msDS-GroupManagedServiceAccount,g$,4096,", "CN=A,user,a,512,13044"]
    [found], left_out = read("csvde", head + "\n".join(rows))
    assert isinstance(found, Record)
    assert (found.fields["email"], found.fields["is_active"]) == ("a@example.com", False)
    assert left_out.entries == {"trust account": 1, "computer": 1}


def test_a_list_of_nextcloud_without_details_is_refused() -> None:
    with pytest.raises(
        InvalidInput, match="this is not a file of nextcloud: its first entry has none of cloud_id, uid"
    ):
        read("nextcloud", {"ada": "Ada Vale"})
    lines = '{"uid":"ada","displayname":"Ada","password":""}\n{"uid":"bob","displayname":"Bob","password":""}\n'
    assert len(read("nextcloud", lines)[0]) == 2


# -- LDIF


def test_ldif_counts_what_is_no_user_and_names_what_has_no_place() -> None:
    entries = [
        "dn: ou=people\nobjectClass: organizationalUnit",
        "dn: cn=pc\nobjectClass: user\nobjectClass: computer",
        "dn: cn=c\nobjectClass: contact",
        "dn: cn=g\nobjectClass: groupOfNames\ncn: g\nmember: uid=ada",
        "dn: uid=ada\nobjectClass: inetOrgPerson\nuid: ada\nmail: ada@example.com\nmail: a@example.com\n"
        "proxyAddresses: SMTP:ADA@example.com\nproxyAddresses: smtp:old@example.com\nproxyAddresses: X500:/o=x\n"
        "sambaNTPassword: 0123\nhomePhone: 1\nl: Bath\nobjectGUID:: C4GP0FyjqEmkzcaSPfwDHg==\n"
        "shadowLastChange: 0\nlastLogon: 130622615486066000\nentryCSN: 1",
    ]
    [found], left_out = read("ldif", "\n\n".join(entries))
    assert isinstance(found, Record)
    assert left_out.entries == {"other object": 1, "computer": 1, "contact": 1, "group": 1}
    assert left_out.fields == {"sambantpassword": 1}
    assert found.fields["attributes"] == {
        "username": "ada",
        "home_phone": "1",
        "city": "Bath",
        "ldif_id": "d08f810b-a35c-49a8-a4cd-c6923dfc031e",
        "dn": "uid=ada",
        "other_emails": ["a@example.com", "old@example.com"],
    }
    assert (found.fields["must_change_password"], found.fields["roles"]) == (True, ["g"])
    assert found.fields["last_login_at"] == datetime(2014, 12, 5, 13, 59, 8, 606600, UTC)


def test_keycloak_counts_service_accounts() -> None:
    service = {"username": "service-account-shop", "serviceAccountClientId": "shop"}
    found, left_out = read("keycloak", [service, service])
    assert (found, left_out.entries) == ([], {"service account": 2})
