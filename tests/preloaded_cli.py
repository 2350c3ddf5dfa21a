"""A `usercli` that starts at once, for tests of shell scripts that call it many times.

The command is a client that hands its arguments, environment and descriptors to a server; the server, which has
loaded all, forks a process that runs the command line there.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pkgutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

_CLIENT = """\
import json, os, socket, struct, sys
mask = os.umask(0o077)
asked = json.dumps([sys.argv[2:], dict(os.environ), os.getcwd(), mask]).encode("utf-8", "surrogatepass")
server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
socket.send_fds(server, [struct.pack("!I", len(asked))], [0, 1, 2])
server.sendall(asked)
code = server.recv(1)
sys.exit(code[0] if code else 99)
"""


@contextlib.contextmanager
def quick_usercli(folder: Path) -> Iterator[Path]:
    """A folder for the PATH that holds such a `usercli`, while the server runs."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    place = folder / "socket"
    (folder / "client.py").write_text(_CLIENT)
    command = bin_folder / "usercli"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {folder}/client.py {place} "$@"\n')
    command.chmod(0o755)
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "apps")}  # applications that pages tell of
    line = [sys.executable, "-m", "tests.preloaded_cli", str(place)]
    server = subprocess.Popen(line, cwd=ROOT, env=environ, stdout=subprocess.PIPE)
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield bin_folder
        finally:
            server.kill()


def main() -> None:
    """Serve at the socket that the argument names."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[1])
        listening.listen(16)
        _load()
        os.write(1, b"ready\n")
        _serve(listening)


def _load() -> None:
    import usercli

    for module in pkgutil.walk_packages(usercli.__path__, "usercli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in ("email_validator", "passlib.handlers.bcrypt", "psycopg", "sqlalchemy.dialects.sqlite"):
        import_module(name)
    gc.collect()
    gc.freeze()


def _serve(listening: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        client, _ = listening.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 98
            try:
                code = _run(client)
            finally:
                client.sendall(bytes([code]))
                os._exit(code)
        client.close()


def _run(client: socket.socket) -> int:
    head, descriptors, _, _ = socket.recv_fds(client, 4, 3)
    size = struct.unpack("!I", head)[0]
    data = b""
    while len(data) < size:
        data += client.recv(size - len(data))
    arguments, environ, folder, mask = json.loads(data.decode("utf-8", "surrogatepass"))
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    os.umask(mask)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    streams: Any = (open(0), open(1, "w"), open(2, "w"))  # noqa: SIM115 - as long as the process
    sys.stdin, sys.stdout, sys.stderr = streams
    from usercli.cli.main import run

    code = int(run(arguments))
    for stream in streams[1:]:
        stream.flush()
    return code


if __name__ == "__main__":
    main()
