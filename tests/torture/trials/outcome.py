"""The answer to COMMIT is lost while the server is well: exactly one effect, and the right word."""

from __future__ import annotations

from collections.abc import Iterator

from tests.tcp_proxy import Fault, Proxy
from tests.torture.bench import Bench
from tests.torture.table import Row

TITLES = ("answer to COMMIT lost, server well", "the same with `--retry`")
#: What happens at COMMIT, and whether the server gets it.
FAULTS: dict[Fault, bool] = {"cut_before": False, "cut_after": True, "swallow": False, "mute": True}


def trials(bench: Bench) -> Iterator[Row]:
    for title, retry in zip(TITLES, ((), ("--retry", "30")), strict=True):
        row, unknown = bench.row(title), 0
        url = bench.database("postgresql")
        acknowledged = 0
        for number in bench.times(4, 50):
            fault = list(FAULTS)[number % 4]
            email = f"user{number}@example.com"
            with Proxy(url, fault, b"COMMIT\0", client_closes=bench.chance.random() < 0.5) as proxy:
                line = ("create", email, "--no-password", *retry)
                done = bench.run(proxy.url, *line, network_timeout=1, connect_timeout=2, lock_timeout=3)
                faults = proxy.faults
            there = bench.number(url, f"SELECT count(*) FROM users WHERE email = '{email}'")
            unknown += "is unknown" in done.err
            acknowledged += done.code == 0
            wanted = FAULTS[fault] or bool(retry)
            right = done.code == 0 if wanted else done.code == 5 and "nothing was changed" in done.err
            lost = abs(there - (done.code == 0))
            bench.count(row, faults == 1 and there == wanted and right, (fault, done, there), lost=lost)
        events = bench.number(url, "SELECT count(*) FROM audit_events")
        row.lost += abs(events - acknowledged)
        row.lost += not bench.is_whole(url)
        row.remark = f"{acknowledged} done, {events} events; {unknown} times unknown"
        yield row
