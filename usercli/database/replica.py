"""A streaming replica: a server that answers questions, with what its primary had committed a moment ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from usercli.database.url import DatabaseUrl


@dataclass(frozen=True)
class ReplicaState:
    """How far a server is that should be a replica."""

    is_replica: bool
    last_change: datetime | None
    """When the last transaction was committed on the primary that this server has; unknown before the first."""
    asked_at: datetime


def replica_state(url: DatabaseUrl) -> ReplicaState:
    """Ask the server, by its own clock. Raises DatabaseUnavailable."""
    from sqlalchemy import text

    from usercli.database.engine import open_engine

    with open_engine(url).connect() as connection:
        row = connection.execute(
            text("SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp(), clock_timestamp()")
        ).one()
    return ReplicaState(*row)
