"""How many rows a query finds, as the planner of PostgreSQL estimates it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session


class _Explain(Executable, ClauseElement):
    """EXPLAIN of a query: it is planned and not run."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(_Explain)
def _explain(element: _Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.query, **options)}"


def estimated_rows(session: Session, query: Select[Any]) -> int | None:
    """About how many rows a query finds, by the statistics of its tables; None on SQLite, which keeps none."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    found: Any = session.execute(_Explain(query)).scalar_one()
    [plan] = json.loads(found) if isinstance(found, str) else found
    return int(plan["Plan"]["Plan Rows"])
