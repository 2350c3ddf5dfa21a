"""Rows of another program's users table while they are changed, and what our own schema keeps of them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from usercli.batches import batched
from usercli.emails import email_key
from usercli.errors import ChangedMeanwhile, ConstraintViolated, EmailTaken, InvalidInput, Refused
from usercli.hash_chain import canonical
from usercli.repositories.mapped_tables import SEEN, require_own_tables
from usercli.repositories.mapped_users import MappedUserRepository
from usercli.schemas.mapped_users import MappedUserKey, MappedUserView
from usercli.schemas.users import UserKey

#: What became of a row since we wrote it.
Difference = Literal["gone", "stale_email", "changed"]

_ROWS_A_QUERY = 1000
_MAY_NOT = """
    SELECT name FROM unnest(CAST(:columns AS text[])) AS name
    WHERE NOT has_column_privilege(to_regclass(:table), name, :privilege)
"""
#: What may be done to it, as bits: a view of several tables takes nothing.
_TAKES = "SELECT pg_relation_is_updatable(to_regclass(:table), false)"
_UPDATES, _INSERTS = 4, 8
_UNIQUE_OVER = """
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass(:table) AND indisunique
        AND pg_get_indexdef(indexrelid) ~ ('\\(.*\\m' || :column || '\\M.*\\)')
"""


@dataclass(frozen=True)
class MappedRow:
    """A user as the row is now, with the hash."""

    user: MappedUserView
    hashed_password: str | None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.user.email or f"id:{self.user.id}"

    @property
    def fingerprint(self) -> str:
        """Differs when what usercli may write of the row differs: no sign-in, and no time."""
        told = {
            "active": self.user.is_active,
            "email": self.user.email,
            "full_name": self.user.full_name,
            "password": self.hashed_password,
        }
        return hashlib.sha256(canonical(told).encode()).hexdigest()


class MappedRows:
    """The rows of the table as they are written. Raises as `require_own_tables` does."""

    def __init__(self, users: MappedUserRepository) -> None:
        self.users, self.described, self.columns = users, users.described, users.columns
        self.session = users.session
        self._permitted: set[tuple[str, ...]] = set()
        require_own_tables(self.session.connection(), self.columns.name)

    # -- theirs

    def read(self, keys: Sequence[UserKey], *, lock: bool = False) -> list[MappedRow]:
        """The users named, in the order asked, locked until the end of the transaction if so asked.

        Raises UserNotFound, Ambiguous, ChangedMeanwhile.
        """
        picked = self.users.pick(keys)
        found = self._by_id([user.id for user in picked], lock=lock)
        for user in picked:
            if user.id not in found or found[user.id].user.email != user.email:
                raise ChangedMeanwhile(f"id:{user.id} was changed by another program; look again and retry")
        return [found[user.id] for user in picked]

    def find(self, user_id: str, *, lock: bool = False) -> MappedRow | None:
        """The user of this id, as the log has it, or None."""
        return self._by_id([self._id_of(user_id)], lock=lock).get(self._id_of(user_id))

    def _id_of(self, text: str) -> Any:
        return uuid.UUID(text) if self.columns.ids == "uuid" else int(text)

    def _by_id(self, ids: Sequence[Any], *, lock: bool = False) -> dict[Any, MappedRow]:
        password = self.columns.by_meaning.get("hashed_password", sa.null())
        query = self.users.select_present().add_columns(password.label("hashed_password")).order_by(self.columns.id)
        if lock:  # not against rows that begin to refer to it
            query = query.with_for_update(key_share=True)
        found = {}
        for some in batched(sorted(ids), _ROWS_A_QUERY):
            for row in self.session.execute(query.where(self.columns.id.in_(some))).mappings():
                fields = dict(row)
                hashed = fields.pop("hashed_password")
                found[row["id"]] = MappedRow(MappedUserView(**fields), hashed)
        return found

    def require_writable(self, meanings: Sequence[str]) -> None:
        """Raise Refused where the role of the database may not change these."""
        names = [column for meaning in meanings for column in self.columns.written(meaning)]
        self._require_privilege("UPDATE", names)

    def update(self, rows: Sequence[MappedRow], values: Mapping[str, Any], now: datetime) -> None:
        """Give rows the same values by meaning; `remember` them then. Raises EmailTaken, Refused."""
        if "email" in values:
            for row in rows:
                self.require_free(values["email"], row.user.id)
        written = self._spelled(values)
        if self.described.updated_at:
            written |= self._spelled({"updated_at": now})
        self._require_privilege("UPDATE", list(written))
        for some in batched([row.user.id for row in rows], _ROWS_A_QUERY):
            statement = sa.update(self.columns.table).where(self.columns.id.in_(some)).values(written)
            self._require_all(self._execute(statement, values.get("email")).rowcount, len(some))

    def _require_all(self, taken: int, wanted: int) -> None:
        """Raise Refused unless all rows were changed, and are there to be seen."""
        if taken != wanted:
            raise Refused(
                f"{self.described.name} took the change of {taken:,} of {wanted:,} rows: "
                "a trigger or a policy of the table holds the others; nothing was changed"
            )

    def insert(self, values: Mapping[str, Any], now: datetime) -> MappedRow:
        """Add a row, and remember it. Raises EmailTaken; Refused where a column needs a value that nobody gives."""
        self.require_free(values["email"], None)
        written = self._spelled(values)
        for meaning in ("created_at", "updated_at"):
            if getattr(self.described, meaning):
                written |= self._spelled({meaning: now})
        for column, value in self.described.values_on_create.items():
            written[column] = value.replace("{email}", values["email"]) if isinstance(value, str) else value
        if self.columns.ids == "uuid" and not self._has_default(self.described.id):
            written[self.described.id] = uuid.uuid4()
        self._require_complete(written)
        self._require_privilege("INSERT", list(written))
        statement = sa.insert(self.columns.table).values(written)
        result = self._execute(statement.returning(self.columns.table.c[self.described.id]), values["email"])
        return self.remember([result.scalar_one()], now)[0]

    def require_free(self, email: str, user_id: object) -> None:
        """Nobody else has the same address by our key; two commands that give one wait for each other.

        Raises EmailTaken.
        """
        key = email_key(email)
        self.session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))
        asked = MappedUserKey(typed=email, email_key=key)
        if any(user.id != user_id for user in self.users.fitting(asked)):
            raise EmailTaken(email)

    def _execute(self, statement: Any, email: str | None) -> Any:
        named = {"table": self.columns.name, "column": self.described.email}
        unique = set(self.session.scalars(sa.text(_UNIQUE_OVER), named)) if email is not None else set()
        try:
            return self.session.execute(statement)
        except ConstraintViolated as error:
            if email is not None and error.constraint in unique:
                raise EmailTaken(email) from None
            raise

    def _spelled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns with their values."""
        found: dict[str, Any] = {}
        for meaning, value in values.items():
            columns = self.columns.written(meaning)
            parts = [value] if len(columns) == 1 else _split(value, len(columns))
            for column, part in zip(columns, parts, strict=True):
                found[column] = self._as_stored(column, part)
        return found

    def _as_stored(self, column: str, value: Any) -> Any:
        kind = self.columns.table.c[column].type
        if isinstance(value, datetime) and not getattr(kind, "timezone", True):
            return value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, bool) and isinstance(kind, sa.Integer):
            return int(value)
        return value

    def _require_complete(self, written: Mapping[str, Any]) -> None:
        missing = [
            name
            for name, column in self.columns.found.items()
            if name not in written and not column["nullable"] and not self._has_default(name)
        ]
        if missing:
            raise Refused(
                f"{self.described.name} requires a value in {', '.join(missing)}, which usercli does not know; "
                "give it in on_create of the section table of the profile"
            )

    def _has_default(self, name: str) -> bool:
        column = self.columns.found[name]
        return bool(column.get("default") or column.get("identity") or column.get("computed"))

    def _require_privilege(self, privilege: str, columns: Sequence[str]) -> None:
        if (privilege, *columns) in self._permitted:
            return
        takes = self.session.scalar(sa.text(_TAKES), {"table": self.columns.name}) or 0
        if not takes & (_UPDATES if privilege == "UPDATE" else _INSERTS):
            raise Refused(f"{self.described.name} is a view that cannot be written; describe the table behind it")
        asked = {"columns": list(columns), "table": self.columns.name, "privilege": privilege}
        if denied := list(self.session.scalars(sa.text(_MAY_NOT), asked)):
            role = self.session.scalar(sa.select(sa.func.current_user()))
            raise Refused(
                f"the database role {role} may not {privilege} {', '.join(denied)} of {self.described.name}; "
                "the owner of the table grants it"
            )
        self._permitted.add((privilege, *columns))

    # -- ours

    def remember(self, ids: Sequence[Any], now: datetime) -> list[MappedRow]:
        """Keep what the rows are now, so that a change past us is noticed; the rows, in this order."""
        self.session.flush()
        rows = self._by_id(ids)
        self._require_all(len(rows), len(ids))
        for some in batched(ids, _ROWS_A_QUERY):
            seen = [{"user_id": str(user_id), **_seen_as(rows[user_id], now)} for user_id in some]
            statement = insert(SEEN).values(seen)
            replaced = {name: statement.excluded[name] for name in ("email_key", "seen_hash", "seen_at")}
            self.session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=replaced))
        return [rows[user_id] for user_id in ids]

    def meet(self, row: MappedRow, now: datetime) -> None:
        """Keep what the row is now, if we keep nothing of it yet."""
        statement = insert(SEEN).values(user_id=str(row.user.id), **_seen_as(row, now))
        self.session.execute(statement.on_conflict_do_nothing())

    def changed_past_us(self, rows: Sequence[MappedRow]) -> list[MappedRow]:
        """Those of the rows that are others than when we last wrote them."""
        seen: dict[str, str] = {}
        query = sa.select(SEEN.c.user_id, SEEN.c.seen_hash)
        for some in batched([str(row.user.id) for row in rows], _ROWS_A_QUERY):
            found = self.session.execute(query.where(SEEN.c.user_id.in_(some)))
            seen |= {user_id: seen_hash for user_id, seen_hash in found}  # noqa: C416 - a result has keys of its own
        return [row for row in rows if seen.get(str(row.user.id), row.fingerprint) != row.fingerprint]

    def compare(self) -> Iterator[tuple[str, Difference]]:
        """Of the rows that we wrote those that are others now, by id."""
        query = sa.select(SEEN.c.user_id, SEEN.c.email_key, SEEN.c.seen_hash).order_by(SEEN.c.user_id)
        for some in batched(self.session.execute(query), _ROWS_A_QUERY):
            rows = self._by_id([self._id_of(user_id) for user_id, _, _ in some])
            for user_id, key, seen in some:
                row = rows.get(self._id_of(user_id))
                if row is None:
                    yield user_id, "gone"
                elif _key(row.user.email) != key:
                    yield user_id, "stale_email"
                elif row.fingerprint != seen:
                    yield user_id, "changed"


def _seen_as(row: MappedRow, now: datetime) -> dict[str, Any]:
    return {"email_key": _key(row.user.email), "seen_hash": row.fingerprint, "seen_at": now}


def _split(name: str, parts: int) -> list[str]:
    """A full name in columns: a word in each, all the rest in the last."""
    words = name.split(maxsplit=parts - 1)
    return words + [""] * (parts - len(words))


def _key(email: str | None) -> str | None:
    try:
        return email_key(email or "")
    except InvalidInput:
        return None
