"""What every repository can do."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from usercli.errors import NotFound
from usercli.models.base import Base

Entity = TypeVar("Entity", bound=Base)


class Repository(Generic[Entity]):
    """A collection of one kind of entity, by primary key."""

    model: ClassVar[type[Any]]

    def __init__(self, session: Session) -> None:
        self.session = session

    def find(self, key: Any) -> Entity | None:
        """The entity, or None."""
        found: Entity | None = self.session.get(self.model, key)
        return found

    def get(self, key: Any) -> Entity:
        """The entity. Raises NotFound."""
        entity = self.find(key)
        if entity is None:
            raise self.missing(key)
        return entity

    def missing(self, key: Any) -> NotFound:
        """The error for a key that is not there."""
        return NotFound(f"no such {self.model.__name__.lower()}: {key}")

    def add(self, entity: Entity) -> Entity:
        """Put it in; the database's constraints speak at once."""
        self.session.add(entity)
        self.session.flush()
        return entity

    def remove(self, entity: Entity) -> None:
        """Take it out permanently."""
        self.session.delete(entity)
        self.session.flush()

    def count(self) -> int:
        """How many there are."""
        return self.session.scalar(select(func.count()).select_from(self.model)) or 0
