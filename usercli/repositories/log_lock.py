"""The lock of the end of the audit log on PostgreSQL, and what stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from usercli.repositories.advisory_locks import AUDIT_LOG

if TYPE_CHECKING:
    from datetime import datetime

_LOCK = f"SELECT current_user, pg_advisory_xact_lock({AUDIT_LOG})"
#: A row also where the log is empty.
_CLOCK_AND_HEAD = (
    "SELECT clock_timestamp(), head.seq, head.hash, head.at FROM (VALUES (1)) AS one LEFT JOIN "
    "(SELECT seq, hash, at FROM audit_events ORDER BY seq DESC LIMIT 1) AS head ON true"
)


def lock_log(connection: Connection) -> tuple[str, datetime, int | None, str, Any]:
    """Lock the end of the log; who asks, the server's time, and number, hash and time of the last event or None.

    The second statement sees the log as it is once the lock is held. Both go in one round trip, where the driver
    takes several statements at a time.
    """
    locked, head = _one_by_one(connection) if connection.dialect.driver == "asyncpg" else _together(connection)
    return (locked[0], *head)


def _one_by_one(connection: Connection) -> tuple[Any, Any]:
    return connection.execute(text(_LOCK)).one(), connection.execute(text(_CLOCK_AND_HEAD)).one()


def _together(connection: Connection) -> tuple[Any, Any]:
    options = {"no_parameters": True}
    with connection.exec_driver_sql(f"{_LOCK}; {_CLOCK_AND_HEAD}", execution_options=options) as result:
        cursor: Any = result.cursor
        locked = cursor.fetchone()
        if not connection.dialect.is_async:
            cursor.nextset()
            return locked, cursor.fetchone()
        from sqlalchemy.util import await_

        cursor._cursor.nextset()  # the adapter would await it
        return locked, await_(cursor._cursor.fetchone())
