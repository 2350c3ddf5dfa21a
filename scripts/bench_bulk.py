"""Changes of many users beside an import of the same users; `scripts/bench bulk` runs this and makes the table.

bench_bulk.py RUNS FOLDER [USERS]    seconds and peak memory (MB) of each command by engine, a run each, as JSON
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench_transfer import Server, measured, usercli, write_users

MANY = 50_000
#: The role of the grants.
ROLE = "editor"


#: Seconds and peak memory in MB of a command.
Measured = tuple[float, int]


def changes(fresh: Callable[[], str], source: Path, number: int) -> dict[str, Measured]:
    """What each command took, one after the other on one database, and on a second one the undo of an import."""
    run = partial(measured, fresh())
    limit = "--max-changes", str(2 * number)
    some = "--match", "active=true", *limit, "--yes"
    found = {"import": run("import", source)}
    run("role", "create", ROLE)
    found["update"] = run("update", *some, "--attribute", "wave=one")
    found["role grant"] = run("role", "grant", ROLE, *some)
    found["undo"] = run("undo", "--last", "--yes")
    found["deactivate"] = run("deactivate", *some)
    run("undo", "--last", "--yes")
    found["import --on-conflict update"] = run("import", _renamed(source), "--on-conflict", "update")
    found["apply"] = run("apply", _desired(source), "--name", "bench", "--yes", *limit)
    run("update", *some, "--expires", "1s")
    found["expire run"] = run("expire", "run")
    run("undo", "--last", "--yes")
    found["delete"] = run("delete", *some)
    found["db seed"] = run("db", "seed", "--count", str(number))
    run = partial(measured, fresh())
    run("import", source)
    found["undo of an import"] = run("undo", "--last", "--yes")
    return found


def _renamed(source: Path) -> Path:
    """The same users with other names."""
    path = source.with_name("renamed.csv")
    with source.open() as rows, path.open("w") as out:  # read whole it would count as the memory of every command
        out.writelines(row.replace("Ada Lovelace", "Ada King") for row in rows)
    return path


def _desired(source: Path) -> Path:
    """The same users with names of their own, as the state that there should be."""
    path = source.with_name("desired.csv")
    with source.open() as rows, path.open("w") as out:
        out.write("email,full_name\n")
        for row in csv.DictReader(rows):
            out.write(f"{row['email']},Ada Byron\n")
    return path


def bulk(runs: int, folder: Path, number: int) -> dict[str, dict[str, list[Measured]]]:
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
    found: dict[str, dict[str, list[Measured]]] = {engine: {} for engine in engines}
    try:
        for _ in range(runs):
            for engine, fresh in engines.items():
                for name, one in changes(fresh, source, number).items():
                    found[engine].setdefault(name, []).append(one)
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
