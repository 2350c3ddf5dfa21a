"""Parse and format times; always timezone-aware, always UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from usercli.errors import InvalidInput

#: The words for each unit, by the name that timedelta has for it; months and years go by the calendar.
_UNITS = {
    "seconds": ("s", "sec", "secs", "second", "seconds"),
    "minutes": ("m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "days": ("d", "day", "days"),
    "weeks": ("w", "wk", "wks", "week", "weeks"),
    "months": ("mo", "mos", "mth", "mths", "month", "months"),
    "years": ("y", "yr", "yrs", "year", "years"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_SPAN = re.compile(r"([0-9]{1,6}) ?([A-Za-z]+)( ago)?")
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_FORMS = "write 30d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})")


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


def parse_span(text: str, *, now: datetime | None = None) -> timedelta:
    """A duration: `30d`, `12h`, `15m`, `90s`, `2w`, `90 days`; `3mo` and `1y` up to now. Raises InvalidInput."""
    now = now or utcnow()
    try:
        if (found := _shifted(text, now, relative_to="past")) is not None:
            return now - found
    except (ValueError, OverflowError):
        pass
    from usercli.meant_times import meant_span

    raise InvalidInput(f"not a length of time: {text} ({meant_span(text, _SPAN, _UNITS) or 'write 30d or 12h'})")


def parse_time(text: str, *, relative_to: Literal["future", "past"], now: datetime | None = None) -> datetime:
    """An RFC 3339 time, a date (00:00 UTC), or a duration before or after now. Raises InvalidInput.

    `yesterday`, `today` and `tomorrow` are dates; `2 weeks ago` lies before now in any case.
    """
    now = now or utcnow()
    try:
        if (found := _shifted(text, now, relative_to)) is not None:
            return found
        if (days := _DAYS.get(text.lower())) is not None:
            return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=days)
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    from usercli.meant_times import meant_time

    raise InvalidInput(f"not a time: {text} ({meant_time(text, relative_to, now, _SPAN, _UNITS) or _FORMS})")


def _shifted(text: str, now: datetime, relative_to: Literal["future", "past"]) -> datetime | None:
    """The time so long before or after now; None if the text is no length of time."""
    match = _SPAN.fullmatch(text)
    unit = _UNIT_OF.get(match[2] if len(match[2]) == 1 else match[2].lower()) if match else None
    if match is None or unit is None:
        return None
    number = int(match[1]) if relative_to == "future" and not match[3] else -int(match[1])
    if unit == "years":
        return _months_on(now, 12 * number)
    return _months_on(now, number) if unit == "months" else now + timedelta(**{unit: number})


def _months_on(moment: datetime, months: int) -> datetime:
    """So many months later, on the same day, or on the last day of a shorter month."""
    from calendar import monthrange

    year, month = divmod(12 * moment.year + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def parse_expiry(text: str) -> datetime | None:
    """An expiry: a time as `parse_time` reads it, or None for `never`. Raises InvalidInput."""
    return None if text == "never" else parse_time(text, relative_to="future")
