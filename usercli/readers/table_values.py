"""The cells of a table as values of our fields: words, what a column says in reverse, and names in parts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from usercli.errors import Hint, InvalidInput
from usercli.schemas.boolean_words import IMPORTED_BOOLEANS, STATE_WORDS
from usercli.text import visible

#: What makes the value of a field of a cell. Raises InvalidInput.
CellReader = Callable[[str], str]

_SHOWN_WORDS = 20
_TEXTS = {True: "true", False: "false"}


def word_reader(column: str, words: Mapping[str, str], *, is_list: bool = False) -> CellReader:
    """Reads the words of a column as ours, without regard to case; `is_list` for several, joined by `;`.

    An empty cell stays empty unless there is a word for it.
    """
    known = {_form(theirs): ours for theirs, ours in words.items()}

    def read_word(cell: str) -> str:
        found = known.get(_form(cell))
        if found is None and _form(cell):
            shown = ", ".join(list(words)[:_SHOWN_WORDS])
            raise InvalidInput(f"{column}: no such word: {visible(cell.strip()[:50])} (known: {shown})")
        return found or ""

    def read(cell: str) -> str:
        if is_list and ";" in cell and _form(cell) not in known:
            return ";".join(filter(None, map(read_word, cell.split(";"))))
        return read_word(cell)

    return read


def _form(word: str) -> str:
    return word.strip().casefold()


def reversed_flag(column: str) -> CellReader:
    """Reads `suspended` and its like, which say the opposite of is_active."""

    def read(cell: str) -> str:
        word = _form(cell)
        if not word:
            return ""
        if word in STATE_WORDS:  # it names the state itself
            return _TEXTS[STATE_WORDS[word]]
        if word not in IMPORTED_BOOLEANS:
            text = visible(cell.strip()[:50])
            raise InvalidInput(f"{visible(column)} is neither true nor false: {text}", hint=Hint.VALUE)
        return _TEXTS[not IMPORTED_BOOLEANS[word]]

    return read


def unmasked(cell: str) -> str:
    """A password; none where another program shows asterisks in its place."""
    return cell if cell.strip("*\u2022 ") else ""


def join_cells(parts: Sequence[str], separator: str = " ") -> str:
    """The parts as one text, without the empty ones; Chinese, Japanese and Korean names have no blank inside."""
    found = [part.strip() for part in parts if part.strip()]
    return ("" if separator == " " and all(map(_is_east_asian, found)) else separator).join(found)


def _is_east_asian(text: str) -> bool:
    return all(
        unicodedata.name(letter, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL")) for letter in text
    )
