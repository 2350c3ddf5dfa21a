"""Files that hold personal data: private from the start, whatever the umask, and never through a link or a pipe."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from usercli.errors import InvalidInput, UserCliError
from usercli.text import visible

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def make_private_folder(path: Path) -> None:
    """Make the folder and those above it that are missing, each 0700. Raises OSError.

    `mkdir(parents=True)` would give the folders above the mode of the umask.
    """
    for folder in [*reversed(path.parents), path]:
        if not folder.is_dir():
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                if not folder.is_dir():  # a file; else somebody was faster
                    raise NotADirectoryError(20, "not a directory", str(folder)) from None


def read_private(path: Path, what: str, most: int = 4096) -> bytes:
    """The bytes of a file that nobody else may read or write. Raises InvalidInput, also if it is empty."""
    shown = visible(str(path))
    try:
        with open(path, "rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise InvalidInput(f"others can read {what} in {shown}; run: chmod 600 {shown}")
            data = source.read(most + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {what} in {shown}: {(error.strerror or 'error').lower()}") from None
    if not data.strip() or len(data) > most:
        raise InvalidInput(
            f"{what} in {shown} is {'longer than ' + str(most) + ' bytes' if data.strip() else 'empty'}"
        )
    return data


def write_error(path: str | Path, error: OSError) -> UserCliError:
    """The error that says that a file cannot be written, and why."""
    return UserCliError(f"cannot write {path}: {(error.strerror or 'error').lower()}")


def _require_name(path: str | Path) -> None:
    """Raise InvalidInput for `-`, which means a stream wherever one is taken."""
    if path == "-":
        raise InvalidInput("- is a stream, and a file is written here; name the file")


@contextmanager
def replace_atomically(path: str | Path, *, must_be_new: bool = False) -> Iterator[BinaryIO]:
    """Write a file, 0600, under a name of its own and put it in its place when it is complete and on disk.

    A link at the place is replaced, never followed. Raises UserCliError, and FileExistsError if it must be new.
    """
    _require_name(path)
    place = Path(path)
    if must_be_new and os.path.lexists(place):
        raise FileExistsError(errno.EEXIST, "file exists", str(path))
    partial = place.parent / f".usercli.{os.urandom(8).hex()}.partial"
    try:
        if _is_special(place):
            raise UserCliError(f"cannot write {path}: it is not a regular file")
        with os.fdopen(os.open(partial, _NEW, 0o600), "wb", buffering=1 << 20) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        _put_in_place(partial, place, must_be_new=must_be_new)
    except FileExistsError:
        raise
    except OSError as error:
        raise write_error(path, error) from None
    finally:
        with suppress(OSError):  # where it could not be made
            partial.unlink()


def _is_special(place: Path) -> bool:
    """Whether a device, a pipe or a link to one is there, or a link to an open file such as /dev/stdout."""
    if place.is_symlink() and str(place.readlink()).startswith("/proc/"):
        return True
    return place.exists() and not place.is_file()


def _put_in_place(partial: Path, place: Path, *, must_be_new: bool) -> None:
    """Give a complete file its name. Raises OSError."""
    is_reserved = False
    try:
        if must_be_new:  # a rename would replace what somebody put there meanwhile
            os.close(os.open(place, _NEW, 0o600))
            is_reserved = True
        partial.replace(place)
    except BaseException:
        if is_reserved and partial.exists():
            place.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)


def create_file(path: str | Path) -> int:
    """A descriptor that writes a new file, 0600. Raises FileExistsError if anything is there, OSError."""
    _require_name(path)
    return os.open(path, _NEW, 0o600)


def reopen_file(path: str | Path) -> int:
    """A descriptor that reads and writes a file that an earlier run began, from now on 0600. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would wait for its other end
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        os.fchmod(descriptor, 0o600)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def sync_folder(folder: str | Path) -> None:
    """Put the names in a folder on disk, where that is possible. Raises OSError."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # one may write into it and not list it
        return
    try:
        os.fsync(descriptor)
    except OSError as error:  # as PostgreSQL's fsync_fname
        if error.errno not in {errno.EBADF, errno.EINVAL}:
            raise
    finally:
        os.close(descriptor)
