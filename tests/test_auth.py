"""AuthService: who may come in, at the same cost for everybody, and without a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import pytest

from tests.conftest import Database
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import AnswerIsNo, DatabaseUnreachable
from usercli.passwords import PasswordHasher
from usercli.schemas.users import UserKey, UserView
from usercli.services.auth import AuthService, SignIn, SignInRefused
from usercli.services.users import show_users

pytestmark = pytest.mark.either_engine

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
HASH = "$2b$04$9Q5n2Fmx3WxWHqDqQGzHwO5d.Woe61Gt.yIJ97bB/fJ2N2/wlWcbW"
PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)

Prepare = Callable[..., None]


@pytest.fixture
def auth(database: Database) -> AuthService:
    return AuthService(database.uow, PasswordHasher(cost=4))


@pytest.fixture
def prepare(ada: UserView, database: Database) -> Prepare:
    """Write columns of ada's row past the tool; she has a password."""

    def write(**columns: Any) -> None:
        values = {"hashed_password": HASH, **columns}
        if database.engine == "sqlite":
            as_stored = {
                True: 1,
                False: 0,
                PAST: "2020-01-01 00:00:00.000000",
                FUTURE: "2999-01-01 00:00:00.000000",
            }
            values = {name: as_stored.get(value, value) for name, value in values.items()}
        database.rows(f"UPDATE users SET {', '.join(f'{name} = :{name}' for name in values)}", **values)

    write()
    return write


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The configurations of all bcrypt hashes that are computed from now on, in order."""
    PasswordHasher(cost=4).verify("warm up", HASH)
    seen: list[bytes] = []
    real = bcrypt.hashpw

    def hashpw(secret: bytes, config: bytes) -> bytes:
        seen.append(config[:7])
        return real(secret, config)

    monkeypatch.setattr(bcrypt, "hashpw", hashpw)
    return seen


def everything(database: Database) -> list[tuple[object, ...]]:
    return database.rows("SELECT * FROM users")


def seen(database: Database) -> UserView:
    [view] = show_users([UserKey.parse(EMAIL)], database.uow())
    return view


@pytest.mark.parametrize("email", [EMAIL, "ADA@Example.COM", "Ada@example.com"])
def test_the_right_password_lets_in_by_every_spelling_of_the_address(
    auth: AuthService, prepare: Prepare, database: Database, ada: UserView, email: str
) -> None:
    signed_in = auth.authenticate(email, PASSWORD)
    assert signed_in == SignIn(ada, must_change_password=False)
    after = seen(database)
    assert after.last_login_at is not None
    assert timedelta(0) <= datetime.now(UTC) - after.last_login_at < timedelta(minutes=1)
    assert after.model_copy(update={"last_login_at": None}) == ada


def test_who_must_change_the_password_is_let_in_and_told(auth: AuthService, prepare: Prepare) -> None:
    prepare(must_change_password=True)
    signed_in = auth.authenticate(EMAIL, PASSWORD)
    assert (signed_in.must_change_password, signed_in.user.must_change_password) == (True, True)


def test_an_expiry_to_come_keeps_nobody_out(auth: AuthService, prepare: Prepare) -> None:
    prepare(expires_at=FUTURE)
    assert auth.authenticate(EMAIL, PASSWORD).user.email == EMAIL


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "wrong": ({}, EMAIL, "wrong"),
    "empty": ({}, EMAIL, ""),
    "suffix": ({}, EMAIL, PASSWORD + " "),
    "over-long": ({}, EMAIL, "x" * 73),
    "endless": ({}, EMAIL, "x" * 100_000),
    "nul": ({}, EMAIL, PASSWORD + "\0"),
    "surrogate": ({}, EMAIL, "\ud800"),
    "missing": ({}, "nobody@example.com", PASSWORD),
    "no-address": ({}, "ada", PASSWORD),
    "empty-address": ({}, "", PASSWORD),
    "control-address": ({}, "ada\0@example.com", PASSWORD),
    "surrogate-address": ({}, "\ud800@example.com", PASSWORD),
    "bad-domain": ({}, "ada@\u2764..example", PASSWORD),
    "forced-kind": ({}, f"email:{EMAIL}", PASSWORD),
    "disabled": ({"hashed_password": "!"}, EMAIL, PASSWORD),
    "unusable": ({"hashed_password": "no hash at all"}, EMAIL, PASSWORD),
    "cut": ({"hashed_password": HASH[:-1]}, EMAIL, PASSWORD),
    "no-hash": ({"hashed_password": ""}, EMAIL, ""),
    "hash-as-password": ({"hashed_password": HASH}, EMAIL, HASH),
    "inactive": ({"is_active": False}, EMAIL, PASSWORD),
    "expired": ({"expires_at": PAST}, EMAIL, PASSWORD),
    "binned": ({"is_active": False, "deleted_at": PAST}, EMAIL, PASSWORD),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.each_once
def test_everybody_else_is_refused_alike_for_the_price_of_one_hash(
    auth: AuthService, prepare: Prepare, database: Database, computed: list[bytes], case: str
) -> None:
    columns, email, password = REFUSED[case]
    prepare(**columns)
    before = everything(database)
    with pytest.raises(SignInRefused) as caught:
        auth.authenticate(email, password)
    assert (str(caught.value), caught.value.exit_code, isinstance(caught.value, AnswerIsNo)) == ("refused", 8, True)
    assert caught.value.__cause__ is None
    assert computed == [b"$2b$04$"]
    assert everything(database) == before


def test_an_id_is_no_address(auth: AuthService, prepare: Prepare, ada: UserView) -> None:
    for text in (str(ada.id), f"id:{ada.id}"):
        with pytest.raises(SignInRefused):
            auth.authenticate(text, PASSWORD)
    assert auth.verify(UserKey.parse(f"id:{ada.id}"), PASSWORD).user == ada


def test_a_success_costs_one_hash_and_an_old_hash_one_more_once(
    database: Database, prepare: Prepare, ada: UserView, computed: list[bytes]
) -> None:
    auth = AuthService(database.uow, PasswordHasher(cost=5))
    auth.authenticate(EMAIL, PASSWORD)
    assert computed == [b"$2b$04$", b"$2b$05$"]
    auth.authenticate(EMAIL, PASSWORD)
    assert computed[2:] == [b"$2b$05$"]
    assert seen(database).model_copy(update={"last_login_at": None}) == ada


def test_who_may_not_come_in_gets_no_better_hash(
    database: Database, prepare: Prepare, computed: list[bytes]
) -> None:
    prepare(is_active=False)
    with pytest.raises(SignInRefused):
        AuthService(database.uow, PasswordHasher(cost=5)).authenticate(EMAIL, PASSWORD)
    assert computed == [b"$2b$04$"]


def test_a_hash_that_was_replaced_meanwhile_stays(database: Database, prepare: Prepare) -> None:
    newer = "$2b$06$" + HASH[7:]

    class Slow(PasswordHasher):
        def better_hash(self, password: str) -> str | None:
            prepare(hashed_password=newer)  # somebody sets another password while this one is hashed
            return super().better_hash(password)

    AuthService(database.uow, Slow(cost=5)).authenticate(EMAIL, PASSWORD)
    assert database.rows("SELECT hashed_password FROM users") == [(newer,)]


@pytest.mark.parametrize("error", [DatabaseUnreachable("gone"), DatabaseUnreachable("read-only")])
def test_a_sign_in_that_cannot_be_noted_stands(database: Database, prepare: Prepare, error: Exception) -> None:
    def uow(*, read_only: bool = False) -> UnitOfWork:
        if not read_only:
            raise error
        return database.uow(read_only=True)

    before = everything(database)
    assert AuthService(uow, PasswordHasher(cost=5)).authenticate(EMAIL, PASSWORD).user.email == EMAIL
    assert everything(database) == before


def test_a_sign_in_makes_no_event(auth: AuthService, database: Database, prepare: Prepare) -> None:
    before = database.rows("SELECT count(*) FROM audit_events")
    auth.authenticate(EMAIL, PASSWORD)
    AuthService(database.uow, PasswordHasher(cost=5)).authenticate(EMAIL, PASSWORD)
    assert database.rows("SELECT count(*) FROM audit_events") == before


def test_the_password_is_checked_outside_of_any_transaction(database: Database, prepare: Prepare) -> None:
    open_now = 0

    class Counted(UnitOfWork):
        def __enter__(self) -> Counted:
            nonlocal open_now
            open_now += 1
            return super().__enter__()

        def __exit__(self, *arguments: Any) -> None:
            nonlocal open_now
            super().__exit__(*arguments)
            open_now -= 1

    class Watched(PasswordHasher):
        def verify(self, password: str, stored: str | None) -> Any:
            assert open_now == 0
            return super().verify(password, stored)

        def better_hash(self, password: str) -> str | None:
            assert open_now == 0
            return super().better_hash(password)

    def uow(**options: bool) -> UnitOfWork:
        return Counted(database.uow()._sessions, **options)

    AuthService(uow, Watched(cost=5)).authenticate(EMAIL, PASSWORD)
    assert database.rows("SELECT count(*) FROM users WHERE last_login_at IS NOT NULL") == [(1,)]
