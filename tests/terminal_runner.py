"""Command lines run as processes without a terminal on standard input, forked from one that has loaded all.

Each child is the leader of a session of its own (as under setsid). Its standard input is closed, or an
empty pipe while its terminal is a pseudo-terminal, on which nobody types.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import pty
import select
import signal
import sys
import termios
import time
from collections.abc import Sequence
from typing import Any

#: How standard input may be: none, or a pipe that ends at once on a pseudo-terminal.
KINDS = CLOSED, ON_A_TERMINAL = "closed", "a pipe, on a terminal"
_LIMIT = 5.0


def play(kind: str, arguments: Sequence[str], environ: dict[str, str]) -> dict[str, Any]:
    """Run one command line; its code (None: it hung), its words, and how long it took."""
    start = time.monotonic()
    if kind == ON_A_TERMINAL:
        ours, theirs = pty.openpty()
    else:
        ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _perform(kind, arguments, environ, ours, theirs)
    os.close(theirs)
    said, code = b"", None
    while time.monotonic() - start < _LIMIT:
        if not select.select([ours], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(ours, 65536)
        except OSError:  # the other end of the pseudo-terminal is gone
            data = b""
        if not data:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            break
        said += data
    if code is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.close(ours)
    return {"code": code, "said": said.decode("utf-8", "replace"), "seconds": time.monotonic() - start}


def _perform(kind: str, arguments: Sequence[str], environ: dict[str, str], ours: int, theirs: int) -> None:
    os.setsid()
    os.close(ours)
    os.environ.update(environ)
    code = 99
    try:
        if kind == ON_A_TERMINAL:
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
            reading, writing = os.pipe()
            os.close(writing)
        else:
            reading = os.open(os.devnull, os.O_RDONLY)
        os.dup2(reading, 0)
        os.dup2(theirs, 1)
        os.dup2(theirs, 2)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0, closefd=False), os.fdopen(1, "w"), os.fdopen(2, "w")
        if kind == CLOSED:
            os.close(0)
            sys.stdin = None  # type: ignore[assignment]  # as Python itself does
        from usercli.cli.main import run

        code = int(run(list(arguments)))
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def main() -> None:
    """Read `[[kind, arguments, environ], ...]`, write what became of each, as JSON."""
    from tests.concurrent_processes import _warm_up

    plays = json.load(sys.stdin)
    _warm_up()
    gc.freeze()
    json.dump([play(*each) for each in plays], sys.stdout)


if __name__ == "__main__":
    main()
