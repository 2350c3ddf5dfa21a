"""Parse and format times; always timezone-aware, always UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

from usercli.errors import InvalidInput

_SPAN = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def utcnow() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with Z; microseconds only if they are not zero."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def sqlite_time(moment: datetime) -> str:
    """The text that SQLAlchemy stores in SQLite: UTC without a zone, always with six digits of microseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def parse_span(text: str) -> timedelta:
    """A duration: `30d`, `12h`, `15m`, `90s`, `2w`. Raises InvalidInput."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise InvalidInput(f"not a length of time: {text} (write 30d or 12h)")
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
    raise InvalidInput(f"not a time: {text} (write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z)")


def parse_expiry(text: str) -> datetime | None:
    """An expiry: a time as `parse_time` reads it, or None for `never`. Raises InvalidInput."""
    return None if text == "never" else parse_time(text, relative_to="future")
