"""Read a safe subset of YAML as plain data, with line numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from usercli.errors import InvalidInput
from usercli.schemas.document import Path

MAX_DEPTH = 100

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DIGITS = 300
_QUOTED_OR_BRACKET = re.compile(r""""(?:\\.|[^"\\])*"?|'[^']*'?|[\[\]{}]""", re.DOTALL)


def parse(name: str, text: str) -> tuple[Any, dict[Path, int]]:
    """The single document of a text, and the lines of its upper levels. Raises InvalidInput with `name:line`."""
    import yaml

    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        builder.require_shallow(text, mark.index if mark else 0, line)
        raise InvalidInput(
            f"{name}:{line}: not valid YAML: {(error.problem or 'it cannot be read')[:80]}"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise InvalidInput(f"{name}:{line}: not valid YAML: a character that is not allowed") from None
    if not builder.began:
        raise InvalidInput(f"{name}: the file is empty")
    return builder.root, builder.lines


@dataclass
class _Open:
    """A mapping or list that is still open."""

    path: Path
    value: Any
    key: str | None = None


class _Builder:
    """Builds plain data from the events of a parser; refuses aliases (they can explode), tags and duplicate keys.

    Plain scalars follow YAML 1.2: `no` and 2027-01-31 are texts.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines: dict[Path, int] = {}
        self._open: list[_Open] = []
        self.began = False
        self.root: Any = None
        self._end = 0  # of the last event, in characters

    def take(self, event: Any) -> None:
        """Handle the next event."""
        kind = type(event).__name__.removesuffix("Event")
        line = event.start_mark.line + 1
        self._end = event.end_mark.index
        if kind == "DocumentStart" and self.began:
            self._refuse(line, "a second document begins; one is read")
        if kind == "Alias" or getattr(event, "anchor", None):
            self._refuse(line, "anchors and aliases (& and *) are not read; write it out")
        if getattr(event, "tag", None):
            self._refuse(line, "tags (!) are not read")
        if kind in ("MappingEnd", "SequenceEnd"):
            self._open.pop()
        elif kind == "Scalar":
            self._scalar(event, line)
        elif kind in ("MappingStart", "SequenceStart"):
            self._begin({} if kind == "MappingStart" else [], line)

    def require_shallow(self, text: str, end: int, line: int) -> None:
        """Refuse what nests too deep between the last event and the parser's error.

        The parser reads a line ahead of its events, and some versions of it have a bound of their own.
        """
        depth = len(self._open)
        for part in _QUOTED_OR_BRACKET.findall(text, self._end, end):
            depth += (part in "[{") - (part in "]}")
            if depth > MAX_DEPTH:
                self._refuse_depth(line)

    def _begin(self, container: Any, line: int) -> None:
        above = self._open[-1] if self._open else None
        if above is not None and isinstance(above.value, dict) and above.key is None:
            self._refuse(line, "a key is a text")
        if len(self._open) >= MAX_DEPTH:
            self._refuse_depth(line)
        path = self._place(container, line)
        self._open.append(_Open(path, container))

    def _scalar(self, event: Any, line: int) -> None:
        above = self._open[-1] if self._open else None
        if above is not None and isinstance(above.value, dict) and above.key is None:
            if event.value in above.value:
                self._refuse(line, f"the key {event.value[:50]} appears twice")
            above.key = event.value
            return
        self._place(self._plain(event.value, line) if event.implicit[0] else event.value, line)

    def _place(self, value: Any, line: int) -> Path:
        """Add a value to the open container; returns its path."""
        self.began = True
        path: Path = ()
        if not self._open:
            self.root = value
        else:
            above = self._open[-1]
            if isinstance(above.value, list):
                path = (*above.path, len(above.value))
                above.value.append(value)
            else:
                path = (*above.path, above.key or "")
                above.value[above.key], above.key = value, None
        if len(path) <= 3:
            self.lines[path] = line
        return path

    def _plain(self, text: str, line: int) -> Any:
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text.lower() in ("true", "false") and text in (text.lower(), text.upper(), text.capitalize()):
            return text.lower() == "true"
        if _INTEGER.fullmatch(text):
            if len(text) > _DIGITS:
                self._refuse(line, "a number is too long")
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _refuse_depth(self, line: int) -> NoReturn:
        self._refuse(line, f"nested deeper than {MAX_DEPTH} levels")

    def _refuse(self, line: int, reason: str) -> NoReturn:
        raise InvalidInput(f"{self._name}:{line}: {reason}")
