"""Questions about users."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)

from usercli.batches import batched
from usercli.emails import email_key
from usercli.errors import EmailTaken, InvalidInput
from usercli.models.clock import now
from usercli.models.role import Role, UserRole
from usercli.models.types import code_point
from usercli.models.user import User
from usercli.repositories.extra_columns import empty_extra_columns, extra_of_users
from usercli.repositories.pagination import Order, cannot_sort
from usercli.repositories.row_estimates import estimated_rows
from usercli.repositories.unreadable_times import unreadable_of_users
from usercli.repositories.user_lookup import WITH_ROLES, UserLookup, among
from usercli.schemas.stored_times import StoredTime
from usercli.schemas.user_fields import SORTABLE, TIMES
from usercli.schemas.users import UserCriteria
from usercli.spool import Spool

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
#: A text that JSON holds as it is.
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9 _.@-]+")
_KEYS_A_QUERY = 30_000  # below the parameters that one statement may have on either engine
_ROWS_A_FETCH = 1000
#: Orders ids as they are ordered, in a tenth of the time.
_NUMBER = attrgetter("int")


class UserRepository(UserLookup):
    """The users, those in the bin apart from the rest."""

    def add(self, entity: User) -> User:
        """Put a user in. Raises EmailTaken, naming the email."""
        with _naming_taken(entity.email):
            return super().add(entity)

    def add_all(self, entities: Iterable[User]) -> None:
        """Put users in, together. Raises EmailTaken, without a name."""
        self.session.add_all(entities)
        self.session.flush()

    def save(self, entity: User) -> None:
        """Write what changed on a user. Raises EmailTaken (naming the email) or ChangedMeanwhile."""
        with _naming_taken(entity.email):
            self.session.flush()

    def add_if_absent(self, entity: User) -> bool:
        """Put a user in unless its email is taken, also by somebody who was faster; True if it went in."""
        try:
            with self.session.begin_nested():
                super().add(entity)
        except EmailTaken:
            return False
        return True

    def matching(
        self,
        criteria: UserCriteria,
        order: Order,
        after: tuple[Any, uuid.UUID] | None = None,
        limit: int | None = None,
        skip: int = 0,
    ) -> Iterator[User]:
        """The users that fit, streamed. The database reads what it is told to skip; a cursor costs it nothing."""
        query = select(User).where(*self._conditions(criteria)).limit(limit).offset(skip or None)
        if limit is None or limit > _ROWS_A_FETCH:
            query = _in_order(query, order, after)
            yield from self.session.scalars(query.execution_options(yield_per=_ROWS_A_FETCH))
        elif order.column is User.email and not skip and criteria == UserCriteria(deleted=criteria.deleted):
            yield from islice(self._page_by_email(query, order, after), limit)
        else:
            yield from self._page(_in_order(query, order, after))

    def _page(self, query: Select[Any]) -> Iterable[User]:
        """A cursor on the server, and a question for the roles, would double what a short page costs."""
        return self.session.scalars(query.options(WITH_ROLES)).unique()

    def _page_by_email(
        self, query: Select[Any], order: Order, after: tuple[Any, uuid.UUID] | None
    ) -> Iterator[User]:
        """By code point, as the index of the keys has the emails that are their key, and another one the others.

        With filters it would read users in the order of an index until enough fit, which may be never.
        """
        email, key = code_point(User.email), User.email_key
        parts = (  # of `=` the planner of PostgreSQL expects one row, and would look for it everywhere
            _in_order(query.where(email.between(key, key)), replace(order, column=key), after),
            _in_order(query.where(email != key), order, after),
        )
        yield from merge(*map(self._page, parts), key=attrgetter("email", "id"), reverse=order.descending)

    def query_matching(self, criteria: UserCriteria, order: Order) -> Select[Any]:
        """The question for the users that fit, in this order; its columns are yet to be chosen."""
        return select(User.__table__).where(*self._conditions(criteria)).order_by(*order.clauses())

    def unreadable_times(self, criteria: UserCriteria, fields: Collection[str] = TIMES) -> Iterator[StoredTime]:
        """The times in these fields that no calendar holds, of the users that fit."""
        yield from unreadable_of_users(self.session, fields, *self._conditions(criteria))

    def extra_columns(self, ids: Collection[uuid.UUID], names: Sequence[str]) -> dict[uuid.UUID, dict[str, Any]]:
        """What the columns of an application hold of these users. Raises SchemaNotCurrent if one is missing."""
        return dict(extra_of_users(self.session, ids, names))

    def empty_extra_columns(self, user_id: uuid.UUID, names: Sequence[str]) -> None:
        """Set the columns of an application to NULL where they may be."""
        empty_extra_columns(self.session, user_id, names)

    def ids_matching(self, criteria: UserCriteria) -> Iterator[tuple[uuid.UUID, str]]:
        """Ids and emails of the users that fit, by id, streamed."""
        query = select(User.id, User.email).where(*self._conditions(criteria)).order_by(User.id)
        yield from map(tuple, self.session.execute(query.execution_options(yield_per=_ROWS_A_FETCH)))

    def emails_starting_with(self, start: str, limit: int, *, deleted: bool = False) -> list[str]:
        """The first emails whose key begins so, by key; of the users in the bin, or of the others."""
        query = select(User.email).where(User.email_key >= start, User.email_key < f"{start}\U0010ffff")
        binned = User.deleted_at.is_not(None) if deleted else User.deleted_at.is_(None)
        return list(self.session.scalars(query.where(binned).order_by(User.email_key).limit(limit)))

    def count_matching(self, criteria: UserCriteria, at_most: int | None = None) -> int:
        """How many users fit; counting may end at a number."""
        if at_most is None and criteria == UserCriteria():  # by two indexes that are smaller than the table
            binned = select(func.count()).where(User.deleted_at.is_not(None)).scalar_subquery()
            return self.session.scalar(select(func.count() - binned).select_from(User)) or 0
        fitting = select(User.id).where(*self._conditions(criteria)).limit(at_most).subquery()
        return self.session.scalar(select(func.count()).select_from(fitting)) or 0

    def estimate_matching(self, criteria: UserCriteria) -> int | None:
        """About how many users fit, by the statistics of PostgreSQL; None on SQLite."""
        return estimated_rows(self.session, select(User.id).where(*self._conditions(criteria)))

    def has_sign_ins(self) -> bool:
        """Whether a sign-in of anybody is recorded."""
        return bool(self.session.scalar(select(select(User.id).where(User.last_login_at.is_not(None)).exists())))

    def hashes(self) -> Iterator[tuple[str, datetime | None]]:
        """Hash and age of every password outside the bin, streamed."""
        query = select(User.hashed_password, User.password_changed_at).where(User.deleted_at.is_(None))
        yield from self.session.execute(query.execution_options(yield_per=_ROWS_A_FETCH))

    def count_sharing_a_hash(self, *apart_from: str) -> int:
        """How many users have a hash that another one has as well."""
        several = (
            select(func.count().label("users"))
            .where(User.deleted_at.is_(None), User.hashed_password.not_in(["", *apart_from]))
            .where(func.substr(User.hashed_password, 1, 1).not_in(["!", "*"]))
            .group_by(User.hashed_password)
            .having(func.count() > 1)
            .subquery()
        )
        return self.session.scalar(select(func.coalesce(func.sum(several.c.users), 0))) or 0

    def record_sign_in(
        self, user_id: uuid.UUID, *, at: datetime | None, stored: str, better_hash: str | None
    ) -> None:
        """Note a sign-in, and replace the hash if it is still the one that was checked. Not a change."""
        untouched = {"updated_at": User.updated_at}
        if at is not None:
            self.session.execute(update(User).where(User.id == user_id).values(last_login_at=at, **untouched))
        if better_hash is not None:
            still = update(User).where(User.id == user_id, User.hashed_password == stored)
            self.session.execute(still.values(hashed_password=better_hash, **untouched))

    def ids_by_key(self, email_keys: Iterable[str]) -> dict[str, uuid.UUID]:
        """The ids of users outside the bin, by email key."""
        query = select(User.email_key, User.id).where(User.deleted_at.is_(None))
        found: dict[str, uuid.UUID] = {}
        for some in batched(email_keys, _KEYS_A_QUERY):
            for key, user_id in self.session.execute(query.where(among(self.session, User.email_key, some))):
                found[key] = user_id
        return found

    def managed_by(self, name: str) -> list[uuid.UUID]:
        """The ids of the users outside the bin that a file of this name manages."""
        query = select(User.id).where(User.managed_by == name, User.deleted_at.is_(None))
        return list(self.session.scalars(query.order_by(User.id)))

    def by_id(self, ids: Sequence[uuid.UUID], *, lock: bool = False) -> list[User]:
        """The users of these ids, in the bin or not, by id."""
        found: list[User] = []
        for some in batched(sorted(ids, key=_NUMBER), _KEYS_A_QUERY):
            query = select(User).where(among(self.session, User.id, some)).order_by(User.id)
            if lock:
                query = query.with_for_update().execution_options(populate_existing=True)
            found.extend(self.session.scalars(query))
        return found

    def existing_ids(self, ids: Sequence[uuid.UUID], *, lock: bool = False) -> list[uuid.UUID]:
        """Those of the ids that there are, in the bin or not, in order."""
        found: list[uuid.UUID] = []
        for some in batched(sorted(ids, key=_NUMBER), _KEYS_A_QUERY):
            query = select(User.id).where(among(self.session, User.id, some)).order_by(User.id)
            found.extend(self.session.scalars(query.with_for_update() if lock else query))
        return found

    def locate_expired(self, lock: bool) -> Iterator[Sequence[uuid.UUID]]:
        """The ids of the active users whose expiry has passed, some thousands at a time."""
        query = select(User.id).where(self._is_overdue()).order_by(User.id).limit(_KEYS_A_QUERY)
        query = query.with_for_update() if lock else query
        found = self.session.scalars(query).all()
        while found:
            yield found
            found = self.session.scalars(query.where(User.id > found[-1])).all()

    def count_expired(self) -> int:
        """How many active users there are whose expiry has passed."""
        return self.session.scalar(select(func.count(User.id)).where(self._is_overdue())) or 0

    def _is_overdue(self) -> ColumnElement[bool]:
        expired = User.has_expired(now(self.session.connection()))
        return and_(User.is_active.is_(True), User.deleted_at.is_(None), expired)

    def lock_deleted_before(self, cutoff: datetime) -> Iterator[Sequence[uuid.UUID]]:
        """Lock all users that were moved to the bin before a time; their ids, some thousands at a time."""
        query = select(User.id).where(User.was_deleted_before(cutoff)).order_by(User.id).with_for_update()
        locked: Spool[bytes] = Spool()
        for some in self.session.scalars(query.execution_options(yield_per=_ROWS_A_FETCH)).partitions():
            locked.extend([user_id.bytes for user_id in some])
        return ([uuid.UUID(bytes=user_id) for user_id in some] for some in locked.batches())

    def count_deleted_before(self, cutoff: datetime) -> int:
        """How many users were moved to the bin before a time."""
        return self.session.scalar(select(func.count(User.id)).where(User.was_deleted_before(cutoff))) or 0

    def with_bad_key(self) -> Iterator[uuid.UUID]:
        """The ids of users whose email_key is not the key of their email; ASCII is compared by the database."""
        on_postgresql = self.session.get_bind().dialect.name == "postgresql"
        size = func.octet_length(User.email) if on_postgresql else func.length(cast(User.email, LargeBinary))
        is_ascii = size == func.length(User.email)
        controls = "[\x01-\x1f\x7f]"
        has_no_key = or_(
            User.email.not_like("_%@%"),
            User.email.like("%@"),
            User.email.regexp_match(controls) if on_postgresql else User.email.op("GLOB")(f"*{controls}*"),
        )
        is_bad = or_(User.email_key != func.lower(code_point(User.email)), has_no_key)
        yield from self.session.scalars(select(User.id).where(is_ascii, is_bad).order_by(User.id))
        others = select(User.id, User.email, User.email_key).where(~is_ascii).order_by(User.id)
        for user_id, email, key in self.session.execute(others.execution_options(yield_per=_ROWS_A_FETCH)):
            if not _is_key(key, email):
                yield user_id

    def _conditions(self, criteria: UserCriteria) -> Iterable[ColumnElement[bool]]:
        yield User.deleted_at.is_not(None) if criteria.deleted else User.deleted_at.is_(None)
        if criteria.is_active is not None:
            yield User.is_active.is_(True) if criteria.is_active else ~User.is_active  # as the index has it
        if criteria.search:
            needle = criteria.search.translate(_ASCII_LOWER)
            texts: Any = map(code_point, (User.email, User.full_name))
            if self.session.get_bind().dialect.name == "postgresql":
                # LIKE of SQLite regards no case of ASCII by itself, and lower() would take two thirds of the time
                texts = map(func.lower, texts)
            yield or_(*(text.contains(needle, autoescape=True) for text in texts))
        if criteria.created_after is not None:
            yield User.created_at >= criteria.created_after
        if criteria.created_before is not None:
            yield User.created_at < criteria.created_before
        if criteria.role is not None:
            held = select(UserRole.user_id).join(Role, Role.id == UserRole.role_id)
            yield User.id.in_(held.where(Role.name == criteria.role))
        if criteria.expired is not None:
            expired = User.has_expired(now(self.session.connection()))
            yield expired if criteria.expired else not_(expired)
        if criteria.expires_after is not None:
            yield User.expires_after(criteria.expires_after)
        if criteria.expires_before is not None:
            yield User.expires_before(criteria.expires_before)
        if criteria.never_signed_in is not None:
            yield User.last_login_at.is_(None) if criteria.never_signed_in else User.last_login_at.is_not(None)
        if criteria.not_signed_in_since is not None:
            # who never signed in counts from the day the account was made
            yield func.coalesce(User.last_login_at, User.created_at) <= criteria.not_signed_in_since
        if criteria.must_change_password is not None:
            yield User.must_change_password.is_(criteria.must_change_password)
        for number, (key, value) in enumerate(criteria.attributes):
            yield self._attribute_is(key, value, number)

    def _attribute_is(self, key: str, value: str, number: int) -> ColumnElement[bool]:
        """The attribute is this text, or the number (by value) or boolean that it spells in JSON."""
        meant = _json_scalar(value)
        if self.session.get_bind().dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB

            item = User.attributes[key]
            return or_(*(item == literal(one, JSONB()) for one in (value, meant) if one is not None))
        each = func.json_each(User.attributes).table_valued("key", "value", "type", name=f"item_{number}")
        fits = and_(each.c.type == "text", each.c.value == value)
        if isinstance(meant, bool):
            fits = or_(fits, each.c.type == value)
        elif meant is not None:
            # json_each gives a float for what 64 bits do not hold
            comparable = meant if abs(meant) < 2**63 else float(meant)
            fits = or_(fits, and_(each.c.type.in_(("integer", "real")), each.c.value == comparable))
        found: ColumnElement[bool] = exists().where(each.c.key == key, fits)
        if meant is None and _NEVER_ESCAPED.fullmatch(value):  # JSON is taken apart where the text stands in it
            return and_(func.instr(User.attributes, value) > 0, found)
        return found


def _in_order(query: Select[Any], order: Order, after: tuple[Any, uuid.UUID] | None) -> Select[Any]:
    query = query.order_by(*order.clauses())
    return query if after is None else query.where(order.after(*after))


@contextmanager
def _naming_taken(email: str) -> Iterator[None]:
    """Put the email into an EmailTaken that is raised inside."""
    try:
        yield
    except EmailTaken:
        raise EmailTaken(email) from None


def _json_scalar(text: str) -> bool | int | float | None:
    """The boolean or number that a text is in JSON; None if it is neither, or a number beyond a float."""
    try:
        found = json.loads(text)
        return found if isinstance(found, bool | int | float) and math.isfinite(found) else None
    except (ValueError, RecursionError, OverflowError):
        return None


def _is_key(key: str, email: str) -> bool:
    try:
        return key == email_key(email)
    except InvalidInput:
        return False


def order_by(spec: str) -> Order:
    """`email` or `-email`. Raises InvalidInput, listing the fields."""
    name = spec.removeprefix("-")
    if name not in SORTABLE:
        raise cannot_sort(spec, SORTABLE)
    return Order(getattr(User, name), User.id, descending=spec.startswith("-"))
