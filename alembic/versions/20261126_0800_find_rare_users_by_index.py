"""Find inactive users, and addresses in the recycle bin, by an index.

Revision: 20261126_0800
Revises: 20261126_0700

Both indexes hold few rows: an import of active users writes to neither. Each is built in the time of one scan, in
which writers wait.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261126_0800"
down_revision: str | Sequence[str] | None = "20261126_0700"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_DELETED, _INACTIVE = "ix_users_deleted_email_key", "ix_users_inactive"


def upgrade() -> None:
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index(_DELETED, "users", ["email_key"], postgresql_where=deleted, sqlite_where=deleted)
    op.create_index(
        _INACTIVE,
        "users",
        ["created_at", "id"],
        postgresql_where=sa.text("NOT is_active AND deleted_at IS NULL"),
        sqlite_where=sa.text("is_active = 0 AND deleted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(_INACTIVE, "users")
    op.drop_index(_DELETED, "users")
