"""Where records come from: a file or standard input, perhaps gzipped, as bounded lines of UTF-8."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from usercli.errors import InvalidInput

#: No line and no field may be longer: what is, is a mistake, and must not fill the memory.
MAX_LINE_BYTES = 1 << 20

#: The byte order mark of UTF-8.
BOM = b"\xef\xbb\xbf"

_BLOCK = 1 << 18
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadLine(Exception):
    """A line that is not text, or too long."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number, self.reason = number, reason


@contextmanager
def open_source(path: str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of standard input for `-`, unzipped if need be. Raises InvalidInput."""
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
    """How many bytes of the file are read, zipped ones where it is zipped."""
    return int(getattr(source, "fileobj", source).tell())


def _unzipped(source: BinaryIO) -> BinaryIO:
    start = source.peek(2)[:2] if hasattr(source, "peek") else b""
    if start == _GZIP:
        return cast("BinaryIO", gzip.GzipFile(fileobj=source))
    if start in _UTF16:
        raise InvalidInput("the file is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8")
    return source


def blocks(source: BinaryIO) -> Iterator[tuple[int, str | list[str | BadLine]]]:
    """Whole lines, many at a time: the number of the first, from 1, and their text, the byte order mark off.

    Where a line is no UTF-8 text the lines come one by one, as a list. Raises InvalidInput where the stream
    itself is broken, after what came before.
    """
    number = 1
    for block in _whole_lines(source):
        if number == 1:
            block = block.removeprefix(BOM)
        yield number, _decoded(block, number)
        number += block.count(b"\n")


def numbered_lines(source: BinaryIO) -> Iterator[tuple[int, str | BadLine]]:
    """Lines with their numbers from 1, newline kept; one that is no UTF-8 text comes as BadLine."""
    for number, block in blocks(source):
        yield from enumerate(lines_of(block) if isinstance(block, str) else block, number)


def lines_of(text: str) -> list[str]:
    """The lines, newline kept; nothing but a line feed ends one."""
    return list(io.StringIO(text, newline="\n"))


def _whole_lines(source: BinaryIO) -> Iterator[bytes]:
    """The bytes, cut behind line feeds. Raises InvalidInput for a line that is too long, or a broken gzip."""
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
            raise InvalidInput(f"line {number} is longer than {MAX_LINE_BYTES:,} bytes")
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
