"""Where records come from: a file or standard input, perhaps gzipped, as bounded lines of UTF-8."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from usercli.errors import InvalidInput

#: No line and no field may be longer: what is, is a mistake, and must not fill the memory.
LONGEST = 1 << 20

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


def _unzipped(source: BinaryIO) -> BinaryIO:
    start = source.peek(2)[:2] if hasattr(source, "peek") else b""
    if start == _GZIP:
        return cast("BinaryIO", gzip.GzipFile(fileobj=source))
    if start in _UTF16:
        raise InvalidInput("the file is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8")
    return source


def numbered_lines(source: BinaryIO) -> Iterator[tuple[int, str | BadLine]]:
    """Lines with their numbers from 1, newline kept, the byte order mark taken off.

    A line that is no UTF-8 text comes as BadLine. Raises InvalidInput where the stream itself is broken.
    """
    number = 0
    while True:
        number += 1
        line = _read_line(source, number)
        if not line:
            return
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, _decoded(line, number)


def _read_line(source: BinaryIO, number: int) -> bytes:
    try:
        line = source.readline(LONGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InvalidInput(f"the gzip file is truncated or damaged at line {number}") from None
    if len(line) > LONGEST:
        raise InvalidInput(f"line {number} is longer than {LONGEST:,} bytes")
    return line


def _decoded(line: bytes, number: int) -> str | BadLine:
    if b"\0" in line:
        return BadLine(number, "a NUL byte (a file in UTF-16 has them)")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        return BadLine(number, f"not valid UTF-8 at byte {error.start + 1} (Latin-1 has such bytes)")
