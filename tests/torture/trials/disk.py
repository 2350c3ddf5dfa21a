"""A disk that is full: one line, no cut file, no half change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.torture.bench import Bench, NotRun, path_of
from tests.torture.table import Row
from tests.torture.trials.damage import content

TITLES = ("`export` onto a full disk", "`import` into SQLite on a full disk")


def trials(bench: Bench) -> Iterator[Row]:
    if os.geteuid():
        raise NotRun("only root can make a small disk")
    url = bench.database("sqlite")
    path_of(url).write_bytes(content(bench))
    row = bench.row(TITLES[0])
    for _ in bench.times(1, 10):
        with small_disk(bench, kilobytes=4) as folder:
            done = bench.run(url, "export", str(folder / "users.csv"))
            left = sorted(place.name for place in folder.iterdir())
            bench.count(row, is_told(done.code, done.err) and not left, (done, left))
    row.remark = "no file is left behind"
    yield row
    row = bench.row(TITLES[1])
    many = bench.folder / "too_many.csv"
    many.write_text("email\n" + "".join(f"many{n}@example.com\n" for n in range(20_000)))
    for _ in bench.times(1, 10):
        with small_disk(bench, kilobytes=1024) as folder:
            inside = f"sqlite:///{folder / 'users.db'}"
            bench.must(inside, "db", "upgrade")
            done = bench.run(inside, "import", str(many))
            users = bench.number(inside, "SELECT count(*) FROM users")
            whole = bench.rows(inside, "PRAGMA integrity_check") == [("ok",)] and bench.is_whole(inside)
            held = is_told(done.code, done.err) and whole and bench.run(inside, *NEXT).code == 0
            bench.count(row, held, done, lost=users != 0)
    row.remark = "nothing was imported, and the next change works"
    yield row


NEXT = ("create", "ada@example.com", "--no-password")


def is_told(code: int, err: str) -> bool:
    return code in {1, 5} and "unexpected" not in err and ("full" in err or "no space left" in err)


@contextmanager
def small_disk(bench: Bench, *, kilobytes: int) -> Iterator[Path]:
    folder = bench.folder / bench.name()
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        raise NotRun("file systems cannot be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
