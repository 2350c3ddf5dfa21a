"""One command, one transaction: what is kept, what is not, and what an error says."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select, text, update

from tests.conftest import Database
from usercli.database.engine import READ_ONLY, open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import (
    ChangedMeanwhile,
    Conflict,
    ConstraintViolated,
    DatabaseUnavailable,
    DatabaseUnreachable,
    EmailTaken,
    InvalidInput,
    OutcomeUnknown,
    Refused,
    UserCliError,
)
from usercli.models import User
from usercli.schemas.users import UserCreate, UserView
from usercli.services import users
from usercli.services.imports import resumable

CANARY = "$2b$04$CANARYcanaryCANARYcanaryCANARYcanaryCANARYcanaryCAN"
NAME = "Name Canary"
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def emails(database: Database) -> list[str]:
    """Who is there, asked over a connection of its own, which waits for no writer."""
    with open_engine(database.url).connect().execution_options(**{READ_ONLY: True}) as connection:
        return list(connection.scalars(text("SELECT email FROM users ORDER BY email")))


def new(email: str, **fields: object) -> User:
    return User(email=email, **fields)


def engine_of(database: Database) -> Engine:
    return open_engine(database.url)


# -- rollback is the default


def test_a_commit_keeps_the_rows(database: Database) -> None:
    with database.uow() as uow:
        uow.users.add(new("ada@example.com"))
        uow.commit()
    assert emails(database) == ["ada@example.com"]


def test_a_block_without_a_commit_leaves_nothing(database: Database) -> None:
    with database.uow() as uow:
        uow.users.add(new("ada@example.com"))
        assert uow.users.count() == 1
    assert emails(database) == []


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="no"), database.uow() as uow:
        uow.users.add(new("ada@example.com"))
        raise RuntimeError("no")
    assert emails(database) == []


def test_what_comes_after_the_commit_is_not_kept(database: Database) -> None:
    with pytest.raises(RuntimeError, match="no"), database.uow() as uow:
        uow.users.add(new("ada@example.com"))
        uow.commit()
        raise RuntimeError("no")
    assert emails(database) == ["ada@example.com"]


def test_nobody_else_sees_rows_before_the_commit(database: Database) -> None:
    with database.uow() as uow:
        uow.users.add(new("ada@example.com"))
        with database.uow(read_only=True) as other:
            assert other.users.count() == 0
        uow.commit()
    assert emails(database) == ["ada@example.com"]


def test_a_unit_of_work_serves_again_after_a_failure(database: Database, ada: UserView) -> None:
    uow = database.uow()
    with pytest.raises(EmailTaken), uow:
        uow.users.add(new("ADA@example.com"))
    with uow:
        uow.users.add(new("bob@example.com"))
        uow.commit()
    assert emails(database) == ["ada@example.com", "bob@example.com"]


def test_a_connection_is_given_back_however_the_block_ends(database: Database) -> None:
    engine = engine_of(database)
    open_now: list[object] = []
    event.listen(engine, "connect", lambda raw, _: open_now.append(raw))
    event.listen(engine, "close", lambda raw, _: open_now.remove(raw))
    uow = UnitOfWork(sessions(engine))
    with uow:
        uow.users.count()
        assert len(open_now) == 1
        uow.commit()
    with pytest.raises(ZeroDivisionError), uow:
        raise ZeroDivisionError
    assert open_now == []


def test_a_refusal_at_the_door_closes_it(database: Database) -> None:
    """on_connect (the schema check) runs in the transaction, once, and its error leaves nothing open."""
    engine = engine_of(database)
    open_now: list[object] = []
    event.listen(engine, "connect", lambda raw, _: open_now.append(raw))
    event.listen(engine, "close", lambda raw, _: open_now.remove(raw))

    def refuse(_: object) -> None:
        assert len(open_now) == 1
        raise DatabaseUnavailable("not today")

    with pytest.raises(DatabaseUnavailable, match="not today"), UnitOfWork(sessions(engine), on_connect=refuse):
        pytest.fail("the block must not begin")
    assert open_now == []


# -- a block inside a block


def test_an_inner_commit_waits_for_the_outer_one(database: Database) -> None:
    uow = database.uow()
    with uow:
        with uow:
            uow.users.add(new("ada@example.com"))
            uow.commit()
        assert emails(database) == []
        uow.commit()
    assert emails(database) == ["ada@example.com"]


def test_an_outer_rollback_undoes_an_inner_commit(database: Database) -> None:
    uow = database.uow()
    with uow, uow:
        uow.users.add(new("ada@example.com"))
        uow.commit()
    assert emails(database) == []


def test_an_inner_rollback_leaves_the_outer_work(database: Database) -> None:
    uow = database.uow()
    with uow:
        uow.users.add(new("ada@example.com"))
        with uow:
            uow.users.add(new("bob@example.com"))
        with pytest.raises(ZeroDivisionError), uow:
            uow.users.add(new("eve@example.com"))
            raise ZeroDivisionError
        assert uow.users.count() == 1
        uow.commit()
    assert emails(database) == ["ada@example.com"]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_violation_inside_leaves_the_outer_block_able_to_go_on(
    database: Database, ada: UserView, depth: int
) -> None:
    uow = database.uow()

    def clash(levels: int) -> None:
        with uow:
            if levels > 1:
                clash(levels - 1)
            uow.users.add(new("ADA@example.com"))

    with uow:
        uow.users.add(new("bob@example.com"))
        for _ in range(2):
            with pytest.raises(EmailTaken):
                clash(depth)
        with uow:
            uow.users.add(new("cleo@example.com"))
            uow.commit()
        uow.commit()
    assert emails(database) == ["ada@example.com", "bob@example.com", "cleo@example.com"]


def test_a_violation_at_the_inner_commit_leaves_the_outer_block_able_to_go_on(
    database: Database, ada: UserView
) -> None:
    uow = database.uow()
    with uow:
        with pytest.raises(EmailTaken), uow:
            uow.session.add(new("ADA@example.com"))
            uow.commit()
        uow.users.add(new("bob@example.com"))
        uow.commit()
    assert emails(database) == ["ada@example.com", "bob@example.com"]


def test_a_change_undone_inside_is_forgotten_in_memory_too(database: Database, ada: UserView) -> None:
    uow = database.uow()
    with uow:
        user = uow.users.get(ada.id)
        with uow:
            user.full_name = "Somebody Else"
            uow.flush()
        assert (user.full_name, user.version) == ("Ada Lovelace", 1)
        uow.commit()
    assert database.rows("SELECT full_name, version FROM users") == [("Ada Lovelace", 1)]


# -- dry run


def test_a_dry_run_writes_nothing(database: Database) -> None:
    with database.uow(dry_run=True) as uow:
        uow.users.add(new("ada@example.com"))
        assert uow.users.count() == 1
        uow.commit()
    assert emails(database) == []


def test_a_dry_run_hears_the_constraints(database: Database, ada: UserView) -> None:
    with pytest.raises(EmailTaken), database.uow(dry_run=True) as uow:
        uow.session.add(new("ADA@example.com"))
        uow.commit()
    assert emails(database) == ["ada@example.com"]


def test_a_dry_run_inside_blocks_writes_nothing(database: Database) -> None:
    uow = database.uow(dry_run=True)
    with uow:
        with uow:
            uow.users.add(new("ada@example.com"))
            uow.commit()
        assert uow.users.count() == 1
        uow.commit()
    assert emails(database) == []


# -- violations become domain errors, wherever they surface


def _deleted_but_active(uow: UnitOfWork) -> None:
    uow.session.execute(text("UPDATE users SET deleted_at = created_at"))


def _same_key(uow: UnitOfWork) -> None:
    uow.session.execute(text("UPDATE users SET email_key = 'ada@example.com'"))


def _version_zero(uow: UnitOfWork) -> None:
    uow.session.execute(text("UPDATE users SET version = 0"))


def _same_id(uow: UnitOfWork) -> None:
    first = uow.session.scalars(select(User.id).limit(1)).one()
    uow.session.expunge_all()
    uow.session.add(User(id=first, email="eve@example.com"))
    uow.flush()


def _no_email(uow: UnitOfWork) -> None:
    uow.session.execute(update(User).values(email=None))


@pytest.mark.parametrize(
    ("violate", "error", "sentence"),
    [
        (_same_key, EmailTaken, "a user with this email exists already"),
        (_same_id, Conflict, "a user with this id exists already"),
        (_deleted_but_active, InvalidInput, "a deleted user cannot be active"),
        (_version_zero, InvalidInput, "a version is a positive number"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_violated_constraint_is_a_domain_error_of_one_sentence(
    database: Database,
    ada: UserView,
    make_user: Callable[..., UserView],
    violate: Callable[[UnitOfWork], None],
    error: type[UserCliError],
    sentence: str,
) -> None:
    make_user("bob@example.com")
    with pytest.raises(error) as caught, database.uow() as uow:
        violate(uow)
    assert type(caught.value) is error
    assert caught.value.message == sentence
    assert emails(database) == ["ada@example.com", "bob@example.com"]


def test_a_violation_at_flush_is_translated(database: Database, ada: UserView) -> None:
    with pytest.raises(EmailTaken), database.uow() as uow:
        uow.session.add(new("ADA@example.com"))
        uow.flush()


def test_a_violation_at_commit_is_translated(database: Database, ada: UserView) -> None:
    with pytest.raises(EmailTaken), database.uow() as uow:
        uow.session.add(new("ADA@example.com"))
        uow.commit()


@on_postgresql
def test_a_constraint_that_waits_for_the_commit_is_translated(database: Database, ada: UserView) -> None:
    """The server itself speaks at COMMIT: it was no broken connection, and nothing is unknown."""
    database.rows("ALTER TABLE users ADD CONSTRAINT pk_later UNIQUE (version) DEFERRABLE INITIALLY DEFERRED")
    with pytest.raises(Conflict) as caught, database.uow() as uow:
        uow.users.add(new("bob@example.com"))
        uow.commit()
    assert type(caught.value) is ConstraintViolated
    assert caught.value.message == "the database refused the change: constraint pk_later"
    assert emails(database) == ["ada@example.com"]


def test_a_missing_value_is_a_domain_error(database: Database, ada: UserView) -> None:
    with pytest.raises(UserCliError) as caught, database.uow() as uow:
        _no_email(uow)
    assert caught.value.message.startswith("the database refused the change")


# -- the optimistic lock


def test_a_row_changed_meanwhile_is_noticed(database: Database, ada: UserView) -> None:
    with pytest.raises(ChangedMeanwhile) as caught, database.uow() as uow:
        user = uow.users.get(ada.id)
        uow.session.execute(text("UPDATE users SET version = version + 1"))  # as a faster writer would have
        user.full_name = "Slow"
        uow.commit()
    assert caught.value.message == "the user was changed by somebody else; look again and retry"
    assert database.rows("SELECT full_name, version FROM users") == [("Ada Lovelace", 1)]


@on_postgresql
def test_of_two_writers_who_read_the_same_version_the_second_is_told(database: Database, ada: UserView) -> None:
    with pytest.raises(ChangedMeanwhile), database.uow() as slow:
        mine = slow.users.get(ada.id)
        with database.uow() as fast:
            fast.users.get(ada.id).full_name = "Fast"
            fast.commit()
        mine.full_name = "Slow"
        slow.commit()
    assert database.rows("SELECT full_name, version FROM users") == [("Fast", 2)]


def test_a_row_removed_meanwhile_is_noticed(database: Database, ada: UserView) -> None:
    with pytest.raises(ChangedMeanwhile), database.uow() as uow:
        user = uow.users.get(ada.id)
        uow.session.execute(text("DELETE FROM users"))
        user.full_name = "Slow"
        uow.commit()
    assert emails(database) == ["ada@example.com"]


# -- reading and writing


@on_postgresql
def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable) as caught, database.uow(read_only=True) as uow:
        uow.users.add(new("ada@example.com"))
    assert caught.value.message == "the database is read-only; connect to the primary server"
    assert emails(database) == []


@on_sqlite
def test_a_writer_takes_the_lock_at_once_and_a_reader_never(database: Database) -> None:
    begun: list[str] = []
    engine = engine_of(database)

    @event.listens_for(engine, "connect")
    def _note(connection: Any, _: object) -> None:
        connection.set_trace_callback(lambda statement: "BEGIN" in statement and begun.append(statement))

    with UnitOfWork(sessions(engine)):
        pass
    with UnitOfWork(sessions(engine), read_only=True) as uow:
        assert uow.users.count() == 0
    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


@on_sqlite
def test_readers_and_one_writer_do_not_wait_for_each_other(database: Database, ada: UserView) -> None:
    with database.uow() as writer:
        writer.users.get(ada.id).full_name = "New"
        writer.flush()
        with database.uow(read_only=True) as reader:
            assert reader.users.get(ada.id).full_name == "Ada Lovelace"
            writer.commit()
            reader.session.expire_all()
            assert reader.users.get(ada.id).full_name == "Ada Lovelace"  # one snapshot to the end
    assert database.rows("SELECT full_name FROM users") == [("New",)]


# -- the connection breaks


@on_postgresql
def test_a_connection_that_broke_before_is_unreachable(database: Database) -> None:
    with pytest.raises(DatabaseUnreachable) as caught, database.uow() as uow:
        _terminate(database, uow)
        uow.users.count()
    assert type(caught.value) is DatabaseUnreachable
    assert database.url.where in caught.value.message


@on_postgresql
def test_the_outcome_is_unknown_where_the_log_would_not_have_the_change(database: Database) -> None:
    with pytest.raises(OutcomeUnknown) as caught, database.uow() as uow:
        uow.users.add(new("ada@example.com"))
        _terminate(database, uow)
        uow.commit()
    assert caught.value.message == (
        f"the connection to {database.url.where} broke while committing: the outcome is unknown; "
        "look whether the change is there before you run the command again"
    )


def _terminate(database: Database, uow: UnitOfWork) -> None:
    backend = uow.session.scalar(text("SELECT pg_backend_pid()"))
    assert database.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=backend) == [(True,)]


# -- nothing of a row in an exception


@pytest.mark.parametrize("violate", [_same_key, _deleted_but_active, _version_zero, _no_email])
def test_no_exception_shows_a_hash_or_a_value(
    database: Database, make_user: Callable[..., UserView], violate: Callable[[UnitOfWork], None]
) -> None:
    make_user("bob@example.com")
    database.rows("UPDATE users SET hashed_password = :canary, full_name = :name", canary=CANARY, name=NAME)
    make_user("ada@example.com")
    with pytest.raises(UserCliError) as caught, database.uow() as uow:
        violate(uow)
    _assert_silent(caught.value)


def test_an_error_is_a_new_one_each_time(database: Database, ada: UserView) -> None:
    """A shared one would carry the traceback, and the values in its frames, of whoever raised it first."""
    found = []
    for _ in range(2):
        with pytest.raises(InvalidInput) as caught, database.uow() as uow:
            _deleted_but_active(uow)
        found.append(caught.value)
    assert found[0] is not found[1]


def test_no_exception_of_an_insert_shows_a_hash_or_a_value(database: Database, ada: UserView) -> None:
    with pytest.raises(EmailTaken) as caught, database.uow() as uow:
        uow.session.add(new("ADA@example.com", hashed_password=CANARY, full_name=NAME))
        uow.commit()
    _assert_silent(caught.value)


def test_no_exception_of_a_lost_race_shows_a_hash(database: Database, ada: UserView) -> None:
    with pytest.raises(ChangedMeanwhile) as caught, database.uow() as uow:
        user = uow.users.get(ada.id)
        user.hashed_password = CANARY
        uow.session.execute(text("UPDATE users SET version = 7"))
        uow.commit()
    _assert_silent(caught.value)


@on_postgresql
def test_an_error_without_a_translation_of_its_own_is_silent_too(database: Database) -> None:
    """Division by zero, a wrong function, a bad cast: the class of the SQLSTATE and nothing of the statement."""
    for statement in ("SELECT CAST(:canary AS integer)", "SELECT no_such_function(:canary)"):
        with pytest.raises(UserCliError) as caught, database.uow() as uow:
            uow.session.execute(text(statement), {"canary": CANARY})
        _assert_silent(caught.value)


def _assert_silent(error: BaseException) -> None:
    """What the person sees, what `--debug` may see, and what a logger of the exception would write."""
    shown = "".join([str(error), repr(error), repr(error.args), *traceback.format_exception(error)])
    assert CANARY not in shown
    assert NAME not in shown


def test_a_user_in_a_log_shows_its_id_and_nothing_else(database: Database, ada: UserView) -> None:
    with database.uow() as uow:
        assert repr(uow.users.get(ada.id)) == f"<User {ada.id}>"


def test_the_engine_hides_parameters_even_from_errors_that_are_not_ours(database: Database) -> None:
    assert open_engine(database.url).hide_parameters
    assert not create_engine("sqlite://").hide_parameters  # the library's default would show them


def test_change_ids_are_time_ordered_and_of_a_run_s_own(database: Database) -> None:
    ids = [database.uow().change_id for _ in range(50)]
    assert sorted(ids) == ids
    assert len(set(ids)) == 50
    assert {found.version for found in ids} == {7}
    assert all(isinstance(found, uuid.UUID) for found in ids)


def test_only_a_change_counts_as_committed(database: Database) -> None:
    uow = database.uow()
    with pytest.raises(Refused, match="no"), uow.change("user.deleted"):
        raise Refused("no")
    assert database.rows("SELECT outcome FROM audit_events") == [("refused",)]
    assert (uow.has_committed, uow.is_committing) == (False, False)
    resumable.begin("digest", {}, uow)  # which notes how far an import is
    assert (uow.has_committed, uow.is_committing) == (False, False)
    users.create_user(UserCreate(email="ada@example.com"), uow)
    assert uow.has_committed
    with uow:
        assert (uow.has_committed, uow.is_committing) == (True, False)
