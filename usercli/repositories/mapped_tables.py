"""Our tables about the users of another program's table: what each was when we wrote it, and who has which role."""

from __future__ import annotations

import sqlalchemy as sa

from usercli.errors import Refused, SchemaNotCurrent
from usercli.models.types import UtcDateTime

SEEN = sa.table(
    "mapped_users",
    sa.column("user_id", sa.Text()),
    sa.column("email_key", sa.Text()),
    sa.column("seen_hash", sa.Text()),
    sa.column("seen_at", UtcDateTime()),
)
GRANTS = sa.table(
    "mapped_user_roles",
    sa.column("user_id", sa.Text()),
    sa.column("role_id", sa.Uuid()),
    sa.column("granted_by", sa.Text()),
)
_OWNER = "SELECT obj_description(to_regclass('mapped_users'), 'pg_class')"


def owner_of(connection: sa.Connection) -> str | None:
    """The table whose users they are about; None where they are not complete, or not there."""
    if connection.dialect.name != "postgresql":
        return None
    found = connection.scalar(sa.text(_OWNER))
    return None if found is None else str(found)


def require_own_tables(connection: sa.Connection, name: str) -> None:
    """Raise SchemaNotCurrent without them, Refused where they are about another table than this one."""
    owner = owner_of(connection)
    if owner is None:
        raise SchemaNotCurrent(f"usercli has no tables for the users of {name} yet; run: usercli db upgrade")
    require_owner(owner, name)


def require_owner(owner: str, name: str) -> None:
    """Raise Refused unless our tables are about this table."""
    if owner != name:
        raise Refused(
            f"usercli's schema here belongs to the table {owner}, not to {name}; "
            "give this profile another one by the setting schema"
        )
