"""The bench of faults: its arguments, its table, and a short run in which nothing may be lost or leak."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.torture import table
from tests.torture.__main__ import PAGE, arguments, run
from tests.torture.bench import Bench, NotRun
from tests.torture.table import Row
from tests.torture.trials import TITLES, TRIALS

ROOT = Path(__file__).parent.parent
ALL = [title for titles in TITLES.values() for title in titles]


def test_arguments_are_read() -> None:
    given = arguments(["--quick", "--only", "lock", "--only", "kill", "--only", "lock", "--seed", "7"])
    assert (given.quick, given.only, given.seed, given.write) == (True, ["lock", "kill"], 7, False)
    assert arguments([]).only == list(TRIALS)
    assert arguments([]).seed >= 0


def test_a_trial_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments(["--only", "nothing"])
    assert caught.value.code == 2
    assert "'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "line", "good"),
    [
        (Row("a", 5, 5, 0, 0, "told"), "| a | 5 | 5 | 0 | 0 | told |", True),
        (Row("a", 5, 4), "| a | 5 | 4 | 0 | 0 | |", False),
        (Row("a", 5, 5, lost=1), "| a | 5 | 5 | 1 | 0 | |", False),
        (Row("a", 5, 5, leaked=1), "| a | 5 | 5 | 0 | 1 | |", False),
        (Row("a", remark="not run"), "| a | - | - | - | - | not run |", True),
    ],
)
def test_a_row_is_a_line_and_good_or_not(row: Row, line: str, good: bool) -> None:
    assert (row.line(), row.is_good) == (line, good)


def test_the_table_keeps_what_was_not_run_and_drops_what_is_no_trial() -> None:
    old = table.markdown([Row("b", 9, 9, remark="seed 1").line(), Row("gone", 1, 1).line()])
    page = f"before\n{table.START}{old}{table.END}\nafter\n"
    rows = [Row("a", 2, 1, remark="seed 2"), Row("b", remark="not run: there is no such program")]
    found = table.merged(page, ["a", "b", "c"], rows)
    lines = [
        "| a | 2 | 1 | 0 | 0 | seed 2 |",
        "| b | 9 | 9 | 0 | 0 | seed 1 |",
        "| c | - | - | - | - | not run yet |",
    ]
    assert found == f"before\n{table.START}{table.markdown(lines)}{table.END}\nafter\n"
    assert table.merged(found, ["a", "b", "c"], []) == found


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="there are no lines"):
        table.merged("text\n", ["a"], [])


def test_the_page_has_a_line_for_each_trial() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table.merged(page, ALL, []) == page
    assert len(set(ALL)) == len(ALL)


def test_a_trial_that_cannot_be_run_or_breaks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path, 1, quick=True)
    for error, (trials, remark) in {
        NotRun("there is no clock"): (0, "not run: there is no clock"),
        ValueError("a bug"): (1, "broke off: ValueError"),
    }.items():

        def fail(_: Bench, error: Exception = error) -> list[Row]:
            raise error

        monkeypatch.setitem(TRIALS, "clock", fail)
        assert run(bench, "clock") == [Row(TITLES["clock"][0], trials, remark=remark)]
    assert "a bug" in capsys.readouterr().err


@pytest.mark.parametrize("absent", [["etcd"], ["patroni", "etcd"]])
def test_without_patroni_its_trial_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absent: list[str]
) -> None:
    monkeypatch.setattr("tests.torture.trials.patroni.missing", lambda: absent)
    rows = run(Bench(tmp_path, 1, quick=False), "patroni")
    remark = f"not run: there is no {' and no '.join(absent)}"
    assert rows == [Row(title, remark=remark) for title in TITLES["patroni"]]


@pytest.mark.slow
@pytest.mark.process
def test_nothing_is_lost_or_leaks() -> None:
    done = subprocess.run([ROOT / "scripts" / "torture", "--quick"], capture_output=True, text=True, check=False)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    assert [title for title, *_ in rows] == ALL, done.stderr
    by_the_clock = {*TITLES["lock"], *TITLES["network"]}  # a busy machine may be late
    for title, trials, survived, lost, leaked, remark in rows:
        assert (lost, leaked) in {("0", "0"), ("-", "-")}, (title, remark, done.stderr)
        assert not remark.startswith("broke off"), (title, remark, done.stderr)
        assert survived == trials or title in by_the_clock, (title, remark, done.stderr)
