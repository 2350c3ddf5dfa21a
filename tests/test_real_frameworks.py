"""Tables of users that Django and FastAPI-Users themselves made, from their packages: looked at, and imported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database, run_here

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"])]

PASSWORD = "correct horse battery staple"
_PACKAGES = ("django>=5.2,<7", "fastapi-users[sqlalchemy]>=15,<16", "aiosqlite", "asyncpg", "psycopg[binary]")

DJANGO = f'''
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings

url = urlsplit(sys.argv[1])
database = {{"ENGINE": "django.db.backends.sqlite3", "NAME": url.path}}
if url.scheme != "sqlite":
    database = {{"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "USER": url.username,
        "HOST": url.hostname, "PORT": url.port}}
settings.configure(DATABASES={{"default": database}}, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
User.objects.create_superuser("ada", "Ada@Example.com", "{PASSWORD}", first_name="Ada", last_name="Lovelace")
User.objects.create_user("ada2", "ada@example.com")
User.objects.create_user("bob", "bob@example.com", "{PASSWORD}", is_active=False)
'''

FASTAPI_USERS = f'''
import asyncio
import sys

from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


async def main() -> None:
    scheme = "sqlite+aiosqlite" if sys.argv[1].startswith("sqlite") else "postgresql+asyncpg"
    engine = create_async_engine(f"{{scheme}}:{{sys.argv[1].partition(':')[2]}}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    hashed = PasswordHelper(PasswordHash((BcryptHasher(4),))).hash("{PASSWORD}")
    async with async_sessionmaker(engine)() as session:
        users = SQLAlchemyUserDatabase(session, User)
        for email, active in (("ada@example.com", True), ("Ada@example.com", True), ("bob@example.com", False)):
            await users.create({{"email": email, "hashed_password": hashed, "is_active": active}})
    await engine.dispose()


asyncio.run(main())
'''


@pytest.fixture(scope="module")
def frameworks(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Database], None]:
    """Runs a program of the frameworks on a database, in an environment of their own."""
    folder = tmp_path_factory.mktemp("frameworks")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *_PACKAGES], check=True, timeout=600)

    def made(program: str, database: Database) -> None:
        if database.engine == "sqlite":
            Path(database.url.database).touch(0o600)
        subprocess.run([python, "-c", program, database.text], check=True, timeout=120)

    return made


@pytest.mark.parametrize(
    ("program", "table", "framework", "key"),
    [(DJANGO, "auth_user", "django", "django_id"), (FASTAPI_USERS, "user", "fastapi-users", "fastapi_users_id")],
    ids=["django", "fastapi-users"],
)
def test_the_table_is_told_and_its_users_sign_in_after_an_import(
    clean_environment: Path,
    empty_database: Database,
    frameworks: Callable[[str, Database], None],
    sqlite_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    table: str,
    framework: str,
    key: str,
) -> None:
    frameworks(program, empty_database)
    found: list[dict[str, Any]] = json.loads(
        run_here("--database-url", empty_database.text, "db", "inspect", "-o", "json")[1]
    )
    assert [(view["framework"], view["rows"], view["colliding"]) for view in found] == [(framework, 3, 1)]
    shutil.copyfile(sqlite_template, tmp_path / "target.db")
    monkeypatch.setenv("USERCLI_DATABASE_URL", f"sqlite:///{tmp_path / 'target.db'}")
    assert run_here("import", "--from-table", empty_database.text, table, "--skip-bad")[0] == 7
    users = json.loads(run_here("list", "-o", "json")[1])
    assert [(user["email"].lower(), user["is_active"]) for user in users] == [
        ("ada@example.com", True),
        ("bob@example.com", False),
    ]
    assert all(user["attributes"][key] for user in users)
    signed_in = run_here("password", "verify", "ada@example.com", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert signed_in[0] == 0
