"""Changes of many users beside an import of the same users; `scripts/bench bulk` runs this and makes the table.

bench_bulk.py RUNS FOLDER [USERS]    seconds of each command by engine, a run each, as JSON
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from bench_transfer import Server, timed, usercli, write_users

MANY = 50_000
#: The role of the grants.
ROLE = "editor"


def changes(url: str, source: Path, number: int) -> dict[str, float]:
    """Seconds of each command, one after the other on one database."""

    def seconds(*arguments: str | Path) -> float:
        return timed(lambda: usercli(url, *arguments))

    some = "--match", "active=true", "--max-changes", str(2 * number), "--yes"
    found = {"import": seconds("import", source)}
    usercli(url, "role", "create", ROLE)
    found["update"] = seconds("update", *some, "--attribute", "wave=one")
    found["role grant"] = seconds("role", "grant", ROLE, *some)
    found["undo"] = seconds("undo", "--last", "--yes")
    found["deactivate"] = seconds("deactivate", *some)
    usercli(url, "undo", "--last", "--yes")
    found["delete"] = seconds("delete", *some)
    found["db seed"] = seconds("db", "seed", "--count", str(number))
    return found


def bulk(runs: int, folder: Path, number: int) -> dict[str, dict[str, list[float]]]:
    """Every run of every command, by engine."""
    source = folder / "users.csv"
    write_users(source, number)
    server = Server()
    database = folder / "users.db"

    def sqlite() -> str:
        for path in folder.glob("users.db*"):
            path.unlink()
        url = f"sqlite:///{database}"
        usercli(url, "db", "upgrade")
        return url

    engines: dict[str, Callable[[], str]] = {"postgresql": server.fresh, "sqlite": sqlite}
    found: dict[str, dict[str, list[float]]] = {engine: {} for engine in engines}
    try:
        for _ in range(runs):
            for engine, fresh in engines.items():
                for name, seconds in changes(fresh(), source, number).items():
                    found[engine].setdefault(name, []).append(seconds)
    finally:
        server.cluster.stop()
    return found


def main() -> int:
    runs, folder = int(sys.argv[1]), Path(sys.argv[2])
    number = int(sys.argv[3]) if len(sys.argv) > 3 else MANY
    print(json.dumps(bulk(runs, folder, number)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
