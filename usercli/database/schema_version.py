"""The revisions of the schema and how they follow each other, without Alembic.

They are read from their files, so that a new file is known as soon as it lies there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from usercli.errors import DatabaseUnavailable, SchemaNotCurrent

VERSION_TABLE = "alembic_version"
#: What the setting may call it.
VERSION_TABLES = (VERSION_TABLE, "usercli_version")

_HEADER_LENGTH = 4096  # of a revision's file: docstring, imports, and the names
_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*= *(\([^)]*\)|[^#\n]+)", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']+)["']""")


def folder() -> Path:
    """The migrations: inside the installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent.parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "alembic"


def revisions() -> dict[str, tuple[str, ...]]:
    """Every revision, and those that it follows: none, one, or several where it merges heads."""
    found = {}
    with suppress(FileNotFoundError), os.scandir(folder() / "versions") as files:
        for file in files:
            if file.name.endswith(".py"):
                revision, follows = _named_in(file.path, file.stat().st_mtime_ns)
                if revision:
                    found[revision[0]] = follows
    return found


@lru_cache(maxsize=256)  # a batch asks for each command
def _named_in(
    path: str,
    changed: int,  # noqa: ARG001 - a file that was changed since is read again
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The revision of a file and those that it follows; `changed` is the file's time in nanoseconds."""
    with open(path, encoding="utf-8") as file:
        header = file.read(_HEADER_LENGTH)
    named = {name: tuple(_QUOTED.findall(value)) for name, value in _ASSIGNED.findall(header)}
    return named.get("revision", ()), named.get("down_revision", ())


def lineage(start: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> set[str]:
    """These revisions and all that they follow."""
    found: set[str] = set()
    pending = list(start)
    while pending:
        revision = pending.pop()
        if revision not in found:
            found.add(revision)
            pending += known[revision]
    return found


def head() -> str:
    """The newest revision. Raises SchemaNotCurrent where there are several, DatabaseUnavailable where none is."""
    known = revisions()
    heads = sorted(known.keys() - {name for follows in known.values() for name in follows})
    if not heads:
        raise DatabaseUnavailable(f"there are no migrations in {folder()}; install usercli again")
    if len(heads) > 1:
        raise SchemaNotCurrent(_several(heads, known))
    return heads[0]


def _several(heads: list[str], known: Mapping[str, tuple[str, ...]]) -> str:
    first, second = lineage(heads[-2:-1], known), lineage(heads[-1:], known)
    start = min(name for name in second - first if first.issuperset(known[name]))
    return (
        f"the migrations have {len(heads)} heads: {', '.join(heads)}; "
        f'make one follow the other: set down_revision = "{heads[-2]}" in the file of {start}'
    )


def steps_behind(found: Iterable[str]) -> int | None:
    """How many revisions a database at `found` lacks; None when it is at one that is not known."""
    known, at = revisions(), set(found)
    return len(known.keys() - lineage(at, known)) if at <= known.keys() else None
