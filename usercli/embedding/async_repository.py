"""Sessions of an event loop, and the users as a repository on one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Unpack
from weakref import WeakKeyDictionary

from usercli.config import Settings
from usercli.database.async_sources import new_session
from usercli.database.async_unit_of_work import AsyncDatabase
from usercli.embedding.async_users import AsyncUsers
from usercli.errors import UserNotFound
from usercli.schemas.users import NewUserFields, UserChanges, UserCriteria, UserId, UserView
from usercli.services.users import count_users

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from usercli.origin import Origin

#: The databases that get_db_session opened; connections belong to the loop in which they were made.
_databases: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncDatabase] = WeakKeyDictionary()


async def get_db_session() -> AsyncGenerator[AsyncSession, None]:
    """A session on the database of the settings, for one request; what is not committed is rolled back.

    The first call of an event loop opens the connections. Raises InvalidInput, DatabaseUnavailable.
    """
    loop = asyncio.get_running_loop()
    if loop not in _databases:
        _databases[loop] = AsyncDatabase.configured(Settings())
    async with new_session(_databases[loop].engine) as session:
        yield session


async def close_db_sessions() -> None:
    """Close the connections of get_db_session in this event loop."""
    database = _databases.pop(asyncio.get_running_loop(), None)
    if database is not None:
        await database.close()


class AsyncUserRepository:
    """The users, in the transaction of a session that whoever opened it commits.

    Rules, password policy and events are those of AsyncUsers. Raises TypeError unless the session's engine is
    one of usercli's.
    """

    def __init__(
        self, session: AsyncSession, *, settings: Settings | None = None, origin: Origin | None = None
    ) -> None:
        self._users = AsyncUsers(session, settings=settings, origin=origin)

    async def create(self, email: str, password: str | None = None, **fields: Unpack[NewUserFields]) -> UserView:
        """Add a user; None is no password. Raises EmailTaken, PasswordRefused, RoleNotFound, InvalidInput."""
        return await self._users.sign_up(email, password, **fields)

    async def get_by_id(self, user: UserId) -> UserView | None:
        """The user with that id, or None; also for one in the recycle bin. Raises InvalidInput for no UUID."""
        try:
            return await self._users.get(user)
        except UserNotFound:
            return None

    async def get_by_email(self, email: str) -> UserView | None:
        """The user with that email, or None."""
        return await self._users.find(email)

    async def list(self, skip: int = 0, limit: int = 100, active_only: bool = False) -> Sequence[UserView]:
        """Users by the time of their creation, oldest first. Raises InvalidInput, also for a skip above 10,000."""
        page = await self._users.list(skip=skip, limit=limit, is_active=True if active_only else None)
        return page.users

    async def update(self, user: UserId, **changes: Unpack[UserChanges]) -> UserView:
        """Change the fields that are given. Raises what `update_users` raises."""
        return await self._users.update(user, **changes)

    async def delete(self, user: UserId) -> bool:
        """Move a user to the recycle bin; False if there is none. Raises LastAdministrator."""
        try:
            await self._users.delete(user)
        except UserNotFound:
            return False
        return True

    async def count(self, active_only: bool = False) -> int:
        """How many users there are outside the recycle bin."""
        criteria = UserCriteria(is_active=True if active_only else None)
        return await self._users.run(lambda uow: count_users(criteria, uow))
