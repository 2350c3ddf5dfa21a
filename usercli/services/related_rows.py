"""What applications keep about users in tables of their own, and what becomes of it when a user goes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Refused
from usercli.schemas.users import ExtraUserView, RelatedExtraUserView, RelatedUserView, UserView

_CHUNK = 1000
_KINDS: dict[tuple[bool, bool], type[UserView]] = {
    (True, False): RelatedUserView,
    (False, True): ExtraUserView,
    (True, True): RelatedExtraUserView,
}

#: Rows by table and by what happens to them: `go`, `stay` (without the reference) or `block`.
Related = dict[str, dict[str, int]]


class Blocked(Refused):
    """Rows of other tables hold the user."""


def related_to(user_ids: Collection[uuid.UUID], uow: UnitOfWork) -> dict[uuid.UUID, Related]:
    """The rows that hang on each of these users; those on whom none does are left out."""
    found: dict[uuid.UUID, Related] = {}
    with uow:
        for some in batched(user_ids, _CHUNK):
            for reference, numbers in uow.related.counts(some):
                for user_id, number in numbers.items():
                    of_table = found.setdefault(user_id, {}).setdefault(reference.name, {})
                    of_table[reference.effect] = of_table.get(reference.effect, 0) + number
    return found


def with_more(views: list[UserView], uow: UnitOfWork, *, related: bool, columns: Sequence[str]) -> list[UserView]:
    """The users with the rows that hang on them, and with these columns of an application, if any are asked for."""
    if not (related or columns):
        return views
    ids = [view.id for view in views]
    more: dict[str, dict[uuid.UUID, Any]] = {}
    if related:
        rows = related_to(ids, uow)
        more["related"] = {user_id: rows.get(user_id, {}) for user_id in ids}
    if columns:
        more["extra"] = uow.users.extra_columns(ids, columns)
    kind = _KINDS[related, bool(columns)]
    return [kind(**view.model_dump(), **{name: of[view.id] for name, of in more.items()}) for view in views]


def with_columns(users: Iterable[UserView], uow: UnitOfWork, columns: Sequence[str]) -> Iterable[UserView]:
    """A stream of users, with these columns of an application if any are asked for."""
    return _with_columns(users, uow, columns) if columns else users


def _with_columns(users: Iterable[UserView], uow: UnitOfWork, columns: Sequence[str]) -> Iterator[UserView]:
    with uow:
        for some in batched(users, _CHUNK):
            yield from with_more(list(some), uow, related=False, columns=columns)


def sum_related(found: Iterable[Related]) -> Related:
    """Those of several users together, by table."""
    total: Related = {}
    for related in found:
        for table, numbers in related.items():
            for effect, number in numbers.items():
                of_table = total.setdefault(table, {})
                of_table[effect] = of_table.get(effect, 0) + number
    return {table: total[table] for table in sorted(total)}


def require_unblocked(found: Mapping[uuid.UUID, Related], of: int) -> None:
    """No other table holds one of these users (so many are asked about). Raises Blocked, naming the tables."""
    blocking = [
        f"{table} ({rows:,} {'row' if rows == 1 else 'rows'})"
        for table, numbers in sum_related(found.values()).items()
        if (rows := numbers.get("block", 0))
    ]
    if blocking:
        raise Blocked(f"rows of other tables hold {'the user' if of == 1 else 'users'}: {', '.join(blocking)}")
