"""Read the times of PostgreSQL that no calendar holds, which the driver refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import Loader

from usercli.times import UnreadableTime

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg.abc import AdaptContext, Buffer


class TimeLoader(Loader):
    """The driver's loader of timestamptz, which gives an UnreadableTime where that one raises an error."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        usual: Any = psycopg.adapters.get_loader(oid, self.format)  # the compiled one, where it is installed
        self._load = usual(oid, context).load

    def load(self, data: Buffer) -> datetime:
        """The time. Raises no error."""
        try:
            moment: datetime = self._load(data)
        except psycopg.DataError:
            stored = bytes(data).decode()
            return UnreadableTime.of(stored, late=not (stored.startswith("-") or stored.endswith("BC")))
        return moment
