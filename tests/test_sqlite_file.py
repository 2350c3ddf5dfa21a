"""A SQLite file that others hold, replace, damage or forbid: bounded waits, and the truth about what was done."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, event, text

from tests.conftest import Cli, Database, run_here
from tests.sqlite_faults import DAMAGES, SEVEN, emails, held, is_named, replace
from usercli.database import sqlite_file
from usercli.database import url as database_url
from usercli.database.async_unit_of_work import AsyncDatabase
from usercli.database.engine import READ_ONLY, open_engine, open_pooled_engine, sessions
from usercli.database.mounts import network_file_system
from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import DatabaseUnavailable
from usercli.schemas.users import UserCreate
from usercli.services import users as service

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
pytestmark = on_sqlite


# -- waits


def test_it_waits_for_a_writer_as_long_as_configured_and_not_twice(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERCLI_LOCK_TIMEOUT", "1")
    with held(database.url.database, 60):
        begun = time.monotonic()
        code, out, err = cli("create", "ada@example.com", "--no-password")
        took = time.monotonic() - begun
    assert (code, out) == (5, "")
    assert "is busy: another program holds its lock" in err
    assert 1 <= took < 3


def test_it_says_what_it_waits_for_and_goes_on(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_TOLD_AFTER_SECONDS", 0.6)
    with held(database.url.database, 1.3):
        code, _, err = cli("create", "ada@example.com", "--no-password")
    assert code == 0
    assert err.splitlines()[0] == f"waiting for another program that writes to {database.url.where}"
    assert err.count("waiting") == 1


def test_nothing_is_said_of_a_short_wait(cli: Cli, database: Database) -> None:
    with held(database.url.database, 0.3):
        code, _, err = cli("create", "ada@example.com", "--no-password")
    assert (code, "waiting" in err) == (0, False)


@pytest.mark.process
def test_an_interrupt_is_heard_while_it_waits(environment: Path, database: Database) -> None:
    with held(database.url.database, 60):
        arguments = [sys.executable, "-m", "usercli", "create", "ada@example.com", "--no-password"]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("waiting for another program")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert time.monotonic() - begun < 5
        assert process.stderr.read() == "interrupted\n"


def test_an_upgrade_waits_to_switch_a_file_to_wal(cli: Cli, database: Database) -> None:
    with sqlite3.connect(database.url.database) as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchall() == [("delete",)]
    connection.close()
    with held(database.url.database, 1):
        code, _, err = cli("db", "upgrade")
    assert (code, err.startswith("the schema is already up to date")) == (0, True)
    assert database.rows("PRAGMA journal_mode") == [("wal",)]


def test_a_commit_waits_for_readers_where_there_is_no_wal(cli: Cli, database: Database) -> None:
    with sqlite3.connect(database.url.database) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    connection.close()
    reader = sqlite3.connect(database.url.database, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM users").fetchall()
    timer = threading.Timer(1, reader.rollback)
    timer.start()
    code, _, err = cli("create", "ada@example.com", "--no-password")
    timer.join()
    reader.close()
    assert code == 0, err


# -- a file that was replaced


def test_a_change_of_a_file_that_was_replaced_is_refused(database: Database, sqlite_template: Path) -> None:
    kept = Path(database.url.database).with_name("kept.db")
    os.link(database.url.database, kept)
    uow = UnitOfWork(sessions(open_engine(database.url)))
    with (
        pytest.raises(
            DatabaseUnavailable, match="was replaced or removed while it was in use; nothing was changed"
        ),
        uow,
    ):
        service.create_user(UserCreate(email="ada@example.com"), uow)
        replace(database.url.database, sqlite_template)
        uow.commit()
    assert emails(kept) == emails(database.url.database) == []


def test_a_change_of_a_file_that_was_removed_is_refused(database: Database) -> None:
    uow = UnitOfWork(sessions(open_engine(database.url)))
    with pytest.raises(DatabaseUnavailable, match="was replaced or removed"), uow:
        service.create_user(UserCreate(email="ada@example.com"), uow)
        Path(database.url.database).unlink()
        uow.commit()


def test_a_pool_is_refused_once_and_then_connects_to_the_new_file(
    database: Database, sqlite_template: Path
) -> None:
    kept = Path(database.url.database).with_name("kept.db")
    os.link(database.url.database, kept)
    engine = open_pooled_engine(database.url)
    make = sessions(engine)
    reading = engine.execution_options(**{READ_ONLY: True})
    with reading.connect(), reading.connect(), reading.connect():
        pass  # three are kept
    service.create_user(UserCreate(email="ada@example.com"), UnitOfWork(make))
    replace(database.url.database, sqlite_template)
    with pytest.raises(DatabaseUnavailable, match="was replaced"):
        service.create_user(UserCreate(email="bob@example.com"), UnitOfWork(make))
    for name in ("cem", "dan", "eve"):
        service.create_user(UserCreate(email=f"{name}@example.com"), UnitOfWork(make))
    with reading.connect() as one, reading.connect() as two, reading.connect() as three:
        counts = [each.scalar(text("SELECT count(*) FROM users")) for each in (one, two, three)]
    assert counts == [3, 3, 3]
    engine.dispose()
    assert emails(kept) == ["ada@example.com"]
    assert emails(database.url.database) == ["cem@example.com", "dan@example.com", "eve@example.com"]


@pytest.mark.process
def test_a_batch_of_a_file_that_was_replaced_ends(
    environment: Path, database: Database, sqlite_template: Path
) -> None:
    pipe = environment / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "usercli", "batch", str(pipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with open(pipe, "w") as lines:
        lines.write("create ada@example.com --no-password\n")
        lines.flush()
        until = time.monotonic() + 60
        while not emails(database.url.database):
            assert time.monotonic() < until
            time.sleep(0.05)
        replace(database.url.database, sqlite_template)
        lines.write("create bob@example.com --no-password\n")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 5, err
    assert "was replaced or removed" in out
    assert emails(database.url.database) == []


def test_an_event_loop_s_pool_is_refused_too(database: Database, sqlite_template: Path) -> None:
    async def add(opened: AsyncDatabase, name: str) -> None:
        async with opened.session() as session:
            await session.run(lambda uow: service.create_user(UserCreate(email=f"{name}@example.com"), uow))

    async def play() -> None:
        opened = AsyncDatabase(database.url)
        try:
            await add(opened, "ada")
            replace(database.url.database, sqlite_template)
            with pytest.raises(DatabaseUnavailable, match="was replaced"):
                await add(opened, "bob")
            await add(opened, "cem")
        finally:
            await opened.close()

    asyncio.run(play())
    assert emails(database.url.database) == ["cem@example.com"]


# -- a file that is damaged


@pytest.fixture
def filled(cli: Cli, database: Database, tmp_path: Path) -> bytes:
    """A database with sixty users."""
    file = tmp_path / "people.csv"
    file.write_text("email,full_name\n" + "".join(f"u{number}@example.com,User {number}\n" for number in range(60)))
    assert cli("import", str(file))[0] == 0
    connection = sqlite3.connect(database.url.database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    return Path(database.url.database).read_bytes()


def play(database: Database, data: bytes, commands: Sequence[str]) -> list[tuple[str, tuple[int, str, str]]]:
    """Run each command on a file of its own with this content."""
    found = []
    for number, line in enumerate(commands):
        path = Path(database.url.database).with_name(f"damaged{number}.db")
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
        path.write_bytes(data)
        found.append((line, run_here("--database-url", f"sqlite:///{path}", *line.split())))
    return found


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(damage: Callable[[bytes, Random], bytes], filled: bytes, database: Database) -> None:
    for seed in range(3):
        for line, answer in play(database, damage(filled, Random(seed)), (SEVEN[seed], SEVEN[seed + 2], SEVEN[6])):
            assert is_named(answer), (seed, line, answer)


@pytest.mark.slow
def test_forty_eight_damaged_files_are_named(filled: bytes, database: Database) -> None:
    seed = int(os.environ.get("USERCLI_TEST_SEED", "0")) or time.time_ns() % 1_000_000
    random = Random(seed)
    for number in range(48):
        for line, answer in play(database, DAMAGES[number % 4](filled, random), SEVEN):
            assert is_named(answer), (seed, number, line, answer)


def test_each_kind_of_damage_has_its_words(filled: bytes, database: Database) -> None:
    name = database.url.where.replace("users.db", "damaged0.db")
    not_utf8 = filled.replace(b"User 3", b"Us\xffr 3")
    schema = filled.replace(b"CREATE TABLE users", b"CREATE TABLE \x01sers")
    assert not_utf8 != filled != schema
    [(_, answer)] = play(database, schema, ["list"])
    assert answer == (5, "", f"error: the database file {name} is damaged; restore it from a backup\n")
    [(_, answer)] = play(database, filled[:20000], ["list"])
    assert answer == (5, "", f"error: the database file {name} is damaged; restore it from a backup\n")
    [(_, answer)] = play(database, not_utf8, ["export"])
    said = "is damaged: a text is not UTF-8; restore it from a backup"
    assert answer == (5, "", f"error: the database file {name} {said}\n")


@pytest.mark.parametrize("column", ["attributes", "id"])
@pytest.mark.parametrize("line", ["list -o json", "export"])
def test_a_value_that_cannot_be_read_is_5(
    column: str, line: str, cli: Cli, ada: object, database: Database
) -> None:
    database.rows("PRAGMA foreign_keys=OFF")
    database.rows(f"UPDATE users SET {column} = 'x[y'")
    code, out, err = cli(*line.split())
    if (column, line) == ("id", "export"):
        assert code == 0  # which reads no more than texts
        return
    assert (code, out) == (5, "")
    assert "cannot be read" in err
    assert "restore it from a backup" in err
    assert "x[y" not in err


# -- a file that cannot be written


class _Capabilities(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


@contextmanager
def bound_by_modes() -> Iterator[None]:
    """Root is bound by the modes of files, too, as everybody else is."""
    if os.geteuid() != 0:
        yield
        return
    library = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (_Capabilities * 2)()
    assert library.capget(header, sets) == 0
    before = sets[0].effective
    sets[0].effective = before & ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert library.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0].effective = before
        assert library.capset(header, sets) == 0


@contextmanager
def read_only(database: Database, *, file: bool, folder: bool) -> Iterator[None]:
    path = Path(database.url.database)
    try:
        path.chmod(0o444 if file else 0o644)
        path.parent.chmod(0o555 if folder else 0o755)
        with bound_by_modes():
            yield
    finally:
        path.parent.chmod(0o755)
        path.chmod(0o644)


@pytest.mark.parametrize(("file", "folder"), [(True, False), (False, True), (True, True)])
def test_a_file_that_cannot_be_written_can_be_read(
    file: bool, folder: bool, cli: Cli, database: Database, ada: object
) -> None:
    with read_only(database, file=file, folder=folder):
        for line in ("list -q", "export", "audit verify"):
            code, out, err = cli(*line.split())
            assert code == 0, (line, err)
            assert "ada@example.com" in out or line == "audit verify" or out
        assert cli("db", "check")[0] in {0, 7}  # nobody administers
        for line in ("create bob@example.com --no-password", "update ada@example.com --name X"):
            code, out, err = cli(*line.split())
            assert (code, out) == (5, ""), line
            assert "cannot be written; check its permissions and those of its folder" in err


def test_a_file_is_writable_again_after_it_was_read_only(cli: Cli, database: Database) -> None:
    """SQLite makes the files beside it with its mode, and a connection that may only read leaves them."""
    with read_only(database, file=True, folder=False):
        assert cli("create", "bob@example.com", "--no-password")[0] == 5
    with bound_by_modes():
        assert cli("create", "bob@example.com", "--no-password")[0] == 0


def test_a_file_beside_it_that_cannot_be_written_is_named(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = Path(f"{database.url.database}-shm")
    monkeypatch.setattr(sqlite_file, "let_owner_write", lambda _: None)  # as if another user had made it
    with sqlite3.connect(database.url.database) as holder:
        holder.execute("SELECT count(*) FROM users").fetchall()
        shutil.copyfile(beside, beside.with_suffix(".kept"))
    holder.close()
    beside.with_suffix(".kept").rename(beside)
    beside.chmod(0o444)
    with bound_by_modes():
        _, _, err = cli("create", "bob@example.com", "--no-password")
        _, out, _ = cli("doctor", "-o", "csv")
    assert f"cannot be written, as {beside.name} beside it cannot; give that the owner and mode of the file" in err
    assert f"this process may only read: {beside.name} beside the file cannot be written" in out


def test_changes_that_a_log_holds_are_not_overlooked(
    cli: Cli, database: Database, ada: object, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    writing = sqlite3.connect(database.url.database)
    writing.execute("SELECT count(*) FROM users").fetchall()  # it has the file open, so the log stays
    assert cli("create", "bob@example.com", "--no-password")[0] == 0
    for name in ("users.db", "users.db-wal"):
        shutil.copyfile(Path(database.url.database).with_name(name), folder / name)
    writing.close()
    copied = Database(database_url.sqlite_file(folder / "users.db"), "")
    with read_only(copied, file=True, folder=True):
        code, out, err = run_here("--database-url", f"sqlite:///{folder}/users.db", "list")
    assert (code, out) == (5, "")
    assert "users.db-wal holds changes that are not in it yet; copy both to a folder that can be written" in err


def test_new_files_and_folders_are_private(environment: Path) -> None:
    before = os.umask(0)
    try:
        path = environment / "new" / "folder" / "users.db"
        assert run_here("--database-url", f"sqlite:///{path}", "db", "upgrade")[0] == 0
    finally:
        os.umask(before)
    assert [place.stat().st_mode & 0o777 for place in (path, path.parent, path.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]


# -- a network file system


def test_the_file_system_is_that_of_the_innermost_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_name: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/a / ext4 rw 0 0\nhost:/x /srv/a\\040b nfs4 rw 0 0\n/dev/b /srv/a\\040b/local xfs rw 0 0\n"
    )
    monkeypatch.setattr("usercli.database.mounts._MOUNTS", mounts)
    assert network_file_system(Path("/srv/a b/users.db")) == "nfs4"
    assert network_file_system(Path("/srv/a b/local/users.db")) is None
    assert network_file_system(Path("/srv/a bc/users.db")) is None
    monkeypatch.setattr("usercli.database.mounts._MOUNTS", tmp_path / "none")
    assert network_file_system(Path("/srv/a b/users.db")) is None


def test_on_a_network_file_system_there_is_no_wal_and_one_warning(
    cli: Cli, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "network_file_system", lambda _: "nfs4")
    code, _, err = cli("db", "upgrade")
    assert code == 0
    warned = (
        f"warning: {database.url.where} lies on a network file system (nfs4), where SQLite's locks may not hold"
    )
    assert err.count(warned) == err.count("warning") == 1
    assert database.rows("PRAGMA journal_mode") == [("delete",)]


# -- a full disk


def test_an_import_that_does_not_fit_on_the_disk_is_5(cli: Cli, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("email\n" + "".join(f"user{number}@example.com\n" for number in range(3000)))
    pages = database.rows("PRAGMA page_count")[0][0]

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", limit)
    try:
        code, out, err = cli("import", str(file))
    finally:
        event.remove(Engine, "connect", limit)
    assert (code, out) == (5, ""), err
    assert "full" in err
    assert database.rows("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
@pytest.mark.parametrize(
    ("code", "room", "files", "said"),
    [
        (4874, 4096, 9, "cannot be read or written: the disk is full"),  # SQLITE_IOERR_SHMSIZE
        (14, 1 << 20, 0, "cannot be read or written: the disk is full"),  # SQLITE_CANTOPEN
        (4874, 1 << 20, 9, "cannot be read or written: the disk reports an error"),
    ],
)
def test_a_full_disk_is_named(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    code: int,
    room: int,
    files: int,
    said: str,
) -> None:
    def fails(*_: object) -> bool:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        raise error

    space = SimpleNamespace(f_bavail=room // 4096, f_frsize=4096, f_files=9, f_favail=files)
    with open_engine(database.url).connect() as connection:
        monkeypatch.setattr(os, "statvfs", lambda _: space)
        monkeypatch.setattr(sqlite_file, "_is_done", fails)
        with pytest.raises(DatabaseUnavailable) as caught:
            sqlite_file.wait_for(connection, statement, database.url)
    is_undone = statement != "COMMIT" and said.endswith("full")
    ending = "; nothing was changed" if is_undone else ""
    assert caught.value.message == f"the database file {database.url.where} {said}{ending}"
