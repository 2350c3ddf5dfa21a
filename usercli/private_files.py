"""Files that hold personal data: private from the start, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from usercli.errors import UserCliError


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


@contextmanager
def replace_atomically(path: str) -> Iterator[BinaryIO]:
    """Write a file, 0600, beside its place and put it there when it is complete. Raises UserCliError."""
    place = Path(path)
    if place.exists() and not place.is_file():  # a device or a pipe would become a file
        raise UserCliError(f"cannot write {path}: it is not a regular file")
    partial = place.with_name(f"{place.name}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UserCliError(f"cannot write {path}: {(error.strerror or 'error').lower()}") from None
    try:
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        partial.replace(place)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserCliError(f"cannot write {path}: {(error.strerror or 'error').lower()}") from None
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
