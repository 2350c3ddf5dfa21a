"""What a service of another program gives to the library is checked as the command line's input is."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from tests.conftest import Cli, Database
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
