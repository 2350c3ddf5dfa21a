"""A network that swallows: a command ends within its bound, and says truly what became of the change."""

from __future__ import annotations

from collections.abc import Iterator

from tests.tcp_proxy import Fault, Proxy
from tests.torture.bench import Bench, Done
from tests.torture.table import Row

#: Where the network falls silent, and the word of the client at which it does.
MOMENTS = {
    "after connect": b"",  # any first word
    "at the first query": b"SELECT",
    "at INSERT": b"INSERT INTO",
    "at COMMIT, for good": b"COMMIT\0",
}
TITLES = tuple(f"network swallows {moment}" for moment in MOMENTS)
NETWORK, CONNECT, MORE = 2, 2, 5
EMAIL = "zoe@example.com"


def trials(bench: Bench) -> Iterator[Row]:
    url = bench.database("postgresql")
    usual = bench.startup(url)
    for title, word in zip(TITLES, MOMENTS.values(), strict=True):
        row, slowest = bench.row(title), 0.0
        for number in bench.times(1, 20):
            url = bench.database("postgresql")
            fault: Fault = "mute" if number % 2 and word.startswith((b"INSERT", b"COMMIT")) else "swallow"
            everywhere = word.startswith(b"COMMIT") or bool(number % 4 // 2)
            with Proxy(url, fault, word, everywhere=everywhere) as proxy:
                line = ("create", EMAIL, "--no-password")
                done = bench.run(proxy.url, *line, network_timeout=NETWORK, connect_timeout=CONNECT)
                faults = proxy.faults
            slowest = max(slowest, done.seconds)
            bench.left_alone(url)
            users = bench.number(url, "SELECT count(*) FROM users")
            in_time = done.seconds < usual + NETWORK + CONNECT + MORE
            held = bool(faults) and in_time and is_true(done, word, users)
            half = users != bench.number(url, "SELECT count(*) FROM audit_events")
            bench.count(row, held, (fault, everywhere, done, users), lost=half)
            bench.drop(url)
        bounds = f"bounds of {NETWORK} s of silence and {CONNECT} s to connect"
        row.remark = f"{bounds}: at most {slowest:.1f} s, of which {usual:.1f} s are any command's"
        yield row


def is_true(done: Done, word: bytes, users: int) -> bool:
    """Whether the command told what the database says."""
    if word.startswith(b"COMMIT"):
        return done.code == 5 and " is unknown; once the database answers" in done.err
    said = "did not answer" in done.err or "cannot use the database" in done.err
    return (done.code, users, said) == (5, 0, True)
