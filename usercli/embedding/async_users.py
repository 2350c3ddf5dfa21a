"""Users for a service with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from usercli.config import Settings
from usercli.database.async_sources import new_session, runner
from usercli.database.engine import url_of
from usercli.database.joined_unit_of_work import Begin
from usercli.database.threaded_hasher import ThreadedHasher
from usercli.database.unit_of_work import UnitOfWork
from usercli.embedding.operations import Operations, PoolStatus, UserPage, migrate, with_echo
from usercli.origin import Origin
from usercli.schemas.roles import RoleView
from usercli.schemas.user_table import require_unmapped
from usercli.schemas.users import NewUserFields, UserChanges, UserFilters, UserId, UserView
from usercli.services.auth import SignIn
from usercli.services.password_rules import configured_pepper_file

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from usercli.database.async_unit_of_work import AsyncDatabase
    from usercli.database.url import DatabaseUrl

P = ParamSpec("P")
T = TypeVar("T")


class AsyncUsers:
    """The users of a database, for the tasks of an event loop. Each call is a transaction of its own.

    `database` is a URL, an AsyncDatabase or its engine, or a session on that engine: all calls become part of its
    transaction. `origin` says who acts, for the audit log. Passwords are hashed in threads. Needs the extra
    `usercli[async]`. Raises InvalidInput, DatabaseUnavailable.
    """

    def __init__(
        self,
        database: str | DatabaseUrl | AsyncDatabase | AsyncEngine | AsyncSession,
        *,
        settings: Settings | None = None,
        origin: Origin | None = None,
    ) -> None:
        self._settings, self.origin = settings or Settings(), origin
        pepper_file = configured_pepper_file(self._settings)
        hasher = ThreadedHasher(self._settings.password_scheme, self._settings.bcrypt_cost, pepper_file)
        self._operations = Operations(self._settings, hasher)
        self._runner = runner(with_echo(database, self._settings), self._settings.pool)

    @classmethod
    def configured(cls, settings: Settings | None = None, *, origin: Origin | None = None) -> Self:
        """The database that the settings name, found as the command line finds it."""
        settings = settings or Settings()
        require_unmapped(settings.user_table)
        return cls(settings.target.url, settings=settings, origin=origin)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections that this has opened; an engine or a session that was given stays open."""
        await self._runner.close()

    def acting(self, origin: Origin) -> Self:
        """The same users, changed in the name of somebody else."""
        other = copy(self)
        other.origin = origin
        return other

    def within(self, session: AsyncSession) -> Self:
        """The same users inside the transaction of a session; whoever opened it commits."""
        other = copy(self)
        other._runner = runner(session, self._settings.pool)
        return other

    def session(self) -> AsyncSession:
        """A new session on the same connections, for the application's own tables."""
        return new_session(self._runner.engine)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Self]:
        """Several calls, of what the block is given, as one: committed at its end, undone by an error."""
        async with self._runner.transaction(self.origin) as inside:
            inner = copy(self)
            inner._runner = inside
            yield inner

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Call a service function, or another one of a unit of work: `run(lambda uow: purge_users(keys, uow))`."""
        return await self._run(lambda begin: work(begin()))

    async def check(self) -> None:
        """Is the database there, and its schema at head? Raises DatabaseUnavailable and its subclasses."""
        await self._run(self._operations.check)

    async def migrate(self) -> Sequence[str]:
        """Bring the schema to head, and those of the applications in the settings; the revisions that were run."""
        return await asyncio.to_thread(migrate, url_of(self._runner.engine.sync_engine), self._settings)

    def pool_status(self) -> PoolStatus:
        """How many connections there are, and in use."""
        return PoolStatus.of(self._runner.engine.sync_engine.pool)

    async def sign_up(self, email: str, password: str | None, **fields: Unpack[NewUserFields]) -> UserView:
        """Add a user; None is no password. Raises EmailTaken, PasswordRefused, RoleNotFound, InvalidInput."""
        return await self._run(self._operations.sign_up, email, password, fields)

    async def sign_in(self, email: str, password: str) -> SignIn:
        """Let a user in. Raises SignInRefused, after the same work for everybody."""
        return await self._run(self._operations.sign_in, email, password)

    async def change_password(self, user: UserId, old: str, new: str) -> UserView:
        """Set a password for whoever knows the old one. Raises SignInRefused, PasswordRefused, InvalidInput."""
        return await self._run(self._operations.change_password, user, old, new)

    async def set_password(self, user: UserId, new: str, *, must_change: bool = False) -> UserView:
        """Set a password. Raises UserNotFound, PasswordRefused, InvalidInput."""
        return await self._run(self._operations.set_password, user, new, must_change=must_change)

    async def reset_password(self, user: UserId) -> str:
        """A new random password, which must be changed after the next sign-in. Raises UserNotFound."""
        return await self._run(self._operations.reset_password, user)

    async def get(self, user: UserId) -> UserView:
        """The user with that id. Raises UserNotFound, also for one in the recycle bin."""
        return await self._run(self._operations.get, user)

    async def find(self, email: str) -> UserView | None:
        """The user with that email, or None."""
        return await self._run(self._operations.find, email)

    async def list(
        self,
        *,
        limit: int = 50,
        after: str | None = None,
        skip: int = 0,
        sort: str = "created_at",
        **filters: Unpack[UserFilters],
    ) -> UserPage:
        """A page of the users that fit, after a cursor or so many users. Raises InvalidInput, RoleNotFound."""
        return await self._run(self._operations.list, limit, after, skip, sort, filters)

    async def update(self, user: UserId, **changes: Unpack[UserChanges]) -> UserView:
        """Change the fields that are given. Raises what `update_users` raises."""
        return await self._run(self._operations.update, user, changes)

    async def patch(self, user: UserId, given: Mapping[str, Any] | BaseModel) -> UserView:
        """Change what a request gave, and nothing where it gave nothing; of a model, the fields that were set.

        `attributes` are merged, and one that is null is removed. Raises what `update` raises.
        """
        return await self._run(self._operations.patch, user, given)

    async def activate(self, user: UserId) -> UserView:
        """Let a user in again. Raises UserNotFound."""
        return await self._run(self._operations.set_active, user, True)

    async def deactivate(self, user: UserId) -> UserView:
        """Keep a user out. Raises UserNotFound, LastAdministrator."""
        return await self._run(self._operations.set_active, user, False)

    async def delete(self, user: UserId) -> UserView:
        """Move a user to the recycle bin. Raises UserNotFound, LastAdministrator."""
        return await self._run(self._operations.delete, user)

    async def restore(self, user: UserId) -> UserView:
        """Bring a user back from the recycle bin. Raises UserNotFound, EmailTaken."""
        return await self._run(self._operations.restore, user)

    async def roles(self) -> Sequence[RoleView]:
        """Every role, by name; `update` gives and takes them."""
        return await self._run(self._operations.roles)

    async def create_role(self, name: str, *, description: str = "", administrative: bool = False) -> RoleView:
        """Add a role. Raises Conflict if there is one of that name, InvalidInput."""
        return await self._run(self._operations.create_role, name, description, administrative)

    async def _run(self, operation: Callable[Concatenate[Begin, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._runner.run(lambda begin: operation(begin, *args, **kwargs), self.origin)
