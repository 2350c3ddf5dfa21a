"""The scripts that people and CI run."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent
OPS = sorted(path for path in (ROOT / "scripts" / "ops").iterdir())
STARTED = [
    *(
        ROOT / "scripts" / name
        for name in ("try", "test", "check", "lock", "make-venv", "reference", "schemas", "torture")
    ),
    ROOT / ".ci" / "run",
    *(path for path in OPS if path.suffix == ""),
]
PYTHON = [ROOT / "scripts" / name for name in ("bench", "tour")]
SHELL = [*STARTED, *(path for path in OPS if path.suffix == ".sh")]


@pytest.mark.parametrize("script", [*STARTED, *PYTHON], ids=lambda path: path.name)
def test_a_script_can_be_started(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!")


def test_shellcheck_has_nothing_to_say() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run([shellcheck, "-x", *SHELL], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_without_a_new_enough_python_the_script_says_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python"  # what a shim does that has nothing behind it
    old.write_text("#!/bin/sh\nexit 127\n")
    old.chmod(0o755)
    script = ROOT / "scripts" / "make-venv"
    environ = {"PATH": "/usr/bin:/bin", "PYTHON": str(old)}
    done = subprocess.run([script, tmp_path / "venv"], env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: no Python 3.11 or newer was found; install one, or name it: PYTHON=/path/to/python {script}\n"
    )
    assert not (tmp_path / "venv").exists()


def bench() -> Any:
    return script("bench")


def script(name: str) -> Any:
    """A script of ours without a suffix, as a module."""
    loader = SourceFileLoader(name, str(ROOT / "scripts" / name))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    loader.exec_module(module)
    return module


def test_bench_writes_its_table_between_its_markers_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench startup -->\nold\n<!-- end of bench startup -->\nafter\n")
    bench()._write_between_markers(page, "startup", "new\n")
    assert page.read_text() == "before\n<!-- bench startup -->\nnew\n<!-- end of bench startup -->\nafter\n"
    with pytest.raises(SystemExit, match=r"page\.md has no lines"):
        bench()._write_between_markers(page, "bulk", "new\n")


def test_the_page_of_performance_has_markers_for_every_bench() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert re.findall(r"<!-- bench (\w+) -->", page) == list(bench().COMMANDS)


@pytest.mark.slow
def test_the_recorded_tour_shows_what_the_commands_print_today(quick: Path) -> None:
    tour = script("tour")
    recorded = lines_of((ROOT / "docs" / "tour.svg").read_text(encoding="utf-8"))
    assert lines_of(tour.record(quick)) == recorded
    assert [line for line in recorded if line.startswith("$ ")] == [f"$ {line}" for line in tour.COMMANDS]


def lines_of(drawn: str) -> list[str]:
    """The lines of text in an SVG that Rich drew; how it is drawn may differ from version to version."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="tour-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', drawn):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(lines[y])) for y in sorted(lines)]


@pytest.mark.slow
def test_try_goes_through_the_commands_and_its_next_line_works(tmp_path: Path) -> None:
    place = tmp_path / "it's a place"
    place.mkdir()
    environ = {**os.environ, "TMPDIR": str(place), "USERCLI_PROFILE": "nowhere"}
    done = subprocess.run(
        [ROOT / "scripts" / "try"], env=environ, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    shown = re.findall(r"^\$ usercli (\w+)", done.stdout, re.MULTILINE)
    assert shown == ["db", "create", "list", "show", "update", "delete", "restore"]
    assert "error" not in done.stdout + done.stderr
    line = next(line.strip() for line in done.stdout.splitlines() if "--database-url" in line)
    again = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, text=True)
    assert (again.returncode, again.stdout.splitlines()) == (0, ["created\tskipped\tdry_run", "1000\t0\tfalse"])
    left = [path for path in tmp_path.iterdir() if path != place]
    assert left == []
