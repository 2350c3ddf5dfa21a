"""Keyset pagination: an order, and the place in it where the next page starts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import UnaryExpression

from usercli.errors import InvalidInput
from usercli.models.types import as_read, code_point
from usercli.text import similar
from usercli.times import UnreadableTime, rfc3339
from usercli.validation import require_storable

#: As other programs write an order.
_DIRECTED = re.compile(r"\+?(.*?)(?:[\s:,./]+(asc|desc)(?:ending)?)?", re.IGNORECASE)
_LARGEST_INTEGER = 2**31 - 1  # of a column on either engine


def cannot_sort(spec: str, fields: Iterable[str]) -> InvalidInput:
    """What is said of a field that nothing is sorted by: what may be meant, `-email` for `email:desc`."""
    names = list(fields)
    name = spec.removeprefix("-")
    asked = _DIRECTED.fullmatch(name)
    bare, direction = (asked[1], asked[2]) if asked else (name, None)
    sign = "-" if (direction or "").lower() == "desc" or (spec.startswith("-") and direction is None) else ""
    near = ", ".join(sign + field for field in similar(bare, names))
    meant = f"; did you mean: {near}" if near else ""
    return InvalidInput(f"cannot sort by {name or 'nothing'}{meant}; the fields to sort by are: {', '.join(names)}")


@dataclass(frozen=True)
class Order:
    """One column, up or down, nulls last; the id breaks ties."""

    column: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[uuid.UUID]
    descending: bool = False

    def clauses(self) -> Sequence[UnaryExpression[Any]]:
        """For ORDER BY."""
        parts = [self._directed(self._value), self._directed(self.id)]
        if self._nullable:
            parts[0] = parts[0].nulls_last()
        return parts[1:] if self.column is self.id else parts

    def after(self, value: Any, last_id: uuid.UUID) -> ColumnElement[bool]:
        """The rows that follow the one with this value and id."""
        if self.column is self.id:
            return self._beyond(self.id, last_id)
        if not self._nullable:
            row = tuple_(self._value, self.id)
            return row < (value, last_id) if self.descending else row > (value, last_id)
        if value is None:
            return and_(self._value.is_(None), self._beyond(self.id, last_id))
        same = and_(self._value == value, self._beyond(self.id, last_id))
        return or_(self._beyond(self._value, value), same, self._value.is_(None))

    @property
    def name(self) -> str:
        return ("-" if self.descending else "") + self.column.key

    @property
    def _value(self) -> Any:
        return code_point(self.column) if isinstance(self.column.type, Text) else as_read(self.column)

    @property
    def _nullable(self) -> bool:
        return bool(self.column.property.columns[0].nullable)

    def _directed(self, column: Any) -> UnaryExpression[Any]:
        directed: UnaryExpression[Any] = column.desc() if self.descending else column.asc()
        return directed

    def _beyond(self, column: Any, value: Any) -> ColumnElement[bool]:
        beyond: ColumnElement[bool] = column < value if self.descending else column > value
        return beyond


def query_mark(criteria: str, order: Order) -> str:
    """A short digest of a query, so that a cursor is not taken to another one."""
    return hashlib.sha256(f"{order.name} {criteria}".encode()).hexdigest()[:12]


def write_cursor(mark: str, value: Any, last_id: uuid.UUID) -> str:
    """A token for `--after`: the query's mark and the last row's place."""
    packed = json.dumps([mark, _as_json(value), str(last_id)], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _as_json(value: Any) -> Any:
    if isinstance(value, UnreadableTime):
        return {"blob": value.stored.hex()} if isinstance(value.stored, bytes) else {"stored": value.stored}
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, uuid.UUID) else value


def read_cursor(token: str, mark: str, order: Order) -> tuple[Any, uuid.UUID]:
    """The place in the order. Raises InvalidInput for a broken token or one of another query."""
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        found_mark, value_json, last_id = json.loads(packed)
        if found_mark == mark:
            return _typed(value_json, order), uuid.UUID(last_id)
        uuid.UUID(last_id)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
        raise InvalidInput("the cursor is not one that usercli printed") from None
    raise InvalidInput("the cursor belongs to another query; use the same filters and the same order")


def _typed(value_json: Any, order: Order) -> Any:
    kind = order.column.property.columns[0].type.python_type
    if value_json is None:
        return None
    if kind is datetime and isinstance(value_json, dict):
        return UnreadableTime.of(_stored(**value_json))
    if kind is datetime:
        moment = datetime.fromisoformat(value_json)
        if moment.tzinfo is None:
            raise TypeError
        return moment.astimezone(UTC)
    if kind is uuid.UUID:
        return uuid.UUID(value_json)
    if type(value_json) is not kind or (kind is int and abs(value_json) > _LARGEST_INTEGER):
        raise TypeError
    return value_json


def _stored(*, stored: Any = None, blob: str | None = None) -> Any:
    if blob is not None:
        return bytes.fromhex(blob)
    if not isinstance(stored, str | int | float) or (isinstance(stored, int) and abs(stored) >= 2**63):
        raise TypeError
    return require_storable(stored, "the cursor") if isinstance(stored, str) else stored
