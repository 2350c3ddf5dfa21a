"""Three servers under Patroni change their leader amid creates and an import with `--retry`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.patroni import PatroniCluster, missing
from tests.torture.bench import Bench, NotRun
from tests.torture.table import Row

TITLES = (
    "three servers under Patroni, switchover, `--retry`",
    "three servers under Patroni, leader killed, `--retry`",
)
CREATES, ROWS = 40, 20_000


def trials(bench: Bench) -> Iterator[Row]:
    if bench.quick:
        raise NotRun("not with `--quick`")
    if absent := missing():
        raise NotRun(f"there is no {' and no '.join(absent)}")
    with PatroniCluster() as cluster:
        bench.must(cluster.url(), "db", "upgrade")
        load = _Load(bench, cluster)
        row = bench.row(TITLES[0])
        for _ in range(10):
            load.play(row, cluster.switch_over)
        yield load.told(row)
        row = bench.row(TITLES[1])
        for _ in range(5):
            killed: list[str] = []
            load.play(row, lambda: killed.append(cluster.kill_leader()))  # noqa: B023 - called before the next
            cluster.revive(killed[0])
        yield load.told(row)


class _Load:
    """Creates and an import at once, again and again in one database."""

    def __init__(self, bench: Bench, cluster: PatroniCluster) -> None:
        self._bench, self._cluster, self._url = bench, cluster, cluster.url()
        self._played = 0
        self._slowest, self._waited = 0.0, 0

    def play(self, row: Row, fault: Callable[[], object]) -> None:
        """One trial: the fault happens while both commands run; afterwards all of both is there, once."""
        bench, url, number = self._bench, self._url, self._played
        self._cluster.wait_until_whole()
        users = bench.folder / f"patroni{number}.csv"
        users.write_text("email\n" + "".join(f"many{number}x{n}@example.com\n" for n in range(ROWS)))
        creates = "".join(f"create one{number}x{n}@example.com --no-password\n" for n in range(CREATES))
        started = [
            bench.start(url, "batch", "-", "--retry", "100", stdin=creates),
            bench.start(url, "import", str(users), "--retry", "100"),
        ]
        started[1].pause(bench.chance.uniform(0.8, 3.0))
        fault()
        ended = [bench.end(each, 240) for each in started]
        self._cluster.wait_for_primary()
        self._played += 1
        self._slowest = max(self._slowest, *(done.seconds for done in ended))
        self._waited += sum("waiting for the database" in done.err for done in ended)
        acknowledged = ended[0].out.count('"code": 0') or ended[0].out.count('"code":0')
        ones = bench.number(url, f"SELECT count(*) FROM users WHERE email LIKE 'one{number}x%'")
        many = bench.number(url, f"SELECT count(*) FROM users WHERE email LIKE 'many{number}x%'")
        users_now = bench.number(url, "SELECT count(*) FROM users")
        events = bench.number(url, "SELECT count(*) FROM audit_events")
        held = [done.code for done in ended] == [0, 0] and (ones, many) == (CREATES, ROWS)
        lost = max(0, acknowledged - ones) + abs(events - users_now) + (many not in {0, ROWS})
        bench.count(row, held, (ended, acknowledged, ones, many, users_now, events), lost=lost)

    def told(self, row: Row) -> Row:
        """The row at its end; the chain is verified once, for it grows with every trial."""
        row.lost += not self._bench.is_whole(self._url)
        row.remark = (
            f"{CREATES} creates, an import of {ROWS:,}; {self._waited} commands waited, "
            f"the slowest {self._slowest:.0f} s"
        )
        self._slowest, self._waited = 0.0, 0
        return row
