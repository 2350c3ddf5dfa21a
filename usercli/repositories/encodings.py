"""Which characters a database can hold: all, unless its encoding has fewer than UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from usercli.errors import InvalidInput

#: PostgreSQL's names of encodings, and Python's. Of the others the server says so itself, without a line.
_CODECS = {
    **{f"LATIN{at}": f"iso8859-{part}" for at, part in enumerate((1, 2, 3, 4, 9, 10, 13, 14, 15, 16), 1)},
    **{f"ISO_8859_{part}": f"iso8859-{part}" for part in (5, 6, 7, 8)},
    **{f"WIN{part}": f"cp{part}" for part in (866, 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)},
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
}


def narrow_encoding(session: Session) -> str | None:
    """The encoding of the database, if it is known to have fewer characters than UTF-8."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    driver: Any = session.connection().connection.driver_connection
    if hasattr(driver, "pgconn"):
        name = (driver.pgconn.parameter_status(b"server_encoding") or b"").decode()
    else:  # asyncpg's
        name = driver.get_settings().server_encoding
    return name if name in _CODECS else None


def require_in_encoding(encoding: str | None, texts: Iterable[tuple[str, str]]) -> None:
    """Raise InvalidInput for the first text, of pairs of field and text, that the encoding cannot hold."""
    if encoding is None:
        return
    for field, text in texts:
        try:
            text.encode(_CODECS[encoding])
        except UnicodeEncodeError as error:
            raise cannot_hold(encoding, text[error.start], field) from None


def cannot_hold(encoding: str, character: str, field: str = "") -> InvalidInput:
    """The error for a character that is in no text of this encoding."""
    start = f"{field}: " if field else ""
    number = f"U+{ord(character):04X}"
    return InvalidInput(
        f"{start}the encoding {encoding} of the database cannot hold the character {character} ({number})"
    )
