"""YAML may nest 100 levels deep, whichever version of PyYAML reads it and whatever bound that has of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.conftest import Cli

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])

#: A user whose attributes, the fourth level, hold that many more; and the line of the level that is too deep.
START = "name: a\nusers:\n- email: a@example.com\n  attributes: {a: "
FORMS = {
    "lists": (lambda levels: START + "[" * levels + "1" + "]" * levels + "}\n", 4),
    "maps": (lambda levels: START + "{a: " * levels + "1" + "}" * levels + "}\n", 4),
    "maps with keys in quotes": (lambda levels: START + "{'ü}': " * levels + "1" + "}" * levels + "}\n", 4),
    "lists, each on a line": (lambda levels: START + "[\n" * levels + "1" + "]" * levels + "}\n", 100),
    "lists in blocks": (lambda levels: START.replace("{a: ", "\n   a:\n    ") + "- " * levels + "1\n", 6),
    "maps in blocks": (
        lambda levels: START.replace("{a: ", "\n") + "".join(f"{' ' * n}a:\n" for n in range(3, levels + 4)),
        102,
    ),
}


@pytest.fixture(params=["with libyaml", "without libyaml"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML as it usually is, and as it is where it was built without libyaml."""
    if request.param == "without libyaml":
        monkeypatch.delattr(yaml, "CSafeLoader")


def plan(cli: Cli, text: str) -> tuple[int, str]:
    """The exit code, and what went to stderr."""
    Path("a.yaml").write_text(text, encoding="utf-8")
    code, _, err = cli("plan", "a.yaml")
    return code, err


@pytest.mark.parametrize("form", FORMS)
def test_a_hundred_levels_are_read_and_one_more_is_told_with_its_line(cli: Cli, form: str) -> None:
    nested, line = FORMS[form]
    assert plan(cli, nested(96))[0] == 0
    error = f"error: a.yaml:{line}: nested deeper than 100 levels\n"
    assert {levels: plan(cli, nested(levels)) for levels in (97, 300, 990, 1100, 5000)} == dict.fromkeys(
        (97, 300, 990, 1100, 5000), (2, error)
    )


def test_what_is_deep_and_also_broken_is_told_by_its_depth(cli: Cli) -> None:
    error = "error: a.yaml:4: nested deeper than 100 levels\n"
    assert plan(cli, START + "[" * 200 + "@") == (2, error)


@pytest.mark.parametrize("text", ['"' + "[" * 200, "'" + "{" * 200, "[]" * 200, "[" * 50 + "@", '"[\\"' * 200])
def test_what_is_broken_and_not_deep_is_told_by_what_is_broken(cli: Cli, text: str) -> None:
    code, err = plan(cli, START + text)
    assert (code, "not valid YAML: " in err) == (2, True), err
