"""The settings of a pool of connections.

Only the standard library is imported here: the configuration is read before SQLAlchemy is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PoolSettings:
    """How many connections a service keeps at hand, how many more it may open, and how long it waits for one.

    `timeout` and `recycle` (the age at which a connection is replaced) are in seconds.
    """

    size: int = 5
    overflow: int = 10
    timeout: int = 30
    recycle: int = 1800
