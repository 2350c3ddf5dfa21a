"""Requests a second of a service on usercli beside the same by hand; `scripts/bench service` makes the table.

bench_service.py RUNS FOLDER    requests a second and CPU milliseconds a request of each, a run each, as JSON
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from bench_transfer import Server

SERVICES = {"usercli": "service_usercli", "by hand": "service_by_hand"}
CLIENTS = 50
SECONDS = 8.0
PASSWORD = "a kettle sings at dawn"  # noqa: S105 - of users that nobody has
SETTINGS = {"USERCLI_BCRYPT_COST": "4", "USERCLI_UNSAFE": "1", "USERCLI_POOL_SIZE": "10"}


class Client:
    """One connection, which asks for one thing after the other."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """The answer, which must not be an error."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\ntoken: {token}\r\n"
        self._writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.split("content-length:")[1].split("\r\n")[0])
        found = await self._reader.readexactly(length)
        if not answer.startswith("http/1.1 2"):
            raise SystemExit(f"{method} {path}: {answer.splitlines()[0]} {found[:200]!r}")
        return json.loads(found)


async def visit(port: int, until: float) -> int:
    """Sign up, sign in, look at oneself three times and at a page of users, again and again; how many requests."""
    number = 0
    async with Client(port) as client:
        while time.monotonic() < until:
            account = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
            token = (await client.ask("POST", "/users", account))["id"]
            await client.ask("POST", "/sign-in", account)
            for _ in range(3):
                await client.ask("GET", "/me", token=token)
            await client.ask("GET", "/users")
            number += 6
    return number


async def load(port: int) -> float:
    """Requests a second of 50 clients."""
    began = time.monotonic()
    numbers = await asyncio.gather(*(visit(port, began + SECONDS) for _ in range(CLIENTS)))
    return sum(numbers) / (time.monotonic() - began)


def measured(module: str, url: str) -> tuple[float, float]:
    """Requests a second, and the service's CPU milliseconds a request."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {**os.environ, **SETTINGS, "USERCLI_DATABASE_URL": url, "PYTHONPATH": str(Path(__file__).parent)}
    line = [sys.executable, "-m", "uvicorn", f"{module}:app", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(line, env=environ, stdin=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        asyncio.run(warm(port))
        before = cpu(process.pid)
        speed = asyncio.run(load(port))
        return speed, (cpu(process.pid) - before) / (speed * SECONDS) * 1000
    finally:
        process.terminate()
        process.wait()


async def warm(port: int) -> None:
    await visit(port, time.monotonic() + 1)


def cpu(pid: int) -> float:
    """Seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    server = Server()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVICES}
    try:
        for _ in range(int(sys.argv[1])):
            for name, module in SERVICES.items():
                found[name].append(measured(module, server.fresh()))
    finally:
        server.cluster.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
