"""The repositories of an open unit of work, each made, and its module loaded, when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from usercli.database.unit_of_work import UnitOfWork

NAMES = frozenset({"users", "roles", "bulk", "bulk_updates", "imports", "related", "audit", "changes"})


def make_repository(name: str, uow: UnitOfWork) -> Any:
    """The repository of this name on the session of the unit of work."""
    match name:
        case "users":
            from usercli.repositories.users import UserRepository

            return UserRepository(uow.session)
        case "roles":
            from usercli.repositories.roles import RoleRepository

            return RoleRepository(uow.session)
        case "bulk":
            from usercli.repositories.user_bulk_insert import BulkRepository

            return BulkRepository(uow.session)
        case "bulk_updates":
            from usercli.repositories.user_bulk_update import BulkUpdateRepository

            return BulkUpdateRepository(uow.session, uow.origin.actor)
        case "imports":
            from usercli.repositories.imports import ImportRepository

            return ImportRepository(uow.session)
        case "related":
            from usercli.repositories.foreign_keys import RelatedRepository

            return RelatedRepository(uow.session)
        case "changes":
            from usercli.repositories.changes import ChangeRepository

            return ChangeRepository(uow.session)
        case "audit":
            from usercli.repositories.audit import AuditRepository

            return AuditRepository(uow.session, uow.origin, uow.change_id)
    raise AttributeError(f"a unit of work has no {name}")
