"""No command leaves the service without an administrator that had one: every path, at once, and at random."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.concurrent_processes import call_at_once
from tests.conftest import Cli, Database, kept_engine, run_here
from tests.table_dump import everything
from usercli.database import url as database_url
from usercli.database.engine import sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, LastAdministrator, Refused, UserCliError
from usercli.models import User
from usercli.models.role import Role
from usercli.origin import Origin
from usercli.schemas.roles import RoleCreate, RoleUpdate
from usercli.schemas.users import UserCreate, UserKey, UserUpdate, UserView
from usercli.services import roles, users
from usercli.services.expiry import expire_overdue

SEED = int(os.environ.get("USERCLI_TEST_SEED", "20261121"))
ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"
ADVICE = "give another user an administrative role first, or add --allow-no-admin and --reason\n"
REFUSED = f"error: this would leave no active administrator; {ADVICE}"
IN_A_MONTH = "2999-01-31T00:00:00Z"
REFUSED_LATER = f"error: this would leave no active administrator after {IN_A_MONTH}; {ADVICE}"

MakeUser = Callable[..., UserView]


def key(text: str) -> UserKey:
    return UserKey.parse(text)


@pytest.fixture
def admin_role(database: Database) -> None:
    roles.create_role(RoleCreate(name="admin", administrative=True), work(database))
    roles.create_role(RoleCreate(name="editor"), work(database))


@pytest.fixture
def ada_alone(admin_role: None, make_user: MakeUser) -> None:
    """Ada administers, Bob does not."""
    make_user(ADA, roles=("admin", "editor"))
    make_user(BOB, roles=("editor",))


@pytest.fixture
def ada_and_bob(admin_role: None, make_user: MakeUser) -> None:
    """Ada and Bob administer, Eve does not."""
    make_user(ADA, roles=("admin",))
    make_user(BOB, roles=("admin",))
    make_user(EVE)


@cache
def _sessions(url: DatabaseUrl) -> Callable[[], Session]:
    """One engine a database: what it has compiled stays; every unit of work has a connection of its own."""
    return sessions(kept_engine(url))


def work(database: Database) -> UnitOfWork:
    """A unit of work with a connection of its own."""
    return UnitOfWork(_sessions(database.url))


def put(database: Database, email: str, **fields: object) -> None:
    """Set fields past every rule."""
    with work(database) as uow:
        uow.session.execute(update(User).where(User.email == email).values(**fields))
        uow.commit()


def administrators(database: Database) -> list[str]:
    """Who administers now, asked in other words than the tool's own."""
    now = datetime.now(UTC)
    with work(database) as uow:
        return sorted(
            user.email.partition("@")[0]
            for user in uow.session.scalars(select(User))
            if user.is_active
            and user.deleted_at is None
            and (user.expires_at is None or user.expires_at > now)
            and any(grant.role.administrative for grant in user.grants)
        )


def refused(*last: str, after: str = "") -> str:
    """What is said where several users are concerned, and these administer."""
    when, are = f" after {after}" if after else "", "is" if len(last) == 1 else "are"
    return (
        f"error: this would leave no active administrator{when} ({', '.join(last)} {are} the last); "
        "give another user an administrative role first, add --allow-no-admin and --reason, "
        "or add --continue, which keeps the last one\n"
    )


def paths(*who: str) -> list[tuple[tuple[str, ...], str]]:
    """Every way to take administrators away, and what it says."""
    confirmed = tuple(part for email in who for part in ("--confirm", email))
    now, later = (REFUSED, REFUSED_LATER) if len(who) == 1 else (refused(*who), refused(*who, after=IN_A_MONTH))
    return [
        (("delete", *who, "--yes"), now),
        (("delete", *who, "--purge", *confirmed), now),
        (("deactivate", *who), now),
        (("update", *who, "--inactive"), now),
        (("update", *who, "--expires", IN_A_MONTH), later),
        (("update", *who, "--remove-role", "admin"), now),
        (("role", "revoke", "admin", *who), now),
        (("role", "delete", "admin", "--revoke", "--yes"), REFUSED),
        (("role", "update", "admin", "--no-administrative"), REFUSED),
    ]


# -- every path


def test_every_path_to_no_administrator_is_refused_and_changes_nothing(
    cli: Cli, ada_alone: None, database: Database
) -> None:
    before = everything(database)
    more = [
        ("update", ADA, "--name", "Other", "--inactive", "--attribute", "a=b"),
        ("update", ADA, "--remove-role", "admin", "--add-role", "editor"),
        ("role", "update", "admin", "--no-administrative", "--name", "boss"),
        ("deactivate", ADA, "--dry-run"),
        ("role", "delete", "admin", "--revoke", "--dry-run"),
    ]
    erased = cli("privacy", "erase", ADA, "--confirm", ADA)
    assert erased == (6, "", f"user_roles: 2 rows go\n{REFUSED}")
    for arguments, message in [*paths(ADA), *((line, REFUSED) for line in more)]:
        assert cli(*arguments) == (6, "", message), arguments
        assert everything(database) == before, arguments


#: Rows of a file with which an import would take an administrator away.
TAKING_ROWS = [
    {"is_active": False},
    {"roles": []},
    {"roles": ["editor"]},
    {"is_active": False, "full_name": "Other", "attributes": {"a": "b"}},
]


@pytest.mark.parametrize("how", [(), ("--dry-run",), ("--resume",), ("--skip-bad",)], ids=" ".join)
@pytest.mark.each_once
def test_no_import_takes_the_last_administrator_away(
    cli: Cli, ada_alone: None, database: Database, environment: Path, how: tuple[str, ...]
) -> None:
    before = everything(database)
    for number, row in enumerate(TAKING_ROWS):
        others = [{"email": f"new{n}@example.com"} for n in range(2)]
        lines = [others[0], {"email": ADA, **row}, others[1]]
        file = f"users{number}.jsonl"
        (environment / file).write_text("\n".join(map(json.dumps, lines)))
        code, out, err = cli("import", file, "--on-conflict", "update", *how)
        assert (code, out, err.splitlines()[-1]) == (6, "", REFUSED.rstrip()), (row, err)
        assert everything(database) == before, row
    (environment / "later.jsonl").write_text(json.dumps({"email": ADA, "expires_at": IN_A_MONTH}))
    assert cli("import", "later.jsonl", "--on-conflict", "update")[2].endswith(REFUSED_LATER)
    assert everything(database) == before
    assert administrators(database) == ["ada"]


def test_an_import_that_puts_another_administrator_in_place_may_take_one_away(
    cli: Cli, ada_alone: None, database: Database, environment: Path
) -> None:
    rows = [{"email": ADA, "roles": []}, {"email": BOB, "roles": ["admin"]}]
    for file, lines in (("one.jsonl", rows), ("two.jsonl", rows[::-1])):
        (environment / file).write_text("\n".join(map(json.dumps, lines)))
    assert cli("import", "one.jsonl", "--on-conflict", "update")[0] == 0
    assert administrators(database) == ["bob"]
    (environment / "none.jsonl").write_text(json.dumps({"email": BOB, "roles": []}))
    allowed = ("import", "none.jsonl", "--on-conflict", "update", "--allow-no-admin")
    assert cli(*allowed)[0] == 2  # it wants a reason
    assert cli(*allowed, "--reason", "closing down")[0] == 0
    assert administrators(database) == []


@pytest.mark.parametrize("how", [("--atomic",), ("--continue",), ()], ids=["atomic", "continue", "plain"])
@pytest.mark.each_once
def test_no_batch_takes_the_last_administrator_away(
    cli: Cli, ada_and_bob: None, database: Database, environment: Path, how: tuple[str, ...]
) -> None:
    before = everything(database)
    (environment / "batch.txt").write_text(f"deactivate {ADA}\nrole revoke admin {BOB}\n")
    code, out, _ = cli("batch", "batch.txt", *how)
    codes = [json.loads(line)["code"] for line in out.splitlines()]
    assert (code, codes) == (7 if how == ("--continue",) else 6, [0, 6])
    assert json.loads(out.splitlines()[-1])["messages"] == [REFUSED.rstrip()]
    if how == ("--atomic",):
        assert everything(database) == before
    else:
        assert administrators(database) == ["bob"]


def test_an_atomic_batch_may_pass_the_office_on(
    cli: Cli, ada_alone: None, database: Database, environment: Path
) -> None:
    (environment / "batch.txt").write_text(f"role grant admin {BOB}\ndeactivate {ADA}\n")
    assert cli("batch", "batch.txt", "--atomic")[0] == 0
    assert administrators(database) == ["bob"]


def test_both_administrators_in_one_command_are_refused_and_one_of_them_is_not(
    cli: Cli, ada_and_bob: None, database: Database
) -> None:
    before = everything(database)
    for arguments, message in paths(ADA, BOB):
        assert cli(*arguments) == (6, "", message), arguments
    bob = f"id:{users.show_users([key(BOB)], work(database))[0].id}"
    assert cli("deactivate", EVE, bob, ADA) == (6, "", refused(ADA, BOB))
    assert cli("delete", ADA, EVE, bob, "--yes") == (6, "", refused(ADA, BOB))
    assert everything(database) == before
    for arguments, _ in paths(BOB)[:7]:
        code, _, err = cli(*arguments, "--dry-run")
        assert (code, err.partition(" ")[0]) == (0, "would"), arguments


def test_an_undo_does_not_take_the_last_administrator_away(
    cli: Cli, admin_role: None, make_user: MakeUser, database: Database
) -> None:
    make_user(ADA)
    change = json.loads(cli("role", "grant", "admin", ADA, "-o", "json")[1])["change_id"]
    before = everything(database)
    code, out, err = cli("undo", change, "--yes")
    assert (code, out, err.splitlines()[-1]) == (6, "", REFUSED.rstrip("\n"))
    assert everything(database) == before


def test_a_dry_run_that_continues_says_what_the_run_would(cli: Cli, ada_and_bob: None, database: Database) -> None:
    before = everything(database)
    dry = cli("deactivate", ADA, BOB, "--continue", "--dry-run", "-o", "json")
    assert everything(database) == before
    done = cli("deactivate", ADA, BOB, "--continue", "-o", "json")
    assert dry[0] == done[0] == 7
    said = [json.loads(out) for _, out, _ in (dry, done)]
    for name in ("changed", "unchanged", "failed"):
        assert said[0][name] == said[1][name]


def test_continue_keeps_the_last_one(cli: Cli, ada_and_bob: None, database: Database) -> None:
    code, out, err = cli("deactivate", ADA, BOB, "--continue", "-o", "json")
    message = REFUSED.removeprefix("error: ").rstrip("\n")
    assert (code, json.loads(out)["failed"]) == (7, [{"user": BOB, "code": 6, "error": message}])
    named = REFUSED.replace("this", f"{BOB}: this")
    assert err == f"deactivated {ADA} on {database.url.where}\n{named}error: 1 of 2 failed\n"
    assert cli("delete", BOB, "--yes", "--continue", "-q") == (6, "", named)
    assert administrators(database) == ["bob"]


def test_nobody_counts_who_cannot_administer(
    cli: Cli, admin_role: None, make_user: MakeUser, database: Database
) -> None:
    make_user(ADA, roles=("admin",))
    for name, state in (
        ("inactive", {"is_active": False}),
        ("expired", {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}),
        ("binned", {"is_active": False, "was_active": True, "deleted_at": datetime.now(UTC)}),
    ):
        make_user(f"{name}@example.com", roles=("admin",))
        put(database, f"{name}@example.com", **state)
    make_user("editor@example.com", roles=("editor",))
    before = everything(database)
    for arguments, message in paths(ADA):
        assert cli(*arguments) == (6, "", message), arguments
    assert everything(database) == before


def test_what_takes_no_administrator_away_is_not_refused(cli: Cli, ada_alone: None, database: Database) -> None:
    roles.create_role(RoleCreate(name="root", administrative=True), work(database))
    for arguments in (
        ("update", ADA, "--name", "Ada", "--expires", "never"),
        ("update", ADA, "--remove-role", "editor"),
        ("update", ADA, "--add-role", "root", "--remove-role", "admin"),
        ("role", "update", "admin", "--no-administrative"),
        ("role", "delete", "admin"),
        ("role", "update", "root", "--name", "boss"),
        ("password", "set", ADA, "--no-password", "--must-change"),
        ("deactivate", BOB),
        ("delete", BOB, "--yes"),
        ("delete", BOB, "--purge", "--confirm", BOB),
        ("role", "delete", "editor", "--revoke", "--yes"),
    ):
        code, _, err = cli(*arguments)
        assert (code, "error" in err) == (0, False), (arguments, err)
    assert administrators(database) == ["ada"]


def test_a_service_without_administrators_is_not_held_up(
    cli: Cli, admin_role: None, make_user: MakeUser, database: Database
) -> None:
    make_user(ADA, roles=("admin",), is_active=False)
    for arguments in (
        ("update", ADA, "--expires", IN_A_MONTH),
        ("delete", ADA, "--yes"),
        ("role", "update", "admin", "--no-administrative"),
    ):
        assert cli(*arguments)[0] == 0, arguments


def test_restore_gives_an_administrator_back_so_that_the_other_may_go(
    cli: Cli, ada_and_bob: None, database: Database
) -> None:
    assert cli("delete", BOB, "--yes")[0] == 0
    assert cli("delete", ADA, "--yes") == (6, "", REFUSED)
    assert cli("restore", BOB)[0] == 0
    assert cli("delete", ADA, "--yes")[0] == 0
    assert administrators(database) == ["bob"]


# -- time


def test_the_last_administrator_without_an_expiry_stays_beside_one_with(
    cli: Cli, ada_and_bob: None, database: Database
) -> None:
    assert cli("update", BOB, "--expires", IN_A_MONTH)[0] == 0
    before = everything(database)
    for arguments, message in paths(ADA)[:7]:
        assert cli(*arguments) == (6, "", REFUSED_LATER), (arguments, message)
    assert everything(database) == before
    assert cli("delete", BOB, "--yes")[0] == 0


def test_the_last_administrator_may_be_given_more_time_but_not_less(
    cli: Cli, admin_role: None, make_user: MakeUser, database: Database
) -> None:
    make_user(ADA, roles=("admin",), expires_at=datetime(2999, 6, 30, tzinfo=UTC))
    assert cli("update", ADA, "--expires", IN_A_MONTH) == (6, "", REFUSED_LATER)
    assert cli("update", ADA, "--expires", "2999-07-01")[0] == 0
    make_user(BOB, roles=("admin",), expires_at=datetime(2999, 7, 2, tzinfo=UTC))
    assert cli("update", ADA, "--expires", "1h")[0] == 0
    assert cli("deactivate", ADA)[0] == 0
    assert cli("deactivate", BOB) == (6, "", REFUSED)
    assert cli("update", BOB, "--expires", "never")[0] == 0
    assert administrators(database) == ["bob"]


def test_expire_run_takes_nobody_who_administers(cli: Cli, ada_and_bob: None, database: Database) -> None:
    put(database, BOB, expires_at=datetime.now(UTC) - timedelta(days=1))
    assert administrators(database) == ["ada"]
    assert cli("expire", "run", "--fields", "email")[:2] == (0, f"email\n{BOB}\n")
    assert administrators(database) == ["ada"]
    assert cli("deactivate", ADA) == (6, "", REFUSED)


# -- the way out


def test_allow_no_admin_wants_a_reason_and_then_lifts_the_rule(
    cli: Cli, ada_alone: None, database: Database
) -> None:
    before = everything(database)
    needs = "error: to leave no active administrator needs a reason; add --reason TEXT\n"
    assert cli("deactivate", ADA, "--allow-no-admin", "--reason", "") == (2, "", needs)
    for arguments, _ in paths(ADA):
        assert cli(*arguments, "--allow-no-admin") == (2, "", needs), arguments
        code, _, err = cli(*arguments, "--allow-no-admin", "--reason", "closing down", "--dry-run")
        assert (code, err.partition(" ")[0]) == (0, "would"), (arguments, err)
    assert everything(database) == before
    assert cli("deactivate", ADA, "--allow-no-admin", "--reason", "closing down")[0] == 0
    assert administrators(database) == []


def test_services_hold_the_rule_by_themselves(ada_alone: None, database: Database) -> None:
    before = everything(database)
    attempts: list[Callable[[UnitOfWork], object]] = [
        lambda uow: users.delete_users([key(ADA)], uow),
        lambda uow: users.purge_users([key(ADA)], uow),
        lambda uow: users.set_active([key(ADA)], False, uow),
        lambda uow: users.update_users([key(ADA)], UserUpdate(is_active=False), uow),
        lambda uow: roles.revoke_role("admin", [key(ADA)], uow),
        lambda uow: roles.delete_role("admin", uow, revoke=True),
        lambda uow: roles.update_role("admin", RoleUpdate(administrative=False), uow),
    ]
    for attempt in attempts:
        with pytest.raises(LastAdministrator, match=r"this would leave no active administrator;"):
            attempt(work(database))
    with pytest.raises(InvalidInput, match="to leave no active administrator needs a reason"):
        users.delete_users([key(ADA)], work(database), allow_no_admin=True)
    assert everything(database) == before


# -- two at once

ROUNDS = 8


def together(*work: Callable[[], object]) -> list[str]:
    """Run all at the same moment, each in a thread with connections of its own; what became of each."""
    start = threading.Barrier(len(work))
    done = [""] * len(work)

    def attempt(number: int) -> None:
        start.wait()
        try:
            work[number]()
            done[number] = "done"
        except UserCliError as error:
            done[number] = type(error).__name__

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return done


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let both sides have made their change before either counts: as close as two can come.

    Who holds the lock waits in vain for the other, who waits for the lock, and goes on.
    """
    from usercli.repositories.roles import RoleRepository

    count = RoleRepository.administered_until
    local = threading.local()
    place = threading.Barrier(2)

    def counting(self: RoleRepository) -> datetime | None:
        local.times = getattr(local, "times", 0) + 1
        if local.times == 2:  # the count after the change
            try:
                place.wait(0.05)
            except threading.BrokenBarrierError:
                place.reset()
        return count(self)

    monkeypatch.setattr(RoleRepository, "administered_until", counting)
    return lambda: None


def test_two_administrators_who_deactivate_each_other_at_once_do_not_both_pass(
    ada_and_bob: None, database: Database, meet: Callable[[], None]
) -> None:
    ways: list[Callable[[str], object]] = [
        lambda who: users.set_active([key(who)], False, work(database)),
        lambda who: users.delete_users([key(who)], work(database)),
        lambda who: roles.revoke_role("admin", [key(who)], work(database)),
        lambda who: users.update_users(
            [key(who)], UserUpdate(expires_at=datetime.now(UTC) + timedelta(days=1)), work(database)
        ),
    ]
    for number in range(ROUNDS):
        one, other = ways[number % len(ways)], ways[number // 2 % len(ways)]
        done = together(lambda one=one: one(BOB), lambda other=other: other(ADA))  # type: ignore[misc]  # defaults bind the loop
        assert sorted(done) == ["LastAdministrator", "done"], number
        [gone] = [email for email, result in ((BOB, done[0]), (ADA, done[1])) if result == "done"]
        values = {"is_active": True, "was_active": None, "deleted_at": None, "expires_at": None}
        put(database, gone, **values)
        roles.grant_role("admin", [key(gone)], work(database))
        assert administrators(database) == ["ada", "bob"]


def test_a_grant_and_the_removal_of_the_other_administrator_do_not_leave_none(
    ada_alone: None, database: Database
) -> None:
    for number in range(ROUNDS):
        done = together(
            lambda: roles.grant_role("admin", [key(BOB)], work(database)),
            lambda: roles.revoke_role("admin", [key(ADA)], work(database)),
        )
        assert done[0] == "done", number
        assert done[1] in {"done", "LastAdministrator"}, number
        assert administrators(database) == (["bob"] if done[1] == "done" else ["ada", "bob"]), number
        roles.grant_role("admin", [key(ADA)], work(database))
        roles.revoke_role("admin", [key(BOB)], work(database))


def test_a_role_that_stops_being_administrative_and_the_last_holder_of_the_other_do_not_both_pass(
    ada_alone: None, database: Database
) -> None:
    roles.create_role(RoleCreate(name="aaa", administrative=True), work(database))
    roles.grant_role("aaa", [key(BOB)], work(database))
    for number in range(ROUNDS):
        done = together(
            lambda: roles.update_role("aaa", RoleUpdate(administrative=False), work(database)),
            lambda: users.set_active([key(ADA)], False, work(database)),
        )
        assert sorted(done) == ["LastAdministrator", "done"], number
        roles.update_role("aaa", RoleUpdate(administrative=True), work(database))
        users.set_active([key(ADA)], True, work(database))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_administrative_roles_are_locked_before_others_by_whoever_gives_both(
    ada_alone: None, database: Database
) -> None:
    roles.create_role(RoleCreate(name="aaa"), work(database))
    both = UserUpdate(add_roles=("aaa", "admin"))
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with work(database) as holder:
        holder.roles.lock_administrative()
        thread = threading.Thread(target=lambda: users.update_users([key(BOB)], both, work(database)))
        thread.start()
        for _ in range(200):
            if database.rows(waiting) == [(1,)]:
                break
            time.sleep(0.05)
        assert database.rows("SELECT name FROM roles WHERE name = 'aaa' FOR UPDATE NOWAIT") == [("aaa",)]
    thread.join(30)
    assert users.show_users([key(BOB)], work(database))[0].roles == ("aaa", "admin", "editor")


# -- many at once, in processes

PEOPLE = [f"u{number}@example.com" for number in range(6)]
NAMES = ["aaa", "admin", "zoo"]
LINES = [10, pytest.param(100, marks=pytest.mark.slow)]


def random_line(chance: random.Random) -> list[str]:
    """A command line that may take administrators away, or give some."""
    one, other = chance.sample(PEOPLE, 2)
    name, second = chance.sample(NAMES, 2)
    return chance.choice(
        [
            ["role", "grant", name, one, other],
            ["role", "grant", "admin", one],
            ["role", "revoke", name, one, other],
            ["role", "create", name, "--administrative"],
            ["role", "create", name],
            ["role", "update", name, "--administrative"],
            ["role", "update", name, "--no-administrative"],
            ["role", "delete", name, "--revoke", "--yes"],
            ["update", one, "--add-role", name, "--add-role", second],
            ["update", other, one, "--add-role", name, "--remove-role", second],
            ["deactivate", one, other],
            ["activate", one, other],
            ["delete", one, other, "--yes"],
            ["restore", one, other],
            ["update", one, "--expires", "1h"],
            ["update", one, "--expires", "never"],
            ["expire", "run"],
        ]
    )


def worker(argument: list[Any]) -> list[list[Any]]:
    """Run random command lines: each that ended as none should, and how many were run."""
    number, lines, text = argument
    chance = random.Random(number)
    database = Database(database_url.parse(text), text)
    bad: list[list[Any]] = []
    end, count = time.monotonic() + 20, 0
    while count < lines and time.monotonic() < end:
        line = random_line(chance)
        code, _, err = run_here(*line, "-q")
        count += 1
        if code not in {0, 3, 4, 6} or "same rows" in err:
            bad.append([line, code, err])
        if not administrators(database):
            bad.append([line, "no administrator is left"])
    return [*bad, [count]]


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.slow_on("sqlite")
def test_any_mix_of_commands_in_four_processes_keeps_an_administrator_and_meets_no_deadlock(
    environment: Path, admin_role: None, make_user: MakeUser, database: Database, lines: int
) -> None:
    for email in PEOPLE:
        make_user(email, roles=("admin",))
    sys.stdout.write(f"seed {SEED}\n")
    done = call_at_once(f"{__name__}:worker", [[SEED + number, lines, database.text] for number in range(4)])
    counts = [result.pop()[0] for result in done]
    assert [line for result in done for line in result] == []
    assert administrators(database)
    assert min(counts) > 0, counts


# -- any sequence: a state machine against a model

_ROLES = ("admin", "editor", "root")
_NAMES = ("a", "b", "c")
_GROUPS = ("a", "b", "c", "ab", "bc", "cba")
_TIMES = (None, "soon", "late")
_RARELY = 7  # of ten: how often the rule is lifted


class Rule(RuleBasedStateMachine):
    """Services on SQLite, and beside them the rule in plain Python."""

    url: ClassVar[DatabaseUrl]

    def __init__(self) -> None:
        super().__init__()
        self.sessions = _sessions(self.url)
        self.roles: dict[str, bool] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.ids: dict[str, str] = {}

    def teardown(self) -> None:
        with UnitOfWork(self.sessions) as uow:
            for table in (User, Role):
                uow.session.execute(delete(table))
            uow.commit()

    # the model

    def until(self, people: dict[str, dict[str, Any]], admin: dict[str, bool]) -> float:
        """How long somebody administers: 0 not at all, 1 or 2 for a time, 3 for ever."""
        left = [
            {None: 3, "late": 2, "soon": 1, "over": 0}[person["expiry"]]
            for person in people.values()
            if person["active"] and not person["binned"] and any(admin[role] for role in person["roles"])
        ]
        return max(left, default=0)

    def change(
        self,
        call: Callable[..., object],
        people: dict[str, dict[str, Any]],
        admin: dict[str, bool] | None = None,
        *,
        allow: bool = False,
        guarded: bool = True,
    ) -> None:
        """What the service does is what the rule says of the model; then both go on from there."""
        admin = self.roles if admin is None else admin
        refused = guarded and not allow and self.until(people, admin) < self.until(self.people, self.roles)
        uow = UnitOfWork(self.sessions, origin=Origin(actor="tester", reason="to see" if allow else None))
        options = {"allow_no_admin": allow} if guarded else {}
        try:
            call(uow, **options)
        except LastAdministrator:
            assert refused, "refused what the rule allows"
            return
        assert not refused, "did what the rule forbids"
        self.people, self.roles = people, admin

    # the steps

    @initialize(
        given=st.lists(st.tuples(st.sampled_from(_TIMES), st.sets(st.sampled_from(_ROLES))), min_size=3, max_size=3)
    )
    def start(self, given: list[tuple[str | None, set[str]]]) -> None:
        for name, administrative in (("admin", True), ("editor", False), ("root", True)):
            self.create_role(name, administrative)
        for name, (expiry, held) in zip(_NAMES, given, strict=True):
            self.create(name, held | ({"admin"} if name == "a" else set()), expiry)

    @rule(
        names=st.sampled_from(_GROUPS),
        what=st.sampled_from(["activate", "deactivate", "delete", "restore", "purge", "soon", "late", "never"]),
        chance=st.integers(0, 9),
    )
    def change_people(self, names: str, what: str, chance: int) -> None:
        some = [name for name in names if name in self.people]
        if what != "purge":
            some = [name for name in some if self.people[name]["binned"] == (what == "restore")]
        if not some:
            return
        keys = [key(f"id:{self.ids[name]}") for name in some]
        people = {name: dict(person) for name, person in self.people.items()}
        for name in some:
            person = people[name]
            if what in {"activate", "deactivate"}:
                person["active"] = what == "activate"
            elif what == "delete":
                person |= {"was": person["active"], "active": False, "binned": True}
            elif what == "restore":
                person |= {"active": person["was"], "was": None, "binned": False}
            elif what == "purge":
                del people[name]
            else:
                person["expiry"] = None if what == "never" else what

        def call(uow: UnitOfWork, **options: bool) -> None:
            if what in {"activate", "deactivate"}:
                users.set_active(keys, what == "activate", uow, **options)
            elif what == "delete":
                users.delete_users(keys, uow, **options)
            elif what == "restore":
                users.restore_users(keys, uow)
            elif what == "purge":
                users.purge_users(keys, uow, **options)
            else:
                data = UserUpdate(expires_at=moment(None if what == "never" else what))
                users.update_users(keys, data, uow, **options)

        self.change(call, people, allow=chance == _RARELY)

    @rule(
        names=st.sampled_from(_GROUPS),
        gone=st.sampled_from([None, *_ROLES]),
        new=st.sampled_from([None, *_ROLES]),
        chance=st.integers(0, 9),
    )
    def give_and_take(self, names: str, gone: str | None, new: str | None, chance: int) -> None:
        some = [name for name in names if name in self.people and not self.people[name]["binned"]]
        wanted = {role for role in (gone, new) if role}
        if not some or gone == new or not wanted <= set(self.roles):
            return
        data = UserUpdate(remove_roles=(gone,) if gone else (), add_roles=(new,) if new else ())
        people = {name: dict(person) for name, person in self.people.items()}
        for name in some:
            people[name]["roles"] = people[name]["roles"] - {gone} | ({new} if new else set())
        keys = [key(f"id:{self.ids[name]}") for name in some]
        self.change(
            lambda uow, **options: users.update_users(keys, data, uow, **options), people, allow=chance == _RARELY
        )

    @rule(
        name=st.sampled_from(_ROLES),
        what=st.sampled_from(["administrative", "ordinary", "delete", "revoke"]),
        chance=st.integers(0, 9),
    )
    def change_a_role(self, name: str, what: str, chance: int) -> None:
        people = {who: dict(person) for who, person in self.people.items()}
        if name not in self.roles:
            self.create_role(name, what == "administrative")
        elif what in {"administrative", "ordinary"}:
            data = RoleUpdate(administrative=what == "administrative")
            self.change(
                lambda uow, **options: roles.update_role(name, data, uow, **options),
                people,
                {**self.roles, name: what == "administrative"},
                allow=chance == _RARELY,
            )
        elif what == "delete" and any(name in person["roles"] for person in people.values()):
            with pytest.raises(Refused, match="is granted to"):
                roles.delete_role(name, UnitOfWork(self.sessions))
        else:
            for person in people.values():
                person["roles"] = person["roles"] - {name}
            self.change(
                lambda uow, **options: roles.delete_role(name, uow, revoke=what == "revoke", **options),
                people,
                {role: administrative for role, administrative in self.roles.items() if role != name},
                allow=chance == _RARELY,
            )

    @rule(name=st.sampled_from(_NAMES), given=st.sets(st.sampled_from(_ROLES)), expiry=st.sampled_from(_TIMES))
    def create_a_user(self, name: str, given: set[str], expiry: str | None) -> None:
        if name not in self.people:
            self.create(name, given & set(self.roles), expiry)

    @precondition(lambda self: any(person["expiry"] == "soon" for person in self.people.values()))
    @rule()
    def time_passes(self) -> None:
        """What was to end soon is over: nobody's doing, so no rule can forbid it. The nightly run follows."""
        with UnitOfWork(self.sessions) as uow:
            past = {"expires_at": datetime.now(UTC) - timedelta(seconds=1), "updated_at": User.updated_at}
            uow.session.execute(update(User).where(User.expires_at == moment("soon")).values(**past))
            uow.commit()
        people = {who: dict(person) for who, person in self.people.items()}
        for person in people.values():
            if person["expiry"] == "soon":
                person["expiry"] = "over"
        self.people = people
        people = {
            who: {**person, "active": person["active"] and person["expiry"] != "over"}
            for who, person in people.items()
        }
        self.change(lambda uow: expire_overdue(uow), people, guarded=False)

    def create_role(self, name: str, administrative: bool) -> None:
        data = RoleCreate(name=name, administrative=administrative)
        more = {**self.roles, name: administrative}
        self.change(lambda uow: roles.create_role(data, uow), self.people, more, guarded=False)

    def create(self, name: str, held: set[str], expiry: str | None) -> None:
        data = UserCreate(email=f"{name}@example.com", roles=tuple(held), expires_at=moment(expiry))
        people = dict(self.people)
        people[name] = {"active": True, "binned": False, "was": None, "expiry": expiry, "roles": frozenset(held)}

        def call(uow: UnitOfWork) -> None:
            self.ids[name] = str(users.create_user(data, uow).users[0].id)

        self.change(call, people, guarded=False)

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        with UnitOfWork(self.sessions, read_only=True) as uow:
            found = {
                user.email.partition("@")[0]: {
                    "active": user.is_active,
                    "binned": user.deleted_at is not None,
                    "was": user.was_active,
                    "expiry": expiry_of(user),
                    "roles": frozenset(user.roles),
                }
                for user in uow.session.scalars(select(User))
            }
            stored = {role.name: role.administrative for role, _ in uow.roles.all()}
        assert (found, stored) == (self.people, self.roles)


def moment(expiry: str | None) -> datetime | None:
    return {None: None, "soon": datetime(2998, 1, 1, tzinfo=UTC), "late": datetime(2999, 1, 1, tzinfo=UTC)}[expiry]


def expiry_of(user: User) -> str | None:
    known = {None: None, moment("soon"): "soon", moment("late"): "late"}
    return known.get(user.expires_at, "over")


def test_any_sequence_of_changes_keeps_the_rule(sqlite_template: Path, tmp_path: Path) -> None:
    try_sequences(8, sqlite_template, tmp_path)


@pytest.mark.slow
def test_two_hundred_sequences_of_changes_keep_the_rule(sqlite_template: Path, tmp_path: Path) -> None:
    try_sequences(200, sqlite_template, tmp_path)


def try_sequences(count: int, template: Path, folder: Path) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    path = shutil.copyfile(template, folder / "rule.db")
    machine = seed(SEED)(type("Rule", (Rule,), {"url": database_url.sqlite_file(path)}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=count,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # to shrink takes minutes, and these are short enough to read
        ),
    )


# -- who only seems to administer


MISLEADING = (
    "warning: {where}: the role admin is not administrative: its last holder can be removed; "
    "to change that run: usercli role update admin --administrative\n"
)
NOBODY = "warning: nobody administers: no active user holds an administrative role; see: usercli role list\n"


def test_a_role_that_sounds_administrative_and_is_not_is_told(cli: Cli, database: Database) -> None:
    on, misleading = f"on {database.url.where}\n", MISLEADING.format(where=database.url.where)
    assert cli("role", "create", "admin", "-q") == (
        0,
        "admin\n",
        f"created the role admin {on}" + misleading,
    )
    code, _, err = cli("create", "root@example.com", "--role", "admin", "--no-password")
    assert (code, err) == (0, f"created root@example.com {on}" + misleading)
    assert cli("role", "grant", "admin", "root@example.com")[2].endswith(misleading)
    assert cli("db", "check")[::2] == (0, NOBODY)
    assert cli("role", "update", "admin", "--administrative")[0] == 0
    assert cli("db", "check")[::2] == (0, "")
    assert cli("delete", "root@example.com", "-y")[0] == 6


def test_a_role_that_is_administrative_or_sounds_otherwise_is_not_remarked(cli: Cli, database: Database) -> None:
    on = f"on {database.url.where}\n"
    assert cli("role", "create", "editor", "-q") == (0, "editor\n", f"created the role editor {on}")
    created = f"created the role admin {on}"
    assert cli("role", "create", "admin", "--administrative", "-q") == (0, "admin\n", created)
    assert cli("create", "ada@example.com", "--role", "editor", "--no-password", "-q")[2] == (
        f"created ada@example.com {on}"
    )


def test_the_command_after_which_nobody_administers_says_so(cli: Cli, database: Database) -> None:
    cli("role", "create", "boss", "--administrative")
    cli("create", "ada@example.com", "--role", "boss", "--no-password")
    code, _, err = cli("deactivate", "ada@example.com", "--allow-no-admin", "--reason", "closing", "-q")
    assert (code, err) == (
        0,
        f"deactivated ada@example.com on {database.url.where}\n"
        "warning: nobody administers any more: no active user holds an administrative role\n",
    )
    assert cli("db", "check")[::2] == (0, NOBODY)
    assert "warning" not in cli("update", "ada@example.com", "--name", "x")[2]


def test_the_last_administrator_among_many_is_named_and_can_be_left_out(
    cli: Cli, ada_alone: None, make_user: MakeUser, database: Database
) -> None:
    make_user("gone@example.com", is_active=False, roles=("admin",))
    make_user("late@example.com", is_active=True, expires_at=IN_A_MONTH)
    for arguments in (
        ["deactivate", "--match", "search=example", "--dry-run"],
        ["delete", "--match", "search=example", "--yes"],
    ):
        code, out, err = cli(*arguments)
        assert (code, out, err.splitlines(keepends=True)[-1]) == (6, "", refused(ADA))
    assert cli("deactivate", "--match", "search=example", "--continue", "--yes")[0] == 7
    assert [email for email, active in database.rows("SELECT email, is_active FROM users") if active] == [ADA]
