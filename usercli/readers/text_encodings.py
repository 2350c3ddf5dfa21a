"""Encodings of text files: by their mark, by name, and guessed from bytes that are not UTF-8."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator

from usercli.errors import InvalidInput

UTF8 = "utf-8"

#: The mark of UTF-32 comes first: it begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What Python counts among its encodings of text, and is a notation of single words.
_NOTATIONS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_EXAMPLES = "windows-1252, iso-8859-2, shift_jis, utf-16-le"
#: How UTF-16 and UTF-32 look that begin with ASCII and have no mark; at least two characters.
_UNMARKED = (
    (re.compile(rb"(?:[^\0]\0){2,}\Z"), "utf-16-le"),
    (re.compile(rb"(?:\0[^\0]){2,}\Z"), "utf-16-be"),
    (re.compile(rb"(?:[^\0]\0\0\0){2,}\Z"), "utf-32-le"),
    (re.compile(rb"(?:\0\0\0[^\0]){2,}\Z"), "utf-32-be"),
)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
#: Bytes of names in windows-1252: letters, the curved apostrophe, a no-break space; and bytes without a meaning.
_LETTERS = re.compile(rb"[\x92\xa0\xc0-\xff]")
_MEANINGLESS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_LOST = "usercli.lost"


def canonical_name(name: str) -> str:
    """The one name of an encoding of text. Raises InvalidInput for an unknown one."""
    try:
        found = codecs.lookup(name).name.replace("_", "-")
        "x".encode(found)  # a LookupError for what does not encode text, as rot13
    except (LookupError, ValueError):
        found = ""
    if not found or found in _NOTATIONS:
        raise InvalidInput(f"no such encoding of text: {name} (known are {_EXAMPLES} and many more)")
    return UTF8 if found == "utf-8-sig" else found


def encoding_of(start: bytes, named: str | None) -> tuple[str, int]:
    """The encoding of a text that starts so, and the bytes of its mark. Raises InvalidInput if they contradict."""
    mark, marked = next(((mark, name) for mark, name in _MARKS if start.startswith(mark)), (b"", ""))
    wanted = canonical_name(named) if named else ""
    if marked:
        if not marked.startswith(wanted):
            raise InvalidInput(f"the file begins with the mark of {marked.upper()} and is not {named}")
        return marked, len(mark)
    if wanted in {"utf-16", "utf-32"}:
        raise InvalidInput(f"the file has no byte order mark; name the encoding {wanted}-le or {wanted}-be")
    return wanted or UTF8, 0


def unmarked_encoding(start: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, by the NUL bytes of a text that starts with ASCII."""
    whole = start[: min(len(start), 64) // 8 * 8]
    return next((name for pattern, name in _UNMARKED if pattern.match(whole)), None)


def likely_encoding(sample: bytes) -> str | None:
    """What bytes look like that are not UTF-8; None if it may be one of many.

    Western European text has single letters beyond ASCII, which windows-1252 has from 0xC0 on, and other systems
    elsewhere. Longer runs are of another script.
    """
    runs = _BEYOND_ASCII.findall(sample)
    together = b"".join(runs)
    if not runs or _MEANINGLESS.search(together) or len(together) > 2 * len(runs):
        return None
    return "windows-1252" if 2 * len(_LETTERS.findall(together)) >= len(together) else None


def _mark_lost(error: UnicodeError) -> tuple[str, int]:
    """A lone surrogate for bytes without a meaning: in UTF-8 the line is then not valid, and is named."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_LOST, _mark_lost)


def as_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Text of an encoding as UTF-8; bytes without a meaning become some that are not valid UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)(_LOST)
    for chunk in chunks:
        yield decoder.decode(chunk).encode(UTF8, "surrogatepass")
    yield decoder.decode(b"", True).encode(UTF8, "surrogatepass")


class ChunkStream(io.RawIOBase):
    """A stream of the chunks that an iterator gives."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # all that readers of ours give it
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
