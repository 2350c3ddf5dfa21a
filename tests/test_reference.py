"""The reference and the man pages are those that the commands make, and programs that read man pages like them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import run_here
from tests.test_cli_process import all_commands

ROOT = Path(__file__).parent.parent
MAN = sorted((ROOT / "man").glob("*.1"))
SCRIPT = ROOT / "scripts" / "reference.py"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = spec_from_file_location("reference", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["reference"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_that_the_commands_make(reference: ModuleType) -> None:
    made = {path: text.splitlines() for path, text in reference.pages().items()}
    there = {path: path.read_text(encoding="utf-8").splitlines() for path in [ROOT / "docs" / "reference.md", *MAN]}
    assert made == there, "run: scripts/reference"


def test_they_are_the_same_on_every_terminal(clean_environment: Path) -> None:
    strange = {**os.environ, "COLUMNS": "23", "TERM": "xterm-256color", "FORCE_COLOR": "1", "LANG": "C"}
    command = [sys.executable, SCRIPT, "--check"]
    done = subprocess.run(command, env=strange, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stale_page_is_told_and_written_anew(
    reference: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("docs", "man"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(reference, "MARKDOWN", tmp_path / "docs" / "reference.md")
    monkeypatch.setattr(reference, "MAN", tmp_path / "man")
    (tmp_path / "docs" / "reference.md").write_text("old")
    (tmp_path / "man" / "usercli-list.1").unlink()
    (tmp_path / "man" / "usercli-gone.1").touch()
    stale = ["docs/reference.md", "man/usercli-gone.1", "man/usercli-list.1"]
    assert reference.main(["--check"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [f"error: {name} is stale; run: scripts/reference" for name in stale]
    assert reference.main([]) == 0
    assert capsys.readouterr().out.splitlines() == stale
    assert reference.main(["--check"]) == 0


def test_the_reference_tells_every_command_with_every_option() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    for path in all_commands():
        help_text = run_here(*path, "--help")[1]
        if path == ["__complete"] or "COMMAND [ARGS]" in help_text:
            continue
        section = page.partition(f"### usercli {' '.join(path)}\n")[2].partition("\n### ")[0]
        own = help_text.partition("Options of all commands:")[0]
        options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", own, re.MULTILINE))
        assert {name for name in options if name in section} == options, path
        assert "--help" in options
    assert "__complete" not in page


@pytest.mark.parametrize("path", MAN, ids=lambda path: path.name)
def test_what_looks_like_a_request_is_none(path: Path) -> None:
    """Every line that begins with a dot is one of the few requests that a page is made of."""
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".BR", ".nf", ".fi", '.\\"'}
    lines = path.read_text(encoding="utf-8").splitlines()
    assert {line.split(" ")[0] for line in lines if line.startswith((".", "'"))} <= known


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_has_nothing_to_say() -> None:
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", *MAN], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_nothing_to_say() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-z", *MAN], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_a_page_without_a_warning(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LANG": "C.UTF-8", "HOME": str(tmp_path)}
    command = ["man", "--warnings", "-P", "cat", "-l", ROOT / "man" / "usercli-create.1"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert 'usercli create ada@example.com --name "Ada Lovelace" --no-password' in done.stdout
