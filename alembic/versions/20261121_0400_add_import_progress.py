"""Add the progress of resumable imports.

Revision: 20261121_0400
Revises: 20261121_0300

A new table, referred to by none.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "20261121_0400"
down_revision: str | Sequence[str] | None = "20261121_0300"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    json = JSONB() if on_postgresql else sa.JSON()
    time = sa.DateTime(timezone=True)
    op.create_table(
        "import_progress",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("options", json, nullable=False),
        sa.Column("summary", json, nullable=False),
        sa.Column("reject_bytes", sa.BigInteger(), nullable=False),
        sa.Column("started_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.Column("finished_at", time),
        sa.PrimaryKeyConstraint("digest", name="pk_import_progress"),
    )


def downgrade() -> None:
    op.drop_table("import_progress")
