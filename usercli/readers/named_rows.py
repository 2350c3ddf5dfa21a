"""Users of a table with a header line, or of JSON objects with the same names; each row is a dict by its names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.csv_tsv import read_foreign
from usercli.readers.file_kinds import require_kind
from usercli.readers.foreign_user import ForeignUser, InvalidRecord
from usercli.readers.json_stream import Document, is_envelope, read_one, require_known, walk
from usercli.readers.key_names import snake_case
from usercli.readers.peeked_stream import is_json, peeked

Row = dict[str, Any]
#: Makes a user of a row, and None of one that is no user.
ParseUser = Callable[[Row], ForeignUser | None]

#: What databases write for a missing value where a table has no other way.
_NULL = frozenset({"NULL", "\\N"})
#: phpMyAdmin encloses the rows of a table: [{"type": "header"}, {"type": "table", "data": [...]}].
_PHPMYADMIN = b"PHPMyAdmin"
_PHPMYADMIN_ROWS = "item.data.item"
_PHPMYADMIN_PARTS = frozenset({"header", "database", "table"})


def read_rows(
    source: BinaryIO,
    options: ReadOptions,
    system: str,
    known: frozenset[str],
    parse_user: ParseUser,
    *,
    within: tuple[str, ...] = (),
    next_page: str = "",
    column_name: Callable[[str], str] | None = None,
) -> Iterator[Record | BadRecord]:
    """A record for each user of a table, or of JSON; the names of columns and keys are in snake case.

    The names of a table are those that `column_name` makes of its header. The objects of JSON may be in an array
    `within` another, which has the key `next_page` if there are more elsewhere. Raises InvalidInput for a file that
    has none of the names `known`, and for one whose last page is missing.
    """
    start, whole = peeked(source, system)
    if not is_json(start):
        return _of_table(whole, options, system, known, parse_user, column_name or snake_case)
    if _PHPMYADMIN in start:
        within = (*within, _PHPMYADMIN_ROWS)
    return _of_json(whole, options, system, known, parse_user, within, next_page)


def _of_table(
    source: BinaryIO,
    options: ReadOptions,
    system: str,
    known: frozenset[str],
    parse_user: ParseUser,
    column_name: Callable[[str], str],
) -> Iterator[Record | BadRecord]:
    def name_columns(header: list[str]) -> list[str]:
        require_kind(dict.fromkeys(header), system)
        names = [column_name(cell) for cell in header]
        if not {snake_case(name) for name in known} & set(names):
            raise InvalidInput(f"this is not a file of {system}: it has no column {' or '.join(sorted(known))}")
        twice = next((name for name in names if name and names.count(name) > 1), None)
        if twice is not None:
            raise InvalidInput(f"the column {header[names.index(twice)]} appears twice")
        return names

    for record in read_foreign(source, options, name_columns):
        if isinstance(record, BadRecord):
            yield record
            continue
        row = {name: cell.strip() for name, cell in record.fields.items() if cell.strip() not in _NULL}
        try:
            user = parse_user(row)
        except InvalidRecord as error:
            yield BadRecord(record.line, error.reason)
        else:
            if user is not None:
                yield user.record(record.line, options)


def _of_json(
    source: BinaryIO,
    options: ReadOptions,
    system: str,
    known: frozenset[str],
    parse_user: ParseUser,
    within: tuple[str, ...],
    next_page: str,
) -> Iterator[Record | BadRecord]:
    number, goes_on = 0, False
    for document in walk(source, system, within):
        if document.value == {}:  # what enclosed users by their names
            continue
        if is_envelope(document, within) or _is_part(document, within):
            goes_on = bool(document.value.get(next_page))
            continue
        number += 1
        if number == 1:
            require_known(document.value, known, system)
        if found := read_one(number, document, lambda item: parse_user(row_of(item)), options):
            yield found
    if goes_on:
        raise InvalidInput(f"the file has a link to another page ({next_page}); fetch all pages of {system}")


def _is_part(document: Document, within: tuple[str, ...]) -> bool:
    """Whether the object is one of those with which phpMyAdmin surrounds a table."""
    is_object = document.place == "item" and isinstance(document.value, dict)
    return _PHPMYADMIN_ROWS in within and is_object and document.value.get("type") in _PHPMYADMIN_PARTS


def row_of(item: dict[str, Any]) -> Row:
    """An object of JSON with its keys in snake case; null is none."""
    row: Row = {}
    for key, value in item.items():
        if value is not None:
            row.setdefault(snake_case(key), value)
    return row
