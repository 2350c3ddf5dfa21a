"""How long an operation of the database may wait.

Only the standard library is imported here: the configuration is read before SQLAlchemy is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Bounds in seconds: for a connection, a lock, a statement (0: no bound), and a server that is silent.

    A server that can say through another connection that it works on the statement is not silent.
    """

    connect: int = 10
    lock: float = 30
    statement: int = 0
    network: int = 60
