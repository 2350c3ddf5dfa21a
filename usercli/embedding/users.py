"""Users for a service with threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from usercli.config import Settings
from usercli.database.engine import url_of
from usercli.database.joined_unit_of_work import new_session, open_database
from usercli.database.unit_of_work import UnitOfWork
from usercli.embedding.operations import Operations, PoolStatus, UserPage, migrate, with_echo
from usercli.origin import Origin
from usercli.schemas.roles import RoleView
from usercli.schemas.user_table import require_unmapped
from usercli.schemas.users import NewUserFields, UserChanges, UserFilters, UserId, UserView
from usercli.services.auth import SignIn
from usercli.services.password_rules import configured_hasher

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from usercli.database.url import DatabaseUrl

T = TypeVar("T")


class Users:
    """The users of a database, for the threads of a service. Each call is a transaction of its own.

    `database` is a URL, an engine that usercli made, or a session with such an engine: all calls become part of its
    transaction. `origin` says who acts, for the audit log. Raises InvalidInput, DatabaseUnavailable.
    """

    def __init__(
        self,
        database: str | DatabaseUrl | Engine | Session,
        *,
        settings: Settings | None = None,
        origin: Origin | None = None,
    ) -> None:
        self._settings, self.origin = settings or Settings(), origin
        self._operations = Operations(self._settings, configured_hasher(self._settings))
        self._database = open_database(with_echo(database, self._settings), self._settings.pool)
        self._open: UnitOfWork | None = None

    @classmethod
    def configured(cls, settings: Settings | None = None, *, origin: Origin | None = None) -> Self:
        """The database that the settings name, found as the command line finds it."""
        settings = settings or Settings()
        require_unmapped(settings.user_table)
        return cls(settings.target.url, settings=settings, origin=origin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; an engine or a session that was given stays open."""
        self._database.close()

    def acting(self, origin: Origin) -> Self:
        """The same users, changed in the name of somebody else."""
        other = copy(self)
        other.origin = origin
        return other

    def within(self, session: Session) -> Self:
        """The same users inside the transaction of a session; whoever opened it commits."""
        other = copy(self)
        other._database, other._open = open_database(session, self._settings.pool), None
        return other

    def session(self) -> Session:
        """A new session on the same connections, for the application's own tables."""
        return new_session(self._database)

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Several calls, of what the block is given, as one: committed at its end, undone by an error."""
        with self._begin() as uow:
            inner = copy(self)
            inner._open = uow
            yield inner
            uow.commit()

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Call a service function, or another one of a unit of work: `run(lambda uow: purge_users(keys, uow))`."""
        return work(self._begin())

    def check(self) -> None:
        """Is the database there, and its schema at head? Raises DatabaseUnavailable and its subclasses."""
        self._operations.check(self._begin)

    def migrate(self) -> Sequence[str]:
        """Bring the schema to head, and those of the applications in the settings; the revisions that were run."""
        return migrate(url_of(self._database.engine), self._settings)

    def pool_status(self) -> PoolStatus:
        """How many connections there are, and in use."""
        return PoolStatus.of(self._database.engine.pool)

    def sign_up(self, email: str, password: str | None, **fields: Unpack[NewUserFields]) -> UserView:
        """Add a user; None is no password. Raises EmailTaken, PasswordRefused, RoleNotFound, InvalidInput."""
        return self._operations.sign_up(self._begin, email, password, fields)

    def sign_in(self, email: str, password: str) -> SignIn:
        """Let a user in. Raises SignInRefused, after the same work for everybody."""
        return self._operations.sign_in(self._begin, email, password)

    def change_password(self, user: UserId, old: str, new: str) -> UserView:
        """Set a password for whoever knows the old one. Raises SignInRefused, PasswordRefused, InvalidInput."""
        return self._operations.change_password(self._begin, user, old, new)

    def set_password(self, user: UserId, new: str, *, must_change: bool = False) -> UserView:
        """Set a password. Raises UserNotFound, PasswordRefused, InvalidInput."""
        return self._operations.set_password(self._begin, user, new, must_change=must_change)

    def reset_password(self, user: UserId) -> str:
        """A new random password, which must be changed after the next sign-in. Raises UserNotFound."""
        return self._operations.reset_password(self._begin, user)

    def get(self, user: UserId) -> UserView:
        """The user with that id. Raises UserNotFound, also for one in the recycle bin."""
        return self._operations.get(self._begin, user)

    def find(self, email: str) -> UserView | None:
        """The user with that email, or None."""
        return self._operations.find(self._begin, email)

    def list(
        self,
        *,
        limit: int = 50,
        after: str | None = None,
        skip: int = 0,
        sort: str = "created_at",
        **filters: Unpack[UserFilters],
    ) -> UserPage:
        """A page of the users that fit, after a cursor or so many users. Raises InvalidInput, RoleNotFound."""
        return self._operations.list(self._begin, limit, after, skip, sort, filters)

    def update(self, user: UserId, **changes: Unpack[UserChanges]) -> UserView:
        """Change the fields that are given. Raises what `update_users` raises."""
        return self._operations.update(self._begin, user, changes)

    def patch(self, user: UserId, given: Mapping[str, Any] | BaseModel) -> UserView:
        """Change what a request gave, and nothing where it gave nothing; of a model, the fields that were set.

        `attributes` are merged, and one that is null is removed. Raises what `update` raises.
        """
        return self._operations.patch(self._begin, user, given)

    def activate(self, user: UserId) -> UserView:
        """Let a user in again. Raises UserNotFound."""
        return self._operations.set_active(self._begin, user, True)

    def deactivate(self, user: UserId) -> UserView:
        """Keep a user out. Raises UserNotFound, LastAdministrator."""
        return self._operations.set_active(self._begin, user, False)

    def delete(self, user: UserId) -> UserView:
        """Move a user to the recycle bin. Raises UserNotFound, LastAdministrator."""
        return self._operations.delete(self._begin, user)

    def restore(self, user: UserId) -> UserView:
        """Bring a user back from the recycle bin. Raises UserNotFound, EmailTaken."""
        return self._operations.restore(self._begin, user)

    def roles(self) -> Sequence[RoleView]:
        """Every role, by name; `update` gives and takes them."""
        return self._operations.roles(self._begin)

    def create_role(self, name: str, *, description: str = "", administrative: bool = False) -> RoleView:
        """Add a role. Raises Conflict if there is one of that name, InvalidInput."""
        return self._operations.create_role(self._begin, name, description, administrative)

    def _begin(self, *, read_only: bool = False) -> UnitOfWork:
        return self._open or self._database.unit_of_work(origin=self.origin, read_only=read_only)
