"""Many users at a time: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Column, MetaData, Table, Uuid, func, insert, select, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable

from usercli.errors import Conflict, EmailTaken
from usercli.repositories.advisory_locks import IMPORTS
from usercli.repositories.encodings import narrow_encoding
from usercli.repositories.postgres_copy import copy_rows, domain_errors, escaped
from usercli.repositories.users_table import users_table
from usercli.schemas.import_rows import UserRow
from usercli.schemas.user_fields import DISABLED_PASSWORD, FIELD, STORED
from usercli.times import sqlite_time

#: The columns that are unrolled below, for the speed of a million rows.
UNROLLED = (
    "id",
    "email",
    "email_key",
    "full_name",
    "hashed_password",
    "is_active",
    "must_change_password",
    "password_changed_at",
    "expires_at",
    "last_login_at",
    "attributes",
    "version",
    "created_at",
    "updated_at",
    "deleted_at",
    "was_active",
)
#: Columns of an import besides; empty, until a field is added.
MORE_COLUMNS = tuple(name for name in STORED if FIELD[name].importable and name not in UNROLLED)
#: What an import writes of a user, in this order.
COLUMNS = (*UNROLLED, *MORE_COLUMNS)
GRANT_COLUMNS = ("user_id", "role_id", "granted_by")

UserValues = tuple[Any, ...]

_LINES_A_PIECE = 500
_MOST_IN_MEMORY = 100_000

_SEEN = Table(
    "usercli_seen",
    MetaData(),
    Column("id", Uuid(), primary_key=True),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
#: Those who are new of a list.
_SEE = text(
    "INSERT INTO usercli_seen SELECT unnest(string_to_array(:ids, ',')::uuid[]) ON CONFLICT DO NOTHING RETURNING id"
)


class BulkRepository:
    """Writes rows of users past the ORM, and finds those that are in the way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._on_postgresql = session.get_bind().dialect.name == "postgresql"

    @cached_property
    def _table(self) -> str:
        """What COPY writes to: a view takes none."""
        return users_table(self.session.connection()).sql

    def lock_imports(self) -> None:
        """One import at a time: two that meet the same users in opposite order would wait for each other.

        Comes before every other lock.
        """
        if self._on_postgresql:
            self.session.execute(select(func.pg_advisory_xact_lock(IMPORTS)))

    def narrow_encoding(self) -> str | None:
        """The encoding of the database, if it is known to have fewer characters than UTF-8."""
        return narrow_encoding(self.session)

    def encoded(self, users: Iterable[UserValues]) -> Any:
        """The users as `insert` sends them; asks the database nothing."""
        return list(_copy_pieces(users)) if self._on_postgresql else list(map(_sqlite_row, users))

    def insert(self, encoded: Any, users: Callable[[], Iterable[UserValues]]) -> set[int]:
        """Put users in; the places of those left out, whose email or id is taken, also by one before them."""
        if not self._on_postgresql:
            return self._insert_each(encoded)
        try:
            with self.session.begin_nested():
                copy_rows(self.session, self._table, COLUMNS, encoded)
        except (EmailTaken, Conflict):
            return self._insert_staged(list(users()))
        return set()

    def forget_seen(self) -> None:
        """Begin a new import: nobody was seen before."""
        self._seeing = False
        self._seen: set[uuid.UUID] = set()

    def seen_before(self, ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Those that were asked for before, since the import began; many of them in a table."""
        wanted = set(ids)
        if len(self._seen) + len(wanted) <= _MOST_IN_MEMORY:
            known, self._seen = wanted & self._seen, self._seen | wanted
            return known
        known = wanted & self._seen
        return known | self._seen_in_table(wanted - known)

    def _seen_in_table(self, wanted: set[uuid.UUID]) -> set[uuid.UUID]:
        connection = self.session.connection()
        if not self._seeing:
            connection.execute(DropTable(_SEEN, if_exists=True))
            connection.execute(CreateTable(_SEEN))
            self._seeing = True
        if self._on_postgresql:
            listed = {"ids": ",".join(map(str, wanted))}
            return wanted - set(self.session.scalars(_SEE, listed))
        known = set(connection.scalars(select(_SEEN.c.id).where(_SEEN.c.id.in_(wanted))))
        if new := wanted - known:
            connection.execute(insert(_SEEN), [{"id": user_id} for user_id in new])
        return known

    def grant(self, grants: Iterable[tuple[str, str, str]]) -> None:
        """Give roles: (user id, role id, by whom)."""
        rows = list(grants)
        if not rows:
            return
        if self._on_postgresql:
            lines = (f"{user}\t{role}\t{escaped(by)}\n" for user, role, by in rows)
            copy_rows(self.session, '"user_roles"', GRANT_COLUMNS, lines)
        else:
            sql = "INSERT INTO user_roles (user_id, role_id, granted_by) VALUES (?, ?, ?)"
            values = [(_hex(user), _hex(role), by) for user, role, by in rows]
            self.session.connection().exec_driver_sql(sql, values)

    def _insert_staged(self, users: Sequence[UserValues]) -> set[int]:
        """Once more, leaving out what is taken; one statement for all, so that nobody slips in between."""
        names = ", ".join(COLUMNS)
        self.session.execute(
            text(
                "CREATE TEMPORARY TABLE IF NOT EXISTS usercli_import ON COMMIT DROP "  # noqa: S608 - quoted names
                f"AS SELECT {names} FROM users WITH NO DATA"
            )
        )
        self.session.execute(text("TRUNCATE usercli_import"))
        first: dict[str, int] = {}
        for place, user in enumerate(users):  # of two with one id the second cannot go in, and would stop the first
            first.setdefault(str(user[0]), place)
        lines = (_copy_line(users[place]) for place in first.values())
        copy_rows(self.session, '"usercli_import"', COLUMNS, lines)
        rows = self.session.execute(
            text(
                f"INSERT INTO users ({names}) SELECT {names} FROM usercli_import ORDER BY id "  # noqa: S608 - constants
                "ON CONFLICT DO NOTHING RETURNING id"
            )
        )
        return set(range(len(users))) - {first[str(row[0])] for row in rows}

    def _insert_each(self, rows: Sequence[UserValues]) -> set[int]:
        """One by one: under a savepoint SQLite would copy every page that a chunk touches, most of an index."""
        names, marks = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
        sql = f"INSERT INTO users ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - constants
        connection = self.session.connection()
        with domain_errors(connection), closing(connection.connection.cursor()) as cursor:
            execute = cursor.execute
            left_out = set()
            for place, row in enumerate(rows):
                execute(sql, row)
                if not cursor.rowcount:
                    left_out.add(place)
        return left_out


def user_values(row: UserRow, user_id: str, now: datetime) -> UserValues:
    """A new user in the order of COLUMNS."""
    hashed = row.hashed_password or DISABLED_PASSWORD
    start = (
        user_id,
        row.email,
        row.email_key,
        row.full_name,
        hashed,
        row.is_active,
        row.must_change_password,
    )
    if row.kept:
        return _preserved(start, row, now)
    changed = None if hashed == DISABLED_PASSWORD else now
    return (*start, changed, row.expires_at, None, row.attributes, 1, now, now, None, None, *_more_values(row))


def _preserved(start: UserValues, row: UserRow, now: datetime) -> UserValues:
    """With the version and times that the user had."""
    kept = row.kept or {}
    created, deleted = kept.get("created_at") or now, kept.get("deleted_at")
    return (
        *start,
        kept.get("password_changed_at"),
        row.expires_at,
        kept.get("last_login_at"),
        row.attributes,
        kept.get("version", 1),
        created,
        kept.get("updated_at") or created,
        deleted,
        True if deleted is not None else None,
        *_more_values(row),
    )


def _more_values(row: UserRow) -> UserValues:
    return tuple([getattr(row, name) for name in MORE_COLUMNS]) if MORE_COLUMNS else ()


def _copy_pieces(users: Iterable[UserValues]) -> Iterator[str]:
    """Lines, some hundred together: larger texts would be copied about, and leave the memory in pieces."""
    lines = map(_copy_line, users)
    while piece := "".join(islice(lines, _LINES_A_PIECE)):
        yield piece


def _copy_line(user: UserValues) -> str:
    (
        user_id,
        email,
        key,
        name,
        hashed,
        active,
        must_change,
        changed,
        expires,
        login,
        attributes,
        version,
        created,
        updated,
        deleted,
        was_active,
        *more,
    ) = user
    texts = f"{email}\t{key}\t{name}\t{hashed}"
    if "\\" in texts or not (name.isprintable() and email.isprintable()):
        texts = "\t".join(map(escaped, (email, key, name, hashed)))
    document = attributes.canonical
    if "\\" in document:
        document = escaped(document)
    state = _cells(active, must_change, changed, expires, login)
    line = f"{user_id}\t{texts}\t{state}\t{document}\t{_cells(version, created, updated, deleted, was_active)}"
    return f"{line}\t{_more_cells(more)}\n" if more else f"{line}\n"


@lru_cache(maxsize=4096, typed=True)  # most users of a chunk have the same; typed, as True is equal to 1
def _cells(*values: object) -> str:
    return "\t".join(["\\N" if value is None else str(value) for value in values])


def _more_cells(values: Iterable[object]) -> str:
    return "\t".join(["\\N" if value is None else escaped(str(value)) for value in values])


def _sqlite_row(user: UserValues) -> UserValues:
    user_id, *texts_and_booleans = user[:7]
    changed, expires, login, attributes, version, created, updated, deleted, was_active, *more = user[7:]
    return (
        _hex(user_id),
        *texts_and_booleans,
        *_sqlite_times(changed, expires, login),
        attributes.text,  # as the ORM stores it
        version,
        *_sqlite_times(created, updated, deleted),
        was_active,
        *(sqlite_time(value) if isinstance(value, datetime) else value for value in more),
    )


@lru_cache(maxsize=4096)  # most users of a chunk have the same
def _sqlite_times(*times: datetime | None) -> list[str | None]:
    return [None if time is None else sqlite_time(time) for time in times]


def _hex(text: str) -> str:
    return text.replace("-", "")
