"""Hostile text: in the database past the tool, and on the command line. Nothing obeys it, nothing breaks."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import Cli, Database
from usercli.models import User
from usercli.schemas.users import UserView

pytestmark = [pytest.mark.process, pytest.mark.either_engine]

MakeUser = Callable[..., UserView]

ESC, CSI, OSC = "\x1b", "\x9b", "\x9d"
NAMES = [
    "[/nope]",
    "[link=x]",
    "\\[x",
    "[bold red]x[/]",
    ":smile:",
    f"{ESC}[31mred{ESC}[0m",
    f"{ESC}]0;title\x07",
    f"{ESC}[2J{ESC}[H{ESC}c",
    f"{ESC}]8;;http://evil.example{ESC}\\x{ESC}]8;;{ESC}\\",
    f"{CSI}31m{OSC}0;x\x9c",
    "\x7f\x08\x08\x08",
    "a\u202egnp.exe",
    "\u2066a\u2069\u200f\u061c",
    "two\nlines",
    "return\rover",
    "tab\there",
    "\x0b\x0c\x85\u2028\u2029",
    "x" * 10_000,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "e\u0301" * 40 + "\u0300" * 200,
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\u6f22\u5b57" * 60,
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE users; --",
    "%s %(x)s {0} ${x}",
    "null",
    "- a: b #c",
    "\ufeffbom",
    "\U0010fffd\ufffd",
]
SGR = re.compile("\x1b\\[[0-9;]*[mG]")


def unsafe(text: str) -> set[str]:
    """What a terminal would obey, or not show: controls other than a newline, format characters, separators.

    The two joiners are part of names and emoji.
    """
    return {
        character
        for character in text
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} and character not in "\n\u200c\u200d"
    }


def shown(name: str) -> str:
    """How a person sees a hostile name: the same text with escapes for what is not safe."""
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "".join(
        short.get(c) or (f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}")
        if c == "\n" or unsafe(c)
        else c
        for c in name
    )


@pytest.fixture
def hostile(database: Database) -> dict[str, str]:
    """A user for each hostile name, by email, as another program would write them."""
    found = {f"user{number:02}@example.com": name for number, name in enumerate(NAMES)}
    uow = database.uow()
    with uow:
        for email, name in found.items():
            uow.users.add(User(email=email, full_name=name))
        uow.commit()
    return found


def test_machine_formats_carry_hostile_names_unchanged(cli: Cli, hostile: dict[str, str]) -> None:
    def listed(kind: str, *options: str) -> str:
        code, out, err = cli("list", "--fields", "email,full_name", "-o", kind, *options)
        assert (code, err) == (0, "")
        return out

    wanted = [{"email": email, "full_name": name} for email, name in hostile.items()]
    assert json.loads(listed("json")) == wanted
    assert [json.loads(line) for line in listed("jsonl").split("\n")[:-1]] == wanted
    assert yaml.safe_load(listed("yaml")) == wanted
    assert list(csv.DictReader(io.StringIO(listed("csv", "--raw"), newline=""), strict=True)) == wanted
    escapes = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
    lines = [line.split("\t") for line in listed("tsv").split("\n")[1:-1]]
    assert [
        {"email": email, "full_name": re.sub(r"\\.", lambda match: escapes[match[0]], name)}
        for email, name in lines
    ] == wanted
    for kind in ("json", "jsonl", "yaml"):  # escapes are free there
        assert unsafe(listed(kind)) == set(), kind


def test_a_terminal_sees_only_printable_text(
    cli: Cli, hostile: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for kind in ("table", "json", "jsonl", "csv", "tsv", "yaml", "ids"):
        for command in (["list"], ["show", *hostile], ["update", *hostile, "--inactive"]):
            code, out, err = cli(*command, "-o", kind, terminal=True)
            plain = SGR.sub("", out) if kind == "table" else out.replace("\t", " ") if kind == "tsv" else out
            assert (code, unsafe(plain), unsafe(err)) == (0, set(), set()), (command, kind)


def test_a_table_shows_every_hostile_name_literally(
    cli: Cli, hostile: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30000")
    out = SGR.sub("", cli("list", "--fields", "email,full_name", terminal=True)[1])
    assert [line.split("  ", 1)[1].strip() for line in out.split("\n")[1:-1]] == [
        shown(name).strip() for name in hostile.values()
    ]
    for email, name in hostile.items():
        sheet = SGR.sub("", cli("show", email, "--fields", "full_name", terminal=True)[1])
        assert sheet == f"full_name  {shown(name)}".rstrip() + "\n"


def test_hostile_emails_are_escaped_in_messages(cli: Cli, database: Database, make_user: MakeUser) -> None:
    user = make_user()
    database.rows("UPDATE users SET email = :email", email=f"{ESC}[31m\n\u202e[/x]@example.com")
    seen = "\\x1b[31m\\n\\u202e[/x]@example.com"
    where = database.url.where
    assert cli("update", str(user.id), "--name", "x", "-q")[2] == f"updated {seen} on {where}\n"
    error = f"error: {seen} was changed meanwhile: version 2, not 1\n"
    assert cli("update", str(user.id), "--name", "y", "--if-version", "1") == (4, "", error)
    assert cli("delete", str(user.id), "--yes", "-q")[2] == f"deleted {seen} on {where}\n"
    wanted = f"error: purging {seen} cannot be undone; to go on add --confirm {seen}\n"
    assert cli("delete", str(user.id), "--purge") == (2, "", wanted)
    assert cli("delete", str(user.id), "--purge", "--confirm", seen, "-q")[2] == f"purged {seen} on {where}\n"


@pytest.mark.slow_on("postgresql")
def test_hostile_names_on_a_real_terminal(environment: Path, hostile: dict[str, str], database: Database) -> None:
    for command in (["list"], ["delete", *hostile, "--yes"]):
        code, seen = on_terminal(*command)
        text = SGR.sub("", seen.decode("utf-8")).replace("\r\n", "\n")
        assert (code, unsafe(text)) == (0, set())
        assert text.replace("\n", "").count("example.com") >= len(hostile)


def on_terminal(*arguments: str) -> tuple[int, bytes]:
    """Run a real process whose three streams are a terminal: its code, and every byte that it wrote there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "usercli", *arguments], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux says EIO when the other side is closed
        pass
    os.close(ours)
    return process.wait(30), seen


# -- hostile input

CONTROLS = ["\x00", "\x07", "\x1b[31m", "\n", "\r", "\t", "\x7f", "\x85", "\x9b"]


def json_attribute(bad: str) -> str:
    return "k=" + json.dumps([{"x": f"a{bad}"}])


def test_control_characters_are_refused_everywhere(cli: Cli, ada: UserView, database: Database) -> None:
    before = database.rows("SELECT * FROM users")
    for bad in CONTROLS:
        escape = shown(bad[0]).replace("\\n", "\\x0a").replace("\\r", "\\x0d").replace("\\t", "\\x09")
        for arguments, what in (
            (["create", f"a{bad}b@example.com", "--no-password"], "an email"),
            (["create", "b@example.com", "--name", f"a{bad}b", "--no-password"], "the name"),
            (["update", "ada@example.com", "--name", f"a{bad}b"], "the name"),
            (["update", "ada@example.com", "--email", f"a{bad}b@example.com"], "an email"),
            (["update", "ada@example.com", "--attribute", f"k=a{bad}b"], "an attribute"),
            (["update", "ada@example.com", "--attribute", f"k{bad}=a"], "an attribute"),
            (["update", "ada@example.com", "--attribute-json", json_attribute(bad)], "an attribute"),
            (["show", f"ada{bad}@example.com"], "a user"),
            (["exists", f"email:ada{bad}@example.com"], "a user"),
            (["list", "--search", f"a{bad}b"], "--search"),
            (["list", "--where", f"k=a{bad}b"], "--where"),
            (["list", "--match", f"search=a{bad}b"], "--search"),
        ):
            error = f"error: {what} must not contain control characters (found {escape})\n"
            assert cli(*arguments) == (2, "", error), arguments
    assert database.rows("SELECT * FROM users") == before


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["create", b"a\xffb@example.com", "--no-password"], "an email is not valid UTF-8"),
        (["update", "ada@example.com", "--name", b"a\xff"], "the name is not valid UTF-8"),
        (["show", b"\xed\xa0\x80"], "a user is not valid UTF-8"),
        (["list", "--where", b"k=\xc3"], "--where is not valid UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_refused(
    run: Callable[..., subprocess.CompletedProcess[str]],
    ada: UserView,
    database: Database,
    arguments: list[str | bytes],
    what: str,
) -> None:
    before = database.rows("SELECT * FROM users")
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {what}\n")
    assert database.rows("SELECT * FROM users") == before


def test_lone_surrogates_are_refused_in_every_place(cli: Cli, ada: UserView) -> None:
    for arguments in (
        ["create", "a\udcff@example.com", "--no-password"],
        ["update", "ada@example.com", "--attribute", "k=\udcff"],
        ["update", "ada@example.com", "--attribute-json", 'k="\\udcff"'],
        ["list", "--search", "\udcff"],
        ["list", "--sort", "\udcff"],
        ["list", "--after", "\udcff"],
        ["list", "--created-after", "\udcff"],
        ["list", "--fields", "\udcff"],
        ["list", "-o", "\udcff"],
        ["list", "--\udcff"],
        ["\udcff"],
        ["--database-url", "postgresql://\udcff@127.0.0.1/x", "list"],
    ):
        code, out, err = cli(*arguments)
        assert (code, out, err.count("\n"), unsafe(err)) == (2, "", 1, set()), arguments
        assert err.startswith("error: "), arguments


def test_over_long_input_is_refused_in_one_line(cli: Cli, database: Database) -> None:
    for arguments in (
        [f"{'a' * 65}@example.com"],
        [f"{'a' * 10_000}@example.com"],
        [f"a@{'b' * 10_000}.com"],
        [f"a@{'b.' * 5_000}com"],
        [f"a@{'é' * 10_000}.com"],
        ["a@example.com", "--name", "x" * 256],
        ["a@example.com", "--attribute", "k=" + "x" * 70_000],
    ):
        code, out, err = cli("create", *arguments, "--no-password")
        assert (code, out, err.count("\n")) == (2, "", 1), arguments[0][:40]
        assert len(err) < 400, err[:100]
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


def test_the_longest_name_that_fits_is_kept(cli: Cli) -> None:
    out = cli("create", "ada@example.com", "--name", "\U0001f469" * 255, "--no-password", "-o", "json")[1]
    assert json.loads(out)["users"][0]["full_name"] == "\U0001f469" * 255


def test_sql_is_only_text(cli: Cli, ada: UserView, database: Database) -> None:
    attack = "x'); DROP TABLE users; --"
    assert cli("update", "ada@example.com", "--name", attack, "--attribute", f"{attack}={attack}")[0] == 0
    for arguments, found in (
        (["list", "--search", attack], 1),
        (["list", "--where", f"{attack}={attack}"], 1),
        (["list", "--where", f"{attack}=y"], 0),
        (["list", "--search", "' OR '1'='1"], 0),
        (["list", "--where", "a'b\"c=d"], 0),
        (["list", "--where", "$.a[0]=d"], 0),
    ):
        code, out, _ = cli(*arguments, "-q")
        assert (code, len(out.splitlines())) == (0, found), arguments
    assert cli("show", "' OR 1=1 --@example.com")[0] == 3
    assert cli("exists", "ada@example.com")[0] == 0


def test_a_user_named_like_an_option_stands_after_two_dashes(cli: Cli, database: Database) -> None:
    assert cli("create", "--no-password", "--", "--help@example.com")[0] == 0
    assert cli("create", "--no-password", "--", "-q@example.com")[0] == 0
    assert cli("list", "--sort", "email", "--fields", "email")[1] == "email\n--help@example.com\n-q@example.com\n"
    assert cli("show", "--fields", "email", "--", "--help@example.com", "-q@example.com")[1] == (
        "email\n--help@example.com\n-q@example.com\n"
    )
    assert cli("delete", "--yes", "--", "-q@example.com")[0] == 0
    assert cli("exists", "--", "--help@example.com")[0] == 0
    assert cli("exists", "--", "-q@example.com")[0] == 8
