"""Which addresses are valid, and which two are the same: one rule on both engines."""

from __future__ import annotations

import json
import unicodedata
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.conftest import Cli, Database
from usercli.emails import email_key, validate_email
from usercli.errors import EmailTaken, InvalidInput
from usercli.schemas.users import UserCreate, UserView

pytestmark = pytest.mark.either_engine

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "email-vectors.json").read_text("utf-8"))
FROZEN = json.loads((DATA / "email-verdicts.json").read_text("utf-8"))

MakeUser = Callable[..., UserView]

#: Two spellings of one address; each pair is one user on either engine.
SAME = [
    ("ada@example.com", "ADA@EXAMPLE.COM"),
    ("\u00e9mile@example.com", "e\u0301mile@example.com"),  # NFC and NFD
    ("\u00e9mile@example.com", "\u00c9MILE@example.com"),
    ("\u00e9mile@example.com", "E\u0301mile@example.com"),
    ("ada@m\u00fcnchen.example.org", "ada@xn--mnchen-3ya.example.org"),  # U-label and A-label
    ("ada@M\u00dcNCHEN.example.org", "ada@XN--MNCHEN-3YA.example.org"),
    ("ada@mu\u0308nchen.example.org", "ada@m\u00fcnchen.example.org"),
    ("stra\u00dfe@example.com", "STRASSE@example.com"),  # sharp s folds to ss in the local part
    ("ada@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", "ada@example.com"),  # full-width letters of a domain
    ("\u03c3\u03b1\u03c2@example.com", "\u03a3\u0391\u03a3@example.com"),  # both Greek sigmas
]
#: Two addresses that look or lower alike and are two users.
APART = [
    ("\u0130nes@example.com", "ines@example.com"),  # dotted capital I: PostgreSQL's lower() merges them
    ("\u0131nes@example.com", "ines@example.com"),  # dotless small i
    ("emile@example.com", "\u00e9mile@example.com"),
    ("ada@fa\u00df.de", "ada@fass.de"),  # in a domain sharp s is a letter of its own (IDNA 2008)
    ("a.da@example.com", "ada@example.com"),
    ("ada+x@example.com", "ada@example.com"),
    ("\uff41da@example.com", "ada@example.com"),  # full-width letters of a local part stay
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_addresses_have_two_keys(one: str, other: str) -> None:
    assert email_key(one) != email_key(other)


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("E\u0301mile@M\u00dcNCHEN.de", "\u00e9mile@xn--mnchen-3ya.de"),
        ("stra\u00dfe@fa\u00df.de", "strasse@xn--fa-hia.de"),
        ("\u0130nes@example.com", "i\u0307nes@example.com"),
        ('"a@b"@Example.com', '"a@b"@example.com'),
        ("ada@\uff45xample\u3002com", "ada@example.com"),
    ],
)
def test_a_key_is_the_folded_local_part_and_the_a_label(email: str, key: str) -> None:
    assert email_key(email) == key


def test_a_key_is_its_own_key() -> None:
    for email in {email for pair in SAME + APART for email in pair}:
        assert email_key(email_key(email)) == email_key(email)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not an email address: "),
        ("ada", "not an email address: ada"),
        ("@example.com", "not an email address: @example.com"),
        ("ada@", "not an email address: ada@"),
        ("ada@exa\u2028mple.com", "not a valid domain: exa\u2028mple.com"),
        ("ada@-\u00fc.example", "not a valid domain: -\u00fc.example"),
        ("ada\n@example.com", "an email must not contain control characters (found \\x0a)"),
        ("ada\0@example.com", "an email must not contain control characters (found \\x00)"),
        ("ada\udcff@example.com", "an email is not valid UTF-8"),
    ],
)
def test_text_without_a_key_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        email_key(text)
    assert caught.value.message == sentence


@pytest.mark.parametrize(
    "email", [" ada@example.com", "ada@example.com ", "ad a@example.com", "\u00a0ada@example.com"]
)
def test_blanks_are_refused_and_never_stripped(email: str) -> None:
    with pytest.raises(InvalidInput):
        validate_email(email)


def test_a_valid_address_stays_as_typed() -> None:
    for typed in ("Ada.Lovelace@Example.COM", "e\u0301mile@example.com", "ada@M\u00fcnchen.de"):
        assert validate_email(typed) == typed


# -- the same on both engines


def test_the_second_spelling_is_refused(database: Database, make_user: MakeUser) -> None:
    for number, pair in enumerate(SAME):
        one, other = (email.replace("@", f"{number}@") for email in pair)
        make_user(one)
        with pytest.raises(EmailTaken) as caught:
            make_user(other)
        assert caught.value.message == f"a user with the email {other} exists already"
        assert database.rows("SELECT email FROM users") == [(one,)]
        database.rows("DELETE FROM users")


def test_the_rest_live_side_by_side(database: Database, make_user: MakeUser) -> None:
    emails = sorted({email for pair in APART for email in pair})
    for email in emails:
        make_user(email)
    assert sorted(str(row[0]) for row in database.rows("SELECT email FROM users")) == emails


def test_a_user_is_found_by_either_spelling(cli: Cli, make_user: MakeUser) -> None:
    for number, pair in enumerate(SAME):
        one, other = (email.replace("@", f"{number}@") for email in pair)
        made = make_user(one)
        assert cli("show", other, "-q") == (0, f"{made.id}\n", "")


def test_an_insert_past_the_tool_with_the_same_key_fails(database: Database, ada: UserView) -> None:
    with pytest.raises(EmailTaken):
        database.rows(
            "INSERT INTO users (email, email_key, hashed_password) VALUES (:email, :key, '!')",
            email="ADA@example.com",
            key=email_key("ADA@example.com"),
        )
    assert database.rows("SELECT email FROM users") == [("ada@example.com",)]


def test_an_update_past_the_tool_to_the_same_key_fails(
    database: Database, ada: UserView, make_user: MakeUser
) -> None:
    make_user("bob@example.com")
    with pytest.raises(EmailTaken):
        database.rows("UPDATE users SET email_key = 'ada@example.com' WHERE email = 'bob@example.com'")
    assert database.rows("SELECT email_key FROM users ORDER BY email") == [
        ("ada@example.com",),
        ("bob@example.com",),
    ]


def test_the_index_compares_keys_byte_by_byte(database: Database) -> None:
    """Neither engine folds, normalises or trims a key: that was done, or it is another key."""
    keys = ["\u00e9@example.com", "e\u0301@example.com", "\u00c9@example.com", "E@example.com", "e@example.com "]
    for key in keys:
        database.rows(
            "INSERT INTO users (email, email_key, hashed_password) VALUES (:key, :key, '!')",
            key=key,
        )
    found = database.rows("SELECT email_key FROM users ORDER BY email_key")
    assert found == [(key,) for key in sorted(keys)]


def test_check_finds_the_rows_whose_key_is_wrong(cli: Cli, database: Database, make_user: MakeUser) -> None:
    """Among ASCII addresses (compared in SQL) and others (compared here); the right ones are left alone."""
    for number, (one, _) in enumerate(SAME):
        make_user(one.replace("@", f"{number}@"))
    wrong = {}
    for email, key in (("Eve@example.com", "Eve@example.com"), ("\u00c9ve@example.com", "\u00c9ve@example.com")):
        user_id = uuid.uuid4()
        wrong[str(user_id)] = email
        database.rows(
            "INSERT INTO users (id, email, email_key, hashed_password) VALUES (:id, :email, :key, '!')",
            id=user_id.hex if database.engine == "sqlite" else user_id,
            email=email,
            key=key,
        )
    code, out, err = cli("db", "check", "-o", "json")
    assert code == 7
    assert json.loads(out)["bad_keys"] == 2
    assert sorted(err.splitlines()) == sorted(
        f"warning: user id:{user_id} has an email_key that breaks the rule of docs/table.md" for user_id in wrong
    )


# -- the 136 addresses of email-validator's own tests


def test_the_frozen_verdicts_cover_every_vector_once() -> None:
    assert [item["address"] for item in FROZEN["verdicts"]] == [vector["address"] for vector in VECTORS]
    assert len(VECTORS) == 136


def test_the_verdicts_that_differ_from_the_source_are_these_and_have_a_reason() -> None:
    differing = [
        frozen["address"]
        for frozen, vector in zip(FROZEN["verdicts"], VECTORS, strict=True)
        if frozen["valid"] != (vector["error"] is None)
    ]
    assert [item["address"] for item in FROZEN["differing"]] == differing
    assert all(item["reason"] for item in FROZEN["differing"])


def test_create_gives_every_vector_its_frozen_verdict(cli: Cli, database: Database) -> None:
    verdicts, taken = [], []
    for item in FROZEN["verdicts"]:
        code, out, err = cli("create", "--no-password", "-q", "--", item["address"])
        verdicts.append({"address": item["address"], "valid": code == 0})
        assert code in {0, 2}, (item["address"], err)
        assert err.count("\n") == 1, (item["address"], err)
        assert err.startswith("created " if code == 0 else "error: "), (item["address"], err)
        assert (out == "") == (code == 2)
        taken += [item["address"]] if code == 0 else []
    assert verdicts == FROZEN["verdicts"]
    assert sorted(str(row[0]) for row in database.rows("SELECT email FROM users")) == sorted(taken)


def test_display_names_and_over_long_parts_are_refused() -> None:
    """What Pydantic's EmailStr lets pass."""
    for email in ("Ada <ada@example.com>", "a" * 65 + "@example.com", f"ada@{'a' * 60}.{'b' * 200}.com"):
        with pytest.raises(ValidationError, match="Value error, invalid email"):
            UserCreate(email=email)


# -- special-use domains


def test_a_special_use_domain_is_refused_and_the_setting_named(cli: Cli) -> None:
    assert cli("create", "ada@host.local", "--no-password") == (
        2,
        "",
        "error: invalid email ada@host.local: its domain is reserved for special use "
        "(to allow it, name it in the setting special_use_domains)\n",
    )


@pytest.mark.parametrize("setting", ["local", "local,test", ".LOCAL", "host.local"])
def test_the_setting_allows_a_special_use_domain(cli: Cli, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("USERCLI_SPECIAL_USE_DOMAINS", setting)
    code, out, err = cli("create", "Ada@Host.Local", "--no-password", "--fields", "email", "-o", "jsonl")
    assert code == 0, err
    assert json.loads(out)["users"] == [{"email": "Ada@Host.Local"}]


@pytest.mark.parametrize(
    "email", ["ada@host.test", "ada@hostlocal", "ada@notlocal", "a b@host.local", "ada@other.invalid"]
)
def test_the_setting_allows_nothing_else(monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    with pytest.raises(InvalidInput):
        validate_email(email, ("local",))


def test_a_longer_name_in_the_setting_allows_that_name_and_what_is_below_it() -> None:
    assert validate_email("ada@corp.local", ("corp.local",)) == "ada@corp.local"
    assert validate_email("ada@mail.corp.local", ("corp.local",)) == "ada@mail.corp.local"
    for other in ("ada@other.local", "ada@xcorp.local"):
        with pytest.raises(InvalidInput):
            validate_email(other, ("corp.local",))


def test_the_vectors_hold_what_they_say() -> None:
    """NFC and NFD spellings in this file are not normalised by an editor."""
    assert unicodedata.is_normalized("NFC", SAME[1][0])
    assert not unicodedata.is_normalized("NFC", SAME[1][1])


def test_a_bad_value_of_the_setting_is_named(
    cli: Cli, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean_environment / "config.toml").write_text("special_use_domains = 7\n")
    monkeypatch.setenv("USERCLI_CONFIG", str(clean_environment / "config.toml"))
    sentence = "error: the setting special_use_domains (configuration file) is not valid: must be a list of texts\n"
    assert cli("create", "ada@example.com", "--no-password") == (2, "", sentence)
