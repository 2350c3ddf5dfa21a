"""Routes for whoever does not write them: one's own account, and users for administrators.

Their names begin with the router's, so that a route of the service may be called `sign_up`: operations are named by
the function and the path.
"""

import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from usercli.embedding import UserPage, UserView
from usercli.fastapi.dependencies import CurrentUser, UsersDep
from usercli.services.users import MOST_SKIPPED

#: Makes a token that says at least what `claims_of` gives.
MakeToken = Callable[[UserView], str]


class _Body(BaseModel):
    # input is hidden: it may be a password
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Credentials(_Body):
    """What somebody signs in with."""

    email: str
    password: SecretStr


class NewAccount(Credentials):
    """What somebody signs up with. Roles are not theirs to give."""

    full_name: str = ""


class NewPassword(_Body):
    """A password, and the one that it takes the place of."""

    old: SecretStr
    new: SecretStr


class NewUser(_Body):
    """A user to be; without a password nobody can sign in until one is set."""

    email: str
    full_name: str = ""
    password: SecretStr | None = None
    roles: list[str] = []


class UserPatch(_Body):
    """What changes: only what is given. With `if_version` only if nobody changed the user since."""

    email: str = ""
    full_name: str = ""
    is_active: bool = True
    add_roles: list[str] = []
    remove_roles: list[str] = []
    if_version: Annotated[int, Field(ge=1, lt=2**31)] = 1


class Token(BaseModel):
    """A successful sign-in."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the kind of a token
    must_change_password: bool = False


class PageQuery(BaseModel):
    """Which page: by how many to skip, or after the cursor that came with the page before."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    skip: Annotated[int, Field(ge=0, le=MOST_SKIPPED)] = 0
    after: str | None = None
    is_active: bool | None = None
    search: str | None = None


def account_router(make_token: MakeToken, user: CurrentUser) -> APIRouter:
    """Sign-up, sign-in, who one is and a change of password; `user` is what `current_user` made."""
    router = APIRouter(tags=["account"])
    Me = Annotated[UserView, Depends(user)]  # noqa: N806 - a type

    @router.post("/sign-up", status_code=201)
    async def account_sign_up(new: NewAccount, users: UsersDep) -> UserView:
        return await users.sign_up(new.email, new.password.get_secret_value(), full_name=new.full_name)

    @router.post("/sign-in")
    async def account_sign_in(given: Credentials, users: UsersDep) -> Token:
        found = await users.sign_in(given.email, given.password.get_secret_value())
        return Token(access_token=make_token(found.user), must_change_password=found.must_change_password)

    @router.get("/me")
    async def account_me(found: Me) -> UserView:
        return found

    @router.post("/me/password")
    async def account_change_password(given: NewPassword, found: Me, users: UsersDep) -> Token:
        old, new = given.old.get_secret_value(), given.new.get_secret_value()
        return Token(access_token=make_token(await users.change_password(found, old, new)))

    return router


def users_router(allowed: CurrentUser) -> APIRouter:
    """List, create, show, change and delete users; `allowed` says for whom: `require_role("admin", ...)`."""
    router = APIRouter(prefix="/users", tags=["users"], dependencies=[Depends(allowed)])

    @router.get("")
    async def users_list(page: Annotated[PageQuery, Query()], users: UsersDep) -> UserPage:
        return await users.list(**page.model_dump())

    @router.post("", status_code=201)
    async def users_create(new: NewUser, users: UsersDep) -> UserView:
        password = new.password.get_secret_value() if new.password is not None else None
        return await users.sign_up(new.email, password, full_name=new.full_name, roles=new.roles)

    @router.get("/{user_id}")
    async def users_show(user_id: uuid.UUID, users: UsersDep) -> UserView:
        return await users.get(user_id)

    @router.patch("/{user_id}")
    async def users_update(user_id: uuid.UUID, changes: UserPatch, users: UsersDep) -> UserView:
        return await users.update(user_id, **changes.model_dump(exclude_unset=True))

    @router.delete("/{user_id}", status_code=204)
    async def users_delete(user_id: uuid.UUID, users: UsersDep) -> None:
        await users.delete(user_id)

    return router
