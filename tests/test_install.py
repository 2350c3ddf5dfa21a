"""The wheel, in an environment of its own, used from another folder: what a person gets who installs it.

That person is nobody in particular: no home folder, no right to write where the packages are.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import usercli
from tests.conftest import Database, shared_folder
from tests.installed import (
    HERE,
    NAMELESS,
    NOBODY,
    ROOT,
    Installed,
    build_wheel,
    install,
    install_apart,
    install_beside_ours,
    interpreters,
    make_read_only,
)
from tests.test_cli_process import all_commands
from usercli.database.schema_version import head

pytestmark = pytest.mark.process

HEAD = head()

Run = Callable[..., tuple[int, str, str]]

UTF8 = {"LANG": "C.UTF-8"}
ASCII = {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}


@contextmanager
def made_once(name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that the first of all workers of the run fills, while the others wait; whether it is full."""
    folder, complete = shared_folder() / name, shared_folder() / f"{name}.complete"
    with open(shared_folder() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder, complete.exists()
        complete.touch()


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The package, built."""
    with made_once("wheel") as (folder, is_made):
        if not is_made:
            build_wheel(folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(
    scope="session",
    params=["here", *(pytest.param(version, marks=pytest.mark.slow) for version in ("3.11", "3.12", "3.13"))],
)
def installed(wheel: Path, request: pytest.FixtureRequest) -> Installed:
    """The wheel in an environment that only root may change.

    `here` takes what the wheel asks for from the tests' own environment; a version takes it from the package index.
    """
    version = HERE if request.param == "here" else request.param
    if version not in interpreters():
        pytest.skip(f"there is no Python {version} on this machine")
    with made_once(f"environment-{request.param}") as (folder, is_made):
        made = Installed(folder, version)
        if not is_made:
            if request.param == "here":
                install_beside_ours(wheel, folder)
            else:
                install(wheel, folder, interpreters()[version])
            make_read_only(made.site_packages)
    return made


@pytest.fixture
def desk() -> Iterator[Path]:
    """A folder in which anybody may work."""
    folder = Path(tempfile.mkdtemp(dir=shared_folder()))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def run(installed: Installed, desk: Path, sqlite_template: Path) -> Run:
    """The installed program on a database of the desk, run by nobody in a UTF-8 locale."""
    shutil.copyfile(sqlite_template, desk / "users.db")
    (desk / "users.db").chmod(0o666)

    def _run(*arguments: str, user: int = NOBODY, **environ: str) -> tuple[int, str, str]:
        given = {**UTF8, "USERCLI_DATABASE_URL": "sqlite:///users.db", **environ}
        return installed.run(arguments, desk, user=user, **given)

    return _run


def test_the_wheel_carries_all_that_it_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    revisions = sorted(path.name for path in (ROOT / "alembic" / "versions").glob("*.py"))
    assert sorted(name.rpartition("/")[2] for name in names if "_migrations/versions/" in name) == revisions
    assert {"usercli/_migrations/env.py", "usercli/_migrations/script.py.mako", "usercli/py.typed"} <= set(names)
    assert f"usercli-{usercli.__version__}.dist-info/licenses/LICENSE" in names
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "usercli").rglob("*.py")}
    assert {name for name in names if name.endswith(".py") and "/_migrations/" not in name} == modules
    places = {f"usercli-{usercli.__version__}.{place}" for place in ("data", "dist-info")}
    assert {name.partition("/")[0] for name in names} == {"usercli", *places}
    assert {"usercli/data/completion.bash", "usercli/data/completion.zsh", "usercli/data/completion.fish"} <= set(
        names
    )


def test_an_installation_brings_the_man_pages(installed: Installed) -> None:
    there = {path.name: path.read_bytes() for path in (installed.folder / "share" / "man" / "man1").iterdir()}
    assert there == {path.name: path.read_bytes() for path in (ROOT / "man").iterdir()}
    assert "usercli.1" in there


@pytest.mark.slow_on("postgresql")
def test_a_fresh_install_sets_a_password_without_a_warning(
    installed: Installed, desk: Path, empty_database: Database
) -> None:
    before = installed.contents()
    url = f"sqlite:///{desk}/users.db" if empty_database.engine == "sqlite" else empty_database.text
    set_the_first_password(installed, desk, USERCLI_DATABASE_URL=url)
    assert installed.contents() == before


def set_the_first_password(installed: Installed, desk: Path, **environ: str) -> None:
    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        code, out, err = installed.run(arguments, desk, stdin=stdin, **environ)
        return code, out, re.sub(r" on \S+\n$", "\n", err)

    code, out, err = run("db", "upgrade", "--fields", "revision")
    assert (code, out.splitlines()[-1], err) == (0, HEAD, f"upgraded to {HEAD}\n")
    create = ("create", "ada@example.com", "--password-stdin", "--fields", "email")
    made = run(*create, stdin="correct horse battery\n")
    assert made == (0, "email\nada@example.com\n", "created ada@example.com\n")
    verify = ("password", "verify", "ada@example.com", "--password-stdin")
    assert run(*verify, stdin="correct horse battery\n") == (0, "", "")
    assert run(*verify, stdin="correct horse batter\n") == (8, "", "")


#: What other programs in the same environment may ask for.
NEIGHBOURS = [
    ("passlib==1.7.4", "bcrypt==4.0.1"),
    ("passlib==1.7.4", "bcrypt==4.3.0"),
    ("libpass==1.9.4", "bcrypt==4.3.0"),
    ("libpass==1.9.4", "bcrypt==5.0.0"),
]


@pytest.mark.slow
@pytest.mark.parametrize("installed", ["here"], indirect=True)
@pytest.mark.parametrize("packages", NEIGHBOURS, ids=" ".join)
def test_the_versions_of_the_neighbours_will_do(
    installed: Installed, desk: Path, packages: tuple[str, str]
) -> None:
    apart = desk / "apart"
    install_apart(apart, *packages)
    code = "import bcrypt, passlib; print(passlib.__version__, bcrypt.__version__)"
    versions = " ".join(package.partition("==")[2] for package in packages)
    path = {"PYTHONPATH": str(apart)}
    assert installed.run(["-c", code], desk, program="python", **path) == (0, f"{versions}\n", "")
    set_the_first_password(installed, desk, USERCLI_DATABASE_URL=f"sqlite:///{desk}/users.db", **path)


def test_a_person_without_a_home_folder_is_told_what_to_do(installed: Installed, desk: Path) -> None:
    code, out, err = installed.run(["list"], desk)
    assert (code, out, err.endswith("; to make a new one, run: usercli db upgrade\n")) == (5, "", True), err
    code, out, err = installed.run(["db", "upgrade"], desk, HOME="/nonexistent")
    file = "/nonexistent/.local/share/usercli/usercli.db"
    assert (code, out) == (5, "")
    more = "set DATABASE_URL or HOME, or use --database-url"
    assert err == f"error: the database file {file} cannot be created: permission denied; {more}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as a user without a name")
def test_a_user_without_a_name_and_a_home_can_work(run: Run) -> None:
    assert run("create", "ada@example.com", "--no-password", "-q", user=NAMELESS)[0] == 0
    changes = f"actor\tsummary\n{NAMELESS}\tuser.created ada@example.com\n"
    assert run("changes", "--fields", "actor,summary", user=NAMELESS) == (0, changes, "")


@pytest.mark.slow
def test_any_locale_and_any_width_will_do(run: Run) -> None:
    user = ["create", "jü@example.com", "--name", "Jürgen", "--no-password"]
    code, out, err = run(*user, **ASCII)
    assert (code, out) == (2, "")
    assert err == (
        "error: an email cannot be read in the encoding ascii of this locale; set LC_ALL=C.UTF-8; "
        "the name cannot be read in the encoding ascii of this locale; set LC_ALL=C.UTF-8\n"
    )
    assert run(*user, "-q", LC_ALL="POSIX")[0] == 0  # Python takes UTF-8 then
    shown = ("list", "--fields", "email,full_name", "-o")
    as_json = '[\n{"email":"jü@example.com","full_name":"Jürgen"}\n]\n'
    assert run(*shown, "json", **ASCII) == (0, as_json, "")
    table = "email           full_name\njü@example.com  Jürgen\n"
    assert run(*shown, "table", COLUMNS="200") == (0, table, "")
    table = "email              full_name\nj\\xfc@example.com  J\\xfcrgen\n"
    assert run(*shown, "table", COLUMNS="40", **ASCII) == (0, table, "")


#: Run in the installed environment: every command's help, with a warning of ours being an error.
_EVERY_HELP = """
import json, pkgutil, sys, warnings
from importlib import import_module
warnings.filterwarnings("error", module=r"usercli(\\.|$)")
import usercli
from usercli.cli.main import run
for module in pkgutil.walk_packages(usercli.__path__, "usercli."):
    if "._migrations" not in module.name and not module.name.endswith(("__main__", "pytest_plugin")):
        try:
            import_module(module.name)
        except ImportError as error:  # an extra was not asked for
            assert "usercli[" in str(error), error
for path in json.loads(sys.argv[1]):
    assert run([*path, "--help"]) == 0, path
"""


@pytest.mark.parametrize(
    ("width", "locale"),
    [("40", ASCII), pytest.param("200", UTF8, marks=pytest.mark.slow)],
    ids=["40 columns in ascii", "200 columns in utf-8"],
)
def test_every_command_has_its_help(installed: Installed, desk: Path, width: str, locale: dict[str, str]) -> None:
    paths = all_commands()
    code, out, err = installed.run(
        ["-I", "-c", _EVERY_HELP, json.dumps(paths)], desk, program="python", COLUMNS=width, **locale
    )
    assert (code, err) == (0, "")
    usages = [" ".join(text.split()) for text in re.findall(r"^(Usage: [^\[{]*) [\[{]", out, re.MULTILINE)]
    assert usages == [" ".join(["Usage: usercli", *path]) for path in paths]
