"""Who the users are, in numbers: by state, role, scheme, sign-in, month, domain and expiry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.errors import InvalidInput
from usercli.hash_forms import identify
from usercli.repositories.statistics import EXPIRIES, SIGN_INS, STATES, StatisticsRepository
from usercli.schemas.statistics import FIELDS, MONTHLY, NONE, OTHER, Statistics, StatView
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.schemas.users import USER_FIELDS, UserCriteria
from usercli.text import similar, suggestion

MONTHS = 12
_ORDERS = {"state": STATES, "last_login_at": SIGN_INS, "expires_at": EXPIRIES}
_COLUMNS = {"signups": "created_at", "signins": "last_login_at"}
_FEW_VALUES = ("state", "last_login_at", "expires_at", "must_change_password")


def require_field(by: str) -> str:
    """A field to count by. Raises InvalidInput, listing them."""
    if by in FIELDS or (by.startswith(ATTRIBUTE) and by != ATTRIBUTE):
        return by
    near = f"; did you mean: {_MEANT[by]}" if by in _MEANT else suggestion(by, FIELDS)
    if not near and by.partition(".")[0] not in {"", "attributes", *USER_FIELDS}:
        near = f"; of an attribute: {ATTRIBUTE}{by}"
    raise InvalidInput(f"cannot count by {by or 'nothing'}{near} (fields: {_LISTED})")


#: Fields of a user that are counted under another name.
_MEANT = {"created_at": "signups", "email": "domain", "is_active": "state", "hashed_password": "scheme"}
_LISTED = f"{', '.join(FIELDS)}, {ATTRIBUTE}NAME"


def first_month(since: datetime | None, now: datetime) -> datetime:
    """The start of the month of a time; without one, of the earliest of the twelve months up to now.

    Raises InvalidInput for a time in the future.
    """
    if since is not None and since > now:
        raise InvalidInput(f"the first month lies in the future: {since:%Y-%m}")
    if since is None:
        year, month = divmod(12 * now.year + now.month - MONTHS, 12)
        since = now.replace(year=year, month=month + 1, day=1)
    return since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@retried
def count_statistics(
    criteria: UserCriteria, uow: UnitOfWork, *, since: datetime | None = None, top: int = 10
) -> Statistics:
    """The users that fit by every grouping, at one moment. Months begin with that of `since`.

    Raises InvalidInput, RoleNotFound.
    """
    with uow.snapshot() as counts:
        _require_role(criteria, uow)
        now = uow.now()
        start = first_month(since, now)
        found, schemes, users = _cube(counts, criteria, start)
        binned = 0
        if not criteria.deleted:
            binned = uow.users.count_matching(criteria.model_copy(update={"deleted": True}))
        groups: dict[str, Iterable[StatView]] = {
            "state": _views("state", found["state"]),
            "role": _views("role", dict(counts.count_roles(criteria, has_bin=binned > 0))),
            "scheme": schemes,
            "last_login_at": _views("last_login_at", found["last_login_at"]),
            **{by: _months(by, found[by], start, now) for by in MONTHLY},
            "domain": _most(counts, criteria, "domain", top),
            "must_change_password": _views("must_change_password", found["must_change_password"]),
            "expires_at": _views("expires_at", found["expires_at"]),
        }
        rows = [StatView(by="total", name="users", users=users)]
        if not criteria.deleted:
            rows.append(StatView(by="total", name="deleted", users=binned))
        return Statistics(now, start, users, [*rows, *(row for some in groups.values() for row in some)])


@retried
def count_by(
    by: str, criteria: UserCriteria, uow: UnitOfWork, *, since: datetime | None = None, top: int = 10
) -> Statistics:
    """The users that fit by one field, by one question. Raises InvalidInput, RoleNotFound."""
    require_field(by)
    with uow.snapshot() as counts:
        _require_role(criteria, uow)
        now = uow.now()
        start = first_month(since, now)
        rows: Iterable[StatView]
        if by == "role":
            rows = _views(by, dict(counts.count_roles(criteria)))
        elif by == "scheme":
            rows = _schemes(counts.count_hashes(criteria))
        elif by in MONTHLY:
            rows = _months(by, counts.count_months(criteria, _COLUMNS[by], start), start, now)
        elif by in _FEW_VALUES:
            rows = _views(by, {_named(by, value): number for value, number in counts.count(criteria, by)})
        else:
            rows = _most(counts, criteria, by, top)
        return Statistics(now, start, uow.users.count_matching(criteria), list(rows))


@retried
def attributes_like(name: str, uow: UnitOfWork) -> list[str]:
    """Attributes of any user with nearly that name, as `attributes.NAME`: for one that nobody has."""
    with uow.snapshot() as counts:
        return [f"{ATTRIBUTE}{found}" for found in similar(name, counts.attribute_names())]


def _require_role(criteria: UserCriteria, uow: UnitOfWork) -> None:
    if criteria.role is not None:
        uow.roles.get_named([criteria.role])


def _cube(
    counts: StatisticsRepository, criteria: UserCriteria, start: datetime
) -> tuple[Mapping[str, Counter[str]], list[StatView], int]:
    """One scan for all that has few values: the counts by field, the schemes, and how many users there are."""
    found: dict[str, Counter[str]] = {by: Counter() for by in (*_FEW_VALUES, *MONTHLY)}
    hashes = []
    users = 0
    facets = ("is_active", *_FEW_VALUES[1:])  # a scan costs what it computes: the state follows from two of them
    months = [_COLUMNS[by] for by in MONTHLY]
    for *values, first, last, number in counts.count_hashes(criteria, *facets, months=months, since=start):
        users += number
        hashes.append((first, last, number))
        is_active, *few = values[: len(facets)]
        ended = "expired" if few[1] == "expired" else "active"
        for by, value in zip(_FEW_VALUES, (ended if is_active else "inactive", *few), strict=True):
            found[by][_named(by, value)] += number
        for by, month in zip(MONTHLY, values[len(facets) :], strict=True):
            if month is not None:
                found[by][month] += number
    return found, _schemes(hashes), users


def _schemes(hashes: Iterable[tuple[Any, ...]]) -> list[StatView]:
    found: Counter[tuple[str, int | None]] = Counter()
    for first, last, number in hashes:
        kind = identify(first)
        if not kind.usable:  # one that is damaged says nothing about those beside it
            kind = identify(last)
        found[kind.label if kind.is_sure else kind.scheme, kind.cost] += number
    ordered = sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or 0))
    return [StatView(by="scheme", name=name, cost=cost, users=number) for (name, cost), number in ordered]


def _views(by: str, found: Mapping[str, int]) -> list[StatView]:
    """In the order of the field's values, also those that nobody has; else as they come."""
    order = _ORDERS.get(by) or (("yes", "no") if by == "must_change_password" else tuple(found))
    return [StatView(by=by, name=name, users=found.get(name, 0)) for name in order]


def _named(by: str, value: Any) -> str:
    return ("yes" if value else "no") if by == "must_change_password" else str(value)


def _most(counts: StatisticsRepository, criteria: UserCriteria, by: str, top: int) -> Iterator[StatView]:
    found, others = counts.most_frequent(criteria, by, top)
    for value, number in found:
        yield StatView(by=by, name=NONE if value in {None, ""} else str(value), users=number)
    if others:
        yield StatView(by=by, name=OTHER, users=others)


def _months(by: str, found: Mapping[str, int], since: datetime, now: datetime) -> list[StatView]:
    """Every month from the first one with users to now; not those that no calendar holds."""
    known = sorted(month for month in found if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month))
    start = since if now.year - since.year <= 2 or not known else datetime.strptime(known[0], "%Y-%m")
    months = range(12 * start.year + start.month - 1, 12 * now.year + now.month)
    names = [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
    return [StatView(by=by, name=name, users=found.get(name, 0)) for name in names]
