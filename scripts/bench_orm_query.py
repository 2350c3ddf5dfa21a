"""The yardstick of `scripts/bench startup`: the query of `usercli show EMAIL` in bare SQLAlchemy.

It declares the mapped class, opens an engine and a session, selects one user by email_key and prints the
fields. Nothing of usercli is used, and the garbage collector stays as Python sets it.

    python scripts/bench_orm_query.py users.db ada@example.com
"""

from __future__ import annotations

import sys
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON}


class User(Base):
    __tablename__ = "users"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str]
    full_name: Mapped[str]
    hashed_password: Mapped[str]
    is_active: Mapped[bool]
    must_change_password: Mapped[bool]
    password_changed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    attributes: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    was_active: Mapped[bool | None]
    managed_by: Mapped[str | None]


def main(path: str, email_key: str) -> None:
    with Session(create_engine(f"sqlite:///{path}")) as session:
        user = session.scalars(select(User).where(User.email_key == email_key, User.deleted_at.is_(None))).one()
        fields = [column.key for column in User.__table__.columns if column.key != "hashed_password"]
        print("\t".join(fields))
        print("\t".join(str(getattr(user, field)) for field in fields))


if __name__ == "__main__":
    main(*sys.argv[1:])
