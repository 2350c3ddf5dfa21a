"""Read a file or standard input, perhaps gzipped, as UTF-8 lines of limited length."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from usercli.errors import InvalidInput

#: The limit of a line and of a field, so that a damaged file cannot fill the memory.
MAX_LINE_BYTES = 1 << 20

#: The byte order mark of UTF-8.
BOM = b"\xef\xbb\xbf"

_BLOCK = 1 << 18
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadLine(Exception):
    """A line that is not UTF-8 text."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number, self.reason = number, reason


@contextmanager
def open_source(path: str) -> Iterator[BinaryIO]:
    """A file, or standard input for `-`, decompressed if it is gzipped. Raises InvalidInput."""
    if path == "-":
        if sys.stdin is None:
            raise InvalidInput("standard input is closed; there is nothing to import")
        yield _unzipped(cast("BinaryIO", sys.stdin.buffer))
        return
    try:
        source = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {(error.strerror or 'error').lower()}") from None
    with source:
        yield _unzipped(cast("BinaryIO", source))


def position(source: BinaryIO) -> int:
    """The bytes read so far, compressed ones for a gzip file."""
    return int(getattr(source, "fileobj", source).tell())


def _unzipped(source: BinaryIO) -> BinaryIO:
    start = source.peek(4)[:4] if hasattr(source, "peek") else b""
    if start[:2] == _GZIP:
        return cast("BinaryIO", gzip.GzipFile(fileobj=source))
    if start == _ZIP:
        raise InvalidInput("the file is a ZIP archive, as an .xlsx file is; save it as CSV first")
    if start[:2] in _UTF16:
        raise InvalidInput("the file is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8")
    return source


def blocks(source: BinaryIO) -> Iterator[tuple[int, str | list[str | BadLine]]]:
    """Blocks of whole lines: the number of the first, from 1, and their text without a byte order mark.

    A block with a line that is not UTF-8 text is a list of its lines. Raises InvalidInput for a line that is too
    long and for a damaged gzip file, after the blocks before it.
    """
    number = 1
    for block in _whole_lines(source):
        if number == 1:
            block = block.removeprefix(BOM)
        yield number, _decoded(block, number)
        number += block.count(b"\n")


def numbered_lines(source: BinaryIO) -> Iterator[tuple[int, str | BadLine]]:
    """Lines with their numbers from 1, newlines kept; a BadLine for one that is not UTF-8 text."""
    for number, block in blocks(source):
        yield from enumerate(lines_of(block) if isinstance(block, str) else block, number)


def lines_of(text: str) -> list[str]:
    """The lines, newlines kept; only a line feed ends a line."""
    return list(io.StringIO(text, newline="\n"))


def _whole_lines(source: BinaryIO) -> Iterator[bytes]:
    """The bytes in blocks that end with a line feed. Raises InvalidInput as `blocks` does."""
    number, rest = 1, b""
    while True:
        try:
            data = cast("io.BufferedIOBase", source).read1(_BLOCK)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InvalidInput(f"the gzip file is truncated or damaged at line {number}") from None
        if not data:
            break
        end = data.rfind(b"\n") + 1
        if len(rest) + (data.find(b"\n") if end else len(data)) > MAX_LINE_BYTES:
            raise InvalidInput(f"line {number}: longer than {MAX_LINE_BYTES:,} bytes")
        if end:
            block, rest = rest + data[:end], data[end:]
            number += block.count(b"\n")
            yield block
        else:
            rest += data
    if rest:
        yield rest


def _decoded(block: bytes, number: int) -> str | list[str | BadLine]:
    if b"\0" not in block:
        with suppress(UnicodeDecodeError):
            return block.decode("utf-8")
    return [_line(line, number) for number, line in enumerate(io.BytesIO(block), number)]


def _line(line: bytes, number: int) -> str | BadLine:
    if b"\0" in line:
        return BadLine(number, "a NUL byte (a file in UTF-16 has them)")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        return BadLine(number, f"not valid UTF-8 at byte {error.start + 1} (Latin-1 has such bytes)")
