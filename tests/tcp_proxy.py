"""A proxy before a PostgreSQL that makes the faults of a network, at a word that the client sends."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import ExitStack, suppress
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

#: swallow: nothing passes any more, and nobody hears of it. mute: what the client sends passes, the answers do
#: not. cut_before: both ends are closed, the word is lost. cut_after: it passes, then both ends are closed.
Fault = Literal["swallow", "mute", "cut_before", "cut_after"]


class Proxy:
    """Forwards connections, until `word` comes; the first `skip` times pass, then there are `times` faults.

    With `everywhere`, connections made after the fault meet it at once. `client_closes` tells the server when the
    client closes a connection on which nothing passes.
    """

    def __init__(
        self,
        url: str,
        fault: Fault,
        word: bytes,
        *,
        times: int = 1,
        skip: int = 0,
        everywhere: bool = False,
        client_closes: bool = True,
        port: int = 0,
    ) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 5432)
        self._fault, self._word = fault, word
        self._skip, self._left, self._everywhere, self._client_closes = skip, times, everywhere, client_closes
        self._listener = socket.create_server(("127.0.0.1", port))
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.faults = 0
        login, at, _ = parts.netloc.rpartition("@")
        place = f"{login}{at}127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=place))

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _run(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]  # a method
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                with suppress(OSError):
                    self._run(self._serve, self._listener.accept()[0])

    def _serve(self, client: socket.socket) -> None:
        with ExitStack() as stack:
            stack.enter_context(client)
            server = stack.enter_context(socket.create_connection(self._server))
            fault: Fault | None = self._fault if self._everywhere and self.faults else None
            while not self._stop.is_set():
                for source in select.select([client, server], [], [], 0.05)[0]:
                    try:
                        data = source.recv(1 << 16)
                    except OSError:
                        data = b""
                    if not data and (self._client_closes or source is server or fault is None):
                        return
                    if source is client and fault is None and self._strikes(data):
                        fault = self._fault
                        if fault != "swallow" and fault != "cut_before":
                            server.sendall(data)
                        if fault == "cut_after":
                            self._await_answer(server)
                        if fault.startswith("cut"):
                            return
                    elif source is client and fault != "swallow":
                        server.sendall(data)
                    elif source is server and fault is None:
                        client.sendall(data)

    def _strikes(self, data: bytes) -> bool:
        if self._left <= 0 or self._word not in data:
            return False
        if self._skip:
            self._skip -= 1
            return False
        self._left -= 1
        self.faults += 1
        return True

    @staticmethod
    def _await_answer(server: socket.socket) -> None:
        select.select([server], [], [], 5)
