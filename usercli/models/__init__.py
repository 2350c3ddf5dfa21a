"""SQLAlchemy tables."""

from usercli.models.base import Base
from usercli.models.user import User

__all__ = ["Base", "User"]
