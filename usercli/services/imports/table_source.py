"""Users straight from a table of another program: its rows as lines of JSON, for the readers of files."""

from __future__ import annotations

import io
import json
import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, cast

from usercli.database.engine import READ_ONLY, open_engine
from usercli.database.foreign_tables import ForeignTable, find_tables, quote
from usercli.database.table_presets import PRESETS
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, Refused
from usercli.hash_forms import identify
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.text_encodings import ChunkStream
from usercli.readers.text_source import TextSource
from usercli.repositories.foreign_rows import stream_rows

_LINES = 500
_OURS = {
    "email": "email",
    "full_name": "full_name",
    "password": "hashed_password",
    "active": "is_active",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "last_login_at": "last_login_at",
}
Row = dict[str, Any]


@dataclass(frozen=True)
class TableSource:
    """The table of a database, and the format in which its rows are read."""

    url: DatabaseUrl
    table: ForeignTable
    format: str
    options: ReadOptions
    #: Take UUIDs as ids; others are an attribute at all times.
    keeps_ids: bool

    @contextmanager
    def opened(self) -> Iterator[TextSource]:
        """The rows as text, while they come. Raises InvalidInput where there are none."""
        engine = open_engine(self.url).execution_options(**{READ_ONLY: True})
        with engine.connect() as connection:
            names = [column.name for column in self.table.columns]
            rows = stream_rows(connection, self.table.quoted, [quote(name) for name in names])
            if (first := next(rows, None)) is None:
                raise InvalidInput(f"the table {self.table.label} has no rows; there is nothing to import")
            items = (self._item(dict(zip(names, row, strict=True))) for row in chain([first], rows))
            lines = (json.dumps(item, ensure_ascii=False) for item in items)
            stream = io.BufferedReader(ChunkStream(_chunks(lines)))
            yield TextSource(cast("Any", stream))

    def records(self, records: Iterator[Record | BadRecord]) -> Iterator[Record | BadRecord]:
        """The records; those of a framework's reader with the ids that are kept."""
        attribute = f"{self.format.replace('-', '_')}_id"
        for record in records:
            attributes = record.fields.get("attributes") if record.fields and self.keeps_ids else None
            if isinstance(attributes, dict) and attribute in attributes:
                record.fields = {**(record.fields or {}), "id": attributes.pop(attribute)}
            yield record

    def _item(self, row: Row) -> Row:
        types = {column.name: column.type for column in self.table.columns}
        plain = {name: _plain(value, types[name]) for name, value in row.items()}
        user_id = self.table.fields.get("id")
        if user_id and self.table.id_kind == "uuid" and isinstance(plain[user_id], str):
            plain[user_id] = _uuid_text(plain[user_id])
        if self.format == "django":
            return {"model": "auth.user", "pk": plain.get(user_id or ""), "fields": plain}
        return plain if self.format in PRESETS else self._by_meaning(plain)

    def _by_meaning(self, row: Row) -> Row:
        """The row by our names; columns that options name keep theirs, the rest is for attributes or left out."""
        named = {part for key in (*self.options.mapping, *self.options.values) for part in key.split("+")}
        meaning = {field: name for field, name in self.table.fields.items() if name not in named}
        item = {name: row[name] for name in row if name in named}
        if self.options.unknown_to_attributes:
            item |= {name: value for name, value in row.items() if name not in self.table.fields.values()}
        found = {ours: row[meaning[field]] for field, ours in _OURS.items() if field in meaning}
        if "full_name" not in found:
            parts = [str(row[meaning[name]] or "") for name in ("first_name", "last_name") if name in meaning]
            found["full_name"] = " ".join(filter(None, parts)) or None
        if identify(str(found.get("hashed_password") or "")).scheme in {"empty", "disabled"}:
            found.pop("hashed_password", None)
        if "id" in meaning:
            user_id = row[meaning["id"]]
            found |= {"id": user_id} if self.keeps_ids else {"attributes": {f"{self.table.name}_id": user_id}}
        return {**item, **{name: value for name, value in found.items() if value is not None}}


def table_source(url: DatabaseUrl, name: str, options: ReadOptions, *, preserve: bool) -> TableSource:
    """The table of that name, with or without its schema. Raises NotFound, Refused for a table of ours."""
    with open_engine(url).execution_options(**{READ_ONLY: True}).connect() as connection:
        [table] = find_tables(connection, name, is_described=False)
    if table.is_ours:
        raise Refused(f"the table {table.label} is usercli's own; its users come by: usercli export")
    is_plain = not (options.mapping or options.values or options.skipped)
    form = table.framework if is_plain and table.framework in PRESETS else "jsonl"
    return TableSource(url, table, str(form), options, preserve and table.id_kind == "uuid")


def _chunks(lines: Iterator[str]) -> Iterator[bytes]:
    from usercli.batches import batched

    for some in batched(lines, _LINES):
        yield "".join(f"{line}\n" for line in some).encode("utf-8", "replace")


def _uuid_text(text: str) -> str:
    """As it is written elsewhere, where SQLite has 32 digits."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text


def _plain(value: Any, kind: str) -> Any:
    """The value as JSON has it; what is no text, number, truth, time or JSON is left out."""
    if isinstance(value, int) and "bool" in kind:
        return bool(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.loads(json.dumps(value, default=str))
    return None if isinstance(value, bytes | memoryview) else str(value)
