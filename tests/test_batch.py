"""Many commands in one process."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Cli, Database
from usercli.database.unit_of_work import UnitOfWork


def results(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def commands(environment: Path):
    """Write a file of commands and give its name."""

    def write(text: str) -> str:
        (environment / "batch.txt").write_text(text)
        return "batch.txt"

    return write


def test_each_command_answers_with_a_line(cli: Cli, commands) -> None:
    file = commands(
        "# a comment\n\n"
        'create ada@example.com --name "Ada Lovelace" --no-password  # quoted as in a shell\n'
        "usercli list --count\n"
        "exists ada@example.com\n"
    )
    code, out, err = cli("batch", file)
    created, counted, exists = results(out)
    assert (code, err.split(", on ")[0]) == (0, "ran 3 commands, 0 failed")
    assert (created["line"], created["code"], created["result"]["users"][0]["full_name"]) == (3, 0, "Ada Lovelace")
    assert (counted["result"], exists["result"], exists["code"]) == ({"count": 1}, None, 0)


def test_the_first_failure_stops_and_gives_its_code(cli: Cli, commands) -> None:
    file = commands("create a@x.com --no-password\nshow b@x.com\ncreate c@x.com --no-password\n")
    code, out, _ = cli("batch", file)
    assert (code, [(r["line"], r["code"]) for r in results(out)]) == (3, [(1, 0), (2, 3)])
    assert results(out)[1]["messages"] == ["error: no such user: b@x.com"]
    assert cli("list", "--count", "-o", "json")[1] == '{"count":1}\n'


def test_continue_goes_on_and_answers_seven(cli: Cli, commands) -> None:
    file = commands("show b@x.com\ncreate c@x.com --no-password\n")
    code, out, _ = cli("batch", file, "--continue")
    assert (code, [r["code"] for r in results(out)]) == (7, [3, 0])


def test_atomic_is_all_or_nothing_and_one_change(cli: Cli, commands, database: Database) -> None:
    file = commands("create a@x.com --no-password\nupdate a@x.com --name A\nshow b@x.com\n")
    code, _, err = cli("batch", file, "--atomic")
    assert (code, err.endswith("; nothing was changed\n")) == (3, True)
    assert database.rows("SELECT count(*) FROM users") == [(0,)]
    assert database.rows("SELECT count(*) FROM audit_events") == [(0,)]
    code, _, _ = cli("batch", commands("create a@x.com --no-password\nupdate a@x.com --name A\n"), "--atomic")
    [(changes,)] = database.rows("SELECT count(DISTINCT change_id) FROM audit_events")
    assert (code, changes) == (0, 1)
    assert cli("audit", "verify")[0] == 0
    change = json.loads(cli("changes", "-o", "json")[1])[0]["change_id"]
    assert cli("undo", change, "--yes")[0] == 0
    assert cli("exists", "a@x.com")[0] == 8


def test_a_dry_run_of_a_batch_writes_nothing(cli: Cli, commands, database: Database) -> None:
    code, out, err = cli("batch", commands("create a@x.com --no-password\n"), "--dry-run")
    assert (code, results(out)[0]["result"]["dry_run"]) == (0, True)
    assert err == f"ran 1 commands, 0 failed, on {database.url.where}; nothing was changed\n"
    together = commands("role create ops\ncreate a@x.com --no-password\nrole grant ops a@x.com\n")
    code, _, err = cli("batch", together, "--dry-run")
    alone = "; each was tried without those before it: to try them as one, add --atomic"
    assert code == 3
    assert err == f"ran 3 commands, 1 failed, on {database.url.where}; nothing was changed{alone}\n"
    code, _, err = cli("batch", together, "--dry-run", "--atomic")
    assert (code, err) == (0, f"ran 3 commands, 0 failed, on {database.url.where}; nothing was changed\n")
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("db upgrade", "error: db cannot be run in a batch"),
        ("batch other.txt", "error: batch cannot be run in a batch"),
        ("delete a@x.com", None),
        ("create a@x.com", None),
        (
            "list --profile other",
            "error: a batch works on one database; give --profile or --database-url to batch itself",
        ),
        ("lsit", None),
    ],
)
def test_what_cannot_be_done_is_said_by_its_line(cli: Cli, commands, line: str, message: str | None) -> None:
    code, out, _ = cli("batch", commands(f"\n{line}\n"))
    [result] = results(out)
    assert (result["line"], code in (2, 3), len(result["messages"])) == (2, True, 1)
    assert message is None or result["messages"] == [message]


def test_an_open_quote_is_refused(cli: Cli, commands) -> None:
    code, out, err = cli("batch", commands('create "a@x.com --no-password\n'))
    assert (code, out, err) == (2, "", "error: line 1: a quote is opened and not closed\n")


def test_an_interrupt_ends_the_batch_and_not_only_a_command(
    cli: Cli, commands, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("usercli.services.users.create_user", interrupted)
    code, _, err = cli("batch", commands("create a@x.com --no-password\nlist\n"), "--continue")
    assert (code, err) == (130, "interrupted; nothing was changed\n")


def interrupting(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str, number: int, cause: Callable[[], object]
) -> None:
    """Let the call of that number end in an interrupt."""
    real, calls = getattr(import_module(module), name), count(1)

    def call(*given: object, **named: object) -> object:
        return cause() if next(calls) == number else real(*given, **named)

    monkeypatch.setattr(f"{module}.{name}", call)


def interrupt() -> None:
    raise KeyboardInterrupt


def terminate() -> None:
    signal.raise_signal(signal.SIGTERM)


CREATE_FOUR = "".join(f"create {name}@x.com --no-password\nlist\n" for name in "abcd")


@pytest.mark.parametrize(
    ("cause", "said", "exit_code"), [(interrupt, "interrupted", 130), (terminate, "terminated", 143)]
)
@pytest.mark.parametrize("done", [0, 1, 3])
def test_an_interrupted_batch_says_what_stands(
    cli: Cli,
    commands,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    cause: Callable[[], object],
    said: str,
    exit_code: int,
    done: int,
) -> None:
    interrupting(monkeypatch, "usercli.services.users", "create_user", done + 1, cause)
    code, out, err = cli("batch", commands(CREATE_FOUR))
    ids = cli("changes", "-q")[1].split()
    assert (code, len(results(out)), len(ids)) == (exit_code, 2 * done, done)
    outcomes = {
        0: "nothing was changed",
        1: f"what 1 command committed stands; to see it, run: usercli audit log --change {''.join(ids)}",
        3: "what 3 commands committed stands; to see it, run: usercli changes --limit 3",
    }
    assert err == f"{said}; {outcomes[done]}\n"


def test_an_interrupt_while_a_command_of_a_batch_commits_is_told(
    cli: Cli, commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = UnitOfWork._send_commit, count(1)

    def send(uow: UnitOfWork, level: Any) -> None:
        real(uow, level)
        if next(calls) == 4:
            uow.is_committing = True
            raise KeyboardInterrupt

    monkeypatch.setattr(UnitOfWork, "_send_commit", send)
    code, _, err = cli("batch", commands(CREATE_FOUR))
    look = f"usercli audit log --change {cli('changes', '--limit', '1', '-q')[1].strip()}"
    unknown = f"interrupted while committing: the outcome is unknown; to look, run: {look}"
    assert (code, err) == (130, f"{unknown}; what 3 commands committed before stands\n")


def test_an_interrupted_atomic_batch_says_what_became_of_it(
    cli: Cli, commands, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupting(patch, "usercli.services.users", "create_user", 3, interrupt)
        code, _, err = cli("batch", commands(CREATE_FOUR), "--atomic")
        assert (code, err) == (130, "interrupted; nothing was changed\n")
        assert database.rows("SELECT count(*) FROM users") == [(0,)]
    monkeypatch.setattr("usercli.cli.output.writer.Output.text", lambda *_: interrupt())
    code, _, err = cli("batch", commands("create a@x.com --no-password\nupdate a@x.com --name A\n"), "--atomic")
    [(change,)] = database.rows("SELECT DISTINCT change_id FROM audit_events")
    look = f"usercli audit log --change {UUID(str(change))}"
    assert (code, err) == (130, f"interrupted; what was committed stands; to see it, run: {look}\n")
