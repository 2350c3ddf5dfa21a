"""The audit log as asked for, and as shown."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_serializer, field_validator

from usercli.hash_chain import stamp
from usercli.schemas.user_fields import AUDITED
from usercli.validation import require_storable


class EventCriteria(BaseModel):
    """Which events: every criterion that is given must hold.

    `action` may be a group, as in `password`; `reason` a part of the reason, in upper or lower case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: str | None = None
    action: str | None = None
    target_id: uuid.UUID | int | None = None  # a number in a table of another program
    change_id: uuid.UUID | None = None
    after: datetime | None = None
    before: datetime | None = None
    outcome: Literal["done", "refused"] | None = None
    reason: str | None = None
    ticket: str | None = None

    @field_validator("actor", "action", "reason", "ticket")
    @classmethod
    def _storable(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else require_storable(value, f"an {info.field_name}")


class EventView(BaseModel):
    """An event as shown: the erasable values in their places, empty once they are erased."""

    model_config = ConfigDict(frozen=True)

    seq: int
    change_id: uuid.UUID
    at: datetime
    actor: str | None
    host: str | None
    db_role: str
    tool: str
    action: str
    outcome: str
    target_kind: str
    target_id: str | None
    target_email: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str | None
    ticket: str | None
    undoes: uuid.UUID | None
    erased: bool
    body_hash: str
    prev_hash: str
    hash: str

    @classmethod
    def of(cls, event: Any) -> Self:
        """The view of a stored event."""
        personal = json.loads(event.personal) if event.personal is not None else {}
        after = {**event.after, **personal.get("after", {})}
        if "error" in personal:
            after["error"] = personal["error"]
        before = {**event.before, **personal.get("before", {})}
        context = {name: personal.get(name) for name in ("actor", "host", "reason", "ticket", "target_email")}
        return cls.model_validate(
            {
                **{name: getattr(event, name) for name in _STORED},
                **context,
                "before": _in_order(before),
                "after": _in_order(after),
                "erased": event.personal is None,
            }
        )


#: How a person reads the fields of a user; the engines have orders of their own.
_ORDER = (
    *("name", "description", "administrative"),
    *(part for name in AUDITED for part in ((name, "password") if name == "must_change_password" else (name,))),
)


def _in_order(fields: dict[str, Any]) -> dict[str, Any]:
    known = {name: fields[name] for name in _ORDER if name in fields}
    return known | {name: fields[name] for name in sorted(fields.keys() - known.keys())}


_STORED = (
    "seq",
    "change_id",
    "at",
    "db_role",
    "tool",
    "action",
    "outcome",
    "target_kind",
    "target_id",
    "undoes",
    "body_hash",
    "prev_hash",
    "hash",
)
EVENT_FIELDS = tuple(EventView.model_fields)


class RawEvent(BaseModel):
    """An event exactly as stored: what a third party needs to verify the chain (docs/audit.md)."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    seq: int
    change_id: uuid.UUID
    at: datetime
    action: str
    outcome: str
    target_kind: str
    target_id: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: uuid.UUID | None
    db_role: str
    tool: str
    personal: str | None
    salt: str | None
    personal_hash: str
    body_hash: str
    prev_hash: str
    hash: str

    @field_serializer("at")
    def _stamp(self, at: datetime) -> str:
        return stamp(at)  # what the hash is of: six digits of a second, also where they are zeros


RAW_FIELDS = tuple(RawEvent.model_fields)


class ChangeView(BaseModel):
    """One command that changed something."""

    change_id: uuid.UUID
    at: datetime
    actor: str | None
    action: str
    users: int
    summary: str
    undone_by: uuid.UUID | None
    reason: str | None
    ticket: str | None


CHANGE_FIELDS = tuple(ChangeView.model_fields)


class Checkpoint(BaseModel):
    """How long the log is and how it ends: kept elsewhere, it shows a cut tail."""

    count: int
    head: str


class Break(BaseModel):
    """Events, from one number to another, that are not as they were written, and why."""

    first: int
    last: int
    reason: str


class Verification(BaseModel):
    """Whether the log is whole; `count` and `head` are those of the part before the first break.

    `breaks` are the first thousand, those of the chain before personal values that are gone; `broken_at` and
    `reason` are of the first one, `more_breaks` counts the others.
    """

    ok: bool
    count: int
    head: str
    broken_at: int | None = None
    reason: str | None = None
    breaks: list[Break] = []
    more_breaks: int = 0


CHECKPOINT_FIELDS = tuple(Checkpoint.model_fields)
VERIFICATION_FIELDS = tuple(Verification.model_fields)
