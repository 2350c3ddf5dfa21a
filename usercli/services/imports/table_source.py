"""Users straight from a table of another program: its rows as text, for the readers of files.

A framework's table is lines of JSON, which the reader of its exports knows; any other is a table as a file has one,
whose columns must all fit.
"""

from __future__ import annotations

import io
import json
import math
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from typing import Any, cast

from usercli.database.engine import READ_ONLY, open_engine
from usercli.database.foreign_tables import ForeignTable, find_tables, quote
from usercli.database.table_presets import PRESETS
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput, Refused
from usercli.hash_forms import identify
from usercli.readers import BadRecord, ReadOptions, Record, unheard
from usercli.readers.file_kinds import kind_of_table
from usercli.readers.known_headers import meaning, plain
from usercli.readers.table_header import Header
from usercli.readers.text_encodings import ChunkStream
from usercli.readers.text_source import TextSource
from usercli.repositories.foreign_rows import stream_rows
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.text import TSV_ESCAPES

_LINES = 500
#: The fields by which a table of users is told, where they have another name here.
_OURS = {"password": "hashed_password", "active": "is_active"}
_PARTS = frozenset({"first_name", "last_name"})
#: Columns whose values an attribute keeps as what they are: numbers, truths, JSON.
_TYPED = re.compile("int|serial|bool|float|double|real|json")


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
            found = self._plain_rows(chain([first], rows))
            lines = chain([_tsv(names)], map(_tsv, found)) if self.format == "tsv" else map(self._json, found)
            yield TextSource(cast("Any", io.BufferedReader(ChunkStream(_chunks(lines)))))

    def records(self, records: Iterator[Record | BadRecord]) -> Iterator[Record | BadRecord]:
        """The records; those of a framework's reader with the ids that are kept, others with typed attributes."""
        kept = f"{self.format.replace('-', '_')}_id" if self.keeps_ids else None
        typed: set[str] | None = None
        for record in records:
            record.line -= self.format == "tsv"  # the number of the row: the header is the first line
            attributes = record.fields.get("attributes") if record.fields else None
            if not isinstance(attributes, dict):
                pass
            elif self.format == "tsv":
                typed = self._typed_attributes() if typed is None else typed
                for name in typed.intersection(attributes):
                    attributes[name] = _typed(attributes[name])
            elif kept in attributes:
                record.fields = {**(record.fields or {}), "id": attributes.pop(kept)}
            yield record

    def _typed_attributes(self) -> set[str]:
        names = [column.name for column in self.table.columns]
        types = [column.type.lower() for column in self.table.columns]
        columns = Header(names, replace(self.options, on_note=unheard)).columns
        attributes = [
            column for column in columns if column.field.startswith(ATTRIBUTE) and len(column.places) == 1
        ]
        return {
            column.field.removeprefix(ATTRIBUTE) for column in attributes if _TYPED.search(types[column.places[0]])
        }

    def _plain_rows(self, rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """The rows as JSON has them, ids as they are written elsewhere."""
        names = [column.name for column in self.table.columns]
        types = [column.type for column in self.table.columns]
        ids = names.index(self.table.fields["id"]) if self.table.id_kind == "uuid" else None
        hashes = self.table.fields.get("password") if self.format == "tsv" else None
        place = None if hashes is None else names.index(hashes)
        for row in rows:
            found = list(map(_plain, row, types))
            if ids is not None and isinstance(found[ids], str):
                found[ids] = _uuid_text(found[ids])
            if place is not None and identify(str(found[place] or "")).scheme in {"empty", "disabled"}:
                found[place] = None
            yield found

    def _json(self, values: Sequence[Any]) -> str:
        item = dict(zip((column.name for column in self.table.columns), values, strict=True))
        if self.format == "django":
            item = {"model": "auth.user", "pk": item.pop(self.table.fields.get("id", ""), None), "fields": item}
        return json.dumps(item, ensure_ascii=False)


def table_source(url: DatabaseUrl, name: str, options: ReadOptions, *, preserve: bool) -> TableSource:
    """The table of that name, with or without its schema. Raises NotFound, Refused for a table of ours."""
    with open_engine(url).execution_options(**{READ_ONLY: True}).connect() as connection:
        [table] = find_tables(connection, name, is_described=False)
    if table.is_ours:
        raise Refused(f"the table {table.label} is usercli's own; its users come by: usercli export")
    keeps_ids = preserve and table.id_kind == "uuid"
    is_plain = not (options.mapping or options.values or options.skipped)
    if is_plain and (system := _system(table)):
        return TableSource(url, table, system, options, keeps_ids)
    return TableSource(url, table, "tsv", _by_meaning(table, options, keeps_ids=keeps_ids), keeps_ids)


def _system(table: ForeignTable) -> str | None:
    """The system whose reader knows the columns."""
    if table.framework in PRESETS:
        return table.framework
    kind = kind_of_table(column.name for column in table.columns)
    return kind.format if kind is not None else None


def _by_meaning(table: ForeignTable, options: ReadOptions, *, keeps_ids: bool) -> ReadOptions:
    """The options, and what a table's columns mean that a file's might not: its id, and hashes in `password`."""
    said = {plain(part) for key in (*options.mapping, *options.skipped) for part in (key, *key.split("+"))}
    found: dict[str, str] = {}
    for field, column in table.fields.items():
        ours = _OURS.get(field, field)
        if field == "id" and not keeps_ids:
            ours = f"{ATTRIBUTE}{table.name}_id"
        known = meaning(column)
        is_known = known is not None and known.field == ours
        if not (is_known or field in _PARTS or plain(column) in said or ours in options.mapping.values()):
            found[column] = ours
    return replace(options, mapping={**found, **options.mapping})


def _chunks(lines: Iterator[str]) -> Iterator[bytes]:
    from usercli.batches import batched

    for some in batched(lines, _LINES):
        yield "".join(f"{line}\n" for line in some).encode("utf-8", "replace")


def _tsv(values: Sequence[Any]) -> str:
    texts = (
        value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
        for value in values
    )
    return "\t".join(text.translate(TSV_ESCAPES) for text in texts)


def _typed(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:  # SQLite keeps a text in a column of numbers
        return cell


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
