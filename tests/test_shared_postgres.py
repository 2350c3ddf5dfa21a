"""The PostgreSQL of a run starts when a test wants it, once, and ends with the run, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent

#: A run that wants the server twice.
_RUN = """
import sys
from pathlib import Path
from tests import shared_postgres
folder = Path(sys.argv[1])
let_go = shared_postgres.hold(folder)
made = []
urls = {shared_postgres.url_of(folder, made.append) for _ in range(2)}
print(*urls, len(made), flush=True)
sys.stdin.read()
let_go()
"""


@pytest.mark.parametrize("end", ["by itself", "killed"])
def test_no_server_outlives_its_run(tmp_path: Path, end: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    line = [sys.executable, "-c", _RUN, folder]
    with subprocess.Popen(
        line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        assert run.stdout is not None
        url, made = run.stdout.readline().split()
        assert made == "1"
        with psycopg.connect(url) as connection:
            [data] = connection.execute("SHOW data_directory").fetchone() or [""]
        if end == "killed":
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.communicate()
    deadline = time.monotonic() + (0 if end == "by itself" else 30)  # a killed run waits for nobody
    while (folder.exists() or Path(data).parent.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert not Path(data).parent.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
