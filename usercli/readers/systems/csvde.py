"""Active Directory: `csvde -f users.csv`.

https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2012-r2-and-2012/cc732101(v=ws.11)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from usercli.errors import InvalidInput
from usercli.hash_encodings import unhex
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.csv_tsv import read_foreign
from usercli.readers.directory import Entry, directory_user, other_kind, text_of
from usercli.readers.foreign_user import InvalidRecord
from usercli.readers.peeked_stream import peeked

_NEEDED = ("dn", "objectclass")
_BINARY = re.compile(r"X'([0-9A-Fa-f]*)'")
#: Several values are joined by semicolons; one inside a value is escaped.
_SEVERAL = frozenset({"objectclass", "memberof", "proxyaddresses", "othermailbox", "othertelephone"})
_BETWEEN = re.compile(r"(?<!\\);")


def read(source: BinaryIO, options: ReadOptions) -> Iterator[Record | BadRecord]:
    """Users of Active Directory, without computers, contacts, groups and other objects."""
    _, whole = peeked(source, "csvde")
    for record in read_foreign(whole, options, _column_names):
        if isinstance(record, BadRecord):
            yield record
            continue
        entry = _entry(record)
        if (kind := other_kind(entry)) is not None:
            options.left_out.entries[kind] += 1
            continue
        try:
            yield directory_user(entry, "csvde_id", {}, options.left_out).record(record.line, options)
        except InvalidRecord as error:
            yield BadRecord(record.line, error.reason)


def _column_names(header: list[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    for needed in _NEEDED:
        if needed not in names:
            raise InvalidInput(f"this is not a file of csvde: it has no column {needed}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(f"the column {header[names.index(twice)]} appears twice")
    return names


def _entry(record: Record) -> Entry:
    entry = Entry(record.line, record.fields["dn"])
    for name, cell in record.fields.items():
        values = _BETWEEN.split(cell) if name in _SEVERAL else [cell]
        found = [value for each in values if (value := _text(name, each.strip()))]
        if found and name != "dn":
            entry.values[name] = found
    return entry


def _text(name: str, value: str) -> str | None:
    """The text; csvde writes bytes, and what is not ASCII, as X'hex'. None for what is no text."""
    binary = _BINARY.fullmatch(value)
    return value if binary is None else text_of(name, unhex(binary[1]))
