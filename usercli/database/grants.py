"""Least privilege: what lets a PostgreSQL role do the daily work, and leaves the audit log alone."""

from __future__ import annotations

from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput
from usercli.validation import require_printable

_SQL = """\
-- What the database role {role} needs to run usercli from day to day, and no more (docs/audit.md).
-- Run it as the owner of the tables, again after each `usercli db upgrade`. It makes no role; before it:
--     CREATE ROLE {role} LOGIN;
-- With these grants the role adds to the audit log but cannot change, cut, back-date or renumber it.
-- It cannot migrate the schema, nor erase persons (`privacy erase`); that is for the owner.
BEGIN;
REVOKE ALL ON TABLE users, roles, user_roles, import_progress, audit_events, alembic_version FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE audit_events FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role};
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE users, roles, user_roles, import_progress TO {role};
GRANT SELECT, INSERT ON TABLE audit_events TO {role};
GRANT SELECT ON TABLE alembic_version TO {role};
COMMIT;
"""


def grants_sql(url: DatabaseUrl, role: str) -> str:
    """The statements for a role of this name, whatever characters it has. Raises InvalidInput."""
    if url.engine == "sqlite":
        raise InvalidInput("SQLite has no roles: grants are for PostgreSQL; guard the file by its permissions")
    require_printable(role, "a role's name")
    if not role or role in {"public", "none"}:  # to PostgreSQL these are no names, also in quotes
        raise InvalidInput(f"not a name of a database role: {role or '(empty)'}")
    return _SQL.format(role='"' + role.replace('"', '""') + '"')
