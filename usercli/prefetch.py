"""Prefetch items in a background thread or process."""

from __future__ import annotations

import marshal
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, TypeVar

from usercli.errors import UserCliError

Item = TypeVar("Item")

_END = object()

#: How long the producer may hold the interpreter lock: a database client waits for it at every packet.
_SWITCH_SECONDS = 0.0002

_TERMINATING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def prefetch(items: Iterable[Item], depth: int = 2) -> Iterator[Item]:
    """The same items, produced by a thread up to `depth` ahead; raises what the producer raised."""
    results: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(depth)
    stopped = threading.Event()
    used: list[Item] = []  # freed by the producer: freeing thousands of objects takes long, too

    def produce() -> None:
        try:
            for item in items:
                used.clear()
                if not _put(results, (item, None), stopped):
                    return
            _put(results, (_END, None), stopped)
        except BaseException as error:
            _put(results, (_END, error), stopped)

    thread = threading.Thread(target=produce, daemon=True)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    thread.start()
    try:
        while True:
            item, error = results.get()
            if error is not None:
                raise error
            if item is _END:
                thread.join()
                return
            yield item
            used.append(item)
    finally:
        stopped.set()
        sys.setswitchinterval(interval)


def _put(results: queue.Queue[Any], item: Any, stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            results.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


def prefetch_in_process(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, which marshal must support, produced by a forked process.

    With a thread SQLite would wait for the interpreter lock at every row. Forks only on Linux and in a
    single-threaded process, and uses a thread elsewhere. Raises UserCliError if the process is killed.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        yield from prefetch(items)
        return
    reading, writing = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINATING)  # until the child handles them: it must not unwind
    child = os.fork()
    if child == 0:
        _produce_in_child(items, reading, writing)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINATING)
        os.close(writing)
        with open(reading, "rb") as pipe:
            yield from _receive(pipe)
    finally:
        os.kill(child, signal.SIGKILL)  # it has ended, or its items are no longer needed
        os.waitpid(child, 0)


def _produce_in_child(items: Iterable[Any], reading: int, writing: int) -> None:
    """Send the items and exit in any case, without the parent's exit handlers."""
    try:
        for number in _TERMINATING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINATING)
        os.close(reading)  # or the child would not notice that the parent is gone
        with open(writing, "wb", buffering=0) as pipe:
            try:
                for item in items:
                    _send(pipe, b"i", marshal.dumps(item))
                _send(pipe, b"e", b"")
            except Exception as error:
                _send(pipe, b"x", pickle.dumps(error))
    finally:
        os._exit(0)


def _send(pipe: Any, kind: bytes, data: bytes) -> None:
    remaining = memoryview(kind + len(data).to_bytes(8, "big") + data)
    while remaining:
        remaining = remaining[pipe.write(remaining) :]


def _receive(pipe: BinaryIO) -> Iterator[Any]:
    while len(head := pipe.read(9)) == 9:
        kind, data = head[:1], pipe.read(size := int.from_bytes(head[1:], "big"))
        if kind == b"e":
            return
        if len(data) < size:
            break
        if kind == b"x":
            raise pickle.loads(data)  # noqa: S301 - of our own process
        yield marshal.loads(data)  # noqa: S302 - of our own process
    raise UserCliError("a process that works for this one was ended; nothing was changed")
