"""What the routes of a synchronous service ask for: the same names as in `usercli.fastapi`, over threads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias

from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection
from sqlalchemy.orm import Session

from usercli.embedding import InvalidInput, Settings, UserNotFound, Users, UserView
from usercli.fastapi.tokens import Claims, let_in, not_signed_in, origin_of, require, subject

#: A dependency that reads the token of a request; None where there is none that is valid.
ReadToken: TypeAlias = Callable[..., Claims | None]
#: A dependency that gives the user of a request.
CurrentUser: TypeAlias = Callable[..., UserView]


@asynccontextmanager
async def lifespan(app: FastAPI, settings: Settings | None = None) -> AsyncIterator[None]:
    """Check database and schema at the start, close the pool at the end. Raises DatabaseUnavailable."""
    with Users.configured(settings) as users:
        await asyncio.to_thread(users.check)
        app.state.users = users
        yield


def get_users(connection: HTTPConnection) -> Users:
    """The users, for one request. What it changes is done by the application, or by the current user."""
    users = getattr(connection.app.state, "users", None)
    if not isinstance(users, Users):
        raise RuntimeError("the service has no users: write FastAPI(lifespan=usercli.fastapi.threads.lifespan)")
    return users.acting(origin_of(connection))


UsersDep = Annotated[Users, Depends(get_users)]


def get_session(users: UsersDep) -> Iterator[Session]:
    """A session for the application's own tables; what the route does not commit is rolled back."""
    with users.session() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def current_user(read_token: ReadToken) -> CurrentUser:
    """A dependency that gives the user whose token it is; 401 without one that lets somebody in."""

    def signed_in(
        connection: HTTPConnection, users: UsersDep, claims: Annotated[Claims | None, Depends(read_token)]
    ) -> UserView:
        try:
            user = let_in(users.get(subject(claims)), claims)
        except (UserNotFound, InvalidInput):
            raise not_signed_in() from None
        users.origin = origin_of(connection, user.email)
        return user

    return signed_in


def require_role(role: str, user: CurrentUser) -> CurrentUser:
    """A dependency that gives the user, `user` being what `current_user` made; 403 without the role."""

    def allowed(found: Annotated[UserView, Depends(user)]) -> UserView:
        return require(role, found)

    return allowed
