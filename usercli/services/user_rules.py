"""What a change makes of one user."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import ChangedMeanwhile, EmailTaken
from usercli.models.user_state import UserState
from usercli.schemas.attributes import check_attributes
from usercli.schemas.users import UserUpdate
from usercli.services import user_events


def update_rule(
    data: UserUpdate, added: Mapping[str, uuid.UUID], removed: Sequence[str]
) -> Callable[[UserState], None]:
    """Sets the fields that were given, gives and takes roles. Raises ChangedMeanwhile, InvalidInput."""
    given: dict[str, Any] = data.model_dump(
        exclude={"if_version", "set_attributes", "unset_attributes", "add_roles", "remove_roles"},
        exclude_unset=True,
    )

    def update(user: UserState) -> None:
        if data.if_version not in (None, user.version):
            raise ChangedMeanwhile(
                f"{user.email} was changed meanwhile: version {user.version}, not {data.if_version}"
            )
        if added or removed:
            user.change_roles(added, removed)
        if data.set_attributes or data.unset_attributes:
            _change_attributes(user, data)
        for name, value in given.items():
            if user_events.differ(getattr(user, name), value):
                if name == "email":
                    user.set_email(value)
                else:
                    setattr(user, name, value)

    return update


def _change_attributes(user: UserState, data: UserUpdate) -> None:
    attributes = {**user.attributes, **data.set_attributes}
    for key in data.unset_attributes:
        attributes.pop(key, None)
    if data.set_attributes:
        check_attributes(attributes)
    if user_events.differ(user.attributes, attributes):
        user.attributes = attributes


def restore_state(user: UserState) -> None:
    """Bring back from the bin; who is not there stays."""
    if user.deleted_at:
        user.restore()


def require_free(users: Sequence[UserState], seen: set[str], uow: UnitOfWork) -> None:
    """Raise EmailTaken, naming the email, for one that somebody else has by now, or who is `seen` already."""
    taken = uow.users.ids_by_key([user.email_key for user in users])
    for user in users:
        if taken.get(user.email_key, user.id) != user.id or user.email_key in seen:
            raise EmailTaken(user.email)
        seen.add(user.email_key)
