"""SQLAlchemy tables."""

from usercli.models.audit import AuditEvent
from usercli.models.base import Base
from usercli.models.imports import ImportProgress
from usercli.models.role import Role, UserRole
from usercli.models.user import User

#: An application's models come later: its tables are in the same metadata, and not ours.
OWN_TABLES = frozenset(Base.metadata.tables)

_COMMENTS = {
    "id": "The permanent id, a UUID",
    "created_at": "When the row was created",
    "updated_at": "When the row was last changed",
}
for _name in (
    User.__tablename__,
    Role.__tablename__,
):  # not in the mixins: an application's tables have no comments
    for _column, _comment in _COMMENTS.items():
        Base.metadata.tables[_name].columns[_column].comment = _comment

__all__ = ["OWN_TABLES", "AuditEvent", "Base", "ImportProgress", "Role", "User", "UserRole"]
