"""Users of a table that belongs to another program: what names one, and what is shown."""

from __future__ import annotations

import uuid
from typing import Self

from pydantic import BaseModel, ConfigDict

from usercli.errors import InvalidInput
from usercli.schemas.stored_times import ShownTime
from usercli.schemas.users import Change, UserKey
from usercli.times import utcnow

_LARGEST_ID = 2**63 - 1  # of a bigint


class MappedUserKey(UserKey):
    """Exactly one user: by an id of their kind, or by email."""

    id: int | uuid.UUID | None = None  # type: ignore[assignment]  # their ids may be numbers

    @classmethod
    def parse(cls, typed: str) -> Self:
        """A number or a UUID is an id, all else an email; `id:` and `email:` force it. Raises InvalidInput."""
        kind, colon, rest = typed.partition(":")
        number = rest if colon and kind == "id" else typed
        if not (number.isascii() and number.isdigit()):
            return super().parse(typed)
        if number != str(int(number[:20])) or int(number) > _LARGEST_ID:
            raise InvalidInput(f"not an id: {number}")
        return cls(typed=typed, id=int(number))


class MappedUserView(BaseModel):
    """A user as shown; what the table has no column for is None, and is no field of the output."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"required": ["id", "email"]})

    id: int | uuid.UUID
    email: str | None
    full_name: str | None = None
    is_active: bool | None = None
    last_login_at: ShownTime | None = None
    created_at: ShownTime | None = None
    updated_at: ShownTime | None = None


class MappedChange(Change):
    """What a changing command did in such a table."""

    users: list[MappedUserView] = []  # type: ignore[assignment]  # their fields are fewer


class SignInFacts(BaseModel):
    """What decides whether a user may sign in."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    hashed_password: str | None = None
    is_active: bool | None = None
    banned_until: ShownTime | None = None

    def may_sign_in(self) -> bool:
        """Nothing in the table keeps the user out."""
        return self.is_active is not False and (self.banned_until is None or self.banned_until <= utcnow())


class MappedReport(BaseModel):
    """What `db check` found in such a table."""

    table: str
    ids: str
    users: int
    without_email: int
    collisions: int
    invalid_emails: int
    #: Of the users that usercli wrote: those with another address since, changed otherwise, or gone.
    stale_emails: int
    changed_past_us: int
    gone: int


MAPPED_REPORT_FIELDS = tuple(MappedReport.model_fields)
