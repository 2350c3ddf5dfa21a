"""What may be said of a role, and what is shown."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from usercli.errors import InvalidInput
from usercli.schemas.users import STRICT, Change, RoleName
from usercli.validation import require_printable

DESCRIPTION_LENGTH = 255


def _description(value: str) -> str:
    if len(value) > DESCRIPTION_LENGTH:
        raise InvalidInput(f"the description is longer than {DESCRIPTION_LENGTH} characters ({len(value)})")
    return require_printable(value, "the description")


Description = Annotated[str, AfterValidator(_description)]


class RoleCreate(BaseModel):
    """A role to be."""

    model_config = STRICT

    name: RoleName
    description: Description = ""
    administrative: bool = False


class RoleUpdate(BaseModel):
    """The fields to change: only those that were set."""

    model_config = STRICT

    name: RoleName | None = None
    description: Description | None = None
    administrative: bool | None = None


class RoleView(BaseModel):
    """A role as shown; `users` counts its holders, those in the bin included."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    administrative: bool
    users: int


class RoleChange(Change):
    """What a command did that makes or changes a role, and the role as it is then."""

    role: RoleView


ROLE_FIELDS = tuple(RoleView.model_fields)
