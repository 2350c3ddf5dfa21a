"""Indexes of some of the rows."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import Index, text


class PartialIndex(Index):
    """An index of the rows that fit a condition.

    SQLAlchemy's own arguments for it, `postgresql_where` and `sqlite_where`, load both dialects at once, at every
    start of a command. Here they are loaded when somebody asks for the options of a dialect: a migration does.
    """

    inherit_cache = True

    def __init__(self, name: str, *columns: str, where: str, sqlite_where: str = "", unique: bool = False) -> None:
        self._conditions = {"postgresql": where, "sqlite": sqlite_where or where}
        super().__init__(name, *columns, unique=unique)

    @cached_property
    def dialect_options(self) -> Any:
        """As every index has them, with the condition."""
        options: Any = super().dialect_options
        for dialect, condition in self._conditions.items():
            options[dialect]["where"] = text(condition)
        return options
