"""Export users by COPY, cells encoded by the server.

A test compares these cells with those that user_export_query.py and cli/output/columnar.py make one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Integer, Text, case, cast, func, literal, select
from sqlalchemy.orm import Session

from usercli.column_batches import Block, CellEncoding, Encoded, Texts
from usercli.models.role import Role, UserRole
from usercli.models.types import as_read
from usercli.models.user import User
from usercli.repositories.pagination import Order
from usercli.repositories.postgres_copy import copy_columns
from usercli.repositories.unreadable_times import in_calendar
from usercli.repositories.users import UserRepository
from usercli.schemas.stored_times import StoredTime
from usercli.schemas.user_fields import BOOLEANS, TEXTS, TIMES
from usercli.schemas.users import UserCriteria
from usercli.text import json_line

_ROWS_A_BLOCK = 1000
_NO_TIME = "!"  # begins what is no time; no id, number or time has it


class UserExportCopy:
    """Blocks of users: ids, booleans, numbers and times are encoded, texts are as they are stored.

    Encoded neighbours are one column, since every cell costs: its name is theirs, joined by commas.
    A time that no calendar holds is the text that is stored; `unreadable` tells of them when all is read.
    """

    unreadable: Iterator[StoredTime] = iter(())

    def __init__(self, session: Session, fields: Sequence[str], cell_encoding: CellEncoding) -> None:
        self._session, self._fields, self._cell_encoding = session, fields, cell_encoding
        self._is_partly_unreadable = False
        self._has_roles = session.scalar(select(UserRole.user_id).limit(1)) is not None
        runs = groupby(fields, lambda name: name if self._is_text(name) else None)
        self._columns = {",".join(names): tuple(names) for names in (list(run) for _, run in runs)}

    def matching(self, criteria: UserCriteria, order: Order) -> Iterator[Block]:
        """The users that fit, streamed in this order."""
        repository = UserRepository(self._session)
        query = repository.query_matching(criteria, order)
        query = query.with_only_columns(
            *(self._expression(names).label(f"column_{at}") for at, names in enumerate(self._columns.values()))
        )
        makers = [self._maker(names) for names in self._columns.values()]
        for columns in copy_columns(self._session, query, _ROWS_A_BLOCK):
            made = [make(column) for make, column in zip(makers, columns, strict=True)]
            yield dict(zip(self._columns, made, strict=True))
        if self._is_partly_unreadable:
            self.unreadable = repository.unreadable_times(criteria, self._fields)

    def _is_text(self, name: str) -> bool:
        return name in TEXTS or (name == "roles" and self._has_roles)

    def _expression(self, names: Sequence[str]) -> Any:
        [first, *others] = names
        found = self._one(first)
        for name in others:
            found = found.concat(f',"{name}":' if self._cell_encoding.json else ",").concat(self._one(name))
        return found

    def _one(self, name: str) -> Any:
        if name == "roles":
            return self._roles() if self._has_roles else literal("[]" if self._cell_encoding.json else "")
        column = getattr(User, name)
        if name in TIMES:  # as what it is to us: an adopted table may have times without a zone
            return self._time(cast(column, column.type))
        if name in BOOLEANS:
            return case((column, "true"), else_="false")
        if name == "id" and self._cell_encoding.json:
            return cast(func.to_json(column), Text)
        return column if name in TEXTS else cast(column, Text)

    def _time(self, column: Any) -> Any:
        """A time in JSON, at +00:00. There microseconds lose their last zeros, so those are written by to_char."""
        microseconds = cast(func.date_part("microseconds", column), Integer)
        exists = in_calendar(column)
        as_json = cast(func.to_json(column), Text)
        return case(
            (as_read(column).is_(None), self._cell_encoding.null),
            (exists & (func.mod(microseconds, 10) != 0), as_json),
            (exists & (func.mod(microseconds, 1_000_000) == 0), as_json),
            (exists, func.to_char(column, '\\"YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"\\"')),
            else_=literal(f'"{_NO_TIME}').concat(cast(column, Text)).concat('"'),
        )

    def _roles(self) -> Any:
        names = select(Role.name).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == User.id)
        return cast(func.to_json(func.array(names.order_by(Role.name).scalar_subquery())), Text)

    def _maker(self, names: Sequence[str]) -> Callable[[list[str]], Sequence[Any]]:
        if not self._is_text(names[0]):
            return self._encoded_cells
        if names[0] == "roles":
            return Encoded if self._cell_encoding.json else _roles
        if names[0] == "attributes":
            return _json_attributes if self._cell_encoding.json else _attributes
        return Texts

    def _encoded_cells(self, cells: list[str]) -> Sequence[str]:
        together = "\n".join(cells)
        if _NO_TIME in together:
            self._is_partly_unreadable = True
            if self._cell_encoding.is_guarded:  # -infinity
                together = together.replace(f'"{_NO_TIME}-', "\"'-")
            together = together.replace(_NO_TIME, "")
        if self._cell_encoding.json:
            return Encoded(together.replace('+00:00"', 'Z"').split("\n"))
        if self._cell_encoding.delimiter != ",":
            together = together.replace(",", self._cell_encoding.delimiter)
        return Encoded(together.replace('+00:00"', "Z").replace('"', "").split("\n"))


def _attributes(cells: list[str]) -> Sequence[str]:
    return Texts(map(_compact, cells))


def _json_attributes(cells: list[str]) -> Sequence[str]:
    return Encoded(map(_compact, cells))


def _roles(cells: list[str]) -> Sequence[Any]:
    return list(map(_names, cells))


@lru_cache(maxsize=4096)  # many users have the same
def _compact(stored: str) -> str:
    return stored if stored == "{}" else json_line(json.loads(stored))


@lru_cache(maxsize=4096)
def _names(stored: str) -> list[str]:
    found: list[str] = json.loads(stored)
    return found
