"""An access review: who holds which role, and what a reviewer says to it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from usercli.errors import InvalidInput
from usercli.schemas.stored_times import ShownTime
from usercli.times import parse_time

Word = Literal["keep", "revoke"]


def _id(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise InvalidInput("user is not an id") from None


def _moment(value: Any) -> datetime:
    try:
        return parse_time(value, relative_to="past")
    except InvalidInput:
        raise InvalidInput("granted_at is not a time as it was exported") from None


def _word(value: Any) -> str | None:
    """In any case and between blanks: a spreadsheet makes Keep of keep."""
    word = value.strip().lower()
    if word not in {"", "keep", "revoke"}:
        raise InvalidInput(f"decision is neither keep nor revoke: {value.strip()[:50]}")
    return word or None


class GrantView(BaseModel):
    """A role that a user holds, with room for a decision."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    user: uuid.UUID
    email: str
    role: str
    administrative: bool
    granted_at: ShownTime
    granted_by: str
    last_login_at: ShownTime | None
    is_active: bool
    decision: Word | None = None


GRANT_FIELDS = tuple(GrantView.model_fields)


class Decision(BaseModel):
    """What a reviewer says to a grant; `line` is where. None is undecided."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    line: int
    user: Annotated[uuid.UUID, BeforeValidator(_id)]
    email: str
    role: str
    granted_at: Annotated[AwareDatetime, BeforeValidator(_moment)]
    decision: Annotated[Word | None, BeforeValidator(_word)]


#: The columns that a reviewed table must have; all others may go.
DECISION_FIELDS = tuple(name for name in Decision.model_fields if name != "line")
