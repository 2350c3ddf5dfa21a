"""The audit events of a user: only the fields that changed, never a hash."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from usercli.database.unit_of_work import UnitOfWork
from usercli.hash_chain import canonical, differs_as_json
from usercli.models.user import DISABLED_PASSWORD, User
from usercli.models.user_state import UserState
from usercli.repositories.event_encoder import Draft, made_draft
from usercli.schemas.user_fields import AUDITED, FIELD, PERSONAL, PRESERVED, TOLD_AT_CREATION
from usercli.times import UnreadableTime, rfc3339

if TYPE_CHECKING:
    from usercli.schemas.import_rows import UserRow

Item = TypeVar("Item")

#: So many events are hashed before the change waits for locks, or holds them.
_MANY = 500

#: The fields that an event may hold, with `password` besides.
FIELDS = AUDITED
_PERSONAL = tuple(name for name in AUDITED if name in PERSONAL)
_OPEN = tuple(name for name in AUDITED if name not in PERSONAL and name != "roles")

#: Those of an import's event: the personal ones that `imported` writes by hand, and the rest.
IMPORTED_BY_HAND = ("attributes", "email", "full_name")
_IMPORTED_PERSONAL = tuple(name for name in AUDITED if name in PERSONAL and name not in IMPORTED_BY_HAND)
_IMPORTED = tuple(name for name in AUDITED if FIELD[name].importable and name not in PERSONAL | {*PRESERVED})
_imported_values = attrgetter(*_IMPORTED)


def snapshot(user: User | UserState, names: Iterable[str] = FIELDS) -> dict[str, Any]:
    """The user's fields, or some of them, as an event holds them."""
    return {name: as_json(getattr(user, name)) for name in names}


def created(uow: UnitOfWork, user: User | UserState, action: str = "user.created") -> None:
    """Record a new user."""
    after = {name: value for name, value in snapshot(user).items() if _is_told_at_creation(name, value)}
    if user.hashed_password != DISABLED_PASSWORD:
        after["password"] = password_summary(user.hashed_password)
    uow.audit.record(action, target_id=user.id, email=user.email, after=after)


def _is_told_at_creation(name: str, value: Any) -> bool:
    return name in TOLD_AT_CREATION or value != FIELD[name].default


def imported(user_id: str, row: UserRow) -> Draft:
    """The event of a user that an import puts in."""
    email, name = encode_basestring(row.email), encode_basestring(row.full_name)
    # canonical JSON, for a million of them by hand: its keys are sorted
    personal = f'{{"attributes":{row.attributes.canonical},"email":{email},"full_name":{name}}}'
    if _IMPORTED_PERSONAL:
        personal = _with_more_personal(personal, row)
    payload = _imported_payload(
        _imported_values(row),
        row.kept.get("deleted_at") if row.kept else None,
        _password_kind(row.hashed_password),
    )
    return "user.created", "done", "user", user_id, row.email, "{}", personal, "{}", payload, None, None


def _with_more_personal(personal: str, row: UserRow) -> str:
    more = {name: as_json(getattr(row, name)) for name in _IMPORTED_PERSONAL}
    more = {name: value for name, value in more.items() if _is_told_at_creation(name, value)}
    return canonical(json.loads(personal) | more) if more else personal


@lru_cache(maxsize=1024)  # most of a million users have the same values
def _imported_payload(
    values: tuple[Any, ...], deleted_at: datetime | None, password: tuple[str, int | None] | None
) -> str:
    fields = {name: as_json(value) for name, value in zip(_IMPORTED, values, strict=True)}
    after = {name: value for name, value in fields.items() if _is_told_at_creation(name, value)}
    after["roles"] = sorted(after["roles"])
    if deleted_at is not None:
        after |= {"deleted_at": rfc3339(deleted_at), "was_active": True}
    if password is not None:
        after["password"] = {"changed": True, "scheme": password[0], "cost": password[1]}
    return canonical(after)


#: What is told of bcrypt hashes, by their first seven characters: to take one apart costs more than an event.
_BCRYPT: dict[str, tuple[str, int | None]] = {}


def _password_kind(stored: str | None) -> tuple[str, int | None] | None:
    if stored is None or stored == DISABLED_PASSWORD:
        return None
    start = stored[:7]
    if start in _BCRYPT:
        return _BCRYPT[start]
    payload = password_summary(stored)
    kind = payload["scheme"], payload["cost"]
    if start.startswith("$2"):
        _BCRYPT[start] = kind
    return kind


def changed(
    uow: UnitOfWork,
    action: str,
    user: User,
    before: Mapping[str, Any],
    *,
    password: bool = False,
    undoes: uuid.UUID | None = None,
) -> None:
    """Record what differs from `before`; `password` says that the hash was replaced."""
    old, new = difference(before, snapshot(user))
    if password:
        new["password"] = password_summary(user.hashed_password)
    uow.audit.record(action, target_id=user.id, email=user.email, before=old, after=new, undoes=undoes)


def record_each(uow: UnitOfWork, items: Sequence[Item], draft: Callable[[Item], Draft]) -> None:
    """Record the event of each item; those of many are hashed at once."""
    uow.audit.add(map(draft, items))
    if len(items) >= _MANY:
        uow.audit.hash_ahead()


def state_draft(action: str, user: UserState, *, password: bool = False, undoes: str | None = None) -> Draft:
    """The event of what differs from what was read; `password` says that the hash was replaced."""
    names, personal = _told_of(tuple(user.columns))
    if user.gained or user.lost:
        names = (*names, "roles")
    kind = _password_kind(user.hashed_password) if password else None
    before, after = _open_sides(names, user.before(names), tuple([getattr(user, name) for name in names]), kind)
    personal_before, personal_after = _personal_sides(user, personal) if personal else ("{}", "{}")
    return (
        action,
        "done",
        "user",
        user.id_text,
        user.email,
        personal_before,
        personal_after,
        before,
        after,
        undoes,
        None,
    )


@lru_cache(maxsize=1024)
def _told_of(columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of the columns of which an event tells; the personal ones apart."""
    open_names = tuple(name for name in _OPEN if name in columns)
    return open_names, tuple(name for name in _PERSONAL if name in columns)


def _open_sides(
    names: tuple[str, ...], before: tuple[Any, ...], after: tuple[Any, ...], password: tuple[str, int | None] | None
) -> tuple[str, str]:
    """Both sides of what an event tells besides personal values, as canonical JSON."""
    is_plain = UnreadableTime not in map(type, (*before, *after))  # those are equal whatever is stored
    make = _made_once if is_plain else _made_once.__wrapped__
    return make(names, before, after, password)


@lru_cache(maxsize=4096)  # most of a million users change alike
def _made_once(
    names: tuple[str, ...], before: tuple[Any, ...], after: tuple[Any, ...], password: tuple[str, int | None] | None
) -> tuple[str, str]:
    old = {name: as_json(value) for name, value in zip(names, before, strict=True)}
    new = {name: as_json(value) for name, value in zip(names, after, strict=True)}
    if password is not None:
        new["password"] = {"changed": True, "scheme": password[0], "cost": password[1]}
    return canonical(old), canonical(new)


def _personal_sides(user: UserState, names: Sequence[str]) -> tuple[str, str]:
    old = dict(zip(names, user.before(names), strict=True))
    return tuple(map(canonical, _sides(old, {name: getattr(user, name) for name in old})))  # type: ignore[return-value]  # two


def removed_draft(user: UserState, related: Mapping[str, Mapping[str, int]] | None) -> Draft:
    """The event of a user that goes for good, and of how many rows of other tables that takes along or leaves."""
    after = related_counts(related)
    return made_draft("user.purged", target_id=user.id, email=user.email, before=snapshot(user), after=after)


def related_counts(related: Mapping[str, Mapping[str, int]] | None) -> dict[str, Any]:
    """The part of an event that counts rows of other tables; empty where there are none."""
    return {"related": {table: dict(numbers) for table, numbers in related.items()}} if related else {}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of what differs; of attributes only the keys that differ."""
    old = {name: value for name, value in before.items() if differs_as_json(value, after[name])}
    return _sides(old, {name: after[name] for name in old})


def _sides(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if "attributes" in old:
        one, other = old["attributes"], new["attributes"]
        keys = [k for k in {**one, **other} if k not in one or k not in other or _differ(one[k], other[k])]
        old["attributes"] = {key: one[key] for key in keys if key in one}
        new["attributes"] = {key: other[key] for key in keys if key in other}
    return old, new


def _differ(one: Any, other: Any) -> bool:
    return one is not other and differs_as_json(one, other)


def password_summary(stored: str) -> dict[str, Any]:
    """What may be told of a password: that it changed, by which scheme, at which cost."""
    from usercli.hash_forms import identify

    kind = identify(stored)
    return {"changed": True, "scheme": kind.scheme, "cost": kind.cost}


def differ(one: Any, other: Any) -> bool:
    """Two values of a field that an event would tell apart."""
    return differs_as_json(as_json(one), as_json(other))


def as_json(value: Any) -> Any:
    """A value as an event holds it."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    return value
