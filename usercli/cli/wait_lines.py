"""What an operation of the database waits for, and warns of, as lines for the person."""

from __future__ import annotations

import logging
from collections.abc import Callable

from usercli import warning_log
from usercli.database import wait_log


class _Line(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


class _LineOnce(_Line):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(say)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text not in self._said:
            self._said.add(text)
            self._say(text)


def show_waits(say: Callable[[str], None]) -> None:
    """From now on each long wait is told."""
    wait_log.LOGGER.handlers[:] = [_Line(say)]


def show_warnings(warn: Callable[[str], None]) -> None:
    """From now on each warning of the library is told, once."""
    logging.getLogger(warning_log.NAME).handlers[:] = [_LineOnce(warn)]
