"""The primary dies amid creates and an import with `--retry`: both end on the new one, nothing is lost or twice."""

from __future__ import annotations

from collections.abc import Iterator

from tests.standby import Pair
from tests.torture.bench import Bench
from tests.torture.table import Row

TITLES = ("primary with synchronous standby killed, `--retry`",)
CREATES, ROWS = 40, 40_000


def trials(bench: Bench) -> Iterator[Row]:
    row, slowest, waited = bench.row(TITLES[0]), 0.0, 0
    users = bench.folder / "failover.csv"
    users.write_text("email\n" + "".join(f"many{n}@example.com\n" for n in range(ROWS)))
    creates = "".join(f"create one{n}@example.com --no-password\n" for n in range(CREATES))
    for _ in bench.times(1, 20):
        with Pair() as pair:
            url = pair.url()
            bench.must(url, "db", "upgrade")
            started = [
                bench.start(url, "batch", "-", "--retry", "60", stdin=creates),
                bench.start(url, "import", str(users), "--retry", "60"),
            ]
            started[1].pause(bench.chance.uniform(0.8, 3.5))
            pair.fail_over()
            ended = [bench.end(each) for each in started]
            slowest = max(slowest, *(done.seconds for done in ended))
            waited += sum("waiting for the database" in done.err for done in ended)
            acknowledged = ended[0].out.count('"code": 0') or ended[0].out.count('"code":0')
            ones = bench.number(url, "SELECT count(*) FROM users WHERE email LIKE 'one%'")
            many = bench.number(url, "SELECT count(*) FROM users WHERE email LIKE 'many%'")
            events = bench.number(url, "SELECT count(*) FROM audit_events")
            complete = (ones, many, events) == (CREATES, ROWS, CREATES + ROWS)
            held = [done.code for done in ended] == [0, 0] and complete and bench.is_whole(url)
            lost = max(0, acknowledged - ones) + abs(events - ones - many) + (many not in {0, ROWS})
            bench.count(row, held, (ended, acknowledged, ones, many, events), lost=lost)
    row.remark = f"{CREATES} creates, an import of {ROWS:,}; {waited} commands waited, the slowest {slowest:.0f} s"
    yield row
