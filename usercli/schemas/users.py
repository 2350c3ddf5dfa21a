"""What may be said of a user, and what is shown."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Self, TypeAlias, TypedDict

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    WrapSerializer,
    field_validator,
    model_validator,
)

from usercli.emails import email_key, validate_email
from usercli.errors import BrokenRow, Hint, InvalidInput
from usercli.schemas.attributes import stored_attributes
from usercli.schemas.stored_times import ShownTime, StoredTime
from usercli.schemas.user_fields import TIMES
from usercli.times import UnreadableTime, rfc3339, utcnow
from usercli.validation import require_printable, require_storable

#: Rejected input never shows in an error: it may be a secret.
STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

NAME_LENGTH = 255
ROLE_LENGTH = 64
_TIMES = sorted(TIMES)
_times = attrgetter(*_TIMES)


def _full_name(value: str) -> str:
    if len(value) > NAME_LENGTH:
        raise InvalidInput(f"the name is longer than {NAME_LENGTH} characters ({len(value)})")
    return require_printable(value, "the name")


def _require_future(value: datetime | None) -> datetime | None:
    if isinstance(value, UnreadableTime):
        raise InvalidInput(f"the expiry {value} is no time of the years 1 to 9999")
    if value is not None and value <= utcnow():
        raise InvalidInput(f"the expiry {rfc3339(value)} lies in the past")
    return value


def require_role_name(value: str) -> str:
    """The name. Raises InvalidInput unless it has the form that every role has."""
    require_printable(value, "a role name")
    if not value or value != value.strip() or len(value) > ROLE_LENGTH or set(value) & set(";,"):
        shown = value if len(value) <= 2 * ROLE_LENGTH else f"{value[:ROLE_LENGTH]}..."
        raise InvalidInput(
            f"not a role name: {shown} (1 to {ROLE_LENGTH} characters, no ; or , and no blank at an end)"
        )
    return value


def has_role_form(name: str) -> bool:
    """Whether a role may be given this name."""
    try:
        return bool(require_role_name(name))
    except InvalidInput:
        return False


Expiry = Annotated[AwareDatetime | None, AfterValidator(_require_future)]
FullName = Annotated[str, AfterValidator(_full_name)]
RoleName = Annotated[str, AfterValidator(require_role_name)]
Attributes = Annotated[dict[str, Any], AfterValidator(stored_attributes)]


class _Incoming(BaseModel):
    model_config = STRICT

    @field_validator("email", check_fields=False)
    @classmethod
    def _valid_email(cls, value: str | None, info: ValidationInfo) -> str | None:
        allowed = (info.context or {}).get("special_use_domains", ())
        return None if value is None else validate_email(value, allowed)


class UserCreate(_Incoming):
    """A user to be. Validate with context={"special_use_domains": [...]} to allow such domains."""

    email: str
    full_name: FullName = ""
    is_active: bool = True
    must_change_password: bool = False
    expires_at: Expiry = None
    attributes: Attributes = {}
    roles: tuple[str, ...] = ()


class NewUserFields(TypedDict, total=False):
    """The fields of UserCreate besides the email, as keyword arguments."""

    full_name: str
    is_active: bool
    must_change_password: bool
    expires_at: datetime | None
    attributes: dict[str, Any]
    roles: Sequence[str]


class UserUpdate(_Incoming):
    """The fields to change: only those that were set. Attributes are merged, not replaced."""

    email: str | None = None
    full_name: FullName | None = None
    is_active: bool | None = None
    must_change_password: bool | None = None
    expires_at: Expiry = None
    set_attributes: Attributes = {}
    unset_attributes: tuple[str, ...] = ()
    add_roles: tuple[str, ...] = ()
    remove_roles: tuple[str, ...] = ()
    if_version: int | None = Field(default=None, ge=1)

    @property
    def may_end_access(self) -> bool:
        """It may take an administrator away: by state, by expiry or by role."""
        return self.is_active is False or self.expires_at is not None or bool(self.remove_roles)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"if_version"}:
            raise InvalidInput("nothing to change was given", hint=Hint.UPDATE_HELP)
        if both := sorted(set(self.add_roles) & set(self.remove_roles)):
            raise InvalidInput(f"a role cannot be both given and taken: {', '.join(both)}")
        if both := sorted(set(self.set_attributes) & set(self.unset_attributes)):
            raise InvalidInput(f"an attribute cannot be both set and unset: {', '.join(both)}")
        return self


class UserChanges(TypedDict, total=False):
    """The fields of UserUpdate as keyword arguments."""

    email: str
    full_name: str
    is_active: bool
    must_change_password: bool
    expires_at: datetime | None
    set_attributes: dict[str, Any]
    unset_attributes: Sequence[str]
    add_roles: Sequence[str]
    remove_roles: Sequence[str]
    if_version: int | None


class UserView(BaseModel):
    """A user as shown: every field of the scripting contract, in its order; never a hash."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: uuid.UUID
    email: str
    full_name: str
    is_active: bool
    roles: tuple[str, ...] = ()
    attributes: dict[str, Any]
    must_change_password: bool
    password_changed_at: ShownTime | None
    expires_at: ShownTime | None
    last_login_at: ShownTime | None
    version: int
    created_at: ShownTime
    updated_at: ShownTime
    deleted_at: ShownTime | None

    @model_validator(mode="wrap")
    @classmethod
    def _name_a_broken_row(cls, user: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(user)
        except ValidationError as error:
            wrong = ", ".join(sorted({str(item["loc"][0]) for item in error.errors(include_input=False)}))
            raise BrokenRow(f"user id:{getattr(user, 'id', '?')} has a wrong {wrong} (docs/table.md)") from None

    @property
    def unreadable_times(self) -> list[StoredTime]:
        """The times that no calendar holds, as another program stored them (docs/table.md)."""
        values = _times(self)
        if UnreadableTime not in map(type, values):
            return []
        return [
            StoredTime(f"user id:{self.id}", name, str(value))
            for name, value in zip(_TIMES, values, strict=True)
            if type(value) is UnreadableTime
        ]

    def may_sign_in(self) -> bool:
        """Active, and not expired at this moment."""
        return self.is_active and (self.expires_at is None or self.expires_at > utcnow())


USER_FIELDS = tuple(UserView.model_fields)


class UserWithHash(UserView):
    """A user as `export --with-hashes` writes it."""

    hashed_password: str


HASHED_FIELDS = tuple(UserWithHash.model_fields)


class RelatedUserView(UserView):
    """A user with the rows of other tables that hang on it: by table, by what becomes of them."""

    related: dict[str, dict[str, int]]


class ExtraUserView(UserView):
    """A user with the columns of an application, by their names (the setting user_columns)."""

    extra: dict[str, Any]


class RelatedExtraUserView(RelatedUserView, ExtraUserView):
    """A user with both."""


class Count(BaseModel):
    """How many there are."""

    count: int


class UserKey(BaseModel):
    """Exactly one user: by id, or by email (the key that makes two addresses the same)."""

    model_config = ConfigDict(frozen=True)

    typed: str
    id: uuid.UUID | None = None
    email_key: str | None = None
    #: The file and line where it stands, if it comes from a list.
    place: str = ""

    @classmethod
    def parse(cls, typed: str) -> Self:
        """A UUID is an id, all else an email; `id:` and `email:` force the kind. Raises InvalidInput."""
        require_printable(typed, "a user")
        if typed in {"", "email:"}:  # an unset variable in a script
            raise InvalidInput("a USER is empty; name an id or an email")
        kind, colon, rest = typed.partition(":")
        if colon and kind == "id":
            if (found := _uuid(rest)) is None:
                raise InvalidInput(f"not an id: {rest} (an id is a UUID)")
            return cls(typed=typed, id=found)
        if colon and kind == "email":
            return cls(typed=typed, email_key=lookup_key(rest))
        if found := _uuid(typed):
            return cls(typed=typed, id=found)
        return cls(typed=typed, email_key=lookup_key(typed))

    @classmethod
    def of(cls, user: UserId) -> Self:
        """The key of a user whose id is known. Raises InvalidInput for what is no UUID."""
        if isinstance(user, UserKey):
            return cls(**dict(user))
        if isinstance(user, str):
            return cls.parse(f"id:{user}")
        found = user.id if isinstance(user, UserView) else user
        if not isinstance(found, uuid.UUID):
            raise InvalidInput(f"not an id: {type(found).__name__} (an id is a UUID)")
        return cls(typed=str(found), id=found)

    def __str__(self) -> str:
        return self.typed


#: A user as code names one: by id, or as it was shown before.
UserId: TypeAlias = uuid.UUID | str | UserView | UserKey


def _uuid(text: str) -> uuid.UUID | None:
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    # uuid.UUID also takes braces, urn: and stray hyphens; an id has one spelling
    return found if str(found) == text.lower() else None


def lookup_key(email: str) -> str:
    """The key of an email; a text that is no address stands for itself."""
    try:
        return email_key(email)
    except InvalidInput:
        return email  # no address, so nobody's: looked up as it stands it is not found


class UserCriteria(BaseModel):
    """Which users: every criterion that is given must hold."""

    model_config = STRICT

    is_active: bool | None = None
    deleted: bool = False
    search: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    role: str | None = None
    expired: bool | None = None
    expires_after: datetime | None = None
    expires_before: datetime | None = None
    never_signed_in: bool | None = None
    not_signed_in_since: datetime | None = None
    must_change_password: bool | None = None

    @field_validator("search", "role")
    @classmethod
    def _storable(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else require_storable(value, info.field_name or "")

    @field_validator("attributes")
    @classmethod
    def _storable_attributes(cls, value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for pair in value:
            for text in pair:
                require_storable(text, "an attribute")
        return value


class UserFilters(TypedDict, total=False):
    """The fields of UserCriteria as keyword arguments."""

    is_active: bool | None
    deleted: bool
    search: str | None
    created_after: datetime | None
    created_before: datetime | None
    attributes: Sequence[tuple[str, str]]
    role: str | None
    expired: bool | None
    expires_after: datetime | None
    expires_before: datetime | None
    never_signed_in: bool | None
    not_signed_in_since: datetime | None
    must_change_password: bool | None


class Failure(BaseModel):
    """A user for whom it did not work, with `--continue`."""

    user: str
    code: int
    error: str


class Change(BaseModel):
    """What a changing command did: the shape of the scripting contract."""

    change_id: uuid.UUID | None
    dry_run: bool
    changed: int
    unchanged: int
    failed: list[Failure] = []
    #: Of many they wait in a file until they are asked for, best in order; `model_dump` asks for all.
    users: Annotated[Sequence[UserView], WrapSerializer(lambda users, listed: listed(list(users)))] = []
    #: The email of the only one who was changed, where it is known and others are among the users.
    only_changed: Annotated[str | None, Field(exclude=True)] = None

    @property
    def number_changed(self) -> int:
        """How many of the users were changed."""
        return max(len(self.users) - self.unchanged, 0)

    def count(self, done: Change) -> None:
        """Count another change, of one user; its user is not added."""
        self.change_id = self.change_id or done.change_id
        self.changed += done.changed
        self.unchanged += done.unchanged
        if done.changed:
            self.only_changed = done.users[0].email if self.changed == 1 and done.users else None
