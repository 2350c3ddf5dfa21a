"""The tests find the same signals wherever they are started: under nohup, in the background, by a supervisor."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent
OURS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD)

#: A run that was handed on signals as ignored or blocked, and says what a process that it starts finds.
_RUN = """
import os, signal, subprocess, sys
ours = [signal.Signals(int(number)) for number in sys.argv[2:]]
if sys.argv[1] == "ignored":
    for number in ours:
        signal.signal(number, signal.SIG_IGN)
else:
    signal.pthread_sigmask(signal.SIG_BLOCK, ours)
from tests import signals
signals.restore()
code = "import signal, sys; print([signal.Signals(int(n)).name for n in sys.argv[1:] if " \\
    "signal.getsignal(int(n)) is signal.SIG_IGN or int(n) in signal.pthread_sigmask(signal.SIG_BLOCK, ())])"
print(subprocess.run([sys.executable, "-c", code, *sys.argv[2:]], capture_output=True, text=True).stdout, end="")
if sys.argv[1] == "ignored":  # as under nohup
    os.kill(os.getpid(), signal.SIGHUP)
print("goes on")
"""


@pytest.mark.parametrize("state", ["ignored", "blocked"])
def test_what_the_tests_start_has_its_signals(state: str) -> None:
    line = [sys.executable, "-c", _RUN, state, *(str(int(number)) for number in OURS)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\ngoes on\n", "")
