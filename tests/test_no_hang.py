"""No command waits for an answer that nobody can give: it ends, and names the flag that is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import commands, terminal_runner
from tests.conftest import Database, run_here

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent


def play_all(plays: list[list[Any]]) -> list[dict[str, Any]]:
    """Run all, in as many processes as there are cores."""
    share = max(1, min(4, os.cpu_count() or 1))
    processes = []
    for number in range(share):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal_runner"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(plays[number::share]))
        process.stdin.close()
        process.stdin = None
        processes.append(process)
    done: list[dict[str, Any]] = [{} for _ in plays]
    for number, process in enumerate(processes):
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        done[number::share] = json.loads(out)
    return done


@pytest.fixture
def places(environment: Path, database: Database, tmp_path: Path) -> dict[str, str]:
    """A database with users, and what the cases name in braces."""
    for line in commands.SETUP:
        assert run_here(*line.split())[0] == 0, line
    _, out, _ = run_here("update", "ada@example.com", "--name", "Ada Lovelace", "-o", "json")
    for line in ("create eve@example.com --no-password", "role create reader", "delete bob@example.com --yes"):
        assert run_here(*line.split())[0] == 0, line
    for line in (
        "restore bob@example.com",
        "create tom@example.com --no-password",
        "create ida@example.com --no-password",
    ):
        assert run_here(*line.split())[0] == 0, line
    for name in ("password_file", "users_file"):
        path = tmp_path / name
        path.touch(0o600)
        path.write_text("email\nzoe@example.com\n" if name == "users_file" else "correct horse battery")
    review_file = tmp_path / "review.csv"
    review_file.write_text(commands.review_of("writer"))
    desired_file = tmp_path / "desired.json"
    desired_file.write_text('{"name": "staff", "users": [{"email": "joy@example.com"}]}')
    return {
        "desired_file": str(desired_file),
        "review_file": str(review_file),
        "password_file": str(tmp_path / "password_file"),
        "users_file": str(tmp_path / "users_file"),
        "new_file": str(tmp_path / "new"),
        "export_file": str(tmp_path / "export.csv"),
        "database": database.url.name,
        "change": str(json.loads(out)["change_id"]),
    }


@pytest.mark.slow_on("postgresql")  # the server plays no part in asking
@pytest.mark.parametrize(
    "answered",
    [terminal_runner.KINDS[:1], pytest.param(terminal_runner.KINDS, marks=pytest.mark.slow)],
    ids=["one kind", "all kinds"],
)
def test_no_command_waits_for_an_answer_that_nobody_can_give(
    places: dict[str, str], database: Database, tmp_path: Path, answered: tuple[str, ...]
) -> None:
    assert commands.without_a_case() == []
    plays: list[list[Any]] = []
    flags: list[str] = []
    # on a server one kind shows that nothing else waits
    kinds = terminal_runner.KINDS if database.engine == "sqlite" else (terminal_runner.CLOSED,)
    for number, case in enumerate(commands.cases()):
        for kind in kinds:
            lines = [case.asking]
            if case.answer and database.engine == "sqlite" and kind in answered:
                lines.append(case.complete)
            for line in lines:
                environ = {"USERCLI_DATABASE_URL": database.text}
                if database.engine == "sqlite":  # one of its own: what one changes, the others do not miss
                    copy = tmp_path / f"{number}-{len(plays)}" / Path(database.url.database).name
                    copy.parent.mkdir()
                    shutil.copyfile(database.url.database, copy)
                    environ["USERCLI_DATABASE_URL"] = f"sqlite:///{copy}"
                here = {**places, "new_file": f"{places['new_file']}{len(plays)}"}
                plays.append([kind, [part.format(**here) for part in line], environ])
                flags.append(case.flag if line == case.asking else "")
    for (kind, line, _), flag, done in zip(plays, flags, play_all(plays), strict=True):
        told = (line, kind, done)
        assert done["code"] is not None, f"{told} hung"
        assert done["seconds"] < 5, told
        assert "Traceback" not in done["said"], told
        if flag == "--secret-out" and kind == terminal_runner.ON_A_TERMINAL:  # a generated secret may be shown
            assert done["code"] == 0, told
        elif flag:
            assert (done["code"], flag in done["said"]) == (2, True), told
        assert done["code"] in {0, 2, 3, 4, 7, 8}, told
