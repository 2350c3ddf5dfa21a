"""Who may read and change the files that hold passwords and hashes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from usercli.config import Settings
from usercli.errors import UserCliError
from usercli.services.doctor.findings import Finding, fail, not_checked, ok, warn
from usercli.text import visible

_OTHERS_READ, _OTHERS_WRITE = 0o044, 0o022


def file_modes(settings: Settings) -> Iterator[Finding]:
    """Are the files of usercli its owner's alone?"""
    if os.name != "posix":
        yield not_checked("this system has no modes of files")
        return
    found: list[tuple[Path, str]] = []
    rest = []
    try:
        found += _files_of_settings(settings)
        found += _files_of_database(settings)
    except UserCliError:  # told by another check
        rest = [not_checked("the files of the database, which the settings do not tell")]
    wrong = [finding for path, holds in found for finding in _look(path, holds)]
    if not wrong and (found or not rest):
        wrong = [ok(", ".join(visible(str(path)) for path, _ in found) or "there are no files yet")]
    yield from [*wrong, *rest]


def _files_of_settings(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Those that are there, and what they hold that is nobody else's business."""
    for path, values in ((settings.path, _values), (settings.dotenv_path, lambda found: found.dotenv)):
        if path.is_file():
            try:
                holds = "a password" if _has_password(values(settings)) else ""
            except UserCliError:
                holds = "perhaps a secret"
            yield path, holds


def _files_of_database(settings: Settings) -> Iterator[tuple[Path, str]]:
    url = settings.target.url
    if url.engine == "sqlite":
        if (file := Path(url.database)).is_file():  # those beside it get its mode from SQLite
            yield file, "hashes"
            yield file.parent, ""
        return
    named = dict(url.query).get("passfile") or settings.environ.get("PGPASSFILE")
    try:
        passfile = Path(named) if named else Path("~/.pgpass").expanduser()
    except RuntimeError:  # no home folder
        return
    if passfile.is_file():
        yield passfile, "passwords (libpq ignores it unless it is private)"


def _values(settings: Settings) -> dict[str, Any]:
    """The URLs of the profiles, by name."""
    sections = settings.file.get("profiles", {})
    sections = sections if isinstance(sections, dict) else {}
    return {name: section.get("url") for name, section in sections.items() if isinstance(section, dict)}


def _has_password(values: Mapping[str, Any]) -> bool:
    for name, value in values.items():
        if "PASSWORD" in name and value:
            return True
        if isinstance(value, str) and "://" in value:
            try:
                parts = urlsplit(value)
            except ValueError:
                continue
            if parts.password or "password=" in parts.query:
                return True
    return False


def _look(path: Path, holds: str) -> Iterator[Finding]:
    shown = visible(str(path))
    try:
        found = path.stat()
    except OSError as error:
        yield not_checked(f"{shown}: {(error.strerror or 'error').lower()}")
        return
    mode = stat.S_IMODE(found.st_mode)
    is_folder = stat.S_ISDIR(found.st_mode)
    do = f"run: chmod {'700' if is_folder else '600'} {quote(shown)}"
    if mode & stat.S_IWOTH and not (is_folder and mode & stat.S_ISVTX):
        yield fail(f"everybody may change {shown} (mode {mode:04o})", do)
    elif mode & _OTHERS_READ and "password" in holds:
        yield fail(f"others may read {shown} (mode {mode:04o}), which holds {holds}", do)
    elif mode & _OTHERS_READ and holds:
        yield warn(f"others may read {shown} (mode {mode:04o}), which holds {holds}", do)
    elif mode & _OTHERS_WRITE and not is_folder:
        yield warn(f"a group may change {shown} (mode {mode:04o})", do)
