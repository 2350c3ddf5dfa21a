"""The pages for contributors name what is there: every package, every script, every version of Python."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "usercli"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^## (Add an? [\w ]+)\n\n(.*?)(?=^## )", CONTRIBUTING, re.MULTILINE | re.DOTALL)
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_there_is_a_recipe_for_every_common_change() -> None:
    assert {title for title, _ in RECIPES} == {
        f"Add a {thing}" for thing in ("field", "filter", "reader", "command", "revision")
    }


@pytest.mark.parametrize(("title", "text"), RECIPES, ids=[title for title, _ in RECIPES])
def test_every_step_of_a_recipe_leads_to_a_file(title: str, text: str) -> None:
    steps = re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
    assert len(steps) > 2
    for step in steps:
        links = re.findall(r"\]\(([^)#]+)\)", step)
        assert links, step
        assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_that_is_named_is_there() -> None:
    named = re.findall(r"\b(?:scripts|\.ci)/\w+", CONTRIBUTING)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_architecture_page_names_every_package_and_module() -> None:
    tables = ARCHITECTURE.partition("## The packages\n")[2].partition("\nOutside the package")[0]
    named = re.findall(r"^\| `([\w/]+)` \|", tables, re.MULTILINE)
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert modules == {name for name in named if "/" not in name}
    packages = {f"usercli/{path.name}" for path in PACKAGE.iterdir() if path.is_dir()} - {"usercli/__pycache__"}
    assert packages <= set(named)
    assert [name for name in named if "/" in name and not (ROOT / name).is_dir()] == []


def test_hosted_ci_runs_on_every_python_that_is_supported() -> None:
    [job] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"].values()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert job["strategy"]["matrix"]["python"] == versions
    assert job["steps"][-1]["run"] == ".ci/run"


def test_every_hook_is_a_part_of_the_check() -> None:
    [repo] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repo["repo"] == "local"  # nothing is fetched
    script = (ROOT / "scripts" / "check").read_text(encoding="utf-8")
    parts = re.findall(r"^        (\w+)\)", script, re.MULTILINE)
    assert [hook["entry"] for hook in repo["hooks"]] == [f"scripts/check {part}" for part in parts]


def test_an_unknown_part_of_the_check_is_refused() -> None:
    done = subprocess.run([ROOT / "scripts" / "check", "style"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: no such part: style; there are: lint, format, types\n"


@pytest.mark.parametrize("target", ["db-migrate", "test", "fast", "check", "bench", "docs"])
def test_make_calls_scripts_that_are_there(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}: # .+\n((?:\t.+\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    scripts = re.findall(r"scripts/[\w-]+", recipe[1])
    assert scripts
    assert [name for name in scripts if not (ROOT / name).exists()] == []
