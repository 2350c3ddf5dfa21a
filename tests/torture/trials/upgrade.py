"""Eight `db upgrade` at once: all succeed, and each revision is done once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from tests import poolers
from tests.torture.bench import Bench, Engine, NotRun
from tests.torture.table import Row

WAYS: dict[str, Engine] = {"SQLite": "sqlite", "PostgreSQL": "postgresql", "PgBouncer": "postgresql"}
TITLES = tuple(f"8 x `db upgrade` at once, {way}" for way in WAYS)


def trials(bench: Bench) -> Iterator[Row]:
    for title, (way, engine) in zip(TITLES, WAYS.items(), strict=True):
        row = bench.row(title)
        with pooler(bench) if way == "PgBouncer" else nullcontext("") as start:
            for _ in bench.times(1, 20):
                at_once(bench, row, bench.empty(engine), start)
        row.remark = "one of each eight says that it upgraded"
        yield row


def pooler(bench: Bench) -> AbstractContextManager[str]:
    if poolers.PROGRAM is None:
        raise NotRun("there is no pgbouncer")
    bench.folder.chmod(0o755)  # it runs as another user
    return poolers.pgbouncer(bench.server.url(), bench.folder / bench.name())


def at_once(bench: Bench, row: Row, direct: str, start: str) -> None:
    url = bench.secret(f"{start}{direct.rpartition('/')[2]}") if start else direct
    started = [bench.start(url, "db", "upgrade") for _ in range(8)]
    ended = [bench.end(each) for each in started]
    upgraded = sum("upgraded to " in done.err for done in ended)
    revisions = bench.number(direct, "SELECT count(*) FROM alembic_version")
    held = {done.code for done in ended} == {0} and bench.run(direct, "db", "upgrade").code == 0
    bench.count(row, held and bench.is_whole(direct), ended, lost=(upgraded, revisions) != (1, 1))
