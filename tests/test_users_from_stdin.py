"""`-` and `@FILE` in the place of USERs: they come on standard input or from a file, one on each line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Cli
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"


@pytest.fixture
def three(make_user: Callable[..., UserView]) -> list[str]:
    return [str(make_user(email).id) for email in (ADA, BOB, EVE)]


def active(cli: Cli) -> list[str]:
    return cli("list", "--active", "-q", "--fields", "email")[1].split()


def test_users_come_by_standard_input_in_one_change(cli: Cli, three: list[str]) -> None:
    code = cli("deactivate", "-", stdin=f"{ADA}\n\n  {three[1]}\r\n")[0]
    assert (code, active(cli)) == (0, [EVE])
    assert cli("changes", "--action", "user.deactivated", "--fields", "users")[1] == "users\n2\n"
    assert cli("activate", EVE, "-", stdin=f"\ufeff{ADA}\nid:{three[1]}")[0] == 0
    assert active(cli) == [ADA, BOB, EVE]
    assert cli("delete", "-", stdin=f"{ADA}\n")[0] == 2  # nobody can be asked
    assert cli("delete", "-", "--yes", stdin=f"{ADA}\n")[0] == 0
    assert cli("restore", "-", stdin=f"{ADA}\n")[0] == 0


def test_it_is_all_or_none_and_names_who_is_missing(cli: Cli, three: list[str]) -> None:
    wanted = (3, "", "error: no such user: x@example.com (standard input:2)\n")
    assert cli("deactivate", "-", stdin=f"{ADA}\nx@example.com\n") == wanted
    assert active(cli) == [ADA, BOB, EVE]
    assert cli("exists", "-", stdin=f"{ADA}\n{BOB}\n") == (0, "", "")
    assert cli("exists", "-", stdin=f"{ADA}\nx@example.com\n") == (8, "", "")
    assert cli("deactivate", "-", "--max-changes", "1", stdin=f"{ADA}\n{BOB}\n")[0] == 6


def test_show_gives_an_array_however_many_there_are(cli: Cli, three: list[str]) -> None:
    for emails in ([ADA], [ADA, BOB], []):
        code, out, err = cli("show", "-", "-o", "json", stdin="".join(f"{email}\n" for email in emails))
        assert (code, [user["email"] for user in json.loads(out)], err) == (0, emails, "")


def test_nobody_is_nothing_to_change(cli: Cli, three: list[str]) -> None:
    code, _, err = cli("deactivate", "-", stdin="")
    assert (code, err.partition(" on ")[0], active(cli)) == (0, "nothing to change", [ADA, BOB, EVE])


@pytest.mark.parametrize(
    "line",
    [
        f"{ADA},CanarySecret42",
        f"{ADA};CanarySecret42;x",
        f"{ADA}|CanarySecret42",
        f"{ADA} CanarySecret42",
        "CanarySecret42" * 40,
    ],
)
def test_what_stands_beside_a_user_is_not_repeated(cli: Cli, line: str) -> None:
    said = "standard input:1: not a user alone; a list has a user on each line, as list -q prints it"
    assert cli("exists", "-", stdin=f"{line}\n") == (2, "", f"error: {said}\n")


def test_what_cannot_be_read_is_wrong_usage(cli: Cli, three: list[str]) -> None:
    twice = (2, "", "error: - stands for standard input and can be given once\n")
    assert cli("deactivate", "-", "-", stdin=ADA) == twice
    assert cli("deactivate", "-", stdin="\udcff") == (
        2,
        "",
        "error: standard input:1: not valid UTF-8 at byte 1 (Latin-1 has such bytes)\n",
    )
    for line in ("deactivate -", "exists -"):
        code, out, _ = cli("batch", "-", stdin=f"{line}\n")
        assert (code, json.loads(out)["messages"]) == (
            2,
            ["error: standard input is closed; there are no users to read"],
        )


LIST = b"\xef\xbb\xbf# who left\r\n\r\nada@example.com\r\n  id:%s \r\nADA@example.com"


@pytest.fixture
def people(environment: Path, three: list[str]) -> Path:
    """A list of ada and bob, as an editor of another system writes it."""
    path = environment / "people.txt"
    path.write_bytes(LIST % three[1].encode())
    return path


def test_a_file_names_users_wherever_a_user_stands(cli: Cli, people: Path) -> None:
    assert cli("role", "create", "editor")[0] == 0
    for line in (
        *("role grant editor @people.txt", "update @people.txt --name X", "deactivate @people.txt"),
        *("activate @people.txt", "password expire @people.txt", "delete @people.txt --yes"),
        *("restore @people.txt", "password reset @people.txt --yes --secret-out new.csv"),
        *("role revoke editor @people.txt", "delete @people.txt --yes"),
    ):
        code, out, err = cli(*line.split(), "-q", "--fields", "email")
        assert (code, out) == (0, f"{ADA}\n{BOB}\n"), (line, err)
    assert cli("history", f"@{people}", "--fields", "target_email", "--no-header")[1].split() == [
        email for email in (ADA, BOB) for _ in range(11)
    ]
    assert cli("delete", "@people.txt", "--purge", "--confirm", ADA, "--confirm", BOB)[0] == 0


def test_a_file_is_read_as_other_users_are(cli: Cli, people: Path, three: list[str]) -> None:
    assert cli("exists", "@people.txt", EVE, "-", stdin=f"{ADA}\n") == (0, "", "")
    assert cli("deactivate", "@people.txt", ADA, "--max-changes", "2", "-q")[1].split() == three[:2]
    shown = json.loads(cli("show", "-", "-o", "json", stdin=people.read_text("utf-8"))[1])
    assert [user["email"] for user in shown] == [ADA, BOB]
    diary = cli("history", "@people.txt", terminal=True)[1]
    assert [line for line in diary.splitlines() if line.endswith(":")] == [f"{ADA}:", f"id:{three[1]}:"]
    (_, out, _) = cli("batch", "-", stdin="activate @people.txt --fields email")
    assert [user["email"] for user in json.loads(out)["result"]["users"]] == [ADA, BOB]


def test_a_line_that_names_nobody_is_named(cli: Cli, people: Path, environment: Path) -> None:
    people.write_text(f"{ADA}\n\nx@example.com\nid:7\n")
    assert cli("exists", "@people.txt") == (2, "", "error: people.txt:4: not an id: 7 (an id is a UUID)\n")
    people.write_text(f"{ADA}\n\nx@example.com\n#\nz@example.com")
    missing = "error: no such user: y@example.com, x@example.com (people.txt:3), z@example.com (people.txt:5)\n"
    for line in ("deactivate", "history", "restore", "show"):
        assert cli(line, "y@example.com", "@people.txt") == (3, "", missing), line
    code, _, err = cli("deactivate", "@people.txt", "--continue")
    assert (code, err.splitlines()[1]) == (7, "error: no such user: x@example.com (people.txt:3)")
    header = "standard input:1: a header line; a list has a user on each line, as list -q prints it"
    for fields in ("email", "id,email"):
        piped = cli("list", "--fields", fields)[1]
        assert cli("deactivate", "-", stdin=piped) == (2, "", f"error: {header}\n")
    people.write_bytes(f"{ADA}\0\n".encode())
    for name, error in (
        ("@", "@ needs the name of a file: @people.txt"),
        ("@nowhere", "cannot read nowhere: no such file or directory"),
        ("@people.txt", "people.txt:1: a NUL byte (a file in UTF-16 has them)"),
    ):
        assert cli("show", name) == (2, "", f"error: {error}\n")


def test_a_command_for_one_user_takes_a_list_of_one(cli: Cli, people: Path) -> None:
    lines = ("password set @people.txt --no-password", "privacy export @people.txt", "changes --user @people.txt")
    refused = "error: one USER is wanted here; people.txt names 2\n"
    for line in lines:
        assert cli(*line.split()) == (2, "", refused)
    people.write_text(ADA)
    for line in lines:
        assert cli(*line.split())[0] == 0, line
    for option in ("--password-stdin", "--password-hash-stdin", "--password-fd=0"):
        code, out, err = cli("password", "set", "-", option, stdin=ADA)
        assert (code, out) == (2, "")
        assert err.endswith("contradict each other: both read standard input\n")


def test_a_terminal_is_told_that_it_is_read(cli: Cli, three: list[str]) -> None:
    code, _, err = cli("deactivate", "-", stdin=f"{ADA}\n", terminal=True)
    assert (code, err.splitlines()[0]) == (0, "reading users, one on each line; Ctrl-D ends the list")
    refused = "error: - and --no-input contradict each other: standard input is a terminal\n"
    assert cli("deactivate", "-", "--no-input", stdin=ADA, terminal=True) == (2, "", refused)


def test_a_file_leaves_standard_input_to_the_question(cli: Cli, people: Path) -> None:
    assert cli("delete", "@people.txt", stdin="n\n", terminal=True)[0] == 130
    assert cli("delete", "@people.txt", stdin="y\n", terminal=True)[0] == 0
    assert active(cli) == [EVE]


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_users_come_from_a_file(
    cli: Cli, environment: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    assert cli("db", "seed", "--count", str(count), "-q")[0] == 0
    (environment / "all.txt").write_text(cli("list", "-q", "--fields", "email")[1])
    changed = cli("list", "--active", "-q")[1].count("\n")
    code, out, err = cli("deactivate", "@all.txt", "-q")
    assert (code, out.count("\n"), err.partition(" on ")[0]) == (0, count, f"deactivated {changed:,} users")
    monkeypatch.setattr("usercli.cli.user_arguments._MOST_USERS", count - 1)
    assert cli("exists", "@all.txt") == (2, "", f"error: more than {count - 1:,} users are named; split the list\n")
