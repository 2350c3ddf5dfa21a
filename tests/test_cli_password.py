"""password set, reset, verify, expire, generate, audit, calibrate, and how a secret comes in and goes out."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import stat
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from tests.conftest import Cli, Database, kept_engine, run_here
from usercli import password_calibration
from usercli.cli.password_input import ALL_SOURCES
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import OutcomeUnknown
from usercli.passwords import PasswordHasher
from usercli.schemas.users import UserView

pytestmark = pytest.mark.either_engine

MakeUser = Callable[..., UserView]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
HASH = "$2b$04$9Q5n2Fmx3WxWHqDqQGzHwO5d.Woe61Gt.yIJ97bB/fJ2N2/wlWcbW"
HASHER = PasswordHasher(cost=4)

#: For what a database has no part in.
only_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def hash_of(database: Database, email: str = EMAIL) -> str:
    [(stored,)] = database.rows("SELECT hashed_password FROM users WHERE email = :email", email=email)
    return str(stored)


def store(database: Database, hashed: str, email: str = EMAIL) -> None:
    database.rows("UPDATE users SET hashed_password = :hashed WHERE email = :email", hashed=hashed, email=email)


def rows(database: Database) -> list[tuple[object, ...]]:
    """Everything in the table, to prove that nothing changed."""
    return database.rows("SELECT * FROM users ORDER BY email, id")


def matches(password: str | bytes, hashed: str) -> bool:
    """What the bcrypt library says, past the tool."""
    data = password.encode() if isinstance(password, str) else password
    return bcrypt.checkpw(data, hashed.encode())


@pytest.fixture
def bob(make_user: MakeUser) -> UserView:
    return make_user("bob@example.com", full_name="Bob")


Give = Callable[[bytes], tuple[list[str], str]]


@pytest.fixture(params=["--password-stdin", "--password-file", "--password-fd"])
def give(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Give]:
    """The options, and the standard input, that hand over some bytes in each way."""
    descriptors = []

    def hand_over(data: bytes) -> tuple[list[str], str]:
        if request.param == "--password-stdin":
            return ["--password-stdin"], data.decode("utf-8", "surrogateescape")
        path = tmp_path / "secret"
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_bytes(data)
        if request.param == "--password-file":
            return [request.param, str(path)], ""
        descriptors.append(os.open(path, os.O_RDONLY))
        return [request.param, str(descriptors[-1])], ""

    yield hand_over
    for descriptor in descriptors:
        os.close(descriptor)


def place(options: list[str]) -> str:
    """What a message calls the place that the secret came from."""
    names = {"--password-stdin": "standard input", "--password-file": "the password file"}
    return names.get(options[0]) or f"file descriptor {options[1]}"


# -- how a secret comes in

SAME = [b"correct horse battery\n", b"correct horse battery\r\n", b"correct horse battery"]
KEPT = [
    b" correct horse battery ",
    b"\tcorrect\rhorse battery\t",
    b"correct \x01 horse \x7f battery",
    "ékvwzjqxmtbnphdr€ 日本".encode(),
]


@pytest.mark.parametrize("data", SAME, ids=["lf", "crlf", "bare"])
@pytest.mark.each_once
def test_one_trailing_newline_is_taken_off(
    cli: Cli, ada: UserView, database: Database, give: Give, data: bytes
) -> None:
    options, stdin = give(data)
    code, out, err = cli("password", "set", EMAIL, *options, "-o", "json", stdin=stdin)
    assert (code, err) == (0, f"set the password of {EMAIL} on {database.url.where}\n")
    assert json.loads(out)["changed"] == 1
    assert matches(PASSWORD, hash_of(database))


@only_sqlite
@pytest.mark.parametrize("data", KEPT, ids=["blanks", "tab-cr", "controls", "unicode"])
@pytest.mark.each_once
def test_every_other_byte_is_kept(cli: Cli, ada: UserView, database: Database, give: Give, data: bytes) -> None:
    options, stdin = give(data + b"\n")
    assert cli("password", "set", EMAIL, *options, stdin=stdin)[0] == 0
    assert matches(data, hash_of(database))
    assert not matches(data.strip(), hash_of(database)) or data == data.strip()
    options, stdin = give(data)
    assert cli("password", "verify", EMAIL, *options, stdin=stdin) == (0, "", "")


REFUSED = [
    (b"", "the password from {place} is empty"),
    (b"\n", "the password from {place} is empty"),
    (b"\r\n", "the password from {place} is empty"),
    (b"correct horse\nbattery staple\n", "there is more than one line in {place}; a password is one line"),
    (b"correct horse battery\n\n", "there is more than one line in {place}; a password is one line"),
    (b"correct\0horse battery", "the password from {place} contains a NUL byte"),
    (b"correct horse battery \xff", "the password from {place} is not valid UTF-8"),
    (b"correct horse battery \xed\xa0\x80", "the password from {place} is not valid UTF-8"),
    (b"x" * 1_100_000, "what comes from {place} is too long for a password"),
]
TOO_LONG = "the password has 73 bytes and bcrypt reads 72 at most; use a shorter one, or the scheme bcrypt_sha256"
FORM = [("€".encode() * 24 + b"a", TOO_LONG)]


@only_sqlite
@pytest.mark.parametrize(("data", "message"), REFUSED + FORM, ids=range(len(REFUSED) + 1))
@pytest.mark.each_once
def test_what_is_no_password_is_refused_and_the_hash_stays(
    cli: Cli, ada: UserView, database: Database, give: Give, data: bytes, message: str
) -> None:
    before = rows(database)
    for command in (["password", "set", EMAIL], ["create", "bob@example.com"]):
        options, stdin = give(data)
        answer = cli(*command, *options, stdin=stdin)
        assert answer == (2, "", f"error: {message.format(place=place(options))}\n")
    assert rows(database) == before


@only_sqlite
@pytest.mark.parametrize(("data", "message"), REFUSED, ids=range(len(REFUSED)))
@pytest.mark.each_once
def test_verify_refuses_what_is_no_password(cli: Cli, ada: UserView, give: Give, data: bytes, message: str) -> None:
    options, stdin = give(data)
    answer = cli("password", "verify", EMAIL, *options, stdin=stdin)
    assert answer == (2, "", f"error: {message.format(place=place(options))}\n")


def test_create_takes_a_password(cli: Cli, database: Database, give: Give) -> None:
    options, stdin = give(b"correct horse battery\n")
    code, out, err = cli("create", EMAIL, *options, "-o", "json", stdin=stdin)
    [user] = json.loads(out)["users"]
    age = datetime.now(UTC) - datetime.fromisoformat(user["password_changed_at"])
    assert (code, err) == (0, f"created {EMAIL} on {database.url.where}\n")
    assert (timedelta(0) <= age < timedelta(minutes=1), user["must_change_password"]) == (True, False)
    assert matches(PASSWORD, hash_of(database))
    assert "$2b$" not in out + err
    assert PASSWORD not in out + err


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o666])
@only_sqlite
def test_a_file_that_others_can_read_is_refused(
    cli: Cli, ada: UserView, database: Database, tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "secret"
    path.write_text(PASSWORD)
    path.chmod(mode)
    for command in ("set", "verify"):
        answer = cli("password", command, EMAIL, "--password-file", str(path))
        assert answer == (2, "", f"error: others can read {path}; run: chmod 600 {path}\n")
    assert hash_of(database) == "!"


@pytest.mark.parametrize("mode", [0o600, 0o400])
@only_sqlite
def test_a_file_that_only_its_owner_can_read_is_read(
    cli: Cli, ada: UserView, database: Database, tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "secret"
    path.write_text(PASSWORD)
    path.chmod(mode)
    assert cli("password", "set", EMAIL, "--password-file", str(path))[0] == 0
    assert matches(PASSWORD, hash_of(database))


@only_sqlite
def test_a_fifo_as_process_substitution_makes_it_is_read(
    cli: Cli, ada: UserView, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path, 0o644)
    writer = threading.Thread(target=path.write_text, args=(PASSWORD + "\n",))
    writer.start()
    assert cli("password", "set", EMAIL, "--password-file", str(path))[0] == 0
    writer.join()
    assert matches(PASSWORD, hash_of(database))


@only_sqlite
def test_a_file_that_cannot_be_read_is_named(cli: Cli, ada: UserView, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    answers = [
        cli("password", "set", EMAIL, "--password-file", str(path)) for path in (missing, tmp_path, missing / "x")
    ]
    assert answers == [
        (2, "", f"error: cannot read {missing}: no such file or directory\n"),
        (2, "", f"error: cannot read {tmp_path}: is a directory\n"),
        (2, "", f"error: cannot read {missing / 'x'}: no such file or directory\n"),
    ]


@pytest.mark.parametrize(
    "command", [["password", "set", EMAIL], ["password", "verify", EMAIL], ["create", "b@x.y"]]
)
@pytest.mark.parametrize("number", ["987", "-1", "1099511627776"])
@only_sqlite
def test_a_descriptor_that_nobody_opened_is_refused(
    cli: Cli, ada: UserView, number: str, command: list[str]
) -> None:
    answer = cli(*command, "--password-fd", number)
    assert answer == (2, "", f"error: cannot read file descriptor {number}: it is not open\n")


def test_the_descriptors_of_the_database_are_nobodys_secret(run: Run, ada: UserView, database: Database) -> None:
    for number in range(3, 9):
        done = run("password", "set", EMAIL, "--password-fd", str(number), timeout=20)
        expected = f"error: cannot read file descriptor {number}: it is not open\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
        if number == 4:
            break  # 3 and 4 are the first that a process opens for itself
    assert hash_of(database) == "!"


@only_sqlite
def test_a_descriptor_that_cannot_be_read_from_is_refused(cli: Cli, ada: UserView, tmp_path: Path) -> None:
    written = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    answer = cli("password", "set", EMAIL, "--password-fd", str(written))
    os.close(written)
    assert answer == (2, "", f"error: cannot read file descriptor {written}\n")


WAYS = ["--password-stdin", "--password-file=x", "--password-fd=0", "--generate"]
WAYS += ["--password-hash-stdin", "--no-password"]


@pytest.mark.parametrize("first", range(len(WAYS) - 1))
@only_sqlite
def test_two_ways_at_once_are_refused(cli: Cli, ada: UserView, first: int) -> None:
    for second in range(first + 1, len(WAYS)):
        chosen = [WAYS[first], WAYS[second]]
        expected = f"error: choose one of: {', '.join(way.partition('=')[0] for way in chosen)}\n"
        assert cli("password", "set", EMAIL, *chosen) == (2, "", expected)
        assert cli("create", "bob@example.com", *chosen) == (2, "", expected)


@pytest.mark.parametrize("options", [[], ["--yes"], ["--must-change"]])
@only_sqlite
def test_without_a_way_and_without_a_terminal_the_flags_are_named(
    cli: Cli, ada: UserView, options: list[str]
) -> None:
    expected = f"error: a password is needed: add {ALL_SOURCES}\n"
    assert cli("password", "set", EMAIL, *options) == (2, "", expected)
    assert cli("create", "bob@example.com", *options) == (2, "", expected)
    for_verify = "--password-stdin, --password-file FILE or --password-fd N"
    assert cli("password", "verify", EMAIL) == (2, "", f"error: a password is needed: add {for_verify}\n")


@pytest.mark.parametrize("options", [["--length", "20"], ["--words", "6"], ["--secret-out", "x.csv"]])
@only_sqlite
def test_what_goes_with_generate_is_refused_without_it(cli: Cli, ada: UserView, options: list[str]) -> None:
    answer = cli("password", "set", EMAIL, "--password-stdin", *options, stdin=PASSWORD)
    assert answer == (2, "", "error: --length, --words and --secret-out require --generate\n")


def test_no_option_takes_a_secret_as_its_value(cli: Cli) -> None:
    for command in (["create"], ["password", "set"], ["password", "verify"], ["password", "reset"]):
        code, out, _ = cli(*command, "--help")
        taking = {line.split()[0] for line in out.splitlines() if line.strip().startswith("--password")}
        assert (code, "--password" in taking) == (0, False)


@only_sqlite
def test_a_missing_user_is_told_before_a_password_is_read(cli: Cli, ada: UserView) -> None:
    answer = cli("password", "set", "nobody@example.com", "--password-stdin", stdin="")
    assert answer == (3, "", "error: no such user: nobody@example.com\n")


def test_another_scheme_can_be_chosen(cli: Cli, ada: UserView, database: Database) -> None:
    long = "a passphrase that is far too long for plain bcrypt, which reads seventy-two bytes and no more"
    answer = cli("password", "set", EMAIL, "--password-stdin", "--scheme", "bcrypt_sha256", stdin=long)
    assert (answer[0], hash_of(database)[:15]) == (0, "$bcrypt-sha256$")
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin=long)[0] == 0
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin=long[:72])[0] == 8
    code, out, err = cli("password", "set", EMAIL, "--password-stdin", "--scheme", "md5_crypt", stdin=PASSWORD)
    assert (code, out) == (2, "")
    assert err == "error: no such password scheme: md5_crypt (known: bcrypt, bcrypt_sha256)\n"


# -- a ready hash


@pytest.mark.parametrize(
    "hashed",
    [
        HASH,
        HASH.replace("$2b$", "$2y$"),
        "$2b$12$" + HASH[7:],
        "pbkdf2_sha256$1200$2yPnABz78hEsPbFeQPXzrV$Yug9p2vIy/+7zi8g4wjmmmI0a31XgfKgXT1H4ykctEQ=",
        "{SSHA}K5Xln1e1IAHtpItfbFUD48dE5EBnTNkr",
    ],
)
@pytest.mark.each_once
def test_a_ready_hash_is_stored_as_it_is(cli: Cli, database: Database, hashed: str) -> None:
    assert cli("create", EMAIL, "--password-hash-stdin", stdin=hashed + "\n")[0] == 0
    assert hash_of(database) == hashed
    cli("password", "set", EMAIL, "--no-password")
    code, out, err = cli("password", "set", EMAIL, "--password-hash-stdin", stdin=hashed)
    assert (code, err) == (0, f"set the password of {EMAIL} on {database.url.where}\n")
    assert hash_of(database) == hashed
    assert hashed not in out


@pytest.mark.parametrize(
    ("hashed", "message"),
    [
        (HASH[:-1], "the hash is malformed: it is truncated, or contains characters that its scheme does not use"),
        ("$2x$" + HASH[4:], "the hash is of the scheme bcrypt_2x, which is not supported"),
        ("correct horse battery", "the hash is of a scheme that is not supported"),
        (
            "$gy$j9T$abcd$MXl5je7X5NIeGDxyDgkG2XoV70fWUCk3JG1B7Xiz",
            "the hash is of the scheme gost_yescrypt, which is not supported",
        ),
        ("!", "the hash is a marker of a disabled password; use --no-password"),
        ("", "the password from standard input is empty"),
    ],
)
@pytest.mark.each_once
def test_what_is_no_hash_is_refused_and_the_old_one_stays(
    cli: Cli, ada: UserView, database: Database, hashed: str, message: str
) -> None:
    store(database, HASH)
    before = rows(database)
    expected = (2, "", f"error: {message}\n")
    assert cli("password", "set", EMAIL, "--password-hash-stdin", stdin=hashed) == expected
    assert cli("create", "bob@example.com", "--password-hash-stdin", stdin=hashed) == expected
    assert cli("password", "set", EMAIL, "--password-hash-stdin", "--dry-run", stdin=hashed) == expected
    assert rows(database) == before


def test_no_password_takes_it_away(cli: Cli, ada: UserView, database: Database) -> None:
    store(database, HASH)
    assert cli("password", "set", EMAIL, "--no-password")[0] == 0
    assert hash_of(database) == "!"
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin=PASSWORD) == (8, "", "")


# -- asked on a terminal


class Person:
    """A command on a pseudo-terminal of its own, and somebody who types."""

    def __init__(self, *arguments: str) -> None:
        self._person, self._terminal = os.openpty()
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "usercli", *arguments],
            stdin=self._terminal,
            stdout=subprocess.PIPE,
            stderr=self._terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)

    def hear(self, text: str) -> None:
        """Read on until the text was said."""
        end = time.monotonic() + 30
        while text not in self.said:
            assert time.monotonic() < end, f"{text!r} was not said: {self.said!r}"
            self.said += os.read(self._person, 4096).decode()

    def answer(self, question: str, text: str) -> None:
        """Wait for the question and its switching the echo off, then type."""
        before, self.said = self.said, ""
        self.hear(question)
        end = time.monotonic() + 10
        while self.echoes and time.monotonic() < end:
            time.sleep(0.01)
        os.write(self._person, text.encode("utf-8", "surrogateescape"))
        self.said = before + self.said

    def finish(self) -> tuple[int, str, str]:
        """The exit code, what was printed, and what the terminal showed."""
        out, _ = self.process.communicate(timeout=30)
        os.set_blocking(self._person, False)
        try:
            while True:
                self.said += os.read(self._person, 4096).decode()
        except OSError:
            pass
        echoes = self.echoes
        os.close(self._person)
        os.close(self._terminal)
        assert echoes, "the terminal was left without echo"
        return self.process.returncode, out.decode(), self.said.replace("\r\n", "\n")


@pytest.fixture
def person(environment: Path) -> type[Person]:
    return Person


@only_sqlite
def test_a_terminal_is_asked_twice_without_echo(person: type[Person], ada: UserView, database: Database) -> None:
    asked = person("password", "set", EMAIL, "-o", "ids")
    asked.answer("password: ", PASSWORD + "\n")
    asked.answer("password again: ", PASSWORD + "\n")
    code, out, said = asked.finish()
    assert (code, out) == (0, f"{ada.id}\n")
    assert said == f"password: \npassword again: \nset the password of {EMAIL} on {database.url.where}\n"
    assert matches(PASSWORD, hash_of(database))


@only_sqlite
def test_two_different_answers_change_nothing(person: type[Person], ada: UserView, database: Database) -> None:
    before = rows(database)
    asked = person("password", "set", EMAIL)
    asked.answer("password: ", PASSWORD + "\n")
    asked.answer("password again: ", PASSWORD + "!\n")
    expected = "password: \npassword again: \nerror: the two passwords differ; nothing was changed\n"
    assert asked.finish() == (2, "", expected)
    assert rows(database) == before


@only_sqlite
@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("\x03", 130, "interrupted"),
        ("\x04", 130, "interrupted"),
        ("\n", 2, "error: the password is empty"),
        ("caf\udce9 horse battery\n", 2, "error: the password is not valid UTF-8"),
    ],
    ids=["ctrl-c", "ctrl-d", "empty", "not-utf-8"],
)
def test_an_answer_that_is_none_leaves_everything_and_the_echo(
    person: type[Person], ada: UserView, database: Database, typed: str, code: int, message: str
) -> None:
    before = rows(database)
    asked = person("password", "set", EMAIL)
    asked.answer("password: ", typed)
    ended, out, said = asked.finish()
    assert (ended, out) == (code, "")
    assert said.replace("^C", "").splitlines()[-1] == message
    assert "Traceback" not in said
    assert rows(database) == before


@only_sqlite
def test_verify_asks_once(person: type[Person], ada: UserView, database: Database) -> None:
    store(database, HASH)
    asked = person("password", "verify", EMAIL, "--dry-run")
    asked.answer("password: ", PASSWORD + "\n")
    assert asked.finish() == (0, "", "password: \n")


@only_sqlite
def test_a_terminal_sees_a_generated_password_once(person: type[Person], ada: UserView, database: Database) -> None:
    code, out, said = person("password", "set", EMAIL, "--generate", "--length", "24", "-q").finish()
    shown, done = said.splitlines()
    secret = shown.removeprefix(f"{EMAIL}: ")
    assert (code, out, len(secret)) == (0, f"{ada.id}\n", 24)
    assert done == f"set the password of {EMAIL} on {database.url.where}"
    assert matches(secret, hash_of(database))


@only_sqlite
@pytest.mark.parametrize(
    "arguments", [["password", "set", EMAIL], ["password", "verify", EMAIL], ["create", "bob@example.com"]]
)
def test_piped_input_on_a_terminal_is_no_terminal(environment: Path, ada: UserView, arguments: list[str]) -> None:
    person_end, terminal = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "usercli", *arguments],
        input=b"correct horse battery\n",
        stdout=subprocess.PIPE,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0),
        timeout=20,
    )
    said = os.read(person_end, 4096).decode()
    os.close(person_end)
    os.close(terminal)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said.startswith("error: a password is needed: add --password-stdin, --password-file FILE")


# -- generated ones


def test_a_generated_password_needs_a_way_out(cli: Cli, ada: UserView, database: Database) -> None:
    expected = (
        2,
        "",
        "error: there is no terminal to show the generated password on; add --secret-out FILE\n",
    )
    before = rows(database)
    assert cli("password", "set", EMAIL, "--generate") == expected
    assert cli("create", "bob@example.com", "--generate") == expected
    command = f"password reset {EMAIL} --secret-out new.csv"
    start = f"error: {database.url.where}: there"
    one = expected[2].replace("error: there", start).replace("FILE", f"FILE: usercli {command}")
    for options in ([], ["--yes"], ["--generate"], ["--no-input"]):
        assert cli("password", "reset", EMAIL, *options) == (2, "", one)
    both = expected[2].replace("FILE", "FILE and --yes")
    assert cli("password", "reset", EMAIL, "bob@example.com") == (2, "", both)
    assert cli("password", "reset", "--match", f"search={EMAIL}", "--generate") == (2, "", both)
    assert cli("password", "reset", "--match", f"search={EMAIL}", "--yes") == expected
    assert rows(database) == before
    assert cli(*command.split())[0] == 0


def read_secrets(path: Path) -> list[list[str]]:
    with path.open(newline="") as source:
        return list(csv.reader(source, strict=True))


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ([], r"[A-Za-z0-9]{20}"),
        (["--length", "15"], r"[A-Za-z0-9]{15}"),
        (["--words", "6"], r"[a-z]+(-[a-z]+){5,}"),
    ],
)
def test_secret_out_holds_the_generated_password(
    cli: Cli, database: Database, tmp_path: Path, options: list[str], shape: str
) -> None:
    import re

    path = tmp_path / "new.csv"
    before = os.umask(0)
    try:
        code, out, err = cli("create", EMAIL, "--generate", "--secret-out", str(path), *options, "-o", "json")
    finally:
        os.umask(before)
    head, [email, secret] = read_secrets(path)
    assert (code, head, email) == (0, ["email", "password"], EMAIL)
    assert path.read_text() == f"email,password\n{EMAIL},{secret}\n"
    assert re.fullmatch(shape, secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert err == f"wrote 1 password to {path}\ncreated {EMAIL} on {database.url.where}\n"
    assert secret not in out
    assert matches(secret, hash_of(database))


def test_secret_out_is_csv_without_the_guard_for_spreadsheets(
    cli: Cli, make_user: MakeUser, database: Database, tmp_path: Path
) -> None:
    make_user("+a@example.com")
    make_user("=x@example.com")
    path = tmp_path / "new.csv"
    assert cli("password", "reset", "+a@example.com", "=x@example.com", "-y", "--secret-out", str(path))[0] == 0
    starts = [line[:15] for line in path.read_text().splitlines()]
    assert starts == ["email,password", "+a@example.com,", "=x@example.com,"]


def test_secret_out_must_be_new(cli: Cli, ada: UserView, database: Database, tmp_path: Path) -> None:
    path, link = tmp_path / "old.csv", tmp_path / "link.csv"
    path.write_text("precious")
    link.symlink_to(tmp_path / "nowhere")
    before = rows(database)
    for there in (path, link, tmp_path):
        expected = (2, "", f"error: {there} exists already; --secret-out requires a new file\n")
        assert cli("password", "set", EMAIL, "--generate", "--secret-out", str(there)) == expected
        assert cli("password", "reset", EMAIL, "--yes", "--secret-out", str(there)) == expected
        assert cli("create", "bob@example.com", "--generate", "--secret-out", str(there)) == expected
    assert (path.read_text(), link.is_symlink(), (tmp_path / "nowhere").exists()) == ("precious", True, False)
    assert rows(database) == before


def test_secret_out_that_cannot_be_written_undoes_the_change(
    cli: Cli, ada: UserView, database: Database, tmp_path: Path
) -> None:
    before = rows(database)
    path = tmp_path / "missing" / "new.csv"
    expected = (1, "", f"error: cannot write {path}: no such file or directory\n")
    assert cli("password", "set", EMAIL, "--generate", "--secret-out", str(path)) == expected
    assert cli("create", "bob@example.com", "--generate", "--secret-out", str(path)) == expected
    assert rows(database) == before


@only_sqlite
def test_a_full_disk_leaves_neither_file_nor_change(
    cli: Cli, ada: UserView, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before, path = rows(database), tmp_path / "new.csv"
    monkeypatch.setattr(os, "fsync", full)
    answer = cli("password", "reset", EMAIL, "--yes", "--secret-out", str(path))
    assert answer == (1, "", f"error: cannot write {path}: no space left on device\n")
    assert (path.exists(), rows(database)) == (False, before)


Breaks = Callable[[BaseException], list[str]]


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Breaks:
    """Let every commit fail; what new.csv held at that moment."""

    def arrange(error: BaseException) -> list[str]:
        found: list[str] = []

        def commit(_: UnitOfWork) -> None:
            found.append((tmp_path / "new.csv").read_text())
            raise error

        monkeypatch.setattr(UnitOfWork, "commit", commit)
        return found

    return arrange


COMMANDS = [
    ["password", "set", EMAIL, "--generate"],
    ["password", "reset", EMAIL, "--yes"],
    ["create", "bob@example.com", "--generate"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=["set", "reset", "create"])
@only_sqlite
def test_secret_out_is_complete_before_the_commit_and_removed_when_it_fails(
    cli: Cli, ada: UserView, tmp_path: Path, command: list[str], breaks: Breaks
) -> None:
    found = breaks(ValueError("broken"))
    code, out, err = cli(*command, "--secret-out", str(tmp_path / "new.csv"))
    assert (code, out, err) == (1, "", "error: unexpected ValueError; run again with --debug to see where\n")
    [text] = found
    head, row, end = text.split("\n")
    assert (head, row.count(","), len(row.partition(",")[2]), end) == ("email,password", 1, 20, "")
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=["set", "reset", "create"])
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OutcomeUnknown("the outcome is unknown"), 5, "error: the outcome is unknown"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=["connection-lost", "interrupted"],
)
@only_sqlite
def test_secret_out_is_kept_when_the_outcome_is_unknown(
    cli: Cli,
    ada: UserView,
    tmp_path: Path,
    command: list[str],
    breaks: Breaks,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    found = breaks(error)
    path = tmp_path / "new.csv"
    answer = cli(*command, "--secret-out", str(path))
    warning = f"warning: the passwords stay in {path}: they may be in force"
    assert answer == (code, "", f"{warning}\n{message}\n")
    assert [path.read_text()] == found


@only_sqlite
def test_a_terminal_gets_the_password_whose_outcome_is_unknown(
    cli: Cli, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(_: UnitOfWork) -> None:
        raise OutcomeUnknown("the outcome is unknown")

    monkeypatch.setattr(UnitOfWork, "commit", commit)
    code, out, err = cli("password", "set", EMAIL, "--generate", terminal=True)
    warning, secret, error = err.splitlines()
    assert (code, out) == (5, "")
    assert warning == "warning: keep these passwords: they may be in force"
    assert error == "error: the outcome is unknown"
    assert len(secret.removeprefix(f"{EMAIL}: ")) == 20


def test_what_is_generated_must_fit_the_policy(cli: Cli, ada: UserView, tmp_path: Path) -> None:
    way = ["--secret-out", str(tmp_path / "new.csv")]
    short = "error: the password has 10 characters; the policy requires 15 or more\n"
    assert cli("password", "set", EMAIL, "--generate", "--length", "10", *way) == (6, "", short)
    assert cli("password", "reset", EMAIL, "--yes", "--length", "10", *way) == (6, "", short)
    assert cli("password", "generate", "--length", "10") == (6, "", short)
    both = "error: choose one of: --length, --words\n"
    assert cli("password", "set", EMAIL, "--generate", "--length", "20", "--words", "6", *way) == (2, "", both)
    assert not (tmp_path / "new.csv").exists()


def test_create_if_not_exists_makes_no_secret_for_who_is_there(
    cli: Cli, ada: UserView, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "new.csv"
    code, _, err = cli("create", EMAIL, "--if-not-exists", "--generate", "--secret-out", str(path))
    assert (code, err) == (0, f"nothing to change on {database.url.where}\n")
    assert not path.exists()


# -- reset


def test_reset_gives_several_users_a_password_that_they_must_change(
    cli: Cli, ada: UserView, bob: UserView, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "new.csv"
    code, out, err = cli("password", "reset", bob.email, EMAIL, "--secret-out", str(path), "--yes", "-o", "json")
    change = json.loads(out)
    assert (code, change["changed"], [user["email"] for user in change["users"]]) == (0, 2, [bob.email, EMAIL])
    assert [(user["must_change_password"], user["version"]) for user in change["users"]] == [(True, 2)] * 2
    assert None not in [user["password_changed_at"] for user in change["users"]]
    assert err == f"wrote 2 passwords to {path}\nreset the password of 2 users on {database.url.where}\n"
    _, *pairs = read_secrets(path)
    assert [email for email, _ in pairs] == [bob.email, EMAIL]
    assert len({secret for _, secret in pairs}) == 2
    assert all(matches(secret, hash_of(database, email)) for email, secret in pairs)
    assert all(secret not in out + err for _, secret in pairs)


def test_reset_is_all_or_none(cli: Cli, ada: UserView, database: Database, tmp_path: Path) -> None:
    before, path = rows(database), tmp_path / "new.csv"
    answer = cli("password", "reset", EMAIL, "nobody@example.com", "--secret-out", str(path), "--yes")
    assert answer == (3, "", "error: no such user: nobody@example.com\n")
    assert (path.exists(), rows(database)) == (False, before)


def test_reset_of_several_users_wants_a_confirmation(
    cli: Cli, ada: UserView, bob: UserView, database: Database, tmp_path: Path
) -> None:
    before, path = rows(database), tmp_path / "new.csv"
    one = cli("password", "reset", "--match", f"search={EMAIL}", "--secret-out", str(path))
    two = cli("password", "reset", EMAIL, bob.email, "--secret-out", str(path))
    assert (one[0], one[1]) == (2, "")
    assert one[2].endswith(f"error: reset the password of {EMAIL}: this needs a confirmation; add --yes\n")
    assert two == (2, "", "error: reset the password of 2 users: this needs a confirmation; add --yes\n")
    assert (path.exists(), rows(database)) == (False, before)


@only_sqlite
def test_reset_of_one_user_asks_nothing_and_shows_the_password_once(
    cli: Cli, ada: UserView, database: Database
) -> None:
    code, out, err = cli("password", "reset", EMAIL, "-o", "json", terminal=True)
    assert code == 0
    secret, done = err.splitlines()
    assert done == f"reset the password of {EMAIL} on {database.url.where}"
    assert matches(secret.removeprefix(f"{EMAIL}: "), hash_of(database, EMAIL))
    [user] = json.loads(out)["users"]
    assert (user["must_change_password"], secret.partition(" ")[2] in out) == (True, False)


# -- must change


def test_set_and_create_can_ask_for_a_change_at_the_next_sign_in(cli: Cli, database: Database) -> None:
    def must() -> list[tuple[object, ...]]:
        return [(bool(flag),) for (flag,) in database.rows("SELECT must_change_password FROM users")]

    cli("create", EMAIL, "--password-stdin", "--must-change", stdin=PASSWORD)
    assert must() == [(True,)]
    cli("password", "set", EMAIL, "--password-stdin", stdin=PASSWORD)
    assert must() == [(False,)]
    cli("password", "set", EMAIL, "--password-stdin", "--must-change", stdin=PASSWORD)
    assert must() == [(True,)]


def test_expire_makes_users_change_their_password(
    cli: Cli, ada: UserView, bob: UserView, database: Database
) -> None:
    store(database, HASH)
    code, out, err = cli("password", "expire", EMAIL, bob.email, "-o", "json")
    change = json.loads(out)
    assert (code, change["changed"]) == (0, 2)
    assert err == f"expired the password of 2 users on {database.url.where}\n"
    assert [user["must_change_password"] for user in change["users"]] == [True, True]
    assert hash_of(database) == HASH
    code, out, err = cli("password", "expire", EMAIL, bob.email, "-o", "json")
    change = json.loads(out)
    assert (code, change["changed"], change["change_id"]) == (0, 0, None)
    assert err == f"nothing to change on {database.url.where}\n"
    assert cli("password", "expire", "nobody@example.com")[0] == 3


# -- verify

PAST = "2020-01-01 00:00:00+00:00"


@pytest.mark.parametrize(
    ("prepared", "user"),
    [
        ({"hashed_password": "!"}, EMAIL),
        ({"hashed_password": "no hash at all"}, EMAIL),
        ({"hashed_password": HASH[:-1]}, EMAIL),
        ({"hashed_password": ""}, EMAIL),
        ({"hashed_password": HASH, "is_active": False}, EMAIL),
        ({"hashed_password": HASH, "expires_at": PAST}, EMAIL),
        ({"hashed_password": HASH, "is_active": False, "deleted_at": PAST}, EMAIL),
        ({"hashed_password": HASH}, "nobody@example.com"),
        ({"hashed_password": HASH}, "00000000-0000-7000-8000-000000000000"),
        ({"hashed_password": HASH}, "no address"),
    ],
    ids=["disabled", "unusable", "cut", "empty", "inactive", "expired", "binned", "missing", "no-id", "no-address"],
)
@pytest.mark.each_once
def test_who_may_not_sign_in_looks_like_a_wrong_password(
    cli: Cli, ada: UserView, database: Database, prepared: dict[str, Any], user: str, computed: list[bytes]
) -> None:
    values = {**prepared}
    if database.engine == "sqlite":
        values = {key: PAST[:19] + ".000000" if value == PAST else value for key, value in values.items()}
    changes = ", ".join(f"{name} = :{name}" for name in values)
    database.rows(f"UPDATE users SET {changes}", **values)
    before = rows(database)
    computed.clear()
    assert cli("password", "verify", user, "--password-stdin", "--record-login", stdin=PASSWORD) == (8, "", "")
    assert len(computed) == 1
    assert rows(database) == before


def test_verify_says_yes_and_no_by_its_code(
    cli: Cli, ada: UserView, database: Database, computed: list[bytes]
) -> None:
    store(database, HASH)
    computed.clear()
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin=PASSWORD) == (0, "", "")
    assert cli("password", "verify", str(ada.id), "--password-stdin", stdin=PASSWORD) == (0, "", "")
    assert len(computed) == 2
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin=PASSWORD + "!") == (8, "", "")
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin="x" * 73) == (8, "", "")
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin="x" * 5000) == (8, "", "")
    assert len(computed) == 5


def test_a_password_that_must_be_changed_is_right(cli: Cli, ada: UserView, database: Database) -> None:
    store(database, HASH)
    cli("password", "expire", EMAIL)
    assert cli("password", "verify", EMAIL, "--password-stdin", stdin=PASSWORD) == (0, "", "")


OLD = [
    HASH,
    "$6$rounds=1000$s4lts4lt$"
    "8HQWUQuJSuS/HbFDmMpx2iwVqHU3KXb8rBxmN6L10uBva9LXKzGGXKpc9wUvl.iwmKhItfn3ZFYuOXvviuNDR.",
    "{SSHA}K5Xln1e1IAHtpItfbFUD48dE5EBnTNkr",
]
OLD_PASSWORDS = [PASSWORD, "correct horse battery staple", "correct horse battery staple"]


@pytest.mark.parametrize(
    ("stored", "password"), list(zip(OLD, OLD_PASSWORDS, strict=True)), ids=["bcrypt", "crypt", "ssha"]
)
@pytest.mark.each_once
def test_verify_rehashes_what_is_below_the_settings_once(
    cli: Cli, ada: UserView, database: Database, monkeypatch: pytest.MonkeyPatch, stored: str, password: str
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "5")
    store(database, stored)
    kept = "SELECT version, updated_at, password_changed_at, last_login_at FROM users"
    before = database.rows(kept)
    verify = ("password", "verify", EMAIL, "--password-stdin")
    assert cli(*verify, "--no-rehash", stdin=password)[0] == 0
    assert cli(*verify, "--dry-run", stdin=password)[0] == 0
    assert cli(*verify, stdin=password + "!")[0] == 8
    assert hash_of(database) == stored
    assert cli(*verify, stdin=password) == (0, "", "")
    better = hash_of(database)
    assert better.startswith("$2b$05$")
    assert matches(password, better)
    assert cli(*verify, stdin=password) == (0, "", "")
    assert hash_of(database) == better
    assert database.rows(kept) == before


def test_only_a_success_is_rehashed_and_only_where_it_is_kept(
    cli: Cli, ada: UserView, database: Database, monkeypatch: pytest.MonkeyPatch, computed: list[bytes]
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "5")
    store(database, HASH)
    computed.clear()
    cli("password", "verify", EMAIL, "--password-stdin", "--no-rehash", stdin=PASSWORD)
    assert len(computed) == 1
    database.rows("UPDATE users SET is_active = :no", no=False)
    cli("password", "verify", EMAIL, "--password-stdin", stdin=PASSWORD)
    assert len(computed) == 2


def test_record_login_notes_the_time_and_touches_nothing_else(cli: Cli, ada: UserView, database: Database) -> None:
    store(database, HASH)
    verify = ("password", "verify", EMAIL, "--password-stdin")
    cli(*verify, stdin=PASSWORD)
    cli(*verify, "--record-login", "--dry-run", stdin=PASSWORD)
    cli(*verify, "--record-login", stdin="wrong")
    before = json.loads(cli("show", EMAIL, "-o", "json")[1])
    assert before["last_login_at"] is None
    assert cli(*verify, "--record-login", stdin=PASSWORD) == (0, "", "")
    after = json.loads(cli("show", EMAIL, "-o", "json")[1])
    age = datetime.now(UTC) - datetime.fromisoformat(after["last_login_at"])
    assert timedelta(0) <= age < timedelta(minutes=1)
    assert {**after, "last_login_at": None} == before


def test_a_database_that_cannot_be_written_keeps_nobody_out(
    cli: Cli, ada: UserView, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "5")
    store(database, HASH)
    if database.engine == "postgresql":
        database.rows(f"ALTER DATABASE {database.url.database} SET default_transaction_read_only = on")
        kept_engine(database.url).dispose()  # of new sessions
    else:
        database.rows(
            "CREATE TRIGGER no_writes BEFORE UPDATE ON users "
            "BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )
    answer = cli("password", "verify", EMAIL, "--password-stdin", "--record-login", stdin=PASSWORD)
    assert answer == (0, "", "")
    assert hash_of(database) == HASH
    assert cli("password", "verify", EMAIL, "--password-stdin", "--record-login", stdin="wrong") == (8, "", "")


# -- audit


def hashes(make_user: MakeUser, database: Database, *stored: str) -> None:
    for number, hashed in enumerate(stored):
        email = f"user{number}@example.com"
        make_user(email)
        store(database, hashed, email)


def other(number: int, cost: str = "04") -> str:
    """A well-formed bcrypt hash."""
    return f"$2b${cost}$" + HASH[7:-2] + "ab"[number % 2] + "W"


def audit(cli: Cli, *options: str) -> tuple[int, dict[str, Any]]:
    code, out, err = cli("password", "audit", "-o", "json", *options)
    assert err == ""
    return code, json.loads(out)


def test_audit_of_nobody(cli: Cli) -> None:
    assert audit(cli, "--fail-on", "weak") == (0, {"total": 0, "findings": [], "too_costly": [], "schemes": []})


def test_audit_counts_users_by_scheme_cost_and_finding(
    cli: Cli, make_user: MakeUser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "5")
    hashes(
        *(make_user, database),
        *("!", "!", "*disabled", "", HASH[:-1], "plain text", "$2x$04$" + HASH[7:]),
        *(HASH, HASH, other(0, "05"), other(1, "06"), OLD[1]),
    )
    code, report = audit(cli)
    assert (code, report) == (
        0,
        {
            "total": 12,
            "findings": [
                {"finding": "below_policy", "users": 3},
                {"finding": "empty", "users": 1},
                {"finding": "malformed", "users": 1},
                {"finding": "shared", "users": 2},
                {"finding": "unsupported", "users": 2},
                {"finding": "unusable", "users": 3},
            ],
            "too_costly": [],
            "schemes": [
                {"scheme": "bcrypt", "cost": 4, "users": 2},
                {"scheme": "bcrypt", "cost": 5, "users": 1},
                {"scheme": "bcrypt", "cost": 6, "users": 1},
                {"scheme": "bcrypt_2x", "cost": None, "users": 1},
                {"scheme": "disabled", "cost": None, "users": 3},
                {"scheme": "empty", "cost": None, "users": 1},
                {"scheme": "malformed", "cost": None, "users": 1},
                {"scheme": "sha512_crypt", "cost": 1000, "users": 1},
                {"scheme": "unsupported", "cost": None, "users": 1},
            ],
        },
    )
    assert audit(cli, "--fail-on", "weak") == (7, report)
    for finding in ("below_policy", "empty", "malformed", "shared", "unsupported", "unusable"):
        assert audit(cli, "--fail-on", finding) == (7, report)
    assert audit(cli, "--fail-on", "old") == (0, report)
    code, out, _ = cli("password", "audit")
    assert (code, out.splitlines()[:3]) == (
        0,
        ["kind\tname\tcost\tusers", "total\t\t\t12", "finding\tbelow_policy\t\t3"],
    )
    assert "scheme\tbcrypt\t4\t2" in out.splitlines()
    assert HASH not in out


def test_audit_does_not_look_into_the_bin_and_finds_nothing_in_good_hashes(
    cli: Cli, make_user: MakeUser, database: Database
) -> None:
    hashes(make_user, database, other(0), other(1), "plain text")
    cli("delete", "user2@example.com", "--yes")
    assert audit(cli, "--fail-on", "weak") == (
        0,
        {"total": 2, "findings": [], "too_costly": [], "schemes": [{"scheme": "bcrypt", "cost": 4, "users": 2}]},
    )


def test_unusable_is_not_weak(cli: Cli, ada: UserView, bob: UserView) -> None:
    report = {
        "total": 2,
        "findings": [{"finding": "unusable", "users": 2}],
        "too_costly": [],
        "schemes": [{"scheme": "disabled", "cost": None, "users": 2}],
    }
    assert audit(cli, "--fail-on", "weak") == (0, report)
    assert audit(cli, "--fail-on", "weak", "--fail-on", "unusable") == (7, report)


def test_audit_finds_passwords_older_than(cli: Cli, make_user: MakeUser, database: Database) -> None:
    cli("create", "new@example.com", "--password-stdin", stdin=PASSWORD)
    cli("create", "old@example.com", "--password-stdin", stdin=PASSWORD)
    make_user("never@example.com")
    then = datetime.now(UTC) - timedelta(days=400)
    value: object = then.replace(tzinfo=None).isoformat(" ") if database.engine == "sqlite" else then
    database.rows("UPDATE users SET password_changed_at = :at WHERE email = 'old@example.com'", at=value)
    assert audit(cli)[1]["findings"] == [{"finding": "unusable", "users": 1}]
    code, report = audit(cli, "--older-than", "365d", "--fail-on", "old")
    assert (code, report["findings"]) == (7, [{"finding": "old", "users": 1}, {"finding": "unusable", "users": 1}])
    code, report = audit(cli, "--older-than", "500d", "--fail-on", "old")
    assert (code, report["findings"]) == (0, [{"finding": "unusable", "users": 1}])


@only_sqlite
def test_audit_refuses_what_it_does_not_know(cli: Cli) -> None:
    known = "unusable, empty, malformed, unsupported, below_policy, old, shared, too_costly, weak"
    answer = cli("password", "audit", "--fail-on", "ugly")
    assert answer == (2, "", f"error: no such finding: ugly (known: {known})\n")
    code, out, err = cli("password", "audit", "--older-than", "long ago")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "long ago" in err


# -- generate and calibrate


@only_sqlite
def test_generate_prints_passwords_and_changes_nobodys(cli: Cli, ada: UserView, database: Database) -> None:
    before = rows(database)
    code, out, err = cli("password", "generate", "--count", "5")
    head, *made = out.splitlines()
    assert (code, head, err, [len(password) for password in made]) == (0, "password", "", [20] * 5)
    assert len(set(made)) == 5
    code, out, err = cli("password", "generate", "--words", "5", "-o", "json")
    assert (code, err, json.loads(out)[0]["password"].count("-") >= 4) == (0, "", True)
    code, out, err = cli("password", "generate", "-q", "--length", "30")
    assert (code, err, len(out)) == (0, "", 31)
    assert rows(database) == before


def test_generate_needs_no_database(clean_environment: Path) -> None:
    code, out, err = run_here("password", "generate", "-q")
    assert (code, err, len(out)) == (0, "", 21)


@pytest.mark.parametrize("options", [["--count", "0"], ["--length", "7"], ["--length", "129"], ["--words", "4"]])
@only_sqlite
def test_generate_refuses_numbers_out_of_range(cli: Cli, options: list[str]) -> None:
    code, out, err = cli("password", "generate", *options)
    assert (code, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(("target", "proposed"), [("250ms", 11), ("100ms", 10), ("99ms", 10), ("900ms", 12)])
@only_sqlite
def test_calibrate_proposes_the_dearest_cost_within_the_target(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, target: str, proposed: int
) -> None:
    taken = {10: 100.04, 11: 200.0, 12: 400.0}
    if target == "100ms":
        taken[10] = 99.96
    rows = [password_calibration.Measurement(*row) for row in taken.items()]
    monkeypatch.setattr(password_calibration, "measure", lambda _: rows)
    code, out, err = cli("password", "calibrate", "--target", target, "-o", "json")
    assert (code, json.loads(out)) == (
        0,
        [
            {"cost": cost, "milliseconds": round(time, 1), "proposed": cost == proposed}
            for cost, time in taken.items()
        ],
    )
    assert err == f"set bcrypt_cost = {proposed} in the configuration for hashes of {target} or less\n"


@pytest.mark.parametrize("target", ["250", "0ms", "soon", "10001ms", "-1ms", "1.5ms", "²ms"])
@only_sqlite
def test_calibrate_refuses_what_is_no_time(cli: Cli, target: str) -> None:
    answer = cli("password", "calibrate", f"--target={target}")
    assert answer == (2, "", f"error: not a time from 1ms to 10000ms: {target}\n")


# -- dry runs


@pytest.mark.parametrize(
    "command",
    [
        ["create", "bob@example.com", "--password-stdin"],
        ["create", "bob@example.com", "--generate", "--secret-out", "new.csv"],
        ["password", "set", EMAIL, "--password-stdin"],
        ["password", "set", EMAIL, "--generate", "--secret-out", "new.csv"],
        ["password", "set", EMAIL, "--no-password"],
        ["password", "reset", EMAIL, "--secret-out", "new.csv"],
        ["password", "expire", EMAIL],
    ],
    ids=lambda command: "-".join(command[:4]),
)
@pytest.mark.each_once
def test_a_dry_run_hashes_nothing_and_writes_nothing(
    cli: Cli, ada: UserView, database: Database, command: list[str], computed: list[bytes], environment: Path
) -> None:
    store(database, HASH)
    before = rows(database)
    computed.clear()
    code, out, err = cli(*command, "--dry-run", "-o", "json", stdin=PASSWORD)
    change = json.loads(out)
    assert (code, change["dry_run"], change["changed"], change["change_id"]) == (0, True, 1, None)
    assert err.startswith("would have ")
    assert (computed, rows(database)) == ([], before)
    assert list(environment.iterdir()) == []


@only_sqlite
def test_a_dry_run_on_a_terminal_asks_nothing(cli: Cli, ada: UserView) -> None:
    code, _, err = cli("password", "set", EMAIL, "--dry-run", "-q", terminal=True)
    assert (code, err.count("\n"), err[:31]) == (0, 1, "would have set the password of ")
