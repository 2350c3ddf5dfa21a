"""Stream users in JSON: an array, an array inside an object, or a sequence of objects."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

from usercli.errors import InvalidInput
from usercli.readers import BadRecord, ReadOptions, Record
from usercli.readers.file_kinds import require_kind
from usercli.readers.foreign_user import ForeignUser, InvalidRecord, sanitize
from usercli.readers.text_source import BOM

#: The limit of one user, and of one text, so that a damaged file cannot fill the memory.
MAX_BYTES = 16 << 20
MAX_DEPTH = 100

_PIECE = 1 << 16
_EACH = "*"


class Document(NamedTuple):
    """An object of the file, its path ("", "item", "users.item"), and a duplicate key if it has one."""

    place: str
    value: Any
    duplicate_key: str | None


def read_users(
    source: BinaryIO,
    options: ReadOptions,
    system: str,
    known: frozenset[str],
    parse_user: Callable[[dict[str, Any]], ForeignUser | None],
    within: tuple[str, ...] = (),
) -> Iterator[Record | BadRecord]:
    """A record for each object at the top level, in an array, or in one of the arrays `within`.

    The line of a record is its number from 1. `parse_user` returns None for an object to skip. Raises InvalidInput
    if the first object has none of the keys `known`.
    """
    number = 0
    for document in walk(source, system, within):
        if is_envelope(document, within):
            continue
        number += 1
        if number == 1:
            require_known(document.value, known, system)
        found = read_one(number, document, parse_user, options)
        if found is not None:
            yield found


def read_one(
    number: int,
    document: Document,
    parse_user: Callable[[dict[str, Any]], ForeignUser | None],
    options: ReadOptions,
) -> Record | BadRecord | None:
    """The record of an object; None if it is no user."""
    if not isinstance(document.value, dict):
        return BadRecord(number, "not a JSON object")
    if document.duplicate_key is not None:
        return BadRecord(number, f"the key {sanitize(document.duplicate_key)[:50]} appears twice")
    try:
        user = parse_user(document.value)
    except InvalidRecord as error:
        return BadRecord(number, error.reason)
    return user.record(number, options) if user else None


def require_known(value: Any, known: frozenset[str], system: str) -> None:
    """Raise InvalidInput unless the value is an object with one of the known keys, and no other system's."""
    require_kind(value, system)
    if not isinstance(value, dict) or not known & set(value):
        raise InvalidInput(
            f"this is not a file of {system}: its first entry has none of {', '.join(sorted(known))}"
        )


def is_envelope(document: Document, within: tuple[str, ...]) -> bool:
    """Whether the object only encloses the users."""
    if document.place not in ("", "item") or not isinstance(document.value, dict):
        return False
    start = f"{document.place}." if document.place else ""
    return any(f"{start}{key}.item" in within for key in document.value)


def walk(source: BinaryIO, system: str, within: tuple[str, ...] = ()) -> Iterator[Document]:
    """The objects of the file; those of the arrays `within` come alone and are left out of the enclosing object.

    `*` in `within` are the objects that are values of the top-level object, whatever their keys.
    Raises InvalidInput with the line if the file is no JSON, ends too early, or has an object that is too large.
    """
    import ijson

    feed = _LineFeed(source)
    builder = _Builder(frozenset({"", "item", *within}))
    try:
        for event, value in ijson.basic_parse(feed, multiple_values=True, use_float=True):
            feed.bytes_since_item = 0
            yield from builder.take(event, value)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"line {feed.line}: not valid JSON, so not a file of {system}: {reason_of(error)}"
        ) from None
    except _TooLarge as error:
        raise InvalidInput(f"line {feed.line}: {error} (reading it as a file of {system})") from None
    except (EOFError, zlib.error, OSError):
        raise InvalidInput(f"line {feed.line}: the file is truncated or damaged (a file of {system})") from None
    if not builder.began:
        raise InvalidInput(f"the file is empty: not a file of {system}")


class _TooLarge(Exception):
    """A text or an object is too large or nests too deep."""


class _LineFeed:
    """Feeds the parser line by line, so that the line of an error is known."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._next = 1
        self.line = 1
        self.bytes_since_item = 0  # bytes read since the last event

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # the parser checks whether the stream returns bytes
            return b""
        piece = self._source.readline(_PIECE)
        if self._next == 1 and self.bytes_since_item == 0:
            piece = piece.removeprefix(BOM)
        self.line = self._next
        self._next += piece.endswith(b"\n")
        self.bytes_since_item += len(piece)
        if self.bytes_since_item > MAX_BYTES:
            raise _TooLarge(f"a text is longer than {MAX_BYTES >> 20} MB")
        return piece


@dataclass(slots=True)
class _Root:
    """A document that is being built."""

    size: int = 0
    duplicate_key: str | None = None


@dataclass(slots=True)
class _Frame:
    """An open object or array; `container` is None outside of documents."""

    path: str
    is_map: bool
    container: Any
    root: _Root | None
    key: str = ""


class _Builder:
    """Builds documents from the events of the parser."""

    def __init__(self, places: frozenset[str]) -> None:
        self._places = places
        self._open: list[_Frame] = []
        self.began = False

    def take(self, event: str, value: Any) -> Iterator[Document]:
        """The document that ends with this event, if any."""
        self.began = True
        if event == "map_key":
            self._open[-1].key = value
            self._add_size(self._open[-1].root, len(value))
        elif event in ("start_map", "start_array"):
            self._begin(is_map=event == "start_map")
        elif event in ("end_map", "end_array"):
            frame = self._open.pop()
            if frame.path or frame.is_map:  # else it is the top-level array
                yield from self._place(frame.path, frame.container, frame.root)
        else:
            root = self._open[-1].root if self._open else None
            self._add_size(root, len(value) if isinstance(value, str) else 8)
            yield from self._place(self._path(), value, root)

    def _path(self) -> str:
        if not self._open:
            return ""
        above = self._open[-1]
        if len(self._open) > 4:  # deeper than any document
            return "."
        name = above.key if above.is_map else "item"
        return f"{above.path}.{name}" if above.path else name

    def _begin(self, *, is_map: bool) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise _TooLarge(f"nested deeper than {MAX_DEPTH} levels")
        path = self._path()
        if is_map and len(self._open) == 1 and self._open[0].is_map and _EACH in self._places:
            path = _EACH
        above = self._open[-1].root if self._open else None
        root = _Root() if is_map and path in self._places else above
        container: Any = None if root is None else {} if is_map else []
        self._add_size(root, 64)
        self._open.append(_Frame(path, is_map, container, root))

    def _place(self, path: str, value: Any, root: _Root | None) -> Iterator[Document]:
        if path in self._places:
            duplicate_key = root.duplicate_key if isinstance(value, dict) and root else None
            yield Document(path, value, duplicate_key)
        elif self._open and self._open[-1].root is not None:
            self._store(self._open[-1], value)

    def _store(self, frame: _Frame, value: Any) -> None:
        if not frame.is_map:
            frame.container.append(value)
            return
        if frame.key in frame.container and frame.root is not None:
            frame.root.duplicate_key = frame.key
        frame.container[frame.key] = value

    def _add_size(self, root: _Root | None, size: int) -> None:
        if root is not None:
            root.size += size
            if root.size > MAX_BYTES:
                raise _TooLarge(f"an object is larger than {MAX_BYTES >> 20} MB")


def reason_of(error: Exception) -> str:
    """The parser's message without the text that it quotes, which may contain a secret."""
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    if isinstance(error, UnicodeDecodeError) or "UTF8" in text:
        return "a text is not valid UTF-8"
    if "premature EOF" in text or "ncomplete" in text:
        return "it ends too early"
    return text.partition("\n")[0].partition(": ")[2].strip().rstrip(".")[:80] or "it cannot be parsed"
