"""Connections to PostgreSQL that do not wait for a silent server without a bound, and say what they wait for.

The socket is polled ten times a second. After two seconds without an answer a thread asks the server
through a second connection what it does: a lock is waited for, and that is told; it works on the statement, and
has all the time it needs; or it knows nothing of it, and after the network timeout the connection is closed.
"""

from __future__ import annotations

import selectors
import threading
from collections.abc import Generator
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

from usercli.database.blockers import CANCEL_STATEMENT, SESSION_STATE, SessionState, session_state
from usercli.database.wait_log import tell

T = TypeVar("T")

_LOOK_AFTER = 2.0
_LOOK_SECONDS = 3.0
_ASK_SECONDS = 1.5
_CANCEL_SECONDS = 1.0
_TICK = 0.1
#: After so long without an answer the server is asked whether it is there.
_FRESH_SECONDS = 1.0
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.DefaultSelector)

#: Of a second connection: it goes to the same server.
_CHOICE_OF_SERVER = frozenset({"host", "hostaddr", "port", "target_session_attrs", "load_balance_hosts"})


class _Bounds:
    """What both kinds of connections know."""

    network_timeout: float = 60
    may_look = True
    given: dict[str, Any]
    #: The session and transaction that the server's statistics show, also behind a pooler.
    session: str | None = None
    #: After so many seconds the server is asked; None as for all.
    look_after: float | None = None
    #: Whether a wait is told.
    tells = True
    #: What the newest wait was for, as far as it is known.
    waited_for: SessionState | None = None
    #: Whether the next transaction only reads.
    reads_only = False
    #: When the server answered last.
    heard = 0.0

    def seems_alive(self: Any) -> bool:
        """Whether the server answered a moment ago and has not hung up since: then there is something to read."""
        if monotonic() - self.heard > _FRESH_SECONDS or self.closed:
            return False
        with _Selector() as selector:
            selector.register(self.pgconn.socket, selectors.EVENT_READ)
            return not selector.select(0)

    def _beginning(self: Any, settings: str) -> Generator[Any, Any, list[str]]:
        """BEGIN, unless a transaction is open, sent with a query; the row of that, as texts."""
        is_idle = self.pgconn.transaction_status == TransactionStatus.IDLE
        begin = b"" if self.autocommit or not is_idle else self._get_tx_start_command() + b"; "
        self.pgconn.send_query(begin + settings.encode())
        results = yield from psycopg.generators.execute(self.pgconn)
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result, encoding=self.pgconn._encoding)
        return [(row.get_value(0, column) or b"").decode() for row in results[-1:] for column in range(row.nfields)]

    def second(self: Any) -> BoundedConnection:
        """Another connection to the same server, which answers within seconds or not at all."""
        kept = {name: value for name, value in self.given.items() if name not in _CHOICE_OF_SERVER}
        info = self.info
        place = {"host": info.host, "hostaddr": info.hostaddr, "port": info.port}
        seconds = int(_LOOK_SECONDS)
        kept |= {"connect_timeout": seconds, "autocommit": True}
        kept |= {name: value for name, value in place.items() if value}
        made = BoundedConnection.open(**kept, network_timeout=seconds)
        made.may_look = False
        return made


class BoundedConnection(psycopg.Connection[Any], _Bounds):
    """A connection that gives up a server which is silent for `network_timeout` seconds."""

    @classmethod
    def open(cls, conninfo: str = "", *, network_timeout: float, **given: Any) -> Self:
        """Connect, with the options of libpq and psycopg."""
        made = cls.connect(conninfo, **given)
        made.given, made.network_timeout = given, network_timeout
        return made

    def begin(self, settings: str) -> list[str]:
        """Begin a transaction, as this connection has it, with a query; its row, as texts."""
        with self.lock:
            row: list[str] = self.wait(self._beginning(settings))
        return row

    def wait(self, gen: Any, *_: Any, **__: Any) -> Any:
        try:
            wanted = next(gen)
            found = _run(_watched(gen, wanted, self), self.pgconn.socket)
            self.heard = monotonic()
            return found
        except StopIteration as end:  # as of most rows of a COPY
            return end.value
        except (KeyboardInterrupt, SystemExit):
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self._give_up(gen)
            raise

    def _give_up(self, gen: Any) -> None:
        """Cancel what the server does. The driver would wait for that five seconds, and five for its answer."""
        limits = self.network_timeout, self.session
        try:
            self._cancel_statement()
            self.network_timeout, self.session = _CANCEL_SECONDS, None
            _run(_watched(gen, next(gen), self), self.pgconn.socket)
        except (psycopg.errors.QueryCanceled, StopIteration):
            pass  # as it should be
        except BaseException as error:
            self.pgconn.finish()
            if not isinstance(error, Exception):
                raise
        finally:
            self.network_timeout, self.session = limits

    def _cancel_statement(self) -> None:
        if psycopg.capabilities.has_cancel_safe():
            self.cancel_safe(timeout=_CANCEL_SECONDS)
        elif self.session:  # an older libpq would wait for a silent server without end, deaf to signals
            with self.second() as second:
                second.execute(CANCEL_STATEMENT, [self.session])


class AsyncBoundedConnection(psycopg.AsyncConnection[Any], _Bounds):
    """The same for an event loop."""

    @classmethod
    async def open(cls, conninfo: str = "", *, network_timeout: float, **given: Any) -> Self:
        """Connect, with the options of libpq and psycopg."""
        made = await cls.connect(conninfo, **given)
        made.given, made.network_timeout = given, network_timeout
        return made

    async def begin(self, settings: str) -> list[str]:
        """Begin a transaction, as this connection has it, with a query; its row, as texts."""
        async with self.lock:
            row: list[str] = await self.wait(self._beginning(settings))
        return row

    async def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        found = await super().wait(_watched_from_start(gen, self), *args, **kwargs)
        self.heard = monotonic()
        return found


def _run(steps: Generator[Any, Any, T], socket: int) -> T:
    """Wait for the socket, ten times a second in vain; the driver's own loop in C says nothing of that."""
    try:
        wanted = next(steps)
        with _Selector() as selector:
            selector.register(socket, wanted)
            while True:
                events = selector.select(_TICK)
                before, wanted = wanted, steps.send(events[0][1] if events else 0)
                if wanted != before:
                    selector.modify(socket, wanted)
    except StopIteration as end:
        result: T = end.value
        return result


def _watched(gen: Generator[Any, Any, T], wanted: Any, connection: Any) -> Generator[Any, Any, T]:
    """The steps of the driver, which is given what became ready, or nothing ten times a second."""
    try:
        since, watch = monotonic(), None
        while True:
            ready = yield wanted
            if ready:
                since, watch = monotonic(), None
            else:
                watch = watch or _Watch(connection, since)
                watch.check(monotonic())
            wanted = gen.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result


def _watched_from_start(gen: Generator[Any, Any, T], connection: Any) -> Generator[Any, Any, T]:
    try:
        wanted = next(gen)
    except StopIteration as end:
        result: T = end.value
        return result
    return (yield from _watched(gen, wanted, connection))


class _Watch:
    """One wait, from the last byte on."""

    def __init__(self, connection: Any, since: float) -> None:
        self._connection = connection
        self._limit = connection.network_timeout
        self._heard = since  # of the statement, here or by asking
        self._gap = min(_LOOK_AFTER if connection.look_after is None else connection.look_after, self._limit)
        self._next = since + self._gap
        self._look: _Look | None = None
        self._told = False
        connection.waited_for = None

    def check(self, now: float) -> None:
        """Called again and again. Raises OperationalError when the server is silent for too long."""
        if self._look is not None and not self._look.is_alive():
            self._heed(self._look, now)
            self._look = None
        overdue = now - self._heard - self._limit
        if overdue >= 0 and (not self._may_ask or overdue > _LOOK_SECONDS + 1):
            self._give_up()
        if self._look is None and now >= self._next and self._may_ask:
            self._look = _Look(self._connection)
            self._look.start()

    @property
    def _may_ask(self) -> bool:
        return bool(self._connection.may_look and self._connection.session)

    def _heed(self, look: _Look, now: float) -> None:
        found = look.found
        if found is not None and found.works:
            self._heard = look.began
            if found.waits_for:
                self._connection.waited_for = found
            if found.waits_for and not self._told:
                self._told = True
                if self._connection.tells:
                    tell(found.waits_for)
        elif now - self._heard >= self._limit:
            self._give_up()
        self._gap *= 2
        boundary = self._heard + self._limit
        self._next = boundary if self._told else min(now + self._gap, boundary)

    def _give_up(self) -> None:
        self._connection.pgconn.finish()
        raise psycopg.OperationalError(f"timeout: the server was silent for {self._limit:g} s")


def is_silent(connection: BoundedConnection) -> bool:
    """Whether a statement is under way of which the server knows nothing, or does not say that it does."""
    for _ in range(2):  # once it may have been between two answers
        if connection.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return False
        if connection.session:
            look = _Look(connection)
            look.start()
            look.join(_ASK_SECONDS)
            if look.found is not None and look.found.works:
                return False
    return True


class _Look(threading.Thread):
    """A question about the session, through a second connection."""

    def __init__(self, connection: Any) -> None:
        super().__init__(name="usercli-wait", daemon=True)
        self._connection, self._session = connection, connection.session
        self.began = monotonic()
        self.found: SessionState | None = None

    def run(self) -> None:
        try:
            with self._connection.second() as second:
                row = second.execute(SESSION_STATE, [self._session]).fetchone()
        except Exception:  # no answer, whatever the reason
            return
        self.found = session_state(row) if row else None
