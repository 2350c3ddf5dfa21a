"""Add roles, and who holds them.

Revision: 20261121_0200
Revises: 20261121_0100

Two new tables; users is only referred to, so a filled one stays readable and writable meanwhile.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261121_0200"
down_revision: str | Sequence[str] | None = "20261121_0100"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    text = sa.Text(collation="C") if on_postgresql else sa.Text()
    time = sa.DateTime(timezone=True)
    new_id = sa.text("gen_random_uuid()" if on_postgresql else "(lower(hex(randomblob(16))))")
    now = sa.text("now()" if on_postgresql else "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))")
    op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), server_default=new_id, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("description", text, server_default="", nullable=False),
        sa.Column("administrative", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", time, server_default=now, nullable=False),
        sa.Column("updated_at", time, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.UniqueConstraint("name", name="uq_roles_name"),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", time, server_default=now, nullable=False),
        sa.Column("granted_by", text, server_default="", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_roles_user_id_users", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_user_roles_role_id_roles", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", "role_id", name="pk_user_roles"),
    )
    op.create_index("ix_user_roles_role_id", "user_roles", ["role_id"])


def downgrade() -> None:
    op.drop_table("user_roles")
    op.drop_table("roles")
