"""What a session of PostgreSQL does, as another one sees it: it works, or waits for whose lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from usercli.repositories.advisory_locks import NAMES
from usercli.text import visible

#: Identifies a session and its transaction, also behind a pooler, where the driver knows neither.
SESSION = "pg_backend_pid() || '/' || extract(epoch FROM now())"

#: Of the session that SESSION names: what it waits for, and for whom.
SESSION_STATE = """
SELECT
    session.state = 'active' AND session.wait_event_type IS DISTINCT FROM 'Client'
        AND session.wait_event IS DISTINCT FROM 'SyncRep' AS works,
    wanted.locktype,
    coalesce(wanted.relation, tuple.relation)::regclass::text AS relation,
    (wanted.classid::bigint << 32) | wanted.objid::bigint AS advisory,
    holder.pid,
    holder.application_name,
    to_char(holder.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
FROM pg_stat_activity AS session
LEFT JOIN LATERAL (
    SELECT * FROM pg_locks WHERE pid = session.pid AND NOT granted LIMIT 1
) AS wanted ON true
LEFT JOIN LATERAL (
    SELECT relation FROM pg_locks WHERE pid = session.pid AND locktype = 'tuple' LIMIT 1
) AS tuple ON true
LEFT JOIN LATERAL (
    SELECT * FROM pg_stat_activity
    WHERE wanted.locktype IS NOT NULL AND pid = ANY (pg_blocking_pids(session.pid)) ORDER BY xact_start LIMIT 1
) AS holder ON true
WHERE session.pid || '/' || extract(epoch FROM session.xact_start) = %s
"""

CANCEL_STATEMENT = """
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid || '/' || extract(epoch FROM xact_start) = %s
"""


@dataclass(frozen=True)
class SessionState:
    """Whether the server works on a statement of the session; the lock that it waits for, and its holder, in words.

    `relation` is the table of the lock, or of the row.
    """

    works: bool
    lock: str = ""
    holder: str = ""
    relation: str | None = None

    @property
    def waits_for(self) -> str:
        return f"{self.lock}, {self.holder}" if self.lock else ""


def session_state(row: Any) -> SessionState:
    """A row of SESSION_STATE."""
    works, kind, relation, advisory, pid, application, since = row
    if kind is None:
        return SessionState(bool(works))
    holder = _holder(pid, application, since)
    return SessionState(
        bool(works), _lock(kind, relation, advisory), holder, visible(relation) if relation else None
    )


def _lock(kind: str, relation: str | None, advisory: int | None) -> str:
    if kind == "advisory":
        return NAMES.get(advisory or 0, "an advisory lock")
    if kind == "relation":
        return f"the table {relation}"
    return f"a row of {relation}" if relation else "a row"


def _holder(pid: int | None, application: str | None, since: str | None) -> str:
    if not pid:
        return "locked by another session"
    name = f" ({visible(application)})" if application else ""
    return f"locked by process {pid}{name}" + (f" since {since}" if since else "")
