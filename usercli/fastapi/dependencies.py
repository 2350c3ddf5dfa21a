"""What the routes of an asynchronous service ask for. Annotations are read when the service starts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias

from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection

from usercli.database.async_extra import AsyncSession
from usercli.embedding import AsyncUsers, InvalidInput, Settings, UserNotFound, UserView
from usercli.fastapi.tokens import Claims, let_in, not_signed_in, origin_of, require, subject

#: A dependency that reads the token of a request; None where there is none that is valid.
ReadToken: TypeAlias = Callable[..., Claims | None] | Callable[..., Awaitable[Claims | None]]
#: A dependency that gives the user of a request.
CurrentUser: TypeAlias = Callable[..., Awaitable[UserView]]


@asynccontextmanager
async def lifespan(app: FastAPI, settings: Settings | None = None) -> AsyncIterator[None]:
    """Check database and schema at the start, close the pool at the end. Raises DatabaseUnavailable."""
    async with AsyncUsers.configured(settings) as users:
        await users.check()
        app.state.users = users
        yield


async def get_users(connection: HTTPConnection) -> AsyncUsers:
    """The users, for one request. What it changes is done by the application, or by the current user."""
    users = getattr(connection.app.state, "users", None)
    if not isinstance(users, AsyncUsers):
        raise RuntimeError("the service has no users: write FastAPI(lifespan=usercli.fastapi.lifespan)")
    return users.acting(origin_of(connection))


UsersDep = Annotated[AsyncUsers, Depends(get_users)]


async def get_session(users: UsersDep) -> AsyncIterator[AsyncSession]:
    """A session for the application's own tables; what the route does not commit is rolled back."""
    async with users.session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


def current_user(read_token: ReadToken) -> CurrentUser:
    """A dependency that gives the user whose token it is; 401 without one that lets somebody in."""

    async def signed_in(
        connection: HTTPConnection, users: UsersDep, claims: Annotated[Claims | None, Depends(read_token)]
    ) -> UserView:
        try:
            user = let_in(await users.get(subject(claims)), claims)
        except (UserNotFound, InvalidInput):
            raise not_signed_in() from None
        users.origin = origin_of(connection, user.email)
        return user

    return signed_in


def require_role(role: str, user: CurrentUser) -> CurrentUser:
    """A dependency that gives the user, `user` being what `current_user` made; 403 without the role."""

    async def allowed(found: Annotated[UserView, Depends(user)]) -> UserView:
        return require(role, found)

    return allowed
