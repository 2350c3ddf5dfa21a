"""A password, a hash and the database's password go through every command and every failure, and show nowhere."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import commands
from tests.canary import DATABASE, HASH, IN_URL, MARK, PASSWORD, leaks
from tests.conftest import Cli, Database, server_url
from usercli.database.unit_of_work import UnitOfWork
from usercli.passwords import PasswordHasher
from usercli.schemas.users import UserCreate, UserKey, UserUpdate, UserView
from usercli.services import users
from usercli.services.passwords import set_password

pytestmark = [pytest.mark.process, pytest.mark.either_engine]

#: Where the engine plays no part.
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

MakeUser = Callable[..., UserView]


@pytest.fixture
def filled(
    environment: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A database whose URL holds a password, users, and what the cases name in braces."""
    from tests.conftest import run_here

    if database.engine == "postgresql":  # the tests' server trusts, and ignores a password
        monkeypatch.setenv("USERCLI_DATABASE_URL", database.text.replace("postgres@", f"postgres:{IN_URL}@"))
    for line in commands.SETUP:
        assert run_here(*line.split())[0] == 0, line
    code, out, _ = run_here("update", "ada@example.com", "--name", "Ada Lovelace", "-o", "json")
    assert code == 0
    password_file, users_file = tmp_path / "password", tmp_path / "users.csv"
    password_file.touch(0o600)
    password_file.write_text(PASSWORD)
    users_file.touch(0o600)
    users_file.write_text(f"email,hashed_password\nzoe@example.com,{HASH}\n")
    review_file = tmp_path / "review.csv"
    review_file.write_text(commands.review_of("writer"))
    desired_file = tmp_path / "desired.json"
    joy = {"email": "joy@example.com", "initial_password": PASSWORD}
    desired_file.write_text(json.dumps({"name": "staff", "users": [joy]}))
    return {
        "password": PASSWORD,
        "hash": HASH,
        "password_file": str(password_file),
        "users_file": str(users_file),
        "desired_file": str(desired_file),
        "review_file": str(review_file),
        "new_file": "",
        "export_file": str(tmp_path / "export.csv"),
        "database": database.url.name,
        "change": str(json.loads(out)["change_id"]),
    }


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that anything logs, at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    noisy = [logging.getLogger(), *(logging.getLogger(f"sqlalchemy.{part}") for part in ("engine", "pool", "orm"))]
    before = [logger.level for logger in noisy]
    logging.getLogger().addHandler(handler)
    for logger in noisy:
        logger.setLevel(logging.DEBUG)
    yield stream
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(noisy, before, strict=True):
        logger.setLevel(level)


def audit_rows(database: Database) -> str:
    """The whole log as text."""
    return "\n".join(str(row) for row in database.rows("SELECT * FROM audit_events"))


def generated(path: Path) -> list[str]:
    """The passwords in a file of --secret-out."""
    return [row["password"] for row in csv.DictReader(path.read_text().splitlines())]


# -- success


def test_no_command_is_without_a_case() -> None:
    assert commands.without_a_case() == []


def test_no_command_shows_a_secret(
    cli: Cli, filled: dict[str, str], database: Database, tmp_path: Path, logged: io.StringIO
) -> None:
    said: list[str] = []
    made: list[str] = []
    kept = ""
    for number, case in enumerate(commands.cases()):
        new_file = tmp_path / f"secrets{number}.csv"
        places = {**filled, "new_file": str(new_file)}
        arguments = [part.format(**places) for part in case.complete]
        if arguments[0] == "db" and "downgrade" in arguments:
            kept = audit_rows(database)  # the log goes with it
        code, out, err = cli(*arguments, "--debug", stdin=case.stdin.format(**places))
        assert code == case.code, (arguments, code, err)
        assert leaks(out + err) == [], arguments
        said.append(out + err)
        if new_file.exists():
            made += generated(new_file)
    assert len(made) == 4
    assert leaks(kept) == []
    assert len(kept.splitlines()) > 20
    everything = "\n".join([*said, kept, logged.getvalue()])
    assert [secret for secret in made if secret in everything] == []
    assert leaks(logged.getvalue()) == []
    assert "SELECT" in logged.getvalue()


@on_sqlite
def test_a_terminal_sees_a_generated_password_once_and_nothing_else_does(
    cli: Cli, filled: dict[str, str], database: Database
) -> None:
    code, out, err = cli("password", "set", "bob@example.com", "--generate", "-o", "json", terminal=True)
    [secret] = re.findall(r"^bob@example\.com: (\S+)$", err, re.MULTILINE)
    assert (code, err.count(secret), out.count(secret), audit_rows(database).count(secret)) == (0, 1, 0, 0)
    assert cli("password", "verify", "bob@example.com", "--password-stdin", stdin=f"{secret}\n")[0] == 0


# -- failure


def failures(filled: dict[str, str]) -> Iterator[tuple[list[str], str, int]]:
    """Command lines that fail, what they read, and their code."""
    stdin, ready = "--password-stdin", "--password-hash-stdin"
    ada = "ada@example.com"
    yield ["create", ada, stdin], PASSWORD, 4
    yield ["create", ada, ready], HASH, 4
    yield ["create", "no-at-sign", stdin], PASSWORD, 2
    yield ["create", "new@example.com", "--role", "nope", stdin], PASSWORD, 3
    yield ["create", "new@example.com", stdin], MARK, 6
    yield ["create", "new@example.com", stdin, "--skip-policy"], PASSWORD, 2
    yield ["password", "set", "x@example.com", stdin], PASSWORD, 3
    for verb in ("set", "verify"):
        for bad in (f"{PASSWORD}\n{PASSWORD}", f"{PASSWORD}\0", f"{PASSWORD}\udcff"):
            yield ["password", verb, ada, stdin], bad, 2
    yield ["password", "set", ada, stdin], MARK * 20, 2
    yield ["password", "verify", ada, stdin], MARK * 20, 8
    yield ["password", "verify", "tom@example.com", stdin], PASSWORD, 8
    for bad in (f"$2b$04${MARK}", f"{{{MARK}}}{MARK}", f"$9${MARK}${MARK}", MARK, HASH[:-1], HASH + MARK):
        yield ["password", "set", ada, ready], bad, 2
    yield ["password", "set", ada, PASSWORD], "", 2
    yield ["password", "set", ada, "--password", PASSWORD], "", 2
    yield ["password", "set", ada, f"--password={PASSWORD}"], "", 2
    yield ["password", "set", ada, f"--password-stdin={PASSWORD}"], "", 2
    yield ["password", "set", ada, "--password-fd", PASSWORD], "", 2
    yield ["password", "set", ada, stdin, "--scheme", "nope"], PASSWORD, 2
    yield ["create", "new@example.com", "--generate", "--secret-out", filled["users_file"]], "", 2


def test_no_failure_shows_a_secret(
    cli: Cli, filled: dict[str, str], database: Database, logged: io.StringIO
) -> None:
    assert cli("password", "set", "bob@example.com", "--password-stdin", stdin=PASSWORD)[0] == 0
    assert cli("password", "set", "ada@example.com", "--password-hash-stdin", stdin=HASH)[0] == 0
    query = "SELECT email, hashed_password, version FROM users ORDER BY id"
    before = database.rows(query)
    for number, (arguments, data, code) in enumerate(failures(filled)):
        debug = ["--debug"] if number % 2 else []
        got, out, err = cli(*arguments, *debug, stdin=data)
        assert (got, out) == (code, ""), (arguments, err)
        assert leaks(err) == [], arguments
    assert database.rows(query) == before
    assert leaks(audit_rows(database)) == []
    assert leaks(logged.getvalue()) == []


URLS = [
    (f"postgresql://bob:{IN_URL}@nowhere.invalid/db", 5),
    (f"postgresql://bob:{IN_URL}@127.0.0.1:1/db", 5),
    (f"postgresql://bob:{IN_URL}@127.0.0.1:1/db?sslpassword={MARK}&options={MARK}", 5),
    (f"postgresql://bob:{IN_URL}@127.0.0.1:1/db?nonsense={MARK}", 2),
    (f"postgresql://bob:{DATABASE}@127.0.0.1/db", 2),
    (f"postgresql://bob:{MARK}@{MARK}@127.0.0.1/db", 2),
    (f"postgresql://bob:{MARK}%{MARK}@127.0.0.1/db", 2),
    (f"postgresql://bob:{MARK}#{MARK}@127.0.0.1/db", 2),
    (f"postgresql://bob:{MARK}/{MARK}@127.0.0.1/db", 2),
    (f"postgresql://bob:{IN_URL}@127.0.0.1:{MARK}/db", 2),
    (f"postgresql://bob:{IN_URL}@127.0.0.1:99999/db", 2),
    (f"postgresql://bob:{IN_URL}@[::1/db", 2),
    (f"mysql://bob:{IN_URL}@127.0.0.1/db", 2),
    (f"postgresql://bob:{IN_URL}@127.0.0.1:1", 5),
    (f"{MARK}", 2),
    (f"postgresql://bob:{IN_URL}@127.0.0.1/db?service=nowhere", 2),
]


def test_no_database_that_cannot_be_reached_shows_its_password(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    from tests.conftest import run_here

    for number, (url, code) in enumerate(URLS):
        for line in (["list", "--database-url", url], ["db", "upgrade"], ["config", "show"]):
            monkeypatch.setenv("USERCLI_DATABASE_URL", url)
            got, out, err = run_here(*line, *(["--debug"] if number % 2 else []))
            assert got in {code, 0 if line[0] == "config" else code}, (line, number, err)
            assert leaks(out + err) == [], line
    assert leaks(logged.getvalue()) == []


def test_a_server_that_refuses_the_login_shows_no_password(clean_environment: Path) -> None:
    from tests.conftest import run_here

    for change in (("postgres@", f"nobody:{IN_URL}@"), ("/nothing", f"/{MARK.lower()}x")):
        url = server_url("nothing").replace(*change).replace("postgres@", f"postgres:{IN_URL}@")
        code, out, err = run_here("list", "--database-url", url, "--debug")
        assert (code, out, leaks(err)) == (5, "", []), err


def test_what_a_profile_of_the_configuration_says_is_masked(clean_environment: Path) -> None:
    from tests.conftest import run_here

    path = clean_environment / ".config" / "usercli" / "config.toml"
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    for body in (
        f'url = "postgresql://bob:{IN_URL}@127.0.0.1:1/db"',
        f'url = "postgresql://bob:{DATABASE}@127.0.0.1:1/db"',
        f'url = "postgresql://bob:{IN_URL}@127.0.0.1:1/db" {MARK}',
        f'url = "postgresql://bob:{IN_URL}@127.0.0.1:1/db"\npassword = "{MARK}"',
    ):
        path.write_text(f'default_profile = "p"\n[profiles.p]\n{body}\n')
        for line in (
            ["config", "show"],
            ["config", "profiles"],
            ["list"],
            ["create", "a@example.com", "--no-password"],
        ):
            _, out, err = run_here(*line, "--debug")
            assert leaks(out + err) == [], (line, body)
    path.chmod(0o644)
    assert leaks(run_here("list")[2]) == []


SERVICES = [
    ("usercli.services.users.create_user", ["create", "new@example.com", "--password-stdin"]),
    ("usercli.services.passwords.set_password", ["password", "set", "ada@example.com", "--password-stdin"]),
    ("usercli.passwords.PasswordHasher.hash", ["password", "set", "ada@example.com", "--password-stdin"]),
    ("usercli.services.auth.AuthService.verify", ["password", "verify", "ada@example.com", "--password-stdin"]),
    ("usercli.database.engine.open_engine", ["list"]),
]


@on_sqlite
def test_an_internal_error_that_holds_a_secret_does_not_show_it(
    cli: Cli, filled: dict[str, str], monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise ValueError(f"inner {PASSWORD}")
        except ValueError as error:
            raise RuntimeError(f"outer {PASSWORD} {HASH} {DATABASE}") from error

    for place, arguments in SERVICES:
        with monkeypatch.context() as patch:
            patch.setattr(place, fail)
            code, out, err = cli(*arguments, stdin=PASSWORD)
            line = "error: unexpected RuntimeError; run again with --debug to see where\n"
            assert (code, out, err) == (1, "", line), place
            code, out, err = cli(*arguments, "--debug", stdin=PASSWORD)
            assert (code, out, leaks(err), "RuntimeError" in err) == (1, "", [], True), place
    assert leaks(audit_rows(database)) == []


def test_no_error_of_a_service_holds_a_secret(database: Database, make_user: MakeUser) -> None:
    ada, bob = make_user("ada@example.com"), make_user("bob@example.com")
    key = UserKey.parse("ada@example.com")
    taken = UserCreate(email="ada@example.com")

    def spoil(uow: UnitOfWork) -> None:
        set_password(key, HASH, uow, before_commit=lambda _: uow.session.execute(text("DROP TABLE nothing")))

    attempts: list[Callable[[], object]] = [
        lambda: users.create_user(taken, database.uow(), hashed_password=HASH),
        lambda: set_password(UserKey.parse("x@example.com"), HASH, database.uow()),
        lambda: spoil(database.uow()),
        lambda: users.update_users([key], UserUpdate(email=bob.email), database.uow()),
        lambda: UserCreate.model_validate({"email": PASSWORD, "password": PASSWORD, "is_active": PASSWORD}),
        lambda: UserUpdate.model_validate({"expires_at": PASSWORD, "if_version": HASH}),
        lambda: PasswordHasher("bcrypt", 4).hash(PASSWORD * 10),
        lambda: database.rows(
            "INSERT INTO users (id, email, email_key, hashed_password) VALUES (:id, 'x', 'ada@example.com', :hash)",
            id=ada.id.hex,
            hash=HASH,
        ),
        lambda: database.rows("UPDATE users SET version = 0, hashed_password = :hash", hash=HASH),
        lambda: database.rows("SELECT * FROM nothing WHERE a = :hash", hash=HASH),
    ]
    for number, attempt in enumerate(attempts):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, what it holds is looked at
            attempt()
        link: BaseException | None = caught.value
        while link is not None:
            parts = [str(link), repr(link), *map(repr, link.args), *traceback.format_exception_only(link)]
            if number not in {4, 5}:  # an email that is none is named in its own message
                assert leaks("\n".join(parts)) == [], number
            link = link.__cause__ or link.__context__


# -- processes


@contextmanager
def watched(pid: int) -> Iterator[list[str]]:
    """Sample the process list, as anybody may, and what the process was given, as its owner may."""
    seen: list[str] = []
    end = threading.Event()

    def sample() -> None:
        while not end.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    seen.append((process / "cmdline").read_bytes().decode("utf-8", "replace"))
                    if process.name == str(pid):
                        seen.append((process / "environ").read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue
            end.wait(0.02)

    thread = threading.Thread(target=sample)
    thread.start()
    yield seen
    end.set()
    thread.join()


def in_profile(home: Path, database: Database) -> None:
    """The database's URL with its password in the configuration file, the place for it."""
    path = home / ".config" / "usercli" / "config.toml"
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    text = database.text.replace("postgres@", f"postgres:{IN_URL}@")
    path.write_text(f'default_profile = "p"\n[profiles.p]\nurl = "{text}"\n')


@pytest.mark.slow_on("sqlite")
def test_no_process_list_shows_a_secret(
    environment: Path, database: Database, ada: UserView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USERCLI_DATABASE_URL")
    in_profile(environment, database)
    for arguments, secret in (
        (["create", "new@example.com", "--password-stdin"], PASSWORD),
        (["password", "set", "ada@example.com", "--password-hash-stdin"], HASH),
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "usercli", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with watched(process.pid) as seen:
            out, err = process.communicate(secret, timeout=60)
        assert (process.returncode, leaks(out + err), leaks("\n".join(seen))) == (0, [], []), err
        assert any("usercli" in line and arguments[-1] in line for line in seen)


@on_sqlite
def test_an_interrupt_while_a_secret_is_read_shows_nothing_and_changes_nothing(
    environment: Path, database: Database, ada: UserView
) -> None:
    before = database.rows("SELECT * FROM users")
    for number, code, message in ((signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")):
        process = subprocess.Popen(
            [sys.executable, "-m", "usercli", "password", "set", ada.email, "--password-stdin", "--debug"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(PASSWORD)
        process.stdin.flush()
        _until_it_reads(process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        last = err.splitlines()[-1]
        assert (process.returncode, out, last, leaks(err)) == (code, "", message, [])
    assert database.rows("SELECT * FROM users") == before


def _until_it_reads(pid: int) -> None:
    """Wait until the process waits for more on standard input."""
    for _ in range(500):
        with open(f"/proc/{pid}/syscall") as now:
            number, _, rest = now.read().partition(" ")
        if number == "0" and rest.startswith("0x0 "):
            return
        time.sleep(0.02)
    raise AssertionError("it never reads")
