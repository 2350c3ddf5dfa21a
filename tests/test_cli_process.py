"""The command line as a process: its streams, signals, terminals, locales, and a database that is not well."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import typer

from tests.conftest import Cli, Database, kept_engine, run_here, server_url
from tests.postgres import Cluster
from usercli.cli.app import app
from usercli.database.schema_version import head
from usercli.schemas.users import UserView
from usercli.services.seed import seed_users

pytestmark = [pytest.mark.process, pytest.mark.either_engine]

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MakeUser = Callable[..., UserView]
USERCLI = [sys.executable, "-m", "usercli"]
CANARY = "c4nary"
SECRET = f"{CANARY}%40%3A%2F%23%25%3F"  # @ : / # % ?
WARNING = (
    "warning: a password in --database-url shows in the process list; "
    "use a profile, USERCLI_DATABASE_URL or ~/.pgpass\n"
)


def shell(script: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `usercli` is this one, or the one in the folder `path`; no terminal."""
    program = f'"{path}/usercli"' if path else f'"{sys.executable}" -m usercli'
    command = f'usercli() {{ {program} "$@"; }}; {script}'
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )


#: Where the engine plays no part.
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])

# -- streams


@pytest.fixture
def crowd(environment: Path) -> None:
    assert run_here("db", "seed", "--count", "3000", "-q")[0] == 0


@on_sqlite
def test_a_reader_that_leaves_early_ends_the_command_quietly(crowd: None, quick: Path) -> None:
    for command in ("list", "list -o json --debug", "db sql", "--help"):
        head = f"usercli {command} | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}"
        nobody = f"usercli {command} | true; echo ${{PIPESTATUS[0]}}"
        done = shell(f"{head}; {nobody}", quick)
        assert (done.stdout, done.stderr) == ("0\n0\n", ""), command


@on_sqlite
def test_a_full_disk_is_one_line_and_code_1(environment: Path, ada: UserView, quick: Path) -> None:
    for command in ("list -o json", "show ada@example.com", "list --count", "db history"):
        done = shell(f"usercli {command} >/dev/full; echo $?", quick)
        error = "error: cannot write to standard output: no space left on device\n"
        assert (done.stdout, done.stderr) == ("1\n", error), command
    for command in ("--help", "--version"):
        done = shell(f"usercli {command} >/dev/full; echo $?")
        assert (done.stdout, done.stderr) == ("1\n", "error: no space left on device\n")


@on_sqlite
def test_a_full_disk_after_a_change_says_that_it_was_made(environment: Path, database: Database) -> None:
    done = shell("usercli create ada@example.com --no-password >/dev/full; echo $?")
    assert (done.stdout, done.stderr) == (
        "1\n",
        f"created ada@example.com on {database.url.where}\n"
        "error: cannot write to standard output: no space left on device; the change itself was made\n",
    )
    assert database.rows("SELECT email FROM users") == [("ada@example.com",)]


@on_sqlite
def test_a_closed_stdout_is_noticed_before_anything_changes(environment: Path, database: Database) -> None:
    for command in ("list", "create ada@example.com --no-password", "db sql", "--help", "list -h", "--version"):
        done = shell(f"usercli {command} >&-; echo $?")
        assert (done.stdout, done.stderr) == ("1\n", "error: standard output is closed\n"), command
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


@on_sqlite
def test_a_closed_or_full_stderr_changes_neither_data_nor_codes(
    environment: Path, ada: UserView, database: Database
) -> None:
    for number, stderr in enumerate(("2>&-", "2>/dev/full", "2> >(true)")):
        done = shell(f"usercli update ada@example.com --name name{number} -q {stderr}; echo $?")
        assert (done.stdout, done.stderr) == (f"{ada.id}\n0\n", ""), stderr
        assert database.rows("SELECT full_name FROM users") == [(f"name{number}",)]
        done = shell(f"usercli show x@example.com {stderr}; echo $?")
        assert (done.stdout, done.stderr) == ("3\n", ""), stderr


@on_sqlite
def test_a_closed_stdin_is_no_terminal(environment: Path, ada: UserView) -> None:
    done = shell("usercli delete ada@example.com <&-; echo $?; usercli list -q <&- >&2")
    error = "error: move ada@example.com to the recycle bin: this needs a confirmation; add --yes\n"
    assert (done.stdout, done.stderr) == ("2\n", f"{error}{ada.id}\n")


# -- questions


@dataclass
class Terminal:
    """A process whose three streams are a terminal of its own."""

    process: subprocess.Popen[bytes]
    ours: int
    seen: str = ""

    def wait_for(self, text: str) -> None:
        while text not in self.seen:
            assert self._read(), self.seen

    def type(self, text: bytes) -> None:
        os.write(self.ours, text)

    def end(self) -> tuple[int, str]:
        """The exit code, and everything that the terminal showed."""
        while self._read():
            pass
        return self.process.wait(10), self.seen.replace("\r\n", "\n")

    def _read(self) -> bool:
        assert select.select([self.ours], [], [], 20)[0], f"nothing more came after: {self.seen}"
        try:
            chunk = os.read(self.ours, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            return False
        self.seen += chunk.decode("utf-8", "surrogateescape")
        return bool(chunk)


@contextmanager
def terminal(*arguments: str, stdin: int | None = None) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*USERCLI, *arguments],
        stdin=theirs if stdin is None else stdin,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def question(database: Database) -> str:
    return f"move ada@example.com to the recycle bin on {database.url.where}? [y/N] "


def in_bin(database: Database) -> bool:
    return database.rows("SELECT deleted_at IS NOT NULL FROM users") in ([(1,)], [(True,)])


@pytest.mark.parametrize("answer", ["YES"])
def test_a_yes_on_the_terminal_goes_on(environment: Path, ada: UserView, database: Database, answer: str) -> None:
    with terminal("delete", "ada@example.com", "-q") as session:
        session.wait_for(question(database))
        session.type(f"{answer}\n".encode())
        wanted = f"{question(database)}{answer}\ndeleted ada@example.com on {database.url.where}\n{ada.id}\n"
        assert session.end() == (0, wanted)
    assert in_bin(database)


@on_sqlite
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"n\n", "n\nnothing was changed\n"),
        pytest.param(b"\n", "\nnothing was changed\n", marks=pytest.mark.slow),
        pytest.param(b"yep\n", "yep\nnothing was changed\n", marks=pytest.mark.slow),
        (b"\xff\n", "\udcff\nnothing was changed\n"),
        (b"\x04", "\nnothing was changed\n"),
        (b"\x03", "interrupted\n"),
    ],
)
def test_anything_else_changes_nothing(
    environment: Path, ada: UserView, database: Database, typed: bytes, said: str
) -> None:
    with terminal("delete", "ada@example.com") as session:
        session.wait_for(question(database))
        session.type(typed)
        code, seen = session.end()
    assert (code, seen.startswith(question(database)), seen.endswith(said)) == (130, True, True), seen
    assert not in_bin(database)


@on_sqlite
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGHUP, 129, "hung up"), (signal.SIGINT, 130, "interrupted")],
)
def test_a_signal_during_a_question_ends_at_once(
    environment: Path, ada: UserView, database: Database, number: signal.Signals, code: int, said: str
) -> None:
    with terminal("delete", "ada@example.com") as session:
        session.wait_for(question(database))
        started = time.monotonic()
        session.process.send_signal(number)
        assert session.end() == (code, f"{question(database)}\n{said}\n")
        assert time.monotonic() - started < 2
    assert not in_bin(database)


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")]
)
@pytest.mark.either_engine
def test_an_interrupt_after_the_commit_names_the_change(
    environment: Path, database: Database, number: signal.Signals, code: int, said: str
) -> None:
    seed_users(2000, database.uow())
    many = ("--match", "active=true", "--max-changes", "2000", "--yes")
    reach = f"--database-url {database.text} "
    process = subprocess.Popen(
        [sys.executable, "-m", "usercli", *reach.split(), "update", *many, "--name", "New", "-o", "jsonl"],
        stdout=subprocess.PIPE,  # which nobody reads
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        until = time.monotonic() + 60
        while database.rows("SELECT count(*) FROM users WHERE full_name = 'New'") == [(0,)]:
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    [(change,)] = database.rows("SELECT DISTINCT change_id FROM audit_events WHERE action = 'user.updated'")
    look = f"usercli {reach}audit log --change {uuid.UUID(str(change))}"
    last = f"{said}; what was committed stands; to see it, run: {look}"
    assert (process.returncode, err.splitlines()[-1]) == (code, last)


@on_sqlite
def test_a_purge_wants_the_email_typed(environment: Path, ada: UserView, database: Database) -> None:
    where = database.url.where
    asked = f"purging ada@example.com cannot be undone on {where}; type ada@example.com to go on: "
    with terminal("delete", "ada@example.com", "--purge", "--yes", "-q") as session:
        session.wait_for(asked)
        session.type(b"yes\n")
        assert session.end() == (130, f"{asked}yes\nnothing was changed\n")
    with terminal("delete", "ada@example.com", "--purge", "-q") as session:
        session.wait_for(asked)
        session.type(b"ada@example.com\n")
        done = f"{asked}ada@example.com\npurged ada@example.com on {where}\n{ada.id}\n"
        assert session.end() == (0, done)


@on_sqlite
def test_a_protected_database_wants_its_name_typed_for_what_is_said(
    environment: Path, ada: UserView, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = environment / "protected.toml"
    configuration.write_text(f'[profiles.prod]\nurl = "{database.text}"\nprotected = true\n')
    configuration.chmod(0o600)
    monkeypatch.setenv("USERCLI_CONFIG", str(configuration))
    end = f" on prod ({database.url.where}), which is protected; type prod to go on: "

    def says(*typed: str) -> str:
        """Everything that was said up to the question; the answer is no."""
        with terminal("--profile", "prod", *typed) as session:
            session.wait_for(end)
            session.type(b"yes\n")
            code, seen = session.end()
        assert code == 130
        said, _, rest = seen.partition(end)
        assert rest == "yes\nnothing was changed\n"
        return said

    assert says("update", "ada@example.com", "--name", "A L", "--reason", "x") == (
        "update ada@example.com --name 'A L'"
    )
    assert says("delete", "ada@example.com") == "move ada@example.com to the recycle bin"
    assert says("deactivate", "--match", "active=true").endswith("deactivate 1 user")
    with terminal("--profile", "prod", "update", "ada@example.com", "--name", "Ada", "-q") as session:
        session.type(b"prod\n")
        assert session.end()[0] == 0
    for yes in ((), ("--yes",)):
        said = says("undo", "--last", *yes).splitlines()
        assert [line.partition(":")[0] for line in said[:2]] == ["the last change", "plan"]
        assert re.fullmatch("undo the change [0-9a-f-]{36}", said[-1])


@on_sqlite
def test_a_wrong_name_shows_before_the_question(environment: Path, ada: UserView) -> None:
    with terminal("delete", "ada@example.com", "x@example.com") as session:
        assert session.end() == (3, "error: no such user: x@example.com\n")


QUESTIONS = (
    (("delete", "ada@example.com"), "add --yes"),
    (("delete", "ada@example.com", "--purge"), "add --confirm ada@example.com"),
    (("delete", "ada@example.com", "--purge", "--yes"), "add --confirm ada@example.com"),
    (("db", "downgrade", "base"), "add --confirm "),
)


@on_sqlite
@pytest.mark.slow  # test_no_hang.py asks every command
def test_without_a_terminal_nothing_is_asked(environment: Path, ada: UserView, run: Run) -> None:
    for arguments, flag in QUESTIONS:
        started = time.monotonic()
        done = run(*arguments, start_new_session=True, timeout=5)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert flag in done.stderr.splitlines()[-1], arguments
        assert time.monotonic() - started < 5


@on_sqlite
@pytest.mark.slow  # test_no_hang.py asks every command
def test_a_piped_stdin_on_a_terminal_is_not_asked_either(environment: Path, ada: UserView) -> None:
    for arguments, flag in QUESTIONS:
        reading, writing = os.pipe()
        with terminal(*arguments, stdin=reading) as session:  # nothing ever comes
            code, seen = session.end()
        os.close(reading)
        os.close(writing)
        assert (code, flag in seen.splitlines()[-1]) == (2, True), seen
    with terminal("delete", "ada@example.com", "--no-input") as session:
        assert session.end()[0] == 2


# -- errors


def test_debug_shows_where_without_values(cli: Cli, ada: UserView, database: Database) -> None:
    code, out, err = cli("--debug", "create", "ada@example.com", "--name", CANARY, "--no-password")
    lines = err.splitlines()
    assert (code, out) == (4, "")
    assert lines[-1] == "error: a user with the email ada@example.com exists already"
    assert lines[0] == "debug: usercli.errors.EmailTaken"
    assert all(re.fullmatch(r"debug: ([\w.]+|  (\S+|<[^>]+>):\d+ in \S+)", line) for line in lines[:-1])
    assert not [word for word in (CANARY, "Traceback", "UNIQUE", "INSERT") if word in err]
    without = cli("create", "ada@example.com", "--name", CANARY, "--no-password")
    assert without == (4, "", f"{lines[-1]}\n")


def test_an_unexpected_failure_is_one_line_without_a_value(cli: Cli, ada: UserView, database: Database) -> None:
    database.rows("ALTER TABLE users RENAME COLUMN full_name TO name")
    state = f"the database {database.url.where} is stamped with {head()}, but lacks the column users.full_name"
    way_out = "restore the database from a backup, or make what is missing: usercli db sql"
    assert cli("list") == (5, "", f"error: {state}; {way_out}\n")


@on_sqlite
@pytest.mark.parametrize(
    ("locale", "encoding"),
    [
        ("POSIX", "ascii"),
        pytest.param("C", "", marks=pytest.mark.slow),
        pytest.param("en_US.ISO-8859-1", "iso-8859-1", marks=pytest.mark.slow),
    ],
)
def test_any_locale_will_do(
    run: Run, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch, locale: str, encoding: str
) -> None:
    user = make_user("ada@example.com", full_name="Ångström 漢")
    for name in ("LANG", "LC_ALL"):
        monkeypatch.setenv(name, locale)
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    as_json = run("list", "-o", "json", "--fields", "full_name", text=False)
    assert (as_json.returncode, as_json.stdout) == (0, '[\n{"full_name":"Ångström 漢"}\n]\n'.encode())
    table = run("list", "-o", "table", "--fields", "id,full_name", text=False)
    assert (table.returncode, table.stderr, str(user.id).encode() in table.stdout) == (0, b"", True)
    missing = run("show", "Å漢", text=False)
    assert (missing.returncode, missing.stdout, missing.stderr.count(b"\n")) == (3, b"", 1)
    assert b"Traceback" not in missing.stderr + table.stderr


@on_sqlite
def test_a_working_directory_that_is_gone_does_not_matter(run: Run, ada: UserView, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell(f'cd "{gone}" && rmdir "{gone}" && usercli list -q')
    assert (done.stdout, done.stderr) == (f"{ada.id}\n", "")


# -- a database that is not there, or not well


def one_line(arguments: Sequence[str], code: int, error: str, before: str = "") -> None:
    """The command fails with this line, nothing on stdout, no secret anywhere."""
    answer = run_here(*arguments)
    assert answer == (code, "", f"{before}error: {error}\n"), arguments
    assert CANARY not in answer[2]


def test_a_server_that_cannot_be_reached(clean_environment: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        quiet, refused = silent.getsockname()[1], closed.getsockname()[1]
        for place, where, reason in (
            (
                f"127.0.0.1:{refused}/db",
                f"127.0.0.1:{refused}/db",
                "nothing listens there; check that the server runs, and its port",
            ),
            (
                "no.host.invalid/db",
                "no.host.invalid/db",
                "the host name is unknown; see: usercli config show (with the same --database-url)",
            ),
            (
                f"127.0.0.1:{quiet}/db?connect_timeout=2",
                f"127.0.0.1:{quiet}/db",
                "the server did not answer in time; check that it runs, and the network",
            ),
            (
                "/db?host=/no/such/folder",
                "/no/such/folder/db",
                "there is no such socket; check that the server runs, and the path",
            ),
        ):
            url = f"postgresql://bob:{SECRET}@{place}"
            error = f"cannot use the database at {where}: {reason}"
            one_line(["--database-url", url, "list"], 5, error, WARNING)


def test_a_url_that_cannot_be_used_repeats_no_secret(clean_environment: Path) -> None:
    forms = "write postgresql://user@host:5432/database or sqlite:///path/to/file.db"
    odd = "the user name or password in the database URL contains @, /, ? or #; write them as %40, %2F, %3F, %23"
    port = "the port in the database URL is not a number from 1 to 65535"
    for url, error in (
        ("", "--database-url is empty; leave it out to use the configured database"),
        (CANARY, f"the database URL names neither PostgreSQL nor SQLite; {forms}"),
        (f"mysql://bob:{CANARY}@host/db", f"the database URL names neither PostgreSQL nor SQLite; {forms}"),
        (f"postgresql://bob:{CANARY}@x@host/db", odd),
        (f"postgresql://bob:{CANARY}/x@host/db", odd),
        (f"postgresql://bob:{CANARY}#x@host/db", odd),
        (
            f"postgresql://bob:{CANARY}%@h/d",
            "the database URL contains a % that is not an escape; write it as %25",
        ),
        (f"postgresql://bob:{CANARY}%00@host/db", "the database URL contains a NUL character"),
        (f"postgresql://bob:{CANARY}@host:99999/db", port),
        (f"postgresql://bob:{CANARY}@host:{CANARY}/db", port),
        (f"postgresql://bob:{CANARY}@[::1/db", f"the database URL cannot be read; {forms}"),
        ("postgresql://", f"the database URL names no database; {forms}"),
        (f"sqlite://{CANARY}", "a SQLite URL names a file: sqlite:///relative.db or sqlite:////absolute/file.db"),
        ("sqlite:///:memory:", "a SQLite URL names a file: sqlite:///relative.db or sqlite:////absolute/file.db"),
        ("sqlite:////tmp/a%00.db", "the database URL contains a NUL character"),
    ):
        one_line(["--database-url", url, "list"], 2, f"--database-url: {error}" if url else error)
        if url:
            os.environ["USERCLI_DATABASE_URL"] = url
            one_line(["list"], 2, f"environment USERCLI_DATABASE_URL: {error}")
            del os.environ["USERCLI_DATABASE_URL"]
    modes = "disable, allow, prefer, require, verify-ca, verify-full"
    for name, error in (
        ("foo", "the database URL has an unknown option: foo"),
        ("sslmode", f"the option sslmode of the database URL must be one of {modes}"),
        ("connect_timeout", "the option connect_timeout of the database URL must be a whole number"),
        ("keepalives", "the option keepalives of the database URL must be a whole number"),
    ):
        url = f"postgresql://bob:{SECRET}@127.0.0.1:1/db?{name}={CANARY}"
        one_line(["--database-url", url, "list"], 2, f"--database-url: {error}")
    url = f"postgresql://bob:{SECRET}@127.0.0.1:1/db?require_auth={CANARY}"
    error = "the database URL, or a variable of libpq, has a wrong value of the option require_auth"
    one_line(["--database-url", url, "list"], 2, error, WARNING)


def test_a_server_that_lets_nobody_in(clean_environment: Path) -> None:
    cluster = Cluster().start()
    try:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE bob LOGIN PASSWORD 'right'")
            hba = connection.execute("SHOW hba_file").fetchone()
            assert hba is not None
            rules = "host all nobody 127.0.0.1/32 reject\nhost all bob 127.0.0.1/32 scram-sha-256"
            for number, line in enumerate([*rules.splitlines(), "host all all 127.0.0.1/32 trust"]):
                connection.execute("CREATE TABLE IF NOT EXISTS hba (number int, line text)")
                connection.execute("INSERT INTO hba VALUES (%s, %s)", (number, line))
            connection.execute(f"COPY (SELECT line FROM hba ORDER BY number) TO '{hba[0]}'")  # type: ignore[arg-type]  # text of our own
            connection.execute("SELECT pg_reload_conf()")
        place = f"127.0.0.1:{cluster.port}"
        for login, database, reason in (
            (f"bob:{SECRET}", "postgres", "the server refused the password of user bob"),
            ("bob", "postgres", "the server requires a password for user bob; see usercli config show"),
            ("nobody", "postgres", "the server does not let user nobody in from this machine"),
            ("stranger", "postgres", "the server has no user stranger"),
            ("postgres", "nowhere", "the server has no database nowhere; create it first"),
            (
                "postgres",
                "x?sslmode=require",
                "the server does not support SSL, which the database URL demands",
            ),
        ):
            where = f"{place}/{database.partition('?')[0]}"
            url = f"postgresql://{login}@{place}/{database}"
            before = WARNING if ":" in login else ""
            one_line(["--database-url", url, "list"], 5, f"cannot use the database at {where}: {reason}", before)
        one_line(
            ["--database-url", f"postgresql://bob:right@{place}/postgres", "list"],
            5,
            f"the database {place}/postgres has no usercli schema yet; run: usercli db upgrade "
            "(with the same --database-url)",
            WARNING,
        )
    finally:
        cluster.remove()


def test_a_read_only_server_says_so(cli: Cli, ada: UserView, database: Database) -> None:
    if database.engine == "sqlite":
        return  # test_a_file_that_must_not_be_written
    with psycopg.connect(server_url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database.url.database} SET default_transaction_read_only = on")
    kept_engine(database.url).dispose()  # of new sessions
    error = "error: the database is read-only; connect to the primary server\n"
    assert cli("update", "ada@example.com", "--name", "x") == (5, "", error)
    assert cli("list", "-q") == (0, f"{ada.id}\n", "")


def test_a_file_that_is_no_database(clean_environment: Path, tmp_path: Path) -> None:
    text, folder, missing = tmp_path / "notes.txt", tmp_path / "folder", tmp_path / "none" / "users.db"
    text.write_text("these are notes, and long enough to be read as a header of a file\n" * 20)
    folder.mkdir()
    run = f"usercli --database-url sqlite:///{missing} db upgrade"
    lost = f"there is no database at {missing}, nor its folder; to make a new one, run: {run}"
    no_database = "is not a SQLite database, or is damaged; check the path, or restore it from a backup"
    for path, command, error in (
        (missing, ["list"], lost),
        (missing, ["db", "current"], lost),
        (missing, ["db", "check"], lost),
        (missing, ["db", "stamp", "head"], lost),
        (text, ["list"], f"the database file {text} {no_database}"),
        (text, ["db", "upgrade"], f"the database file {text} {no_database}"),
        (
            folder,
            ["list"],
            f"the database file {folder} cannot be opened; check that it is a file, and its permissions",
        ),
        (folder, ["db", "upgrade"], f"the database file {folder} cannot be created: is a directory"),
        (text / "x.db", ["db", "upgrade"], f"the database file {text}/x.db cannot be created: not a directory"),
    ):
        one_line(["--database-url", f"sqlite:///{path}", *command], 5, error)
    assert not missing.parent.exists()
    assert text.read_text().startswith("these are notes")


@pytest.fixture
def as_ordinary_user() -> Iterator[Path]:
    """A folder of an ordinary user, whom the tests run as from here on: root may write anywhere."""
    import passlib.utils  # noqa: F401 - loads parts of Python, which may lie in root's own folder

    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(0)
    else:
        yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


def test_a_file_that_must_not_be_written(
    clean_environment: Path, sqlite_template: Path, as_ordinary_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = as_ordinary_user
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
    path = folder / "users.db"
    there = ["--database-url", f"sqlite:///{path}"]
    assert run_here(*there, "db", "upgrade", "-q")[0] == 0
    assert run_here(*there, "create", "ada@example.com", "--no-password", "-q")[0] == 0
    create = [*there, "create", "bob@example.com", "--no-password"]
    path.chmod(0o400)
    error = f"the database file {path} cannot be written; check its permissions and those of its folder"
    one_line(create, 5, error)
    assert run_here(*there, "list", "--fields", "email") == (0, "email\nada@example.com\n", "")
    path.chmod(0o000)
    error = f"the database file {path} cannot be opened; check that it is a file, and its permissions"
    one_line([*there, "list"], 5, error)
    path.chmod(0o600)
    for left in folder.glob("users.db-*"):  # with these the file could be written without its folder
        left.unlink()
    folder.chmod(0o500)
    code, out, err = run_here(*create)
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert err.startswith(f"error: the database file {path} cannot be ")
    new = folder / "new.db"
    one_line(
        ["--database-url", f"sqlite:///{new}", "db", "upgrade"],
        5,
        f"the database file {new} cannot be created: permission denied",
    )


def test_a_schema_that_is_missing_behind_or_ahead(cli: Cli, ada: UserView, database: Database) -> None:
    commands = (
        ["list"],
        ["show", "ada@example.com"],
        ["create", "x@example.com", "--no-password"],
        ["exists", "x"],
    )

    def all_say(sentence: str) -> None:
        for command in commands:
            assert cli(*command) == (5, "", f"error: the database {database.url.where} {sentence}\n")

    revisions = cli("db", "history", "--fields", "revision")[1].split()[1:]
    oldest, head = revisions[0], revisions[-1]
    database.rows("UPDATE alembic_version SET version_num = '29991231_0000'")
    all_say(
        "is at revision 29991231_0000, which this version of usercli does not know; "
        "install a newer usercli, or check that this is the right database"
    )
    database.rows("UPDATE alembic_version SET version_num = :revision", revision=oldest)
    all_say(f"is stamped with {oldest}, but has the tables of {head}; run: usercli db stamp {head}")
    database.rows("DROP TABLE alembic_version")
    all_say(f"has the tables of {head}, but no version row; run: usercli db stamp {head}")
    assert cli("db", "stamp", head, "--yes")[0] == 0
    for behind, revision in enumerate(reversed(revisions[:-1]), 1):
        assert cli("db", "downgrade", revision, "--yes", "--confirm", database.url.name)[0] == 0
        all_say(f"is {behind} revision{'s' if behind > 1 else ''} behind; run: usercli db upgrade")


def test_a_mistyped_path_is_told_the_database_beside_it(clean_environment: Path) -> None:
    folder = clean_environment
    assert run_here("--database-url", f"sqlite:///{folder}/users.db", "db", "upgrade")[0] == 0
    for other in ("user.txt", "user.db"):
        (folder / other).write_text("no database")
    os.mkfifo(folder / "usrs.sock")

    def said(name: str) -> str:
        code, out, err = run_here("--database-url", f"sqlite:///{folder}/{name}", "list")
        assert (code, out) == (5, "")
        return err.removeprefix(f"error: there is no database at {folder}/{name}").partition("run: ")[0]

    assert said("usrs.db") == said("users.sqlite") == f", but at {folder}/users.db; to make a new one, "
    assert said("production.db") == "; to make a new one, "
    assert said("none/users.db") == ", nor its folder; to make a new one, "
    out = run_here("--database-url", f"sqlite:///{folder}/usrs.db", "doctor", "--no-header")[1]
    assert (
        f"no database at {folder}/usrs.db, but at {folder}/users.db\tto make a new one, run: usercli --data" in out
    )


def test_an_unknown_profile_is_named_with_those_there_are(clean_environment: Path) -> None:
    sample = f"to write a sample of {clean_environment}/.config/usercli/config.toml, run: usercli config init"
    one_line(["--profile", "nope", "list"], 3, f"no such profile: nope; none are configured; {sample}")
    one_line(["--profile", "", "list"], 2, "--profile is empty; leave it out to use the configured database")
    configuration = clean_environment / "config.toml"
    configuration.write_text('[profiles.local]\nurl = "sqlite:////a.db"\n[profiles.far]\nurl = "sqlite:////b.db"\n')
    os.environ["USERCLI_CONFIG"] = str(configuration)
    try:
        one_line(
            ["list", "--profile", "lokal"], 3, "no such profile: lokal; did you mean: local (known: local, far)"
        )
        lost = "there is no database at far (/b.db); to make a new one, run: usercli --profile far db upgrade"
        one_line(["list", "--profile", "far"], 5, lost)
    finally:
        del os.environ["USERCLI_CONFIG"]


def test_a_password_in_the_url_is_warned_about_once_and_shown_never(cli: Cli, database: Database) -> None:
    if database.engine == "sqlite":
        assert cli("--database-url", database.text, "create", "ada@example.com", "--no-password", "-q")[2] == (
            f"created ada@example.com on {database.url.where}\n"
        )
        return
    url = database.text.replace("postgres@", f"postgres:{SECRET}@", 1)
    code, out, err = cli("--database-url", url, "create", "ada@example.com", "--no-password")
    assert (code, CANARY in out) == (0, False)
    assert err == f"{WARNING}created ada@example.com on {database.url.where}\n"
    code, out, err = cli("--database-url", url, "config", "show")
    assert (code, CANARY in out + err, "postgresql://postgres:***@" in out) == (0, False, True)
    for arguments in (["list"], ["db", "current"], ["exists", "ada@example.com"]):
        assert cli(*arguments, "--database-url", url)[2] == WARNING
    os.environ["USERCLI_DATABASE_URL"] = url
    assert cli("list", "-q")[2] == ""


# -- help and typing errors


def all_commands() -> list[list[str]]:
    """The path of every group and command."""
    found: list[list[str]] = []

    def walk(group: object, path: list[str]) -> None:
        found.append(path)
        for name, command in getattr(group, "commands", {}).items():
            lazy = getattr(group, "lazy", {})
            walk(lazy[name].load() if name in lazy else command, [*path, name])

    walk(typer.main.get_command(app), [])
    return found


def test_every_help_fits_80_columns_and_shows_an_example(clean_environment: Path) -> None:
    paths = all_commands()
    assert ["db", "upgrade"] in paths
    assert ["create"] in paths
    for path in paths:
        code, out, err = run_here(*path, "--help")
        assert (code, err) == (0, ""), path
        assert run_here(*path, "-h") == (0, out, ""), path
        assert max(map(len, out.splitlines())) <= 80, path
        assert out.startswith(f"Usage: {' '.join(['usercli', *path])} "), path
        is_group = "COMMAND [ARGS]" in out
        assert is_group or re.search(r"^  Examples?:\n    usercli ", out, re.MULTILINE), path


def test_typing_errors_are_one_line_that_helps(cli: Cli, ada: UserView) -> None:
    for arguments, error in (
        (["creat"], "no such command 'creat'; did you mean: 'create'; see: usercli --help"),
        (["frobnicate"], "no such command 'frobnicate'; see: usercli --help"),
        (["db", "upgrad"], "no such command 'upgrad'; did you mean: 'upgrade'; see: usercli db --help"),
        (
            ["list", "--activ"],
            "no such option: --activ; did you mean: --active; see: ",
        ),
        (["--yess", "list"], "no such option: --yess; did you mean: --yes; see: usercli --help"),
        (["list", "-x"], "no such option: -x; see: usercli list --help"),
        (["show"], "missing argument 'USER...'; see: usercli show --help"),
        (["create"], "missing argument 'EMAIL'; see: usercli create --help"),
        (["db", "stamp"], "missing argument 'REVISION'; see: usercli db stamp --help"),
        (["list", "--search"], "option '--search' requires an argument; see: usercli list --help"),
        (["--profile"], "option '--profile' requires an argument; see: usercli --help"),
        (["list", "--count=yes"], "--count takes no value; see: usercli list --help"),
    ):
        code, out, err = cli(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), arguments
        assert err.startswith(f"error: {error}"), arguments


def test_what_may_be_a_secret_is_not_echoed(cli: Cli, ada: UserView) -> None:
    for arguments, error in (
        (
            ["list", CANARY],
            "too many arguments; did you mean: usercli show USER..., or usercli list --search TEXT; "
            "see: usercli list --help",
        ),
        (
            ["create", "x@example.com", CANARY],
            "too many arguments; a name is given with --name, a password with --password-stdin or --generate, "
            "a role with --role; see: usercli create --help",
        ),
        (["db", "current", CANARY, CANARY], "too many arguments; see: usercli db current --help"),
        (["show", f"--xyzzy={CANARY}"], "no such option: --xyzzy; see: usercli show --help"),
        (["list", "-p", CANARY], "no such option: -p; see: usercli list --help"),
        (["list", f"-p{CANARY}"], "no such option: -p; see: usercli list --help"),
        (["list", f"--count={CANARY}"], "--count takes no value; see: usercli list --help"),
    ):
        assert cli(*arguments) == (2, "", f"error: {error}\n"), arguments


def test_a_group_without_a_command_prints_its_help_on_stderr(cli: Cli) -> None:
    for path in ([], ["db"], ["config"]):
        assert cli(*path) == (2, "", cli(*path, "--help")[1])


# -- files


def test_files_and_folders_are_private_whatever_the_umask(clean_environment: Path) -> None:
    before = os.umask(0)
    try:
        assert run_here("db", "upgrade", "-q")[0] == 0
        assert run_here("create", "ada@example.com", "--no-password", "-q")[0] == 0
        assert run_here("config", "init")[0] == 0
    finally:
        os.umask(before)
    made = {path: stat.S_IMODE(path.stat().st_mode) for path in clean_environment.rglob("*")}
    names = {path.name for path in made}
    assert {"usercli.db", "config.toml"} <= names
    assert {mode for path, mode in made.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in made.items() if path.is_dir()} == {0o700}
