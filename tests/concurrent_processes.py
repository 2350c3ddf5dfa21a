"""Many processes that run command lines at the same moment.

One process imports everything, forks, and lets all children go at once: they meet in the database rather
than in their imports, as processes that were started one after the other would not.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
Result = tuple[int, str, str]


def at_once(jobs: Sequence[Sequence[Sequence[str]]]) -> list[list[Result]]:
    """A process for each job, which is a list of command lines; code, stdout and stderr of each line."""
    done = call_at_once("tests.concurrent_processes:run_lines", jobs)
    return [[(code, out, err) for code, out, err in job] for job in done]


def call_at_once(function: str, arguments: Sequence[Any]) -> list[Any]:
    """A process for each argument, which calls `module:function` with it; what they returned, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.concurrent_processes", function],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def run_lines(lines: Sequence[Sequence[str]]) -> list[Result]:
    """Run command lines one after the other."""
    from tests.conftest import run_here

    return [run_here(*line) for line in lines]


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    function = getattr(import_module(module), name)
    arguments = json.load(sys.stdin)
    _warm_up()
    gate, start = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        children = []
        for number, argument in enumerate(arguments):
            child = os.fork()
            if child == 0:
                os.close(start)
                os.read(gate, 1)  # until the parent closes its end
                Path(folder, str(number)).write_text(json.dumps(function(argument)))
                os._exit(0)
            children.append(child)
        os.close(start)
        for child in children:
            os.waitpid(child, 0)
        json.dump(
            [json.loads(Path(folder, str(number)).read_text()) for number in range(len(children))], sys.stdout
        )


def _warm_up() -> None:
    """Load here what each child would otherwise load for itself; changes nothing."""
    import usercli.database.migrations  # noqa: F401 - as the docstring says

    run_lines(
        [
            ["create", "warm@example.com", "--no-password", "--dry-run"],
            ["update", "warm@example.com", "--name", "x", "--dry-run"],
            ["list", "--count"],
        ]
    )
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
