"""Sample users: into the configured database as `usercli db seed` does, or to standard output.

    python scripts/seed.py --count 1000                        into the database (usercli config show)
    python scripts/seed.py --count 1000000 --print jsonl       one JSON object a line
    python scripts/seed.py --count 1000000 --print csv

The same users every time; a longer run begins like a shorter one. Options of all usercli commands
(--profile, --database-url, --dry-run, ...) are taken as well.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from usercli.cli.main import run

FIELDS = ("email", "full_name", "is_active", "attributes")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--count", type=int, default=100, metavar="N", help="how many users; default: 100")
    parser.add_argument("--print", choices=("jsonl", "csv"), dest="form", help="print them, use no database")
    given, others = parser.parse_known_args(arguments)
    if given.count < 1:
        parser.error("--count: at least 1")
    if given.form is None:
        return run([*others, "db", "seed", "--count", str(given.count)])
    if others:
        parser.error(f"not together with --print: {' '.join(others)}")
    return _print(given.count, given.form)


def _print(count: int, form: str) -> int:
    from usercli.cli.context import Options
    from usercli.cli.output.writer import Output
    from usercli.errors import OutputFailed
    from usercli.services.seed import people

    rows = (user.model_dump(include=set(FIELDS)) for user in people(count))
    try:
        Output(Options(output=form), FIELDS).many(rows)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OutputFailed as error:
        print(f"error: {error.message}", file=sys.stderr)
        os._exit(1)  # what is left in the buffer has no place to go
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
