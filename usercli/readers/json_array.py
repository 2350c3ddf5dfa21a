"""The elements of a JSON array, one at a time, in bounded memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from usercli.errors import InvalidInput
from usercli.readers.json_depth import DepthLimitedStream, TooDeep
from usercli.validation import refuse_constant, require_single_keys

#: The limit of one element, so that a damaged file cannot fill the memory.
MAX_BYTES = 16 << 20

_PIECE = 1 << 16
_BLANKS = re.compile(r"[ \t\r\n]*")
_LARGE = 1 << 20
_CONTAINER_BYTES, _ITEM_BYTES = 64, 8


class BadElement(NamedTuple):
    """Why an element cannot be taken, and its text."""

    reason: str
    text: str


class BadArray(Exception):
    """The text is no JSON array from here on."""


def elements(source: BinaryIO, start: bytes) -> Iterator[tuple[Any, BadElement | None]]:
    """Each element, and why it cannot be taken if so. `start` was read already and begins with the bracket.

    Raises BadArray, TooDeep, UnicodeDecodeError, and what the source raises.
    """
    text = _Text(DepthLimitedStream(source, start))
    text.position = 1
    character = text.next_character()
    while character != "]":
        yield text.element()
        character = text.next_character()
        if character == ",":
            text.position += 1
            text.next_character()
        elif character != "]":
            raise BadArray("it ends too early" if not character else "neither comma nor ] follows")
    text.position += 1
    if text.next_character():
        raise BadArray("trailing garbage")


class _Text:
    """The part of the text that is needed, and the position in it."""

    def __init__(self, stream: DepthLimitedStream) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._text = ""
        self._is_at_end = False
        self._taken = 0
        self.position = 0
        self._read(_PIECE)

    def next_character(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            found = _BLANKS.match(self._text, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self._text):
                return self._text[self.position]
            if self._is_at_end:
                return ""
            self._read(_PIECE)

    def element(self) -> tuple[Any, BadElement | None]:
        """Take the element that begins here."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.position)
            except json.JSONDecodeError as error:
                if self._is_at_end or error.msg.startswith("Invalid control"):
                    raise BadArray(_reason(error)) from None
            except InvalidInput as error:
                raise BadArray(error.message) from None
            except ValueError:
                raise BadArray("a whole number is larger than 64 bits; JSON Lines (jsonl) may hold those") from None
            else:
                if end < len(self._text) or self._is_at_end:  # else a number may go on
                    break
            self._require_small(len(self._text))
            self._read(max(_PIECE, len(self._text) - self.position))  # doubled: the time stays linear
        self._require_small(end)
        begin, self.position = self.position, end
        text = self._text[begin:end]
        try:
            require_single_keys(text, value)
        except InvalidInput as error:
            return value, BadElement(error.message, text)
        return value, None

    def _require_small(self, end: int) -> None:
        """Raise BadArray if the element up to `end` would fill the memory."""
        size, begin = end - self.position, self.position
        if size > _LARGE:
            containers = self._text.count("[", begin, end) + self._text.count("{", begin, end)
            size += _CONTAINER_BYTES * containers + _ITEM_BYTES * self._text.count(",", begin, end)
        if size > MAX_BYTES:
            raise BadArray(f"a record is larger than {MAX_BYTES >> 20} MB")

    def _read(self, size: int) -> None:
        """Forget what was taken, and read so many bytes more."""
        pieces, self.position = [self._text[self.position :]], 0
        end = self._taken + size
        while self._taken < end and not self._is_at_end:
            try:
                # a stream that is too deep ends first and fails then
                data = self._stream.read(_PIECE) or self._stream.read(_PIECE)
            except TooDeep:
                if len(pieces) == 1:
                    raise
                break  # what stands before it is given out; the next read fails again
            self._taken += len(data)
            self._is_at_end = not data
            pieces.append(self._decode(data, final=not data))
        self._text = "".join(pieces)


def _integer(digits: str) -> int:
    value = int(digits)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError
    return value


def _reason(error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Invalid control"):
        return "invalid character inside string"
    if error.msg.startswith("Unterminated") or error.pos >= len(error.doc.rstrip()):
        return "it ends too early"
    return error.msg[:1].lower() + error.msg[1:]


_DECODER = json.JSONDecoder(parse_constant=refuse_constant, parse_int=_integer)
