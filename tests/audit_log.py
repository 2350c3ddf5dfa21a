"""A log with every kind of event, and what an owner with the triggers off can do to it."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from tests.conftest import Database, kept_engine
from usercli import hash_chain
from usercli.database.engine import sessions
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import UserCliError
from usercli.origin import Origin
from usercli.schemas.audit import EventCriteria, EventView, Verification
from usercli.schemas.roles import RoleCreate, RoleUpdate
from usercli.schemas.users import UserCreate, UserKey, UserUpdate
from usercli.services import audit, passwords, privacy, roles, users

HASH = "$2b$04$abcdefghijklmnopqrstuuDnLfUWIL1TZ8Xs7ESYKSPwvRYj6zNmO"


def uow(database: Database, actor: str = "root", **origin: Any) -> UnitOfWork:
    """A unit of work of its own for one command: its own change_id."""
    made = Origin(**{"actor": actor, "host": "ops1", "reason": None, "ticket": None, **origin})
    return UnitOfWork(sessions(kept_engine(database.url)), origin=made)


def keys(*names: object) -> list[UserKey]:
    return [UserKey.parse(str(name)) for name in names]


_TABLES = ("users", "roles", "user_roles", "audit_events")
#: What a database holds that was filled, by engine and rounds: the file, or its tables.
_filled: dict[tuple[str, int], bytes | dict[str, bytes]] = {}


def fill(database: Database, rounds: int = 1) -> None:
    """Everything that can be recorded: done, refused, a conflict, roles, passwords, an erasure.

    Once in each process; an empty database gets a copy of that.
    """
    in_use = database.engine == "sqlite" and Path(f"{database.url.database}-wal").exists()
    if in_use or any(database.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in _TABLES):
        _fill(database, rounds)
        return
    kept = _filled.get((database.engine, rounds))
    if kept is None:
        _fill(database, rounds)
        _filled[database.engine, rounds] = _dump(database)
    elif isinstance(kept, bytes):
        Path(database.url.database).write_bytes(kept)
    else:
        with psycopg.connect(database.text) as connection:
            connection.execute("SET session_replication_role = replica")  # the log's triggers stay silent
            for table, rows in kept.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)


def _dump(database: Database) -> bytes | dict[str, bytes]:
    if database.engine == "sqlite":
        with closing(sqlite3.connect(database.url.database)) as connection:
            return connection.serialize()  # what is in the WAL too, which the file alone has not
    with psycopg.connect(database.text) as connection:
        dumped = {}
        for table in _TABLES:
            with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
                dumped[table] = b"".join(bytes(part) for part in copy)
        return dumped


def _fill(database: Database, rounds: int) -> None:
    root = partial(uow, database, reason='because "so"', ticket="T-1")
    roles.create_role(RoleCreate(name="ops"), root())
    roles.create_role(RoleCreate(name="admin", administrative=True), root())
    for number in range(rounds):
        ada, bob = f"ada{number}@example.com", f"bob{number}@bücher.example"
        data = {
            "email": ada,
            "full_name": "Ada Łovelace",
            "attributes": {"team": "blue", "n": 1.5},
            "roles": ["admin"],
        }
        users.create_user(UserCreate.model_validate(data), root(), hashed_password=HASH)
        users.create_user(UserCreate.model_validate({"email": bob}), root())
        users.update_users(keys(ada, bob), UserUpdate(set_attributes={"team": 'ré"d'}, add_roles=("ops",)), root())
        passwords.set_password(keys(bob)[0], HASH, root())
        users.delete_users(keys(bob), root())
        users.restore_users(keys(bob), root())
        with suppress(UserCliError):
            users.create_user(UserCreate.model_validate({"email": ada.upper()}), uow(database, actor=bob))
        users.delete_users(keys(bob), root())
        privacy.erase_person(keys(bob)[0], root())
    with suppress(UserCliError):
        users.delete_users(keys("ada0@example.com"), root())  # the last administrator
    roles.update_role("ops", RoleUpdate(description="opérations"), root())


def verify(database: Database, **expected: Any) -> Verification:
    return audit.verify(database.uow(read_only=True), **expected)


def events(database: Database) -> list[EventView]:
    """The whole log, the oldest first."""
    return list(audit.EventListing(EventCriteria(), database.uow(read_only=True)))


Row = dict[str, Any]


class Tampering:
    """The log in the hands of who owns the tables: triggers off, and a copy to go back to."""

    def __init__(self, database: Database) -> None:
        self.on_postgresql = database.engine == "postgresql"
        self.raw: Any
        if self.on_postgresql:
            self.raw = psycopg.connect(database.text, autocommit=True)
            self.raw.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
        else:
            self.raw = sqlite3.connect(database.url.database, isolation_level=None)
            for (name,) in self.raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                self.raw.execute(f"DROP TRIGGER {name}")
        self.raw.execute("CREATE TABLE kept AS SELECT * FROM audit_events")
        [(self.count, self.head)] = self.rows("SELECT seq, hash FROM audit_events ORDER BY seq DESC LIMIT 1")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        done = self.raw.execute(query.replace("?", "%s") if self.on_postgresql else query, values)
        return done.fetchall() if done.description else []

    def restore(self) -> None:
        self.rows("DELETE FROM audit_events")
        self.rows("INSERT INTO audit_events SELECT * FROM kept")

    def close(self) -> None:
        self.raw.close()

    # -- what an owner may try; each returns the first seq that is wrong then

    def set(self, seq: int, column: str, value: object) -> int:
        cast = "::jsonb" if self.on_postgresql and column in {"before", "after"} else ""
        cast = "::uuid" if self.on_postgresql and column in {"change_id", "undoes"} else cast
        self.rows(f'UPDATE audit_events SET "{column}" = ?{cast} WHERE seq = ?', value, seq)
        return seq

    def edit(self, seq: int, column: str) -> int:
        """Another value of the right kind in one column."""
        if column == "at":
            later = "at + interval '1 microsecond'" if self.on_postgresql else "'2026-01-01 00:00:00.000001'"
            self.rows(f"UPDATE audit_events SET at = {later} WHERE seq = ?", seq)
            return seq
        if column == "seq":
            self.rows("UPDATE audit_events SET seq = 1000000 WHERE seq = ?", seq)
            return seq
        values = {
            "change_id": "00000000000070008000000000000001",
            "undoes": "00000000000070008000000000000001",
            "before": '{"is_active": true, "x": 1}',
            "after": '{"is_active": false, "erased": [[1, 1000]]}',
            "personal": '{"actor":"nobody"}',
            "salt": "00" * 16,
        }
        return self.set(seq, column, values.get(column, "f" * 64))

    def delete(self, first: int, last: int) -> int:
        self.rows("DELETE FROM audit_events WHERE seq BETWEEN ? AND ?", first, last)
        return first

    def swap(self, one: int, other: int) -> int:
        for old, new in ((one, -1), (other, one), (-1, other)):
            self.rows("UPDATE audit_events SET seq = ? WHERE seq = ?", new, old)
        return min(one, other)

    def swap_personal(self, one: int, other: int) -> int:
        pairs = dict(self.rows("SELECT seq, personal FROM audit_events"))
        self.set(one, "personal", pairs[other])
        self.set(other, "personal", pairs[one])
        return min(one, other)

    def insert(self, at: int, copy_of: int) -> int:
        """Make room and put a copy of another event there."""
        self.rows("UPDATE audit_events SET seq = -seq - 1 WHERE seq >= ?", at)
        self.rows("UPDATE audit_events SET seq = -seq WHERE seq < 0")
        names = [name for (name,) in self.rows("SELECT * FROM audit_events LIMIT 0") or ()] or self._names()
        listed = ", ".join(f'"{name}"' for name in names if name != "seq")
        self.rows(
            f"INSERT INTO audit_events (seq, {listed}) SELECT ?, {listed} FROM kept WHERE seq = ?", at, copy_of
        )
        return at

    def _names(self) -> list[str]:
        return [column[0] for column in self.raw.execute("SELECT * FROM audit_events LIMIT 0").description]

    def forge(self, seq: int, *, to_the_end: bool) -> int:
        """Change an event and compute its hashes anew, as who has read the documentation can."""
        self.set(seq, "action", "nothing.happened")
        self._rehash(seq, self.count if to_the_end else seq)
        if not to_the_end and seq < self.count:
            return seq + 1
        return self.count  # only the checkpoint tells

    def move_personal_into_salt(self, seq: int) -> int:
        """The same bytes to hash, and nobody's name in `personal`."""
        hexed = "encode(convert_to(personal, 'UTF8'), 'hex')" if self.on_postgresql else "lower(hex(personal))"
        self.rows(f"UPDATE audit_events SET salt = salt || {hexed}, personal = '' WHERE seq = ?", seq)
        return seq

    def shift_one_byte(self, seq: int) -> int:
        """The first byte of `personal` at the end of `salt`."""
        self.rows("UPDATE audit_events SET salt = salt || '7b', personal = substr(personal, 2) WHERE seq = ?", seq)
        return seq

    def upper_case_salt(self, seq: int) -> int:
        """The same bytes, spelled in another way."""
        self.rows("UPDATE audit_events SET salt = upper(salt) || ' ' WHERE seq = ?", seq)
        return seq

    def swap_column(self, one: int, other: int, column: str) -> int:
        """The values of one column of two events, exchanged."""
        pairs = dict(self.rows(f'SELECT seq, "{column}" FROM audit_events WHERE seq IN (?, ?)', one, other))
        for seq, value in ((one, pairs[other]), (other, pairs[one])):
            self.set(seq, column, json.dumps(value) if isinstance(value, dict) else value)
        return min(one, other)

    def double_key(self, seq: int, side: str) -> int:
        """A key that stands twice: the last one is what was hashed (the first one is what SQL shows)."""
        self.rows(f"UPDATE audit_events SET {side} = '{{\"forged\":1,' || substr({side}, 2) WHERE seq = ?", seq)
        return seq

    def seal_erased(self, seq: int, erased: str) -> int:
        """An event of erasure that names something, with hashes that fit."""
        self.set(seq, "action", "user.erased")
        self.set(seq, "after", f'{{"erased":{erased}}}')
        self._rehash(seq, self.count)
        return seq

    def _rehash(self, first: int, last: int) -> None:
        from usercli.schemas.audit import RawEvent

        names = self._names()
        found = self.rows("SELECT * FROM audit_events WHERE seq BETWEEN ? AND ? ORDER BY seq", first - 1, last)
        events = [dict(zip(names, row, strict=True)) for row in found]
        prev = hash_chain.GENESIS if first == 1 else next(e["hash"] for e in events if e["seq"] == first - 1)
        for event in events:
            if event["seq"] < first:
                continue
            if not self.on_postgresql:
                event.update({side: json.loads(event[side]) for side in ("before", "after")}, at=event["at"] + "Z")
            plain = RawEvent.model_validate(event)
            body = hash_chain.body_hash(plain.model_dump())
            link = hash_chain.link_hash(prev, plain.seq, plain.at, body)
            statement = "UPDATE audit_events SET body_hash = ?, prev_hash = ?, hash = ? WHERE seq = ?"
            self.rows(statement, body, prev, link, plain.seq)
            prev = link

    def random_case(self, chance: random.Random) -> tuple[str, int]:
        """Something of all this, somewhere; what was done, and the first seq that is wrong."""
        one, other = sorted(chance.sample(range(1, self.count + 1), 2))
        whole = self.rows(
            "SELECT personal, max(seq) FROM audit_events WHERE personal IS NOT NULL GROUP BY personal"
        )
        this, that = chance.sample(sorted(seq for _, seq in whole), 2)
        column = chance.choice([name for name in self._names() if name != "undoes"])
        cases: list[tuple[str, Callable[[], int]]] = [
            (f"edit {column} of {one}", lambda: self.edit(one, column)),
            (f"delete {one}", lambda: self.delete(one, one)),
            (f"delete {one} to {other}", lambda: self.delete(one, other)),
            (f"swap {one} and {other}", lambda: self.swap(one, other)),
            (f"insert {other} at {one}", lambda: self.insert(one, other)),
            (f"append {one}", lambda: self.insert(self.count + 1, one)),
            (f"cut from {one}", lambda: self.delete(one, self.count)),
            (f"forge {one}", lambda: self.forge(one, to_the_end=False)),
            (f"forge {one} and all after", lambda: self.forge(one, to_the_end=True)),
            (f"erase {this} by hand", lambda: self.erase_by_hand(this)),
            (f"swap the salts of {this} and {that}", lambda: self.swap_column(this, that, "salt")),
            (f"swap the hashes of {one} and {other}", lambda: self.swap_column(one, other, "hash")),
            (f"move the person of {this} into the salt", lambda: self.move_personal_into_salt(this)),
            (f"move a byte of {this}", lambda: self.shift_one_byte(this)),
            (f"salt {this} anew", lambda: self.set(this, "salt", f"{chance.getrandbits(128):032x}")),
            (f"spell the salt of {this} anew", lambda: self.upper_case_salt(this)),
            *([] if self.on_postgresql else [(f"double a key of {one}", lambda: self.double_key(one, "after"))]),
            (f"swap the persons of {this} and {that}", lambda: self.swap_personal(this, that)),
        ]
        name, tamper = chance.choice(cases)
        return name, tamper()

    def erase_by_hand(self, seq: int) -> int:
        """The personal values gone, as an erasure would leave them, but without its event."""
        self.rows("UPDATE audit_events SET personal = NULL, salt = NULL WHERE seq = ?", seq)
        return seq


@contextmanager
def tampering(database: Database) -> Iterator[Tampering]:
    found = Tampering(database)
    try:
        yield found
    finally:
        found.close()
