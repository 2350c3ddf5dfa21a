"""The options of `import` that say how a table is read, parsed."""

from __future__ import annotations

from datetime import UTC, tzinfo

from usercli.errors import InvalidInput
from usercli.schemas.user_fields import ATTRIBUTE


def delimiter(given: str | None) -> str | None:
    """One character. Raises InvalidInput."""
    if given is None:
        return None
    text = {"\\t": "\t", "tab": "\t"}.get(given, given)
    if len(text) != 1 or text in {'"', "\n", "\r"}:
        raise InvalidInput("--delimiter must be one character, or tab")
    return text


def mapping(items: list[str]) -> dict[str, str]:
    """`THEIRS=OURS` each; the name of a column may have `=`. Raises InvalidInput."""
    found: dict[str, str] = {}
    for item in items:
        theirs, equals, ours = item.partition("=")
        if "=" in ours and not ours.startswith(ATTRIBUTE):
            theirs, equals, ours = item.rpartition("=")
        if not (theirs and equals and ours):
            raise InvalidInput(f"--map must be THEIRS=OURS, not: {item}")
        try:
            field = our_field(ours)
        except InvalidInput as error:
            raise InvalidInput(f"--map {theirs}=: {error.message}") from None
        if found.setdefault(theirs, field) != field:
            raise InvalidInput(f"--map {theirs}= is given twice: {found[theirs]} and {field}")
    return found


def our_field(name: str) -> str:
    """Our field of a name in any case, or `attributes.x`. Raises InvalidInput."""
    from usercli.readers.known_headers import known_words, plain
    from usercli.schemas.import_rows import FIELDS
    from usercli.text import suggestion

    if name in FIELDS or (name.startswith(ATTRIBUTE) and name != ATTRIBUTE):
        return name
    found = known_words().get(plain(name)) if "." not in name else None
    if found is not None and found.is_ours and found.field in FIELDS:
        return found.field
    near = suggestion(name, list(FIELDS))
    raise InvalidInput(f"no such field: {name}{near or '; for anything else there is attributes.NAME'}")


def values(items: list[str]) -> dict[str, dict[str, str]]:
    """`COLUMN:WORD|WORD=OURS,WORD=OURS` each. Raises InvalidInput."""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        colon = item.rfind(":", 0, max(item.find("="), 0))
        column, pairs = item[:colon].strip(), item[colon + 1 :].split(",")
        if colon < 1 or not all("=" in pair for pair in pairs):
            raise InvalidInput(f"--value must be COLUMN:WORD|WORD=OURS,WORD=OURS, not: {item}")
        words = found.setdefault(column, {})
        for pair in pairs:
            theirs, _, ours = pair.rpartition("=")
            for word in theirs.split("|"):
                _add_word(words, column, word.strip(), ours.strip())
    return found


def _add_word(words: dict[str, str], column: str, word: str, ours: str) -> None:
    if words.setdefault(word, ours) != ours:
        raise InvalidInput(f"--value {column}: {word} is given twice: {words[word]} and {ours}")


def zone(given: str | None) -> tzinfo:
    """The zone of a name. Raises InvalidInput."""
    if given is None:
        return UTC
    from usercli.schemas.import_times import time_zone

    return time_zone(given)


def date_order(given: str | None) -> str | None:
    """dmy, mdy, ymd or excel. Raises InvalidInput."""
    from usercli.schemas.import_times import DATE_ORDERS

    if given is not None and given.lower() not in DATE_ORDERS:
        raise InvalidInput(f"--date-order must be dmy, mdy, ymd or excel, not: {given}")
    return given.lower() if given is not None else None
