"""A bound on how deep JSON nests: the streaming parser's work grows with the square of it."""

from __future__ import annotations

import re
from typing import BinaryIO

#: An array of users whose attributes nest as deep as they may, and one more.
MAX_DEPTH = 103

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))
_TOKEN = re.compile(rb'["\[\]{}]')


class TooDeep(Exception):
    """The text nests deeper than any file of users."""


class DepthLimitedStream:
    """A stream behind its `start` that ends where its JSON nests too deep: the next read raises TooDeep.

    Which bytes open and close is told without a loop over them; only where it looks deep they are counted.
    """

    def __init__(self, source: BinaryIO, start: bytes = b"") -> None:
        self._source, self._start = source, start
        self._depth = 0
        self._in_string = False
        self._escapes = False
        self._is_exceeded = False

    def read(self, size: int = -1) -> bytes:
        """Up to that many bytes."""
        if self._is_exceeded:
            raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
        if size == 0:  # the parser asks what kind of stream this is
            return b""
        data = self._start or self._source.read(size)
        self._start = b""
        end = self._scan(data)
        self._is_exceeded = end < len(data)
        return data[:end]

    def _scan(self, data: bytes) -> int:
        """Take note of what opens and closes. Where it becomes too deep; else the end."""
        blank = self._without_escapes(data)
        pieces = blank.translate(None, _OTHERS).split(b'"')
        outside = b"".join(pieces[self._in_string :: 2])
        height, before = 0, b"?"
        while before != outside and height <= MAX_DEPTH:  # each round takes the innermost pairs away
            before, height = outside, height + 1
            outside = outside.replace(b"[]", b"").replace(b"{}", b"")
        opened = outside.count(b"[") + outside.count(b"{")
        if self._depth + height + opened > MAX_DEPTH:
            return self._scan_tokens(blank)
        self._depth += 2 * opened - len(outside)
        self._in_string ^= len(pieces) % 2 == 0
        return len(data)

    def _without_escapes(self, data: bytes) -> bytes:
        """The bytes with blanks for what a backslash escapes, also one at the end of those before."""
        if not data:
            return data
        if self._escapes:
            data = b" " + data[1:]
        if b"\\" in data:
            data = _ESCAPE.sub(b"  ", data)
        self._escapes = data.endswith(b"\\")
        return data

    def _scan_tokens(self, blank: bytes) -> int:
        """The same, one by one."""
        for found in _TOKEN.finditer(blank):
            token = found[0]
            if token == b'"':
                self._in_string = not self._in_string
            elif not self._in_string:
                self._depth += 1 if token in b"[{" else -1
                if self._depth > MAX_DEPTH:
                    return found.start()
        return len(blank)
