"""Make things in a thread of their own while those before are used."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")

_END = object()

#: How long the maker may keep the interpreter: whoever talks to a database waits for it at every packet.
_SWITCH_SECONDS = 0.0002


def ahead(items: Iterable[Item], depth: int = 2) -> Iterator[Item]:
    """The same items, up to `depth` of them made before they are asked for; raises what the maker raised."""
    made: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(depth)
    left = threading.Event()
    used: list[Item] = []  # freed by the maker: with thousands of objects in each that takes long, too

    def make() -> None:
        try:
            for item in items:
                used.clear()
                if not _put(made, (item, None), left):
                    return
            _put(made, (_END, None), left)
        except BaseException as error:
            _put(made, (_END, error), left)

    thread = threading.Thread(target=make, daemon=True)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
            used.append(item)
    finally:
        left.set()
        sys.setswitchinterval(interval)


def _put(made: queue.Queue[Any], item: Any, left: threading.Event) -> bool:
    while not left.is_set():
        try:
            made.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
