"""What is handed over to a person."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from usercli.schemas.audit import EventView
from usercli.schemas.stored_times import ShownTime
from usercli.schemas.users import ExtraUserView, UserView


class HeldRole(BaseModel):
    """A role that a user holds."""

    role: str
    granted_at: ShownTime
    granted_by: str


class PersonExport(BaseModel):
    """All that the database holds on a person; `related` are the rows of other tables that refer to the user."""

    user: UserView | ExtraUserView
    roles: list[HeldRole]
    history: list[EventView]
    related: dict[str, list[dict[str, Any]]]


PERSON_FIELDS = tuple(PersonExport.model_fields)
