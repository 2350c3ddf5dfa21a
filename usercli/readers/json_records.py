"""JSON Lines and JSON arrays, streamed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.errors import Hint, InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.json_depth import DepthLimitedStream, TooDeep
from usercli.readers.json_stream import reason_of
from usercli.readers.text_source import BOM, BadLine, blocks, lines_of
from usercli.schemas.import_rows import FIELDS, IGNORED
from usercli.text import suggestion

_PIECE = 1 << 16


def read_lines(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """JSON Lines: an object per line; blank lines are skipped."""
    empty = True
    for first, block in blocks(source):
        empty = False
        for number, line in enumerate(lines_of(block) if isinstance(block, str) else block, first):
            if isinstance(line, BadLine):
                yield BadRecord(number, line.reason)
                continue
            try:
                item = _DECODE(line)
            except (ValueError, RecursionError) as error:
                if line.strip():
                    yield BadRecord(number, f"not valid JSON: {getattr(error, 'msg', 'it cannot be read')}")
                continue
            yield _record(number, item, options)
    if empty:
        raise InvalidInput("the file is empty")


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """An array of objects; the line of a record is its number from 1."""
    import ijson

    number = 0
    try:
        start = _start(source)
        for item in ijson.items(DepthLimitedStream(source, start), "item", use_float=True):
            number += 1
            yield _record(number, item, options)
    except (ijson.JSONError, UnicodeDecodeError, TooDeep) as error:
        raise InvalidInput(f"not valid JSON after record {number}: {_reason(error)}") from None
    except (EOFError, zlib.error, OSError):
        raise InvalidInput(f"the file is truncated or damaged after record {number}") from None


def _start(source: BinaryIO) -> bytes:
    """The first bytes of an array. Raises InvalidInput if it is no array."""
    data = source.read(_PIECE)
    start = data.removeprefix(BOM).lstrip()
    while data and not start:
        data = source.read(_PIECE)
        start = data.lstrip()
    if not start:
        raise InvalidInput("the file is empty")
    if not start.startswith(b"["):
        raise InvalidInput("the file is no JSON array of users", hint=Hint.FORMAT_JSONL)
    return start


def _reason(error: Exception) -> str:
    if isinstance(error, TooDeep):
        return str(error)
    reason = reason_of(error)
    # without use_float ijson accepts them, but crashes on 5,000 digits
    return (
        "a whole number is larger than 64 bits; JSON Lines (jsonl) may hold those"
        if "overflow" in reason
        else reason
    )


def _record(number: int, item: Any, options: ReadOptions) -> Record | BadRecord:
    if not isinstance(item, dict):
        return BadRecord(number, "not a JSON object")
    if not options.mapping and _NAMES.issuperset(item):
        return Record(number, item)
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
            return BadRecord(number, f"no such field: {name}{suggestion(name, list(FIELDS))}", item)
    return Record(number, fields)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


_NAMES = frozenset(FIELDS)
_DECODE = json.JSONDecoder(parse_constant=_refuse).decode
