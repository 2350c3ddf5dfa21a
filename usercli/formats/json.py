"""JSON Lines, and a JSON array, streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.formats import BadRecord, ReadOptions, Record
from usercli.formats.source import BadLine, numbered_lines
from usercli.schemas.rows import FIELDS, IGNORED
from usercli.text import nearest


def read_lines(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """An object a line; blank lines are passed over."""
    empty = True
    for number, line in numbered_lines(source):
        empty = False
        if isinstance(line, BadLine):
            yield BadRecord(number, line.reason)
            continue
        if not line.strip():
            continue
        try:
            item = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            yield BadRecord(number, f"not valid JSON: {getattr(error, 'msg', 'it cannot be read')}")
            continue
        yield _record(number, item, options)
    if empty:
        raise InvalidInput("the file is empty")


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """An array of objects; records are counted from 1, since an array need not have lines."""
    import ijson

    number = 0
    try:
        for item in ijson.items(source, "item", use_float=True):
            number += 1
            yield _record(number, item, options)
    except (ijson.JSONError, UnicodeDecodeError, EOFError, OSError) as error:
        text = str(error).splitlines()[0] if not isinstance(error, OSError) else "the file is damaged"
        raise InvalidInput(f"not valid JSON after record {number}: {text[:100]}") from None


def _record(number: int, item: Any, options: ReadOptions) -> Record | BadRecord:
    if not isinstance(item, dict):
        return BadRecord(number, "not a JSON object")
    fields: dict[str, Any] = {}
    for theirs, value in item.items():
        name = str(options.mapping.get(theirs, theirs))
        if name in FIELDS:
            fields[name] = value
        elif name in IGNORED:
            continue
        elif options.unknown_to_attributes:
            attributes = fields.setdefault("attributes", {})
            if isinstance(attributes, dict):
                attributes[name] = value
        else:
            return BadRecord(number, f"no such field: {name}{nearest(name, list(FIELDS))}", item)
    return Record(number, fields)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")
