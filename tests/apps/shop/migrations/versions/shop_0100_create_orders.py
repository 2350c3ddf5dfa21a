"""Create orders and ended_tokens.

Revision: shop_0100
Revises: -
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "shop_0100"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = "20261121_0100"


def upgrade() -> None:
    is_postgresql = op.get_context().dialect.name == "postgresql"
    new_id = sa.text("gen_random_uuid()" if is_postgresql else "(lower(hex(randomblob(16))))")
    now = sa.text("now()" if is_postgresql else "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "ended_tokens",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("ends_at", time, nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_ended_tokens"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), server_default=new_id, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("created_at", time, server_default=now, nullable=False),
        sa.Column("updated_at", time, server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_orders_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
    )
    op.create_index("ix_orders_user_id", "orders", ["user_id"])


def downgrade() -> None:
    op.drop_table("orders")
    op.drop_table("ended_tokens")
