"""The files that SQLite makes beside a database in WAL mode: the log, and the memory that programs share."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_SUFFIXES = ("-wal", "-shm")


def side_files(database: str) -> list[Path]:
    """Those that are there."""
    path = Path(database).resolve()
    return [found for suffix in _SUFFIXES if (found := path.with_name(path.name + suffix)).is_file()]


def let_owner_write(database: str) -> None:
    """Make those of this user writable: beside a file that was read-only SQLite makes them so, and leaves them."""
    for path in side_files(database) if os.name == "posix" else ():
        with suppress(OSError):
            found = path.stat()
            if found.st_uid == os.geteuid() and not found.st_mode & stat.S_IWUSR:
                path.chmod(stat.S_IMODE(found.st_mode) | stat.S_IWUSR)


def obstacle(database: str) -> str | None:
    """The name of one that this process cannot write, though it may write the file; None without any."""
    if not may_write(Path(database)):
        return None
    return next((path.name for path in side_files(database) if not may_write(path)), None)


def may_write(path: Path) -> bool:
    """Whether the modes let this process write."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
