"""The setting `echo`: what is sent to the database, and how long it took, on stderr."""

from __future__ import annotations

import re
import sys
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, event

_BEGAN = "usercli_echo_began"
#: Texts in a statement of somebody who wrote a value into it.
_LITERAL = re.compile(r"\bE'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.IGNORECASE | re.DOTALL)


def echo_statements(engine: Engine) -> None:
    """Write every statement of an engine to stderr when it has ended: milliseconds and SQL, no value."""
    engine.update_execution_options(usercli_echo=_tell)  # for what goes past SQLAlchemy
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)
    for name in ("commit", "rollback", "savepoint", "rollback_savepoint", "release_savepoint"):
        event.listen(engine, name, _tell_of(name.replace("_", " ").upper()))


def _begin(connection: Connection, *_: Any) -> None:
    connection.info.setdefault(_BEGAN, []).append(perf_counter())


def _end(connection: Connection, _: Any, statement: str, __: Any, ___: Any, executemany: bool) -> None:
    began = connection.info[_BEGAN].pop()
    _tell(statement, perf_counter() - began, "many rows" if executemany else "")


def _fail(context: Any) -> None:
    if context.connection is None or not context.statement:
        return
    began = context.connection.info.get(_BEGAN)
    if began:
        _tell(context.statement, perf_counter() - began.pop(), "failed")


def _tell_of(word: str) -> Any:
    def tell(*_: Any) -> None:
        _tell(word, None)

    return tell


def _tell(statement: str, seconds: float | None, remark: str = "") -> None:
    took = "" if seconds is None else f"{seconds * 1000:.1f} ms"
    text = " ".join(_LITERAL.sub("'...'", statement).split())
    sys.stderr.write(f"sql: {took:>10}  {text}{f'  -- {remark}' if remark else ''}\n")
