"""Faults, many times over, and a table of what held: scripts/torture.

It needs nothing but this checkout: PostgreSQL comes from a wheel, and faults of a network from proxies. What needs
root or a program that is not there is "not run".
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.torture import table
from tests.torture.bench import INTERRUPTED, Bench, NotRun, say
from tests.torture.table import Row
from tests.torture.trials import TITLES, TRIALS

PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "scripts/torture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few of each; minutes instead of hours")
    parser.add_argument("--only", action="append", choices=TRIALS, metavar="NAME", help=", ".join(TRIALS))
    parser.add_argument("--seed", type=int, metavar="N", help="the chance of a former run, which it printed")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    found = parser.parse_args(given)
    if found.seed is None:
        found.seed = time.time_ns() % 1_000_000
    found.only = list(dict.fromkeys(found.only or TRIALS))
    return found


def run(bench: Bench, name: str) -> list[Row]:
    """The rows of a trial; one that breaks leaves the others, and counts as one that did not hold."""
    rows: list[Row] = []
    counted, reason = 0, "not run"
    try:
        for row in TRIALS[name](bench):
            rows.append(row)
    except NotRun as error:
        reason = f"not run: {error}"
    except Exception as error:
        say(traceback.format_exc())
        counted, reason = 1, f"broke off: {type(error).__name__}"
    done = {row.title for row in rows}
    return [*rows, *(Row(title, counted, remark=reason) for title in TITLES[name] if title not in done)]


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # servers are stopped, folders removed
    say(f"seed {given.seed}")
    began = time.monotonic()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="usercli-torture-") as folder:
        bench = Bench(Path(folder), given.seed, quick=given.quick)
        try:
            for name in given.only:
                say(f"{time.monotonic() - began:6.0f} s  {name}")
                rows.extend(run(bench, name))
        finally:
            bench.close()
    for row in rows:
        if row.trials:
            row.remark = f"{row.remark}; {'quick, ' if given.quick else ''}seed {given.seed}".removeprefix("; ")
    sys.stdout.write(table.markdown(row.line() for row in rows))
    say(f"seed {given.seed}, {time.monotonic() - began:.0f} s")
    if given.write:
        table.write(PAGE, [title for titles in TITLES.values() for title in titles], rows)
    return 0 if all(row.is_good for row in rows) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(INTERRUPTED)
