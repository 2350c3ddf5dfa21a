"""Who is not found is told where they are: in the recycle bin, outside it, or under a new email."""

from __future__ import annotations

from datetime import UTC, datetime

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
