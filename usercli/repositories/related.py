"""The rows of other tables that refer to users, found from the database itself."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, MetaData, Select, Table, Uuid, func, inspect, literal_column, select, text
from sqlalchemy.orm import Session

#: Ours; they are told of, and removed, by name.
_OWN = frozenset({"user_roles"})


@dataclass(frozen=True)
class Reference:
    """A foreign key of another table that leads to users.id."""

    schema: str | None
    table: str
    column: str
    on_delete: str
    nullable: bool

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table


class RelatedRepository:
    """What applications keep about users in tables of their own."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def references(self) -> list[Reference]:
        """Every foreign key to users.id, by table name."""
        inspector = inspect(self.session.connection())
        found = []
        for schema in self._schemas(inspector):
            for table in inspector.get_table_names(schema=schema):
                for key in inspector.get_foreign_keys(table, schema=schema):
                    to_users = key["referred_table"] == "users" and key["referred_columns"] == ["id"]
                    ours = key["referred_schema"] in (None, inspector.default_schema_name)
                    if to_users and ours and not (schema is None and table in _OWN):
                        column = key["constrained_columns"][0]
                        rule = self._rule(table, key).upper()
                        columns = {item["name"]: item["nullable"] for item in inspector.get_columns(table, schema)}
                        found.append(Reference(schema, table, column, rule, columns[column]))
        return sorted(found, key=lambda reference: (reference.name, reference.column))

    def count(self, reference: Reference, user_ids: Collection[uuid.UUID]) -> int:
        """How many rows refer to one of these users."""
        table, column = _table(reference)
        return self.session.scalar(select(func.count()).select_from(table).where(column.in_(user_ids))) or 0

    def rows(self, reference: Reference, user_id: uuid.UUID) -> Iterator[Mapping[str, Any]]:
        """The rows that refer to a user, with all their columns."""
        table, column = _table(reference)
        query: Select[Any] = select(literal_column("*")).select_from(table).where(column == user_id)
        for row in self.session.execute(query).mappings():
            yield dict(row)

    def _rule(self, table: str, key: Mapping[str, Any]) -> str:
        if self.session.get_bind().dialect.name == "sqlite":  # of keys written beside the column it tells no rule
            [column] = key["constrained_columns"]
            rules = text('SELECT on_delete FROM pragma_foreign_key_list(:name) WHERE "from" = :column')
            found = self.session.scalar(rules, {"name": table, "column": column})
            return str(found or "NO ACTION")
        return str((key.get("options") or {}).get("ondelete", "NO ACTION"))

    def _schemas(self, inspector: Any) -> list[str | None]:
        if self.session.get_bind().dialect.name == "sqlite":
            return [None]
        names = [name for name in inspector.get_schema_names() if name not in {"information_schema", "pg_catalog"}]
        default = inspector.default_schema_name
        return [None if name == default else name for name in names]


def _table(reference: Reference) -> tuple[Any, Any]:
    column: Column[uuid.UUID] = Column(reference.column, Uuid())
    return Table(reference.table, MetaData(), column, schema=reference.schema), column
