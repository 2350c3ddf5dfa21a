"""The tables of Django and FastAPI-Users, made and filled by the frameworks themselves, read and written there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Database, run_here
from tests.test_mapped_changes import OTHER, WRITE
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

_AFTER_WRITES = f"""
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
assert authenticate(username="ada", password="{OTHER}").id == 1
assert User.objects.get(pk=1).check_password("{OTHER}")
eve = authenticate(username="Eve@example.com", password="{OTHER}")
assert (eve.get_full_name(), eve.is_staff, eve.is_superuser) == ("Eve Adams", False, False)
assert not User.objects.get(username="tom@example.com").has_usable_password()
assert authenticate(username="nobody", password="{PASSWORD}") is None
bob = User.objects.get(username="bob")
assert (bob.email, bob.is_active) == ("robert@example.com", True)
bob.set_password("{OTHER}")
bob.save()
"""
_WRITE_ON = """
from django.contrib.auth.models import User
for number in range(200):
    User.objects.filter(pk=2).update(last_name=f"theirs {number}")
    user = User.objects.select_related().get(pk=1)
    user.last_name = f"theirs {number}"
    user.save(update_fields=["last_name"])
    User.objects.create_user(f"new{number}", f"new{number}@example.com")
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
        if what == "write on":
            for number in range(20):
                await users.create(schemas.BaseUserCreate(email=f"new{number}@example.com", password=password))
                bob = await users.get_by_email("bob@example.com")
                await users.user_db.update(bob, {"is_verified": number % 2 == 0})
        email = what if "@" in what else "ada@example.com"
        found = await users.authenticate(OAuth2PasswordRequestForm(username=email, password=password))
        print(found and found.id)
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

    configure(clean_environment, empty_database, f'preset = "django"\n{WRITE}')
    _write_beside_django(manage, tmp_path)


def _write_beside_django(manage: Callable[..., str], folder: Path) -> None:
    """What usercli writes is what Django reads, and the other way round; also while both write."""
    for arguments in (
        ("db", "upgrade"),
        ("password", "set", "id:1", "--password-stdin"),
        ("create", "Eve@example.com", "--name", "Eve Adams", "--password-stdin"),
        ("create", "tom@example.com", "--no-password"),
        ("update", "id:2", "--email", "robert@example.com", "--active"),
        ("deactivate", "id:4"),
    ):
        code, _, err = run_here(*arguments, stdin=OTHER)
        assert code == 0, err
    manage("shell", stdin=_AFTER_WRITES)
    verify = ("password", "verify", "--password-stdin", "id:2")
    assert run_here(*verify, stdin=OTHER)[0] == 0
    assert json.loads(run_here("db", "check", "-o", "json")[1])["changed_past_us"] == 1
    manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com")
    assert run_here("create", "ROOT@example.com", "--no-password")[0] == 4

    with _started(sys.executable, "manage.py", "shell", "-c", _WRITE_ON, folder=folder) as writer:
        number = 0
        while writer.poll() is None:
            number += 1
            code, _, err = run_here("update", "id:2", "--email", f"b{number}@example.com")
            assert code == 0, err
            code, _, err = run_here("deactivate" if number % 2 else "activate", "id:1", "id:2")
            assert code == 0, err
        assert writer.returncode == 0
    assert number > 3
    users = {user["id"]: user for user in json.loads(run_here("list", "-o", "json")[1])}
    assert users[2]["email"] == f"b{number}@example.com"
    assert users[2]["full_name"].endswith("theirs 199")
    assert users[1]["is_active"] == (number % 2 == 0)
    assert run_here("audit", "verify", "-q")[1] == "true\n"
    manage("migrate", "-v0")
    manage("makemigrations", "--check", "--dry-run", "-v0")


@contextmanager
def _started(*command: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is over in the end."""
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


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

    configure(clean_environment, empty_database, f'preset = "fastapi-users"\n{WRITE}')
    for arguments in (
        ("db", "upgrade"),
        ("password", "set", ada, "--password-stdin"),
        ("create", "eve@example.com", "--password-stdin"),
        ("create", "tom@example.com", "--no-password"),
        ("activate", "bob@example.com"),
    ):
        code, _, err = run_here(*arguments, stdin=OTHER)
        assert code == 0, err
    assert _run(python, "service.py", address, "sign in", OTHER, folder=tmp_path).strip() == ada
    eve = run_here("show", "eve@example.com", "-q")[1].strip()
    assert _run(python, "service.py", address, "eve@example.com", OTHER, folder=tmp_path).strip() == eve
    assert _run(python, "service.py", address, "tom@example.com", OTHER, folder=tmp_path).strip() == "None"

    with _started(python, "service.py", address, "write on", OTHER, folder=tmp_path) as writer:
        number = 0
        while writer.poll() is None:
            number += 1
            code, _, err = run_here("deactivate" if number % 2 else "activate", "bob@example.com")
            assert code == 0, err
        assert writer.returncode == 0
    assert json.loads(run_here("show", "bob@example.com", "-o", "json")[1])["is_active"] == (number % 2 == 0)
    assert run_here("list", "--count")[1] == "count\n24\n"
    assert run_here("password", "verify", "new7@example.com", "--password-stdin", stdin=OTHER)[0] == 0
    assert run_here("audit", "verify", "-q")[1] == "true\n"
