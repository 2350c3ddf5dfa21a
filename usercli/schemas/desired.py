"""What a file may say of the users and roles that there should be. What it leaves out, it says nothing about."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from usercli.emails import email_key, validate_email
from usercli.errors import Hint, InvalidInput
from usercli.hash_forms import require_no_hash
from usercli.plain_emails import PLAIN
from usercli.schemas.document import Document, Path
from usercli.schemas.roles import Description
from usercli.schemas.user_fields import TIMES
from usercli.schemas.users import STRICT, Attributes, FullName, RoleName
from usercli.text import suggestion
from usercli.times import parse_time, rfc3339
from usercli.validation import require_printable

NAME_LENGTH = 64

#: As for everything that comes in, and nothing is made of another type: `5` is no name.
_FORM = ConfigDict(**STRICT, strict=True)


def _expiry(value: Any) -> str | None:
    """A moment, not a length of time: the same file must mean the same tomorrow."""
    if value is None or value == "never":
        return None
    if not isinstance(value, str) or value.endswith(("s", "m", "h", "d", "w")):
        raise InvalidInput("not a time (write 2027-01-31, 2027-01-31T08:00:00Z or never)")
    return rfc3339(parse_time(value, relative_to="future"))


def _file_name(value: str) -> str:
    require_printable(value, "the name of the file")
    if not value or value != value.strip() or len(value) > NAME_LENGTH:
        raise InvalidInput(f"not a name for a file: 1 to {NAME_LENGTH} characters, no blank at an end")
    return value


def _sorted_unique(names: list[str]) -> list[str]:
    return sorted(set(names))


def _password(value: str) -> str:
    from usercli.passwords import require_form

    return require_form(require_no_hash(value, "give the plain password"))


def _without_null(schema: dict[str, Any]) -> None:
    """None stands for a key that is not there; in the file a key with nothing after it is refused."""
    [there] = [choice for choice in schema.pop("anyOf") if choice != {"type": "null"}]
    schema.update(there)


_OMITTED = Field(json_schema_extra=_without_null)

ManagerName = Annotated[str, AfterValidator(_file_name)]


class DesiredRole(BaseModel):
    """A role that there should be."""

    model_config = _FORM

    name: RoleName
    description: Description = ""
    administrative: bool = False

    def fields(self) -> dict[str, Any]:
        """What is said of it."""
        return self.model_dump(exclude_unset=True, exclude={"name"})


class DesiredUser(BaseModel):
    """A user that there should be. Validate with context={"special_use_domains": [...]} to allow such domains."""

    model_config = _FORM

    email: str
    full_name: FullName = ""
    is_active: bool = True
    roles: Annotated[list[RoleName], AfterValidator(_sorted_unique)] = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)
    expires_at: Annotated[str | None, BeforeValidator(_expiry)] = None
    must_change_password: bool = False
    initial_password: Annotated[Annotated[str, AfterValidator(_password)] | None, _OMITTED] = None

    @field_validator("email")
    @classmethod
    def _valid_email(cls, value: str, info: ValidationInfo) -> str:
        return (
            value
            if PLAIN.fullmatch(value)
            else validate_email(value, (info.context or {}).get("special_use_domains", ()))
        )

    @property
    def said(self) -> set[str]:
        """The names of the fields of which something is said; the email tells who it is."""
        return self.model_fields_set - {"email", "initial_password"}

    def fields(self) -> dict[str, Any]:
        """What is said of the user, as an event would say it."""
        said = self.said
        return {name: getattr(self, name) for name in _USER_FIELDS if name in said}


_USER_FIELDS = tuple(DesiredUser.model_fields)


class Desired(BaseModel):
    """A whole file. None is silence: no users said is not no users wanted."""

    model_config = _FORM

    name: ManagerName
    roles: Annotated[list[DesiredRole] | None, _OMITTED] = None
    users: Annotated[list[DesiredUser] | None, _OMITTED] = None

    @classmethod
    def of(cls, document: Document, name: str | None, special_use_domains: tuple[str, ...] = ()) -> Self:
        """The file, checked. `name` is given where the file has none. Raises InvalidInput with the first place."""
        data = document.data
        if not isinstance(data, dict):
            users = isinstance(data, list) and data and isinstance(data[0], dict) and "email" in data[0]
            raise InvalidInput(
                f"{document.place(())}: the file is not a mapping of name, roles and users",
                hint=Hint.EXPORT_FITTING if users else None,
            )
        if name is not None and "name" in data:
            raise InvalidInput(f"{document.place(('name',))}: the file has a name; only a table is given one")
        if name is None and "name" not in data:
            raise InvalidInput(
                f"{document.file}: the name is missing; write name: in the file", hint=Hint.NAME_MANAGER
            )
        data = data if name is None else {"name": name, **data}
        _require_no_null(document)
        try:
            found = cls.model_validate(data, context={"special_use_domains": special_use_domains})
        except ValidationError as error:
            raise _first(error, document) from None
        _require_once(document, "users", [(email_key(user.email), user.email) for user in found.users or ()])
        _require_once(document, "roles", [(role.name, role.name) for role in found.roles or ()])
        return found


def _require_no_null(document: Document) -> None:
    """A key with nothing after it: is it meant as empty, or as not said?"""
    places: list[tuple[Path, Any]] = [((), document.data)]
    for part in ("roles", "users"):
        items = document.data.get(part)
        places += [((part, number), item) for number, item in enumerate(items if isinstance(items, list) else ())]
    for path, item in places:
        for key, value in item.items() if isinstance(item, dict) else ():
            if value is None and key not in TIMES:
                place = document.place((*path, key))
                raise InvalidInput(f"{place}: {key} has no value; leave the key out, or write an empty value")


def _require_once(document: Document, part: str, keys: list[tuple[str, str]]) -> None:
    seen: dict[str, int] = {}
    for number, (key, shown) in enumerate(keys):
        if key in seen:
            first = document.place((part, seen[key])).removeprefix(document.file).lstrip(": ")
            where = f"line {first}" if document.lines else first
            raise InvalidInput(f"{document.place((part, number))}: {shown} appears twice, first at {where}")
        seen[key] = number


def _first(error: ValidationError, document: Document) -> InvalidInput:
    """The first mistake, with its place and without the input: it may be a secret."""
    found = error.errors(include_input=False, include_url=False)
    item = found[0]
    path = tuple(item["loc"])
    key = str(path[-1]) if path else ""
    if item["type"] == "extra_forbidden":
        reason = f"no such key: {key}{suggestion(key, _known(path))}"
    elif item["type"] == "value_error":
        reason = item["msg"].removeprefix("Value error, ")
    elif item["type"] == "missing":
        reason = f"{key} is missing"
    else:
        reason = f"{_named(path)}: {item['msg'][:1].lower()}{item['msg'][1:]}"
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return InvalidInput(f"{document.place(path)}: {reason}{more}")


def _known(path: Path) -> list[str]:
    if len(path) == 1:
        return list(Desired.model_fields)
    return list(DesiredUser.model_fields if path[0] == "users" else DesiredRole.model_fields)


def _named(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "the file")
