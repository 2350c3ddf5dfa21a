"""A table that Django itself made, adopted: its next migrations go on, and those after the way back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Database, run_here

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine_name", ["postgresql"])]

SETTINGS = """
SECRET_KEY = "of a test"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "shop"]
AUTH_USER_MODEL = "shop.User"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "{name}", "HOST": "{host}",
    "PORT": "{port}", "USER": "{user}"}}}}
USE_TZ = True
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
MODELS = """
import uuid
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, email, password):
        user = self.model(email=email)
        user.set_password(password)
        user.save()

class User(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    password = models.CharField(max_length=255, db_column="hashed_password")
    is_active = models.BooleanField(default=True)
    {more}
    USERNAME_FIELD = "email"
    objects = Manager()
    class Meta:
        db_table = "{table}"
"""
WORKS = """
from django.contrib.auth import authenticate, get_user_model
get_user_model().objects.create_user("{email}", "Quiet-River-Lamp-42")
assert authenticate(email="{email}", password="Quiet-River-Lamp-42")
"""


@pytest.mark.parametrize("table", ["users", "shop_user"])
def test_django_migrates_on_after_an_adoption_and_after_the_way_back(
    empty_database: Database, clean_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    url = empty_database.url
    [(host, port)] = url.hosts
    place = {"name": url.database, "host": host, "port": port, "user": url.user}
    (tmp_path / "site_settings.py").write_text(SETTINGS.format(**place))
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    monkeypatch.setenv("USERCLI_DATABASE_URL", empty_database.text)

    def manage(*arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    def migrate_and_sign_in(email: str, *more: str) -> None:
        (tmp_path / "shop/models.py").write_text(MODELS.format(table=table, more="\n    ".join(more)))
        manage("makemigrations", "shop", "-v0")
        manage("migrate", "-v0")
        manage("shell", "-c", WORKS.format(email=email))

    migrate_and_sign_in("ada@example.com")
    code, _, err = run_here("db", "adopt", "--apply", "--yes")
    assert code == 0, err
    phone = 'phone = models.CharField(max_length=20, default="")'
    migrate_and_sign_in("bob@example.com", phone)
    migrate_and_sign_in("cy@example.com", phone.replace("20", "40"), "age = models.IntegerField(null=True)")
    assert run_here("list", "-q", "--fields", "email", "--sort", "email")[1].split() == [
        *("ada@example.com", "bob@example.com", "cy@example.com"),
    ]
    assert json.loads(run_here("db", "check", "-o", "json")[1])["state"] == "current"
    assert run_here("update", "bob@example.com", "--name", "Bob")[0] == 0
    code, _, err = run_here("db", "downgrade", "base", "--confirm", url.name)
    assert code == 0, err
    migrate_and_sign_in("dora@example.com", phone)
