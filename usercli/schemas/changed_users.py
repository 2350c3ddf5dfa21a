"""The users of a change as they are shown, however many."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any

from usercli.column_batches import Block, rows_of
from usercli.schemas.stored_times import UnreadableTimes
from usercli.schemas.user_fields import TIMES
from usercli.schemas.users import USER_FIELDS, UserView
from usercli.spool import SpooledSequence
from usercli.times import UnreadableTime

_values = attrgetter(*USER_FIELDS)
_kept = attrgetter(*("shown_attributes" if name == "attributes" else name for name in USER_FIELDS))
_ATTRIBUTES = USER_FIELDS.index("attributes")
_TIMES = tuple(place for place, name in enumerate(USER_FIELDS) if name in TIMES)
#: The types that the values have which `UserView` takes as they are.
_TYPES: dict[str, type] = {
    "id": uuid.UUID,
    "email": str,
    "full_name": str,
    "is_active": bool,
    "roles": tuple,
    "must_change_password": bool,
    "version": int,
}
_exact = itemgetter(*(USER_FIELDS.index(name) for name in _TYPES))
_EXACT_TYPES = tuple(_TYPES.values())

#: So many are a plain list.
_FEW = 1000


def unreadable_times(users: Sequence[UserView]) -> UnreadableTimes:
    """Those among the times of the users that no calendar holds."""
    found = UnreadableTimes()
    if not isinstance(users, ChangedUsers) or users.has_unreadable_times:
        for user in users:
            found.note(user.unreadable_times)
    return found


class ChangedUsers(SpooledSequence[UserView]):
    """Views of users; beyond some thousand they wait in a temporary file."""

    def __init__(self) -> None:
        super().__init__()
        self.has_unreadable_times = False
        self._replaced: dict[bytes, tuple[Any, ...]] = {}

    def add(self, users: Iterable[Any]) -> None:
        """The users as they are now. Raises BrokenRow."""
        self._spool.extend(map(self._packed, users))

    def replace(self, users: Iterable[Any]) -> None:
        """These users as they are now, in their places; for few."""
        self._replaced |= {values[0]: values for values in map(self._packed, users)}

    def _batches(self) -> Iterator[list[Any]]:
        replaced = self._replaced
        for batch in self._spool.batches():
            yield [replaced.get(values[0], values) for values in batch] if replaced else batch

    def settled(self) -> Sequence[UserView]:
        """These users; as a list if they are few."""
        return list(self) if len(self) <= _FEW else self

    def blocks(self, fields: Sequence[str]) -> Iterator[Block]:
        """Some fields of the users as columns, as JSON has them."""
        for batch in self._batches():
            columns = dict(zip(USER_FIELDS, zip(*batch, strict=True), strict=True))
            yield {name: _as_json(name, columns[name]) for name in fields}

    def rows(self, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The same, a user at a time."""
        return rows_of(self.blocks(fields))

    def _packed(self, user: Any) -> tuple[Any, ...]:
        values = list(_kept(user))
        is_odd = type(values[_ATTRIBUTES]) not in {dict, str}
        if is_odd or tuple(map(type, _exact(values))) != _EXACT_TYPES:
            values = list(_values(UserView.model_validate(user)))
        values[0] = values[0].bytes
        for place in _TIMES:
            if (moment := values[place]) is not None:
                values[place] = self._plain_time(moment)
        return tuple(values)

    def _plain_time(self, moment: datetime) -> Any:
        if type(moment) is UnreadableTime:
            self.has_unreadable_times = True
            return moment.stored, moment.year > 1
        return _iso(moment)

    def _made(self, values: Sequence[Any]) -> UserView:
        fields = dict(zip(USER_FIELDS, values, strict=True))
        fields["id"] = uuid.UUID(bytes=fields["id"])
        fields["attributes"] = _attributes(fields["attributes"])
        for place in _TIMES:
            if (stored := values[place]) is not None:
                fields[USER_FIELDS[place]] = _time(stored)
        return UserView.model_validate(fields)


@lru_cache(maxsize=1024)  # most of those who change together have the same
def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _as_json(name: str, values: Sequence[Any]) -> Sequence[Any]:
    if name == "id":
        return [str(uuid.UUID(bytes=value)) for value in values]
    if name == "roles":
        return list(map(list, values))
    if name == "attributes":
        return list(map(_attributes, values))
    return list(map(_time_as_json, values)) if name in TIMES else values


def _time_as_json(stored: Any) -> str | None:
    if stored is None:
        return None
    return str(_time(stored)) if type(stored) is tuple else f"{stored[:-6]}Z"


def _attributes(kept: Any) -> Any:
    return json.loads(kept) if type(kept) is str else kept


def _time(stored: Any) -> datetime:
    if type(stored) is tuple:
        return UnreadableTime.of(stored[0], late=stored[1])
    return datetime.fromisoformat(stored)
