"""The shop with threads; every route is its own."""

import os
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from shop.models import Credentials, EndedToken, NewOrder, NewPassword, Order, OrderView
from sqlalchemy import select

from usercli.embedding import UserPage, UserView
from usercli.fastapi import Claims, add_error_handlers, claims_of
from usercli.fastapi.threads import SessionDep, UsersDep, current_user, lifespan, require_role

KEY = os.environ.get("SHOP_KEY", "a secret of 32 bytes or more, for tests")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def make_token(user: UserView) -> str:
    return jwt.encode({**claims_of(user), "jti": uuid.uuid4().hex, "exp": int(time.time()) + 3600}, KEY)


def read_token(bearer: Bearer, users: UsersDep) -> Claims | None:
    try:
        claims = jwt.decode(bearer.credentials if bearer else "", KEY, ["HS256"], {"require": ["exp", "jti"]})
    except jwt.InvalidTokenError:
        return None
    with users.session() as session:
        return None if session.get(EndedToken, claims["jti"]) else claims


me = current_user(read_token)
Me = Annotated[UserView, Depends(me)]
app = FastAPI(title="shop", version="1.0", lifespan=lifespan)
add_error_handlers(app)


@app.post("/sign-up", status_code=201)
def sign_up(new: Credentials, users: UsersDep) -> UserView:
    return users.sign_up(new.email, new.password.get_secret_value())


@app.post("/sign-in")
def sign_in(given: Credentials, users: UsersDep) -> dict[str, str]:
    user = users.sign_in(given.email, given.password.get_secret_value()).user
    return {"access_token": make_token(user), "token_type": "bearer"}


@app.post("/sign-out", status_code=204)
def sign_out(_: Me, claims: Annotated[Claims, Depends(read_token)], session: SessionDep) -> None:
    session.add(EndedToken(jti=claims["jti"], ends_at=datetime.fromtimestamp(claims["exp"], UTC)))
    session.commit()


@app.get("/me")
def who(user: Me) -> UserView:
    return user


@app.post("/me/password")
def change_password(given: NewPassword, user: Me, users: UsersDep) -> dict[str, str]:
    changed = users.change_password(user, given.old.get_secret_value(), given.new.get_secret_value())
    return {"access_token": make_token(changed), "token_type": "bearer"}


@app.get("/users", dependencies=[Depends(require_role("admin", me))])
def everybody(users: UsersDep, after: str | None = None, limit: int = 50) -> UserPage:
    return users.list(after=after, limit=limit)


@app.post("/orders", status_code=201, response_model=OrderView)
def order(new: NewOrder, user: Me, session: SessionDep) -> Order:
    made = Order(user_id=user.id, **new.model_dump())
    session.add(made)
    session.commit()
    return made


@app.get("/orders", response_model=list[OrderView])
def orders(user: Me, session: SessionDep) -> Sequence[Order]:
    return session.scalars(select(Order).where(Order.user_id == user.id).order_by(Order.id)).all()
