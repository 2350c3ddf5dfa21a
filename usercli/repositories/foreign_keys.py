"""Rows of other tables that refer to users, found by the foreign keys of the database."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Inspector,
    MetaData,
    Select,
    Table,
    Uuid,
    and_,
    false,
    func,
    inspect,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import Session

from usercli.repositories.users_table import users_table

#: Our tables, which are handled by name.
_OWN_TABLES = frozenset({"user_roles"})

#: What happens to a row when the user is removed: it is removed too, stays without the reference, or blocks.
Effect = Literal["go", "stay", "block"]
_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog"})


@dataclass(frozen=True)
class Reference:
    """A foreign key to users.id, or to rows (of `parent`) that are removed with a user."""

    schema: str | None
    table: str
    columns: tuple[str, ...]
    referred: tuple[str, ...]
    on_delete: str
    nullable: bool
    parent: Reference | None = None

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table

    @property
    def effect(self) -> Effect:
        """What the database does with the rows when the rows that they refer to are removed."""
        if self.on_delete == "CASCADE":
            return "go"
        stays = self.on_delete == "SET DEFAULT" or (self.on_delete == "SET NULL" and self.nullable)
        return "stay" if stays else "block"

    @property
    def rank(self) -> int:
        """The order of effects: of several keys of a row the lowest rank counts.

        NO ACTION blocks even if another key would remove the row: PostgreSQL checks it before the second cascade.
        """
        return ("block", "go", "stay").index(self.effect)

    @property
    def path(self) -> list[Reference]:
        """The keys from the one that refers to users to this one."""
        return [*(self.parent.path if self.parent else ()), self]


class RelatedRepository:
    """Rows about users in the tables of applications."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def references(self) -> Sequence[Reference]:
        """Every foreign key to users.id, and to rows that are removed with users, by table name."""
        inspector = inspect(self.session.connection())
        found: list[Reference] = []
        pending: list[Reference | None] = [None]
        keys = list(self._keys(inspector))
        while pending:
            parent = pending.pop()
            for reference in self._referring(inspector, keys, parent):
                found.append(reference)
                if reference.effect == "go":
                    pending.append(reference)
        return sorted(found, key=lambda reference: (reference.name, reference.rank, reference.columns))

    def counts(self, user_ids: Collection[uuid.UUID]) -> Iterator[tuple[Reference, dict[uuid.UUID, int]]]:
        """The number of rows that refer to each user, by foreign key; each row once, by its effect."""
        seen: dict[str, list[Reference]] = {}
        for reference in self.references:
            before = seen.setdefault(reference.name, [])
            user, query = _count_query(reference, user_ids, before)
            rows = self.session.execute(query.where(user.in_(user_ids)).group_by(user))
            yield reference, {row[0]: row[1] for row in rows}
            before.append(reference)

    def rows(self, user_id: uuid.UUID) -> dict[str, list[Mapping[str, Any]]]:
        """Every row that refers to a user, with all columns, by table."""
        found: dict[str, list[Mapping[str, Any]]] = {reference.name: [] for reference in self.references}
        for name in found:
            references = [reference for reference in self.references if reference.name == name]
            table = _table(references[0])
            query: Select[Any] = select(literal_column("*")).select_from(table)
            query = query.where(or_(*_referencing(table, references, [user_id])))
            found[name] += [dict(row) for row in self.session.execute(query).mappings()]
        return found

    @cached_property
    def _users(self) -> tuple[str | None, str]:
        table = users_table(self.session.connection())
        return table.schema, table.name

    def _keys(self, inspector: Inspector) -> Iterator[tuple[str | None, str, Mapping[str, Any]]]:
        for schema in self._schemas(inspector):
            for (_, table), keys in inspector.get_multi_foreign_keys(schema=schema).items():
                yield from ((schema, table, key) for key in keys)

    def _referring(
        self,
        inspector: Inspector,
        keys: Sequence[tuple[str | None, str, Mapping[str, Any]]],
        parent: Reference | None,
    ) -> Iterator[Reference]:
        wanted = (parent.schema, parent.table) if parent else self._users
        above = {(step.schema, step.table) for step in parent.path} if parent else set()
        for schema, table, key in keys:
            referred_schema = key["referred_schema"]
            if referred_schema == inspector.default_schema_name:
                referred_schema = None
            if (referred_schema, key["referred_table"]) != wanted or (schema is None and table in _OWN_TABLES):
                continue
            if parent is None and key["referred_columns"] != ["id"]:
                continue
            if (schema, table) in above:  # a recursive table: its rows are removed, but not followed
                continue
            columns = tuple(key["constrained_columns"])
            nullable = {item["name"]: item["nullable"] for item in inspector.get_columns(table, schema)}
            yield Reference(
                schema,
                table,
                columns,
                tuple(key["referred_columns"]),
                self._on_delete(table, key).upper(),
                all(nullable[column] for column in columns),
                parent,
            )

    def _on_delete(self, table: str, key: Mapping[str, Any]) -> str:
        if self.session.get_bind().dialect.name == "sqlite":  # SQLAlchemy does not report the rule of an inline key
            column = key["constrained_columns"][0]
            rules = text(
                "SELECT on_delete FROM pragma_foreign_key_list(:name)"
                ' WHERE "from" = :column AND "table" = :referred'
            )
            names = {"name": table, "column": column, "referred": key["referred_table"]}
            return str(self.session.scalar(rules, names) or "NO ACTION")
        return str((key.get("options") or {}).get("ondelete", "NO ACTION"))

    def _schemas(self, inspector: Inspector) -> list[str | None]:
        if self.session.get_bind().dialect.name == "sqlite":
            return [None]
        default = inspector.default_schema_name
        names = [name for name in inspector.get_schema_names() if name not in _SYSTEM_SCHEMAS]
        return [None if name == default else name for name in names]


def _table(reference: Reference) -> Table:
    return Table(reference.table, MetaData(), schema=reference.schema)


def _column(table: Table, name: str) -> ColumnElement[Any]:
    if name not in table.c:
        table.append_column(Column(name))
    return table.c[name]


def _user_id(table: Table, reference: Reference) -> ColumnElement[uuid.UUID]:
    return type_coerce(_column(table, reference.columns[0]), Uuid())


def _count_query(
    reference: Reference, user_ids: Collection[uuid.UUID], before: Sequence[Reference]
) -> tuple[ColumnElement[uuid.UUID], Select[uuid.UUID, int]]:
    """The column of the user, and the count of rows that refer by this key and by none of `before`."""
    first, *others = reference.path
    table = _table(first)
    user = _user_id(table, first)
    joined: Any = table
    for step in others:
        above, table = table, _table(step)
        pairs = zip(step.columns, step.referred, strict=True)
        joined = joined.join(table, and_(*(_column(table, here) == _column(above, there) for here, there in pairs)))
    already = or_(false(), *_referencing(table, before, user_ids))
    return user, select(user, func.count()).select_from(joined).where(already.is_not(true()))


def _referencing(
    table: Table, references: Sequence[Reference], user_ids: Collection[uuid.UUID]
) -> Iterator[ColumnElement[bool]]:
    """For each key the condition that a row of `table` refers to one of these users."""
    for reference in references:
        if reference.parent is None:
            yield _user_id(table, reference).in_(user_ids)
            continue
        above = _table(reference.parent)
        there = [_column(above, name) for name in reference.referred]
        [condition] = _referencing(above, [reference.parent], user_ids)
        here = [_column(table, name) for name in reference.columns]
        yield tuple_(*here).in_(select(*there).where(condition))
