"""`-` in the place of USERs: they come on standard input, one on each line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import Cli
from usercli.schemas.users import UserView

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
    wanted = (3, "", "error: no such user: x@example.com\n")
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


def test_what_cannot_be_read_is_wrong_usage(cli: Cli, three: list[str]) -> None:
    twice = (2, "", "error: - stands for standard input and can be given once\n")
    assert cli("deactivate", "-", "-", stdin=ADA) == twice
    assert cli("deactivate", "-", stdin="\udcff") == (
        2,
        "",
        "error: the users on standard input are not valid UTF-8\n",
    )
    for line in ("deactivate -", "exists -"):
        code, out, _ = cli("batch", "-", stdin=f"{line}\n")
        assert (code, json.loads(out)["messages"]) == (
            2,
            ["error: standard input is closed; there are no users to read"],
        )
    assert cli("history", "-", stdin=ADA)[0] == 3
