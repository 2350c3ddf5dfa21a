"""Changes are found by who, whom, what, when and why, and by the first digits of their id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.cli.commands.changes import _shorten

pytestmark = pytest.mark.either_engine

ADA, BOB = "ada@example.com", "bob@example.com"
only_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


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
        ("--reason LEAVE", [deactivated]),
        ("--reason ea --ticket T-1", [deactivated]),
        ("--reason leaves", []),
        ("--reason eve", []),
        ("--ticket T-1", [deactivated]),
        ("--ticket t-1", []),
        ("--ticket T", []),
        ("--user bob@example.com --ticket T-1 --since today --until tomorrow", [deactivated]),
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


def test_a_reason_is_found_whatever_it_says(cli: Cli, database: Database) -> None:
    reasons = ['50 % "off" \\ (.*)', "zwei\nZeilen, für Ärzte", "plain"]
    for number, reason in enumerate(reasons):
        # attributes of the same names are no reason
        attributes = "--attribute", "reason=nested", "--attribute", f"ticket={number}"
        assert cli("create", f"u{number}@example.com", "--no-password", *attributes, "--reason", reason)[0] == 0
    for part, wanted in (
        ('% "OFF" \\ (.', 0),
        ("i\nzeil", 1),
        ("für", 1),
        ("PLAI", 2),
        ("nested", None),
        ("f%", None),
    ):
        found = cli("changes", "--reason", part, "--fields", "summary")[1].splitlines()[1:]
        assert found == ([] if wanted is None else [f"user.created u{wanted}@example.com"]), part
    log = cli("audit", "log", "--reason", "plain", "--limit", "1", "--fields", "target_email")
    assert log == (0, "target_email\nu2@example.com\n", "")
    for option in ("--reason", "--ticket"):
        error = f"error: {option} is empty; leave it out to see all events\n"
        assert cli("changes", option, "") == (2, "", error)


@only_sqlite
def test_personal_values_that_somebody_damaged_have_no_reason(
    cli: Cli, four: list[str], database: Database
) -> None:
    with database.uow() as uow:
        connection = uow.session.connection()
        for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f'DROP TRIGGER "{row[0]}"')
        connection.exec_driver_sql("UPDATE audit_events SET personal = '{leave' WHERE seq = 1")
        connection.exec_driver_sql("UPDATE audit_events SET personal = x'ff00' WHERE seq = 2")
        uow.commit()
    for option in ("--reason leave", "--ticket T-1"):
        assert cli("changes", *option.split(), "-q") == (0, f"{four[1]}\n", "")


def test_a_change_of_several_kinds_counts_each(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "batch.txt"

    def newest(*lines: str) -> str:
        path.write_text("".join(f"{line}\n" for line in lines))
        assert cli("batch", str(path), "--atomic")[0] == 0
        return cli("changes", "--limit", "1", "--fields", "summary")[1].splitlines()[1]

    assert newest(f"create {ADA} --no-password", f"deactivate {ADA}") == f"user.created, user.deactivated {ADA}"
    summary = newest("role create ops", f"create {BOB} --no-password --role ops", f"role grant ops {ADA}")
    assert summary == "user.created 1 user, role.granted 1 user, role.created 1"


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
    listed = {change["change_id"]: change for change in json.loads(cli("changes", "-o", "json")[1])}
    named = ", ".join(f"{change} ({listed[change]['at']} {listed[change]['action']})" for change in fitting)
    for command in (["undo", start, "--yes"], ["audit", "log", "--change", start]):
        code, out, err = cli(*command)
        assert (code, out) == (4, "")
        assert err.startswith(f"error: several changes begin with {start}; name one of: {named}"), command


def test_digits_of_no_change_or_too_few_are_told(cli: Cli, four: list[str]) -> None:
    refused = cli("audit", "log", "--refused", "--fields", "change_id")[1].split()[1]
    for text, more in (
        ("00000000", ""),
        ("0123456", " (write 8 digits of its id or more)"),
        ("newest", ""),
        ("", ""),
        ("\u0660" * 9, ""),
        (refused[:-1], ""),
    ):
        assert cli("undo", text, "--yes") == (3, "", f"error: no such change: {text}{more}\n")
    assert cli("audit", "log", "--change", refused[:-1], "--fields", "outcome")[1] == "outcome\nconflict\n"


@only_sqlite
def test_the_last_change_is_undone_then_the_one_before(cli: Cli, four: list[str], database: Database) -> None:
    deleted, deactivated, bob, _ = four
    where = database.url.where
    told = cli("changes", "--limit", "1", "--fields", "at")[1].split()[1]
    refused = cli("undo", "--last")
    last = f"the last change: {deleted} of {told} by eve: user.deleted {BOB}\n"
    plan = f"plan: {BOB}: restore deleted_at\n"
    question = f"undo the change {deleted}: this needs a confirmation; add --yes"
    assert refused == (2, "", f"{last}{plan}error: {question}\n")
    dry = cli("undo", "--last", "--dry-run")
    assert dry[2] == f"{last}{plan}would have undone the change {deleted}: {BOB} on {where}\n"
    assert cli("undo", "--last", stdin="y\n", terminal=True)[0] == 0
    # whom an undo brought back is no newer change
    for wanted in (deactivated, bob):
        code, _, err = cli("undo", "--last", "--yes")
        assert (code, f"undid the change {wanted}:" in err) == (0, True)


@only_sqlite
def test_behind_what_cannot_be_undone_a_change_is_named_or_confirmed(cli: Cli, tmp_path: Path) -> None:
    none = (3, "", "error: there is no change that can be undone\n")
    assert cli("undo", "--last", "--yes") == none
    assert cli("create", ADA, "--no-password")[0] == 0
    assert cli("deactivate", ADA)[0] == 0
    assert cli("password", "reset", ADA, "--secret-out", str(tmp_path / "new.csv"))[0] == 0
    reset, deactivated, created = cli("changes", "-q")[1].split()
    before = cli("show", ADA, "-o", "json")[1]
    code, _, err = cli("undo", "--last", "--yes")
    why = "a password cannot be undone; use: usercli password reset"
    assert (code, err.splitlines()[0]) == (4, f"note: passed over {reset}: {why}")
    assert "the newest change cannot be undone; nothing was changed; for the one before it run: usercli " in err
    assert err.endswith(f" undo {deactivated}\n")
    assert cli("show", ADA, "-o", "json")[1] == before
    assert cli("undo", "--last", "--dry-run", "--yes")[0] == 0
    for wanted in (deactivated, created):
        code, _, err = cli("undo", "--last", stdin="y\n", terminal=True)
        assert (code, f"undid the change {wanted}: {ADA}" in err) == (0, True)
    assert cli("undo", "--last", "--yes")[2].endswith(none[2])


@only_sqlite
def test_undo_wants_a_change_or_the_last_one(cli: Cli) -> None:
    one = "error: name a change (see: usercli changes), or the newest one with --last\n"
    both = "error: name a change, or add --last, not both\n"
    assert cli("undo") == (2, "", one)
    assert cli("undo", "last") == (
        2,
        "",
        "error: last is the id of no change; for the newest one add --last instead\n",
    )
    assert cli("undo", "01234567", "--last") == (2, "", both)


@only_sqlite
def test_a_narrow_terminal_shows_the_summary_without_a_broken_word(
    cli: Cli, four: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns, header in (
        ("80", ["change_id", "at", "actor", "summary"]),
        ("100", ["change_id", "at", "actor", "users", "summary"]),
    ):
        monkeypatch.setenv("COLUMNS", columns)
        lines = cli("changes", terminal=True)[1].splitlines()
        assert lines[0].split() == header
        assert any(line.split()[-1] in {"deactivated", "users"} for line in lines)
        assert any("deactivated" in line for line in lines)


def test_a_narrow_terminal_shows_as_much_of_an_id_as_finds_the_change(
    cli: Cli, four: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = [line.split()[0] for line in cli("changes", "--no-header", terminal=True)[1].splitlines()]
    assert {len(start) for start in shown} == {13}
    for start, whole in zip(shown, four, strict=True):
        assert cli("audit", "log", "--change", start, "--fields", "change_id", "-q")[1].split()[0] == whole
    for whole in (["-o", "table"], ["-o", "tsv"], ["--fields", "change_id"]):  # nobody looks, or it was asked for
        assert four[0] in cli("changes", *whole, terminal="--fields" in whole)[1]


def test_ids_of_one_millisecond_are_shown_further() -> None:
    rows = [{"change_id": f"01a21e5e-7faa-70cb-a08c-a45dc7859f{end}"} for end in ("17", "1f", "27")]
    _shorten(rows)
    assert [row["change_id"][-4:] for row in rows] == ["9f17", "9f1f", "9f27"]
    rows = [{"change_id": f"01a21e5e-7faa-7{part}cb-a08c-a45dc7859f17"} for part in "01"]
    _shorten(rows)
    assert [row["change_id"] for row in rows] == ["01a21e5e-7faa-70", "01a21e5e-7faa-71"]


def test_a_history_is_folded_between_words(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    given = ["--attribute", "note=many words that stand on two lines of it", "--attribute", "team=blue"]
    assert cli("create", ADA, "--no-password", *given)[0] == 0
    lines = cli("history", ADA, "-o", "table")[1].splitlines()
    assert all(len(line) <= 60 for line in lines)
    start = next(number for number, line in enumerate(lines) if "attributes: " in line)
    assert lines[start : start + 2] == [
        '    attributes: {"note":"many words that stand on two',
        '      lines of it","team":"blue"}',
    ]
