"""What the archive of an .xlsx workbook must be before a library reads it: a hostile one fills no memory.

The library keeps in memory one row at a time, and all of every other part.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from usercli.errors import InvalidInput

#: Limits in bytes: of all parts, of one that is kept in memory, of a row, and of the list of parts.
MAX_BYTES = 4 << 30
MAX_PART = 256 << 20
MAX_ROW = 16 << 20
MAX_DIRECTORY = 4 << 20

#: What the format allows.
MAX_ROWS = 1_048_576

_PIECE = 1 << 20
_SHEETS = "xl/worksheets/"
_TYPES = "[Content_Types].xml"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
#: The length of the directory, in either form of its end; that of the first may refer to the second.
_DIRECTORY_END = re.compile(rb"PK\x05\x06(?=.{8}(.{4}))", re.DOTALL)
_LONG_DIRECTORY_END = re.compile(rb"PK\x06\x06(?=.{36}(.{8}))", re.DOTALL)
_LONG = 0xFFFFFFFF
#: A declaration by which a few bytes can stand for gigabytes. The format has none, nor UTF-16, which would hide it.
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)|\A(?:\xff\xfe|\xfe\xff|<\0|\0<)")
#: The attributes of a row or a cell, and of a cell with a formula and no value.
_ROW_OR_CELL = re.compile(rb"<(?:\w{1,20}:)?(row|c)(?=[\s/>])([^<>]{0,1000}+)(>?)")
_PLACE = re.compile(rb"(?<!\S)r\s*=\s*[\"']([^\"']*)")
_COLUMN = re.compile(rb"([A-Z]{1,3})[1-9]\d*")
_UNCOMPUTED = re.compile(
    rb"<(?:\w{1,20}:)?c(\s[^<>]{1,500}+)>\s*+<(?:\w{1,20}:)?f(?=[\s/>])[^<>]*+"
    rb"(?:(?<=/)>|(?<!/)>[^<]*+</(?:\w{1,20}:)?f>)\s*+(?:<(?:\w{1,20}:)?v\s*/>|<(?:\w{1,20}:)?v></(?:\w{1,20}:)?v>)?"
    rb"\s*+</(?:\w{1,20}:)?c>"
)
#: Of which an empty text is the value.
_OTHER_TYPE = re.compile(rb"(?<!\S)t=[\"'](?!n[\"'])")
_CELL = re.compile(rb"(?<!\S)r=[\"']([A-Z]+\d+)")
_OVERRIDE = re.compile(rb"<(?:\w+:)?Override\b[^>]*>")


def require_workbook(file: BinaryIO) -> None:
    """Raise InvalidInput unless the file is an .xlsx workbook that can be read in bounded memory."""
    start = file.read(64)
    if start.startswith(_OLD_OFFICE):
        raise InvalidInput("the workbook is protected by a password, or an .xls file; save it as .xlsx without one")
    if not start.startswith(b"PK"):
        raise InvalidInput("the file is not an .xlsx workbook")
    if b"application/vnd.oasis.opendocument" in start:
        raise InvalidInput("the file is an OpenDocument one; save it as CSV or .xlsx")
    try:
        _require_short_directory(file)
        with zipfile.ZipFile(file) as archive:
            _require_parts(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("the workbook is damaged: its ZIP archive cannot be read") from None
    file.seek(0)


def _require_short_directory(file: BinaryIO) -> None:
    """The list of parts is read whole; its length stands at the end of the file."""
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 128))
    end = file.read()
    lengths = [int.from_bytes(found[1], "little") for found in _DIRECTORY_END.finditer(end)]
    lengths = [length for length in lengths if length != _LONG] or [0]
    lengths += [int.from_bytes(found[1], "little") for found in _LONG_DIRECTORY_END.finditer(end)]
    if max(lengths) > MAX_DIRECTORY:
        raise InvalidInput("the workbook has too many parts")


def _require_parts(archive: zipfile.ZipFile) -> None:
    parts = {part.filename: part for part in archive.infolist()}
    if len(parts) < len(archive.infolist()):
        raise InvalidInput("the workbook is damaged: a part appears twice")
    if any(part.flag_bits & 1 for part in parts.values()):
        raise InvalidInput("the workbook is protected by a password; save it without one")
    if "xl/workbook.bin" in parts:
        raise InvalidInput("the file is an .xlsb workbook; save it as CSV or .xlsx")
    if _TYPES not in parts or not any(name.startswith("xl/") for name in parts):
        raise InvalidInput("the file is not an .xlsx workbook")
    if sum(part.file_size for part in parts.values()) > MAX_BYTES:
        raise InvalidInput(f"the workbook is larger than {MAX_BYTES >> 30} GB when unzipped; save it as CSV")
    for name, part in parts.items():
        if name.startswith(_SHEETS):
            _require_sheet(archive, part)
        elif part.file_size > MAX_PART:
            raise InvalidInput(f"a part of the workbook is larger than {MAX_PART >> 20} MB; save it as CSV")
        else:
            _require_no_declaration(archive, part)
    for override in _OVERRIDE.findall(archive.read(_TYPES)):
        if b"/" + _SHEETS.encode() in override and b"sheet+xml" not in override:
            raise InvalidInput("the workbook is damaged: a sheet is declared to be another part")


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a part; a ZIP archive gives no more of them than it announces."""
    with archive.open(part) as source:
        while piece := source.read(_PIECE):
            yield piece


def _require_no_declaration(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    before = b""
    for number, piece in enumerate(_pieces(archive, part)):
        if _DECLARATION.search(before + piece, 0 if not number else 1) and part.filename.endswith(
            (".xml", ".rels")
        ):
            raise InvalidInput("the workbook is damaged: a part has a document type")
        before = piece[-16:]


def _require_sheet(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A sheet, row by row: what lies between two of them is kept in memory."""
    rest, last = b"", 0
    for piece in _pieces(archive, part):
        rest += piece
        end = rest.rfind(b"<", 0, rest.rfind(b"row>") + 1) if b"row>" in piece else 0
        if _DECLARATION.search(rest):
            raise InvalidInput("the workbook is damaged: a part has a document type")
        if end > 0:
            last = _require_rows(rest[:end], last)
            rest = rest[end:]
        if len(rest) > MAX_ROW:
            raise InvalidInput(f"a row of the workbook is larger than {MAX_ROW >> 20} MB; save it as CSV")
    _require_rows(rest, last)


def _require_rows(text: bytes, last: int) -> int:
    """The number of the last row. The library loses rows and cells that are not in order, and reads none beyond."""
    column = 0
    for tag, attributes, end in _ROW_OR_CELL.findall(text):
        place = _PLACE.search(attributes)
        if tag == b"c":
            column = _require_next(column, place)
            continue
        before, last, column = last, last + 1, 0
        if place is not None:
            last = int(place[1][:20]) if place[1].isdigit() else 0
        if not end or not before < last <= MAX_ROWS:
            raise InvalidInput(f"the workbook is damaged: its rows are not numbered in order up to {MAX_ROWS:,}")
    for found in _UNCOMPUTED.finditer(text):
        if not _OTHER_TYPE.search(found[1]):
            cell = _CELL.search(found[1])
            where = f" in {cell[1].decode()}" if cell else ""
            raise InvalidInput(
                f"the formula{where} has no stored value; open the workbook in a spreadsheet and save it"
            )
    return last


def _require_next(before: int, place: re.Match[bytes] | None) -> int:
    """The number of a cell's column, which must come behind that of the cell before it in the row."""
    if place is None:
        return before + 1
    found = _COLUMN.fullmatch(place[1])
    number = 0
    for letter in found[1] if found else b"":
        number = 26 * number + letter - 64
    if number <= before:
        where = place[1][:20].decode(errors="replace")
        raise InvalidInput(f"the workbook is damaged: the cell {where} is not in the order of its row")
    return number
