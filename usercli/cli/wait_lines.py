"""What an operation of the database waits for, as a line for the person."""

from __future__ import annotations

import logging
from collections.abc import Callable

from usercli.database.wait_log import LOGGER


class _Line(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


def show_waits(say: Callable[[str], None]) -> None:
    """From now on each long wait is told."""
    LOGGER.handlers[:] = [_Line(say)]
