"""What `Users` and `AsyncUsers` do, as functions of something that makes units of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from usercli.database.joined_unit_of_work import Begin
from usercli.database.schema_state import require_current
from usercli.database.url import DatabaseUrl, parse
from usercli.errors import InvalidInput, UserNotFound
from usercli.schemas.mistakes import mistakes
from usercli.schemas.roles import RoleCreate, RoleView
from usercli.schemas.users import (
    NewUserFields,
    UserChanges,
    UserCreate,
    UserCriteria,
    UserFilters,
    UserId,
    UserKey,
    UserUpdate,
    UserView,
)
from usercli.services import passwords, roles, users
from usercli.services.auth import AuthService, SignIn
from usercli.services.password_rules import NewPassword, configured_policy

if TYPE_CHECKING:
    from usercli.config import Settings
    from usercli.passwords import PasswordHasher

Model = TypeVar("Model", bound=BaseModel)
Opened = TypeVar("Opened")

_NEVER_NULL = frozenset({"email", "full_name", "is_active", "must_change_password"})


class UserPage(BaseModel):
    """Some users, and the cursor of those that follow; None where there are no more."""

    users: Sequence[UserView]
    next: str | None


@dataclass(frozen=True)
class PoolStatus:
    """The connections of a pool: how many it keeps, are in use, lie idle, and are open beyond its size."""

    size: int
    in_use: int
    idle: int
    overflow: int

    @classmethod
    def of(cls, pool: Any) -> PoolStatus:
        """The gauges of SQLAlchemy's pool; zeros where it keeps no connections."""
        counts = [getattr(pool, name, int) for name in ("size", "checkedout", "checkedin", "overflow")]
        size, in_use, idle, overflow = (count() for count in counts)
        return cls(size, in_use, idle, max(0, overflow))


class Operations:
    """The services, with the hasher, the policy and the domains that the settings name."""

    def __init__(self, settings: Settings, hasher: PasswordHasher) -> None:
        self._hasher, self._policy = hasher, configured_policy(settings)
        self._domains = settings.special_use_domains

    def sign_up(self, begin: Begin, email: str, password: str | None, fields: NewUserFields) -> UserView:
        data = self._checked(UserCreate, {"email": email, **fields})
        return users.create_user(data, begin(), new_password=self._new(password)).users[0]

    def sign_in(self, begin: Begin, email: str, password: str) -> SignIn:
        return AuthService(begin, self._hasher).authenticate(email, password)

    def change_password(self, begin: Begin, user: UserId, old: str, new: str) -> UserView:
        key = UserKey.of(user)
        AuthService(begin, self._hasher).verify(key, old, rehash=False)
        return self.set_password(begin, user, new)

    def set_password(self, begin: Begin, user: UserId, new: str, *, must_change: bool = False) -> UserView:
        key, uow = UserKey.of(user), begin()
        return passwords.set_new_password(key, self._new(new), uow, must_change=must_change).users[0]

    def reset_password(self, begin: Begin, user: UserId) -> str:
        made: list[str] = []
        passwords.reset_passwords(
            [UserKey.of(user)],
            begin(),
            self._hasher,
            on_secrets=lambda pairs: made.extend(secret for _, secret in pairs),
        )
        return made[-1]  # of the last try, where a deadlock made it repeat

    def get(self, begin: Begin, user: UserId) -> UserView:
        return users.show_users([UserKey.of(user)], begin(read_only=True))[0]

    def find(self, begin: Begin, email: str) -> UserView | None:
        try:
            return users.show_users([UserKey.parse(f"email:{email}")], begin(read_only=True))[0]
        except (UserNotFound, InvalidInput):  # a text that is no address is nobody's
            return None

    def list(
        self,
        begin: Begin,
        limit: int,
        after: str | None,
        skip: int,
        sort: str,
        filters: UserFilters,
    ) -> UserPage:
        criteria = self._checked(UserCriteria, dict(filters))
        found = users.Listing(criteria, begin(read_only=True), sort=sort, limit=limit, after=after, skip=skip)
        return UserPage(users=list(found), next=found.next)

    def update(self, begin: Begin, user: UserId, changes: UserChanges) -> UserView:
        data = self._checked(UserUpdate, dict(changes))
        return users.update_users([UserKey.of(user)], data, begin()).users[0]

    def patch(self, begin: Begin, user: UserId, given: Mapping[str, Any] | BaseModel) -> UserView:
        changes = given.model_dump(exclude_unset=True) if isinstance(given, BaseModel) else dict(given)
        if (attributes := changes.pop("attributes", None)) is not None:
            if not isinstance(attributes, Mapping):
                raise InvalidFields([("attributes", "must be an object")])
            changes["set_attributes"] = {name: value for name, value in attributes.items() if value is not None}
            changes["unset_attributes"] = [name for name, value in attributes.items() if value is None]
        if wrong := [(name, "must not be null") for name in sorted(_NEVER_NULL) if changes.get(name, "") is None]:
            raise InvalidFields(wrong)
        if changes.keys() <= {"if_version"}:
            return self.get(begin, user)
        return self.update(begin, user, cast("UserChanges", changes))

    def set_active(self, begin: Begin, user: UserId, active: bool) -> UserView:
        return users.set_active([UserKey.of(user)], active, begin()).users[0]

    def delete(self, begin: Begin, user: UserId) -> UserView:
        return users.delete_users([UserKey.of(user)], begin()).users[0]

    def restore(self, begin: Begin, user: UserId) -> UserView:
        return users.restore_users([UserKey.of(user)], begin()).users[0]

    def roles(self, begin: Begin) -> Sequence[RoleView]:
        return roles.list_roles(begin(read_only=True))

    def create_role(self, begin: Begin, name: str, description: str, administrative: bool) -> RoleView:
        given = {"name": name, "description": description, "administrative": administrative}
        return roles.create_role(self._checked(RoleCreate, given), begin()).role

    def check(self, begin: Begin) -> None:
        with begin(read_only=True) as uow:
            require_current(uow.session.connection())

    def _new(self, password: str | None) -> NewPassword:
        if not isinstance(password, str | None):
            raise InvalidInput("the password is no text")
        return NewPassword(password, self._hasher, self._policy)

    def _checked(self, model: type[Model], given: dict[str, Any]) -> Model:
        try:
            return model.model_validate(given, context={"special_use_domains": self._domains})
        except ValidationError as error:
            wrong = mistakes(error)
            raise InvalidFields(wrong) from None


class InvalidFields(InvalidInput):
    """Fields that were given are not valid; `fields` has each with a sentence."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{name}: {text}" if name else text for name, text in fields))


def with_echo(database: str | DatabaseUrl | Opened, settings: Settings) -> DatabaseUrl | Opened:
    """A URL with the setting `echo`; what the application opened stays as it is. Raises InvalidInput."""
    if isinstance(database, str):
        database = parse(database)
    return replace(database, echo=settings.echo) if isinstance(database, DatabaseUrl) else database


def migrate(url: DatabaseUrl, settings: Settings) -> Sequence[str]:
    """Bring the schema to head, and those of the applications in the settings; the revisions that were run."""
    from usercli.database.applications import Application
    from usercli.database.migrations import upgrade

    found = [Application.parse(entry) for entry in settings.migrations]
    missing = [application.name for application in found if application.folder is None]
    if missing:
        raise InvalidInput(f"the migrations of {', '.join(missing)} are not available; see the setting migrations")
    return [script.revision for script in upgrade(url, applications=found)]
