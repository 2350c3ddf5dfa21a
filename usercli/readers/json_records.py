"""JSON Lines and JSON arrays, streamed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from usercli.errors import Hint, InvalidInput, WrongEncoding
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.file_kinds import kind_of_start, refuse, require_users
from usercli.readers.json_array import BadArray, elements
from usercli.readers.json_depth import TooDeep
from usercli.readers.json_keys import Keys
from usercli.readers.text_encodings import likely_encoding
from usercli.readers.text_source import BOM, BadLine, blocks, lines_of
from usercli.schemas.import_rows import FIELDS, IGNORED, SomeAttributes
from usercli.schemas.user_fields import ATTRIBUTE
from usercli.text import json_text, suggestion
from usercli.validation import read_json

_PIECE = 1 << 16


def read_lines(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """JSON Lines: an object per line; blank lines are skipped."""
    empty, first_record, keys = True, True, Keys(options)
    for first, block in blocks(source):
        empty = False
        for number, line in enumerate(lines_of(block) if isinstance(block, str) else block, first):
            if isinstance(line, BadLine):
                yield BadRecord(number, line.reason)
                continue
            try:
                item = read_json(line)
            except InvalidInput as error:
                if line.strip():
                    yield BadRecord(number, error.message, {"email": line.strip()})
                continue
            if first_record:
                require_users(item, _email_keys(options))
                first_record = False
            yield _record(number, item, keys)
    if empty:
        raise InvalidInput("the file is empty")


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """An array of objects; the line of a record is its number from 1."""
    number, keys = 0, Keys(options)
    try:
        for item, bad in elements(source, _start(source)):
            number += 1
            if number == 1:
                require_users(item, _email_keys(options))
            if bad is not None:
                yield BadRecord(number, bad.reason, {"email": bad.text})
            else:
                yield _record(number, item, keys)
    except (BadArray, TooDeep) as error:
        raise InvalidInput(f"not valid JSON after record {number}: {error}") from None
    except UnicodeDecodeError as error:
        message = f"not valid JSON after record {number}: a text is not valid UTF-8"
        raise WrongEncoding(message, likely_encoding(error.object)) from None
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
    if start.startswith(b"{") and (kind := kind_of_start(start)):
        refuse(kind)
    if not start.startswith(b"["):
        raise InvalidInput("the file is not a JSON array of users", hint=Hint.FORMAT_JSONL)
    return start


def _record(number: int, item: Any, keys: Keys) -> Record | BadRecord:
    if not isinstance(item, dict):
        return BadRecord(number, "not a JSON object")
    if keys.are_literal and _NAMES.issuperset(item):
        found: Record | BadRecord = Record(number, item)
    else:
        try:
            found = _read_record(number, item, keys)
        except InvalidInput as error:
            return BadRecord(number, error.message, _whole(item))
    if not keys.is_id_known and isinstance(found, Record):
        keys.require_our_id(number, found.fields.get("id"))
    return found


def _read_record(number: int, item: dict[str, Any], keys: Keys) -> Record | BadRecord:
    fields: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for theirs, name, value, is_mapped in list(keys.values(item)):
        if name in FIELDS:
            if name in fields:
                return BadRecord(number, f"two keys give {name}; {theirs} is one of them", _whole(item))
            fields[name] = value
        elif name in IGNORED:
            continue
        elif keys.options.unknown_to_attributes or (is_mapped and name.startswith(ATTRIBUTE)):
            name = name.removeprefix(ATTRIBUTE) if is_mapped else name
            if name in more:
                return BadRecord(number, f"two keys give the attribute {name}", _whole(item))
            more[name] = value
        else:
            return BadRecord(number, f"no such field: {name}{suggestion(name, list(FIELDS))}", _whole(item))
    return _with_attributes(number, fields, more, item)


def _with_attributes(
    number: int, fields: dict[str, Any], more: dict[str, Any], item: dict[str, Any]
) -> Record | BadRecord:
    """The record with `more` attributes beside those that it has."""
    if not more:
        return Record(number, fields)
    attributes = fields.get("attributes") or {}
    try:
        attributes = read_json(attributes) if isinstance(attributes, str) else attributes
    except InvalidInput:
        attributes = None
    if not isinstance(attributes, dict):
        return BadRecord(number, "attributes is not a JSON object", _whole(item))
    if twice := attributes.keys() & more.keys():
        return BadRecord(number, f"two keys give the attribute {min(twice)}", _whole(item))
    every = {**attributes, **more} if "attributes" in fields else SomeAttributes(more)
    return Record(number, {**fields, "attributes": every})


def _email_keys(options: ReadOptions) -> set[str]:
    return {"email", *(theirs for theirs, ours in options.mapping.items() if ours == "email")}


def _whole(item: Any) -> dict[str, Any] | None:
    """The fields for the reject file: as one text where the columns of the file cannot hold them."""
    return {"email": json_text(item)} if isinstance(item, dict) else None


_NAMES = frozenset(FIELDS)
