"""How many users there are of each kind: counted by the database, one statement a question."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from usercli.models.clock import now
from usercli.models.role import Role, UserRole
from usercli.models.types import as_read
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

#: For the transaction: group by hash tables, in parallel, and read an index that has all that is asked for.
_PLANNER = {"enable_sort": "off", "work_mem": "64MB", "parallel_tuple_cost": "0", "random_page_cost": "1.1"}

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


class StatisticsRepository:
    """Counts of the users that fit, grouped by facets: state, sign-in, expiry, scheme and so on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._on_postgresql = session.get_bind().dialect.name == "postgresql"
        self._now = now(session.connection())
        if self._on_postgresql:  # nothing tells the planner that the expressions have few values: it would sort
            for setting, value in _PLANNER.items():
                session.execute(select(func.set_config(setting, value, True)))

    def count(self, criteria: UserCriteria, *facets: str) -> list[tuple[Any, ...]]:
        """A value for each facet, and how many users have these values."""
        inner = self._users(criteria, {facet: self._facet(facet) for facet in facets})
        values = [inner.c[facet] for facet in facets]
        return _rows(self.session, select(*values, func.count()).group_by(*values))

    def count_hashes(
        self, criteria: UserCriteria, *facets: str, months: Sequence[str] = (), since: datetime | None = None
    ) -> list[tuple[Any, ...]]:
        """The same, by what their hashes have in common as well: the first and the last hash of each kind.

        And by the `months` of these times, from then on: `2026-11`, or None before.
        """
        columns = {facet: self._facet(facet) for facet in facets}
        columns |= {f"month of {name}": self._month(getattr(User, name), since) for name in months}
        inner = self._users(criteria, {**columns, "start": self._hash_start(), "hash": User.hashed_password})
        values = [inner.c[name] for name in columns]
        counted = [*values[: len(facets)], *map(self._shown_month, values[len(facets) :])]
        shown = [*counted, func.min(inner.c.hash), func.max(inner.c.hash), func.count()]
        return _rows(self.session, select(*shown).group_by(*values, inner.c.start))

    def most_frequent(self, criteria: UserCriteria, facet: str, limit: int) -> tuple[list[tuple[Any, int]], int]:
        """The values of a facet that most users have, and how many users have the others."""
        inner = self._users(criteria, {facet: self._facet(facet)})
        value, users = inner.c[facet], func.count()
        counted = select(value.label("value"), users.label("users")).group_by(value).subquery()
        ranked = select(counted.c.value, counted.c.users, func.sum(counted.c.users).over().label("all"))
        ranked = ranked.order_by(counted.c.users.desc(), counted.c.value).limit(limit)
        found = _rows(self.session, ranked)
        everybody = int(found[0][2]) if found else 0
        return [(name, users) for name, users, _ in found], everybody - sum(users for _, users, _ in found)

    def count_months(self, criteria: UserCriteria, field: str, since: datetime) -> Counter[str]:
        """How many users have the time of the field in each month from then on, in UTC, by `2026-11`."""
        column = getattr(User, field)
        inner = self._users(criteria, {"month": self._month(column, since)}, where=[column >= since])
        month = inner.c.month
        return Counter(dict(_rows(self.session, select(self._shown_month(month), func.count()).group_by(month))))

    def _month(self, column: Any, since: datetime | None) -> ColumnElement[Any]:
        on_postgresql = func.date_trunc("month", func.timezone("UTC", column))
        month = on_postgresql if self._on_postgresql else func.substr(cast(column, Text), 1, 7)
        return case((column >= since, month))

    def _shown_month(self, month: Any) -> Any:
        return func.substr(cast(month, Text), 1, 7)

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
        return query.with_only_columns(*labelled).where(*where).subquery()

    def _facet(self, name: str) -> ColumnElement[Any]:
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


def _rows(session: Session, query: Any) -> list[Any]:
    return [tuple(row) for row in session.execute(query)]
