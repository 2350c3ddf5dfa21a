"""Signals as they are where a person starts the tests, however they were started."""

from __future__ import annotations

import signal
from types import FrameType


def restore() -> None:
    """Take back what nohup, a shell's background or a supervisor handed on as ignored or blocked.

    What the tests start would inherit it: then no process of theirs could be interrupted or hung up. A handler
    that does nothing becomes the default in a new program, while the run itself goes on as under nohup.
    """
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _nothing)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # no exit code would be seen
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _nothing(number: int, frame: FrameType | None) -> None:
    """Go on."""
