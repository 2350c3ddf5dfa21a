"""Sort by email by an index, for the addresses that are not their own key.

Revision: 20261127_0900
Revises: 20261126_0800

Most addresses are typed as their key, and are in the order of its unique index. This one holds the others: an
import of addresses in lower case does not write to it. It is built in the time of one scan, in which writers wait.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261127_0900"
down_revision: str | Sequence[str] | None = "20261126_0800"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ix_users_email_not_key"


def upgrade() -> None:
    where = sa.text("email <> email_key")
    op.create_index(_NAME, "users", ["email", "id"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    op.drop_index(_NAME, "users")
