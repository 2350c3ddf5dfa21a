"""A PgBouncer in front of the tests' PostgreSQL, where the machine has one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

_CONFIGURATION = """
[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 4
server_idle_timeout = 5
"""


@contextmanager
def pgbouncer(server: str, folder: Path, mode: str = "transaction") -> Iterator[str]:
    """The start of the URLs behind it (`postgresql://user@host:port/`), while it runs.

    `auth_type = any` logs everybody in as the user of the server's URL, as the tests' server lets in whoever asks.
    """
    assert PROGRAM is not None
    parts = urlsplit(server)
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    text = _CONFIGURATION.format(host=parts.hostname, server=parts.port, port=port, mode=mode)
    file.write_text(text.replace("* = host", f"* = user={parts.username} host"))
    as_another = ["-u", "nobody"] if os.getuid() == 0 else []  # it refuses to run as root
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([PROGRAM, *as_another, file], stderr=log)
    try:
        _wait_for(port, process)
        yield f"postgresql://{parts.username}@127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "pgbouncer does not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("pgbouncer does not listen")
