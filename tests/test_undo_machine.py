"""A random program over the services: events equal effects, and undone in reverse it gives the first state back."""

from __future__ import annotations

import itertools
import random
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.audit_log import HASH, keys, uow, verify
from tests.conftest import Database
from usercli.database import url as database_url
from usercli.errors import UserCliError
from usercli.hash_chain import canonical
from usercli.repositories.audit import AuditRepository
from usercli.schemas.audit import EventCriteria, EventView
from usercli.schemas.roles import RoleCreate, RoleUpdate
from usercli.schemas.users import UserCreate, UserUpdate
from usercli.services import passwords, privacy, roles, users
from usercli.services.undo import undo_change

NAMES = [f"u{number}@example.com" for number in range(6)]
ROLES = ["admin", "ops", "dev"]
#: What an undo cannot give back: it says so, and the way back ends there for this user.
GONE = frozenset({"user.purged", "user.erased"})


class Program:
    """Commands on a few users and roles, and after each a look at what they did and what the log says of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log: list[EventView] = []
        self.changes: list[uuid.UUID] = []
        self.now = self.look()

    # -- what is there

    def look(self) -> dict[str, dict[str, Any]]:
        """Every user and role by id, with the fields that events speak of."""
        from usercli.services.user_events import snapshot

        with self.database.uow(read_only=True) as work:
            from sqlalchemy import select

            from usercli.models import User

            found = {
                str(user.id): {**snapshot(user), "password": user.hashed_password}
                for user in work.session.scalars(select(User))
            }
            for role, _ in work.roles.all():
                found[str(role.id)] = {
                    "name": role.name,
                    "description": role.description,
                    "administrative": role.administrative,
                }
            return found

    def do(self, command: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """Run a command; its events must be its effects, also if it fails."""
        before, work = self.now, uow(self.database, reason="by chance")
        try:
            command(*arguments, work, **options)
            failed = None
        except UserCliError as error:
            failed = error
        self.now = self.look()
        with self.database.uow(read_only=True) as reading:
            new = [EventView.of(event) for event in _since(reading.audit, len(self.log) + 1)]
        assert {event.change_id for event in new} <= {work.change_id}
        done = [event for event in new if event.outcome == "done"]
        if failed is not None:
            assert canonical(self.now) == canonical(before), command
            assert done == []
            told = failed.exit_code in {4, 6}
            assert bool(new) == told, (command, failed)
        else:
            assert new == done
            self.compare(before, done)
            if done:
                self.changes.append(work.change_id)
        self.log += new

    def compare(self, before: dict[str, dict[str, Any]], events: list[EventView]) -> None:
        """The events, one after the other upon what was there, give exactly what is there."""
        model = {target: dict(fields) for target, fields in before.items()}
        touched = set()
        for event in events:
            target = str(event.target_id)
            touched.add(target)
            if event.action in {"user.purged", "role.deleted", "user.erased"}:
                del model[target]
            elif event.action == "role.created":
                model[target] = dict(event.after)
            else:
                fields = model.setdefault(
                    target,
                    dict.fromkeys(self.now[target], None) | {"attributes": {}, "must_change_password": False},
                )
                for name, value in event.after.items():
                    if name == "attributes":
                        kept = {k: v for k, v in fields[name].items() if k not in event.before.get(name, {})}
                        fields[name] = {**kept, **value}
                    elif name == "password":
                        fields[name] = self.now[target][name]
                    else:
                        fields[name] = value
                if event.action == "user.created" and "password" not in event.after:
                    fields["password"] = "!"
        changed = {t for t in {*before, *self.now} if canonical(before.get(t)) != canonical(self.now.get(t))}
        passwords_only = {str(e.target_id) for e in events if "password" in e.after}
        assert changed <= touched
        assert touched <= changed | passwords_only, events
        assert canonical(model) == canonical(self.now)  # as JSON: to Python 1, 1.0 and true are equal

    # -- the way back

    def refusal(self, events: list[EventView]) -> str | None:
        """What the undo of a change may be refused for: the named exceptions."""
        with self.database.uow(read_only=True) as reading:
            erased = [reading.audit.find(event.seq).personal is None for event in events]  # type: ignore[union-attr]  # they are there
        if any(event.action in GONE for event in events):
            return "what was removed for good cannot be undone"
        if any(erased):
            return "the personal values of this change were erased"
        if any("password" in event.after for event in events):
            return "a password cannot be undone"
        return None

    def keeps(self, stuck: set[str], message: str) -> bool:
        """Somebody whom an exception left where they were has the address, or the role's name, of this message."""
        for target, fields in self.look().items():
            named = str(fields.get("email") or fields["name"])
            if target in stuck and not fields.get("deleted_at") and ("role" in message or named in message):
                return True
        return False

    def holds(self, stuck: set[str], message: str) -> bool:
        """Somebody whom an exception left where they were holds the role of this message."""
        held = (fields.get("roles") or () for target, fields in self.look().items() if target in stuck)
        return any(f"the role {role} is held by users" in message for roles in held for role in roles)

    def undo_everything(self) -> None:
        """Undo all changes in reverse, the undoing ones too; then nothing is there, as at first.

        But the users that were created: they lie in the bin.
        """
        #: what an exception left as it was: of the changes before it, the rest is undone
        stuck = {str(event.target_id) for event in self.log if event.outcome == "done" and event.action in GONE}
        roles_ever = {str(event.target_id) for event in self.log if event.target_kind == "role"}
        for change in reversed(self.changes):
            with self.database.uow(read_only=True) as reading:
                if reading.audit.undone_by(change) is not None:
                    continue
            events = [event for event in self.log if event.change_id == change and event.outcome == "done"]
            targets = {str(event.target_id) for event in events}
            work = uow(self.database, reason="the way back")
            wanted = self.refusal(events)
            try:
                part = bool(targets & stuck) or bool(roles_ever & stuck)  # a role reaches everybody
                undo_change(change, work, only_unchanged=part, allow_no_admin=True)
                stuck |= targets if part else set()
            except UserCliError as error:
                for said in ("exists already", "is another user's address"):
                    if said in error.message and self.keeps(stuck, error.message):
                        wanted = said
                if "is held by users" in error.message and self.holds(stuck, error.message):
                    wanted = "is held by users"
                wanted = error.message if wanted and wanted in error.message else f"no {error.message}"
                stuck |= targets
            else:
                wanted = None
            assert not (wanted or "").startswith("no "), f"{wanted}: {events}"
        self.now = self.look()
        assert {target for target, fields in self.now.items() if not fields.get("deleted_at")} <= stuck
        found = verify(self.database)
        assert (found.ok, found.broken_at) == (True, None)


def _since(audit: AuditRepository, seq: int) -> list[Any]:
    return [event for event in audit.matching(EventCriteria()) if event.seq >= seq]


STEPS: dict[str, Callable[[Program, random.Random], None]] = {}


def step(function: Callable[[Program, random.Random], None]) -> Callable[[Program, random.Random], None]:
    STEPS[function.__name__] = function
    return function


def some(chance: random.Random) -> list[Any]:
    return keys(*chance.sample(NAMES, chance.choice([1, 1, 2, 3])))


@step
def create(program: Program, chance: random.Random) -> None:
    fields = {
        "email": chance.choice(NAMES),
        "full_name": chance.choice(["", "X"]),
        "attributes": {"n": chance.choice([1, True, "1", [1], None])},
        "roles": tuple(chance.sample(ROLES, chance.choice([0, 0, 1, 2]))),
        "is_active": chance.random() < 0.8,
    }
    hashed = chance.choice([None, HASH])
    program.do(lambda work: users.create_user(UserCreate.model_validate(fields), work, hashed_password=hashed))


@step
def update(program: Program, chance: random.Random) -> None:
    new, old = chance.sample("abn", 2)  # one that is set is not unset as well
    given, taken = chance.sample(ROLES, 2)
    choices: dict[str, Any] = {
        "full_name": chance.choice(["", "X", "Y"]),
        "is_active": chance.random() < 0.5,
        "set_attributes": {new: chance.choice([0, False, "0", {}, 1.0, 1])},
        "unset_attributes": (old,),
        "add_roles": (given,),
        "remove_roles": (taken,),
        "must_change_password": chance.random() < 0.5,
    }
    data = UserUpdate(**{name: choices[name] for name in chance.sample(sorted(choices), chance.choice([1, 2, 3]))})
    program.do(users.update_users, some(chance), data)


@step
def rename(program: Program, chance: random.Random) -> None:
    program.do(users.update_users, keys(chance.choice(NAMES)), UserUpdate(email=chance.choice(NAMES)))


@step
def delete(program: Program, chance: random.Random) -> None:
    program.do(users.delete_users, some(chance))


@step
def restore(program: Program, chance: random.Random) -> None:
    program.do(users.restore_users, keys(chance.choice(NAMES)))


@step
def activate(program: Program, chance: random.Random) -> None:
    program.do(users.set_active, some(chance), chance.random() < 0.5)


@step
def purge(program: Program, chance: random.Random) -> None:
    if chance.random() < 0.15:
        program.do(users.purge_users, keys(chance.choice(NAMES)))


@step
def erase(program: Program, chance: random.Random) -> None:
    if chance.random() < 0.15:
        program.do(privacy.erase_person, keys(chance.choice(NAMES))[0])


@step
def set_password(program: Program, chance: random.Random) -> None:
    program.do(passwords.set_password, keys(chance.choice(NAMES))[0], chance.choice([None, HASH]))


@step
def make_role(program: Program, chance: random.Random) -> None:
    name = chance.choice(ROLES)
    program.do(roles.create_role, RoleCreate(name=name, administrative=name == "admin"))


@step
def change_role(program: Program, chance: random.Random) -> None:
    program.do(roles.update_role, chance.choice(ROLES), RoleUpdate(description=chance.choice(["", "x", "y"])))


@step
def grant(program: Program, chance: random.Random) -> None:
    program.do(roles.grant_role, chance.choice(ROLES), some(chance))


@step
def revoke(program: Program, chance: random.Random) -> None:
    program.do(roles.revoke_role, chance.choice(ROLES), some(chance))


@step
def drop_role(program: Program, chance: random.Random) -> None:
    program.do(roles.delete_role, chance.choice(ROLES), revoke=chance.random() < 0.5)


@step
def undo(program: Program, chance: random.Random) -> None:
    if program.changes:
        recent = chance.choice(program.changes[-4:])
        program.do(lambda work: undo_change(recent, work, only_unchanged=chance.random() < 0.3))


def machine(new_database: Callable[[], Database]) -> type[RuleBasedStateMachine]:
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.program = Program(new_database())

        @rule(name=st.sampled_from(sorted(STEPS)), chance=st.randoms(use_true_random=False))
        def run(self, name: str, chance: random.Random) -> None:
            STEPS[name](self.program, chance)

        def teardown(self) -> None:
            self.program.undo_everything()

    return Machine


def test_random_programs_leave_events_equal_to_effects_and_a_way_back(
    sqlite_template: Path, tmp_path: Path
) -> None:
    try_programs(3, 40, sqlite_template, tmp_path)


@pytest.mark.slow
def test_longer_random_programs_too(sqlite_template: Path, tmp_path: Path) -> None:
    try_programs(20, 60, sqlite_template, tmp_path)


def try_programs(count: int, steps: int, template: Path, folder: Path) -> None:
    numbers = itertools.count()

    def new_database() -> Database:
        path = folder / f"{next(numbers)}.db"
        shutil.copyfile(template, path)
        return Database(database_url.sqlite_file(path), f"sqlite:///{path}")

    run_state_machine_as_test(
        machine(new_database),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            derandomize=False,
            database=None,
            phases=[Phase.generate],  # a shorter program would take minutes to find; the steps are printed
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_a_program_of_a_thousand_operations_too(database: Database) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    program = Program(database)
    names = sorted(STEPS)
    for _ in range(1000):
        STEPS[chance.choice(names)](program, chance)
    assert len(program.changes) > 200
    program.undo_everything()
