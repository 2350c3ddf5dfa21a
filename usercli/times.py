"""Parse and format times; always timezone-aware, always UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from usercli.errors import InvalidInput

_SPAN = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMS = "write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z"
_SPELLED = re.compile(
    r"(\d{1,6}) ?(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|(?-i:(?<=[0-9])[SMHDW]))",
    re.IGNORECASE,
)
_NO_FIXED_LENGTH = re.compile(r"(\d{1,3}) ?(mon?|mths?|months?|y|yrs?|years?)", re.IGNORECASE)
_OTHER_DATE = re.compile(r"(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.(\d{4})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


class UnreadableTime(datetime):
    """What a database holds where no calendar has such a time: `infinity`, the year 20000, or no time at all.

    It compares as the first moment of the year 1, so that an expiry has passed, or as the last one of 9999.
    `stored` is what the database holds.
    """

    stored: Any = None

    @classmethod
    def of(cls, stored: Any, *, late: bool = False) -> Self:
        """What stands for this stored value; `late` is beyond the year 9999."""
        place = datetime.max if late else datetime.min
        made = cls.combine(place.date(), place.time(), UTC)
        made.stored = stored
        return made

    def isoformat(self, *_: Any) -> str:
        """What is stored, as a text: an ISO time there is not."""
        return f"0x{self.stored.hex()}" if isinstance(self.stored, bytes) else str(self.stored)

    def __str__(self) -> str:
        return self.isoformat()

    def __format__(self, _: str) -> str:
        return self.isoformat()

    def __reduce_ex__(self, _: Any) -> tuple[Any, ...]:
        return _copy_unreadable, (self.stored, self.year > 1)


def _copy_unreadable(stored: Any, late: bool) -> UnreadableTime:
    return UnreadableTime.of(stored, late=late)


def utcnow() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with Z, microseconds only if they are not zero; of an unreadable time what is stored."""
    if isinstance(moment, UnreadableTime):
        return moment.isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sqlite_time(moment: datetime) -> str:
    """The text that SQLAlchemy stores in SQLite: UTC without a zone, always with six digits of microseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def parse_span(text: str) -> timedelta:
    """A duration: `30d`, `12h`, `15m`, `90s`, `2w`. Raises InvalidInput."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise InvalidInput(f"not a length of time: {text} ({_meant_span(text) or 'write 30d or 12h'})")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_time(text: str, *, relative_to: Literal["future", "past"], now: datetime | None = None) -> datetime:
    """An RFC 3339 time, a date (00:00 UTC), or a duration before or after now. Raises InvalidInput."""
    try:
        if _SPAN.fullmatch(text):
            span = parse_span(text)
            now = now or utcnow()
            return now + span if relative_to == "future" else now - span
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput(f"not a time: {text} ({_meant_span(text) or _meant_date(text) or _FORMS})")


def _meant_span(text: str) -> str:
    """How to write what looks like a length of time, or nothing."""
    if text.isascii() and text.isdigit():
        return f"{text} what? write {text}d; the units are s, m, h, d and w"
    if match := _SPELLED.fullmatch(text):
        return f"write {match[1]}{match[2][0].lower()}"
    if match := _NO_FIXED_LENGTH.fullmatch(text):
        days = int(match[1]) * (365 if match[2][0] in "yY" else 30)
        return f"months and years differ in length; write {days}d or a date such as 2027-01-31"
    return ""


def _meant_date(text: str) -> str:
    """How to write what looks like a date, or nothing."""
    if match := _OTHER_DATE.fullmatch(text):
        return f"write {match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    if text.lower() in {"yesterday", "tomorrow"}:
        return f"{_FORMS}; {text} is 1d"
    return ""


def parse_expiry(text: str) -> datetime | None:
    """An expiry: a time as `parse_time` reads it, or None for `never`. Raises InvalidInput."""
    return None if text == "never" else parse_time(text, relative_to="future")
