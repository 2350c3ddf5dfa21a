"""The tables of Django and FastAPI-Users, made and filled by the frameworks themselves, read as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Database, run_here
from tests.test_mapped_table import PASSWORD, POSTGRESQL, configure, contents

_PACKAGES = ("fastapi-users[sqlalchemy]>=14,<16", "asyncpg")

_SETTINGS = """
SECRET_KEY = "of a test"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.{engine}", "NAME": "{name}", "HOST": "{host}",
    "PORT": "{port}", "USER": "{user}"}}}}
USE_TZ = True
"""
_MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
_FILL = f"""
from django.contrib.auth.models import User
User.objects.create_user("bob", "bob@example.com", "{PASSWORD}", first_name="Bob", is_active=False)
User.objects.create_user("ada2", "Ada@example.com")
User.objects.create_user("nobody", "", "{PASSWORD}")
"""
_SIGN_IN = f"""
from django.contrib.auth import authenticate
assert authenticate(username="ada", password="{PASSWORD}").id == 1
assert authenticate(username="bob", password="{PASSWORD}") is None
"""

_FASTAPI_USERS = """
import asyncio, contextlib, sys
from fastapi_users import BaseUserManager, UUIDIDMixin, schemas
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase): pass
class User(SQLAlchemyBaseUserTableUUID, Base): pass
class Manager(UUIDIDMixin, BaseUserManager):
    reset_password_token_secret = verification_token_secret = "x"

async def main(url, what, password):
    engine = create_async_engine(url)
    if what == "fill":
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine, expire_on_commit=False)() as session:
        users = Manager(SQLAlchemyUserDatabase(session, User))
        if what == "fill":
            for email, active in (("ada@example.com", True), ("bob@example.com", False)):
                await users.create(schemas.BaseUserCreate(email=email, password=password, is_active=active))
        found = await users.authenticate(OAuth2PasswordRequestForm(username="ada@example.com", password=password))
        print(found.id)
    await engine.dispose()

asyncio.run(main(*sys.argv[1:]))
"""


def _run(*command: str, folder: Path, stdin: str = "", environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, input=stdin, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@POSTGRESQL
def test_django_makes_its_table_and_still_signs_in_after_every_command(
    empty_database: Database, clean_environment: Path, tmp_path: Path
) -> None:
    url = empty_database.url
    [(host, port)] = url.hosts
    place = {"engine": "postgresql", "name": url.database, "host": host, "port": port, "user": url.user}
    (tmp_path / "site_settings.py").write_text(_SETTINGS.format(**place))
    (tmp_path / "manage.py").write_text(_MANAGE)

    def manage(*arguments: str, stdin: str = "") -> str:
        import os

        environment = {**os.environ, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        return _run(sys.executable, "manage.py", *arguments, folder=tmp_path, stdin=stdin, environment=environment)

    manage("migrate", "-v0")
    manage("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.com")
    manage("shell", stdin=_FILL)
    configure(clean_environment, empty_database, 'preset = "django"')
    before = contents(empty_database)

    code, out, err = run_here("list", "-o", "json", "--sort", "id")
    users = json.loads(out)
    assert (code, err) == (0, "")
    assert [(user["id"], user["email"], user["full_name"], user["is_active"]) for user in users] == [
        (1, "ada@example.com", "", True),
        (2, "bob@example.com", "Bob", False),
        (3, "Ada@example.com", "", True),
        (4, "", "", True),
    ]
    verify = ("password", "verify", "--password-stdin")
    for user, expected in (("id:1", 0), ("id:2", 8), ("id:3", 8), ("id:4", 0), ("ada@example.com", 4)):
        assert run_here(*verify, user, stdin=PASSWORD)[0] == expected
    code, out, err = run_here("db", "check", "-o", "json")
    assert (code, json.loads(out)["without_email"]) == (7, 1)
    assert run_here("password", "audit")[0] == 0
    assert contents(empty_database) == before
    manage("shell", stdin=_SIGN_IN)
    manage("migrate", "-v0")


@pytest.mark.slow
@POSTGRESQL
def test_fastapi_users_makes_its_table_and_still_signs_in_after_every_command(
    empty_database: Database, clean_environment: Path, tmp_path: Path
) -> None:
    python = str(tmp_path / "theirs/bin/python")
    _run(sys.executable, "-m", "venv", str(tmp_path / "theirs"), folder=tmp_path)
    _run(python, "-m", "pip", "install", "-q", *_PACKAGES, folder=tmp_path)
    (tmp_path / "service.py").write_text(_FASTAPI_USERS)
    address = empty_database.text.replace("postgresql://", "postgresql+asyncpg://")

    ada = _run(python, "service.py", address, "fill", PASSWORD, folder=tmp_path).strip()
    configure(clean_environment, empty_database, 'preset = "fastapi-users"')
    before = contents(empty_database)
    code, out, err = run_here("list", "-o", "json", "--sort", "email")
    assert (code, err) == (0, "")
    users = json.loads(out)
    assert [(user["email"], user["is_active"]) for user in users] == [
        ("ada@example.com", True),
        ("bob@example.com", False),
    ]
    assert users[0]["id"] == ada
    verify = ("password", "verify", "--password-stdin")
    assert run_here(*verify, ada, stdin=PASSWORD) == (0, "", "")
    assert run_here(*verify, "bob@example.com", stdin=PASSWORD) == (8, "", "")
    assert run_here("db", "check")[0] == 0
    assert contents(empty_database) == before
    assert _run(python, "service.py", address, "sign in", PASSWORD, folder=tmp_path).strip() == ada
