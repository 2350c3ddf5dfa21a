"""Times as other programs and spreadsheets write them: without a zone, as numbers, in local orders of the date."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Literal, get_args

from usercli.errors import Hint, InvalidInput
from usercli.times import parse_time

#: Of the numbers of a date; `excel` is for the numbers of days that a spreadsheet makes of dates.
DateOrder = Literal["dmy", "mdy", "ymd", "excel"]
DATE_ORDERS: tuple[str, ...] = get_args(DateOrder)

#: What is said, in lower case, of a time that there is not.
NO_TIME = frozenset(
    {
        *("never", "never logged in", "never signed in", "never expires", "never used", "does not expire"),
        *("none", "", "null", "n/a", "-", "--", "\u2013", "\u2014", "no expiry", "no expiration"),
        *("unlimited", "indefinite", "permanent", "forever"),
        *("nie", "niemals", "unbefristet", "unbegrenzt", "jamais", "illimit\u00e9", "nunca", "indefinido"),
        *("ilimitado", "mai", "illimitato", "nooit", "onbeperkt", "aldrig", "nigdy", "bezterminowo"),
    }
)

_SECONDS = re.compile(r"-?\d{9,10}(?:\.\d{1,9})?")
#: From 1954 to 2118; a year has four digits, and the seconds since 1970 have nine.
_DAYS = re.compile(r"[2-7]\d{4}(?:[.,]\d{1,15})?")
#: Day 0 of Excel, as it counts after February 1900.
_DAY_0 = datetime(1899, 12, 30)
#: From there to day 0 of Excel on a Mac, which some workbooks keep.
_DAYS_TO_1904 = 1462
_MILLISECONDS = re.compile(r"\d{12,13}(?:\.\d{1,6})?")
_TIME = (
    r"(?:(?:[T,]|,? ) *(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.?[Mm]\.?)?)? ?(?P<zone>[Zz]|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_NUMBERS = re.compile(rf"(?P<a>\d{{1,4}})(?P<mark>[./-]) ?(?P<b>\d{{1,2}})(?P=mark) ?(?P<c>\d{{1,4}}){_TIME}")
_EAST_ASIAN = re.compile(rf"(?P<a>\d{{4}})[年년] ?(?P<b>\d{{1,2}})[月월] ?(?P<c>\d{{1,2}})[日일]{_TIME}")
_DAY_MONTH = re.compile(rf"(?P<c>\d{{1,2}})[ -](?P<name>[A-Za-z]{{3,9}})\.?[ -](?P<a>\d{{4}}){_TIME}")
_MONTH_DAY = re.compile(rf"(?P<name>[A-Za-z]{{3,9}})\.? (?P<c>\d{{1,2}}),? (?P<a>\d{{4}}){_TIME}")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


@dataclass(frozen=True)
class TimeReader:
    """Reads the times of a file: those without a zone are of this one; `order` is that of its dates."""

    zone: tzinfo = UTC
    order: str | None = None

    @property
    def _order(self) -> str | None:
        return None if self.order == "excel" else self.order

    def read(self, text: str) -> datetime:
        """The time, with a zone. Raises InvalidInput."""
        given = text.strip()
        moment = self._number(given) if given[:1].isdigit() and len(given) < 40 else None
        moment = moment or self._iso(given) or (self._local(given) if len(given) < 60 else None)
        return moment or parse_time(text, relative_to="future")

    def _number(self, text: str) -> datetime | None:
        """Seconds or milliseconds since 1970, or days of a spreadsheet. Raises InvalidInput for unsaid days."""
        if _SECONDS.fullmatch(text):
            return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(text))
        if _MILLISECONDS.fullmatch(text):
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=float(text))
        if not _DAYS.fullmatch(text):
            return None
        moment = _DAY_0 + timedelta(seconds=round(float(text.replace(",", ".")) * 86400))
        if self.order != "excel":
            day = f"{moment:%Y-%m-%d}"
            raise InvalidInput(f"{text} is no date, but may be day {day} of a spreadsheet", hint=Hint.DAY_NUMBER)
        return moment.replace(tzinfo=self.zone)

    def _iso(self, text: str) -> datetime | None:
        if not re.match(r"\d{4}-?\d\d-?\d\d(?:[T ]|$)", text):
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self.zone)

    def _local(self, text: str) -> datetime | None:
        """A date in one of the common orders, perhaps with a time; None if it is none."""
        for form, numbers in _FORMS:
            if match := form.fullmatch(text):
                year, month, day = numbers(self, match)
                try:
                    return self._moment(match, year, month, day)
                except ValueError:
                    if self._order is None or form is not _NUMBERS:
                        return None
                    raise InvalidInput(f"not a time in the order {self._order}: {text}") from None
        return None

    def _moment(self, match: re.Match[str], year: int, month: int, day: int) -> datetime:
        """Raises ValueError for what no calendar has."""
        hour, half = int(match["hour"] or 0), (match["half"] or "")[:1].lower()
        if half:
            if not 1 <= hour <= 12:
                raise ValueError
            hour = hour % 12 + (12 if half == "p" else 0)
        micro = int((match["fraction"] or "").ljust(6, "0")[:6])
        zone = _zone(match["zone"]) or self.zone
        return datetime(year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0), micro, zone)

    def _numbers(self, match: re.Match[str]) -> tuple[int, int, int]:
        a, b, c = match["a"], match["b"], match["c"]
        first, second, third = int(a), int(b), int(c)
        if len(a) == 4:
            return first, second, third
        if len(a) > 2 or len(c) not in {2, 4}:
            return 0, 0, 0  # no calendar has it
        order = self._order or self._only_order(match)
        if order == "ymd":
            return (0, 0, 0) if len(c) == 4 else (_year(a), second, third)
        day, month = (first, second) if order == "dmy" else (second, first)
        return _year(c), month, day

    def _only_order(self, match: re.Match[str]) -> str:
        """The order that a date shows by itself. Raises InvalidInput where it has two."""
        if order := shown_order(match[0]):
            return order
        if len(match["c"]) == 4 and (match["mark"] == "." or int(match["a"]) == int(match["b"])):
            return "dmy"
        raise InvalidInput(f"the date {match[0]} has more than one reading", hint=Hint.DATE_ORDER)


def day_since_1900(text: str) -> str:
    """A number of days since 1904 as Excel counts elsewhere; any other text as it is."""
    return str(Decimal(text) + _DAYS_TO_1904) if _DAYS.fullmatch(text) and "," not in text else text


def shown_order(text: str) -> str | None:
    """dmy or mdy, where a date with slashes or hyphens shows it: 13/02/2027 can only have the day first."""
    match = _NUMBERS.fullmatch(text.strip())
    if match is None or match["mark"] == "." or len(match["a"]) > 2 or len(match["c"]) != 4:
        return None
    return "dmy" if int(match["a"]) > 12 else "mdy" if int(match["b"]) > 12 else None


def readable_orders(text: str, reader: TimeReader) -> frozenset[str]:
    """The orders in which a date of three numbers can be meant; none for other texts, and for a year in front."""
    match = _NUMBERS.fullmatch(text.strip())
    if match is None or len(match["a"]) > 2:
        return frozenset()
    shown = "dmy" if match["mark"] == "." and len(match["c"]) == 4 else shown_order(text)
    found = set()
    for order in [shown] if shown else ("dmy", "mdy", "ymd"):
        with suppress(InvalidInput):
            replace(reader, order=order).read(text)
            found.add(order)
    return frozenset(found)


def _year(text: str) -> int:
    """Two digits are of 1969 to 2068, as POSIX has it."""
    number = int(text)
    return number if len(text) == 4 else number + (1900 if number > 68 else 2000)


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _named_month(_: TimeReader, match: re.Match[str]) -> tuple[int, int, int]:
    name = match["name"].lower()
    found = [number for number, month in enumerate(_MONTHS, 1) if name in {month, month[:3], month[:4]}]
    return int(match["a"]), found[0] if found else 0, int(match["c"])


def _year_first(_: TimeReader, match: re.Match[str]) -> tuple[int, int, int]:
    return int(match["a"]), int(match["b"]), int(match["c"])


_Numbers = Callable[[TimeReader, re.Match[str]], tuple[int, int, int]]
_FORMS: tuple[tuple[re.Pattern[str], _Numbers], ...] = (
    (_NUMBERS, TimeReader._numbers),
    (_EAST_ASIAN, _year_first),
    (_DAY_MONTH, _named_month),
    (_MONTH_DAY, _named_month),
)


def time_zone(name: str) -> tzinfo:
    """The zone of a name such as `Europe/Berlin`, or of an offset such as `+01:00`. Raises InvalidInput."""
    if name.upper() in {"UTC", "Z"}:
        return UTC
    if re.fullmatch(r"[+-](?:0\d|1[0-4]):[0-5]\d", name):
        return _zone(name) or UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from usercli.text import suggestion

        known = sorted(available_timezones())
        if not known:
            raise InvalidInput(
                "this machine has no data of time zones; install tzdata, or give an offset"
            ) from None
        alike = [zone for zone in known if zone.casefold() == name.casefold()]
        said = f"; did you mean: {alike[0]}" if alike else suggestion(name, known)
        raise InvalidInput(f"no such time zone: {name}{said}") from None
