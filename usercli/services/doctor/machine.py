"""Checks without a database: configuration, libraries, encoding of the environment, disk space."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from usercli.config import PREFIX, Setting, Settings
from usercli.errors import UserCliError
from usercli.passwords import PasswordHasher
from usercli.services.doctor.file_modes import file_modes
from usercli.services.doctor.findings import Check, Finding, fail, not_checked, ok, warn
from usercli.services.password_rules import configured_hasher
from usercli.text import visible

_LIBRARIES = ("passlib", "bcrypt", "argon2-cffi", "sqlalchemy", "psycopg")
_MIB = 1 << 20
_LEAST, _LITTLE = 32 * _MIB, 256 * _MIB
_FEW_FILES = 100


def configuration(settings: Settings) -> Iterator[Finding]:
    """Can every setting be read, and where do those come from that are not the default?"""
    see = "see: usercli config show"
    try:
        shown = settings.shown()
    except UserCliError as error:
        yield fail(error.message, "mend what it names; where the configuration file is: usercli config path")
        return
    try:
        configured_hasher(settings).require_pepper()
    except UserCliError as error:
        yield fail(error.message, see)
        return
    in_file = "mend it in the file that this names: usercli config path"
    wrong = [warn(mistake.message, in_file) for mistake in settings.profiles.mistakes.values()]
    target = settings.target
    if target.url.ignored:
        ignored = ", ".join(target.url.ignored)
        wrong.append(warn(f"options of the database URL ({target.source}) that usercli ignores: {ignored}", see))
    if settings.environ.get(f"{PREFIX}UNSAFE") == "1":
        wrong.append(warn(f"{PREFIX}UNSAFE is set, which is for tests", "unset it"))
    blocklist = settings.blocklist
    if blocklist and not Path(blocklist).is_file():
        wrong.append(fail(f"there is no file {visible(blocklist)}, which blocklist names", see))
    yield from wrong or [ok("; ".join(_sources(shown)))]


def _sources(shown: list[Setting]) -> Iterator[str]:
    for setting in shown:
        if setting.name in {"database_url", "config_file"} or setting.source != "default":
            yield f"{setting.name} = {setting.value} ({setting.source})"


def libraries(_: Settings) -> Iterator[Finding]:
    """Which versions are in use, and do they make hashes that they verify?"""
    said = f"Python {sys.version.split()[0]}, {', '.join(_versions())}"
    hasher = PasswordHasher("bcrypt", 4)
    try:
        works = (
            hasher.verify("horse", hasher.hash("horse")).ok and not hasher.verify("house", hasher.hash("horse")).ok
        )
    except Exception:  # of whatever release of these libraries
        works = False
    if works:
        yield ok(said)
    else:
        yield fail(f"these versions hash no password that they verify: {said}", "install usercli again")


def _versions() -> Iterator[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {installed(name)}"
        except PackageNotFoundError:
            if name != "argon2-cffi":  # an extra
                yield f"{name} (version unknown)"


def locale(settings: Settings) -> Iterator[Finding]:
    """Do arguments and output have every character?"""
    wrong = []
    if (name := sys.getfilesystemencoding().lower()) != "utf-8":
        said = f"the encoding of the environment is {name}: characters that it lacks are shown as escapes"
        wrong.append(warn(said, "set LC_ALL=C.UTF-8"))
    given = settings.environ.get("PGCLIENTENCODING", "")
    if given and given.upper().replace("-", "") not in {"UTF8", "UNICODE", "AUTO"}:
        said = f"PGCLIENTENCODING is {visible(given)}: usercli ignores it, psql and pg_dump do not"
        wrong.append(warn(said, "unset PGCLIENTENCODING"))
    yield from wrong or [ok("UTF-8")]


def disk_space(settings: Settings) -> Iterator[Finding]:
    """Is there room for what is written here: the SQLite file, and temporary files?"""
    places = {"temporary files": Path(tempfile.gettempdir())}
    needed = _LITTLE
    try:
        url = settings.target.url
    except UserCliError:  # told by another check
        url = None
    if url is not None and url.engine == "sqlite":
        file = Path(url.database)
        places = {"the database": file.parent, **places}
        needed = max(needed, 2 * file.stat().st_size if file.is_file() else 0)
    found = [_room(what, place, needed if what == "the database" else _LITTLE) for what, place in places.items()]
    wrong = [item for item in found if item.state != "ok"]
    yield from wrong or [ok("; ".join(item.said for item in found))]


def _room(what: str, place: Path, needed: int) -> Finding:
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        system = os.statvfs(place)
    except OSError as error:
        return not_checked(f"room for {what} in {visible(str(place))}: {(error.strerror or 'error').lower()}")
    free = system.f_bavail * system.f_frsize
    said = f"{free // _MIB:,} MiB free for {what} in {visible(str(place))}"
    if free < _LEAST:
        return fail(said, "free some space: no change can be written")
    if system.f_files and system.f_favail < _FEW_FILES:
        return fail(
            f"{system.f_favail:,} more files can be made for {what} in {visible(str(place))}", "remove some"
        )
    if free < needed:
        return warn(said, "free some space")
    return ok(said)


CHECKS = (
    Check("configuration", configuration),
    Check("file-modes", file_modes),
    Check("disk-space", disk_space),
    Check("libraries", libraries),
    Check("locale", locale),
)
