"""Commands killed at a random moment: all or nothing is there, and the chain of the log is whole."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from tests import canary, released_schemas
from tests.torture.bench import ENGINES, Bench, Engine, path_of
from tests.torture.table import Row

IMPORTED = 5_000
#: The oldest schema whose database is kept, filled.
FIRST = sorted(file.name for file in released_schemas.FOLDER.glob("*.sql"))[0].partition(".")[0]


@dataclass(frozen=True)
class Kind:
    """A command line, on a database of some users; `{name}` stands for a file, a change or the database.

    Those that migrate are run again after a kill, and must end in the same state.
    """

    line: str
    revision: str = ""
    migrates: bool = False


KINDS = {
    "create": Kind("create zoe@example.com --no-password"),
    "update": Kind("update ada@example.com bob@example.com --name New"),
    "import": Kind("import {users}"),
    "apply": Kind("apply {desired} --yes"),
    "undo": Kind("undo {change} --yes"),
    "upgrade": Kind("db upgrade", FIRST, migrates=True),
    "downgrade": Kind("db downgrade base --confirm {database}", migrates=True),
}
TITLES = tuple(f"`kill -9` in {kind}" for kind in KINDS)


def trials(bench: Bench) -> Iterator[Row]:
    users, desired = bench.folder / "users.csv", bench.folder / "desired.json"
    for file in (users, desired):
        file.touch(0o600)
    rows = "".join(f"many{n}@example.com,{canary.HASH}\n" for n in range(IMPORTED))
    users.write_text(f"email,hashed_password\n{rows}")
    wanted = [{"email": f"staff{number}@example.com"} for number in range(200)]
    desired.write_text(json.dumps({"name": "staff", "users": wanted}))
    files = {"users": str(users), "desired": str(desired)}
    templates = {engine: filled(bench, engine) for engine in ENGINES}
    for number, (title, kind) in enumerate(zip(TITLES, KINDS.values(), strict=True)):
        row = bench.row(title)
        ended = {"nothing": 0, "all": 0, "a part": 0}
        engines = ENGINES[number % 2 :][:1] if bench.quick else ENGINES
        for engine in engines:
            source, change = templates[engine]
            killed(Ground(bench, kind, engine, source, {**files, "change": change}), row, ended)
        where = "one engine" if bench.quick else "both engines"
        row.remark = f"{where}; {ended['nothing']} times nothing was done, {ended['all']} times all of it"
        if kind.migrates:
            row.remark += "; run again, all of it"
        yield row


def filled(bench: Bench, engine: Engine) -> tuple[str, str]:
    """The URL of a database of a few users, and a change that can be undone."""
    url = bench.database(engine)
    for email in ("ada@example.com", "bob@example.com"):
        bench.must(url, "create", email, "--no-password")
    out = bench.must(url, "update", "ada@example.com", "bob@example.com", "--name", "Old", "-o", "json").out
    change = re.search(r'"change_id": *"([^"]+)"', out)
    assert change is not None
    bench.left_alone(url)
    return url, change[1]


@dataclass(frozen=True)
class Ground:
    """Where a kind is tried: on new databases with the same content."""

    bench: Bench
    kind: Kind
    engine: Engine
    source: str
    values: dict[str, str]

    def fresh(self) -> tuple[str, list[str]]:
        """The URL of such a database, and the words of the command line."""
        if self.kind.revision:
            url = self.bench.empty(self.engine)
            place = str(path_of(url)) if self.engine == "sqlite" else self.bench.plain(url)
            released_schemas.load(self.kind.revision, self.engine, place)
        else:
            url = self.bench.copy(self.source)
        name = url.rpartition("/")[2]
        return url, [part.format(**self.values, database=name) for part in self.kind.line.split()]


def killed(ground: Ground, row: Row, ended: dict[str, int]) -> None:
    bench, migrates = ground.bench, ground.kind.migrates
    url, line = ground.fresh()
    before = bench.state(url)
    takes = bench.must(url, *line).seconds
    after = bench.state(url)
    assert before != after
    bench.drop(url)
    for _ in bench.times(1, 50):
        url, line = ground.fresh()
        started = bench.start(url, *line)
        started.signal_at(bench.chance.uniform(0.3, 1.1) * takes, signal.SIGKILL)
        done = bench.end(started)
        alone = bench.left_alone(url)
        found = bench.state(url)
        ended["all" if found == after else "nothing" if found == before else "a part"] += 1
        whole = found == after or (found == before and done.code != 0)
        if migrates:
            whole = bench.run(url, *line).code == 0 and bench.state(url) == after and whole
            bench.run(url, "db", "upgrade")
        held = done.code in {0, -signal.SIGKILL} and alone and bench.is_whole(url)
        bench.count(row, held, (url, done, before, found, after), lost=not whole)
        bench.drop(url)
