"""The same commands on ever more users, by the clock; `scripts/bench scale` runs this and makes the table.

bench_scale.py RUNS FOLDER [MOST]    seconds and peak memory of each command by engine and users, as JSON
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench_questions import asked_often, change, far_cursor, prepare, questions, some_of
from bench_transfer import Server, fresh_file, measured, write_users

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
#: More users than this SQLite is not asked about.
MOST_ON_SQLITE = 1_000_000


def transfers(url: str, source: Path, changed: list[str]) -> dict[str, Any]:
    """Seconds and peak memory (MB) of an import, after which some users are changed, an export, and statistics."""
    out = source.with_name("out.csv")
    lines: dict[str, list[str | Path]] = {
        "import": ["import", source],
        "export": ["export", out],
        "stats": ["stats"],
    }
    found: dict[str, Any] = {}
    for name, line in lines.items():
        seconds, peak = measured(url, *line)
        found[name] = {"seconds": seconds, "peak_mb": peak}
        if name == "import":
            change(url, changed)
            prepare(url)
    out.unlink()
    return found


def bench(runs: int, folder: Path, most: int) -> dict[str, dict[int, dict[str, Any]]]:
    """Each command's seconds on each engine, by the number of users."""
    source = folder / "users.csv"
    found: dict[str, dict[int, dict[str, Any]]] = {"postgresql": {}, "sqlite": {}}
    server = Server()
    try:
        for number in (size for size in SIZES if size <= most):
            write_users(source, number)
            changed, needle = some_of(number)
            for engine, sizes in found.items():
                if engine == "sqlite" and number > MOST_ON_SQLITE:
                    continue
                url = server.fresh() if engine == "postgresql" else f"sqlite:///{fresh_file(folder)}"
                sizes[number] = transfers(url, source, changed)
                asked = questions(changed[0], needle, far_cursor(url, number))
                if engine == "sqlite":
                    del asked["list --count --estimate"]  # SQLite counts
                sizes[number]["questions"] = asked_often(url, runs, asked)
    finally:
        server.cluster.remove()
    return found


def main() -> int:
    runs, folder = int(sys.argv[1]), Path(sys.argv[2])
    most = int(sys.argv[3]) if len(sys.argv) > 3 else SIZES[-1]
    print(json.dumps(bench(runs, folder, most)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
