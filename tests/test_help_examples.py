"""Every example in a help text works as it stands, typed by a person who has the files and users that it names."""

from __future__ import annotations

import gzip
import inspect
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer

from tests.conftest import empty_postgresql, migrated_postgresql, run_here
from usercli.cli.app import COMMANDS, app
from usercli.cli.lazy_group import Lazy
from usercli.database import schema_version

pytestmark = pytest.mark.process

COACHBOT = Path(__file__).parent / "apps" / "coachbot" / "migrations"
#: A revision beside its newest one: a second head.
VOTES = '''\
"""Add votes."""

revision = "votes"
down_revision = "coachbot_0100"


def upgrade():
    pass
'''
PASSWORD = "correct horse battery staple"
#: What only a shell understands.
_SHELL = re.compile(r"[|<>&$]")

FILES = {
    "secret.txt": f"{PASSWORD}\n",
    "users.csv": "email,full_name\ncarol@example.com,Carol\n",
    "changes.txt": "# spring\nusercli update bob@example.com --name Bob\nactivate bob@example.com\n",
    "shadow": "dora:$6$saltsalt$" + "x" * 86 + ":19000:0:99999:7:::\n",
    "staff.csv": "email,full_name\nada@example.com,Ada King\n",
    "people.csv": "E-Mail,First,Last,Status\ndora@example.com,Dora,Lee,In\n",
    "staff.yaml": "name: staff\nusers:\n- email: ada@example.com\n  full_name: Ada King\n",
}
SETUP = (
    "db upgrade",
    "role create editor",
    "create ada@example.com --password-file secret.txt --role editor --attribute team=blue",
    "create bob@example.com --no-password",
    "update ada@example.com --name Ada",
    "update ada@example.com --attribute since=1842",
    "plan staff.yaml --save plan.json",
    "access-review export review.csv",
    "update bob@example.com --attribute team=red",
)
#: What must be otherwise for the examples of a command.
BEFORE = {
    "": ("delete ada@example.com --yes",),
    "create": ("delete ada@example.com bob@example.com --yes",),
    "restore": ("delete bob@example.com --yes",),
}


def examples(command: Any) -> list[str]:
    """The command lines of a help text, as they are typed."""
    _, _, block = inspect.cleandoc(command.help or "").partition("Example")
    return re.findall(r"^  (usercli .+)$", block, re.MULTILINE)


def leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
    else:
        for name, child in children.items():
            yield from leaves(child, f"{path} {name}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Path:
    """A home with a database and the files that the examples name, to be copied."""
    home = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        enter(home, patch, quick)
        for name, text in FILES.items():
            path = home / name
            path.touch(0o600)
            path.write_text(text)
        with gzip.open(home / "users.jsonl.gz", "wt") as out:
            out.write('{"email": "carol@example.com"}\n')
        for line in SETUP:
            assert run_here(*line.split())[0] == 0, line
        review = home / "review.csv"
        review.write_text(re.sub(",$", ",revoke", review.read_text(), flags=re.MULTILINE))
    return home


def enter(home: Path, patch: pytest.MonkeyPatch, quick: Path) -> None:
    """Be there, without anything that is configured elsewhere; a shell finds the `usercli` in that folder."""
    for name in list(os.environ):
        ours = name.startswith("USERCLI_") and not name.startswith("USERCLI_TEST_")  # the tests' server
        if ours or name.startswith(("POSTGRES_", "PG", "XDG_", "DATABASE_URL")):
            patch.delenv(name)
    for name, value in {"HOME": str(home), "USERCLI_UNSAFE": "1", "USERCLI_BCRYPT_COST": "4"}.items():
        patch.setenv(name, value)
    patch.setenv("PATH", f"{quick}:{Path(sys.executable).parent}:/usr/bin:/bin")
    patch.chdir(home)


@pytest.mark.parametrize("lazy", [None, *COMMANDS], ids=lambda lazy: lazy.name if lazy else "usercli")
def test_every_example_of_a_help_text_works(
    lazy: Lazy | None, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: Path
) -> None:
    commands = leaves(lazy.load(), lazy.name) if lazy else [("", typer.main.get_command(app))]
    for path, command in commands:
        there = examples(command)
        assert there, path
        for number, example in enumerate(there):
            home = tmp_path / f"{path}{number}"
            shutil.copytree(world, home)
            with monkeypatch.context() as patch, ExitStack() as stack:
                enter(home, patch, quick)
                stack.enter_context(coachbot(example, home, patch))
                stack.enter_context(service_table(path, patch))
                prepare(path, example, home, patch)
                code, said = type_in(example)
            assert code == (7 if "--exit-code" in example else 0), (example, said)


def prepare(path: str, example: str, home: Path, patch: pytest.MonkeyPatch) -> None:
    for line in BEFORE.get(path, ()):
        assert run_here(*line.split())[0] == 0, line
    if "--profile production" in example:
        config = home / ".config" / "usercli" / "config.toml"
        config.parent.mkdir(parents=True)
        url = "postgresql://db.example.com/service" if "--grants" in example else "sqlite:///production.db"
        config.write_text(f'[profiles.production]\nurl = "{url}"\nprotected = true\n')
    if "--from-table shop" in example:
        with closing(sqlite3.connect(home / "shop.db")) as shop:
            shop.execute("CREATE TABLE accounts (id integer PRIMARY KEY, email text)")
            shop.execute("INSERT INTO accounts VALUES (1, 'carol@example.com')")
            shop.commit()
        config = home / ".config" / "usercli" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text('[profiles.shop]\nurl = "sqlite:///shop.db"\n')
    if path == "access-review export":
        (home / "review.csv").unlink()
    if path == "db revision":  # it writes beside the others
        shutil.copytree(schema_version.folder(), home / "alembic")
        patch.setattr(schema_version, "folder", lambda: home / "alembic")
    patch.setattr("getpass.getpass", lambda *_, **__: PASSWORD)


@contextmanager
def coachbot(example: str, home: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The application and its tables beside ours, if the example names it."""
    if "coachbot" not in example:
        yield
        return
    folder = home / "coachbot"
    shutil.copytree(COACHBOT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    if "--merge" in example:
        (folder / "versions" / "votes.py").write_text(VOTES)
    patch.setenv("USERCLI_MIGRATIONS", f"coachbot_version={folder}")
    with migrated_postgresql() if "--autogenerate" in example else nullcontext() as url:
        if url:
            patch.setenv("USERCLI_DATABASE_URL", url)
        if "upgrade" not in example:
            assert run_here("db", "upgrade")[0] == 0
        yield


@contextmanager
def service_table(path: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database with a service's table `user`, if the command is about one."""
    if path != "db adopt":
        yield
        return
    table = 'CREATE TABLE "user" (id uuid PRIMARY KEY, email text NOT NULL, hashed_password text NOT NULL)'
    with empty_postgresql() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(table)
        patch.setenv("USERCLI_DATABASE_URL", url)
        yield


def type_in(example: str) -> tuple[int, str]:
    """What a person on a terminal gets who says yes; its code and its words."""
    if _SHELL.search(example):
        done = subprocess.run(
            ["sh", "-c", example], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        return done.returncode, done.stdout + done.stderr
    code, out, err = run_here(*shlex.split(example)[1:], stdin="y\n", terminal=True)
    return code, out + err
