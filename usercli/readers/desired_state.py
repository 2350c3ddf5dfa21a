"""Read a file of desired users and roles: YAML, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Callable
from typing import Any

from usercli.errors import Hint, InvalidInput
from usercli.readers.csv_quotes import STRAY_QUOTE, has_stray_quote
from usercli.readers.csv_tsv import detect_delimiter, preamble
from usercli.readers.text_source import BadLine, lines_of, numbered_lines, open_source
from usercli.schemas.document import Document, Path, RowLines
from usercli.schemas.user_fields import BOOLEANS, DESIRED, STORED, TIMES
from usercli.text import suggestion, without_formula_guard
from usercli.validation import BOOLEAN_WORDS, read_json

#: People write and review the file; for more users there is import.
MAX_BYTES = 16 << 20
MAX_DEPTH = 100

_MAX_MARKS = 1_500_000

#: The columns of a table.
COLUMNS = (*DESIRED, "initial_password")


def read_document(file: str) -> Document:
    """Read a file by its suffix. Raises InvalidInput with the file and line of the error."""
    name = file.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in _READERS:
        known = ", ".join(f".{known}" for known in _READERS)
        raise InvalidInput(f"cannot tell the format of {name} from its name (known: {known})")
    try:
        with open_source(file) as source:
            data = source.read(MAX_BYTES + 1)
    except (EOFError, zlib.error):
        raise InvalidInput(f"{name}: the gzip file is truncated or damaged") from None
    except OSError as error:
        raise InvalidInput(f"cannot read {name}: {(error.strerror or 'error').lower()}") from None
    if len(data) > MAX_BYTES:
        size = f"{MAX_BYTES >> 20} MB"
        raise InvalidInput(f"{name}: larger than {size}; such numbers of users are for: usercli import")
    if not data.strip():
        raise InvalidInput(f"{name}: the file is empty")
    # each value takes some hundred bytes of memory, however short it is
    if sum(map(data.count, (b"[", b"{", b",", b"\n", b":"))) > _MAX_MARKS:
        raise InvalidInput(f"{name}: too many values for a file that people review; see: usercli import")
    return _READERS[ending](name, data)


def _text(name: str, data: bytes) -> str:
    for number, line in numbered_lines(io.BytesIO(data)):
        if isinstance(line, BadLine):
            raise InvalidInput(f"{name}:{number}: {line.reason}")
    return data.decode("utf-8-sig")


# -- JSON


class _Object(dict[str, Any]):
    """An object that remembers a duplicate key."""

    duplicate_key: str | None = None


def _read_json(name: str, data: bytes) -> Document:
    text = _text(name, data)
    try:
        found = json.loads(text, object_pairs_hook=_object_of_pairs)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{name}:{error.lineno}: not valid JSON: {error.msg.lower()}") from None
    except ValueError:  # Python limits the digits of a number
        raise InvalidInput(f"{name}: a number is too long") from None
    except RecursionError:
        raise InvalidInput(f"{name}: nested deeper than {MAX_DEPTH} levels") from None
    document = Document(name, found)
    _require_valid(document, found, ())
    return document


def _object_of_pairs(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object()
    for key, value in pairs:
        if key in found:
            found.duplicate_key = key
        found[key] = value
    return found


def _require_valid(document: Document, value: Any, path: Path) -> None:
    if len(path) > MAX_DEPTH:
        raise InvalidInput(f"{document.place(path[:3])}: nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, _Object):
        if value.duplicate_key is not None:
            raise InvalidInput(f"{document.place(path)}: the key {value.duplicate_key[:50]} appears twice")
        for key, item in value.items():
            _require_valid(document, item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _require_valid(document, item, (*path, number))


# -- CSV


def _read_csv(name: str, data: bytes) -> Document:
    lines = lines_of(_text(name, data))
    begin, delimiter = _before_header(lines)
    csv.field_size_limit(MAX_BYTES)
    rows = csv.reader(lines[begin:], delimiter=delimiter, strict=True)
    users: list[dict[str, Any]] = []
    ends = RowLines()
    document = Document(name, {"users": users}, ends)
    header: list[str] = []
    end = begin
    try:
        for row in rows:
            start, end = end, begin + rows.line_num
            if has_stray_quote("".join(lines[start:end]), delimiter):
                raise InvalidInput(f"{name}:{start + 1}: {STRAY_QUOTE}")
            if not header:
                header = _header(f"{name}:{start + 1}", row)
            elif any(map(str.strip, row)):
                ends.append(end)
                users.append(_user(document.place(("users", len(users))), header, row))
    except csv.Error:
        number = begin + rows.line_num
        raise InvalidInput(f"{name}:{number}: not valid CSV (is a quote not closed?)") from None
    return document


def _before_header(lines: list[str]) -> tuple[int, str]:
    """How many lines stand before the header, and the delimiter."""
    named = ""
    for number, line in enumerate(lines):
        found = preamble(line)
        if found is None and line.strip():
            return number, named or detect_delimiter(line)
        named = found or named
    return len(lines), ","


def _header(place: str, cells: list[str]) -> list[str]:
    if unfit := [cell for cell in cells if cell not in COLUMNS]:
        near = suggestion(unfit[0], COLUMNS) if len(unfit) == 1 else ""
        is_export = set(cells) <= {*COLUMNS, *STORED}
        said = f"no such column{'s' if len(unfit) > 1 else ''}: {', '.join(cell or '(empty)' for cell in unfit)}"
        known = near or f" (known: {', '.join(COLUMNS)})"
        raise InvalidInput(f"{place}: {said}{known}", hint=Hint.EXPORT_FITTING if is_export else None)
    if twice := [cell for cell in cells if cells.count(cell) > 1]:
        raise InvalidInput(f"{place}: the column {twice[0]} appears twice")
    return cells


def _user(place: str, header: list[str], cells: list[str]) -> dict[str, Any]:
    """A row with typed values. A missing column leaves the field unset; an empty cell is an empty value."""
    if len(cells) != len(header):
        raise InvalidInput(f"{place}: {len(cells)} fields where the header has {len(header)}")
    found: dict[str, Any] = dict(zip(header, map(without_formula_guard, cells), strict=True))
    if "roles" in found:
        found["roles"] = found["roles"].split(";") if found["roles"] else []
    for name in found.keys() & BOOLEANS:
        found[name] = BOOLEAN_WORDS.get(found[name].lower(), found[name])
    for name in found.keys() & TIMES:
        found[name] = found[name] or None
    if not found.get("initial_password", "x"):
        del found["initial_password"]
    if "attributes" in found:
        found["attributes"] = _json_cell(place, found["attributes"])
    return found


def _json_cell(place: str, cell: str) -> Any:
    return read_json(cell, f"{place}: attributes is not a JSON object") if cell else {}


# -- YAML


def _read_yaml(name: str, data: bytes) -> Document:
    from usercli.readers.yaml_subset import parse

    return Document(name, *parse(name, _text(name, data)))


_READERS: dict[str, Callable[[str, bytes], Document]] = {
    "yaml": _read_yaml,
    "yml": _read_yaml,
    "json": _read_json,
    "csv": _read_csv,
}
