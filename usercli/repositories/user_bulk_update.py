"""Changes of many users past the ORM: read in chunks, written together.

On SQLite, and for few, each chunk is written at once. On PostgreSQL many are staged in a temporary table, which
takes no lock: what they were when they were read is compared under the locks, and one statement writes them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Integer,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    null,
    select,
    table,
    text,
    true,
    update,
)
from sqlalchemy.orm import Session

from usercli.batches import batched
from usercli.models.role import Role, UserRole
from usercli.models.user import User
from usercli.models.user_state import READ, SETTABLE, WRITTEN, UserState
from usercli.repositories.postgres_copy import copy_rows, escaped
from usercli.repositories.user_lookup import among
from usercli.schemas.user_fields import PERSONAL

#: From so many users on PostgreSQL gets them staged.
WORTH_STAGING = 500

#: A sign-in, which is no change, may replace the hash.
_COMPARED = ", ".join(f"u.{name}" for name in ("version", *SETTABLE) if "password" not in name or name[0] == "m")
_HELD_ROLES = (
    "SELECT string_agg(r.role_id::text, ',' ORDER BY r.role_id) AS ids FROM user_roles r WHERE r.user_id = u.id"
)
#: The server's own hash of a row: it reads the values as they are stored, and tells changes, not forgeries.
_FINGERPRINT = f"hash_record_extended(ROW({_COMPARED}, held.ids), 0)"
#: One for all: the objects of an alias refer to each other, and would hold the ids of each statement.
_USERS: Any = User.__table__.alias("u")
_USERS_WITH_ROLES: Any = _USERS.join(text(_HELD_ROLES).columns(column("ids", Text)).lateral("held"), true())
_LINES_A_PIECE = 500
_MOST_KNOWN = 4096
_NO_ROLES: dict[str, uuid.UUID] = {}
_STAGED = ("id", "fingerprint", "columns", "gained", "lost", "updated_at", *WRITTEN)
_json_text = json.JSONEncoder(ensure_ascii=False).encode
_NOTHING = "\t\\N" * (len(_STAGED) - 2)
#: Columns that are the same of many, and types of values that are the same if they are equal.
_ALIKE = frozenset(WRITTEN) - PERSONAL - {"email_key", "hashed_password"}
_PLAIN = frozenset({bool, int, str, datetime, type(None)})


class BulkUpdateRepository:
    """Reads users for a change, and writes what became of them."""

    def __init__(self, session: Session, actor: str) -> None:
        self.session, self._actor = session, actor
        self._on_postgresql = session.get_bind().dialect.name == "postgresql"
        #: What roles were called when users were read, by their ids.
        self.role_names: dict[uuid.UUID, str] = {}
        self._held_roles: dict[str, dict[str, uuid.UUID]] = {}
        self._roles_then: dict[uuid.UUID, str] = {}
        self._is_staging = False
        self._column_sets: dict[tuple[str, ...], int] = {}
        self._released: set[uuid.UUID] = set()

    def is_worth_staging(self, users: int) -> bool:
        """So many are changed with less waiting if they are prepared before they are locked."""
        return self._on_postgresql and users >= WORTH_STAGING

    def begin(self, *, staging: bool) -> None:
        """Begin a change, or begin it anew."""
        self.session.flush()
        self.role_names, self._held_roles = {}, {}
        self._is_staging, self._column_sets, self._released = staging, {}, set()
        if staging:
            self._make_stage()
            self.role_names = self._names_of_roles()
            self._roles_then = dict(self.role_names)

    def read(self, ids: Sequence[uuid.UUID]) -> list[UserState]:
        """The users of these ids, in this order; those who are not there are left out."""
        users, found = _USERS, {}
        query: Any
        if self._is_staging:
            compared: tuple[Any, Any] = literal_column("held.ids"), literal_column(_FINGERPRINT)
            query = select(*self._columns(users), *compared).select_from(_USERS_WITH_ROLES)
        else:
            query = select(*self._columns(users), self._role_ids(users), literal_column("0"))
        for row in self.session.connection().execute(query.where(among(self.session, users.c.id, ids))).all():
            values = dict(zip(READ, row, strict=False))
            attributes = values.pop("attributes") if self._on_postgresql else None
            found[values["id"]] = UserState(values, self._held(row[-2]), row[-1], attributes)
        return [found[user_id] for user_id in ids if user_id in found]

    def read_fields(
        self, email_keys: Sequence[str], names: Collection[str], *, to_stage: bool = False
    ) -> dict[str, dict[str, Any]]:
        """Of the users outside the bin with these keys: id, email and these fields; by the key.

        With the fingerprint, where they are to be staged later.
        """
        wanted = tuple({"id", "email", "email_key", *names} - {"roles"})
        query: Any = select(*(_USERS.c[name] for name in wanted))
        if to_stage:
            query = query.add_columns(literal_column(_FINGERPRINT), literal_column("held.ids"))
            query = query.select_from(_USERS_WITH_ROLES)
        else:
            query = query.add_columns(literal_column("0"), self._role_ids(_USERS) if "roles" in names else null())
        there = _USERS.c.deleted_at.is_(None), among(self.session, _USERS.c.email_key, email_keys)
        users: dict[str, dict[str, Any]] = {}
        for row in self.session.connection().execute(query.where(*there)).all():
            user = dict(zip((*wanted, "fingerprint"), row, strict=False))
            if "roles" in names:
                user["roles"] = tuple(sorted(self._held(row[-1])))
            users[user["email_key"]] = user
        return users

    def _role_ids(self, users: Any) -> Any:
        grants: Any = UserRole.__table__
        listed = func.aggregate_strings(cast(grants.c.role_id, Text), ",")
        return select(listed).where(grants.c.user_id == users.c.id).scalar_subquery()

    def _columns(self, users: Any) -> Iterator[Any]:
        """The columns; JSON as a text where nothing else than JSON can be stored."""
        for name in READ:
            as_text = self._on_postgresql and name == "attributes"
            yield cast(users.c[name], Text) if as_text else users.c[name]

    def write(self, users: Sequence[UserState], now: datetime) -> None:
        """Write those of the users who changed, or stage all."""
        if self._is_staging:
            copy_rows(self.session, "usercli_changes", _STAGED, self._lines(users))
            return
        changed = [user for user in users if user.is_changed]
        self._update(changed)
        self._change_grants(changed, now)

    def insert(self, users: Sequence[UserState]) -> None:
        """Put new users in, with their roles. Raises EmailTaken, without a name."""
        connection = self.session.connection()
        rows = [{name: getattr(user, name) for name in READ} for user in users]
        if not rows:
            return
        connection.execute(insert(User.__table__), rows)  # type: ignore[arg-type]  # a table
        grants = [
            {"user_id": user.id, "role_id": role_id, "granted_at": user.created_at, "granted_by": self._actor}
            for user in users
            for role_id in user.held.values()
        ]
        if grants:
            connection.execute(insert(UserRole.__table__), grants)  # type: ignore[arg-type]  # a table

    def release_keys(self, ids: Collection[uuid.UUID]) -> None:
        """Let others have the emails of these users, who are written with their own keys afterwards.

        Within a statement a key is free once its row is written, and two users may exchange theirs.
        """
        self._released |= set(ids)
        if not self._is_staging:
            self._free_keys()

    def remove(self, ids: Sequence[uuid.UUID]) -> None:
        """Remove users for good, with their roles."""
        self.session.connection().execute(delete(User.__table__).where(among(self.session, User.id, ids)))  # type: ignore[arg-type]  # a table
        gone = set(ids)
        for row in list(self.session.identity_map.values()):
            if isinstance(row, User) and row.id in gone:
                self.session.expunge(row)

    def lock_staged(self, limit: int) -> list[uuid.UUID]:
        """Lock the staged users, by id; those who are not as they were when they were read, so many at most.

        All of them where a role has another name since, or is gone: events name the roles.
        """
        self.session.execute(text('ANALYZE usercli_changes (id, "columns")'))
        self.session.execute(
            text(
                "SELECT count(*) FROM (SELECT u.id FROM users u JOIN usercli_changes s ON s.id = u.id "
                "ORDER BY u.id FOR UPDATE OF u) AS locked"
            )
        )
        is_other = f"u.id IS NULL OR s.fingerprint <> {_FINGERPRINT}"
        roles = self._names_of_roles()
        if not self._roles_then.items() <= roles.items():
            is_other = "true"
            self.role_names, self._held_roles = roles, {}
        others = self.session.scalars(
            text(
                "SELECT s.id FROM usercli_changes s LEFT JOIN users u ON u.id = s.id "  # noqa: S608 - constants
                f"LEFT JOIN LATERAL ({_HELD_ROLES}) AS held ON true WHERE {is_other} LIMIT :most"
            ),
            {"most": limit},
        )
        return list(others)

    def unstage(self, ids: Sequence[uuid.UUID]) -> int:
        """Forget what was staged of these users; how many of them it would have changed."""
        staged = table("usercli_changes", column("id", Uuid()), column("columns", Integer()))
        gone = delete(staged).where(among(self.session, staged.c.id, ids)).returning(staged.c.columns)
        return sum(number is not None for number in self.session.scalars(gone))

    def finish(self, now: datetime) -> None:
        """Write what is staged, if anything is, under the locks."""
        if not self._is_staging:
            return
        self._free_keys()
        for columns, number in self._column_sets.items():
            values = "".join(f", {name} = s.{name}" for name in columns)
            self.session.execute(
                text(
                    "UPDATE users u SET version = u.version + 1, "  # noqa: S608 - constants
                    f"updated_at = GREATEST(s.updated_at, u.created_at){values} "
                    "FROM usercli_changes s WHERE u.id = s.id AND s.columns = :number"
                ),
                {"number": number},
            )
        self.session.execute(
            text(
                "DELETE FROM user_roles r USING usercli_changes s "
                "WHERE s.lost IS NOT NULL AND r.user_id = s.id AND r.role_id = ANY (s.lost)"
            )
        )
        self.session.execute(
            text(
                "INSERT INTO user_roles (user_id, role_id, granted_at, granted_by) "
                "SELECT s.id, unnest(s.gained), :now, :actor FROM usercli_changes s WHERE s.gained IS NOT NULL"
            ),
            {"now": now, "actor": self._actor},
        )

    def refresh(self) -> None:
        """Load anew the users that the session holds."""
        if stale := [row.id for row in self.session.identity_map.values() if isinstance(row, User)]:
            query = select(User).where(among(self.session, User.id, stale))
            self.session.scalars(query.execution_options(populate_existing=True)).all()

    def _held(self, role_ids: str | None) -> dict[str, uuid.UUID]:
        """The roles of these ids by name; one object for all who hold the same, which nobody changes."""
        if role_ids is None:
            return _NO_ROLES
        if role_ids not in self._held_roles:
            if len(self._held_roles) == _MOST_KNOWN:
                self._held_roles = {}
            ids = map(uuid.UUID, role_ids.split(","))
            self._held_roles[role_ids] = {name: role for role in ids if (name := self._name_of(role)) is not None}
        return self._held_roles[role_ids]

    def _name_of(self, role_id: uuid.UUID) -> str | None:
        if role_id not in self.role_names:  # made since; the others keep the names that were told already
            self.role_names = self._names_of_roles() | self.role_names
        return self.role_names.get(role_id)

    def _names_of_roles(self) -> dict[uuid.UUID, str]:
        return {row.id: row.name for row in self.session.execute(select(Role.id, Role.name))}

    def _free_keys(self) -> None:
        if not self._released:
            return
        users: Any = User.__table__
        free = update(users).where(among(self.session, users.c.id, list(self._released)))
        self.session.connection().execute(free.values(email_key=cast(users.c.id, Text)))
        self._released = set()

    def _make_stage(self) -> None:
        written = ", ".join(WRITTEN)
        self.session.execute(
            text(
                "CREATE TEMPORARY TABLE IF NOT EXISTS usercli_changes ON COMMIT DROP AS SELECT id, "  # noqa: S608 - constants
                'NULL::bigint AS fingerprint, NULL::integer AS "columns", NULL::uuid[] AS gained, '
                f"NULL::uuid[] AS lost, updated_at, {written} FROM users WITH NO DATA"
            )
        )
        self.session.execute(text("TRUNCATE usercli_changes"))

    def _lines(self, users: Iterable[UserState]) -> Iterator[str]:
        for some in batched(users, _LINES_A_PIECE):
            yield "".join(map(self._line, some))

    def _line(self, user: UserState) -> str:
        """A line of COPY; of who stays as they are only what is compared."""
        if not user.is_changed:
            return f"{user.id_text}\t{user.fingerprint}{_NOTHING}\n"
        changed = user.columns
        names = tuple(changed)
        number = self._column_sets.setdefault(names, len(self._column_sets))
        make = _cells_once if _are_alike(names, tuple(map(type, changed.values()))) else _cells
        cells = make(names, *changed.values())
        when, gained, lost = _time_text(user.updated_at), _array(user.gained), _array(user.lost)
        return f"{user.id_text}\t{user.fingerprint}\t{number}\t{gained}\t{lost}\t{when}\t{cells}\n"

    def _update(self, users: Iterable[UserState]) -> None:
        users_table: Any = User.__table__
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for user in users:
            values = user.columns | {"updated_at": user.updated_at}
            groups.setdefault(tuple(values), []).append({**values, "of_user": user.id})
        for names, rows in groups.items():
            values = {name: bindparam(name) for name in names}
            statement = update(users_table).where(users_table.c.id == bindparam("of_user"))
            self.session.connection().execute(statement.values(version=users_table.c.version + 1, **values), rows)

    def _change_grants(self, users: Sequence[UserState], now: datetime) -> None:
        grants: Any = UserRole.__table__
        lost = [{"of_user": user.id, "of_role": role_id} for user in users for role_id in user.lost]
        gained = [
            {"user_id": user.id, "role_id": role_id, "granted_at": now, "granted_by": self._actor}
            for user in users
            for role_id in user.gained
        ]
        connection = self.session.connection()
        if lost:
            of_it = grants.c.user_id == bindparam("of_user"), grants.c.role_id == bindparam("of_role")
            connection.execute(delete(grants).where(*of_it), lost)
        if gained:
            connection.execute(insert(grants), gained)


@lru_cache(maxsize=64)
def _template(names: tuple[str, ...]) -> str:
    """Places for the values of these columns, by their names, among NULL for the others that may be written."""
    return "\t".join(f"%({name})s" if name in names else r"\N" for name in WRITTEN)


def _cells(names: tuple[str, ...], *values: Any) -> str:
    """These columns, among NULL for the others that may be written."""
    return _template(names) % dict(zip(names, map(_cell, values), strict=True))


_cells_once = lru_cache(maxsize=4096, typed=True)(_cells)  # most of a million users change alike


@lru_cache(maxsize=1024)
def _are_alike(names: tuple[str, ...], types: tuple[type, ...]) -> bool:
    """Many may have the same values in these columns, and those that are equal are the same."""
    return _ALIKE.issuperset(names) and _PLAIN.issuperset(types)


_time_text = lru_cache(maxsize=4096)(str)


@lru_cache(maxsize=4096)
def _array(ids: tuple[uuid.UUID, ...]) -> str:
    return "{" + ",".join(map(str, ids)) + "}" if ids else r"\N"


def _cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if type(value) is dict:
        return escaped(_json_text(value))
    return escaped(str(value))
