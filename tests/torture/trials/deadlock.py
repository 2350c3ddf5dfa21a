"""Two `batch --atomic` that change the same users in opposite order: both succeed."""

from __future__ import annotations

from collections.abc import Iterator

from tests.torture.bench import Bench
from tests.torture.table import Row

DEFAULTS = ("read committed", "serializable")
TITLES = tuple(f"two `batch --atomic` in opposite order, {level} by default" for level in DEFAULTS)
EMAILS, UPDATES = ("ada@example.com", "bob@example.com"), 20


def trials(bench: Bench) -> Iterator[Row]:
    for title, level in zip(TITLES, DEFAULTS, strict=True):
        row = bench.row(title)
        url = bench.database("postgresql")
        name = url.rpartition("/")[2]
        for setting in (f"default_transaction_isolation = '{level}'", "deadlock_timeout = '100ms'"):
            bench.rows(url, f"ALTER DATABASE {name} SET {setting}")
        for email in EMAILS:
            bench.must(url, "create", email, "--no-password")
        expected = 1
        for number in bench.times(1, 15):
            started = [
                bench.start(url, "batch", "-", "--atomic", stdin=lines(f"{word}{number}", order))
                for word, order in (("one", EMAILS), ("other", EMAILS[::-1]))
            ]
            ended = [bench.end(each) for each in started]
            expected += UPDATES * sum(done.code == 0 for done in ended)
            versions = {version for (version,) in bench.rows(url, "SELECT version FROM users")}
            bench.count(row, {done.code for done in ended} == {0}, ended, lost=versions != {expected})
        events = bench.number(url, "SELECT count(*) FROM audit_events WHERE outcome = 'done'")
        row.lost += abs(events - len(EMAILS) * expected) + (not bench.is_whole(url))
        query = "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()"
        row.remark = f"{bench.number(url, query)} deadlocks, run again"
        yield row


def lines(name: str, order: tuple[str, ...]) -> str:
    """Updates of one user after the other, and then of the next one."""
    return "".join(f"update {email} --name {name}-{n}\n" for email in order for n in range(UPDATES))
