"""A user as read for a change of many: values without a session."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import compress
from operator import is_not, itemgetter
from typing import TYPE_CHECKING, Any, Self

from usercli.emails import email_key
from usercli.hash_chain import differs_as_json
from usercli.models.clock import not_before
from usercli.models.recycle_bin import Recyclable
from usercli.schemas.user_fields import FIELD, STORED
from usercli.uuid7 import new_id

#: The columns that a change may set; the rest follows from it, or is not of a change.
SETTABLE = tuple(
    name for name in STORED if name not in {"id", "version", "created_at", "updated_at", "last_login_at"}
)

#: What such a change writes, and all that is read of a user: the key of the email besides.
WRITTEN, READ = ("email_key", *SETTABLE), ("email_key", *STORED)

_COMPARED = tuple(name for name in WRITTEN if name != "attributes")
_compared = itemgetter(*_COMPARED)

#: What a user has of whom only some fields were read.
_UNREAD = {**dict.fromkeys(READ), "version": 0, "created_at": datetime.min.replace(tzinfo=UTC)}


class UserState(Recyclable):
    """The columns of a user as attributes, and the roles held: by name, with their ids.

    A change sets attributes and roles; `settle` finds the columns and roles that differ from what was read.
    """

    if TYPE_CHECKING:
        id: uuid.UUID
        email: str
        email_key: str
        hashed_password: str
        password_changed_at: datetime | None
        attributes: dict[str, Any]
        version: int
        created_at: datetime
        updated_at: datetime
        managed_by: str | None
        expires_at: datetime | None

    def __init__(
        self,
        values: dict[str, Any],
        held: dict[str, uuid.UUID],
        fingerprint: int = 0,
        attributes_text: str | None = None,
    ) -> None:
        self.__dict__.update(values)
        self.attributes_text = attributes_text
        #: The id as it is written, twice or thrice.
        self.id_text = str(values["id"])
        self._read = values
        self._held = held
        self._now_held: dict[str, uuid.UUID] | None = None
        #: What the database says the row and its roles look like, to be compared later.
        self.fingerprint = fingerprint
        self.columns: dict[str, Any] = {}
        self.gained: tuple[uuid.UUID, ...] = ()
        self.lost: tuple[uuid.UUID, ...] = ()
        self.is_changed = False

    @classmethod
    def new(cls, fields: Mapping[str, Any], roles: dict[str, uuid.UUID], now: datetime) -> Self:
        """A user who is to be put in; what is not among the fields has its default."""
        values = {name: FIELD[name].default for name in STORED}
        values |= {"id": new_id(), "created_at": now, "updated_at": now, "attributes": {}, **fields}
        return cls({**values, "email_key": email_key(values["email"])}, roles)

    @classmethod
    def of_some_fields(cls, fields: Mapping[str, Any], roles: dict[str, uuid.UUID], fingerprint: int) -> Self:
        """A user of whom these fields were read, to be staged: what is not among them does not change."""
        return cls({**_UNREAD, **fields}, roles, fingerprint)

    @property
    def held(self) -> Mapping[str, uuid.UUID]:
        """The roles that were read: their ids by name."""
        return self._held

    def __getattr__(self, name: str) -> Any:
        if name == "attributes" and self.attributes_text is not None:
            self.__dict__[name] = self._read_attributes()
            return self.__dict__[name]
        raise AttributeError(name)

    def _read_attributes(self) -> Any:
        """The attributes that were read, parsed once they are wanted: most changes are about something else."""
        if "attributes" not in self._read and self.attributes_text is not None:
            self._read["attributes"] = json.loads(self.attributes_text)
        return self._read["attributes"]

    @property
    def shown_attributes(self) -> Any:
        """The attributes, or the text of them if nobody looked."""
        return self.__dict__.get("attributes", self.attributes_text)

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles held, by code point."""
        return tuple(sorted(self._held if self._now_held is None else self._now_held))

    def set_email(self, email: str) -> None:
        """Give another address, and its key."""
        self.email, self.email_key = email, email_key(email)

    def change_roles(self, added: Mapping[str, uuid.UUID], removed: Iterable[str]) -> None:
        """Give and take roles."""
        held = dict(self._held if self._now_held is None else self._now_held)
        for name in removed:
            held.pop(name, None)
        for name, role_id in added.items():
            held.setdefault(name, role_id)
        self._now_held = held

    def settle(self) -> bool:
        """Find out what differs from what was read; whether anything does."""
        now, read = self.__dict__, self._read
        others = compress(_COMPARED, map(is_not, _compared(now), _compared(read)))
        self.columns = {name: now[name] for name in others if _differ(now[name], read[name])}
        if "attributes" in now and _differ(now["attributes"], self._read_attributes()):
            self.columns["attributes"] = now["attributes"]
        if (held := self._now_held) is not None:
            self.gained = tuple([role_id for name, role_id in held.items() if name not in self._held])
            self.lost = tuple([role_id for name, role_id in self._held.items() if name not in held])
        self.is_changed = bool(self.columns or self.gained or self.lost)
        return self.is_changed

    def before(self, names: Iterable[str]) -> tuple[Any, ...]:
        """The values that were read; of roles the names."""
        return tuple([tuple(sorted(self._held)) if name == "roles" else self._read[name] for name in names])

    def saved(self, at: datetime) -> None:
        """The change is written at this time: it counts."""
        self.version += 1
        self.updated_at = not_before(at, self.created_at)


def _differ(one: Any, other: Any) -> bool:
    if one is other:
        return False
    if type(one) is dict and type(other) is dict:
        return differs_as_json(one, other)
    return type(one) is not type(other) or bool(one != other)
