"""What may happen to a SQLite file: others hold its lock, replace it, or damage it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random


@contextmanager
def held(path: str | Path, seconds: float) -> Iterator[None]:
    """Another program has the write lock, until some seconds from now or the end of the block."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(seconds, connection.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        connection.close()


def replace(path: str | Path, template: Path) -> None:
    """Another file gets the name, as from a restored backup."""
    other = Path(path).with_name("other.db")
    shutil.copyfile(template, other)
    other.rename(path)


def emails(path: str | Path) -> list[str]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT email FROM users ORDER BY email")]
    connection.close()
    return found


#: Commands that meet a damaged file.
SEVEN = (
    "list",
    "show u3@example.com",
    "create new@example.com --no-password",
    "export",
    "audit verify",
    "db check",
    "db upgrade",
)


def flipped(data: bytes, random: Random) -> bytes:
    found = bytearray(data)
    for place in random.sample(range(len(data)), 40):
        found[place] = random.randrange(256)
    return bytes(found)


def cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(1, len(data))]


def blanked(data: bytes, random: Random) -> bytes:
    """As if one block of the disk had been lost."""
    start = 4096 * random.randrange(len(data) // 4096)
    return data[:start] + bytes(4096) + data[start + 4096 :]


def without_header(data: bytes, random: Random) -> bytes:
    return random.randbytes(random.randrange(1, 100)) + data[100:]


DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (flipped, cut, blanked, without_header)


def is_named(answer: tuple[int, str, str]) -> bool:
    """It worked, the check of the log or of the schema found it, or the error says what is wrong and what to do."""
    code, _, err = answer
    if code in {0, 7}:
        return True
    if code == 5:
        return "damaged" in err or "gives an unexpected error" in err or "is not complete" in err
    # a value of a row that was well formed and is another one now
    return (code, "no such user" in err) == (3, True) or "(docs/table.md)" in err or "would leave rows" in err
