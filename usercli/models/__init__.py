"""SQLAlchemy tables."""

from usercli.models.audit import AuditEvent
from usercli.models.base import Base
from usercli.models.imports import ImportProgress
from usercli.models.role import Role, UserRole
from usercli.models.user import User

#: An application's models come later: its tables are in the same metadata, and not ours.
OWN_TABLES = frozenset(Base.metadata.tables)

__all__ = ["OWN_TABLES", "AuditEvent", "Base", "ImportProgress", "Role", "User", "UserRole"]
