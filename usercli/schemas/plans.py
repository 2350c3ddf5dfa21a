"""What a desired-state file would change, as shown, saved and applied; never a password, never a hash."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from usercli.emails import email_key
from usercli.errors import InvalidInput
from usercli.schemas.desired import DesiredRole, DesiredUser, ManagerName
from usercli.schemas.document import Document

Action = Literal["create", "update", "delete"]
Kind = Literal["role", "user"]

#: In `after` of a user to be created: the file gives a password, which a plan does not hold.
PASSWORD = "initial_password"  # noqa: S105 - a field's name

_FORM = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PlannedChange(BaseModel):
    """One role or user. `before` and `after` hold what differs; before a deletion, all of the user."""

    model_config = _FORM

    action: Action
    kind: Kind
    target: str
    id: uuid.UUID | None = None
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)

    @property
    def needs_password(self) -> bool:
        return PASSWORD in self.after

    def role(self) -> DesiredRole:
        """The fields that a role gets. Raises ValidationError."""
        return DesiredRole.model_validate({"name": self.target, **self.after})

    def user(self, context: dict[str, Any] | None = None) -> DesiredUser:
        """The fields that a user gets. Raises ValidationError."""
        fields = {name: value for name, value in self.after.items() if name not in {PASSWORD, "managed_by"}}
        return DesiredUser.model_validate({"email": self.target, **fields}, context=context)


class GrantedRole(BaseModel):
    """A role that a plan grants, as it was when the plan was made."""

    model_config = _FORM

    id: uuid.UUID
    administrative: bool


CHANGE_COLUMNS = ("target", "action", "kind", "id", "before", "after")


@dataclass(frozen=True)
class Seen:
    """What the database said when a plan was made: whoever still looks so need not be compared again."""

    #: Of each change of a user, in their order; 0 where it has none.
    fingerprints: array[int]
    #: What roles were called, by their ids.
    roles: Mapping[uuid.UUID, str]


class Plan(BaseModel):
    """All that a file would change, roles first; the counts are of roles and users."""

    model_config = _FORM

    name: ManagerName
    changes: list[PlannedChange]
    #: The roles that it grants, by their names; without those that it makes.
    granted: dict[str, GrantedRole] = Field(default_factory=dict)
    create: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    _seen: Seen | None = PrivateAttr(None)

    @property
    def seen(self) -> Seen | None:
        """What was seen of users who are staged; a saved plan has nothing of it."""
        return self._seen

    @property
    def users(self) -> int:
        """How many users it changes."""
        return sum(change.kind == "user" for change in self.changes)

    @property
    def needs_passwords(self) -> bool:
        return any(change.needs_password for change in self.changes)

    @classmethod
    def make(
        cls,
        name: str,
        changes: list[PlannedChange],
        roles: Mapping[str, GrantedRole],
        unchanged: int,
        seen: Seen,
    ) -> Self:
        """The plan with its counts, and those of the roles that it grants."""
        actions = [change.action for change in changes]
        counts = {action: actions.count(action) for action in ("create", "update", "delete")}
        granted = {name: roles[name] for name in dict.fromkeys(granted_roles(changes)) if name in roles}
        plan = cls(name=name, changes=changes, granted=granted, unchanged=unchanged, **counts)
        plan._seen = seen
        return plan

    @classmethod
    def of(cls, document: Document, special_use_domains: tuple[str, ...] = ()) -> Self:
        """A saved plan, which anybody may have written. Raises InvalidInput."""
        try:
            found = cls.model_validate(document.data)
            context = {"special_use_domains": special_use_domains}
            found = found.model_copy(update={"changes": [_checked(c, found.name, context) for c in found.changes]})
        except ValidationError as error:
            item = error.errors(include_input=False, include_url=False)[0]
            reason = item["msg"].removeprefix("Value error, ")
            place = ".".join(str(part) for part in item["loc"])
            raise InvalidInput(f"{document.file}: not a plan that usercli saved: {place}: {reason}") from None
        except InvalidInput as error:
            raise InvalidInput(f"{document.file}: not a plan that usercli saved: {error.message}") from None
        if mistake := _mistake(found):
            raise InvalidInput(f"{document.file}: not a plan that usercli saved: {mistake}")
        return found


class Applied(BaseModel):
    """What an apply did, users and roles together."""

    name: str
    created: int
    updated: int
    deleted: int
    unchanged: int
    dry_run: bool
    change_id: uuid.UUID | None


APPLIED_FIELDS = tuple(Applied.model_fields)


def is_plan(document: Document) -> bool:
    """Is this a saved plan, not a file of users and roles?"""
    return isinstance(document.data, dict) and "changes" in document.data


def granted_roles(changes: Iterable[PlannedChange]) -> Iterator[str]:
    """The names of the roles that users get, as often as they do."""
    for change in changes:
        if change.kind == "user":
            yield from change.after.get("roles", ())


def _mistake(plan: Plan) -> str:
    """What no plan that was saved has; empty if there is none."""
    users = [change for change in plan.changes if change.kind == "user"]
    roles = [change.target for change in plan.changes if change.kind == "role"]
    ids = [change.id for change in users if change.id is not None]
    if len({email_key(change.target) for change in users}) + len(set(roles)) < len(plan.changes):
        return "a target appears twice"
    if len(set(ids)) < len(ids):
        return "an id appears twice"
    made = {change.target for change in plan.changes if change.kind == "role" and change.action == "create"}
    unknown = [name for name in granted_roles(users) if name not in plan.granted and name not in made]
    return f"it grants {unknown[0]}, and granted does not say which role that is" if unknown else ""


def _checked(change: PlannedChange, name: str, context: dict[str, Any]) -> PlannedChange:
    """The change with its values as a file's. Raises InvalidInput, ValidationError for what no file could want."""
    wanted = (change.user(context) if change.kind == "user" else change.role()).fields()
    if change.kind == "role" and change.action == "delete":
        raise InvalidInput("no file deletes a role")
    if change.after.keys() & {"email", "name"}:
        raise InvalidInput(f"{change.target}: it gives another name")
    if change.after.get("managed_by", name) != name:
        raise InvalidInput("it gives users to another file")
    if (change.id is None) != (change.action == "create"):
        raise InvalidInput(f"{change.action} of {change.target}: an id is missing, or one too many")
    return change.model_copy(update={"after": {**change.after, **wanted}})
