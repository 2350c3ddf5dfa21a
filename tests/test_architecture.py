"""The floors of the house (docs/architecture.md), held by the imports themselves."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import usercli

PACKAGE = Path(usercli.__file__).parent
ALEMBIC = PACKAGE.parent / "alembic"
FILES = sorted(PACKAGE.rglob("*.py"))

#: The packages and the modules beside them, from the ground up. Each imports from the floors below it, never from
#: its own or one above: a new module gets the lowest floor that lies above all that it imports.
FLOORS = (
    {
        *("__init__", "batches", "column_batches", "errors", "hash_chain", "hash_encodings"),
        *("meant_times", "password_costs", "plain_emails", "spool", "system_crypt", "text", "uuid7", "warning_log"),
    },
    {"password_handlers", "prefetch", "private_files", "times", "validation"},
    {"hash_forms"},
    {"passwords"},
    {"emails", "origin", "password_calibration"},
    {"schemas"},
    {"models", "readers"},
    {"repositories", "writers"},
    {"database"},
    {"settings_values", "targets"},
    {"config_file"},
    {"profiles"},
    {"config"},
    {"services"},
    {"embedding"},
    {"fastapi"},
    {"cli"},
    {"__main__"},
)
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names}


@cache
def imported(path: Path) -> frozenset[str]:
    """The full names that a file imports when it runs; `from a import b` is a and a.b."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    pending: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def part(name: str) -> str:
    """`usercli.services.users` stands in `services`."""
    return name.split(".")[1] if "." in name else "__init__"


def module(path: Path) -> str:
    """The full name of a file."""
    names = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


MODULES = {module(path): path for path in FILES}


def of_usercli(path: Path) -> set[str]:
    """The other modules of the package that a file imports, also inside functions."""
    return {name for name in imported(path) if name in MODULES} - {module(path)}


def where(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def users_of(*libraries: str) -> set[str]:
    """The files of the package that import one of these libraries."""
    return {where(path) for path in FILES if {name.partition(".")[0] for name in imported(path)} & set(libraries)}


def test_every_module_stands_on_one_floor() -> None:
    assert sorted(name for names in FLOORS for name in names) == sorted({part(name) for name in MODULES})


def test_imports_run_down_only() -> None:
    found = [
        f"{where(path)} imports {imports}"
        for name, path in MODULES.items()
        for imports in sorted(of_usercli(path))
        if part(imports) != part(name) and FLOOR_OF[part(imports)] >= FLOOR_OF[part(name)]
    ]
    assert found == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {name: of_usercli(path) for name, path in MODULES.items()}
    circle: list[str] = []
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []


def test_nothing_imports_the_command_line_but_the_entry() -> None:
    users = {where(path) for path in FILES if any(part(name) == "cli" for name in of_usercli(path))}
    assert {name for name in users if not name.startswith("cli/")} == {"__main__.py"}


def test_the_command_line_asks_services_and_never_repositories_or_models() -> None:
    found = {
        f"{where(path)} imports {name}"
        for path in FILES
        if where(path).startswith("cli/")
        for name in of_usercli(path)
        if part(name) in {"repositories", "models"}
    }
    assert found == set()


def test_only_the_command_line_knows_typer() -> None:
    assert {name for name in users_of("typer", "click") if not name.startswith("cli/")} == set()
    assert users_of("click") == set()  # Typer brings its own, under no public name


def test_only_tables_and_progress_know_rich() -> None:
    users = users_of("rich")
    assert "cli/output/tables.py" in users
    assert users <= {"cli/output/tables.py", "cli/output/progress.py"}


def test_only_one_module_knows_passlib() -> None:
    assert users_of("passlib", "bcrypt") == {"password_handlers.py"}


def test_only_the_migrations_modules_know_alembic() -> None:
    assert users_of("alembic") == {
        "database/alembic_runner.py",
        "database/applications.py",
        "database/migrations.py",
        "database/revision_steps.py",
    }


def test_only_database_repositories_and_models_know_sqlalchemy() -> None:
    inside = {"database", "models", "repositories"}
    outside = {name for name in users_of("sqlalchemy") if name.split("/")[0] not in inside}
    # the one compares the schema itself, over a plain connection; the other names the type of a route's session
    assert outside == {"services/schema_check.py", "fastapi/threads.py"}


def test_only_one_package_knows_fastapi() -> None:
    assert {name.split("/")[0] for name in users_of("fastapi", "starlette")} == {"fastapi"}


def test_the_command_line_opens_the_database_at_one_place() -> None:
    def opens(path: Path) -> bool:
        loose = {"usercli.database.engine", "usercli.database.unit_of_work", "usercli.database.async_unit_of_work"}
        return not loose.isdisjoint(imported(path))

    openers = {where(path) for path in FILES if where(path).startswith("cli/") and opens(path)}
    assert openers == {"cli/context.py"}


def test_services_never_touch_the_session_of_a_unit_of_work() -> None:
    found = {
        f"{where(path)}:{node.lineno}"
        for path in FILES
        if where(path).startswith("services/")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "session"
    }
    assert found == set()


#: Where an option stands below the command line, and why.
NAMES_OPTIONS = {
    "config.py": "the sources of a setting, as `config show` names them",
    "config_file.py": "the comments of the sample file",
    "targets.py": "the option of a URL, as `config show` names it",
    "errors.py": "the table of exit codes, for people who read the command line's manual",
    "readers/systems/django.py": "an option of Django's",
    "database/applications.py": "the command that merges two heads",
    "database/statement_errors.py": "the command that prints the grants",
    "services/inspection.py": "the commands of each way to use a table",
    "services/doctor/contents.py": "the command that lists what a check found",
    "services/doctor/server.py": "the command that prints the grants",
}


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """String literals that are no docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node


def test_nothing_below_the_command_line_names_its_options() -> None:
    """They carry a usercli.errors.Hint; other programs have other words for it."""
    found = {
        where(path)
        for path in FILES
        if not where(path).startswith("cli/")
        for text in texts(ast.parse(path.read_text("utf-8")))
        if re.search(r"(?<![\w-])--[a-z]{2}[a-z-]*", text.value)
    }
    assert found == set(NAMES_OPTIONS)


def test_every_hint_has_its_option_and_is_given() -> None:
    from usercli.cli.error_text import with_option
    from usercli.errors import Hint

    assert all(with_option("", hint) for hint in Hint)
    below = "".join(path.read_text("utf-8") for path in FILES if not where(path).startswith("cli/"))
    assert {hint.name for hint in Hint if f"Hint.{hint.name}" not in below} == set()


def test_revisions_never_import_usercli() -> None:
    revisions = sorted((ALEMBIC / "versions").glob("*.py"))
    assert revisions
    found = {path.name for path in revisions if any(name.partition(".")[0] == "usercli" for name in imported(path))}
    assert found == set()


def test_the_migrations_folder_is_no_package() -> None:
    assert list(ALEMBIC.rglob("__init__.py")) == []  # it would stand in for the library of the same name


def test_no_path_is_built_on_the_library_s_broken_corner() -> None:
    used = {where(path): sorted(name for name in imported(path) if "passlib.pwd" in name) for path in FILES}
    assert {name: found for name, found in used.items() if found} == {}


# -- how files are written

#: Calls that may write elsewhere: the file of the database, which has a place and no content yet, and /dev/null.
WRITES_ELSEWHERE = {
    "database/sqlite_file.py": ["os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 384)"],
    "cli/completer.py": ["open(os.devnull, 'w')"],
    "embedding/pytest_plugin.py": ["shutil.copyfile(request.getfixturevalue('usercli_sqlite_template'), path)"],
    "cli/main.py": ["open(os.devnull, 'w')", "os.open(os.devnull, os.O_WRONLY)"],
}
_MAKES_FILES = {
    "write_text",
    "write_bytes",
    "touch",
    "mkstemp",
    "mkfifo",
    "NamedTemporaryFile",
    "symlink_to",
    "copyfile",
}


def writes(path: Path) -> Iterator[str]:
    """The calls of a file that open or make a file to write to; a descriptor was opened before."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        text, (_, _, name) = ast.unparse(node), ast.unparse(node.func).rpartition(".")
        modes = {value.value for value in ast.walk(node) if isinstance(value, ast.Constant)}
        is_mode = any(isinstance(mode, str) and re.fullmatch("(?=.*[wax+])[rwaxbt+]{1,3}", mode) for mode in modes)
        is_flag = re.search(r"O_(WRONLY|RDWR|CREAT)", text) is not None
        if name in _MAKES_FILES or (name == "open" and (is_mode or is_flag)):
            yield text


def test_only_one_module_opens_files_to_write_to() -> None:
    found = {where(path): sorted(writes(path)) for path in FILES if where(path) != "private_files.py"}
    assert {name: calls for name, calls in found.items() if calls} == WRITES_ELSEWHERE


# -- how long things are


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions and methods of a file, and how many lines each has below its signature."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{where(path)}: {node.name}", (node.end_lineno or 0) - node.body[0].lineno + 1


def test_no_function_is_longer_than_fifty_lines() -> None:
    found = {name: length for path in FILES for name, length in functions(path) if length > 50}
    assert found == {}


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    lengths = {where(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


# -- what a start loads

_LOADED = """
import sys
sys.argv[0] = "usercli"
{body}
third = {{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)
import importlib.metadata, json
third &= set(importlib.metadata.packages_distributions())
sys.stderr.write("\\n" + json.dumps(sorted(third - {{"usercli", "_distutils_hack"}})))
"""
_RUN = """
from usercli.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
TYPER = {"typer", "typing_extensions", "annotated_doc", "shellingham"}
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
#: platformdirs knows where the configuration file is, which may say how long is waited.
READING = TYPER | PYDANTIC | {"sqlalchemy", "uuid_utils", "greenlet", "platformdirs"}


def loaded(body: str, *arguments: str) -> set[str]:
    """The third-party packages that a fresh interpreter has loaded afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(body=body), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_importing_the_command_line_loads_nothing_heavy(clean_environment: Path) -> None:
    assert loaded("import usercli.cli.main") <= TYPER


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_help_loads_only_the_parser(clean_environment: Path, arguments: list[str]) -> None:
    assert loaded(_RUN, *arguments) <= TYPER


@pytest.mark.parametrize("arguments", [["db", "--help"], ["show", "--help"], ["config", "path"]], ids=" ".join)
def test_help_of_a_command_loads_no_database(clean_environment: Path, arguments: list[str]) -> None:
    assert loaded(_RUN, *arguments) <= TYPER | PYDANTIC | {"platformdirs"}  # Typer itself asks for pydantic


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "ada@example.com"],
        ["list"],
        ["list", "-o", "json"],
        pytest.param(["list", "--count"], marks=pytest.mark.slow),
        pytest.param(["exists", "ada@example.com"], marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_reading_from_sqlite_loads_only_what_it_needs(environment: Path, ada: object, arguments: list[str]) -> None:
    # not among them: alembic, psycopg, passlib, bcrypt, rich, yaml, email_validator, idna, dotenv
    assert loaded(_RUN, *arguments) <= READING


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_reading_from_postgresql_adds_the_driver_alone(environment: Path, ada: object) -> None:
    assert loaded(_RUN, "show", "ada@example.com") <= READING | {"psycopg", "psycopg_binary"}
