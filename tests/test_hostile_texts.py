"""Hostile texts in every field, from the command that takes them to the one that exports and imports them again."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.conftest import Database, run_here
from tests.test_cli_hostile import NAMES, unsafe
from usercli.models import User

pytestmark = pytest.mark.either_engine

SGR = re.compile("\x1b\\[[0-9;]*[mG]")
PIECES = [
    *(name[:200] for name in NAMES),
    *"\0\x07\x08\t\n\r\x1b\x7f\x85\x9b\xad\u061c\u180e\u200b\u200c\u200d\u200e\u2028\u2029\u202e\u2060\u2066\ufeff",
    *"\U000e0001\U000e0041\U000e007f\U0001d173\ufff9\ud800\udcff\ufdd0\uffff\U0010ffff\u0000",
    *"ab@.;,:'\"\\/=+-%$#&|<>()[]{}* ~^`?!éßİıſΣς",
    "ada@example.com",
    "../../etc/passwd",
    "null",
    "true",
    "NaN",
    "1e400",
    "$(id)",
    "--yes",
    "=1+1",
    "@SUM(A1)",
    "\u0645\u06cc\u200c\u062e\u0648",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "a\u0301\u0327" * 20,
]
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "yaml", "ids")


def hostile_texts(number: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 5))) for _ in range(number)]


def given_everywhere(text: str, number: int) -> list[list[str]]:
    """The commands that take this text, each in one field; the parser takes what begins with - after an =."""
    email = f"user{number}-%d@example.com"
    create = ["create", "--no-password"]
    lines = [
        [*create, f"--name={text}", email % 1],
        [*create, f"--attribute=k={text}", email % 2],
        [*create, f"--attribute={text}=v", email % 3],
        [*create, f"--reason={text}", email % 4],
        [*create, f"--ticket={text}", email % 5],
        [*create, f"--actor={text}", email % 6],
        ["role", "create", f"--description={text}", f"role{number}"],
        ["role", "create", "--", text],
        [*create, f"--role={text}", email % 7],
        [*create, "--", text],
        [*create, "--", f"{text}@example.com"],
        ["show", "--", text],
        ["history", "--", text],
        ["list", f"--search={text}", "--count"],
        ["list", f"--where=k={text}", "--count"],
        ["list", f"--fields={text}"],
        ["audit", "log", f"--user={text}"],
        ["audit", "log", f"--by={text}"],
        ["list", f"--after={text}"],
    ]
    return [line for line in lines if "\0" not in "".join(line) or number % 2]  # a process is never given one


def seen_by_a_person(*line: str) -> str:
    """What a terminal gets, without our own colours and columns; the command may fail, but never with 1."""
    code, out, err = run_here(*line, terminal=True)
    assert code != 1, (line, err)
    if "-o" in line and line[line.index("-o") + 1] == "tsv":
        out = out.replace("\t", " ")
    return SGR.sub("", out + err)


def require_unharmed(*line: str) -> None:
    assert unsafe(seen_by_a_person(*line)) == set(), line


@pytest.mark.process
@pytest.mark.parametrize("number", [2, *(pytest.param(number, marks=pytest.mark.slow) for number in (4, 500))])
def test_hostile_texts_harm_no_terminal_and_come_back_from_an_export(
    environment: Path, database: Database, number: int
) -> None:
    texts = hostile_texts(number, seed=20261126)
    for place, text in enumerate(texts):
        for line in given_everywhere(text, place):
            require_unharmed(*line)

    _require_round_trip(environment)

    stored = [text.replace("\0", "").encode("utf-8", "ignore").decode() for text in texts]
    uow = database.uow()
    with uow:  # as another program writes them
        for place, text in enumerate(stored):
            uow.users.add(User(email=f"other{place}@example.com", full_name=text[:255], attributes={text: text}))
        uow.commit()
    for place, text in enumerate(stored):
        key = f"other{place}@example.com"
        database.rows("UPDATE users SET email = :email WHERE email_key = :key", email=f"{text}@a.example", key=key)
    for kind in FORMATS:
        for line in (
            ["list", "--limit", "5000"],
            ["audit", "log", "--limit", "5000"],
            ["role", "list"],
            ["changes"],
        ):
            require_unharmed(*line, "-o", kind)
    ids = [str(user_id) for (user_id,) in database.rows("SELECT id FROM users ORDER BY email_key")]
    for place, user_id in enumerate(ids[:: max(1, len(ids) // 60)]):
        require_unharmed("show", user_id, "-o", FORMATS[place % len(FORMATS)])
        require_unharmed("history", user_id)
        require_unharmed("privacy", "export", user_id)
    assert run_here("audit", "verify")[0] == 0


def _require_round_trip(folder: Path) -> None:
    """An export that is imported elsewhere and exported again is the same, byte for byte."""
    for kind in ("jsonl", "json", "csv"):
        first, second = folder / f"first.{kind}", folder / f"second.{kind}"
        elsewhere = ["--database-url", f"sqlite:///{folder}/{kind}.db"]
        assert run_here("export", str(first), "--with-hashes")[0] == 0
        assert run_here("db", "upgrade", *elsewhere)[0] == 0
        code, _, err = run_here("import", str(first), "--preserve", "--create-roles", *elsewhere)
        assert code == 0, err
        assert run_here("export", str(second), "--with-hashes", *elsewhere)[0] == 0
        assert second.read_bytes() == first.read_bytes(), kind
