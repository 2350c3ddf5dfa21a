"""The shop with an event loop; the accounts are those of the routers."""

import os
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from shop.models import EndedToken, NewOrder, Order, OrderView
from sqlalchemy import select

from usercli.embedding import UserView
from usercli.fastapi import (
    Claims,
    SessionDep,
    UsersDep,
    account_router,
    add_error_handlers,
    claims_of,
    current_user,
    lifespan,
    require_role,
    users_router,
)

KEY = os.environ.get("SHOP_KEY", "a secret of 32 bytes or more, for tests")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def make_token(user: UserView) -> str:
    return jwt.encode({**claims_of(user), "jti": uuid.uuid4().hex, "exp": int(time.time()) + 3600}, KEY)


async def read_token(bearer: Bearer, users: UsersDep) -> Claims | None:
    try:
        claims = jwt.decode(bearer.credentials if bearer else "", KEY, ["HS256"], {"require": ["exp", "jti"]})
    except jwt.InvalidTokenError:
        return None
    async with users.session() as session:
        return None if await session.get(EndedToken, claims["jti"]) else claims


me = current_user(read_token)
Me = Annotated[UserView, Depends(me)]
app = FastAPI(title="shop", version="1.0", lifespan=lifespan)
add_error_handlers(app)
app.include_router(account_router(make_token, me))
app.include_router(users_router(require_role("admin", me)))


@app.post("/sign-out", status_code=204)
async def sign_out(_: Me, claims: Annotated[Claims, Depends(read_token)], session: SessionDep) -> None:
    session.add(EndedToken(jti=claims["jti"], ends_at=datetime.fromtimestamp(claims["exp"], UTC)))
    await session.commit()


@app.post("/orders", status_code=201, response_model=OrderView)
async def order(new: NewOrder, user: Me, session: SessionDep) -> Order:
    made = Order(user_id=user.id, **new.model_dump())
    session.add(made)
    await session.commit()
    return made


@app.get("/orders", response_model=list[OrderView])
async def orders(user: Me, session: SessionDep) -> Sequence[Order]:
    return (await session.scalars(select(Order).where(Order.user_id == user.id).order_by(Order.id))).all()
