"""Work in a thread behind the caller's, for the time in which that one waits for the database."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: How long a thread may hold the interpreter lock: a database client waits for it at every packet.
_SWITCH_SECONDS = 0.0002


class _Switching:
    """Who wants threads to take turns often, of all threads, and how often they did before."""

    lock = threading.Lock()
    wanted = 0
    interval = 0.0


@contextmanager
def quick_switching() -> Iterator[None]:
    """In the block threads take turns so often that one at work does not hold up one that talks to the database."""
    with _Switching.lock:
        if not _Switching.wanted:
            _Switching.interval = sys.getswitchinterval()
            sys.setswitchinterval(_SWITCH_SECONDS)
        _Switching.wanted += 1
    try:
        yield
    finally:
        with _Switching.lock:
            _Switching.wanted -= 1
            if not _Switching.wanted:
                sys.setswitchinterval(_Switching.interval)


class Background:
    """One task at a time in a thread, in the order in which they are started; none after one that failed.

    >>> behind = Background()
    >>> behind.start(lambda: print("done"))
    >>> behind.wait()
    done
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def start(self, task: Callable[[], object]) -> None:
        """Run the task once those before it are done; raises what one of them raised."""
        self.wait()
        self._thread = threading.Thread(target=self._run, args=(task,))
        self._thread.start()

    def wait(self) -> None:
        """Wait until all is done; raises what a task raised."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise self._error

    def _run(self, task: Callable[[], object]) -> None:
        try:
            with quick_switching():
                task()
        except BaseException as error:
            self._error = error
