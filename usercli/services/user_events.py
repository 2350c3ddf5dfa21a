"""What the audit log says of a user: only the fields that changed, never a hash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.hash_chain import canonical
from usercli.models.user import User
from usercli.repositories.event_encoder import Draft
from usercli.schemas.import_rows import UserRow
from usercli.times import rfc3339

#: The fields that an event may hold, with `password` besides.
FIELDS = (
    "email",
    "full_name",
    "is_active",
    "roles",
    "attributes",
    "must_change_password",
    "expires_at",
    "deleted_at",
    "was_active",
    "managed_by",
)
#: Given a value by everybody who adds a user; an event of creation leaves the rest out.
_WHEN_CREATED = frozenset({"email", "full_name", "is_active", "roles", "attributes"})


def snapshot(user: User) -> dict[str, Any]:
    """The user's fields as an event holds them."""
    return {name: _to_json(getattr(user, name)) for name in FIELDS}


def created(uow: UnitOfWork, user: User, action: str = "user.created") -> None:
    """Record a new user."""
    after = {name: value for name, value in snapshot(user).items() if value is not None or name in _WHEN_CREATED}
    after = {name: value for name, value in after.items() if value is not False or name in _WHEN_CREATED}
    if user.hashed_password != "!":  # noqa: S105 - the absence of a password
        after["password"] = password_summary(user.hashed_password)
    uow.audit.record(action, target_id=user.id, email=user.email, after=after)


def imported(user_id: str, row: UserRow) -> Draft:
    """The event of a user that an import puts in."""
    email, name = encode_basestring(row.email), encode_basestring(row.full_name)
    # canonical JSON, for a million of them by hand: its keys are sorted
    personal = f'{{"attributes":{row.attributes.canonical},"email":{email},"full_name":{name}}}'
    deleted_at = row.kept.get("deleted_at") if row.kept else None
    payload = _imported_payload(
        row.is_active,
        row.roles,
        row.must_change_password,
        row.expires_at,
        deleted_at,
        _password_kind(row.hashed_password),
    )
    return "user.created", "done", "user", user_id, row.email, "{}", personal, "{}", payload, None, None


@lru_cache(maxsize=1024)  # of a million users most say the same
def _imported_payload(
    is_active: bool,
    roles: tuple[str, ...],
    must_change_password: bool,
    expires_at: datetime | None,
    deleted_at: datetime | None,
    password: tuple[str, int | None] | None,
) -> str:
    after: dict[str, Any] = {"is_active": is_active, "roles": sorted(roles)}
    if must_change_password:
        after["must_change_password"] = True
    if expires_at is not None:
        after["expires_at"] = rfc3339(expires_at)
    if deleted_at is not None:
        after |= {"deleted_at": rfc3339(deleted_at), "was_active": True}
    if password is not None:
        after["password"] = {"changed": True, "scheme": password[0], "cost": password[1]}
    return canonical(after)


#: What is told of bcrypt hashes, by their first seven characters: to take one apart costs more than an event.
_BCRYPT: dict[str, tuple[str, int | None]] = {}


def _password_kind(stored: str | None) -> tuple[str, int | None] | None:
    if stored is None or stored == "!":
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


def removed(
    uow: UnitOfWork,
    user: User,
    related: Mapping[str, Mapping[str, int]] | None = None,
    action: str = "user.purged",
) -> None:
    """Record a user that goes for good, and how many rows of other tables that takes along or leaves behind."""
    uow.audit.record(
        action, target_id=user.id, email=user.email, before=snapshot(user), after=related_counts(related)
    )


def related_counts(related: Mapping[str, Mapping[str, int]] | None) -> dict[str, Any]:
    """The part of an event that counts rows of other tables; empty where there are none."""
    return {"related": {table: dict(numbers) for table, numbers in related.items()}} if related else {}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of what differs; of attributes only the keys that differ."""
    old = {name: value for name, value in before.items() if _differ(value, after[name])}
    new = {name: after[name] for name in old}
    if "attributes" in old:
        one, other = old["attributes"], new["attributes"]
        keys = [k for k in {**one, **other} if k not in one or k not in other or _differ(one[k], other[k])]
        old["attributes"] = {key: one[key] for key in keys if key in one}
        new["attributes"] = {key: other[key] for key in keys if key in other}
    return old, new


def password_summary(stored: str) -> dict[str, Any]:
    """What may be told of a password: that it changed, by which scheme, at which cost."""
    from usercli.passwords import identify

    kind = identify(stored)
    return {"changed": True, "scheme": kind.scheme, "cost": kind.cost}


def _differ(one: Any, other: Any) -> bool:
    return canonical(one) != canonical(other)  # as JSON: to Python 1 and true are equal


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    return value
