"""Add the bot's log, which outlives users.

Revision: coachbot_0200
Revises: coachbot_0100
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "coachbot_0200"
down_revision: str | Sequence[str] | None = "coachbot_0100"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = "20261121_0300"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_logs_user_id_users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_logs"),
    )
    op.create_index("ix_logs_user_id", "logs", ["user_id"])


def downgrade() -> None:
    op.drop_table("logs")
