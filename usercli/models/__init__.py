"""SQLAlchemy tables."""

from usercli.models.audit import AuditEvent
from usercli.models.base import Base
from usercli.models.imports import ImportProgress
from usercli.models.role import Role, UserRole
from usercli.models.user import User

__all__ = ["AuditEvent", "Base", "ImportProgress", "Role", "User", "UserRole"]
