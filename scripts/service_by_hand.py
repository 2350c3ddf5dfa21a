"""The routes of service_usercli.py by hand: SQLAlchemy and psycopg on the same tables, bcrypt, no audit log."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import bcrypt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, DateTime, ForeignKey, Table, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

COST = int(os.environ["USERCLI_BCRYPT_COST"])
POOL = int(os.environ["USERCLI_POOL_SIZE"])
engine = create_async_engine(
    os.environ["USERCLI_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
    pool_size=POOL,
    max_overflow=0,
    pool_pre_ping=True,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


held = Table(
    "user_roles",
    Base.metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("role_id", ForeignKey("roles.id"), primary_key=True),
)


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class User(Base):
    __tablename__ = "users"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str]
    email_key: Mapped[str]
    full_name: Mapped[str] = mapped_column(default="")
    hashed_password: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    password_changed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]
    held: Mapped[list[Role]] = relationship(secondary=held, lazy="selectin")

    @property
    def roles(self) -> list[str]:
        return [role.name for role in self.held]


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID
    email: str
    full_name: str
    is_active: bool
    roles: list[str]
    attributes: dict[str, Any]
    must_change_password: bool
    password_changed_at: datetime | None
    expires_at: datetime | None
    last_login_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class Account(BaseModel):
    email: str
    password: str


class Page(BaseModel):
    users: list[View]
    next: uuid.UUID | None


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI()
present = select(User).where(User.deleted_at.is_(None))


async def me(token: Annotated[uuid.UUID, Header()], session: Session) -> User:
    user = await session.scalar(present.where(User.id == token))
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


@app.post("/users", status_code=201, response_model=View)
async def sign_up(account: Account, session: Session) -> User:
    hashed = await asyncio.to_thread(bcrypt.hashpw, account.password.encode(), bcrypt.gensalt(COST))
    user = User(email=account.email, email_key=account.email.lower(), hashed_password=hashed.decode(), held=[])
    session.add(user)
    try:
        await session.commit()
    except IntegrityError:
        raise HTTPException(409) from None
    return user


@app.post("/sign-in", response_model=View)
async def sign_in(account: Account, session: Session) -> User:
    user = await session.scalar(present.where(User.email_key == account.email.lower()))
    if user is None or not user.is_active:
        raise HTTPException(401)
    if not await asyncio.to_thread(bcrypt.checkpw, account.password.encode(), user.hashed_password.encode()):
        raise HTTPException(401)
    user.last_login_at = datetime.now(UTC)
    await session.commit()
    return user


@app.get("/me", response_model=View)
async def show_me(user: Annotated[User, Depends(me)]) -> User:
    return user


@app.get("/users", response_model=Page)
async def list_users(session: Session) -> dict[str, Any]:
    found = (await session.scalars(present.order_by(User.created_at, User.id).limit(51))).all()
    return {"users": found[:50], "next": found[49].id if len(found) > 50 else None}
