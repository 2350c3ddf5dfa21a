"""Questions about the users of another program's table."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from usercli.batches import batched
from usercli.emails import email_key
from usercli.errors import Ambiguous, InvalidInput, Refused, UserNotFound
from usercli.repositories.mapped_columns import MappedColumns
from usercli.repositories.mapped_tables import GRANTS, owner_of, require_owner
from usercli.repositories.pagination import cannot_sort
from usercli.repositories.roles import RoleRepository
from usercli.repositories.row_estimates import estimated_rows
from usercli.schemas.mapped_users import MappedUserView, SignInFacts
from usercli.schemas.user_table import UserTable
from usercli.schemas.users import UserCriteria, UserKey, lookup_key
from usercli.times import rfc3339

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_KEYS_A_QUERY = 10_000
_ROWS_A_FETCH = 1000

#: What a filter asks for that no column of such a table tells.
_NOT_TOLD = {
    "deleted": "has no recycle bin",
    "attributes": "has no column for attributes",
    **dict.fromkeys(("expired", "expires_after", "expires_before"), "has no column for an expiry"),
    "must_change_password": "has no column that demands a new password",
}


class MappedUserRepository:
    """The users of a table that belongs to another program, as they are read."""

    def __init__(self, session: Session, described: UserTable) -> None:
        self.session, self.described = session, described
        self.columns = MappedColumns(session.connection(), described)

    def pick(self, keys: Sequence[UserKey]) -> list[MappedUserView]:
        """The users named, each once, in the order asked. Raises UserNotFound naming all missing, Ambiguous."""
        picked: dict[object, MappedUserView] = {}
        missing = []
        for key, fitting in self._fitting(keys):
            if not fitting:
                missing.append(key)
            elif len(fitting) > 1:
                raise Ambiguous(f"{key} matches several users; name one of: {_listed(fitting)}")
            else:
                picked[fitting[0].id] = fitting[0]
        if missing:
            raise UserNotFound(dict.fromkeys(missing))
        return list(picked.values())

    def existing_keys(self, keys: Sequence[UserKey]) -> list[UserKey]:
        """Those keys that name a user."""
        return [key for key, fitting in self._fitting(keys) if fitting]

    def fitting(self, key: UserKey) -> list[MappedUserView]:
        """The users whom a key fits, by id."""
        [(_, found)] = self._fitting([key])
        return found

    def sign_in_facts(self, key: UserKey) -> SignInFacts | None:
        """What decides about a sign-in; None for nobody. Raises Ambiguous, Refused without a column for hashes."""
        self._column("hashed_password", "that keeps password hashes")
        if not self.existing_keys([key]):
            return None
        [user] = self.pick([key])
        found = {name: self.columns.by_meaning.get(name, sa.null()) for name in SignInFacts.model_fields}
        query = sa.select(*(column.label(name) for name, column in found.items()))
        row = self.session.execute(query.where(self.columns.id == user.id)).mappings().one()
        return SignInFacts(**row)

    def matching(
        self, criteria: UserCriteria, sort: str, after: str | None = None, limit: int | None = None
    ) -> Iterator[MappedUserView]:
        """The users that fit, in this order, streamed; `after` is a cursor. Raises InvalidInput, Refused."""
        order = _Order(self, sort)
        query = self._select().where(*self._conditions(criteria)).order_by(*order.clauses())
        if after is not None:
            query = query.where(order.after(after, order.mark(criteria)))
        yield from self._views(query if limit is None else query.limit(limit))

    def cursor(self, criteria: UserCriteria, sort: str, last: MappedUserView) -> str:
        """Where the page after this user begins."""
        order = _Order(self, sort)
        return order.cursor(last, order.mark(criteria))

    def count_matching(self, criteria: UserCriteria, at_most: int | None = None) -> int:
        """How many users fit; counting may end at a number."""
        fitting = self._fitting_rows(criteria).limit(at_most).subquery()
        return self.session.scalar(sa.select(sa.func.count()).select_from(fitting)) or 0

    def estimate_matching(self, criteria: UserCriteria) -> int | None:
        """About how many users fit, by the statistics of PostgreSQL; None on SQLite."""
        return estimated_rows(self.session, self._fitting_rows(criteria))

    def _fitting_rows(self, criteria: UserCriteria) -> sa.Select[Any]:
        return sa.select(sa.literal(1)).select_from(self.columns.table).where(*self._conditions(criteria))

    def hashes(self) -> Iterator[str]:
        """The hash of every user, streamed; "" where there is none. Raises Refused without a column for them."""
        stored = self._column("hashed_password", "that keeps password hashes")
        query = sa.select(sa.func.coalesce(stored, "")).where(*self._conditions(UserCriteria()))
        yield from self.session.scalars(query.execution_options(yield_per=_ROWS_A_FETCH))

    def count_sharing_a_hash(self) -> int:
        """How many users have a hash that another one has as well."""
        stored = self._column("hashed_password", "that keeps password hashes")
        several = (
            sa.select(sa.func.count().label("users"))
            .where(*self._conditions(UserCriteria()), stored != "")
            .where(sa.func.substr(stored, 1, 1).not_in(["!", "*"]))
            .group_by(stored)
            .having(sa.func.count() > 1)
            .subquery()
        )
        return self.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(several.c.users), 0))) or 0

    def emails(self) -> Iterator[tuple[int | uuid.UUID, str | None]]:
        """Id and email of every user, streamed by id."""
        query = sa.select(self.columns.id, self.columns.email).where(*self._conditions(UserCriteria()))
        query = query.order_by(self.columns.id).execution_options(yield_per=_ROWS_A_FETCH)
        yield from ((user_id, email) for user_id, email in self.session.execute(query))

    def _fitting(self, keys: Sequence[UserKey]) -> Iterator[tuple[UserKey, list[MappedUserView]]]:
        """Each key with the users whom it fits, by id."""
        for some in batched(keys, _KEYS_A_QUERY):
            found: dict[object, list[MappedUserView]] = {}
            for user in self._candidates(some):
                for name in (user.id, lookup_key(user.email or "")):
                    found.setdefault(name, []).append(user)
            for key in some:
                yield key, found.get(key.id if key.id is not None else key.email_key, [])

    def _candidates(self, keys: Sequence[UserKey]) -> Iterator[MappedUserView]:
        """The users of these ids, and those who may have these keys: an index on the email is of no help."""
        kind = uuid.UUID if self.columns.ids == "uuid" else int
        ids = [key.id for key in keys if isinstance(key.id, kind)]
        names = [key.email_key for key in keys if key.email_key]
        fits: list[sa.ColumnElement[bool]] = [self.columns.id.in_(ids)] if ids else []
        if names:
            fits += [self.columns.lowered().in_(names), self.columns.is_beyond_ascii()]
        if fits:
            query = self._select().where(*self._conditions(UserCriteria()), sa.or_(*fits))
            yield from self._views(query.order_by(self.columns.id))

    def select_present(self) -> sa.Select[Any]:
        """The fields of all users, as a question to go on with."""
        return self._select().where(*self._conditions(UserCriteria()))

    def _select(self) -> sa.Select[Any]:
        return sa.select(*(self.columns.by_meaning[name].label(name) for name in self.described.fields))

    def _views(self, query: sa.Select[Any]) -> Iterator[MappedUserView]:
        for row in self.session.execute(query.execution_options(yield_per=_ROWS_A_FETCH)).mappings():
            yield MappedUserView(**row)

    def _column(self, meaning: str, purpose: str) -> sa.ColumnElement[Any]:
        found = self.columns.by_meaning.get(meaning)
        if found is None:
            raise Refused(f"{self.described.name} has no column {purpose}")
        return found

    def _conditions(self, criteria: UserCriteria) -> Iterable[sa.ColumnElement[bool]]:
        for name, reason in _NOT_TOLD.items():
            if getattr(criteria, name) not in {None, False, ()}:
                raise Refused(f"{self.described.name} {reason}")
        if criteria.role is not None:
            yield self._holds(criteria.role)
        columns = self.columns.by_meaning
        if "deleted_at" in columns:
            yield columns["deleted_at"].is_(None)
        if criteria.is_active is not None:
            active = self._column("is_active", "that keeps a user out")
            yield active if criteria.is_active else sa.not_(active)
        if criteria.search:
            needle = criteria.search.translate(_ASCII_LOWER)
            texts = [columns[name] for name in ("email", "full_name") if name in columns]
            yield sa.or_(*(sa.func.lower(text).contains(needle, autoescape=True) for text in texts))
        if criteria.created_after is not None:
            yield self._column("created_at", "that tells when a user was created") >= criteria.created_after
        if criteria.created_before is not None:
            yield self._column("created_at", "that tells when a user was created") < criteria.created_before
        if criteria.never_signed_in is not None:
            signed_in = self._column("last_login_at", "that tells the last sign-in")
            yield signed_in.is_(None) if criteria.never_signed_in else signed_in.is_not(None)
        if criteria.not_signed_in_since is not None:
            signed_in = self._column("last_login_at", "that tells the last sign-in")
            created = self._column("created_at", "that tells when a user was created")
            yield sa.func.coalesce(signed_in, created) <= criteria.not_signed_in_since

    def has_own_tables(self) -> bool:
        """Whether usercli keeps something of these users in tables of its own. Raises Refused: `require_owner`."""
        if (owner := owner_of(self.session.connection())) is not None:
            require_owner(owner, self.columns.name)
        return owner is not None

    def _holds(self, name: str) -> sa.ColumnElement[bool]:
        """Who holds a role of ours. Raises RoleNotFound, Refused."""
        if not self.has_own_tables():
            raise Refused(f"{self.described.name} has no roles of usercli yet; see: usercli db upgrade")
        [role] = RoleRepository(self.session).get_named([name])
        holders = sa.select(GRANTS.c.user_id).where(GRANTS.c.role_id == role.id)
        return sa.cast(self.columns.id, sa.Text()).in_(holders)


class _Order:
    """One field, up or down, NULL last; the id breaks ties."""

    def __init__(self, users: MappedUserRepository, spec: str) -> None:
        self.name = spec.removeprefix("-")
        self._descending = spec.startswith("-")
        fields = users.described.fields
        if self.name not in fields:
            raise cannot_sort(spec, fields)
        self._column, self._id = users.columns.by_meaning[self.name], users.columns.id
        if self.name == "is_active":  # of truth values the database says no order
            self._column = sa.case((self._column, 1), else_=0)
        self._has_uuids = users.columns.ids == "uuid"

    def clauses(self) -> list[Any]:
        """For ORDER BY."""
        parts = [self._column] if self.name == "id" else [self._column, self._id]
        directed = [part.desc() if self._descending else part.asc() for part in parts]
        return [directed[0].nulls_last() if self.name != "id" else directed[0], *directed[1:]]

    def mark(self, criteria: UserCriteria) -> str:
        """What a cursor of this query begins with."""
        import hashlib

        text = f"{'-' * self._descending}{self.name} {criteria.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def cursor(self, last: MappedUserView, mark: str) -> str:
        """The token of the place after this user."""
        value = getattr(last, self.name)
        shown = rfc3339(value) if isinstance(value, datetime) else str(value) if self.name == "id" else value
        packed = json.dumps([mark, shown, str(last.id)], ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def after(self, token: str, mark: str) -> sa.ColumnElement[bool]:
        """The users that follow the place. Raises InvalidInput for a broken token or one of another query."""
        try:
            packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            found_mark, value, last_id = json.loads(packed)
            last: Any = uuid.UUID(last_id) if self._has_uuids else int(last_id)
            if found_mark == mark and value is not None and self.name.endswith("_at"):
                value = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
            raise InvalidInput("the cursor is not one that usercli printed") from None
        if found_mark != mark:
            raise InvalidInput("the cursor belongs to another query; use the same filters and the same order")
        if self.name == "id":
            return self._beyond(self._id, last)
        if value is None:
            return sa.and_(self._column.is_(None), self._beyond(self._id, last))
        value = int(value) if self.name == "is_active" else value
        same = sa.and_(self._column == value, self._beyond(self._id, last))
        return sa.or_(self._beyond(self._column, value), same, self._column.is_(None))

    def _beyond(self, column: Any, value: Any) -> sa.ColumnElement[bool]:
        beyond: sa.ColumnElement[bool] = column < value if self._descending else column > value
        return beyond


def _listed(users: Iterable[MappedUserView]) -> str:
    return ", ".join(f"id:{user.id}" for user in users)


def is_email(text: str) -> bool:
    """Whether it has a key as an address."""
    try:
        return bool(email_key(text))
    except InvalidInput:
        return False
