"""The start of a stream, looked at before it is read."""

from __future__ import annotations

import zlib
from io import BufferedReader
from itertools import chain
from typing import BinaryIO, cast

from usercli.errors import InvalidInput
from usercli.readers.text_encodings import ChunkStream
from usercli.readers.text_source import BOM, chunks_of

_START = 1 << 10


def peeked(source: BinaryIO, system: str) -> tuple[bytes, BinaryIO]:
    """The start of a file without the mark and blanks before it, and the whole file. Raises InvalidInput."""
    start, chunks = b"", chunks_of(source)
    try:
        while len(start) < _START and (chunk := next(chunks, b"")):
            start += chunk
    except (EOFError, zlib.error, OSError):
        raise InvalidInput(f"line 1: the file is truncated or damaged (a file of {system})") from None
    shown = start[:_START].removeprefix(BOM).lstrip()
    if not shown:
        raise InvalidInput(f"the file is empty: not a file of {system}")
    whole = BufferedReader(ChunkStream(chain((start,), chunks)))
    return shown, cast("BinaryIO", whole)


def is_json(start: bytes) -> bool:
    """Whether a file that starts so is one of JSON."""
    return start[:1] in (b"{", b"[")
