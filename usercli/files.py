"""Files that hold personal data: private from the start, whatever the umask."""

from __future__ import annotations

from pathlib import Path


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
