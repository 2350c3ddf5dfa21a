"""Who is not found is told where they are: in the recycle bin, outside it, or under a new email."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.conftest import Cli
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "ada.king@example.com"


def binned(name: str) -> str:
    return f"{name} is in the recycle bin since {datetime.now(UTC):%Y-%m-%d} (show --deleted, restore)"


def test_a_user_in_the_recycle_bin_is_told(cli: Cli, ada: UserView) -> None:
    assert cli("delete", ADA, "--yes")[0] == 0
    for command in ("show", "update --name x", "deactivate", "delete --yes", "password expire"):
        for name in (ADA, "ADA@example.com", str(ada.id)):
            wanted = f"error: no such user: {name}; {binned(name)}\n"
            assert cli(*command.split(), name) == (3, "", wanted), command
    several = f"error: no such user: {BOB}, {ADA}; {binned(ADA)}\n"
    assert cli("show", BOB, ADA) == (3, "", several)
    assert cli("exists", ADA) == (8, "", "")
    assert cli("restore", ADA)[0] == 0
    outside = f"error: no such user: {ADA}; {ADA} is not in the recycle bin\n"
    assert cli("show", "--deleted", ADA) == (3, "", outside)


def test_a_user_with_a_new_email_is_told(cli: Cli, ada: UserView) -> None:
    assert cli("update", ADA, "--email", NEW)[0] == 0
    assert cli("show", "Ada@example.com") == (
        3,
        "",
        f"error: no such user: Ada@example.com; Ada@example.com is now {NEW}\n",
    )
    assert cli("update", NEW, "--email", BOB)[0] == 0
    for name in (ADA, NEW):
        assert cli("show", name)[2] == f"error: no such user: {name}; {name} is now {BOB}\n"
    # a part of an address is another address, and what was erased is told to nobody
    assert cli("show", "da@example.com")[2] == "error: no such user: da@example.com\n"
    assert cli("privacy", "erase", BOB, "--anonymise", "--confirm", BOB)[0] == 0
    assert cli("show", ADA)[2] == f"error: no such user: {ADA}\n"


def test_what_is_no_address_is_told_how_to_search(cli: Cli, ada: UserView) -> None:
    for line, word in (
        (["show", "ada"], "ada"),
        (["history", ADA, "ada l", "x"], "'ada l'"),
    ):
        code, out, err = cli(*line)
        assert (code, out) == (3, "")
        assert err.endswith(f"; to look for it, run: usercli list --search {word}\n")


def test_a_change_that_is_named_as_a_user_is_told_how_to_see(cli: Cli, ada: UserView) -> None:
    change = cli("changes", "-q")[1].strip()
    start = change.replace("-", "")[:8]
    for command in ("history", "show", "update --name x", "delete --yes", "privacy export", "changes --user"):
        for text in (start, start.upper(), change[:13], *([] if command.startswith("changes") else [change])):
            code, out, err = cli(*command.split(), text)
            look = f"that is a change; to see it, run: usercli audit log --change {text}"
            assert (code, out, err) == (3, "", f"error: no such user: {text}; {look}\n"), command
            assert cli("audit", "log", "--change", text, "-o", "jsonl")[1].count("user.created") == 1
    for text in ("0123abcd", start[:7], "x" + start):  # no beginning of a change
        assert cli("history", text)[2].endswith(f"; to look for it, run: usercli list --search {text}\n")
    assert cli("history", str(UUID(int=1)))[2] == f"error: no such user: {UUID(int=1)}\n"


def test_a_user_who_is_named_as_a_change_is_told_how_to_see(cli: Cli, ada: UserView) -> None:
    for user in (ADA, str(ada.id), "nobody@example.com"):
        for line in (["undo", user, "--yes"], ["audit", "log", "--change", user]):
            if "--change" in line and "@" not in user:
                continue  # the id of a change that is not there fits no event
            look = f"for the changes of a user, run: usercli changes --user {user}"
            assert cli(*line) == (3, "", f"error: no such change: {user}; {look}\n")
    for other in (str(UUID(int=1)), "bobo", "ad@a"):
        assert cli("undo", other, "--yes") == (3, "", f"error: no such change: {other}\n")
