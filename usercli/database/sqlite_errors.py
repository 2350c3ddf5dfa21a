"""From an error of SQLite's driver to a domain error, by its code and, where that says little, by its words."""

from __future__ import annotations

import os
import re
from pathlib import Path

from usercli.database.sqlite_side_files import obstacle
from usercli.database.statement_errors import missing_column
from usercli.database.url import DatabaseUrl
from usercli.errors import (
    Conflict,
    DamagedRow,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseUnavailable,
    DiskFull,
    InvalidInput,
    Refused,
    SchemaNotCurrent,
    UserCliError,
)

RESTORE = "restore it from a backup"
_DAMAGED = f"is damaged; {RESTORE}"
#: By SQLite's primary result code.
_BY_CODE = {
    3: "cannot be read or written; check its permissions",  # SQLITE_PERM
    5: "is busy: another program holds its lock; try again later",  # SQLITE_BUSY
    6: "is busy: another program holds its lock; try again later",  # SQLITE_LOCKED
    7: "cannot be read: there is not enough memory",  # SQLITE_NOMEM
    8: "cannot be written; check its permissions and those of its folder",  # SQLITE_READONLY
    9: "was not read to the end: the statement was interrupted",  # SQLITE_INTERRUPT
    10: "cannot be read or written: the disk reports an error",  # SQLITE_IOERR
    11: _DAMAGED,  # SQLITE_CORRUPT
    13: "cannot grow: the disk is full; nothing was changed",  # SQLITE_FULL
    14: "cannot be opened; check that it is a file, and its permissions",  # SQLITE_CANTOPEN
    15: "is busy: another program holds its lock; try again later",  # SQLITE_PROTOCOL
    22: "is larger than this system allows",  # SQLITE_NOLFS
    24: _DAMAGED,  # SQLITE_FORMAT
    26: "is not a SQLite database, or is damaged; check the path, or restore it from a backup",  # SQLITE_NOTADB
}
#: The errors of those that are told apart.
_KINDS: dict[int, type[DatabaseUnavailable]] = {
    **dict.fromkeys((5, 6, 15), DatabaseLocked),
    **dict.fromkeys((10, 11, 24, 26), DatabaseDamaged),
}
#: Where SQLAlchemy makes Python's values of stored ones.
_READS_ROWS = ("sqlalchemy.engine.result", "sqlalchemy.engine._result_cy", "sqlalchemy.orm.loading")
#: SQLITE_IOERR and SQLITE_CANTOPEN: it makes files beside a database, also to read it.
_OF_FULL_DISK = frozenset({10, 14})
#: The least room that the memory needs which programs share, and as much for the log.
_ROOM = 1 << 16
_READONLY = 8  # SQLITE_READONLY
_CONSTRAINT = 19  # SQLITE_CONSTRAINT
_MOVED = 1032  # SQLITE_READONLY_DBMOVED
#: Of errors with the code SQLITE_ERROR, or with none, which the driver raises itself.
_DAMAGE = re.compile("malformed|unsupported file format|corrupt", re.IGNORECASE)
_NAME = re.compile(r"constraint failed: ([\w.]+)")
_LOG = "the audit log refuses the change: it is append-only; run: usercli audit verify"
_BEHIND = "the schema of {where} is not complete; run: usercli db check"
_EXISTS = "a table or index of this name exists already; this is not a usercli database"


def sqlite_error(original: BaseException, url: DatabaseUrl) -> UserCliError | str:
    """The domain error, or the name of the constraint that was violated."""
    text = str(original)
    if "constraint failed" in text:
        return _constraint(text)
    if isinstance(original, UnicodeDecodeError) or text.startswith("Could not decode to UTF-8"):
        # of one row: what reads on behind it, as a check of the audit log, does so
        return DamagedRow(
            f"the database file {url.where} is damaged: a text is not UTF-8; restore it from a backup"
        )
    if _DAMAGE.search(text):
        return damaged(url)
    code = getattr(original, "sqlite_errorcode", 0)
    if code == _MOVED:
        return _of_file(url, "was replaced or removed while it was in use; nothing was changed")
    if code & 0xFF == _READONLY and (name := obstacle(url.database)):
        return _of_file(
            url, f"cannot be written, as {name} beside it cannot; give that the owner and mode of the file"
        )
    if code & 0xFF in _OF_FULL_DISK and _is_full(url):
        return _of_file(url, "cannot be read or written: the disk is full", DiskFull)
    if reason := _BY_CODE.get(code & 0xFF):
        return _of_file(url, reason, _KINDS.get(code & 0xFF, DatabaseUnavailable))
    if text.endswith("already exists"):
        return Conflict(_EXISTS)
    if code & 0xFF == _CONSTRAINT and "audit_events" in text:  # of a trigger
        return DatabaseUnavailable(_LOG)
    if "no such table" in text:
        return SchemaNotCurrent(_BEHIND.format(where=url.where))
    if "no such column" in text or "has no column named" in text:
        return missing_column(text, url)
    name = getattr(original, "sqlite_errorname", type(original).__name__)
    return _of_file(
        url, f"gives an unexpected error ({name}); if it comes again, restore it from a backup", DatabaseDamaged
    )


def unreadable_row(error: BaseException, url: DatabaseUrl) -> UserCliError | None:
    """The error for a stored value that SQLAlchemy could not decode; None for any other error."""
    trace = error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__")).startswith(_READS_ROWS):
            what = "holds a value that cannot be read: it is damaged, or another program wrote it"
            return DamagedRow(f"the database file {url.where} {what}; {RESTORE}")
        trace = trace.tb_next
    return None


def _is_full(url: DatabaseUrl) -> bool:
    try:
        system = os.statvfs(Path(url.database).resolve().parent)
    except (OSError, AttributeError):  # no POSIX system
        return False
    return system.f_bavail * system.f_frsize < _ROOM or (system.f_files > 0 and system.f_favail == 0)


def damaged(url: DatabaseUrl) -> DatabaseDamaged:
    """The error for a file whose structure is broken."""
    return DatabaseDamaged(f"the database file {url.where} {_DAMAGED}")


def _of_file(
    url: DatabaseUrl, reason: str, kind: type[DatabaseUnavailable] = DatabaseUnavailable
) -> DatabaseUnavailable:
    return kind(f"the database file {url.where} {reason}")


def _constraint(text: str) -> UserCliError | str:
    if text.startswith("NOT NULL constraint failed: "):
        return InvalidInput(f"the database refused the change: no value for {text.rpartition('.')[2]}")
    if text == "FOREIGN KEY constraint failed":
        return Refused("rows of other tables refer to what would be removed")
    found = _NAME.search(text)
    return found[1] if found else ""
