"""SQLite files that are damaged, cut or foreign: the error names it, code 5."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from tests.sqlite_faults import DAMAGES, SEVEN, is_named
from tests.torture.bench import Bench, path_of
from tests.torture.table import Row

TITLES = ("damaged or cut SQLite files", "foreign SQLite files")
FOREIGN = {
    "text": b"email,full_name\nada@example.com,Ada\n" * 50,
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "database": b"",
}


def trials(bench: Bench) -> Iterator[Row]:
    filled = content(bench)
    row, commands = bench.row(TITLES[0]), SEVEN[:3:2] if bench.quick else SEVEN
    for number in bench.times(4, 48):
        played(bench, row, DAMAGES[number % 4](filled, bench.chance), commands)
    row.remark = f"{len(commands)} commands on each"
    yield row
    row = bench.row(TITLES[1])
    for name, data in FOREIGN.items():
        played(bench, row, data or other_database(bench), SEVEN[:5:2], foreign=name)
    row.remark = "a text, a picture, another program's database; 3 commands on each"
    yield row


def content(bench: Bench) -> bytes:
    """A database of sixty users, as a file."""
    url = bench.database("sqlite")
    people = bench.folder / "people.csv"
    people.write_text("email,full_name\n" + "".join(f"u{n}@example.com,User {n}\n" for n in range(60)))
    bench.must(url, "import", str(people))
    bench.rows(url, "PRAGMA wal_checkpoint(TRUNCATE)")
    return path_of(url).read_bytes()


def other_database(bench: Bench) -> bytes:
    path = path_of(bench.empty("sqlite"))
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title text)")
    connection.commit()
    connection.close()
    return path.read_bytes()


def played(bench: Bench, row: Row, data: bytes, commands: tuple[str, ...], foreign: str = "") -> None:
    """One trial: each command on a file of its own with this content."""
    bad: list[object] = []
    for line in commands:
        url = bench.empty("sqlite")
        path_of(url).write_bytes(data)
        done = bench.run(url, *line.split())
        answer = done.code, done.out, done.err
        if not (done.code == 5 if foreign else is_named(answer)):
            bad.append((foreign, line, answer))
        if foreign and path_of(url).read_bytes() != data:
            bad.append((foreign, line, "the file was changed"))
        bench.drop(url)
    bench.count(row, not bad, bad)
