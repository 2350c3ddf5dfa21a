"""How to write what was meant by a text that is no time; read only then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

#: The words for each unit; the first is the short one.
Units = Mapping[str, Sequence[str]]
Way = Literal["future", "past"]

_OF_DAY = r"(?:(?:[T,]|,? ) *(?P<time>\d{1,2}:\d\d(?::\d\d)?)(?:[.,]\d+)? ?(?:[Zz]|UTC|GMT)?)?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BEFORE, _AFTER = "last|past|previous|-", "next|in|coming|within|\\+"


def meant_span(text: str, span: re.Pattern[str], units: Units) -> str:
    """How to write what looks like a length of time, as `span` reads one, or nothing."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        return f"{text} what? write {text}d; the units are s, m, h, d, w, mo and y"
    match = span.fullmatch(text)
    if match and match[2] == "M":
        return f"write {match[1]}m for minutes, {match[1]}mo for months"
    if match and match[2].isupper() and match[2].lower() in {words[0] for words in units.values()}:
        return f"write {match[1]}{match[2].lower()}"
    return ""


def meant_time(text: str, way: Way, now: datetime, span: re.Pattern[str], units: Units) -> str:
    """How to write what looks like a time: a date in another form, `last week`; or nothing."""
    if length := meant_span(text, span, units):
        return length
    found = list(
        dict.fromkeys([*_dates(text), *_days(text.lower(), way, now), *_lengths(text.lower(), way, units)])
    )
    return f"write {' or '.join(found)}" if found else ""


def _dates(text: str) -> Iterator[str]:
    """A date in all the orders that it may have."""
    for form in (
        r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})",
        r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)",
        r"(?P<y>\d{4})[-/](?P<m>\d{1,2})",
        r"(?P<d>\d{1,2})([./-])(?P<m>\d{1,2})\2(?P<y>\d{4})",
        r"(?P<m>\d{1,2})([/-])(?P<d>\d{1,2})\2(?P<y>\d{4})",
        r"(?P<d>\d{1,2})\.?[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<y>\d{4})",
        r"(?P<name>[A-Za-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
    ):
        if match := re.fullmatch(form + _OF_DAY, text, re.ASCII):
            parts = match.groupdict()
            month = _MONTHS.index(name) + 1 if (name := (parts.get("name") or "")[:3].lower()) in _MONTHS else 0
            yield from _written(int(parts["y"]), month or int(parts.get("m") or 0), int(parts.get("d") or 1), match)

    if re.fullmatch(r"[0-9]{9,10}", text):  # seconds since 1970
        yield f"{datetime.fromtimestamp(int(text), UTC):%Y-%m-%dT%H:%M:%S}Z"


def _written(year: int, month: int, day: int, match: re.Match[str]) -> Iterator[str]:
    """The date, with its time as one in UTC; nothing if there is none."""
    hour, minute, second = map(int, [*(match["time"] or "0:0").split(":"), "0"][:3])
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return
    yield f"{moment.isoformat()}Z" if match["time"] else moment.date().isoformat()


def _days(text: str, way: Way, now: datetime) -> Iterator[str]:
    """`monday`, `last friday`, `08:00`."""
    if match := re.fullmatch(r"(?P<time>\d{1,2}:\d\d(?::\d\d)?)", text, re.ASCII):
        yield from _written(now.year, now.month, now.day, match)
    match = re.fullmatch(rf"(?:(?:{_BEFORE if way == 'past' else _AFTER}|on) )?([a-z]{{3,9}})", text)
    names = [number for number, name in enumerate(_WEEKDAYS) if match and match[1] in {name, name[:3]}]
    if names:
        today = date(now.year, now.month, now.day)
        away = (today.weekday() - names[0]) % 7 or 7 if way == "past" else (today.weekday() - names[0]) % 7 - 7
        yield (today - timedelta(days=away)).isoformat()


def _lengths(text: str, way: Way, units: Units) -> Iterator[str]:
    """`last week`, `a month ago`, `in 2 weeks`, `-7d`; `now`."""
    if text == "now":
        yield "0s"
    ahead, behind = (_BEFORE, " ago") if way == "past" else (_AFTER, " from now")
    if re.fullmatch(r"[0-9]+ ?[a-z]+( ago)?", text):  # written as it is to be, and too long
        return
    match = re.fullmatch(rf"(?:(?:the )?(?:{ahead}) ?)?(?:([0-9]{{1,6}}|an?|one) ?)?([a-z]+)(?:{behind})?", text)
    short = next((words[0] for words in units.values() if match and match[2] in words), "")
    if match and short and (match[1] or len(match[2]) > len(short)):
        yield f"{match[1] if (match[1] or '').isdigit() else 1}{short}"
