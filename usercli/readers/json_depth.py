"""A bound on how deep JSON nests: the streaming parser's work grows with the square of it."""

from __future__ import annotations

import re
from typing import BinaryIO

#: An array of users whose attributes nest as deep as they may, and one more.
DEEPEST = 103

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))
_TOKEN = re.compile(rb'["\[\]{}]')


class TooDeep(Exception):
    """The text nests deeper than any file of users."""


class Shallow:
    """A stream behind its `start` that ends where its JSON nests too deep: the next read raises TooDeep.

    Which bytes open and close is told without a loop over them; only where it looks deep they are counted.
    """

    def __init__(self, source: BinaryIO, start: bytes = b"") -> None:
        self._source, self._start = source, start
        self._depth = 0
        self._in_text = False
        self._escapes = False
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """Up to that many bytes."""
        if self._is_over:
            raise TooDeep(f"nested deeper than {DEEPEST} levels")
        if size == 0:  # the parser asks what kind of stream this is
            return b""
        data = self._start or self._source.read(size)
        self._start = b""
        end = self._follow(data)
        self._is_over = end < len(data)
        return data[:end]

    def _follow(self, data: bytes) -> int:
        """Take note of what opens and closes. Where it becomes too deep; else the end."""
        blank = self._without_escapes(data)
        pieces = blank.translate(None, _OTHERS).split(b'"')
        outside = b"".join(pieces[self._in_text :: 2])
        height, before = 0, b"?"
        while before != outside and height <= DEEPEST:  # each round takes the innermost pairs away
            before, height = outside, height + 1
            outside = outside.replace(b"[]", b"").replace(b"{}", b"")
        opened = outside.count(b"[") + outside.count(b"{")
        if self._depth + height + opened > DEEPEST:
            return self._counted(blank)
        self._depth += 2 * opened - len(outside)
        self._in_text ^= len(pieces) % 2 == 0
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

    def _counted(self, blank: bytes) -> int:
        """The same, one by one."""
        for found in _TOKEN.finditer(blank):
            token = found[0]
            if token == b'"':
                self._in_text = not self._in_text
            elif not self._in_text:
                self._depth += 1 if token in b"[{" else -1
                if self._depth > DEEPEST:
                    return found.start()
        return len(blank)
