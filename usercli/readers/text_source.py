"""Read a file or standard input, perhaps gzipped, in any encoding, as UTF-8 lines of limited length."""

from __future__ import annotations

import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from typing import BinaryIO, cast

from usercli.errors import Hint, InvalidInput, WrongEncoding
from usercli.readers.text_encodings import (
    UTF8,
    ChunkStream,
    as_utf8,
    encoding_of,
    likely_encoding,
    unmarked_encoding,
)

#: The limit of a line and of a field, so that a damaged file cannot fill the memory.
MAX_LINE_BYTES = 1 << 20

#: The byte order mark of UTF-8.
BOM = b"\xef\xbb\xbf"

_BLOCK = 1 << 18
_START = 64
_LONGEST_MARK = 4
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


class BadLine(Exception):
    """A line that is not text; `undecodable` are its bytes where they are none of the file's encoding."""

    def __init__(self, number: int, reason: str, undecodable: bytes = b"") -> None:
        super().__init__(reason)
        self.number, self.reason, self.undecodable = number, reason, undecodable

    def refusal(self, sample: bytes = b"") -> InvalidInput:
        """The error that refuses the whole file for this line; `sample` is more of the text."""
        message = f"line {self.number}: {self.reason}"
        if not self.undecodable:
            return InvalidInput(message)
        message = message.partition(" (")[0]
        if "UTF-8" not in message:
            return WrongEncoding(message)
        likely = likely_encoding(sample or self.undecodable)
        return WrongEncoding(
            f"{message}; the file {f'looks like {likely}' if likely else 'has another encoding'}", likely
        )


class TextSource(io.BufferedReader):
    """The text of a file, as UTF-8 whatever its encoding is, unzipped if it is gzipped.

    With `is_strict` a file that looks like one of another encoding is refused as a whole, by `blocks`. Raises
    InvalidInput, also while it is read, for what is no text, or not in the encoding that was named.
    """

    def __init__(self, file: BinaryIO, named: str | None = None, *, is_strict: bool = False) -> None:
        self.is_strict, self._named = is_strict, named
        #: Known once something was read.
        self.encoding = UTF8
        if (plain := self._plain(file)) is not None:
            super().__init__(plain, _BLOCK)
            return
        #: Whose position tells how much was read.
        self.fileobj = file
        super().__init__(ChunkStream(self._chunks(file)), _BLOCK)

    def _plain(self, file: BinaryIO) -> io.FileIO | None:
        """The file without its buffer, if it can be read as it is, and again; seeking is then possible."""
        raw = getattr(file, "raw", None)
        if not isinstance(raw, io.FileIO) or not raw.seekable():
            return None
        start = cast("io.BufferedReader", file).peek(_START)[:_START]
        if start.startswith(_GZIP) or self._named or (self._mark_length(start) and self.encoding != UTF8):
            return None
        raw.seek(file.tell())
        return raw

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        start, chunks = _started(chunks_of(file))
        if start.startswith(_GZIP):
            zipped = gzip.GzipFile(fileobj=cast("BinaryIO", io.BufferedReader(ChunkStream(chunks))))
            start, chunks = _started(chunks_of(cast("BinaryIO", zipped)))
        mark = self._mark_length(start)
        yield from chunks if self.encoding == UTF8 else as_utf8(_without(mark, chunks), self.encoding)

    def _mark_length(self, start: bytes) -> int:
        """How many bytes the mark takes of a text that starts so; its encoding is then known."""
        _require_text(start)
        self.encoding, mark = encoding_of(start, self._named)
        if self.encoding == UTF8 and self._named is None and (likely := unmarked_encoding(start)):
            raise WrongEncoding(f"the file looks like {likely.upper()} without its mark", likely)
        return mark


@contextmanager
def open_source(path: str, encoding: str | None = None, *, is_strict: bool = False) -> Iterator[TextSource]:
    """The text of a file, or of standard input for `-`. Raises InvalidInput."""
    with open_binary(path) as file:
        yield TextSource(file, encoding, is_strict=is_strict)


@contextmanager
def open_binary(path: str) -> Iterator[BinaryIO]:
    """A file, or standard input for `-`, as it is. Raises InvalidInput."""
    if path == "-":
        if sys.stdin is None:
            raise InvalidInput("standard input is closed; there is nothing to import")
        yield cast("BinaryIO", sys.stdin.buffer)
        return
    try:
        source = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {(error.strerror or 'error').lower()}") from None
    with source:
        yield cast("BinaryIO", source)


@contextmanager
def seekable(source: BinaryIO, form: str) -> Iterator[BinaryIO]:
    """The file itself, or an unnamed copy of what cannot be read twice. Raises InvalidInput."""
    if source.seekable():
        yield source
        return
    with tempfile.TemporaryFile() as copy:
        try:
            shutil.copyfileobj(source, copy)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InvalidInput(f"the gzip file is truncated or damaged (reading it as {form})") from None
        copy.seek(0)
        yield cast("BinaryIO", copy)


def position(source: BinaryIO) -> int:
    """The bytes of the file that were read so far, compressed ones for a gzip file."""
    return int(getattr(source, "fileobj", source).tell())


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """The bytes as they come."""
    while data := cast("io.BufferedIOBase", file).read1(_BLOCK):
        yield data


def _started(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all chunks, these included; a pipe may give them one by one.

    Who writes into a pipe may wait for an answer: no more is waited for than the longest mark, or a line.
    """
    start = b""
    while len(start) < _LONGEST_MARK and b"\n" not in start and (chunk := next(chunks, b"")):
        start += chunk
    return start, chain((start,) if start else (), chunks)


def _without(mark: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield next(chunks, b"")[mark:]
    yield from chunks


def _require_text(start: bytes) -> None:
    """Raise InvalidInput for a workbook or another archive."""
    if start.startswith(_ZIP):
        if b"application/vnd.oasis.opendocument" in start:
            raise InvalidInput("the file is an OpenDocument one; save it as CSV or .xlsx")
        raise InvalidInput("the file is a ZIP archive, as an .xlsx file is", hint=Hint.FORMAT_XLSX)
    if start.startswith(_OLD_OFFICE):
        raise InvalidInput("the file is an .xls workbook, or one with a password; save it as CSV or .xlsx")


def blocks(source: BinaryIO) -> Iterator[tuple[int, str | list[str | BadLine]]]:
    """Blocks of whole lines: the number of the first, from 1, and their text without a byte order mark.

    A block with a line that is not text of the file's encoding is a list of its lines. Raises InvalidInput for a
    line that is too long and for a damaged gzip file, after the blocks before it, and WrongEncoding.
    """
    number, is_ascii = 1, True
    for block in _whole_lines(source):
        if number == 1:
            block = block.removeprefix(BOM)
        found = _decoded(block, number, source)
        if isinstance(found, str):
            is_ascii = is_ascii and found.isascii()
        elif isinstance(source, TextSource) and source.is_strict:
            _require_encoding(found, block, is_ascii=is_ascii or source.encoding != UTF8)
        yield number, found
        number += block.count(b"\n")


def numbered_lines(source: BinaryIO) -> Iterator[tuple[int, str | BadLine]]:
    """Lines with their numbers from 1, newlines kept; a BadLine for one that is not text."""
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


def _require_encoding(lines: list[str | BadLine], block: bytes, *, is_ascii: bool) -> None:
    """Refuse a file of another encoding than it is read in. Raises WrongEncoding.

    A file of UTF-8 beyond ASCII (so far or in these lines) is only damaged here, and is read line by line.
    """
    bad = next((line for line in lines if isinstance(line, BadLine) and line.undecodable), None)
    if bad is not None and is_ascii and ("UTF-8" not in bad.reason or all(map(_is_ascii, lines))):
        raise bad.refusal(block)


def _is_ascii(line: str | BadLine) -> bool:
    return isinstance(line, BadLine) or line.isascii()


def _decoded(block: bytes, number: int, source: BinaryIO) -> str | list[str | BadLine]:
    if b"\0" not in block:
        with suppress(UnicodeDecodeError):
            return block.decode(UTF8)
    encoding = source.encoding if isinstance(source, TextSource) else UTF8
    return [_line(line, number, encoding) for number, line in enumerate(io.BytesIO(block), number)]


def _line(line: bytes, number: int, encoding: str) -> str | BadLine:
    if b"\0" in line:
        return BadLine(number, "a NUL byte (a file in UTF-16 has them)")
    try:
        return line.decode(UTF8)
    except UnicodeDecodeError as error:
        if encoding != UTF8:
            return BadLine(number, f"bytes without a meaning in {encoding.upper()}", line)
        reason = f"not valid UTF-8 at byte {error.start + 1} (Latin-1 has such bytes)"
        return BadLine(number, reason, line)
