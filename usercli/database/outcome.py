"""Whether a commit took place whose answer was lost: PostgreSQL is asked through a new connection."""

from __future__ import annotations

from time import monotonic, sleep

import psycopg

from usercli.database.bounded_connection import BoundedConnection
from usercli.database.engine import engine_options
from usercli.database.url import DatabaseUrl
from usercli.repositories.advisory_locks import AUDIT_LOG

_PAUSE = 0.5
_NETWORK_SECONDS = 5
_LOCK_WAIT = "1s"

#: The lost session, unless it works on what was sent last. It holds the lock that everybody needs.
_END_SESSION = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid || '/' || extract(epoch FROM xact_start) = %s AND state <> 'active'
"""


def was_committed(url: DatabaseUrl, written: tuple[int, str], session: str | None, seconds: float) -> bool | None:
    """Look for the last event of a change, its number and hash; None if that cannot be found out.

    A change holds the lock of the log's end until its transaction has ended: whoever has the lock knows. A server
    that is not there is tried again for so many seconds; a lock that is held for as long as locks are waited for.
    """
    began = monotonic()
    while True:
        try:
            return _look_up(url, written, session)
        except psycopg.errors.LockNotAvailable:
            patience: float = url.timeouts.lock
        except psycopg.Error:
            patience = seconds
        if monotonic() - began >= patience:
            return None
        sleep(_PAUSE)


def _look_up(url: DatabaseUrl, written: tuple[int, str], session: str | None) -> bool:
    seq, link = written
    options = engine_options(url)["connect_args"]
    with BoundedConnection.open(**options, autocommit=True, network_timeout=_NETWORK_SECONDS) as connection:
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
            raise psycopg.OperationalError("a standby may not have it yet")
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
                connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [AUDIT_LOG])
                found = connection.execute("SELECT hash FROM audit_events WHERE seq = %s", [seq]).fetchone()
                return found == (link,)
        except psycopg.errors.LockNotAvailable:
            connection.execute(_END_SESSION, [session])
            raise
