"""How many users there are of each kind: counted by the database, one statement a question."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from usercli.models.clock import now
from usercli.models.role import Role, UserRole
from usercli.models.types import as_read, code_point
from usercli.models.user import User
from usercli.repositories.users import UserRepository, order_by
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.schemas.users import UserCriteria

#: The most days since the last sign-in, or until the expiry, and what that is called.
_SIGN_INS = ((7, "within 7 days"), (30, "7 to 30 days"), (90, "30 to 90 days"), (365, "90 days to 1 year"))
_EXPIRIES = ((7, "within 7 days"), (30, "7 to 30 days"), (90, "30 to 90 days"))
STATES = ("active", "expired", "inactive")
SIGN_INS = (*(name for _, name in _SIGN_INS), "over 1 year", "never")
EXPIRIES = ("expired", *(name for _, name in _EXPIRIES), "later", "never")

#: So many names of attributes are looked at.
_NAMES = 10_000

#: The next moment; both engines count microseconds.
_MOMENT = timedelta(microseconds=1)

#: For the transaction: group by hash tables, and read an index that has all that is asked for.
_PLANNER = {"work_mem": "64MB", "random_page_cost": "1.1"}

#: How a hash starts, and after how many dollar signs its salt begins: what stands before tells scheme and cost.
_HASH_STARTS = (
    ("$argon2%", 4),
    ("$pbkdf2%", 3),
    ("$scrypt$%", 3),
    ("$bcrypt-sha256$%", 3),
    ("$_$rounds=%", 3),
    ("$y$%", 3),
    ("$wp$%", 4),
    ("$pepper$%", 4),
    ("bcrypt%$$%", 4),
    ("argon2$%", 5),
    ("pbkdf2!_%$%", 2),
    ("scrypt$%", 2),
    ("$_$%", 2),
    ("%$%", 1),
)


class _Facet(NamedTuple):
    """What users are grouped by; the names of the values where these are numbers, which are grouped faster."""

    expression: ColumnElement[Any]
    names: Mapping[int | None, Any] | None = None


class StatisticsRepository:
    """Counts of the users that fit, grouped by facets: state, sign-in, expiry, scheme and so on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._on_postgresql = session.get_bind().dialect.name == "postgresql"
        self._now = now(session.connection())
        if self._on_postgresql:
            for setting, value in _PLANNER.items():
                session.execute(select(func.set_config(setting, value, True)))

    def count(self, criteria: UserCriteria, *facets: str) -> list[tuple[Any, ...]]:
        """A value for each facet, and how many users have these values."""
        found = {facet: self._facet(facet) for facet in facets}
        inner = self._users(criteria, _expressions(found))
        values = [inner.c[facet] for facet in facets]
        return _named(_rows(self.session, select(*values, func.count()).group_by(*values)), found.values())

    def count_hashes(
        self, criteria: UserCriteria, *facets: str, months: Sequence[str] = (), since: datetime | None = None
    ) -> list[tuple[Any, ...]]:
        """The same, by what their hashes have in common as well: the first and the last hash of each kind.

        And by the `months` of these times, from then on: `2026-11`, or None before.
        """
        found = {facet: self._facet(facet) for facet in facets}
        found |= {f"month of {name}": self._month(getattr(User, name), since or self._now) for name in months}
        columns = {"all": _together(found.values())} if self._on_postgresql else _expressions(found)
        inner = self._users(criteria, {**columns, "start": self._hash_start(), "hash": User.hashed_password})
        values = [inner.c[name] for name in columns]
        shown = [*values, func.min(inner.c.hash), func.max(inner.c.hash), func.count()]
        rows = _rows(self.session, select(*shown).group_by(*values, inner.c.start))
        if self._on_postgresql:
            rows = [(*_apart(number, list(found.values())), *others) for number, *others in rows]
        return _named(rows, found.values())

    def most_frequent(self, criteria: UserCriteria, facet: str, limit: int) -> tuple[list[tuple[Any, int]], int]:
        """The values of a facet that most users have, and how many users have the others."""
        inner = self._users(criteria, {facet: func.coalesce(self._value(facet), "")})  # who has none has ""
        value, users = inner.c[facet], func.count()
        counted = select(value.label("value"), users.label("users")).group_by(value).subquery()
        ranked = select(counted.c.value, counted.c.users, func.sum(counted.c.users).over().label("all"))
        ranked = ranked.order_by(counted.c.users.desc(), code_point(counted.c.value)).limit(limit)
        found = _rows(self.session, ranked)
        everybody = int(found[0][2]) if found else 0
        return [(name, users) for name, users, _ in found], everybody - sum(users for _, users, _ in found)

    def attribute_names(self) -> list[str]:
        """The attributes that users have, of the first ten thousand names."""
        if self._on_postgresql:
            names: Any = select(func.jsonb_object_keys(User.attributes).label("name"))
        else:
            each = func.json_each(User.attributes).table_valued("key", name="attribute")
            names = select(each.c.key.label("name")).join_from(User, each, true())
        inner = names.subquery()
        return list(self.session.scalars(select(inner.c.name).distinct().limit(_NAMES)))

    def count_months(self, criteria: UserCriteria, field: str, since: datetime) -> Counter[str]:
        """How many users have the time of the field in each month from then on, in UTC, by `2026-11`."""
        column = getattr(User, field)
        facet = self._month(column, since)
        inner = self._users(criteria, {"month": facet.expression}, where=[column >= since])
        month = inner.c.month
        counted = _named(_rows(self.session, select(month, func.count()).group_by(month)), [facet])
        return Counter({name: number for name, number in counted if name is not None})

    def _month(self, column: Any, since: datetime) -> _Facet:
        if not self._on_postgresql:
            return _Facet(case((column >= since, func.substr(cast(column, Text), 1, 7))))
        starts = list(_month_starts(since.astimezone(UTC), self._now))
        names = [None, *(f"{start.year:04}-{start.month:02}" for start in starts)]
        return _bucket(column, starts, names, None)

    def count_roles(self, criteria: UserCriteria, *, has_bin: bool = True) -> list[tuple[str, int]]:
        """How many of the users that fit hold each role, by name; also of roles that nobody holds.

        Without `has_bin` nobody is in the recycle bin.
        """
        names = dict(_rows(self.session, select(Role.id, Role.name)))
        if criteria == UserCriteria():  # all but those in the bin, who are few: no join of everybody
            counts = self._holders()
            for role_id, number in self._holders(UserCriteria(deleted=True)).items() if has_bin else ():
                counts[role_id] -= number
        else:
            counts = self._holders(criteria)
        return sorted((name, counts.get(role_id, 0)) for role_id, name in names.items())

    def _holders(self, criteria: UserCriteria | None = None) -> dict[uuid.UUID, int]:
        query = select(UserRole.role_id, func.count()).group_by(UserRole.role_id)
        if criteria is not None:
            fitting = UserRepository(self.session).query_matching(criteria, order_by("id"))
            query = query.where(UserRole.user_id.in_(fitting.with_only_columns(User.id).order_by(None)))
        return dict(_rows(self.session, query))

    def _users(
        self,
        criteria: UserCriteria,
        columns: dict[str, Any],
        where: Sequence[ColumnElement[bool]] = (),
    ) -> Any:
        """A row for each user; the values have names, since a parameter is another one in GROUP BY."""
        query: Select[Any] = UserRepository(self.session).query_matching(criteria, order_by("id")).order_by(None)
        labelled = [value.label(name) for name, value in columns.items()]
        users = query.with_only_columns(*labelled).where(*where)
        if not self._on_postgresql:
            return users.subquery()
        # of what a UNION yields the planner expects 200 values, and counts in each process; else as many as users
        return users.union_all(users.where(false())).subquery()

    def _facet(self, name: str) -> _Facet:
        match name:
            case "is_active" | "must_change_password" if self._on_postgresql:
                return _Facet(cast(getattr(User, name), Integer), {0: False, 1: True})
            case "last_login_at" if self._on_postgresql:
                bounds = [self._now - timedelta(days) for days, _ in reversed(_SIGN_INS)]
                return _bucket(User.last_login_at, bounds, SIGN_INS[-2::-1], "never")
            case "expires_at" if self._on_postgresql:
                bounds = [self._now + timedelta(days) + _MOMENT for days in (0, *(days for days, _ in _EXPIRIES))]
                return _bucket(as_read(User.expires_at), bounds, EXPIRIES[:-1], "never")
            case _:
                return _Facet(self._value(name))

    def _value(self, name: str) -> ColumnElement[Any]:
        if name.startswith(ATTRIBUTE):
            return self._attribute(name.removeprefix(ATTRIBUTE))
        match name:
            case "state":
                expired = User.has_expired(self._now)
                return case((not_(User.is_active), "inactive"), (expired, "expired"), else_="active")
            case "last_login_at":
                ages = [(User.last_login_at >= self._now - timedelta(days), text) for days, text in _SIGN_INS]
                return case((User.last_login_at.is_(None), "never"), *ages, else_="over 1 year")
            case "expires_at":
                ends = as_read(User.expires_at)
                spans = [(ends <= self._now + timedelta(days), text) for days, text in _EXPIRIES]
                expired = User.has_expired(self._now)
                return case((ends.is_(None), "never"), (expired, "expired"), *spans, else_="later")
            case "domain" if self._on_postgresql:
                return func.split_part(User.email_key, "@", 2)
            case "domain":
                at = self._position(User.email_key, literal("@"))
                return case((at == 0, ""), else_=func.substr(User.email_key, at + 1))
            case _:
                column: ColumnElement[Any] = getattr(User, name)
                return column

    def _attribute(self, key: str) -> ColumnElement[Any]:
        if self._on_postgresql:
            return User.attributes.op("->>")(key)
        each = func.json_each(User.attributes).table_valued("key", "value", "type", name="attribute")
        text = case((each.c.type.in_(("true", "false")), each.c.type), else_=cast(each.c.value, Text))
        return select(text).where(each.c.key == key).scalar_subquery()

    def _position(self, text: Any, part: Any) -> ColumnElement[int]:
        function = func.strpos if self._on_postgresql else func.instr
        found: ColumnElement[int] = function(text, part)
        return found

    def _bytes(self, text: Any) -> ColumnElement[int]:
        """Of ASCII the length; PostgreSQL would count the characters of every hash."""
        found: ColumnElement[int] = (func.octet_length if self._on_postgresql else func.length)(text)
        return found

    def _left(self, text: Any, length: int) -> ColumnElement[str]:
        found: ColumnElement[str] = func.left(text, length) if self._on_postgresql else func.substr(text, 1, length)
        return found

    def _before_dollars(self, stored: Any, most: int) -> list[ColumnElement[str]]:
        """What stands before the first dollar sign, the second and so on; at 0 nothing."""
        if self._on_postgresql:
            parts = [func.split_part(stored, "$", number) for number in range(1, most + 1)]
            return [
                func.concat_ws("$", *parts[:number], "") if number else literal("") for number in range(most + 1)
            ]
        ends: list[ColumnElement[int]] = [literal(0)]
        for _ in range(most):
            ends.append(ends[-1] + func.instr(func.substr(stored, ends[-1] + 1), "$"))
        return [func.substr(stored, 1, end) for end in ends]

    def _hash_start(self) -> ColumnElement[str]:
        """What stands before the salt of a hash, and its length, by which one that is cut off stands apart."""
        stored = User.hashed_password
        before = self._before_dollars(stored, max(dollars for _, dollars in _HASH_STARTS))
        brace = self._position(stored, literal("}"))
        start = case(
            (stored.like("$7$%"), func.substr(stored, 1, 4)),
            (or_(stored.like("$P$%"), stored.like("$H$%")), func.substr(stored, 1, 4)),
            (stored.like("{%}%"), func.substr(stored, 1, brace)),
            *((stored.like(form, escape="!"), before[n]) for form, n in _HASH_STARTS),
            else_="",
        )
        return case(
            (and_(stored.like("$2_$__$%"), self._bytes(stored) == 60), self._left(stored, 7)),
            (stored.like("!!%", escape="!"), "!"),
            else_=start.concat(literal(":")).concat(cast(func.length(stored), Text)),
        )


def _bucket(column: Any, bounds: Sequence[datetime], names: Sequence[str | None], none: str | None) -> _Facet:
    """Between which of the ascending bounds a time lies, each with those after it; for PostgreSQL."""
    array = literal(list(bounds), ARRAY(DateTime(timezone=True)))
    return _Facet(func.width_bucket(column, array), {**dict(enumerate(names)), None: none})


def _month_starts(since: datetime, now: datetime) -> Iterator[datetime]:
    """That time, the starts of the months after it up to that of the month after now."""
    yield since
    for month in range(12 * since.year + since.month, 12 * now.year + now.month + 1):
        yield datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _together(facets: Iterable[_Facet]) -> ColumnElement[int]:
    """One number for the values of all: the planner would expect far too many values of several."""
    together: ColumnElement[int] = cast(literal(0), BigInteger)
    for facet in facets:
        together = together * len(facet.names or ()) + func.coalesce(facet.expression, len(facet.names or ()) - 1)
    return together


def _apart(together: int, facets: Sequence[_Facet]) -> list[int | None]:
    """The numbers of which `_together` made one."""
    numbers: list[int | None] = []
    for facet in reversed(facets):
        names = facet.names or {}
        together, number = divmod(together, len(names))
        numbers.append(number if number in names else None)
    return numbers[::-1]


def _expressions(facets: Mapping[str, _Facet]) -> dict[str, ColumnElement[Any]]:
    return {name: facet.expression for name, facet in facets.items()}


def _named(rows: Iterable[tuple[Any, ...]], facets: Iterable[_Facet]) -> list[tuple[Any, ...]]:
    """The rows, whose first values are those of the facets, with names for numbers."""
    names = [(at, facet.names) for at, facet in enumerate(facets) if facet.names is not None]
    named = []
    for row in rows:
        values = list(row)
        for at, known in names:
            values[at] = known[values[at]]
        named.append(tuple(values))
    return named


def _rows(session: Session, query: Any) -> list[Any]:
    return [tuple(row) for row in session.execute(query)]
