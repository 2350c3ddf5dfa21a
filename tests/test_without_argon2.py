"""A program without the extra usercli[argon2]: whatever meets such a hash names what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conftest import Cli, Database

ARGON2 = "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$" + "A" * 43
HASHES = [ARGON2, "argon2" + ARGON2, "{ARGON2}" + ARGON2]
NEEDS = "which needs the extra usercli[argon2]\n"

#: Hides the library from the search for modules, as where it is not installed.
HIDING = """\
import sys
from importlib.machinery import PathFinder


class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        is_hidden = name.partition(".")[0] in {"argon2", "argon2pure", "_argon2_cffi_bindings"}
        return None if is_hidden else PathFinder.find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""


@pytest.fixture
def bare(run: Callable[..., CompletedProcess[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line in a process of its own, where argon2 is not installed."""
    (tmp_path / "sitecustomize.py").write_text(HIDING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run_bare(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        done = run(*arguments, stdin=None, input=stdin)
        return done.returncode, done.stdout, done.stderr

    return run_bare


@pytest.mark.slow_on("postgresql")
def test_the_library_is_hidden(bare: Cli, cli: Cli) -> None:
    arguments = ("create", "ada@example.com", "--password-hash-stdin", "--dry-run")
    assert bare(*arguments, stdin=ARGON2)[0] == 2
    assert cli(*arguments, stdin=ARGON2)[0] == 0


@pytest.mark.parametrize("stored", HASHES)
@pytest.mark.each_once
def test_a_hash_that_is_set_names_the_extra(bare: Cli, stored: str) -> None:
    code, out, err = bare("create", "ada@example.com", "--password-hash-stdin", stdin=stored)
    assert (code, out, err.endswith(NEEDS)) == (2, "", True)


@pytest.mark.slow_on("postgresql")
def test_import_names_the_extra(bare: Cli, cli: Cli, environment: Path) -> None:
    (environment / "u.jsonl").write_text(json.dumps({"email": "ada@example.com", "hashed_password": ARGON2}) + "\n")
    code, _, err = bare("import", "u.jsonl")
    assert (code, err.partition("\n")[0]) == (
        2,
        f"error: u.jsonl:1: the hash is of the scheme argon2, {NEEDS}".rstrip(),
    )
    (environment / "h").write_text("".join(f"user{n}@example.com:{stored}\n" for n, stored in enumerate(HASHES)))
    code, _, err = bare("import", "h", "--from", "htpasswd")
    assert (code, err.partition("\n")[0]) == (
        0,
        "warning: 2 users came without their password: unsupported scheme argon2 (install usercli[argon2])",
    )


@pytest.mark.slow_on("postgresql")
def test_what_is_stored_names_the_extra(bare: Cli, cli: Cli, database: Database) -> None:
    for number, stored in enumerate(HASHES[:2]):
        email = f"user{number}@example.com"
        cli("create", email, "--no-password")
        database.rows("UPDATE users SET hashed_password = :hash WHERE email = :email", hash=stored, email=email)
        told = "warning: the stored hash cannot be checked here: it needs the extra usercli[argon2]\n"
        assert bare("password", "verify", email, "--password-stdin", stdin="x") == (8, "", told)
        assert cli("password", "verify", email, "--password-stdin", stdin="x") == (8, "", "")
    code, out, err = bare("password", "audit", "-o", "json", "--fail-on", "unsupported")
    assert (code, err, json.loads(out)) == (
        7,
        "",
        {
            "total": 2,
            "findings": [{"finding": "unsupported", "users": 2}],
            "too_costly": [],
            "schemes": [
                {"scheme": "argon2 (install usercli[argon2])", "cost": None, "users": 1},
                {"scheme": "django_argon2 (install usercli[argon2])", "cost": None, "users": 1},
            ],
        },
    )
