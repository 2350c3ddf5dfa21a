"""The keys of JSON records as the options rename, join and leave them out, and the words that they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from usercli.errors import Hint, InvalidInput
from usercli.readers import ReadOptions
from usercli.readers.known_headers import meaning, plain
from usercli.readers.table_header import NOT_JOINED
from usercli.readers.table_records import is_uuid
from usercli.readers.table_values import CellReader, join_cells, reversed_flag, word_reader
from usercli.text import visible


class Value(NamedTuple):
    """A value of a record by our name; `is_mapped` if an option gave it that name."""

    theirs: str
    name: str
    value: Any
    is_mapped: bool


class _Step(NamedTuple):
    theirs: str
    keys: tuple[str, ...]
    name: str
    is_mapped: bool
    read: CellReader | None


class Keys:
    """Reads the keys of records as the options say. Records with the same keys are looked at once."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        #: The keys are our names as they stand, and the values are ours.
        self.are_literal = not (options.mapping or options.skipped or options.values)
        self._steps: dict[tuple[str, ...], list[_Step]] = {}
        self._told: set[str] = set()
        #: The first id has shown that it is ours, or an option says so.
        self.is_id_known = "id" in options.mapping.values()

    def values(self, item: dict[str, Any]) -> Iterator[Value]:
        """The values of a record. Raises InvalidInput for a word that is not known."""
        keys = tuple(item)
        steps = self._steps.get(keys)
        if steps is None:
            steps = self._steps[keys] = list(self._read_keys(keys))
            if len(self._steps) > 1000:
                self._steps.clear()
        for step in steps:
            value = item[step.keys[0]] if len(step.keys) == 1 else _join(step, item)
            if step.read is not None and isinstance(value, str | bool | int | float):
                value = step.read(str(value))
            yield Value(step.theirs, step.name, value, step.is_mapped)

    def require_our_id(self, line: int, value: Any) -> None:
        """Raise InvalidInput for an id of another program: it would be dropped without a word."""
        if value is None or value == "":
            return
        if not is_uuid(str(value)):
            shown = visible(str(value)[:50])
            raise InvalidInput(f"line {line}: the id {shown} is none of ours (a UUID)", hint=Hint.MAP_ID)
        self.is_id_known = True

    def _read_keys(self, keys: tuple[str, ...]) -> Iterator[_Step]:
        skipped = {plain(name) for name in self.options.skipped}
        mapped: dict[str, _Step] = {}
        for theirs, ours in self.options.mapping.items():
            found = self._find(theirs, keys)
            parts = [theirs] if found or "+" not in theirs else theirs.split("+")
            places = tuple(key for part in parts if (key := self._find(part.strip(), keys)))
            if ours == "is_active" and len(places) > 1:
                raise InvalidInput(NOT_JOINED)
            if places:
                mapped[places[0]] = _Step(theirs, places, ours, True, self._reader(theirs, ours))
        used = {key for step in mapped.values() for key in step.keys}
        for key in keys:
            if key in mapped:
                yield mapped[key]
            elif key not in used and key not in self.options.skipped and plain(key) not in skipped:
                yield _Step(key, (key,), key, False, self._reader(key, key))

    def _find(self, name: str, keys: tuple[str, ...]) -> str:
        if name in keys:
            return name
        form = plain(name)
        alike = [key for key in keys if form and plain(key) == form]
        return alike[0] if len(alike) == 1 else ""

    def _reader(self, theirs: str, ours: str) -> CellReader | None:
        forms = {plain(theirs), plain(ours)}
        words: dict[str, str] = {}
        for name, given in self.options.values.items():
            if plain(name) in forms:
                words |= given
        if words:
            return word_reader(theirs, words, is_list=ours == "roles")
        found = meaning(theirs) if ours == "is_active" else None
        if found is None or not found.reversed:
            return None
        self._tell_once(f'read "{visible(theirs)}" as is_active (reversed)')
        return reversed_flag(theirs)

    def _tell_once(self, note: str) -> None:
        if note not in self._told:
            self._told.add(note)
            self.options.on_note(note)


def _join(step: _Step, item: dict[str, Any]) -> str:
    parts = [str(item[key]) for key in step.keys if item[key] is not None]
    return join_cells(parts, ";" if step.name == "roles" else " ")
