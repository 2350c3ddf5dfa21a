"""What a database says of one statement: a privilege or a column is missing, a character cannot be held."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from usercli.database.url import DatabaseUrl
from usercli.errors import BrokenRow, DatabaseUnavailable, InvalidInput, SchemaNotCurrent, UserCliError
from usercli.repositories.encodings import cannot_hold

_DENIED = re.compile(r"permission denied for (table|schema|sequence|function|database|view|relation) (.+)")
_NO_TEMPORARY = re.compile(r'permission denied to create temporary tables in database "(.+)"')
_LACKING = re.compile(
    r"(?:no such column: |column |table )(?P<table>\w+)(?:\.| has no column named )(?P<column>\w+)"
    r'|column "?(?P<of_relation>\w+)"? of relation "?(?P<relation>\w+)"?'
)
_OWNED = re.compile(r"must be owner of (\w+ .+)")
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_BYTES = re.compile(r"(?:0x[0-9a-f]{2} ?)+")
_NUMBERED = re.compile(r"(?:__?\d+)+$")
_ENCODING = re.compile(r'"?([A-Z][A-Z0-9_]{3,})"?$')
_LOCKED = re.compile(
    r"\b(?:ALTER TABLE|DROP TABLE|LOCK TABLE|TRUNCATE|UPDATE|INTO|COPY|REFERENCES|(?P<reads>FROM|JOIN)"
    r"|(?:INDEX|TRIGGER)\b.+?\bON)"
    r"\s+(?:(?:IF EXISTS|ONLY|TABLE)\s+)*(?P<name>(?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)"
    r"(?P<called>\s*\()?",
    re.IGNORECASE | re.DOTALL,
)
_NOT_GRANTED = "the database role may not do this to the audit log; erasing requires the owner of the tables"
#: What a statement needs of a table, by its first word: those that change rows read them as well.
_NEEDED = {"SELECT": "SELECT", "INSERT": "SELECT, INSERT", "UPDATE": "SELECT, UPDATE", "DELETE": "SELECT, DELETE"}


def missing_privilege(original: Any, url: DatabaseUrl, statement: str = "") -> UserCliError:
    """The object, the privilege and the role, and what grants it (SQLSTATE 42501)."""
    said = (original.diag.message_primary or "").partition("\n")[0]
    if owned := _OWNED.search(said):
        return DatabaseUnavailable(f"only the owner of {owned[1]} may do this; connect as its owner")
    role = url.user or "of this connection"
    if found := _NO_TEMPORARY.search(said):
        kind, name, needed = "database", found[1], "TEMPORARY"
    elif found := _DENIED.search(said):
        kind, name = found[1].replace("relation", "table"), found[2]
        needed = _needed(kind, statement)
    else:
        return DatabaseUnavailable(f"the role {role} lacks a privilege that this command needs")
    if name == "audit_events" and needed not in {"SELECT", "SELECT, INSERT"}:
        return DatabaseUnavailable(_NOT_GRANTED)
    sentence = f"the role {role} lacks {needed or 'a privilege'} on {kind} {name}"
    if url.user and needed:
        grant = f"GRANT {needed} ON {kind.upper()} {_quoted(name)} TO {_quoted(url.user)}"
        sentence += f"; the owner of the {kind} grants it: {grant}"
    if url.user and needed != "CREATE":
        sentence += f"; for all that daily work needs, run: usercli db sql --grants {shlex.quote(url.user)}"
    return DatabaseUnavailable(sentence)


def missing_column(said: str, url: DatabaseUrl) -> SchemaNotCurrent:
    """The column that a statement needs and the database lacks, if the message names its table, too."""
    found = _LACKING.search(said)
    if found is None:
        return SchemaNotCurrent(f"the schema of {url.where} is not complete; run: usercli db check")
    name = f"{found['table'] or found['relation']}.{found['column'] or found['of_relation']}"
    return SchemaNotCurrent(f"the database {url.where} lacks the column {name}; run: usercli db check")


def _needed(kind: str, statement: str) -> str:
    words = statement.split(None, 1)
    first = words[0].upper() if words else ""
    if kind == "schema":
        return "CREATE" if first in {"CREATE", "ALTER"} else "USAGE"
    if kind not in {"table", "view"}:
        return ""
    if first == "COPY":
        return "SELECT" if words[1].startswith("(") else "SELECT, INSERT"
    if first == "SELECT" and re.search(r"\bFOR (?:NO KEY )?(?:UPDATE|SHARE)\b|\bFOR KEY SHARE\b", statement):
        return "SELECT, UPDATE"
    return _NEEDED.get(first, "")


def tables_of(statement: str) -> tuple[str, ...]:
    """The tables that a statement locks, as far as its text tells, unquoted; none of the server's own.

    Where it takes an advisory lock first, it waits for that.
    """
    if "pg_advisory_xact_lock" in statement:
        return ()
    found = (match for match in _LOCKED.finditer(statement) if not (match["reads"] and match["called"]))
    names = dict.fromkeys(match["name"].replace('"', "") for match in found)
    return tuple(name for name in names if not name.startswith(("pg_", "information_schema.")))


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def no_such_character(original: Any, parameters: Any = None) -> UserCliError:
    """The field and the encoding that cannot hold what was given (SQLSTATE 22P05, 22021)."""
    diag = original.diag
    if original.sqlstate == "22021":  # what is sent is UTF-8: the server holds bytes that are not
        return BrokenRow("the database holds a text that is not valid UTF-8; another program wrote it")
    said = diag.message_primary or ""
    encoding = _ENCODING.search(said) or _ENCODING.search((diag.message_detail or "").rstrip("."))
    character = _character(said)
    if encoding is None or character is None:
        return InvalidInput("the encoding of the database cannot hold a character that was given")
    field = next((name for name, text in _texts(parameters) if character in text), "")
    return cannot_hold(encoding[1], character, _NUMBERED.sub("", field))


def _character(said: str) -> str | None:
    found = _BYTES.search(said)
    if found is None:
        return None
    text = bytes(int(part, 16) for part in found[0].split()).decode(errors="replace")
    return text[:1]


def _texts(parameters: Any) -> Iterator[tuple[str, str]]:
    """The names and texts of what was sent, also where it was sent for several rows."""
    rows: Iterable[Any] = parameters if isinstance(parameters, list | tuple) else [parameters]
    for row in rows:
        if isinstance(row, Mapping):
            for name, value in row.items():
                yield name, str(getattr(value, "obj", value))  # JSON comes wrapped by the driver
