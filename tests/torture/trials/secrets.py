"""Passwords and hashes go in by every way, through faults too, and show in no output, log or table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests import canary
from tests.tcp_proxy import Fault, Proxy
from tests.torture.bench import ENGINES, Bench, Engine
from tests.torture.table import Row

TITLES = ("canary secrets, looked for in all output, the log and the server's log",)
FAULTS: tuple[Fault, ...] = ("cut_before", "cut_after")
STDIN, HASH = "--password-stdin", "--password-hash-stdin"


def trials(bench: Bench) -> Iterator[Row]:
    row = bench.row(TITLES[0])
    before = bench.found
    for engine in ENGINES:
        for number in bench.times(1, 20):
            given(bench, row, engine, number)
    bench.search(server_log(bench))
    row.leaked = bench.found
    row.remark = f"{bench.searched} outputs of this run searched"
    if bench.found > before:
        row.survived = 0
    yield row


def given(bench: Bench, row: Row, engine: Engine, number: int) -> None:
    """Secrets given to commands that succeed, are refused, and break at the commit."""
    url, found = bench.database(engine), bench.found
    lines = [
        (("create", "ada@example.com", STDIN, "--debug"), canary.PASSWORD, {0}),
        (("create", "bob@example.com", HASH, "--debug"), canary.HASH, {0}),
        (("create", "ada@example.com", HASH, "--debug"), canary.HASH, {4}),
        (("password", "verify", "ada@example.com", STDIN, "--debug"), f"{canary.MARK}\n", {8}),
    ]
    codes = [bench.run(url, *line, stdin=stdin).code in wanted for line, stdin, wanted in lines]
    if engine == "postgresql":
        with Proxy(url, FAULTS[number % 2], b"COMMIT\0") as proxy:
            done = bench.run(
                proxy.url, "password", "set", "bob@example.com", STDIN, "--debug", stdin=canary.PASSWORD
            )
        codes.append(done.code == 5 * (number % 2 == 0))
    events = "\n".join(map(str, bench.rows(url, "SELECT * FROM audit_events")))
    bench.search(events)
    bench.count(row, all(codes) and bench.found == found, codes)


def server_log(bench: Bench) -> str:
    place = Path(bench.server.folder, "data", "log")
    return place.read_text(errors="replace") if place.is_file() else ""
