"""Limit the nesting depth of JSON: the time of the streaming parser is quadratic in it."""

from __future__ import annotations

import re
from typing import BinaryIO

#: One more than an array of users whose attributes have the maximum depth.
MAX_DEPTH = 103

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))
_TOKEN = re.compile(rb'["\[\]{}]')


class TooDeep(Exception):
    """The JSON nests deeper than MAX_DEPTH."""


class DepthLimitedStream:
    """A stream that ends where its JSON nests too deep; the next read raises TooDeep. `start` was read already.

    Brackets are counted without a loop over the bytes; only where the text may be too deep, one by one.
    """

    def __init__(self, source: BinaryIO, start: bytes = b"") -> None:
        self._source, self._start = source, start
        self._depth = 0
        self._in_string = False
        self._escapes = False
        self._is_exceeded = False

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes. Raises TooDeep."""
        if self._is_exceeded:
            raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
        if size == 0:  # the parser checks whether the stream returns bytes
            return b""
        data = self._start or self._source.read(size)
        self._start = b""
        end = self._scan(data)
        self._is_exceeded = end < len(data)
        return data[:end]

    def _scan(self, data: bytes) -> int:
        """Follow the depth. The position where it exceeds the limit, else the length of `data`."""
        blank = self._without_escapes(data)
        pieces = blank.translate(None, _OTHERS).split(b'"')
        outside = b"".join(pieces[self._in_string :: 2])
        height, before = 0, b"?"
        while before != outside and height <= MAX_DEPTH:  # each round removes the innermost pairs
            before, height = outside, height + 1
            outside = outside.replace(b"[]", b"").replace(b"{}", b"")
        opened = outside.count(b"[") + outside.count(b"{")
        if self._depth + height + opened > MAX_DEPTH:
            return self._scan_tokens(blank)
        self._depth += 2 * opened - len(outside)
        self._in_string ^= len(pieces) % 2 == 0
        return len(data)

    def _without_escapes(self, data: bytes) -> bytes:
        """The bytes with escapes blanked, including an escape that the last read started."""
        if not data:
            return data
        if self._escapes:
            data = b" " + data[1:]
        if b"\\" in data:
            data = _ESCAPE.sub(b"  ", data)
        self._escapes = data.endswith(b"\\")
        return data

    def _scan_tokens(self, blank: bytes) -> int:
        """The same as `_scan`, token by token."""
        for found in _TOKEN.finditer(blank):
            token = found[0]
            if token == b'"':
                self._in_string = not self._in_string
            elif not self._in_string:
                self._depth += 1 if token in b"[{" else -1
                if self._depth > MAX_DEPTH:
                    return found.start()
        return len(blank)
