"""The rules of creating, changing, deleting and restoring users, on both engines."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.conftest import Cli, Database
from usercli.errors import (
    Ambiguous,
    ChangedMeanwhile,
    EmailTaken,
    ExitCode,
    InvalidInput,
    UserCliError,
    UserNotFound,
)
from usercli.schemas.users import Change, UserCreate, UserCriteria, UserKey, UserUpdate, UserView
from usercli.services import users as service
from usercli.services.seed import people, seed_users
from usercli.times import utcnow

MakeUser = Callable[..., UserView]
SOON = datetime(2199, 1, 1, tzinfo=UTC)


def keys(*typed: object) -> list[UserKey]:
    return [UserKey.parse(str(item)) for item in typed]


def update(database: Database, who: object, dry_run: bool = False, **fields: Any) -> Change:
    return service.update_users(keys(who), UserUpdate(**fields), database.uow(dry_run=dry_run))


def shown(database: Database, who: object, **options: bool) -> UserView:
    [found] = service.show_users(keys(who), database.uow(read_only=True), **options)
    return found


def snapshot(database: Database) -> list[tuple[object, ...]]:
    """Every column of every user, past the tool."""
    return database.rows("SELECT * FROM users ORDER BY id")


def sentences(error: ValidationError) -> list[str]:
    return [item["msg"] for item in error.errors(include_input=False, include_url=False, include_context=False)]


# -- create


def test_create_shows_what_was_stored(database: Database) -> None:
    before = utcnow()
    data = UserCreate(
        email="Ada@Example.com",
        full_name="Ada Lovelace",
        expires_at=SOON,
        attributes={"team": "blue", "n": [1, None]},
    )
    change = service.create_user(data, database.uow())
    [ada] = change.users
    assert change.model_dump(exclude={"users"}) == {
        "change_id": change.change_id,
        "dry_run": False,
        "changed": 1,
        "unchanged": 0,
        "failed": [],
    }
    assert isinstance(change.change_id, uuid.UUID)
    assert ada.model_dump() == {
        "id": ada.id,
        "email": "Ada@Example.com",
        "full_name": "Ada Lovelace",
        "is_active": True,
        "roles": (),
        "attributes": {"team": "blue", "n": [1, None]},
        "must_change_password": False,
        "password_changed_at": None,
        "expires_at": SOON,
        "last_login_at": None,
        "version": 1,
        "created_at": ada.created_at,
        "updated_at": ada.created_at,
        "deleted_at": None,
    }
    assert before <= ada.created_at <= utcnow()
    assert shown(database, "ada@example.com") == ada


def test_create_refuses_an_email_in_use(database: Database, ada: UserView) -> None:
    before = snapshot(database)
    with pytest.raises(EmailTaken, match=r"^a user with the email ADA@example\.com exists already$"):
        service.create_user(UserCreate(email="ADA@example.com"), database.uow())
    assert snapshot(database) == before


def test_create_if_not_exists_lets_the_one_that_is_there_stand(database: Database, ada: UserView) -> None:
    before = snapshot(database)
    data = UserCreate(email="ADA@example.com", full_name="Somebody Else")
    change = service.create_user(data, database.uow(), if_not_exists=True)
    assert (change.change_id, change.changed, change.unchanged, change.users) == (None, 0, 1, [ada])
    assert snapshot(database) == before


def test_create_if_not_exists_creates_who_is_not_there(database: Database) -> None:
    change = service.create_user(UserCreate(email="ada@example.com"), database.uow(), if_not_exists=True)
    assert (change.changed, change.unchanged, change.users) == (1, 0, [shown(database, "ada@example.com")])


def test_a_dry_creation_says_the_same_and_writes_nothing(database: Database) -> None:
    change = service.create_user(UserCreate(email="ada@example.com"), database.uow(dry_run=True))
    assert (change.change_id, change.dry_run, change.changed, change.users[0].email) == (
        None,
        True,
        1,
        "ada@example.com",
    )
    assert snapshot(database) == []


def test_a_dry_creation_hears_that_the_email_is_taken(database: Database, ada: UserView) -> None:
    with pytest.raises(EmailTaken):
        service.create_user(UserCreate(email="ada@example.com"), database.uow(dry_run=True))


def test_an_email_is_free_again_once_its_user_is_in_the_bin(database: Database, ada: UserView) -> None:
    service.delete_users(keys(ada.id), database.uow())
    change = service.create_user(UserCreate(email="ada@example.com"), database.uow())
    assert change.changed == 1
    assert database.rows("SELECT count(*) FROM users") == [(2,)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"full_name": "x" * 256}, "Value error, the name is longer than 255 characters (256)"),
        (
            {"full_name": "a\nb"},
            "Value error, the name must not contain control characters (found \\x0a)",
        ),
        ({"full_name": "\ud800"}, "Value error, the name is not valid UTF-8"),
        ({"attributes": {"": 1}}, "Value error, an attribute has no name"),
        (
            {"attributes": {"a": "\x00"}},
            "Value error, an attribute must not contain control characters (found \\x00)",
        ),
        (
            {"attributes": {"a": {"b": ["\x1b"]}}},
            "Value error, an attribute must not contain control characters (found \\x1b)",
        ),
        (
            {"attributes": {"a": float("nan")}},
            "Value error, an attribute is not a JSON number (NaN or infinity)",
        ),
        (
            {"attributes": {"a": [{"b": float("-inf")}]}},
            "Value error, an attribute is not a JSON number (NaN or infinity)",
        ),
        (
            {"attributes": {"a": json.loads("[" * 101 + "]" * 101)}},
            "Value error, an attribute is nested deeper than 100 levels",
        ),
        (
            {"attributes": {"a": "x" * 65_536}},
            "Value error, the attributes are longer than 65536 bytes of JSON",
        ),
        (
            {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
            "Value error, the expiry 2020-01-01T00:00:00Z lies in the past",
        ),
        ({"hashed_password": "x"}, "Extra inputs are not permitted"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_no_field_may_hold_is_refused_without_repeating_it(fields: dict[str, Any], sentence: str) -> None:
    for make in (
        lambda: UserCreate(email="ada@example.com", **fields),
        lambda: UserUpdate(**{("set_attributes" if key == "attributes" else key): fields[key] for key in fields}),
    ):
        with pytest.raises(ValidationError) as caught:
            make()
        assert sentences(caught.value) == [sentence]


def test_the_longest_that_may_be_stored_is_stored(database: Database) -> None:
    attributes = {"deep": json.loads("[" * 99 + "]" * 99), "\U0001f600": "\u00e9" * 30_000}
    data = UserCreate(email="ada@example.com", full_name="\U0001f600" * 255, attributes=attributes)
    service.create_user(data, database.uow())
    found = shown(database, "ada@example.com")
    assert (found.full_name, found.attributes) == ("\U0001f600" * 255, attributes)
    criteria = UserCriteria(attributes=(("deep", "x"),))
    assert service.count_users(criteria, database.uow(read_only=True)) == 0  # and can still be searched


def test_json_that_is_no_json_is_refused_at_the_edge(cli: Cli) -> None:
    for value, why in (
        ("[" * 5000, ": nested too deep"),
        ("{", ""),
        ("9" * 5000, ": a number is too long"),
        ("", ""),
    ):
        code, out, err = cli("create", "ada@example.com", "--no-password", "--attribute-json", f"k={value}")
        assert (code, out) == (2, "")
        error = "error: --attribute-json k= must be a JSON value (put a text in quotes)"
        assert err == f"{error}{why}\n"


# -- update


def test_update_changes_what_was_named_and_nothing_else(database: Database, ada: UserView) -> None:
    change = update(database, ada.id, full_name="Ada King")
    [after] = change.users
    assert (change.changed, change.unchanged) == (1, 0)
    assert isinstance(change.change_id, uuid.UUID)
    assert after == ada.model_copy(
        update={"full_name": "Ada King", "version": 2, "updated_at": after.updated_at},
    )
    assert after.updated_at > ada.updated_at
    assert shown(database, ada.id) == after


@pytest.mark.parametrize(
    "fields",
    [
        {"full_name": "Ada Lovelace"},
        {"email": "ada@example.com"},
        {"is_active": True},
        {"expires_at": None},
        {"set_attributes": {"team": "blue"}},
        {"unset_attributes": ("nothing",)},
        {"full_name": "Ada Lovelace", "is_active": True, "if_version": 1},
    ],
    ids=lambda fields: next(iter(fields)),
)
@pytest.mark.each_once
def test_an_update_that_changes_nothing_is_no_change(
    database: Database, make_user: MakeUser, fields: dict[str, Any]
) -> None:
    ada = make_user("ada@example.com", full_name="Ada Lovelace", attributes={"team": "blue"})
    before = snapshot(database)
    change = update(database, ada.id, **fields)
    assert (change.change_id, change.changed, change.unchanged, change.users) == (None, 0, 1, [ada])
    assert snapshot(database) == before


def test_attributes_are_merged_and_taken_away(database: Database, make_user: MakeUser) -> None:
    make_user("ada@example.com", attributes={"a": 1, "b": {"x": 1}, "c": "old"})
    change = update(
        database, "ada@example.com", set_attributes={"b": {"y": 2}, "d": None}, unset_attributes=("c", "never")
    )
    assert change.users[0].attributes == {"a": 1, "b": {"y": 2}, "d": None}
    assert shown(database, "ada@example.com").attributes == {"a": 1, "b": {"y": 2}, "d": None}


def test_one_and_true_are_two_values(database: Database, make_user: MakeUser) -> None:
    make_user("ada@example.com", attributes={"flag": 1, "list": [0]})
    assert update(database, "ada@example.com", set_attributes={"flag": True, "list": [False]}).changed == 1
    found = shown(database, "ada@example.com").attributes
    assert (found["flag"], found["list"][0]) == (True, False)
    assert [type(found["flag"]), type(found["list"][0])] == [bool, bool]


def test_the_last_of_two_updates_wins_and_each_counts(database: Database, ada: UserView) -> None:
    update(database, ada.id, full_name="First")
    update(database, ada.id, full_name="Second", is_active=False)
    found = shown(database, ada.id)
    assert (found.full_name, found.is_active, found.version) == ("Second", False, 3)


def test_updated_at_moves_with_every_change_and_created_at_never(database: Database, ada: UserView) -> None:
    moments = [ada.updated_at]
    for number in range(3):
        time.sleep(0.002)
        moments.append(update(database, ada.id, full_name=f"Name {number}").users[0].updated_at)
    assert moments == sorted(set(moments))
    assert shown(database, ada.id).created_at == ada.created_at


def test_an_email_can_change_its_spelling(database: Database, ada: UserView) -> None:
    assert update(database, ada.id, email="ADA@example.com").users[0].email == "ADA@example.com"
    assert database.rows("SELECT email, email_key FROM users") == [("ADA@example.com", "ada@example.com")]


def test_an_update_to_an_email_in_use_is_refused(database: Database, ada: UserView, make_user: MakeUser) -> None:
    make_user("bob@example.com")
    before = snapshot(database)
    with pytest.raises(EmailTaken, match=r"a user with the email Ada@Example\.com exists already"):
        update(database, "bob@example.com", email="Ada@Example.com")
    assert snapshot(database) == before


def test_one_email_goes_to_one_user(database: Database, ada: UserView, make_user: MakeUser) -> None:
    make_user("bob@example.com")
    with pytest.raises(InvalidInput, match="one email cannot be given to several users"):
        service.update_users(
            keys("ada@example.com", "bob@example.com"), UserUpdate(email="x@example.com"), database.uow()
        )


def test_a_version_that_has_passed_is_a_conflict(database: Database, ada: UserView) -> None:
    update(database, ada.id, full_name="Faster", if_version=1)
    before = snapshot(database)
    with pytest.raises(ChangedMeanwhile, match=r"ada@example\.com was changed meanwhile") as caught:
        update(database, ada.id, full_name="Slower", if_version=1)
    assert caught.value.exit_code == ExitCode.CONFLICT
    assert snapshot(database) == before


def test_an_update_that_names_nothing_is_refused() -> None:
    for fields in ({}, {"if_version": 3}):
        with pytest.raises(ValidationError) as caught:
            UserUpdate(**fields)
        assert sentences(caught.value) == ["Value error, nothing to change was given"]


def test_several_are_updated_together_or_not_at_all(database: Database, ada: UserView, make_user: MakeUser) -> None:
    bob = make_user("bob@example.com", is_active=False)
    change = service.update_users(
        keys("bob@example.com", ada.id, "BOB@example.com"), UserUpdate(is_active=False), database.uow()
    )
    assert (change.changed, change.unchanged) == (1, 1)
    assert [(user.email, user.version) for user in change.users] == [("bob@example.com", 1), ("ada@example.com", 2)]
    before = snapshot(database)
    with pytest.raises(UserNotFound, match=r"no such user: nobody, x@example\.com"):
        service.update_users(keys(bob.id, "nobody", "x@example.com"), UserUpdate(full_name="New"), database.uow())
    assert snapshot(database) == before


def test_a_dry_update_says_the_same_and_writes_nothing(database: Database, ada: UserView) -> None:
    before = snapshot(database)
    change = update(database, ada.id, dry_run=True, full_name="New")
    assert (change.change_id, change.dry_run, change.changed, change.unchanged) == (None, True, 1, 0)
    assert (change.users[0].full_name, change.users[0].version) == ("New", 2)
    assert snapshot(database) == before


def test_users_are_let_in_and_kept_out(database: Database, ada: UserView) -> None:
    assert service.set_active(keys(ada.id), False, database.uow()).users[0].is_active is False
    assert service.set_active(keys(ada.id), False, database.uow()).changed == 0
    assert service.set_active(keys(ada.id), True, database.uow()).users[0].is_active is True


# -- the bin


def test_delete_moves_to_the_bin_and_keeps_out(database: Database, ada: UserView) -> None:
    before = utcnow()
    change = service.delete_users(keys("ADA@example.com"), database.uow())
    [binned] = change.users
    assert (change.changed, change.unchanged) == (1, 0)
    assert binned.deleted_at is not None
    assert before <= binned.deleted_at <= utcnow()
    assert binned == ada.model_copy(
        update={
            "is_active": False,
            "version": 2,
            "deleted_at": binned.deleted_at,
            "updated_at": binned.updated_at,
        }
    )
    assert shown(database, ada.id, deleted=True) == binned
    assert database.rows("SELECT was_active FROM users") in ([(True,)], [(1,)])
    with pytest.raises(UserNotFound):
        shown(database, ada.id)


def test_who_is_in_the_bin_cannot_be_deleted_changed_or_found(database: Database, ada: UserView) -> None:
    service.delete_users(keys(ada.id), database.uow())
    before = snapshot(database)
    for attempt in (
        lambda: service.delete_users(keys(ada.id), database.uow()),
        lambda: update(database, ada.id, full_name="x"),
        lambda: service.show_users(keys(ada.id), database.uow()),
    ):
        with pytest.raises(UserNotFound, match=f"no such user: {ada.id}"):
            attempt()
    assert not service.all_exist(keys(ada.id), database.uow(read_only=True))
    assert snapshot(database) == before


@pytest.mark.parametrize("active", [True, False])
def test_restore_gives_back_what_was(database: Database, make_user: MakeUser, active: bool) -> None:
    ada = make_user("ada@example.com", is_active=active, attributes={"team": "blue"}, expires_at=SOON)
    service.delete_users(keys(ada.id), database.uow())
    change = service.restore_users(keys("ada@example.com"), database.uow())
    [back] = change.users
    assert (change.changed, change.unchanged) == (1, 0)
    assert back == ada.model_copy(update={"version": 3, "updated_at": back.updated_at})
    assert database.rows("SELECT was_active FROM users") == [(None,)]
    again = service.restore_users(keys("ada@example.com"), database.uow())
    assert (again.change_id, again.changed, again.unchanged, again.users) == (None, 0, 1, [back])


def test_restore_is_refused_while_the_email_is_in_use(
    database: Database, ada: UserView, make_user: MakeUser
) -> None:
    """The one that clashes is named, though another came first, and none is restored."""
    bob = make_user("bob@example.com")
    service.delete_users(keys(ada.id, bob.id), database.uow())
    make_user("BOB@example.com")
    before = snapshot(database)
    with pytest.raises(EmailTaken, match=r"^a user with the email bob@example\.com exists already$"):
        service.restore_users(keys(f"id:{ada.id}", f"id:{bob.id}"), database.uow())
    assert snapshot(database) == before


def test_restore_by_an_email_binned_twice_lists_the_ids(database: Database, make_user: MakeUser) -> None:
    ids = []
    for _ in range(2):
        ids.append(make_user("ada@example.com").id)
        service.delete_users(keys("ada@example.com"), database.uow())
    with pytest.raises(Ambiguous) as caught:
        service.restore_users(keys("ada@example.com"), database.uow())
    today = f"(deleted {utcnow():%Y-%m-%d})"
    assert re.sub(r"T[\d:]{8}Z", "", caught.value.message) == (
        f"ada@example.com matches several users; name one of: id:{ids[0]} {today}, id:{ids[1]} {today}"
    )
    service.restore_users(keys(ids[0]), database.uow())
    assert shown(database, "ada@example.com").id == ids[0]


def test_restore_of_nobody_is_not_found(database: Database) -> None:
    with pytest.raises(UserNotFound, match=r"^no such user: nobody@example\.com$"):
        service.restore_users(keys("nobody@example.com"), database.uow())


def test_purge_removes_for_good_in_the_bin_or_not(database: Database, ada: UserView, make_user: MakeUser) -> None:
    bob = make_user("bob@example.com")
    service.delete_users(keys(bob.id), database.uow())
    bob = shown(database, bob.id, deleted=True)
    change = service.purge_users(keys(ada.id, "bob@example.com"), database.uow())
    assert (change.changed, change.unchanged, change.users) == (2, 0, [ada, bob])
    assert snapshot(database) == []


def test_purge_of_an_email_in_use_and_in_the_bin_must_say_which(database: Database, make_user: MakeUser) -> None:
    binned = make_user("ada@example.com")
    service.delete_users(keys(binned.id), database.uow())
    make_user("ada@example.com")
    before = snapshot(database)
    with pytest.raises(Ambiguous):
        service.purge_users(keys("ada@example.com"), database.uow())
    assert snapshot(database) == before


@pytest.mark.parametrize("operation", ["delete_users", "restore_users", "purge_users"])
def test_a_dry_run_of_the_bin_writes_nothing(
    database: Database, ada: UserView, make_user: MakeUser, operation: str
) -> None:
    if operation == "restore_users":
        service.delete_users(keys(ada.id), database.uow())
    before = snapshot(database)
    change = getattr(service, operation)(keys(ada.id), database.uow(dry_run=True))
    assert (change.change_id, change.dry_run, change.changed) == (None, True, 1)
    assert snapshot(database) == before


# -- each on its own


def test_one_by_one_does_what_it_can_and_tells_the_rest(
    database: Database, ada: UserView, make_user: MakeUser
) -> None:
    make_user("bob@example.com", is_active=False)
    uow = database.uow()
    change, errors = service.apply_each(
        keys("ada@example.com", "nobody@example.com", "bob@example.com", "x"),
        lambda some, uow: service.update_users(some, UserUpdate(is_active=False), uow),
        uow,
    )
    assert [(type(error), error.message) for error in errors] == [
        (UserNotFound, "no such user: nobody@example.com"),
        (UserNotFound, "no such user: x"),
    ]
    assert change.model_dump(exclude={"users"}) == {
        "change_id": uow.change_id,
        "dry_run": False,
        "changed": 1,
        "unchanged": 1,
        "failed": [
            {"user": "nobody@example.com", "code": 3, "error": "no such user: nobody@example.com"},
            {"user": "x", "code": 3, "error": "no such user: x"},
        ],
    }
    assert [user.email for user in change.users] == ["ada@example.com", "bob@example.com"]
    assert shown(database, ada.id).is_active is False


def test_one_by_one_without_a_change_has_no_change_id(database: Database, ada: UserView) -> None:
    def fail(*_: object) -> Change:
        raise UserCliError("no")

    change, errors = service.apply_each(keys("a", "b"), fail, database.uow(dry_run=True))
    assert (change.change_id, change.dry_run, change.changed, change.users) == (None, True, 0, [])
    assert [failure.code for failure in change.failed] == [1, 1]
    assert len(errors) == 2


# -- selectors


def test_a_key_is_an_id_or_an_email_and_a_prefix_forces_the_kind() -> None:
    some = uuid.uuid4()
    for typed in (str(some), str(some).upper(), f"id:{some}"):
        assert UserKey.parse(typed).model_dump(exclude={"typed", "place"}) == {"id": some, "email_key": None}
    for typed, key in (
        ("Ada@Example.com", "ada@example.com"),
        ("email:Ada@Example.com", "ada@example.com"),
        (f"email:{some}", str(some)),
        ("id@example.com", "id@example.com"),
        ("nobody", "nobody"),
        (f"{{{some}}}", f"{{{some}}}"),  # braces, urn: and missing hyphens make no id
        (some.hex, some.hex),
    ):
        assert UserKey.parse(typed).model_dump(exclude={"typed", "place"}) == {"id": None, "email_key": key}
    with pytest.raises(InvalidInput, match=r"not an id: ada@example\.com \(an id is a UUID\)"):
        UserKey.parse("id:ada@example.com")
    with pytest.raises(InvalidInput, match="a user must not contain control characters"):
        UserKey.parse("a\n@example.com")


def test_all_exist_only_if_each_does(database: Database, ada: UserView, make_user: MakeUser) -> None:
    bob = make_user("bob@example.com")
    uow = database.uow(read_only=True)
    assert service.all_exist(keys("ada@example.com", bob.id, "ADA@example.com"), uow)
    assert not service.all_exist(keys("ada@example.com", "nobody@example.com"), uow)
    service.delete_users(keys(bob.id), database.uow())
    assert not service.all_exist(keys(bob.id), uow)


def test_find_anywhere_sees_the_bin_too(database: Database, ada: UserView, make_user: MakeUser) -> None:
    bob = make_user("bob@example.com")
    service.delete_users(keys(bob.id), database.uow())
    found = service.find_including_deleted(keys("bob@example.com", ada.id), database.uow(read_only=True))
    assert [user.id for user in found] == [bob.id, ada.id]


# -- lists


def test_a_listing_streams_and_tells_the_rest(database: Database, make_user: MakeUser) -> None:
    made = [make_user(f"u{number}@example.com") for number in range(5)]
    uow = database.uow(read_only=True)
    page = service.Listing(UserCriteria(), uow, sort="email", limit=2, count=True)
    assert list(page) == made[:2]
    assert (page.shown, page.total) == (2, 5)
    rest = service.Listing(UserCriteria(), uow, sort="email", after=page.next)
    assert list(rest) == made[2:]
    assert (rest.shown, rest.total, rest.next) == (3, None, None)
    assert service.count_users(UserCriteria(), uow) == 5


def test_a_listing_skips_users_up_to_a_cap(database: Database, make_user: MakeUser) -> None:
    for name in "abc":
        make_user(f"{name}@example.com")
    reader = database.uow(read_only=True)
    page = service.Listing(UserCriteria(), reader, sort="email", limit=1, skip=1)
    assert [user.email for user in page] == ["b@example.com"]
    rest = service.Listing(UserCriteria(), reader, sort="email", after=page.next)
    assert [user.email for user in rest] == ["c@example.com"]
    assert list(service.Listing(UserCriteria(), reader, skip=service.MOST_SKIPPED)) == []
    for skip in (-1, service.MOST_SKIPPED + 1):
        with pytest.raises(InvalidInput, match="skip must be from 0 to 10000; page by cursor to go further"):
            service.Listing(UserCriteria(), reader, skip=skip)
    with pytest.raises(InvalidInput, match="a page starts after a cursor or skips users, not both"):
        service.Listing(UserCriteria(), reader, sort="email", after=page.next, skip=1)


def test_a_listing_that_ends_at_its_limit_has_no_next_page(database: Database, make_user: MakeUser) -> None:
    for number in range(2):
        make_user(f"u{number}@example.com")
    page = service.Listing(UserCriteria(), database.uow(read_only=True), limit=2)
    assert len(list(page)) == 2
    assert (page.next, page.total) == (None, None)


def test_a_listing_left_early_closes_its_transaction(database: Database, make_user: MakeUser) -> None:
    for number in range(3):
        make_user(f"u{number}@example.com")
    uow = database.uow(read_only=True)
    stream = iter(service.Listing(UserCriteria(), uow))
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert not uow.session.in_transaction()


# -- sample users


def test_sample_users_are_the_same_every_time_and_valid() -> None:
    first = list(people(200))
    assert first == list(people(300))[:200]
    assert first != list(people(200, seed=2))
    for person in first:
        UserCreate.model_validate(person.model_dump(exclude_unset=True))


def test_seeding_twice_leaves_those_who_are_there(database: Database) -> None:
    service.create_user(UserCreate(email="USER2@example.com", full_name="Mine"), database.uow())
    assert seed_users(5, database.uow()).model_dump() == {"created": 4, "skipped": 1, "dry_run": False}
    before = snapshot(database)
    assert seed_users(5, database.uow()).model_dump() == {"created": 0, "skipped": 5, "dry_run": False}
    assert seed_users(7, database.uow(dry_run=True)).model_dump() == {"created": 2, "skipped": 5, "dry_run": True}
    assert snapshot(database) == before
    assert shown(database, "user2@example.com").full_name == "Mine"


def test_a_time_before_now_can_be_an_expiry_no_more(database: Database) -> None:
    almost = utcnow() + timedelta(milliseconds=50)
    assert UserCreate(email="ada@example.com", expires_at=almost).expires_at == almost
    time.sleep(0.06)
    with pytest.raises(ValidationError, match="lies in the past"):
        UserCreate(email="ada@example.com", expires_at=almost)


def test_attributes_grown_by_several_updates_stay_within_the_limit(database: Database) -> None:
    service.create_user(UserCreate(email="ada@example.com", attributes={"a": "x" * 40_000}), database.uow())
    key = UserKey.parse("ada@example.com")
    with pytest.raises(InvalidInput, match="the attributes are longer than 65536 bytes of JSON"):
        service.update_users([key], UserUpdate(set_attributes={"b": "x" * 40_000}), database.uow())
    assert service.show_users([key], database.uow())[0].attributes == {"a": "x" * 40_000}
