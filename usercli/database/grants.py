"""Least privilege: what lets a PostgreSQL role do the daily work, and leaves the audit log alone."""

from __future__ import annotations

from usercli.database.search_path import quoted_schema
from usercli.database.url import DatabaseUrl
from usercli.errors import InvalidInput
from usercli.validation import require_printable

_SQL = """\
-- What the database role {role} needs to run usercli from day to day, and no more (docs/audit.md).
-- Run it as the owner of the tables, again after each `usercli db upgrade`. It makes no role; before it:
--     CREATE ROLE {role} LOGIN;
-- With these grants the role adds to the audit log but cannot change, cut, back-date or renumber it.
-- Changes of many users use temporary tables.
-- It cannot migrate the schema, nor erase persons (`privacy erase`); that is for the owner.
BEGIN;
{path}REVOKE ALL ON TABLE users, roles, user_roles, import_progress, audit_events, {version} FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE audit_events FROM PUBLIC;
REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role};
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE users, roles, user_roles, import_progress TO {role};
GRANT SELECT, INSERT ON TABLE audit_events TO {role};
GRANT SELECT ON TABLE {version} TO {role};
GRANT TEMPORARY ON DATABASE {database} TO {role};
COMMIT;
"""


def grants_sql(url: DatabaseUrl, role: str) -> str:
    """The statements for a role of this name, whatever characters it has. Raises InvalidInput."""
    if url.engine == "sqlite":
        raise InvalidInput("SQLite has no roles: grants are for PostgreSQL; guard the file by its permissions")
    require_printable(role, "a role's name")
    if not role or role in {"public", "none"}:  # to PostgreSQL these are no names, also in quotes
        raise InvalidInput(f"not a name of a database role: {role or '(empty)'}")
    schema = quoted_schema(url.schema) if url.schema else "public"
    path = f"SET LOCAL search_path = {schema};\n" if url.schema else ""
    database = quoted_schema(url.name)
    return _SQL.format(
        role=quoted_schema(role), schema=schema, path=path, version=url.version_table, database=database
    )
