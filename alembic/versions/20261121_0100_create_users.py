"""Create the users table.

Revision: 20261121_0100
Revises: -

Every column but email, email_key and hashed_password has a server default, and no trigger stands on the
table: other programs write to it (docs/table.md).
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "20261121_0100"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    text = sa.Text(collation="C") if on_postgresql else sa.Text()
    time = sa.DateTime(timezone=True)
    # SQLite's own functions, in the spelling in which SQLAlchemy stores ids and times there
    new_id = sa.text("gen_random_uuid()" if on_postgresql else "(lower(hex(randomblob(16))))")
    now = sa.text("now()" if on_postgresql else "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))")
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=new_id, nullable=False),
        sa.Column("email", text, nullable=False),
        sa.Column("email_key", text, nullable=False),
        sa.Column("full_name", text, server_default="", nullable=False),
        sa.Column("hashed_password", text, nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("password_changed_at", time),
        sa.Column("expires_at", time),
        sa.Column("last_login_at", time),
        sa.Column(
            "attributes",
            JSONB() if on_postgresql else sa.JSON(),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", time, server_default=now, nullable=False),
        sa.Column("updated_at", time, server_default=now, nullable=False),
        sa.Column("deleted_at", time),
        sa.Column("was_active", sa.Boolean()),
        sa.Column("managed_by", text),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.CheckConstraint("deleted_at IS NULL OR NOT is_active", name=op.f("ck_users_deleted_is_inactive")),
        sa.CheckConstraint("version > 0", name=op.f("ck_users_version_positive")),
    )
    in_use = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_users_email_key",
        "users",
        ["email_key"],
        unique=True,
        postgresql_where=in_use,
        sqlite_where=in_use,
    )
    op.create_index("ix_users_created_at_id", "users", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("users")
