"""What a service of another program gives to the library is checked as the command line's input is."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from tests.conftest import Cli, Database
from usercli.embedding import AsyncUsers, Users
from usercli.errors import ExitCode, InvalidInput
from usercli.schemas.audit import EventCriteria
from usercli.schemas.users import UserCreate, UserCriteria, UserKey, UserView
from usercli.services import audit, passwords, users

LISTINGS: list[Callable[[Database, int], object]] = [
    lambda database, number: list(users.Listing(UserCriteria(), database.uow(), limit=number)),
    lambda database, number: list(users.Listing(UserCriteria(), database.uow(), skip=number)),
    lambda database, number: list(audit.EventListing(EventCriteria(), database.uow(), number)),
    lambda database, number: list(audit.list_changes(database.uow(), number)),
    lambda database, number: list(audit.export(number, database.uow())),
    lambda database, number: audit.verify(database.uow(), since=number),
]


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize("number", [-1, -(2**70), 2**63 - 1, 2**64, 10**20])
@pytest.mark.each_once
def test_a_number_that_cannot_be_is_the_callers_fault(
    database: Database, ada: UserView, listing: Callable[[Database, int], object], number: int
) -> None:
    with pytest.raises(InvalidInput) as caught:
        listing(database, number)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "--" not in caught.value.message


@pytest.mark.parametrize("listing", [listing for number, listing in enumerate(LISTINGS) if number in {0, 2, 3}])
def test_a_page_of_nothing_would_look_like_the_end(
    database: Database, ada: UserView, listing: Callable[[Database, int], object]
) -> None:
    with pytest.raises(InvalidInput, match=r"^limit must be from 1 to "):
        listing(database, 0)


def _in_itself() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["x"] = found
    return found


_NO_JSON: list[tuple[Any, str]] = [
    (datetime.now(UTC), "the attribute x is no JSON value (datetime)"),
    ({1, 2}, "the attribute x is no JSON value (set)"),
    (b"1", "the attribute x is no JSON value (bytes)"),
    ([{"y": object()}], "the attribute x is no JSON value (object)"),
    ({(1, 2): 3}, "the attribute x is no JSON value (keys that are no texts)"),
    ({1: 3, "a": 2}, "the attribute x is no JSON value (keys that are no texts)"),
    ((1, float("nan")), "an attribute is not a JSON number (NaN or infinity)"),
    (_in_itself(), "an attribute is nested deeper than 100 levels"),
]


@pytest.mark.parametrize(("value", "message"), _NO_JSON, ids=[message for _, message in _NO_JSON])
def test_an_attribute_that_is_no_json_is_the_callers_fault(database: Database, value: Any, message: str) -> None:
    attributes = {"x": value}
    with Users(database.text) as found:
        bob = found.sign_up("bob@example.com", None, attributes={"x": (1, "b")})
        assert bob.attributes == {"x": [1, "b"]}
        for give in (
            lambda: found.sign_up("eve@example.com", None, attributes=attributes),
            lambda: found.update(bob, set_attributes=attributes),
            lambda: found.patch(bob, {"attributes": attributes}),
        ):
            with pytest.raises(InvalidInput) as caught:
                give()
            assert caught.value.message.partition(": ")[2] == message

    async def scenario() -> None:
        async with AsyncUsers(database.text) as found:
            with pytest.raises(InvalidInput):
                await found.sign_up("eve@example.com", None, attributes=attributes)

    asyncio.run(scenario())


def test_what_is_no_id_and_no_password_is_the_callers_fault(database: Database) -> None:
    wrong: Any = 5
    with Users(database.text) as found:
        for give in (
            lambda: found.get(wrong),
            lambda: found.sign_up("a@example.com", wrong),
            lambda: found.list(limit=str(wrong)),  # type: ignore[arg-type]
        ):
            with pytest.raises(InvalidInput):
                give()


@pytest.mark.parametrize(
    "line",
    [
        ["list", "--limit"],
        ["changes", "--limit"],
        ["audit", "log", "--limit"],
        ["audit", "export", "--since"],
        ["audit", "verify", "--from"],
    ],
    ids=" ".join,
)
def test_a_number_that_no_database_holds_is_wrong_usage(cli: Cli, ada: UserView, line: list[str]) -> None:
    code, out, err = cli(*line, "99999999999999999999", "-o", "jsonl")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert cli(*line, str(2**63 - 2), "-o", "jsonl")[0] in {0, 7}  # nothing to verify from there


def test_a_nul_is_the_callers_fault(database: Database) -> None:
    for give in (
        lambda: UserCreate(email="a\0b@example.com"),
        lambda: UserCreate(email="a@example.com", full_name="a\0b"),
        lambda: UserCreate(email="a@example.com", attributes={"k": "a\0b"}),
        lambda: UserCriteria(search="a\0b"),
        lambda: UserCriteria(role="a\0b"),
        lambda: UserCriteria(attributes=(("k", "a\0b"),)),
    ):
        with pytest.raises(ValidationError, match=r"NUL|control character"):
            give()


def test_a_nul_for_a_column_of_another_programs_table_is_the_callers_fault(database: Database) -> None:
    if database.engine == "sqlite":
        pytest.skip("SQLite stores it")
    uow = database.uow()
    with uow, pytest.raises(InvalidInput, match=r"^a text contains a NUL character$"):
        uow.session.execute(text("SELECT CAST(:value AS text)"), {"value": "a\0b"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("plain text password!", "the hash is of a scheme that is not supported"),
        ("", "the hash is empty"),
        ("!", "the hash is a marker of a disabled password"),
        ("$2b$04$abc", "the hash is malformed"),
        ("$scrypt$ln=14,r=8,p=100000$c2FsdHNhbHQ$" + "A" * 43, "to check the hash would take about 14,418 s"),
    ],
)
def test_a_text_that_is_no_hash_is_never_stored_as_one(
    database: Database, ada: UserView, given: str, message: str
) -> None:
    before = database.rows("SELECT * FROM users")
    bob = UserCreate(email="bob@example.com")
    for store in (
        lambda: users.create_user(bob, database.uow(), hashed_password=given),
        lambda: passwords.set_password(UserKey.parse(ada.email), given, database.uow()),
    ):
        with pytest.raises(InvalidInput) as caught:
            store()
        assert caught.value.message.startswith(message)
        assert not given or len(given) < 5 or given not in caught.value.message
    assert database.rows("SELECT * FROM users") == before


def test_no_hash_is_no_password(database: Database, ada: UserView) -> None:
    passwords.set_password(UserKey.parse(ada.email), None, database.uow())
    assert database.rows("SELECT hashed_password FROM users") == [("!",)]
