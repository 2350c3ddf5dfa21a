"""Column types that behave the same on both engines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, FetchedValue, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

#: Text compared and sorted by code point. SQLite does so by itself, PostgreSQL with the collation "C".
CodePointText = Text().with_variant(Text(collation="C"), "postgresql")


class _ExactJson(JSON):
    """JSON in which 1 and true are two values: to Python they are equal, and the change would not be written."""

    def compare_values(self, x: Any, y: Any) -> bool:
        return json.dumps(x, sort_keys=True) == json.dumps(y, sort_keys=True)


#: A JSON object: JSONB on PostgreSQL, JSON text on SQLite.
JsonObject = _ExactJson().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, in and out; a naive one is refused with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored; give it a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ServerDefault(FetchedValue):
    """A default that the server makes; its SQL, for revisions, on each engine."""

    def __init__(self, postgresql: str, sqlite: str) -> None:
        super().__init__()
        self.postgresql, self.sqlite = postgresql, sqlite


#: A random UUID, and the time: on SQLite in the spelling in which SQLAlchemy stores them.
NEW_ID = ServerDefault("gen_random_uuid()", "(lower(hex(randomblob(16))))")
NOW = ServerDefault("now()", "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))")
