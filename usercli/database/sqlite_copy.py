"""A copy of a SQLite database beside it, kept until its migration has succeeded."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from usercli.database.url import DatabaseUrl
from usercli.errors import DatabaseUnavailable
from usercli.private_files import create_file, sync_folder
from usercli.text import visible

Way = Literal["upgrade", "downgrade"]

_PAGES = 1024  # between two looks at signals


@contextmanager
def copy_until_done(url: DatabaseUrl, way: Way, on_kept: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """What copies the file before a migration to a revision. `on_kept` gets the copy's name if that fails."""
    made: list[Path] = []

    def copy(revision: str) -> None:
        made.append(_copy(url, _place(url, revision), way))

    try:
        yield copy
    except BaseException:
        for place in made:
            on_kept(visible(str(place)))
        raise


def remove_copies(url: DatabaseUrl, revisions: Iterable[str]) -> None:
    """Take away what earlier migrations to these revisions left, whole or in part; what cannot be removed stays."""
    for revision in revisions:
        place = _place(url, revision)
        with suppress(OSError):
            place.unlink()
        _remove_partial(place)


def kept_copies(url: DatabaseUrl, revisions: Iterable[str]) -> Iterator[str]:
    """Of each copy that a migration to one of these revisions has beside the file: a sentence that names it."""
    if url.engine != "sqlite":
        return
    for revision in sorted(revisions):
        place = _place(url, revision)
        if place.is_file():
            yield (
                f"a migration to {revision} has not ended; "
                f"a copy of the database as it was before is kept: {visible(str(place))}"
            )


def _place(url: DatabaseUrl, revision: str) -> Path:
    return Path(f"{url.database}.before-{revision}")


def _copy(url: DatabaseUrl, place: Path, way: Way) -> Path:
    """Copy what is committed, 0600; under the name is a whole copy or none. Raises DatabaseUnavailable."""
    partial = Path(f"{place}.partial")
    try:
        _remove_partial(place)
        os.close(create_file(partial))
        file = f"file:{quote(os.fsencode(url.database))}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as source, closing(sqlite3.connect(partial)) as target:
            target.execute("PRAGMA journal_mode=OFF").close()
            source.backup(target, pages=_PAGES, progress=_between)
        _sync(partial)
        partial.replace(place)
        sync_folder(place.parent)
    except BaseException as error:
        _remove_partial(place)
        if not isinstance(error, OSError | sqlite3.Error):
            raise
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DatabaseUnavailable(
            f"the database cannot be copied to {visible(str(place))} before the {way}: "
            f"{(reason or 'error').lower()}; nothing was changed"
        ) from None
    return place


def _between(*_: int) -> None:
    """Called after each step: Python hears signals only then."""


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_partial(place: Path) -> None:
    with suppress(OSError):
        Path(f"{place}.partial").unlink()
