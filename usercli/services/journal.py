"""What the audit log says of a user: only the fields that changed, never a hash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.models.user import User
from usercli.schemas.rows import UserRow
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
    return {name: _plain(getattr(user, name)) for name in FIELDS}


def created(uow: UnitOfWork, user: User, action: str = "user.created") -> None:
    """Record a new user."""
    after = {name: value for name, value in snapshot(user).items() if value is not None or name in _WHEN_CREATED}
    after = {name: value for name, value in after.items() if value is not False or name in _WHEN_CREATED}
    if user.hashed_password != "!":  # noqa: S105 - the absence of a password
        after["password"] = password_said(user.hashed_password)
    uow.audit.record(action, target_id=user.id, email=user.email, after=after)


def imported(uow: UnitOfWork, values: Sequence[Any], row: UserRow) -> None:
    """Record a user that an import put in; `values` are its columns as they were written."""
    after: dict[str, Any] = {
        "email": row.email,
        "full_name": row.full_name,
        "is_active": row.is_active,
        "roles": sorted(row.roles),
        "attributes": row.attributes,
    }
    if row.must_change_password:
        after["must_change_password"] = True
    if row.expires_at is not None:
        after["expires_at"] = rfc3339(row.expires_at)
    if (deleted_at := row.kept.get("deleted_at")) is not None:
        after |= {"deleted_at": rfc3339(deleted_at), "was_active": True}
    if row.hashed_password not in (None, "!"):
        after["password"] = password_said(row.hashed_password or "")
    uow.audit.record("user.created", target_id=values[0], email=row.email, after=after)


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
        new["password"] = password_said(user.hashed_password)
    uow.audit.record(action, target_id=user.id, email=user.email, before=old, after=new, undoes=undoes)


def removed(uow: UnitOfWork, user: User, action: str = "user.purged") -> None:
    """Record a user that goes for good."""
    uow.audit.record(action, target_id=user.id, email=user.email, before=snapshot(user))


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


def password_said(stored: str) -> dict[str, Any]:
    """What may be told of a password: that it changed, by which scheme, at which cost."""
    from usercli.passwords import identify

    kind = identify(stored)
    return {"changed": True, "scheme": kind.scheme, "cost": kind.cost}


def _differ(one: Any, other: Any) -> bool:
    from usercli.chain import canonical

    return canonical(one) != canonical(other)  # as JSON: to Python 1 and true are equal


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    return value
