"""The tours in README.md and docs/ are real: every command runs in a clean home and prints what stands there.

After a change that is meant: `python -m tests.test_readme` writes the outputs anew.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
APPS = ROOT / "tests" / "apps"
HOME = "/home/ada"
_BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
_VARIES = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"), "TIME"),
    (re.compile(r"^\d{8}_\d{4}  .*\n", re.MULTILINE), ""),  # `db upgrade` lists every revision
    (re.compile(r"\b\d{8}_\d{4}\b"), "REVISION"),
    (re.compile(r"--after \S+"), "--after CURSOR"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\.jsonl\b"), "DAY.jsonl"),
    (re.compile(r"\b\d{4}-Q[1-4]\b"), "QUARTER"),
    (re.compile(r"\b\d{8}T\d{6}Z"), "MOMENT"),
)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def on_a_terminal(command: str, home: Path, usercli: Path = Path(sys.executable).parent) -> str:
    """What a person at a terminal of 100 columns sees, in that home; `usercli` is the folder that holds it."""
    ours, theirs = pty.openpty()
    environ = {
        "HOME": str(home),
        "PATH": f"{ROOT / 'scripts' / 'ops'}:{usercli}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(APPS),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "100",
    }
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd=home
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux ends a terminal so
        pass
    os.close(ours)
    process.wait(timeout=60)
    return seen.decode().replace("\r\n", "\n").replace(str(home), HOME)


def masked(text: str) -> str:
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return text


@pytest.mark.parametrize(
    "page", [page for page in PAGES if _BLOCK.search(page.read_text("utf-8"))], ids=lambda p: p.name
)
def test_every_command_prints_what_the_page_shows(page: Path, tmp_path: Path, quick: Path) -> None:
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for command, output in commands(block):
            assert (command, masked(on_a_terminal(command, tmp_path, quick))) == (command, masked(output))


def test_the_tour_goes_through_the_commands() -> None:
    tour = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    assert len(list(commands("".join(_BLOCK.findall(tour))))) > 9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    for link, anchor in re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8")):
        there = page.parent / link if link else page
        assert there.exists(), link
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{link}#{anchor}"


def anchors(page: str) -> set[str]:
    """The headings as GitHub names them in links."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _write_anew(page: Path) -> None:
    with tempfile.TemporaryDirectory() as home:

        def rerun(block: re.Match[str]) -> str:
            return "".join(f"$ {line}\n{on_a_terminal(line, Path(home))}" for line, _ in commands(block[0]))

        page.write_text(_BLOCK.sub(rerun, page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    for page in PAGES:
        _write_anew(page)
