"""Users as they are named: by id or by email, in the bin or not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session, aliased, joinedload

from usercli import uuid7
from usercli.batches import batched
from usercli.errors import Ambiguous, UserNotFound
from usercli.models.role import UserRole
from usercli.models.user import User
from usercli.repositories.base import Repository
from usercli.schemas.selected_users import SelectedUsers
from usercli.schemas.users import UserKey

_KEYS_A_QUERY = 15_000  # each stands twice; below the parameters that one statement may have on either engine
_FEW = 100
#: Stands between values that are sent as one.
_SEPARATOR = chr(31)
_LAST = uuid.UUID(int=(1 << 128) - 1)

#: Users and their roles in one question; an inner join inside an outer one would let SQLite read all grants.
WITH_ROLES = joinedload(User.grants).joinedload(UserRole.role, innerjoin=False)


class Place(NamedTuple):
    """Where a user is found."""

    id: uuid.UUID
    email_key: str
    deleted_at: datetime | None


Placed = TypeVar("Placed", User, Place)


class UserLookup(Repository[User]):
    """Finds the users that a command names."""

    model = User

    def pick(self, keys: Sequence[UserKey], *, lock: bool = False) -> list[User]:
        """The users outside the bin, each once, in the order asked. Raises UserNotFound naming all missing."""
        return self._pick(keys, lock, User.deleted_at.is_(None))

    def pick_deleted(self, keys: Sequence[UserKey], *, lock: bool = False) -> list[User]:
        """The users in the bin. Raises UserNotFound, or Ambiguous when one email was binned twice."""
        return self._pick(keys, lock, User.deleted_at.is_not(None))

    def pick_including_deleted(
        self,
        keys: Sequence[UserKey],
        *,
        lock: bool = False,
        deleted_first: bool = False,
        live_first: bool = False,
    ) -> list[User]:
        """The users in the bin or not. Raises UserNotFound, or Ambiguous when an email fits several.

        With `deleted_first` a user outside the bin counts only where none in the bin fits; with `live_first` the
        other way round.
        """
        return self._pick(keys, lock, first="deleted" if deleted_first else "live" if live_first else None)

    def deleted_namesakes(self, keys: Sequence[UserKey]) -> list[User]:
        """The users in the bin whose email is that of a user outside, for the emails among the keys."""
        named = [key for key in keys if key.email_key]
        found = self._candidates(named, False).values() if named else []
        return [
            user
            for users in found
            if any(not user.deleted_at for user in users)
            for user in users
            if user.deleted_at
        ]

    def namesakes_of_new(self, number: int, change_id: uuid.UUID) -> tuple[int, str]:
        """How many of the `number` users that an import made have a namesake in the bin, and one email.

        It takes as long as there are users on the smaller of both sides.
        """
        new, binned = aliased(User), aliased(User)
        is_live, is_binned = new.deleted_at.is_(None), binned.deleted_at.is_not(None)
        in_bin = select(func.count()).select_from(select(binned.id).where(is_binned).limit(number + 1).subquery())
        if not (there := self.session.scalar(in_bin)):
            return 0, ""
        # looked up one by one, and the ids compared then: right after an import the statistics tell a planner
        # that there is nobody with such an id, and of that it makes a loop over all for each
        same = new.email_key == binned.email_key
        first_id = uuid7.first_of_moment(change_id)
        is_ours = _marked(self.session, new.id) == uuid7.mark(change_id)
        if there > number:
            namesake = select(func.min(binned.email_key)).where(same, is_binned).scalar_subquery()
            found = select(case((and_(namesake.is_not(None), is_ours), new.email)).label("email"))
            found = found.where(new.id >= first_id, is_live)
        else:
            made = (
                select(case((and_(new.id >= first_id, is_ours), new.email))).where(same, is_live).scalar_subquery()
            )
            found = select(made.label("email")).where(is_binned).distinct()
        emails = found.subquery().c.email
        count, first = self.session.execute(select(func.count(emails), func.min(emails))).one()
        return count, first or ""

    def find_all(self, keys: Sequence[UserKey]) -> dict[object, list[User]]:
        """The users in the bin or not whom these keys fit, by id and by email key."""
        return self._candidates(keys, False)

    def existing_keys(self, keys: Sequence[UserKey]) -> list[UserKey]:
        """Those keys that name a user outside the bin."""
        found = self._candidates(keys, False, User.deleted_at.is_(None))
        return [key for key in keys if (key.id or key.email_key) in found]

    def find_existing(self, key: UserKey) -> User | None:
        """The user outside the bin, or None."""
        return next(iter(self._candidates([key], False, User.deleted_at.is_(None)).values()), [None])[0]

    def locate(self, keys: Sequence[UserKey], *, lock: bool = False) -> list[uuid.UUID]:
        """The ids of the users whom `pick` gives, past the ORM. Raises UserNotFound naming all missing."""
        return list(_picked(keys, self._places(keys, lock, User.deleted_at.is_(None))))

    def locate_selected(self, selected: SelectedUsers, *, lock: bool = False) -> Iterator[Sequence[uuid.UUID]]:
        """The ids of users outside the bin, some thousands at a time.

        Without a lock nobody looks who is still there. Raises UserNotFound naming all missing.
        """
        missing: list[UserKey] = []
        for emails in selected.batches():
            if not lock:
                yield list(emails)
                continue
            fits = among(self.session, User.id, list(emails)), User.deleted_at.is_(None)
            there = self.session.scalars(select(User.id).where(*fits).order_by(User.id).with_for_update()).all()
            missing += [UserKey(typed=emails[gone], id=gone) for gone in emails.keys() - set(there)]
            yield there
        if missing:
            raise UserNotFound(dict.fromkeys(missing))

    def locate_including_deleted(
        self, keys: Sequence[UserKey], *, lock: bool = False, deleted_first: bool = False
    ) -> list[uuid.UUID]:
        """The ids of those whom `pick_including_deleted` gives, past the ORM. Raises UserNotFound, Ambiguous."""
        return list(_picked(keys, self._places(keys, lock), "deleted" if deleted_first else None))

    def _pick(
        self, keys: Sequence[UserKey], lock: bool, *where: ColumnElement[bool], first: str | None = None
    ) -> list[User]:
        return list(_picked(keys, self._candidates(keys, lock, *where), first).values())

    def _candidates(
        self, keys: Sequence[UserKey], lock: bool, *where: ColumnElement[bool]
    ) -> dict[object, list[User]]:
        """Users by their id and by their email key."""
        found: dict[object, dict[uuid.UUID, User]] = {}
        wanted = select(User)
        if not lock and len(keys) <= _FEW:  # one question less, where rows are few
            wanted = wanted.options(WITH_ROLES)
        for query in self._queries(wanted, keys, lock, *where):
            _index(found, self.session.scalars(query.execution_options(populate_existing=lock)).unique())
        return {name: list(users.values()) for name, users in found.items()}

    def _places(
        self, keys: Sequence[UserKey], lock: bool, *where: ColumnElement[bool]
    ) -> dict[object, list[Place]]:
        """The same of ids, keys and deletions alone."""
        found: dict[object, dict[uuid.UUID, Place]] = {}
        selected: Any = select(User.id, User.email_key, User.deleted_at)
        for query in self._queries(selected, keys, lock, *where):
            _index(found, map(Place._make, self.session.connection().execute(query).all()))
        return {name: list(users.values()) for name, users in found.items()}

    def _queries(
        self, selected: Select[Any], keys: Sequence[UserKey], lock: bool, *where: ColumnElement[bool]
    ) -> Iterator[Select[Any]]:
        """The question for all users whom the keys fit, in parts.

        By id, also from part to part: two commands that name the same users lock them in the same order.
        """
        for some in batched(sorted(keys, key=_id_or_last), _KEYS_A_QUERY):
            ids = [key.id for key in some if key.id]
            names = [key.email_key for key in some if key.email_key]
            fits = [among(self.session, User.id, ids)] if ids else []
            if names:
                fits.append(self._have_key(names, any_place=not where))
            query = selected.where(or_(*fits), *where).order_by(User.id)
            yield query.with_for_update() if lock else query

    def _have_key(self, names: Sequence[str], *, any_place: bool) -> ColumnElement[bool]:
        """The address is one of these; outside the bin and in it there is an index each, but none for both."""
        one_of = among(self.session, User.email_key, names)
        if not any_place:
            return one_of
        return or_(and_(User.deleted_at.is_(None), one_of), and_(User.deleted_at.is_not(None), one_of))


def among(session: Session, column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition that a column has one of these values; on PostgreSQL a single parameter, however many."""
    if len(values) == 1:
        return cast("ColumnElement[bool]", column == values[0])
    if session.get_bind().dialect.name != "postgresql":
        one_of: ColumnElement[bool] = column.in_(values)
        return one_of
    # as text: expressions refer to each other, and would hold the values until the garbage collector comes;
    # psycopg takes ten times as long for a list, and a cast from a whole text would be no constant to the planner
    together = _SEPARATOR.join(map(str, values))
    if together.count(_SEPARATOR) >= max(len(values), 1):
        listed = text("ANY (:among)").bindparams(_among(list(values), ARRAY(Text())))
    else:
        array = "string_to_array(:among, chr(31))"
        array = f"CAST({array} AS uuid[])" if isinstance(column.type, Uuid) else array
        listed = text(f"ANY ({array})").bindparams(_among(together, Text()))
    return cast("ColumnElement[bool]", column.op("=", is_comparison=True)(listed))


def _marked(session: Session, column: Any) -> ColumnElement[str]:
    """The mark of an id, as uuid7.mark has it; SQLite stores ids without their hyphens."""
    if session.get_bind().dialect.name == "postgresql":
        return func.substr(sql_cast(column, Text), 20, 9)
    digits: Any = type_coerce(column, Text)
    marked: ColumnElement[str] = func.substr(digits, 17, 4) + "-" + func.substr(digits, 21, 4)
    return marked


def _among(value: Any, kind: Any) -> Any:
    return bindparam("among", value, type_=kind, unique=True)


def _index(found: dict[object, dict[uuid.UUID, Placed]], users: Iterable[Placed]) -> None:
    for user in users:
        for name in (user.id, user.email_key):
            found.setdefault(name, {})[user.id] = user  # an earlier part may have named it too


def _picked(
    keys: Sequence[UserKey], found: dict[object, list[Placed]], first: str | None = None
) -> dict[uuid.UUID, Placed]:
    """Whom each key names, once, in the order asked."""
    picked: dict[uuid.UUID, Placed] = {}
    missing = []
    for key in keys:
        fitting = found.get(key.id or key.email_key, [])
        if first is not None:
            wanted = [user for user in fitting if (user.deleted_at is not None) == (first == "deleted")]
            fitting = wanted or fitting
        if not fitting:
            missing.append(key)
        elif len(fitting) > 1:
            raise Ambiguous(f"{key} matches several users; name one of: {_told_apart(fitting)}")
        else:
            picked[fitting[0].id] = fitting[0]
    if missing:
        raise UserNotFound(dict.fromkeys(missing))
    return picked


def _id_or_last(key: UserKey) -> uuid.UUID:
    return key.id or _LAST


def _told_apart(users: Sequence[User | Place]) -> str:
    """Each with its id and the day of its deletion; to the second where some went on one day."""
    days = [user.deleted_at.date() for user in users if user.deleted_at]
    form = "%Y-%m-%d" if len(set(days)) == len(days) else "%Y-%m-%dT%H:%M:%SZ"
    where = {user.id: f"deleted {user.deleted_at:{form}}" if user.deleted_at else "live" for user in users}
    return ", ".join(f"id:{found} ({said})" for found, said in where.items())
