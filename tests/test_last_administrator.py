"""No command leaves the service without an administrator that had one: every path, at once, and at random."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.conftest import Cli, Database, run_here
from tests.herd import call_at_once
from tests.rows import everything
from usercli.database import url as database_url
from usercli.database.engine import open_engine, sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, LastAdministrator, Refused, UserCliError
from usercli.models import User
from usercli.models.role import Role
from usercli.origin import Origin
from usercli.schemas.roles import RoleCreate, RoleUpdate
from usercli.schemas.users import UserCreate, UserKey, UserUpdate, UserView
from usercli.services import roles, users

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
    return sessions(open_engine(url))


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


def paths(*who: str) -> list[tuple[tuple[str, ...], str]]:
    """Every way to take administrators away, and what it says."""
    confirmed = tuple(part for email in who for part in ("--confirm", email))
    return [
        (("delete", *who, "--yes"), REFUSED),
        (("delete", *who, "--purge", *confirmed), REFUSED),
        (("deactivate", *who), REFUSED),
        (("update", *who, "--inactive"), REFUSED),
        (("update", *who, "--expires", IN_A_MONTH), REFUSED_LATER),
        (("update", *who, "--remove-role", "admin"), REFUSED),
        (("role", "revoke", "admin", *who), REFUSED),
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
    for arguments, message in [*paths(ADA), *((line, REFUSED) for line in more)]:
        assert cli(*arguments) == (6, "", message), arguments
        assert everything(database) == before, arguments


def test_both_administrators_in_one_command_are_refused_and_one_of_them_is_not(
    cli: Cli, ada_and_bob: None, database: Database
) -> None:
    before = everything(database)
    for arguments, message in paths(ADA, BOB):
        assert cli(*arguments) == (6, "", message), arguments
    bob = f"id:{users.show_users([key(BOB)], work(database))[0].id}"
    assert cli("deactivate", EVE, bob, ADA) == (6, "", REFUSED)
    assert cli("delete", ADA, EVE, bob, "--yes") == (6, "", REFUSED)
    assert everything(database) == before
    for arguments, _ in paths(BOB)[:7]:
        code, _, err = cli(*arguments, "--dry-run")
        assert (code, err.partition(" ")[0]) == (0, "would"), arguments


def test_continue_keeps_the_last_one(cli: Cli, ada_and_bob: None, database: Database) -> None:
    code, out, err = cli("deactivate", ADA, BOB, "--continue", "-o", "json")
    message = REFUSED.removeprefix("error: ").rstrip("\n")
    assert (code, json.loads(out)["failed"]) == (7, [{"user": BOB, "code": 6, "error": message}])
    assert err == f"deactivated {ADA} on {database.url.where}\n{REFUSED}error: 1 of 2 failed\n"
    assert cli("delete", BOB, "--yes", "--continue", "-q") == (6, "", f"{REFUSED}")
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
    needs = "error: --allow-no-admin needs --reason TEXT\n"
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
    with pytest.raises(InvalidInput, match=r"--allow-no-admin needs --reason TEXT"):
        users.delete_users([key(ADA)], work(database), allow_no_admin=True)
    assert everything(database) == before


# -- two at once

ROUNDS = 15


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
        done = together(lambda one=one: one(BOB), lambda other=other: other(ADA))  # type: ignore[misc]
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
LINES = 20


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


def test_any_mix_of_commands_in_four_processes_keeps_an_administrator_and_meets_no_deadlock(
    environment: Path, admin_role: None, make_user: MakeUser, database: Database
) -> None:
    for email in PEOPLE:
        make_user(email, roles=("admin",))
    sys.stdout.write(f"seed {SEED}\n")
    done = call_at_once(f"{__name__}:worker", [[SEED + number, LINES, database.text] for number in range(4)])
    counts = [result.pop()[0] for result in done]
    assert [line for result in done for line in result] == []
    assert administrators(database)
    assert min(counts) > 0, counts


# -- any sequence: a state machine against a model

_ROLES = ("admin", "editor", "root")
_NAMES = ("a", "b", "c")


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

    def with_people(self, names: Sequence[str], **fields: Any) -> dict[str, dict[str, Any]]:
        return {
            name: {**person, **fields} if name in names else dict(person) for name, person in self.people.items()
        }

    def keys(self, names: Sequence[str]) -> list[UserKey]:
        return [key(f"id:{self.ids[name]}") for name in names]

    def some(self, names: Sequence[str], *, binned: bool | None = False) -> list[str]:
        return [name for name in names if name in self.people and binned in (None, self.people[name]["binned"])]

    # the steps

    @initialize()
    def start(self) -> None:
        for name, administrative in (("admin", True), ("editor", False)):
            self.create_role(name, administrative)
        for name in ("a", "b"):
            self.create(name, ["admin"], None)

    @rule(name=st.sampled_from(_ROLES), administrative=st.booleans())
    def create_role(self, name: str, administrative: bool) -> None:
        if name not in self.roles:
            data = RoleCreate(name=name, administrative=administrative)
            self.change(
                lambda uow: roles.create_role(data, uow),
                self.people,
                {**self.roles, name: administrative},
                guarded=False,
            )

    @rule(name=st.sampled_from(_ROLES), administrative=st.booleans(), allow=st.booleans())
    def update_role(self, name: str, administrative: bool, allow: bool) -> None:
        if name in self.roles:
            data = RoleUpdate(administrative=administrative)
            self.change(
                lambda uow, **options: roles.update_role(name, data, uow, **options),
                self.people,
                {**self.roles, name: administrative},
                allow=allow,
            )

    @rule(name=st.sampled_from(_ROLES), revoke=st.booleans(), allow=st.sampled_from([False, False, True]))
    def delete_role(self, name: str, revoke: bool, allow: bool) -> None:
        if name not in self.roles:
            return
        if not revoke and any(name in person["roles"] for person in self.people.values()):
            with pytest.raises(Refused, match="is granted to"):
                roles.delete_role(name, UnitOfWork(self.sessions))
            return
        people = {who: {**person, "roles": person["roles"] - {name}} for who, person in self.people.items()}
        admin = {role: administrative for role, administrative in self.roles.items() if role != name}
        self.change(
            lambda uow, **options: roles.delete_role(name, uow, revoke=revoke, **options),
            people,
            admin,
            allow=allow,
        )

    @rule(
        name=st.sampled_from(_NAMES),
        given=st.lists(st.sampled_from(_ROLES), unique=True),
        expiry=st.sampled_from([None, None, "soon", "late"]),
    )
    def create(self, name: str, given: list[str], expiry: str | None) -> None:
        if name in self.people:
            return
        held = [role for role in given if role in self.roles]
        data = UserCreate(email=f"{name}@example.com", roles=tuple(held), expires_at=moment(expiry))
        people = dict(self.people)
        people[name] = {"active": True, "binned": False, "was": None, "expiry": expiry, "roles": frozenset(held)}

        def call(uow: UnitOfWork) -> None:
            self.ids[name] = str(users.create_user(data, uow).users[0].id)

        self.change(call, people, guarded=False)

    names = st.lists(st.sampled_from(_NAMES), min_size=1, unique=True)
    mostly_not = st.sampled_from([False, False, False, True])

    @rule(names=names, active=st.booleans(), allow=mostly_not)
    def set_active(self, names: list[str], active: bool, allow: bool) -> None:
        if some := self.some(names):
            self.change(
                lambda uow, **options: users.set_active(self.keys(some), active, uow, **options),
                self.with_people(some, active=active),
                allow=allow,
            )

    @rule(names=names, expiry=st.sampled_from([None, "soon", "late"]), allow=mostly_not)
    def set_expiry(self, names: list[str], expiry: str | None, allow: bool) -> None:
        if some := self.some(names):
            data = UserUpdate(expires_at=moment(expiry))
            self.change(
                lambda uow, **options: users.update_users(self.keys(some), data, uow, **options),
                self.with_people(some, expiry=expiry),
                allow=allow,
            )

    @rule(names=names, role=st.sampled_from(_ROLES), more=st.sampled_from([None, *_ROLES]), allow=mostly_not)
    def revoke(self, names: list[str], role: str, more: str | None, allow: bool) -> None:
        some = self.some(names)
        if not some or role not in self.roles or (more and more not in self.roles) or role == more:
            return
        data = UserUpdate(remove_roles=(role,), add_roles=(more,) if more else ())
        people = self.with_people([])
        for name in some:
            people[name]["roles"] = people[name]["roles"] - {role} | ({more} if more else set())
        self.change(
            lambda uow, **options: users.update_users(self.keys(some), data, uow, **options), people, allow=allow
        )

    @rule(names=names, role=st.sampled_from(_ROLES))
    def grant(self, names: list[str], role: str) -> None:
        if (some := self.some(names)) and role in self.roles:
            people = self.with_people([])
            for name in some:
                people[name]["roles"] = people[name]["roles"] | {role}
            self.change(lambda uow: roles.grant_role(role, self.keys(some), uow), people, guarded=False)

    @rule(names=names, allow=mostly_not)
    def delete(self, names: list[str], allow: bool) -> None:
        if some := self.some(names):
            people = self.with_people([])
            for name in some:
                people[name] |= {"was": people[name]["active"], "active": False, "binned": True}
            self.change(
                lambda uow, **options: users.delete_users(self.keys(some), uow, **options), people, allow=allow
            )

    @rule(names=names)
    def restore(self, names: list[str]) -> None:
        if some := self.some(names, binned=True):
            people = self.with_people([])
            for name in some:
                people[name] |= {"active": people[name]["was"], "was": None, "binned": False}
            self.change(lambda uow: users.restore_users(self.keys(some), uow), people, guarded=False)

    @rule(names=names, allow=mostly_not)
    def purge(self, names: list[str], allow: bool) -> None:
        if some := self.some(names, binned=None):
            people = {name: dict(person) for name, person in self.people.items() if name not in some}
            self.change(
                lambda uow, **options: users.purge_users(self.keys(some), uow, **options), people, allow=allow
            )

    @rule()
    def time_passes(self) -> None:
        """What was to end soon is over: nobody's doing, so no rule can forbid it."""
        over = [name for name, person in self.people.items() if person["expiry"] == "soon"]
        with UnitOfWork(self.sessions) as uow:
            past = {"expires_at": datetime.now(UTC) - timedelta(seconds=1), "updated_at": User.updated_at}
            uow.session.execute(update(User).where(User.expires_at == moment("soon")).values(**past))
            uow.commit()
        self.people = self.with_people(over, expiry="over")

    @rule()
    def expire_run(self) -> None:
        over = [name for name, person in self.people.items() if person["expiry"] == "over" and person["active"]]
        self.change(lambda uow: users.expire_overdue(uow), self.with_people(over, active=False), guarded=False)

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
    sys.stdout.write(f"seed {SEED}\n")
    path = shutil.copyfile(sqlite_template, tmp_path / "rule.db")
    machine = seed(SEED)(type("Rule", (Rule,), {"url": database_url.sqlite_file(path)}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
