"""One user of a file, checked and typed: a million of them, so by hand where a model would cost seconds."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from usercli.emails import email_key, validate_email
from usercli.errors import Hint, InvalidInput
from usercli.hash_chain import canonical
from usercli.hash_forms import UnsupportedHash, identify, in_our_spelling, require_hash, require_no_hash
from usercli.plain_emails import PLAIN
from usercli.schemas.attributes import check_attributes
from usercli.schemas.boolean_words import IMPORTED_BOOLEANS, STATE_WORDS
from usercli.schemas.import_times import NO_TIME, TimeReader, shown_order
from usercli.schemas.user_fields import PRESERVED, TIMES
from usercli.schemas.users import NAME_LENGTH, STRICT, require_role_name
from usercli.text import visible
from usercli.validation import read_json, require_json_texts, require_storable

YesNo = Literal["", "true", "false", "yes", "no", "1", "0", "t", "f", "y", "n", "on", "off"]
Time = Annotated[
    str,
    Field(
        description="RFC 3339, a time or a date without a zone (UTC unless another is given), seconds or "
        "milliseconds since 1970, a local form as in 31.12.2027, or a span from now as in 30d"
    ),
]


class ImportRecord(BaseModel):
    """What a JSON file may say of a user: the fields that an export shows, and its secrets.

    It declares the fields and their types; RowParser reads them.
    """

    model_config = STRICT

    id: uuid.UUID | None = None
    email: Annotated[str, Field(min_length=1)]
    full_name: Annotated[str, Field(max_length=NAME_LENGTH)] | None = None
    is_active: bool | YesNo | None = None
    roles: list[Annotated[str, Field(min_length=1)]] | Annotated[str, Field(description="joined by ;")] | None = (
        None
    )
    attributes: dict[str, Any] | Annotated[str, Field(description="a JSON object as text")] | None = None
    must_change_password: bool | YesNo | None = None
    password_changed_at: Time | None = None
    expires_at: Time | None = None
    last_login_at: Time | None = None
    version: Annotated[int, Field(ge=1, lt=2**31)] | Annotated[str, Field(pattern="^[0-9]*$")] | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    deleted_at: Time | None = None
    hashed_password: str | None = None
    password: str | None = None


FIELDS = tuple(ImportRecord.model_fields)

#: What a reject file says besides, passed over when it is imported again.
REJECT_FIELDS = ("reject_line", "reject_reason")
IGNORED = frozenset(REJECT_FIELDS)


_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-5])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]")
#: Attributes up to so many characters are remembered: those of one team, country or plan are alike.
_OFTEN_THE_SAME = 500


class SomeAttributes(dict[str, Any]):
    """Attributes that stand in columns of their own: an update leaves the others as they are."""


class Attributes(NamedTuple):
    """Checked attributes, and the texts that are made of them; one object may stand in many rows."""

    value: Mapping[str, Any]
    #: In the order of the file.
    text: str
    #: As `usercli.hash_chain` defines it.
    canonical: str


NO_ATTRIBUTES = Attributes({}, "{}", "{}")


@dataclass(slots=True)
class UserRow:
    """A user to be written; what the file does not say is at its default."""

    email: str
    email_key: str
    #: Where it stands in the file, and what stands there.
    line: int
    fields: Mapping[str, Any]
    full_name: str = ""
    is_active: bool = True
    roles: tuple[str, ...] = ()
    attributes: Attributes = NO_ATTRIBUTES
    must_change_password: bool = False
    expires_at: datetime | None = None
    hashed_password: str | None = None
    password: str | None = None
    #: The scheme of a hash that was left out because it cannot be verified.
    unsupported: str | None = None
    #: With --preserve: id, version and times as they were.
    kept: Mapping[str, Any] | None = None

    def __reduce__(self) -> Any:
        return UserRow, _row_values(self)  # half the time and size of what a dataclass does


_row_values = attrgetter(*(field.name for field in fields(UserRow)))

#: Where there may be none, words say so.
_MAY_BE_NEVER = frozenset({"expires_at", "last_login_at"})


_PRESERVED = frozenset(PRESERVED)


class RowParser:
    """Makes rows of records; `preserve` keeps ids, times and versions."""

    def __init__(
        self,
        *,
        special_use_domains: Iterable[str] = (),
        preserve: bool = False,
        times: TimeReader = TimeReader(),  # noqa: B008 - frozen
    ) -> None:
        self._allowed = tuple(special_use_domains)
        self._preserve = preserve
        self._times = times
        #: Rows so far with blanks around the address, which the row is without.
        self.trimmed = 0
        #: Rows so far, and those of them that are active.
        self.rows = self.active = 0
        #: The fields of rows so far that only new users have, and these only if they are preserved.
        self.preserved: set[str] = set()
        #: By field, the order of the first date that shows one, and the date.
        self._orders: dict[str, tuple[str, str]] = {}

    def parse(self, line: int, fields: Mapping[str, Any]) -> UserRow:
        """The row. Raises InvalidInput with the reason."""
        email = fields.get("email")
        if type(email) is str and PLAIN.fullmatch(email):
            row = UserRow(email, email.lower(), line, fields)
        else:
            row = UserRow(*self._email(email), line, fields)
        if name := fields.get("full_name"):
            row.full_name = _name(name)
        if (active := fields.get("is_active", "true")) != "true":
            row.is_active = _flag(active, "is_active", True)
        self.rows += 1
        self.active += row.is_active
        if roles := fields.get("roles"):
            row.roles = _roles(roles)
        if (attributes := fields.get("attributes")) and attributes != "{}":
            row.attributes = _attributes(attributes)
        if (must := fields.get("must_change_password", False)) is not False:
            row.must_change_password = _flag(must, "must_change_password", False)
        if expires := fields.get("expires_at"):
            row.expires_at = self._time(expires, "expires_at")
        if hashed := fields.get("hashed_password"):
            if type(hashed) is str and (hashed == "!" or _BCRYPT.fullmatch(hashed)):
                row.hashed_password = hashed
            else:
                _take_hash(row, hashed)
        if password := fields.get("password"):
            row.password = _password(password)
        if row.password and (row.hashed_password or row.unsupported):
            raise InvalidInput("both a password and a hash are given")
        if self._preserve:
            self._keep(row, fields)
        elif not _PRESERVED.isdisjoint(fields):
            if fields.get("deleted_at"):
                raise InvalidInput("the user is in the recycle bin (deleted_at)", hint=Hint.PRESERVE)
            self.preserved.update(name for name in _PRESERVED.intersection(fields) if fields[name])
        self.trimmed += row.email != email
        return row

    def _email(self, email: Any) -> tuple[str, str]:
        if not isinstance(email, str) or not (email := email.strip()):
            raise InvalidInput("there is no email")
        validate_email(email, self._allowed)
        return email, email_key(email)

    def _keep(self, row: UserRow, fields: Mapping[str, Any]) -> None:
        kept: dict[str, Any] = {}
        for name in PRESERVED:
            if name in TIMES and fields.get(name):
                kept[name] = self._time(fields[name], name)
        if fields.get("id"):
            kept["id"] = _id(fields["id"])
        if fields.get("version"):
            kept["version"] = _version(fields["version"])
        if kept.get("deleted_at"):
            row.is_active = False
        self.preserved.update(kept)
        row.kept = kept

    def _time(self, value: Any, what: str) -> datetime | None:
        """The time in UTC: a database need not know the offset, nor a year that it leads to."""
        if isinstance(value, datetime):
            moment = value
        elif not isinstance(value, str):
            raise InvalidInput(f"{what} is not a time")
        else:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                if what in _MAY_BE_NEVER and value.strip().lower() in NO_TIME:
                    return None
                moment = self._local_time(value, what)
            if moment.tzinfo is None:
                moment = self._times.read(value)
        if moment.tzinfo is UTC:
            return moment
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise InvalidInput(f"{what} lies outside the years 1 to 9999 in UTC") from None

    def _local_time(self, value: str, what: str) -> datetime:
        """A time in a local form. Raises InvalidInput, also if another of the field has the order reversed."""
        try:
            moment = self._times.read(value)
        except InvalidInput as error:
            if what in _MAY_BE_NEVER and error.hint is None and not any(map(str.isdigit, value)):
                raise InvalidInput(
                    f"{error.message}; where there is none, leave {what} empty or write never"
                ) from None
            raise
        if order := shown_order(value):
            first, example = self._orders.setdefault(what, (order, value))
            if first != order:
                parts = ("day", "month") if order == "dmy" else ("month", "day")
                raise InvalidInput(
                    f"{what}: {visible(value)} has the {parts[0]} first, but {visible(example)} the {parts[1]}"
                )
        return moment


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput("full_name is not a text")
    if len(value) > NAME_LENGTH:
        raise InvalidInput(f"full_name is longer than {NAME_LENGTH} characters ({len(value)})")
    return value if value.isprintable() else require_storable(value, "full_name")


def _flag(value: Any, what: str, default: bool) -> bool:
    if isinstance(value, bool):
        return value
    if value is None or value == "":
        return default
    word = str(value).strip().lower()
    found = IMPORTED_BOOLEANS.get(word)
    if found is None and what == "is_active":
        found = STATE_WORDS.get(word)
    if found is None and word:
        raise InvalidInput(f"{what} is neither true nor false: {visible(word[:50])}", hint=Hint.VALUE)
    return default if found is None else found


def role_list(text: str) -> Any:
    """The roles that a text says: names joined by `;`, or what a JSON list holds, as other programs write one."""
    if text.lstrip().startswith("["):
        with suppress(InvalidInput):
            return read_json(text)
    return text.split(";")


def _roles(value: Any) -> tuple[str, ...]:
    names = role_list(value) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise InvalidInput("roles is not a list of names (in a table: joined by ;)")
    for name in names:
        _require_role_name(name)
    return tuple(dict.fromkeys(names))


#: A file names few roles, again and again.
_require_role_name = lru_cache(maxsize=1024)(require_role_name)


def _attributes(value: Any) -> Attributes:
    if not isinstance(value, str):
        return _checked_attributes(value)
    return _read_attributes(value) if len(value) <= _OFTEN_THE_SAME else _read_attributes.__wrapped__(value)


@lru_cache(maxsize=1024)
def _read_attributes(text: str) -> Attributes:
    return _checked_attributes(read_json(text, "attributes is not a JSON object"))


def _checked_attributes(value: Any) -> Attributes:
    if not isinstance(value, dict):
        raise InvalidInput("attributes is not a JSON object")
    if type(value) is SomeAttributes:
        value = dict(value)
    require_json_texts(value, "an attribute", require_storable)
    check_attributes(value)  # not stored_attributes: what was exported comes back byte by byte
    return Attributes(value, json.dumps(value, ensure_ascii=False), canonical(value))


def _take_hash(row: UserRow, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidInput("hashed_password is not a text")
    try:
        stored = in_our_spelling(value)  # {CRYPT}! is disabled, too
        row.hashed_password = stored if identify(stored).scheme == "disabled" else require_hash(value)
    except UnsupportedHash as error:
        row.unsupported = error.name


def _password(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput("password is not a text")
    from usercli.passwords import require_form

    return require_form(require_no_hash(value, "a hash is for the field hashed_password", Hint.MAP_HASH))


def _id(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise InvalidInput("id is not a UUID") from None


def _version(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31:
        return value
    text = value if isinstance(value, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) < 2**31):
        raise InvalidInput("version is not a number from 1 to 2147483647")
    return int(text)
