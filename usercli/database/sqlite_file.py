"""The file of a SQLite database: how it is opened, waited for, and known to be the same at the commit."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from usercli.database.mounts import network_file_system
from usercli.database.sqlite_errors import damaged
from usercli.database.sqlite_side_files import let_owner_write, may_write
from usercli.database.url import DatabaseUrl
from usercli.database.wait_log import tell
from usercli.errors import DatabaseUnavailable, DiskFull, FileNotCreated
from usercli.private_files import make_private_folder
from usercli.text import similar
from usercli.warning_log import warn

#: Execution option of a connection that only reads: no write lock on SQLite, READ ONLY on PostgreSQL.
READ_ONLY = "usercli_read_only"

#: How long a program waits for another one that writes.
_STEP_SECONDS = 0.5
_PAUSE_SECONDS = 0.05
_TOLD_AFTER_SECONDS = 2.0

_CANNOT_SHARE = frozenset({8, 14})  # SQLITE_READONLY, SQLITE_CANTOPEN
#: How a database begins; and so many files of a folder are looked at for one.
_HEADER = b"SQLite format 3\0"
_MOST_FILES = 1000
_BUSY = 5  # SQLITE_BUSY, the low byte of its extended codes
_IDENTITY = "usercli_file"
#: How `quick_check` begins to tell of rows that break a constraint, after all that is wrong with pages.
_OF_ROWS = ("NULL value in ", "CHECK constraint failed in ")


def create_sqlite_file(url: DatabaseUrl) -> None:
    """Make the file, 0600 in folders of 0700, unless it is there. Raises FileNotCreated."""
    path = Path(url.database)
    try:
        make_private_folder(path.parent)
        # never opened if it is there: closing it again would drop the locks that this process holds on it
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise FileNotCreated(
            f"the database file {url.where} cannot be created: {(error.strerror or 'error').lower()}"
        ) from None


def no_database(url: DatabaseUrl) -> DatabaseUnavailable:
    """What is said where no file is: the databases of the folder with such a name, for the path may be mistyped."""
    path = Path(url.database)
    there = ""
    if not path.parent.is_dir():
        there = ", nor its folder"
    elif near := similar(path.name, _databases_in(path.parent)):
        there = f", but at {', '.join(str(path.with_name(name)) for name in near)}"
    return DatabaseUnavailable(
        f"there is no database at {url.where}{there}; to make a new one, run: usercli db upgrade"
    )


def _databases_in(folder: Path) -> list[str]:
    with suppress(OSError), os.scandir(folder) as found:
        return [entry.name for entry in islice(found, _MOST_FILES) if _is_database(entry)]
    return []


def _is_database(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        if entry.is_file():  # to open a pipe would wait
            with open(entry, "rb") as file:
                return file.read(len(_HEADER)) == _HEADER
    return False


class SqliteFile:
    """The listeners of an engine for one file.

    A file that is put in the place of the one in use would not have what is committed: whoever holds a connection
    to the old one is refused. Once it was told, a pool connects to the new one.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        if not Path(url.database).exists():
            raise no_database(url)
        self._url = url
        self._current = self._identity()
        if kind := network_file_system(Path(url.database)):
            warn(
                f"{url.where} lies on a network file system ({kind}), where SQLite's locks may not hold; "
                "put it on a local disk, or use PostgreSQL"
            )

    def listen(self, engine: Engine) -> None:
        """Open, begin and commit by the rules of this class."""
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "checkout", self._check_out)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "commit", self._commit)

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = Path(self._url.database).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _connect(self, dialect: Any, record: Any, _: Any, options: dict[str, Any]) -> Any:
        # before the file is opened: if it is replaced in between, the commit is refused in vain and loses nothing
        record.info[_IDENTITY] = self._identity()
        if self._is_writable():
            let_owner_write(self._url.database)
            return dialect.connect(self._uri("mode=rw"), **options)  # connecting must not create a file
        return self._connect_to_read(dialect, options)

    def _uri(self, mode: str) -> str:
        return f"file:{quote(os.fsencode(self._url.database))}?{mode}"

    def _beside(self, suffix: str) -> Path:
        path = Path(self._url.database).resolve()
        return path.with_name(path.name + suffix)

    def _is_writable(self) -> bool:
        log = self._beside("-wal")
        return may_write(Path(self._url.database)) and (may_write(log.parent) or may_write(log))

    def _connect_to_read(self, dialect: Any, options: dict[str, Any]) -> Any:
        """A connection to a file that cannot be written, or not its folder. Raises DatabaseUnavailable."""
        connection = dialect.connect(self._uri("mode=ro"), **options)
        try:
            connection.execute("PRAGMA schema_version").close()
        except Exception as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CANNOT_SHARE:
                return connection  # the first statement meets it again
            connection.close()
        else:
            let_owner_write(self._url.database)
            return connection
        for left in (self._beside("-wal"), self._beside("-journal")):
            if left.exists() and left.stat().st_size:
                raise DatabaseUnavailable(
                    f"the database file {self._url.where} cannot be read: {left.name} holds changes that are not "
                    "in it yet; copy both to a folder that can be written"
                )
        # in WAL mode even a reader makes files beside it; nobody writes while there is no log
        return dialect.connect(self._uri("mode=ro&immutable=1"), **options)

    def _check_out(self, connection: Any, record: Any, _: Any) -> None:
        """Whether a connection of a pool leads to the file that has the name now."""
        found = self._identity()
        if record.info[_IDENTITY] == found:
            self._current = found
        elif found == self._current:  # told already
            raise DisconnectionError
        else:
            self._current = found
            raise self._replaced(connection)

    def _replaced(self, connection: Any) -> DatabaseUnavailable:
        """The error; before it what was committed goes from the log to the old file.

        The log is found by its name: SQLite would read it into the new file.
        """
        with suppress(Exception):
            connection.rollback()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return DatabaseUnavailable(
            f"the database file {self._url.where} was replaced or removed while it was in use; nothing was changed"
        )

    def _begin(self, connection: Connection) -> None:
        # A deferred BEGIN that later writes fails at once under WAL ("database is locked" ignores the timeout).
        if connection.get_execution_options().get(READ_ONLY, False):
            connection.exec_driver_sql("BEGIN")
            wait_for(connection, "PRAGMA schema_version", self._url)  # takes the lock that all further reads need
        else:
            wait_for(connection, "BEGIN IMMEDIATE", self._url)

    def _commit(self, connection: Connection) -> None:
        if connection.connection.info[_IDENTITY] != self._identity():
            raise self._replaced(connection.connection.dbapi_connection)
        # without WAL it waits for readers; the driver, which is called next, finds nothing left to commit
        wait_for(connection, "COMMIT", self._url)


def wait_for(connection: Connection, statement: str, url: DatabaseUrl) -> None:
    """Execute a statement once other programs let it, past the engine. Raises domain errors.

    It waits in short steps: a signal is heard only between two calls of SQLite.
    """
    cursor = connection.connection.cursor()
    try:
        begun, is_told = monotonic(), False
        while not _is_done(cursor, statement, begun + url.timeouts.lock):
            if not is_told and monotonic() - begun >= _TOLD_AFTER_SECONDS:
                tell(f"another program that writes to {url.where}")
                is_told = True
    except Exception as error:
        known = connection.engine.get_execution_options()["usercli_translate"](error)
        if known is None:
            raise
        if isinstance(known, DiskFull) and statement != "COMMIT":  # at the commit the log may have the change
            known = DiskFull(f"{known.message}; nothing was changed")
        raise known from None
    finally:
        cursor.close()


def require_undamaged(connection: Connection, url: DatabaseUrl) -> None:
    """Look at the structure of the whole file. Raises DatabaseDamaged."""
    found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    if found != "ok" and not found.startswith(_OF_ROWS):
        raise damaged(url)


def _is_done(cursor: Any, statement: str, until: float) -> bool:
    """One step; it does not wait past the end. False while another program holds the lock."""
    begun = monotonic()
    left = until - begun
    try:
        if left < _STEP_SECONDS:
            cursor.execute(f"PRAGMA busy_timeout={max(0.0, left) * 1000:.0f}")
        cursor.execute(statement)
    except Exception as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != _BUSY or left <= 0:
            raise
        if monotonic() - begun < _PAUSE_SECONDS:  # some statements do not wait by themselves
            sleep(_PAUSE_SECONDS)
        return False
    finally:
        if left < _STEP_SECONDS:
            cursor.execute(f"PRAGMA busy_timeout={_STEP_SECONDS * 1000:.0f}")
    return True


def set_journal_mode(connection: Connection, url: DatabaseUrl) -> None:
    """WAL, or what a network file system can do: WAL needs memory that all programs share."""
    mode = "DELETE" if network_file_system(Path(url.database)) else "WAL"
    wait_for(connection, f"PRAGMA journal_mode={mode}", url)


def connect_options() -> dict[str, Any]:
    """What the driver is given besides the file."""
    return {"timeout": _STEP_SECONDS, "isolation_level": None, "check_same_thread": False, "uri": True}


def _prepare(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON").close()
