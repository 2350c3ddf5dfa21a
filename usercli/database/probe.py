"""A database that is only looked at: read-only, no statement without a limit, no wait that cannot be ended."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.pool import QueuePool

from usercli.database import engine as engines
from usercli.database.unit_of_work import UnitOfWork
from usercli.database.url import DatabaseUrl
from usercli.errors import DatabaseUnreachable

_LOCK_SECONDS = 0.6
#: Then the server is asked for what a statement waits, while the lock is still waited for.
_LOOK_AFTER = 0.1


class Probe:
    """Connections to a database for one look, kept until `close`.

    `seconds` bounds the connect to each host and each statement; a lock is waited for less long, and that is not
    told. Raises DatabaseUnavailable if there is no SQLite file.
    """

    def __init__(self, url: DatabaseUrl, seconds: int) -> None:
        self.url = url
        self._drivers: list[Any] = []
        self._is_left = False
        self._engine = engines.open_engine(_within(url, seconds), QueuePool, pool_size=1, max_overflow=1)
        on_postgresql = url.engine == "postgresql"
        event.listen(self._engine, "connect", self._keep if on_postgresql else self._prepare_sqlite)

    def resolve(self) -> None:
        """Look up the hosts. Raises DatabaseUnreachable if none is known, or it took too long.

        libpq would do it in a call during which no other thread of the process runs.
        """
        hosts = [(host, port) for host, port in self.url.hosts if not host.startswith("/")]
        unknown = [host for host, port in hosts if not _is_known(host, port)]
        if self._is_left or (unknown and len(unknown) == len(self.url.hosts)):
            raise DatabaseUnreachable(f"cannot use the database at {self.url.where}: the host name is unknown")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in a read-only transaction, rolled back at the end."""
        with self._engine.connect().execution_options(**{engines.READ_ONLY: True}) as connection:
            yield connection

    def unit_of_work(self) -> UnitOfWork:
        """A read-only unit of work, whatever the state of the schema."""
        return UnitOfWork(engines.sessions(self._engine), read_only=True)

    def driver_of(self, connection: Connection) -> Any:
        """The driver's own connection."""
        return connection.connection.driver_connection

    @contextmanager
    def interrupted_after(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """End what SQLite does after these seconds; yields whether they are over."""
        over = threading.Event()

        def interrupt() -> None:
            over.set()
            for driver in self._drivers:
                driver.interrupt()

        timer = threading.Timer(seconds, interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield over.is_set
        finally:
            timer.cancel()

    def break_off(self) -> None:
        """End the waits of the thread that uses this, from another one."""
        self._is_left = True
        for driver in self._drivers:
            with suppress(Exception):  # it is closed already
                if self.url.engine == "sqlite":
                    driver.interrupt()
                else:
                    with socket.socket(fileno=os.dup(driver.fileno())) as link:
                        link.shutdown(socket.SHUT_RDWR)

    def is_silent(self) -> bool:
        """Whether the server neither answers nor works on what it was asked. Takes 3 s at most."""
        from usercli.database.bounded_connection import is_silent

        return not self._drivers or any(map(is_silent, self._drivers))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _keep(self, driver: Any, _: Any) -> None:
        driver.look_after, driver.tells = _LOOK_AFTER, False
        self._drivers.append(driver)

    def _prepare_sqlite(self, driver: Any, _: Any) -> None:
        driver.execute("PRAGMA query_only=ON").close()
        self._drivers.append(driver)


def _is_known(host: str, port: int) -> bool:
    try:
        return bool(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError:
        return False


def _within(url: DatabaseUrl, seconds: int) -> DatabaseUrl:
    """The URL with a connect and statements that take no longer; what it says of a connect may be shorter."""
    if url.engine == "sqlite":
        return replace(url, timeouts=replace(url.timeouts, lock=1))
    options = dict(url.query)
    given = options.get("connect_timeout", "").strip()
    shorter = given if given.isdigit() and 0 < int(given) < seconds else str(seconds)
    timeouts = replace(url.timeouts, statement=seconds, lock=_LOCK_SECONDS)
    return replace(url, query=tuple({**options, "connect_timeout": shorter}.items()), timeouts=timeouts)
