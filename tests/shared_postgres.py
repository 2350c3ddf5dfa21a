"""One PostgreSQL for all workers of a run: the first test that wants it starts it, and it ends with the run.

A process of its own keeps the server, and stops it when the run lets go of a lock, which it also does by being
killed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
_HELD, _KEEPER, _STARTING, _URL = "run.lock", "postgresql.lock", "postgresql.starting", "postgresql.url"
_started: list[subprocess.Popen[bytes]] = []


def hold(folder: Path) -> Callable[[], None]:
    """Let the run's server live as long as this process does; or until what is returned is called."""
    held = open(folder / _HELD, "w")  # noqa: SIM115 - as long as the run
    fcntl.flock(held, fcntl.LOCK_EX)

    def let_go() -> None:
        with held, suppress(FileNotFoundError), open(folder / _KEEPER, "w") as keeper:
            held.close()
            fcntl.flock(keeper, fcntl.LOCK_EX)  # until the server is gone
        shutil.rmtree(folder, ignore_errors=True)

    return let_go


def url_of(folder: Path, prepare: Callable[[str], None]) -> str:
    """The server of the run that has that folder; `prepare` is called once, with the URL of the new server."""
    place = folder / _URL
    with _locked(folder / _STARTING):
        if not place.exists():
            url = _start(folder)
            try:
                prepare(url)
            finally:  # where that fails, no other test starts one more
                place.write_text(url)
    return place.read_text()


def _start(folder: Path) -> str:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.shared_postgres", folder],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the run
    )
    _started.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout:
        url = keeper.stdout.readline().decode().strip()
    if not url:
        raise RuntimeError("PostgreSQL does not start; see above")
    return url


@contextmanager
def _locked(place: Path, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    with open(place, "w") as lock:
        fcntl.flock(lock, kind)
        yield


def main() -> None:
    """Start the server, print its URL, and stop it when the run in whose folder it is has ended."""
    from tests.postgres import Cluster

    folder = Path(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # it ends with the run, and only then
        signal.signal(number, lambda *_: None)
    with _locked(folder / _KEEPER, fcntl.LOCK_SH):
        cluster = Cluster()
        try:
            os.write(1, f"{cluster.start().url()}\n".encode())
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            with _locked(folder / _HELD):
                pass
        finally:
            cluster.remove()
            shutil.rmtree(folder, ignore_errors=True)  # a run that was killed left it


if __name__ == "__main__":
    main()
