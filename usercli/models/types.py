"""Column types that behave the same on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Dialect, FetchedValue, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from usercli.times import UnreadableTime

#: Text compared and sorted by code point. SQLite does so by itself, PostgreSQL with the collation "C".
CodePointText = Text().with_variant(Text(collation="C"), "postgresql")


class _ExactJson(JSON):
    """JSON in which 1 and true are two values: to Python they are equal, and the change would not be written."""

    def compare_values(self, x: Any, y: Any) -> bool:
        return json.dumps(x, sort_keys=True) == json.dumps(y, sort_keys=True)


class _JsonOrJsonb(TypeDecorator[Any]):
    """JSONB on PostgreSQL, whose dialect nothing else loads; JSON text on SQLite."""

    impl = _ExactJson
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name != "postgresql":
            return super().load_dialect_impl(dialect)
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance.coerce_compared_value(op, value)


#: A JSON object.
JsonObject = _JsonOrJsonb()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, in and out; a naive one is refused with ValueError.

    What no calendar holds is read as an UnreadableTime; with `is_strict` it raises ValueError. With `has_never`
    PostgreSQL's `infinity` is read as None.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def __init__(self, has_never: bool = False, is_strict: bool = False) -> None:
        super().__init__()
        self.has_never, self.is_strict = has_never, is_strict

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

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """As usual, but an unreadable time is compared as it is stored."""
        usual: Any = super().bind_processor(dialect)
        on_sqlite = dialect.name == "sqlite"

        def bind(value: Any) -> Any:
            if type(value) is UnreadableTime:
                return value.stored if on_sqlite else str(value)
            return usual(value)

        return bind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """As usual, but what is no time ends nothing."""
        usual: Any = super().result_processor(dialect, coltype)

        def read(value: Any) -> Any:
            if value is None or (type(value) is datetime and value.tzinfo is UTC):
                return value  # most are, and the decorator's way takes four times as long
            if type(value) is UnreadableTime:  # by the driver of PostgreSQL
                return None if self.has_never and value.stored == "infinity" else value
            try:
                return usual(value)
            except (TypeError, ValueError, OverflowError):  # SQLite holds anything in any column
                return UnreadableTime.of(value)

        def read_strictly(value: Any) -> Any:
            if isinstance(found := read(value), UnreadableTime):
                raise ValueError("no time")
            return found

        return read_strictly if self.is_strict else read


class ServerDefault(FetchedValue):
    """A default that the server makes; its SQL, for revisions, on each engine."""

    def __init__(self, postgresql: str, sqlite: str) -> None:
        super().__init__()
        self.postgresql, self.sqlite = postgresql, sqlite


#: A random UUID, and the time: on SQLite in the spelling in which SQLAlchemy stores them.
NEW_ID = ServerDefault("gen_random_uuid()", "(lower(hex(randomblob(16))))")
NOW = ServerDefault("now()", "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))")


class finite(FunctionElement[Any]):  # noqa: N801 - a function of SQL
    """A time, or NULL where PostgreSQL holds `infinity`."""

    inherit_cache = True
    type = UtcDateTime(has_never=True)


@compiles(finite)
def _same(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(finite, "postgresql")
def _null_if_infinite(element: Any, compiler: Any, **options: Any) -> str:
    return f"NULLIF({compiler.process(element.clauses, **options)}, 'infinity'::timestamptz)"


def as_read(column: Any) -> Any:
    """A column of times as it is read: NULL for an `infinity` that is read as None."""
    return finite(column) if isinstance(column.type, UtcDateTime) and column.type.has_never else column


class code_point(FunctionElement[Any]):  # noqa: N801 - a function of SQL
    """A text that is compared by code point, also in an adopted table, whose columns keep their collation."""

    inherit_cache = True
    type = CodePointText


@compiles(code_point)
def _by_itself(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(code_point, "postgresql")
def _in_collation(element: Any, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'


class is_no_time(FunctionElement[Any]):  # noqa: N801 - a function of SQL
    """Something else than a time is stored, and not NULL, which SQLite allows; it compares as what it is."""

    inherit_cache = True
    type = Boolean()


@compiles(is_no_time)
def _never(*_: Any, **__: Any) -> str:
    return "false"


@compiles(is_no_time, "sqlite")
def _has_no_form(element: Any, compiler: Any, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    form = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
    return f"({value} IS NOT NULL AND ({value} NOT GLOB '{form}' OR datetime({value}) IS NULL))"
