"""SQLAlchemy tables."""

from usercli.models.base import Base
from usercli.models.role import Role, UserRole
from usercli.models.user import User

__all__ = ["Base", "Role", "User", "UserRole"]
