"""Changes are found by who, whom, what, when and why, and by the first digits of their id."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Cli

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
def four(cli: Cli) -> list[str]:
    """The ids of four changes, the newest first."""
    for line in (
        f"create {ADA} --no-password --actor eve",
        f"create {BOB} --no-password --actor eve",
        f"deactivate {ADA} {BOB} --actor root --reason leave --ticket T-1",
        f"delete {BOB} --yes --actor eve",
    ):
        assert cli(*line.split())[0] == 0
    assert cli("create", ADA, "--no-password", "--actor", "mallory")[0] == 4
    return cli("changes", "-q")[1].split()


def test_changes_are_found_by_what_they_did(cli: Cli, four: list[str]) -> None:
    deleted, deactivated, bob, ada = four
    for filters, wanted in (
        ("--user ada@example.com", [deactivated, ada]),
        ("--user bob@example.com", [deleted, deactivated, bob]),
        ("--by root", [deactivated]),
        ("--actor root", [deactivated]),
        ("--by mallory", []),
        ("--action user.created", [bob, ada]),
        ("--action user", four),
        ("--user bob@example.com --by eve", [deleted, bob]),
        ("--user bob@example.com --by eve --limit 1", [deleted]),
        ("--since 1h", four),
        ("--since 2999-01-01", []),
        ("--until 2020-01-01", []),
    ):
        assert cli("changes", *filters.split(), "-q") == (0, "".join(f"{change}\n" for change in wanted), ""), (
            filters
        )
    assert cli("changes", "--user", "nobody@example.com") == (3, "", "error: no such user: nobody@example.com\n")
    assert cli("changes", "--since", "1h", "--until", "2h")[0] == 2
    assert cli("changes", "--by", "a", "--actor", "b") == (2, "", "error: --by and --actor name two actors\n")


def test_changes_say_why(cli: Cli, four: list[str]) -> None:
    out = cli("changes", "--user", ADA, "--fields", "action,reason,ticket")[1]
    assert out == "action\treason\tticket\nuser.deactivated\tleave\tT-1\nuser.created\t\t\n"
    assert [*json.loads(cli("changes", "-o", "json")[1])[0]][-3:] == ["undone_by", "reason", "ticket"]


def test_a_change_is_found_by_the_first_digits_of_its_id(cli: Cli, four: list[str]) -> None:
    deleted, deactivated, *_ = four
    for start in (deactivated[:-1], deactivated[:-1].upper(), deactivated.replace("-", "")[:-1]):
        found = cli("audit", "log", "--change", start, "--fields", "target_email")
        assert found == (0, f"target_email\n{ADA}\n{BOB}\n", "")
    code, _, err = cli("undo", deleted[:-1], "--yes")
    assert (code, f"undid the change {deleted}: {BOB} on" in err) == (0, True)


def test_digits_that_fit_several_changes_are_ambiguous(
    cli: Cli, four: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = four[0][: next(n for n in range(36) if four[0][n] != four[1][n])].rstrip("-")
    fitting = sorted(change for change in four if change.startswith(start))
    monkeypatch.setattr("usercli.services.audit._SHORTEST", 4)  # where a minute began between the changes
    assert cli("undo", start, "--yes") == (
        4,
        "",
        f"error: several changes begin with {start}; name one of: {', '.join(fitting)}\n",
    )


def test_digits_of_no_change_or_too_few_are_told(cli: Cli, four: list[str]) -> None:
    refused = cli("audit", "log", "--refused", "--fields", "change_id")[1].split()[1]
    for text, more in (
        ("00000000", ""),
        ("0123456", " (write 8 digits of its id or more)"),
        ("last", ""),
        ("", ""),
        ("\u0660" * 9, ""),
        (refused[:-1], ""),
    ):
        assert cli("undo", text, "--yes") == (3, "", f"error: no such change: {text}{more}\n")
    assert cli("audit", "log", "--change", refused[:-1], "--fields", "outcome")[1] == "outcome\nconflict\n"
