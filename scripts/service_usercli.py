"""Accounts on `usercli.embedding`, for `scripts/bench service`; service_by_hand.py is the same without it."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

from usercli.embedding import UserPage, UserView
from usercli.fastapi import UsersDep, add_error_handlers, lifespan

app = FastAPI(lifespan=lifespan)
add_error_handlers(app)


class Account(BaseModel):
    email: str
    password: str


async def me(token: Annotated[uuid.UUID, Header()], users: UsersDep) -> UserView:
    user = await users.get(token)
    if not user.is_active:
        raise HTTPException(401)
    return user


@app.post("/users", status_code=201)
async def sign_up(account: Account, users: UsersDep) -> UserView:
    return await users.sign_up(account.email, account.password)


@app.post("/sign-in")
async def sign_in(account: Account, users: UsersDep) -> UserView:
    return (await users.sign_in(account.email, account.password)).user


@app.get("/me")
async def show_me(user: Annotated[UserView, Depends(me)]) -> UserView:
    return user


@app.get("/users")
async def list_users(users: UsersDep) -> UserPage:
    return await users.list(limit=50)
