"""Colours are for terminals alone, and nothing shifts or breaks inside a word in a table."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Cli, run_here
from usercli.cli.output import tables
from usercli.schemas.users import UserView

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"
END = "\x1b[0m"


@pytest.fixture(autouse=True)
def color_terminal(clean_environment: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR")


@on_sqlite
def test_errors_warnings_and_states_are_coloured_on_a_terminal(cli: Cli, ada: UserView) -> None:
    assert cli("show", "x@example.com", terminal=True)[2] == f"{RED}error:{END} no such user: x@example.com\n"
    err = cli("role", "create", "admin", terminal=True)[2]
    assert f"\n{YELLOW}warning:{END} " in err
    assert f"  {GREEN}yes{END}" in cli("list", terminal=True)[1]
    assert cli("deactivate", "ada@example.com", "-q", terminal=True)[0] == 0
    assert f"{YELLOW}no{END}" in cli("show", "ada@example.com", terminal=True)[1]
    assert f"{GREEN}current{END}" in cli("db", "check", terminal=True)[1]


@on_sqlite
def test_nothing_is_coloured_where_nobody_wants_it(
    cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(*more: str, terminal: bool = True) -> str:
        lines = (["list"], ["show", "x@example.com"], ["rm"], ["db", "check"])
        return "".join("".join(cli(*line, *more, terminal=terminal)[1:]) for line in lines)

    assert "\x1b" in seen()
    assert "\x1b" not in seen("--no-color")
    assert "\x1b" not in seen("-o", "table", terminal=False)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert "\x1b" not in seen(), name
    assert "\x1b" not in cli("list", "-o", "json", terminal=True)[1]


def table(rows: list[list[str]], names: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    return tables.row_table(rows, names).splitlines()


def test_roles_and_addresses_fold_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ["ada@department.example.com", "Ada Augusta Lovelace", "yes", "admin;billing-manager;editor"]
    lines = table([row], ["email", "full_name", "is_active", "roles"], 70, monkeypatch)
    assert lines == [
        "email                       full_name    is_active  roles",
        "ada@department.example.com  Ada Augusta  yes        admin;",
        "                            Lovelace                billing-manager;",
        "                                                    editor",
    ]
    narrow = table([row[:2]], ["email", "full_name"], 24, monkeypatch)
    assert [line.split("  ")[0] for line in narrow[1:]] == ["ada@", "department.", "example.com"]


@pytest.mark.parametrize("name", ["👨‍👩‍👧‍👦", "❤️", "👍🏽", "🇩🇪", "🏳️‍🌈"])
def test_what_terminals_measure_differently_shifts_no_row(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal itself goes to the column where the next cell begins."""
    monkeypatch.setattr(tables, "obeys", lambda _: True)
    head, joined, plain = table([[name, "x"], ["Zoë 漢字", "y"]], ["full_name", "email"], 80, monkeypatch)
    assert (
        joined == f"{name}{' ' * (head.index('email') - tables.cell_width(name))}\x1b[{head.index('email') + 1}Gx"
    )
    assert "\x1b" not in plain
    monkeypatch.setattr(tables, "obeys", lambda _: False)
    assert "\x1b" not in "".join(table([[name, "x"]], ["full_name", "email"], 80, monkeypatch))


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_list_of_commands_fits_a_small_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = run_here("--help")[1].splitlines()
    assert len(lines) < 24  # a prompt is below
    assert max(map(len, lines)) < 80


def test_help_is_made_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.test_cli_process import all_commands

    monkeypatch.setenv("COLUMNS", "80")
    for path in all_commands():
        out = run_here(*path, "--help")[1]
        assert re.search(r"[{<]\w+[}>]|--[\w-]+-$", out, re.MULTILINE) is None, path
        assert "--database-url" not in out.partition("\nOptions:")[2], path
    everything = run_here("help", "options")[1]
    assert all(
        f" {name}" in everything for name in ("--profile NAME", "-o, --output FORMAT", "-y, --yes", "--debug")
    )
