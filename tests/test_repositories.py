"""Every question to the database, with the same answer on both engines."""

from __future__ import annotations

import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Database
from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Ambiguous, ChangedMeanwhile, EmailTaken, InvalidInput, NotFound, UserNotFound
from usercli.models import User
from usercli.repositories import users as user_questions
from usercli.repositories.pagination import query_mark, read_cursor, write_cursor
from usercli.repositories.users import order_by
from usercli.schemas.user_fields import SORTABLE
from usercli.schemas.users import UserCriteria, UserKey
from usercli.services.users import Listing
from usercli.uuid7 import ChangeIds, new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fill(database: Database, *users: User) -> list[uuid.UUID]:
    """Put users in, past every rule but the table's; their ids in this order."""
    with database.uow() as uow:
        ids = [uow.users.add(user).id for user in users]
        uow.commit()
    return ids


def key(text: str) -> UserKey:
    return UserKey.parse(text)


@pytest.fixture
def uow(database: Database) -> Iterator[UnitOfWork]:
    """An open unit of work that is not committed."""
    with database.uow() as opened:
        yield opened


# -- what every repository can do


def test_find_gives_the_entity_or_none(uow: UnitOfWork) -> None:
    ada = uow.users.add(User(email="ada@example.com"))
    assert uow.users.find(ada.id) is ada
    assert uow.users.find(uuid.UUID(int=0)) is None


def test_get_gives_the_entity_or_raises_what_is_missing(uow: UnitOfWork) -> None:
    ada = uow.users.add(User(email="ada@example.com"))
    assert uow.users.get(ada.id) is ada
    with pytest.raises(NotFound, match=r"no such user: 00000000-0000-0000-0000-000000000000"):
        uow.users.get(uuid.UUID(int=0))


def test_add_puts_it_in_at_once_with_its_defaults(uow: UnitOfWork) -> None:
    before = datetime.now(UTC)
    uow.users.add(User(email="Ada@Example.com"))
    uow.session.expire_all()
    [ada] = uow.users.pick([key("ada@example.com")])
    assert (ada.email, ada.email_key, ada.full_name, ada.hashed_password) == (
        "Ada@Example.com",
        "ada@example.com",
        "",
        "!",
    )
    assert (ada.is_active, ada.must_change_password, ada.attributes, ada.version) == (True, False, {}, 1)
    nothing = ada.password_changed_at, ada.expires_at, ada.last_login_at, ada.deleted_at, ada.was_active
    assert nothing == (None, None, None, None, None)
    assert ada.managed_by is None
    assert ada.id.version == 7
    assert before <= ada.created_at == ada.updated_at <= datetime.now(UTC)
    assert ada.created_at.tzinfo is UTC


def test_remove_takes_it_out_for_good(uow: UnitOfWork) -> None:
    ada = uow.users.add(User(email="ada@example.com"))
    uow.users.remove(ada)
    assert uow.users.find(ada.id) is None
    assert uow.users.count() == 0


def test_count_counts_all(uow: UnitOfWork) -> None:
    assert uow.users.count() == 0
    for number in range(3):
        uow.users.add(User(email=f"u{number}@example.com"))
    assert uow.users.count() == 3


def test_ids_are_time_ordered(uow: UnitOfWork) -> None:
    ids = [uow.users.add(User(email=f"u{number}@example.com")).id for number in range(20)]
    assert ids == sorted(ids)


@pytest.mark.parametrize("moment", [NOON, NOON.astimezone(None), NOON + timedelta(microseconds=1)])
def test_times_come_back_aware_in_utc_to_the_microsecond(uow: UnitOfWork, moment: datetime) -> None:
    ada = uow.users.add(User(email="ada@example.com", expires_at=moment))
    uow.session.expire_all()
    assert ada.expires_at == moment
    assert ada.expires_at is not None
    assert ada.expires_at.tzinfo is UTC


def test_a_naive_time_is_refused(uow: UnitOfWork) -> None:
    with pytest.raises(Exception, match="a naive time cannot be stored"):
        uow.users.add(User(email="ada@example.com", expires_at=datetime(2026, 1, 1)))  # noqa: DTZ001, RUF100 - naive on purpose


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": "text", "b": 1, "c": 1.5, "d": True, "e": None, "f": [1, [2]], "g": {"h": "\u00e9\U0001f600"}},
        {"\u00fc": "\u2028", 'quote"d': "back\\slash", "dot.ted": "$", "": "empty"},
        {"big": 2**70, "small": -(2**63), "precise": 0.1},
    ],
)
def test_attributes_come_back_as_they_went_in(uow: UnitOfWork, value: dict[str, Any]) -> None:
    ada = uow.users.add(User(email="ada@example.com", attributes=value))
    uow.session.expire_all()
    assert ada.attributes == value


# -- adding users


def test_add_refuses_a_taken_email_by_name(uow: UnitOfWork) -> None:
    uow.users.add(User(email="ada@example.com"))
    with pytest.raises(EmailTaken, match=r"a user with the email ADA@example.com exists already"):
        uow.users.add(User(email="ADA@example.com"))


def test_an_email_in_the_bin_is_free(uow: UnitOfWork) -> None:
    uow.users.add(User(email="ada@example.com", deleted_at=NOON, is_active=False))
    uow.users.add(User(email="ada@example.com", deleted_at=NOON, is_active=False))
    uow.users.add(User(email="ada@example.com"))
    assert uow.users.count() == 3


def test_save_refuses_a_taken_email_by_name(uow: UnitOfWork) -> None:
    uow.users.add(User(email="ada@example.com"))
    bob = uow.users.add(User(email="bob@example.com"))
    bob.email = "Ada@example.com"
    with pytest.raises(EmailTaken, match=r"a user with the email Ada@example.com exists already"):
        uow.users.save(bob)


def test_the_key_follows_the_email(uow: UnitOfWork) -> None:
    ada = uow.users.add(User(email="ada@example.com"))
    ada.email = "ADA@M\u00fcnchen.de"
    uow.users.save(ada)
    uow.session.expire_all()
    assert (ada.email, ada.email_key) == ("ADA@M\u00fcnchen.de", "ada@xn--mnchen-3ya.de")


def test_add_if_absent_leaves_the_one_that_is_there(uow: UnitOfWork) -> None:
    uow.users.add(User(email="ada@example.com", full_name="First"))
    assert uow.users.add_if_absent(User(email="ADA@example.com", full_name="Second")) is False
    assert uow.users.add_if_absent(User(email="bob@example.com")) is True
    found = [(user.email, user.full_name) for user in _all(uow, "email")]
    assert found == [("ada@example.com", "First"), ("bob@example.com", "")]


def test_a_stored_version_that_moved_is_noticed(uow: UnitOfWork) -> None:
    ada = uow.users.add(User(email="ada@example.com"))
    assert ada.version == 1
    ada.full_name = "Ada"
    uow.users.save(ada)
    assert ada.version == 2
    uow.users.save(ada)
    assert ada.version == 2  # nothing changed


# -- picking users


@pytest.fixture
def three(uow: UnitOfWork) -> dict[str, User]:
    """Ada and Bob in use; Cleo in the bin."""
    return {
        "ada": uow.users.add(User(email="ada@example.com")),
        "bob": uow.users.add(User(email="bob@example.com")),
        "cleo": uow.users.add(User(email="cleo@example.com", deleted_at=NOON, is_active=False)),
    }


@pytest.mark.parametrize("lock", [False, True])
def test_pick_gives_users_in_the_order_asked_each_once(uow: UnitOfWork, three: dict[str, User], lock: bool) -> None:
    ada, bob = three["ada"], three["bob"]
    asked = [key("BOB@example.com"), key(f"id:{ada.id}"), key("email:bob@example.com"), key(str(ada.id).upper())]
    assert uow.users.pick(asked, lock=lock) == [bob, ada]
    assert uow.users.pick([]) == []


def test_pick_names_all_that_are_missing_once_as_typed(uow: UnitOfWork, three: dict[str, User]) -> None:
    asked = [key("Nobody@example.com"), key("ada@example.com"), key(f"id:{uuid.UUID(int=7)}"), key("x")]
    with pytest.raises(UserNotFound) as caught:
        uow.users.pick([*asked, key("Nobody@example.com"), key("cleo@example.com")])
    assert caught.value.message == (
        "no such user: Nobody@example.com, id:00000000-0000-0000-0000-000000000007, x, cleo@example.com"
    )


def test_pick_binned_sees_only_the_bin(uow: UnitOfWork, three: dict[str, User]) -> None:
    cleo = three["cleo"]
    assert uow.users.pick_deleted([key("cleo@example.com"), key(str(cleo.id))]) == [cleo]
    with pytest.raises(UserNotFound, match=r"no such user: ada@example.com"):
        uow.users.pick_deleted([key("ada@example.com")])


def test_several_in_the_bin_with_one_email_are_ambiguous(uow: UnitOfWork, three: dict[str, User]) -> None:
    later = NOON + timedelta(days=1)
    other = uow.users.add(User(email="Cleo@example.com", deleted_at=later, is_active=False))
    with pytest.raises(Ambiguous) as caught:
        uow.users.pick_deleted([key("cleo@example.com")])
    assert caught.value.message == (
        f"cleo@example.com matches several users; name one of: id:{three['cleo'].id} "
        f"(deleted {three['cleo'].deleted_at:%Y-%m-%d}), id:{other.id} (deleted {later:%Y-%m-%d})"
    )
    other.deleted_at = NOON + timedelta(seconds=1)  # on the same day
    with pytest.raises(Ambiguous, match=r"\(deleted 2026-03-01T12:00:00Z\).*\(deleted 2026-03-01T12:00:01Z\)"):
        uow.users.pick_deleted([key("cleo@example.com")])
    assert uow.users.pick_deleted([key(f"id:{other.id}")]) == [other]


def test_pick_anywhere_sees_both_and_prefers_the_bin_when_told(uow: UnitOfWork, three: dict[str, User]) -> None:
    again = uow.users.add(User(email="cleo@example.com"))
    with pytest.raises(Ambiguous):
        uow.users.pick_including_deleted([key("cleo@example.com")])
    assert uow.users.pick_including_deleted([key("cleo@example.com")], deleted_first=True) == [three["cleo"]]
    assert uow.users.pick_including_deleted([key("ada@example.com")], deleted_first=True) == [three["ada"]]
    assert uow.users.pick_including_deleted([key(str(again.id)), key(str(three["cleo"].id))]) == [
        again,
        three["cleo"],
    ]


def test_a_locked_user_is_read_anew(database: Database, engine_name: str) -> None:
    """What the identity map holds may be old; a lock without a fresh look would guard stale values."""
    [ada_id] = fill(database, User(email="ada@example.com", full_name="Old"))
    with database.uow() as uow:
        [ada] = uow.users.pick([key("ada@example.com")])
        ada_before = ada.full_name
        from sqlalchemy import text

        uow.session.execute(text("UPDATE users SET full_name = 'New'"))
        assert uow.users.pick([key(str(ada_id))], lock=True)[0].full_name == "New"
    assert ada_before == "Old"


def test_present_keeps_the_keys_of_users_in_use(uow: UnitOfWork, three: dict[str, User]) -> None:
    asked = [key("ada@example.com"), key("cleo@example.com"), key("nobody@example.com"), key(str(three["bob"].id))]
    assert uow.users.existing_keys(asked) == [asked[0], asked[3]]


@pytest.mark.parametrize("more", [(), ("",), ("x\x1fada@example.com",), ("x", "\x1f"), ("{a,b}", '"')])
def test_a_key_is_found_beside_any_others_and_no_other_is_taken_for_it(
    uow: UnitOfWork, three: dict[str, User], more: tuple[str, ...]
) -> None:
    with uow:
        assert [*uow.users.ids_by_key(["bob@example.com", *more])] == ["bob@example.com"]
        assert uow.users.ids_by_key(more) == {}


def test_more_keys_than_a_statement_may_have_are_asked_in_parts(
    uow: UnitOfWork, three: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_questions, "_KEYS_A_QUERY", 1)
    ada, bob = three["ada"], three["bob"]
    asked = [key("ada@example.com"), key(str(bob.id)), key(str(ada.id)), key("ADA@example.com")]
    assert uow.users.pick(asked) == [ada, bob]


def test_batches_hold_every_item_once() -> None:
    assert [list(part) for part in batched([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
    assert list(batched([], 2)) == []


def test_ten_thousand_keys_are_no_problem(uow: UnitOfWork, three: dict[str, User]) -> None:
    asked = [UserKey(typed=f"u{n}", email_key=f"u{n}@example.com") for n in range(10_000)]
    assert uow.users.existing_keys([*asked, key("ada@example.com")]) == [key("ada@example.com")]


# -- criteria


def _all(uow: UnitOfWork, sort: str = "created_at", **criteria: Any) -> list[User]:
    return list(uow.users.matching(UserCriteria(**criteria), order_by(sort)))


def _names(uow: UnitOfWork, **criteria: Any) -> set[str]:
    """The local parts of those who fit; the count says the same."""
    found = {user.email.partition("@")[0] for user in _all(uow, **criteria)}
    assert uow.users.count_matching(UserCriteria(**criteria)) == len(found)
    return found


def test_the_bin_is_apart(uow: UnitOfWork, three: dict[str, User]) -> None:
    assert _names(uow) == {"ada", "bob"}
    assert _names(uow, deleted=True) == {"cleo"}


def test_active_and_inactive(uow: UnitOfWork) -> None:
    uow.users.add(User(email="ada@example.com"))
    uow.users.add(User(email="bob@example.com", is_active=False))
    assert _names(uow, is_active=True) == {"ada"}
    assert _names(uow, is_active=False) == {"bob"}
    assert _names(uow) == {"ada", "bob"}


def test_created_after_is_inclusive_and_created_before_is_not(uow: UnitOfWork) -> None:
    for name, moment in (("a", NOON - timedelta(microseconds=1)), ("b", NOON), ("c", NOON + timedelta(days=1))):
        uow.users.add(User(email=f"{name}@example.com", created_at=moment))
    assert _names(uow, created_after=NOON) == {"b", "c"}
    assert _names(uow, created_before=NOON) == {"a"}
    assert _names(uow, created_after=NOON, created_before=NOON + timedelta(days=1)) == {"b"}
    elsewhere = NOON.astimezone(tz=None)
    assert _names(uow, created_after=elsewhere) == {"b", "c"}


SEARCHES: list[tuple[str, set[str]]] = [
    ("lovelace", {"ada"}),
    ("LOVELACE", {"ada"}),
    ("ADA@EXAMPLE", {"ada"}),
    ("example.com", {"ada", "percent", "under", "back", "accent", "accentup", "dotted"}),
    ("%", {"percent"}),
    ("100%", {"percent"}),
    ("1%", set()),
    ("_", {"under"}),
    ("a_b", {"under"}),
    ("\\", {"back"}),
    ("c:\\x", {"back"}),
    ("/", {"back"}),
    ("\u00e9", {"accent"}),  # only ASCII letters fold
    ("\u00c9", {"accentup"}),
    ("\u0130", {"dotted"}),
    ("i\u0307", set()),
    (" ", {"ada", "percent"}),
    ("'", {"ada"}),
    ("", {"ada", "percent", "under", "back", "accent", "accentup", "dotted"}),
]


def test_search_is_a_literal_part_of_email_or_name(uow: UnitOfWork) -> None:
    for name, full_name in (
        ("ada", "Ada O'Byron Lovelace"),
        ("percent", "100% sure"),
        ("under", "a_b"),
        ("back", "C:\\X/y"),
        ("accent", "\u00e9mile"),
        ("accentup", "\u00c9MILE"),
        ("dotted", "\u0130nes"),
    ):
        uow.users.add(User(email=f"{name}@example.com", full_name=full_name))
    assert [(needle, _names(uow, search=needle)) for needle, _ in SEARCHES] == SEARCHES


WHERES: list[tuple[str, str, set[str]]] = [
    ("team", "blue", {"text"}),
    ("team", "BLUE", set()),
    ("team", "blu", set()),
    ("team", "", {"empty"}),
    ("team", "7", {"number", "digits"}),
    ("team", "-1.5", {"fraction"}),
    ("team", "true", {"yes", "word"}),
    ("team", "false", {"no"}),
    ("team", "1", {"one"}),  # true is not 1, on either engine
    ("team", "0", set()),
    ("team", "null", set()),
    ("team", "[1]", set()),
    ("team", "{}", set()),
    ("team", "9223372036854775807", {"long"}),
    ("Team", "blue", set()),
    ("te", "blue", set()),
    ("dot.ted", "x", {"odd"}),
    ("$", "x", {"odd"}),
    ("$.team", "x", {"odd"}),
    ('quo"te', "x", {"odd"}),
    ("apo'strophe", "x", {"odd"}),
    ("back\\slash", "x", {"odd"}),
    ("\u00fcber", "\u00e9", {"odd"}),
    ("0", "x", {"odd"}),
    ("with blank", " x ", {"odd"}),
    ("nested", "x", set()),
    ("inside", "x", set()),
    ("%", "x", set()),
    ("team", "7.0", {"number"}),  # a number by its value
    ("team", "70e-1", {"number"}),
    ("team", "07", set()),
    ("team", "NaN", set()),
    ("team", "1e999", set()),
    ("team", "9" * 5000, set()),
    ("team", "[" * 5000, set()),
]


def test_an_attribute_fits_by_its_plain_spelling(uow: UnitOfWork) -> None:
    for user, attributes in {
        "text": {"team": "blue"},
        "empty": {"team": ""},
        "number": {"team": 7},
        "digits": {"team": "7"},
        "fraction": {"team": -1.5},
        "yes": {"team": True},
        "word": {"team": "true"},
        "no": {"team": False},
        "one": {"team": 1},
        "null": {"team": None},
        "list": {"team": [1]},
        "object": {"team": {}, "nested": {"inside": "x"}},
        "long": {"team": 2**63 - 1},
        "without": {},
        "odd": {
            "dot.ted": "x",
            "$": "x",
            "$.team": "x",
            'quo"te': "x",
            "apo'strophe": "x",
            "back\\slash": "x",
            "\u00fcber": "\u00e9",
            "0": "x",
            "with blank": " x ",
        },
    }.items():
        uow.users.add(User(email=f"{user}@example.com", attributes=attributes))
    assert [(name, value, _names(uow, attributes=((name, value),))) for name, value, _ in WHERES] == WHERES


def test_a_number_fits_as_it_is_shown(uow: UnitOfWork) -> None:
    """JSONB keeps numbers as decimals, SQLite as written: what `show` prints finds the user on both."""
    numbers = [1e22, 1e-07, 2**70, 0.1, 100.0, -0.5, -(2**63), 2**64 + 1]
    for place, number in enumerate(numbers):
        uow.users.add(User(email=f"u{place}@example.com", attributes={"n": number}))
    for place, number in enumerate(numbers):
        assert _names(uow, attributes=(("n", str(number)),)) == {f"u{place}"}


def test_every_criterion_must_hold(uow: UnitOfWork) -> None:
    uow.users.add(User(email="ada@example.com", attributes={"team": "blue", "site": "north"}))
    uow.users.add(User(email="bob@example.com", attributes={"team": "blue", "site": "south"}))
    uow.users.add(User(email="eve@example.com", attributes={"team": "blue", "site": "north"}, is_active=False))
    both = (("team", "blue"), ("site", "north"))
    assert _names(uow, attributes=both) == {"ada", "eve"}
    assert _names(uow, attributes=both, is_active=True) == {"ada"}
    assert _names(uow, attributes=both, is_active=True, search="bob") == set()


# -- order and pages

_TEXTS = ("", "a", "A", "b", "Z", "\u00e9", "\u00c9", "e\u0301", "\uff5e", "\U0001f600", "10", "9", "_", " ")


def crowd(count: int) -> list[User]:
    """Users with ties and gaps in every column, the same ones on both engines, in no order."""
    chance = random.Random(8)
    moments = [NOON + timedelta(microseconds=chance.randrange(10**12)) for _ in range(4)]
    users = []
    for number in range(count):
        users.append(
            User(
                id=uuid.UUID(int=chance.getrandbits(128), version=4),
                email=f"{chance.choice(_TEXTS[1:-1])}{number}@example.com",
                full_name=chance.choice(_TEXTS),
                is_active=chance.random() < 0.5,
                must_change_password=chance.random() < 0.5,
                password_changed_at=chance.choice([None, *moments]),
                expires_at=chance.choice([None, *moments]),
                last_login_at=chance.choice([None, None, *moments]),
                created_at=chance.choice(moments),
                updated_at=chance.choice(moments),
                version=chance.randrange(1, 4),
            )
        )
    return users


def expected(users: list[User], spec: str) -> list[uuid.UUID]:
    """Sorted here: by code point, nulls last in both directions, ids break ties in the direction."""
    name, down = spec.removeprefix("-"), spec.startswith("-")
    there = sorted((u for u in users if getattr(u, name) is not None), key=lambda u: u.id, reverse=down)
    there.sort(key=lambda u: getattr(u, name), reverse=down)  # stable, also when reversed
    nulls = sorted((u for u in users if getattr(u, name) is None), key=lambda u: u.id, reverse=down)
    return [user.id for user in there + nulls]


def test_every_order_and_every_page_of_it_is_the_one_sorted_here(database: Database) -> None:
    users = crowd(14)
    fill(database, *users)
    uow = database.uow(read_only=True)
    for name in SORTABLE:
        for spec in (name, f"-{name}"):
            wanted = expected(users, spec)
            assert [user.id for user in Listing(UserCriteria(), uow, sort=spec)] == wanted
            for size in (1, 13, 14, 15) if name in {"last_login_at", "full_name"} else (3,):
                assert pages(uow, spec, size) == wanted, (spec, size)


def test_users_in_the_bin_are_paged_by_their_last_day_too(database: Database) -> None:
    users = crowd(9)
    for number, user in enumerate(users):
        user.is_active, user.deleted_at = False, NOON + timedelta(days=number // 2)
    fill(database, *users)
    for spec in ("deleted_at", "-deleted_at"):
        assert pages(database.uow(read_only=True), spec, 2, deleted=True) == expected(users, spec)


def pages(uow: UnitOfWork, spec: str, size: int, **criteria: Any) -> list[uuid.UUID]:
    """All ids, a page at a time; every page says rightly whether there is more."""
    found: list[uuid.UUID] = []
    after = None
    while True:
        page = Listing(UserCriteria(**criteria), uow, sort=spec, limit=size, after=after, count=True)
        ids = [user.id for user in page]
        assert len(ids) == page.shown
        assert len(ids) == size or page.next is None
        found += ids
        if page.next is None:
            assert page.total is None
            return found
        assert page.total is not None
        after = page.next


def test_a_page_goes_on_where_it_stopped_though_rows_came_and_went(database: Database) -> None:
    users = crowd(6)
    fill(database, *users)
    wanted = expected(users, "email")
    first = Listing(UserCriteria(), database.uow(read_only=True), sort="email", limit=3)
    assert [user.id for user in first] == wanted[:3]
    database.rows("DELETE FROM users WHERE id = :id", id=_stored(database, wanted[2]))  # the cursor's own row
    fill(database, User(email="!@example.com"))  # sorts first: no row is shown twice
    rest = Listing(UserCriteria(), database.uow(read_only=True), sort="email", after=first.next)
    assert [user.id for user in rest] == wanted[3:]


def _stored(database: Database, user_id: uuid.UUID) -> object:
    return user_id.hex if database.engine == "sqlite" else user_id


@pytest.mark.parametrize(
    "spec", ["", "-", "name", "hashed_password", "email_key", "attributes", "--email", "Email"]
)
def test_only_known_fields_sort(spec: str) -> None:
    with pytest.raises(InvalidInput, match=r"cannot sort by .*; the fields to sort by are: id, email, full_name, "):
        order_by(spec)


def test_a_cursor_is_a_place_and_comes_back_exactly() -> None:
    last = new_id()
    for name, value in (
        ("email", "\u00e9@x"),
        ("id", last),
        ("version", 7),
        ("is_active", False),
        ("created_at", NOON),
        ("expires_at", None),
        ("expires_at", NOON + timedelta(microseconds=3)),
    ):
        order = order_by(name)
        mark = query_mark("{}", order)
        assert read_cursor(write_cursor(mark, value, last), mark, order) == (value, last)


def test_a_cursor_of_another_query_is_refused() -> None:
    order = order_by("email")
    token = write_cursor(query_mark("{}", order), "a@x", new_id())
    for other in (query_mark('{"search":"x"}', order), query_mark("{}", order_by("-email"))):
        with pytest.raises(InvalidInput, match="belongs to another query; use the same filters and the same order"):
            read_cursor(token, other, order)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "====",
        "\u00fc",
        "bnVsbA",  # null
        "W10",  # []
        "WyJhIiwxLDJd",  # ["a",1,2]
        write_cursor("m", "text", uuid.UUID(int=1)),  # a text where a time belongs
        write_cursor("m", 7, uuid.UUID(int=1)),
        write_cursor("m", ["x"], uuid.UUID(int=1)),
    ],
)
def test_a_broken_cursor_is_refused_in_a_sentence(token: str) -> None:
    with pytest.raises(InvalidInput, match="the cursor is not one that usercli printed"):
        read_cursor(token, "m", order_by("created_at"))


def test_a_cursor_with_a_naive_time_or_a_false_number_is_refused() -> None:
    for name, value in (("created_at", "2026-01-01T00:00:00"), ("version", True), ("version", 10**30)):
        with pytest.raises(InvalidInput, match="not one that usercli printed"):
            read_cursor(write_cursor("m", value, uuid.UUID(int=1)), "m", order_by(name))


def test_changed_meanwhile_is_what_a_stale_save_says(database: Database) -> None:
    fill(database, User(email="ada@example.com"))
    with pytest.raises(ChangedMeanwhile), database.uow() as uow:
        [ada] = uow.users.pick([key("ada@example.com")])
        from sqlalchemy import text

        uow.session.execute(text("UPDATE users SET version = 5"))
        ada.full_name = "x"
        uow.users.save(ada)


def test_ids_of_a_change_rise_across_milliseconds_and_are_known_again() -> None:
    ids, others = ChangeIds(new_id()), ChangeIds(new_id())
    made = [uuid.UUID(text) for count in (1, 5000, 3, 9000) for text in ids.make(count)]
    assert len(made) == 14_004
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert all(map(ids.made, made))
    assert not any(map(others.made, made))


FORKS = """
import os
from usercli.uuid7 import new_id

new_id()
for _ in range(4):
    if not os.fork():
        print(str(new_id())[19:], flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.process
def test_forked_processes_make_different_ids() -> None:
    """The workers of a server are forked; uuid-utils before 0.14 gave each the same random bits."""
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=True)
    assert len(set(done.stdout.split())) == 4
