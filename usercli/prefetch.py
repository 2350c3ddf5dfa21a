"""Prefetch items in a background thread."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")

_END = object()

#: How long the producer may hold the interpreter lock: a database client waits for it at every packet.
_SWITCH_SECONDS = 0.0002


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
