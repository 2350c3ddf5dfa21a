"""A user of another system, and the conversion of its values to ours."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from usercli.errors import Hint
from usercli.hash_forms import looks_like_hash
from usercli.readers import BadRecord, LeftOut, ReadOptions, Record
from usercli.readers.foreign_hashes import Secret, keep, unlocked
from usercli.readers.key_names import is_blank, without_secrets
from usercli.schemas.import_rows import SomeAttributes

# Not allowed in our fields: control characters and lone surrogates.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_TIME = re.compile(r"\s*\Z|never\b|0000-00-00|1970-01-01[T ]00:00:00", re.IGNORECASE)
_SLASHES = re.compile(r"^(\d{4})/(\d\d)/(\d\d)")  # of Google
_MIN_MILLISECONDS = 100_000_000_000  # in seconds: the year 5138


class InvalidRecord(Exception):
    """A user cannot be read, for `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = sanitize(reason)


@dataclass(slots=True)
class ForeignUser:
    """A user of another system; without an email the address is made of `login`."""

    email: str = ""
    login: str = ""
    name: str = ""
    is_active: bool = True
    roles: list[str] = field(default_factory=list)
    #: Those that hold secrets by their names are left out.
    attributes: dict[str, Any] = field(default_factory=dict)
    #: Of our own export: what has the same name as one of the others gives way to it.
    own_attributes: dict[str, Any] = field(default_factory=dict)
    secret: Secret = field(default_factory=Secret)
    must_change_password: bool = False
    #: By our field names.
    times: dict[str, datetime | None] = field(default_factory=dict)

    def record(self, number: int, options: ReadOptions) -> Record | BadRecord:
        """The record; a BadRecord without an email if there is no address and none can be made."""
        if self.secret.password and looks_like_hash(unlocked(self.secret.password)):
            self.secret = keep(self.secret.password)  # hashed again it would match no password
        fields = self._fields(options.left_out)
        fields["email"] = self.email or address_of(self.login, options)
        if fields["email"]:
            return Record(number, fields, self.secret.unsupported)
        if options.email_domain:
            return BadRecord(number, "the user has neither an address nor a login name", fields)
        who = f"the user {sanitize(self.login)[:64]}" if self.login else "the user"
        return BadRecord(number, f"{who} has no address", fields, Hint.EMAIL_DOMAIN)

    def _fields(self, left_out: LeftOut) -> dict[str, Any]:
        fields: dict[str, Any] = {"email": "", "full_name": sanitize(self.name)}
        fields["is_active"] = self.is_active and not self.secret.is_locked
        fields["roles"] = list(dict.fromkeys(self.roles))
        fields["attributes"] = SomeAttributes(
            (sanitize(key), clean)
            for key, value in (self.own_attributes | without_secrets(self.attributes, left_out)).items()
            if key.strip() and not is_blank(clean := sanitize_json(value))
        )
        if self.must_change_password:
            fields["must_change_password"] = True
        fields |= {name: time for name, time in self.times.items() if time is not None}
        if self.secret.hashed:
            fields["hashed_password"] = self.secret.hashed
        if self.secret.password:
            fields["password"] = self.secret.password
        return fields


def address_of(login: str, options: ReadOptions) -> str:
    """The login name completed by --email-domain, unless it is an address already; empty without a domain."""
    if "@" in login:
        return login
    return f"{login}@{options.email_domain}" if login and options.email_domain else ""


def sanitize(value: str) -> str:
    """The text on one line, each run of control characters replaced by a blank."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", value)).strip()


def sanitize_json(value: Any) -> Any:
    """The JSON value with sanitized texts and keys; numbers that are not finite become null."""
    if isinstance(value, str):
        return sanitize(value)
    if isinstance(value, dict):
        return {sanitize(key) or "_": sanitize_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [sanitize_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def joined(*names: str) -> str:
    """The names that are not empty, joined by blanks."""
    return " ".join(filter(None, (sanitize(name) for name in names)))


def text(item: dict[str, Any], key: str) -> str:
    """The text of a key, empty if missing. Raises InvalidRecord."""
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRecord(f"{key} is not a text")
    return value


def flag(item: dict[str, Any], key: str, default: bool = False) -> bool:
    """The boolean of a key. Raises InvalidRecord."""
    value = item.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidRecord(f"{key} is neither true nor false")
    return value


def part(item: dict[str, Any], key: str) -> dict[str, Any]:
    """The object of a key, empty if missing. Raises InvalidRecord."""
    value = item.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRecord(f"{key} is not an object")
    return value


def entries(item: dict[str, Any], key: str) -> list[Any]:
    """The list of a key, empty if missing. Raises InvalidRecord."""
    value = item.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidRecord(f"{key} is not a list")
    return value


def parts(item: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The list of objects of a key, empty if missing. Raises InvalidRecord."""
    found = entries(item, key)
    if not all(isinstance(entry, dict) for entry in found):
        raise InvalidRecord(f"{key} is not a list of objects")
    return found


def names(item: dict[str, Any], key: str) -> list[str]:
    """The list of texts of a key, empty if missing; a single text is a list of one. Raises InvalidRecord."""
    value = item.get(key)
    found = [value] if isinstance(value, str) else entries(item, key)
    if not all(isinstance(entry, str) for entry in found):
        raise InvalidRecord(f"{key} is not a list of texts")
    return [entry for entry in found if entry]


def rest(item: dict[str, Any], taken: Iterable[str]) -> dict[str, Any]:
    """The object without these keys."""
    return {key: value for key, value in item.items() if key not in taken}


def moment(item: dict[str, Any], key: str) -> datetime | None:
    """The time of a key, None if missing: ISO 8601 (default zone UTC), or a Unix time in s or ms.

    None also for MySQL's 0000-00-00, for `never`, and for 1970-01-01 00:00, which says that there was none.
    Raises InvalidRecord.
    """
    value = item.get(key)
    if isinstance(value, dict):  # MongoDB's extended JSON
        value = value.get("$date")
    if value is None or (isinstance(value, str) and _NO_TIME.match(value)):
        return None
    try:
        if isinstance(value, str) and not value.isdigit():
            found = datetime.fromisoformat(_SLASHES.sub(r"\1-\2-\3", value.strip()).removesuffix(" UTC"))
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return since_1970(int(value))
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidRecord(f"{key} is not a time")


def since_1970(count: int) -> datetime | None:
    """A Unix time in seconds or milliseconds; None for 0."""
    if count >= _MIN_MILLISECONDS:
        seconds, thousandths = divmod(count, 1000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=thousandths * 1000)
    return datetime.fromtimestamp(count, UTC) if count else None
