"""A client whose clock is wrong: the log's times do not go back, and nobody is updated before created."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.torture.bench import ENGINES, Bench, NotRun
from tests.torture.table import Row

TITLES = ("clock of the client wrong",)
CLOCKS = ("-30m", "-3d", "+2h", "+400d")


def trials(bench: Bench) -> Iterator[Row]:
    library = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    if library is None:
        raise NotRun("there is no libfaketime")
    row = bench.row(TITLES[0])
    plain = bench.environ
    for engine in ENGINES:
        url = bench.database(engine)
        for number in bench.times(2, 20):
            email = f"user{number}@example.com"
            codes = [bench.run(url, "create", email, "--no-password").code]
            wrong = {"LD_PRELOAD": library, "FAKETIME": CLOCKS[number % len(CLOCKS)]}
            try:
                bench.environ = {**plain, **wrong}
                codes.append(bench.run(url, "update", email, "--name", "Ada").code)
            finally:
                bench.environ = plain
            early = bench.number(url, "SELECT count(*) FROM users WHERE updated_at < created_at")
            times = [str(time) for (time,) in bench.rows(url, "SELECT at FROM audit_events ORDER BY seq")]
            forth = times == sorted(times)
            bench.count(row, codes == [0, 0] and not early and forth and bench.is_whole(url), (codes, early, times))
    row.remark = f"both engines; {', '.join(CLOCKS)}"
    yield row
