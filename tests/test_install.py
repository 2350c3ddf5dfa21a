"""The wheel, in an environment of its own, used from another folder: what a person gets who installs it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import usercli
from tests.conftest import Database
from tests.test_cli_process import all_commands
from usercli.database.readiness import HEAD

ROOT = Path(__file__).parent.parent


@contextmanager
def made_once(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that the first of all workers of the run fills, while the others wait; whether it is full."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, complete = shared / name, shared / f"{name}.complete"
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder, complete.exists()
        complete.touch()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built."""
    with made_once(tmp_path_factory, "wheel") as (folder, is_made):
        if not is_made:
            build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, ROOT]
            subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of an empty environment into which the wheel was installed with what it asks for."""
    with made_once(tmp_path_factory, "environment") as (folder, is_made):
        if not is_made:
            venv.create(folder, with_pip=True)
            install = [folder / "bin" / "python", "-m", "pip", "install", "-q", wheel]
            subprocess.run(install, check=True, capture_output=True)
    return folder / "bin" / "usercli"


def test_the_wheel_carries_all_that_it_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    revisions = sorted(path.name for path in (ROOT / "alembic" / "versions").glob("*.py"))
    assert sorted(name.rpartition("/")[2] for name in names if "_migrations/versions/" in name) == revisions
    assert {"usercli/_migrations/env.py", "usercli/_migrations/script.py.mako", "usercli/py.typed"} <= set(names)
    assert f"usercli-{usercli.__version__}.dist-info/licenses/LICENSE" in names
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "usercli").rglob("*.py")}
    assert {name for name in names if name.endswith(".py") and "_migrations" not in name} == modules
    places = {f"usercli-{usercli.__version__}.{place}" for place in ("data", "dist-info")}
    assert {name.partition("/")[0] for name in names} == {"usercli", *places}
    assert {"usercli/data/completion.bash", "usercli/data/completion.zsh", "usercli/data/completion.fish"} <= set(
        names
    )


def test_an_installation_brings_the_man_pages(installed: Path) -> None:
    there = {
        path.name: path.read_bytes() for path in (installed.parent.parent / "share" / "man" / "man1").iterdir()
    }
    assert there == {path.name: path.read_bytes() for path in (ROOT / "man").iterdir()}
    assert "usercli.1" in there


def test_an_installed_usercli_works_from_any_folder(
    installed: Path, empty_database: Database, clean_environment: Path
) -> None:
    environment = {**os.environ, "USERCLI_DATABASE_URL": empty_database.text}
    environment.pop("PYTHONPATH", None)

    def run(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [installed, *arguments],
            capture_output=True,
            text=True,
            cwd=clean_environment,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    where = empty_database.url.where
    code, out, err = run("db", "upgrade", "--fields", "revision")
    assert (code, out.splitlines()[-1], err) == (0, HEAD, f"upgraded to {HEAD} on {where}\n")
    created = run("create", "ada@example.com", "--no-password", "--fields", "email")
    assert created == (0, "email\nada@example.com\n", f"created ada@example.com on {where}\n")
    assert run("list", "--fields", "email,is_active") == (0, "email\tis_active\nada@example.com\ttrue\n", "")
    code, out, err = run("db", "check", "-o", "json", "--fields", "state")
    assert (code, err) == (0, "")
    assert run("--version") == (0, f"usercli {usercli.__version__}\n", "")


def test_every_command_of_an_installed_usercli_has_its_help(installed: Path, clean_environment: Path) -> None:
    paths = all_commands()
    code = (
        "import json, sys\n"
        "from usercli.cli import run\n"
        "for path in json.loads(sys.argv[1]):\n"
        "    assert run([*path, '--help']) == 0, path\n"
    )
    done = subprocess.run(
        [installed.parent / "python", "-I", "-c", code, json.dumps(paths)],
        capture_output=True,
        text=True,
        cwd=clean_environment,
        check=True,
    )
    usages = re.findall(r"^(Usage: [^[{\n]*) [[{]", done.stdout, re.MULTILINE)
    assert (usages, done.stderr) == ([" ".join(["Usage: usercli", *path]) for path in paths], "")
