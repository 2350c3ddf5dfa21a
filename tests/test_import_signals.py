"""Ctrl-C and SIGTERM end an import within two seconds, wherever it is; nothing is written, and that is said."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType

import pytest

from tests.conftest import Cli, Database, run_here
from tests.table_dump import everything

pytestmark = pytest.mark.process

SECONDS = 2.0
ENDS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}

Feed = Callable[[int], bytes]


def rows(first: int) -> bytes:
    """A thousand rows, with a password that is a name as well."""
    return b"".join(b"user%d@example.com,correct horse battery\n" % n for n in range(first, first + 1000))


class Import:
    """An import of standard input as a process, fed by a thread: `thousands` of rows, and no end after them."""

    def __init__(self, *options: str, column: str, thousands: int) -> None:
        command = [sys.executable, "-m", "usercli", "import", "-", "--from", "csv", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self.fed = 0
        self._thread = threading.Thread(target=self._feed, args=(column, thousands), daemon=True)
        self._thread.start()

    def _feed(self, column: str, thousands: int) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"email,{column}\n".encode())
            for number in range(thousands):
                self.process.stdin.write(rows(number * 1000))
                self.process.stdin.flush()
                self.fed = number + 1
        except OSError:
            pass  # the process has ended

    def wait_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(2000):
            if condition():
                return
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)
        raise AssertionError("it never comes to that")

    def reads(self) -> bool:
        """Does a thread of the process wait for more on standard input?"""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            number, _, rest = (task / "syscall").read_text().partition(" ")
            if number == "0" and rest.startswith("0x0 "):
                return True
        return False

    def is_connected(self) -> bool:
        """Is the database open: a socket, or a file of SQLite?"""
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                target = str(link.readlink())
                if target.startswith("socket:") or target.endswith(".db"):
                    return True
        return False

    def cpu_seconds(self) -> float:
        """What the process has used of the processors."""
        times = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, number: signal.Signals) -> tuple[float, int, str, list[str]]:
        """Send the signal: how long it took, the code, stdout, and the lines of stderr."""
        start = time.monotonic()
        self.process.send_signal(number)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        code = self.process.wait(timeout=60)
        took = time.monotonic() - start
        said = self.process.stderr.read().decode().splitlines()
        out = self.process.stdout.read().decode()
        self._thread.join(timeout=10)
        return took, code, out, said


def in_a_stream() -> Import:
    """In the middle of rows that never end."""
    started = Import(column="full_name", thousands=1_000_000)
    started.wait_until(lambda: started.fed > 20)
    return started


def at_a_stalled_pipe() -> Import:
    """EventBuffer for rows that never come."""
    started = Import(column="full_name", thousands=6)
    started.wait_until(lambda: started.fed == 6 and started.is_connected() and started.reads())
    return started


def while_hashing() -> Import:
    """With a thousand hashes to make, of a quarter of a second each."""
    os.environ["USERCLI_BCRYPT_COST"] = "12"
    started = Import("--hash-passwords", column="password", thousands=1)
    started.wait_until(lambda: started.fed == 1 and started.cpu_seconds() > 1.6)  # much more than to begin takes
    return started


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """Another import, in the middle of its transaction."""
    uow = database.uow()
    with uow:
        uow.bulk.lock_imports()
        yield


def behind_another_import() -> Import:
    """EventBuffer for another import to end."""
    started = Import(column="full_name", thousands=6)
    started.wait_until(started.is_connected)
    time.sleep(0.5)
    return started


PLACES: list[Callable[[], Import]] = [in_a_stream, at_a_stalled_pipe, while_hashing, behind_another_import]


def check(cli: Cli, database: Database, place: Callable[[], Import], number: signal.Signals) -> None:
    before = everything(database)
    with writing(database) if place is behind_another_import else nullcontext():
        took, code, out, said = place().end(number)
    expected, word = ENDS[number]
    assert (code, out, said[-2:]) == (expected, "", ["nothing was imported", word]), said
    assert took < SECONDS
    assert everything(database) == before
    assert database.rows("SELECT count(*) FROM audit_events") == [(0,)]
    assert cli("create", "ada@example.com", "--no-password")[0] == 0  # no lock is left


@pytest.mark.parametrize(
    ("engine_name", "place", "number"),
    [
        ("postgresql", in_a_stream, signal.SIGINT),
        ("sqlite", at_a_stalled_pipe, signal.SIGTERM),
        ("sqlite", while_hashing, signal.SIGINT),
        ("sqlite", behind_another_import, signal.SIGTERM),
    ],
    ids=["stream", "stalled-pipe", "hashing", "behind-another"],
)
def test_a_signal_ends_an_import_at_once(
    cli: Cli,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[], Import],
    number: signal.Signals,
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "4")
    check(cli, database, place, number)


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDS, ids=["interrupt", "terminate"])
@pytest.mark.parametrize("place", PLACES, ids=["stream", "stalled-pipe", "hashing", "behind-another"])
def test_each_signal_ends_an_import_at_once_everywhere(
    cli: Cli,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[], Import],
    number: signal.Signals,
) -> None:
    monkeypatch.setenv("USERCLI_BCRYPT_COST", "4")
    check(cli, database, place, number)


# -- an interrupt at any moment of the conversation with the server


class Interrupt:
    """Raises KeyboardInterrupt at the nth function of the driver that the main thread calls."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "psycopg" in frame.f_code.co_filename:
            self.calls += 1
            if self.calls == self.at:
                sys.settrace(None)
                raise KeyboardInterrupt

    def __enter__(self) -> Interrupt:
        sys.settrace(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


def interrupted_imports(database: Database, step: int) -> int:
    """Import with an interrupt at every so many calls, until there is none; how many there were."""
    header = "email,full_name\n"
    for at in range(1, 10_000, step):
        code, out, err = 0, "", ""
        with Interrupt(at) as interrupt:
            code, out, err = run_here(
                "import", "-", "--from", "csv", stdin=f"{header}a{at}@example.com,A\nb{at}@example.com,B\n"
            )
        if interrupt.calls < at:
            assert code == 0, err
            return at
        told = (at, code, out, err)
        look = r"usercli audit log --change [0-9a-f-]{36}\n"
        unknown = f"interrupted while committing: the outcome is unknown; to look, run: {look}"
        after = f"interrupted; what was committed stands; to see it, run: {look}"
        if code == 0:  # it came while the connection was closed
            assert database.rows("DELETE FROM users RETURNING email") != [], told
            continue
        assert (code, out) == (130, ""), told
        if re.fullmatch(after, err):
            assert database.rows("DELETE FROM users RETURNING email") != [], told
            continue
        if not re.fullmatch(unknown, err):
            assert err in ("interrupted\n", "nothing was imported\ninterrupted\n"), told
            assert database.rows("SELECT count(*) FROM users") == [(0,)], told
        else:
            database.rows("DELETE FROM users")
    raise AssertionError("it never goes through")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it may come while one is closed
@pytest.mark.parametrize("step", [pytest.param(29, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_an_interrupt_at_any_moment_is_an_interrupt(environment: Path, database: Database, step: int) -> None:
    assert interrupted_imports(database, step) > 20


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_libraries_log_unasked_does_not_reach_stderr(environment: Path, database: Database) -> None:
    """SQLAlchemy logs the stack of what fails while a connection is closed."""
    script = (
        "from usercli.cli.main import run; code = run(['list', '-q']); "
        "import logging; logging.getLogger('sqlalchemy.pool').error('closing'); raise SystemExit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
