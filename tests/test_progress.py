"""How far a long command is: its stages, each with a total, a rate and the time left; nothing where it is short."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Cli, Database
from usercli.cli.output.progress import _words

pytestmark = pytest.mark.either_engine

PACE = r"[\d,.]+/s(, [\d,]+ (s|min|h) left)?"
only_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each step."""
    monkeypatch.setattr("usercli.cli.output.progress._SECONDS_A_LINE", 0.0)


@pytest.fixture
def users_file(tmp_path: Path) -> Callable[[int], str]:
    def make(number: int) -> str:
        path = tmp_path / "users.csv"
        path.write_text("email\n" + "".join(f"user{place:05}@example.com\n" for place in range(number)))
        return str(path)

    return make


def stages(err: str, *known: str) -> list[str]:
    """The lines of these stages, the last one of each."""
    lines = [line for line in err.splitlines() if line.startswith(known)]
    return [[line for line in lines if line.startswith(stage)][-1] for stage in known]


def test_an_import_estimates_its_total_and_tells_its_stages(
    cli: Cli, users_file: Callable[[int], str], monkeypatch: pytest.MonkeyPatch, talkative: None
) -> None:
    monkeypatch.setattr("usercli.services.imports.session.CHUNK", 1000)
    monkeypatch.setattr("usercli.readers.text_source._BLOCK", 4096)
    code, out, err = cli("import", users_file(20_000), "-o", "jsonl")
    lines = [line for line in err.splitlines() if line.startswith("writing users")]
    shape = re.compile(r"writing users [\d,]+ of ~([\d,]+) \([\d,]+/s(, [\d,]+ s left)?\)")
    totals = [int(match[1].replace(",", "")) for line in lines if (match := shape.fullmatch(line))]
    assert (code, len(totals), out.count("\n")) == (0, 20, 1)
    assert all(15_000 < total < 26_000 and total % 1000 == 0 for total in totals), totals
    log, commit, end = err.splitlines()[-3:]
    assert re.fullmatch(rf"writing the log 20,000 of 20,000 \({PACE}\)", log)
    assert (commit, end[:8]) == ("committing", "imported")


@only_sqlite
def test_a_file_that_was_checked_has_a_total(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talkative: None
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "10")
    path = tmp_path / "users.csv"
    path.write_text("email,password\n" + "".join(f"u{n}@example.com,correct horse battery {n}\n" for n in range(3)))
    code, _, err = cli("import", str(path), "--hash-passwords")
    assert code == 0
    checked, hashed, written = stages(err, "checking", "hashing passwords 3", "writing users")
    assert re.fullmatch(rf"checking 3 of ~3 \({PACE}\)", checked)
    assert re.fullmatch(rf"hashing passwords 3 of 3 \({PACE}\)", hashed)
    assert re.fullmatch(rf"writing users 3 of 3 \({PACE}\)", written)


@only_sqlite
def test_a_stream_has_no_total(cli: Cli, talkative: None) -> None:
    _, _, err = cli("import", "-", "--from", "csv", stdin="email\na@example.com\n")
    assert re.fullmatch(r"writing users 1 \([\d,.]+/s\)", err.splitlines()[0])


@only_sqlite
def test_every_long_command_says_how_far_it_is(
    cli: Cli, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talkative: None
) -> None:
    monkeypatch.setattr("usercli.services.watched_events._TOLD_EVERY", 1)
    staff = tmp_path / "staff.yaml"
    staff.write_text("name: staff\nusers:\n" + "".join(f"- email: s{n}@example.com\n" for n in range(3)))
    of_change = ("writing the log 3 of 3", "committing")
    for command, wanted in (
        ("db seed --count 3", ("writing users 3 of 3", "committing")),
        ("export {file}", ("exporting 3 of 3",)),
        ("export --to scim {file}", ("exporting 3 of 3",)),
        ("export", ("exporting 3 of 3",)),
        ("audit verify", ("verifying events 3 of 3",)),
        ("audit export", ("exporting events 3 of 3",)),
        ("undo --last --yes", ("reading the change 3 of 3", "writing users 3 of 3", *of_change)),
        ("purge --deleted-before 0s --confirm {name}", ("removing users 3 of 3", "committing")),
        ("apply {staff} --yes", ("comparing users 3 of 3", "writing users 3 of 3", *of_change)),
    ):
        given = command.format(file=tmp_path / "export.json", name=database.url.name, staff=staff).split()
        code, _, err = cli(*given)
        told = [re.sub(rf" \({PACE}\)$", "", line) for line in stages(err, *wanted)]
        assert (code, told) == (0, list(wanted)), command


@only_sqlite
def test_a_short_command_says_nothing_and_quiet_ones_neither(
    cli: Cli, users_file: Callable[[int], str], monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    done = f"on {database.url.where}\n"
    assert cli("import", users_file(2))[2] == f"imported 2 new and 0 changed users {done}"
    monkeypatch.setattr("usercli.cli.output.progress._SECONDS_A_LINE", 0.0)
    monkeypatch.setattr("usercli.cli.output.progress._SECONDS_UNTIL_BAR", 0.0)
    for terminal in (False, True):
        assert cli("db", "seed", "--count", "2", "-q", terminal=terminal)[2].startswith("seeded ")


@only_sqlite
def test_a_terminal_gets_a_bar(cli: Cli, users_file: Callable[[int], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usercli.cli.output.progress._SECONDS_UNTIL_BAR", 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = cli("import", users_file(12_000), "-o", "jsonl", terminal=True)
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", err)
    assert (code, out.count("\n")) == (0, 1)
    assert re.search(r"writing users [━╸╺ ]+ [\d,]+ of ~12,000 [\d,.]+/s", shown), shown
    assert err.endswith(f"{shown.splitlines()[-1]}\n")
    # beside what goes to the terminal itself there is none
    told = cli("export", "-o", "jsonl", terminal=True)[2]
    assert (told.startswith("exported 12,000 users from "), told.count("\n")) == (True, 1)


def test_what_nobody_knows_is_not_told() -> None:
    assert _words(0, None, 0, False) == ("", "", "")
    assert _words(1, None, 0.25, False) == ("1", "0.2/s", "")
    assert _words(20_000, 94_886, 7_000, True) == ("20,000 of ~95,000", "7,000/s", "11 s left")
    assert _words(20_000, 94_886, 7_000, False) == ("20,000 of 94,886", "7,000/s", "11 s left")
    assert _words(95_300, 94_886, 7_000, True) == ("95,300 of ~95,000", "7,000/s", "")
    assert _words(10, 1_000, 1, False)[2] == "16 min left"
    assert _words(10, 100_000, 10, False)[2] == "3 h left"
    assert _words(7, 12, 20, True) == ("7 of ~12", "20/s", "0 s left")
