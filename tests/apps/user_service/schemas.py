"""What the service's callers may say, and what they are told besides usercli's UserView."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from usercli.schemas.users import NAME_LENGTH, UserCreate, UserUpdate, UserView
from usercli.services.users import MOST_SKIPPED

#: What is an address is usercli's to say; the description says as much as it can.
Email = Annotated[str, Field(json_schema_extra={"format": "email"})]
Name = Annotated[str, Field(max_length=NAME_LENGTH)]


class _Body(BaseModel):
    # input is hidden: it may be a password
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    def _said(self, *names: str) -> dict[str, Any]:
        return self.model_dump(include=set(names))


class NewUser(_Body):
    """A user to be. Roles and attributes are not for callers to give: UserCreate itself would take them."""

    email: Email
    full_name: Name = ""
    password: SecretStr | None = None

    def checked(self, special_use_domains: Sequence[str]) -> UserCreate:
        """As usercli takes it. Raises ValidationError."""
        context = {"special_use_domains": special_use_domains}
        return UserCreate.model_validate(self._said("email", "full_name"), context=context)


class WholeUser(_Body):
    """All that a caller may set of a user; with `version` only if nobody changed it since."""

    email: Email
    full_name: Name
    is_active: bool
    version: int | None = Field(default=None, ge=1, lt=2**31)

    def checked(self, special_use_domains: Sequence[str]) -> UserUpdate:
        """As usercli takes it. Raises ValidationError."""
        fields = {**self._said("email", "full_name", "is_active"), "if_version": self.version}
        return UserUpdate.model_validate(fields, context={"special_use_domains": special_use_domains})


class Credentials(_Body):
    """What somebody signs in with."""

    email: Email
    password: SecretStr


class SignedIn(BaseModel):
    """A successful sign-in."""

    user: UserView
    must_change_password: bool


class PageQuery(BaseModel):
    """Which page of users: by how many to skip, or after the cursor that came with the page before."""

    model_config = ConfigDict(extra="forbid")

    skip: Annotated[int, Field(ge=0, le=MOST_SKIPPED)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    active_only: bool = False
    after: str | None = None


class UserPage(BaseModel):
    """Some users, and the cursor of those that follow."""

    users: list[UserView]
    next: str | None


class Problem(BaseModel):
    """Why it did not work, in a sentence."""

    error: str
