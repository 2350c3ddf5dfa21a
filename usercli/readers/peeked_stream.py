"""The start of a stream, looked at before it is read."""

from __future__ import annotations

import zlib
from io import BufferedIOBase
from typing import BinaryIO, cast

from usercli.errors import InvalidInput
from usercli.readers.text_source import BOM

_START = 1 << 10


class PeekedStream:
    """A stream and the bytes that were already read from its start, with the methods that readers use."""

    def __init__(self, start: bytes, source: BinaryIO) -> None:
        self._start, self._source = start, source

    def readline(self, limit: int = -1) -> bytes:
        if not self._start:
            return self._source.readline(limit)
        end = self._start.find(b"\n") + 1 or len(self._start)
        end = min(end, limit) if limit >= 0 else end
        line, self._start = self._start[:end], self._start[end:]
        if line.endswith(b"\n") or len(line) == limit:
            return line
        return line + self._source.readline(limit - len(line) if limit >= 0 else limit)

    def read1(self, limit: int) -> bytes:
        if not self._start:
            return cast("BufferedIOBase", self._source).read1(limit)
        start, self._start = self._start[:limit], self._start[limit:]
        return start


def peeked(source: BinaryIO, system: str) -> tuple[bytes, BinaryIO]:
    """The start of a file without the mark and blanks before it, and the whole file. Raises InvalidInput."""
    start = b""
    try:
        while len(start) < _START and (piece := cast("BufferedIOBase", source).read1(_START)):
            start += piece
    except (EOFError, zlib.error, OSError):
        raise InvalidInput(f"line 1: the file is truncated or damaged (a file of {system})") from None
    if not start.removeprefix(BOM).strip():
        raise InvalidInput(f"the file is empty: not a file of {system}")
    return start.removeprefix(BOM).lstrip(), cast("BinaryIO", PeekedStream(start, source))


def is_json(start: bytes) -> bool:
    """Whether a file that starts so is one of JSON."""
    return start[:1] in (b"{", b"[")
