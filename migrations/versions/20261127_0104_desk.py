"""the desk: book-drop sessions, PINs and cards of staff, locked screens

Revision: 0104
Before it: 0112
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0104"
down_revision = "0112"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "staff_pin",
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("card_digest", sa.String(length=64), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_pin_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_pin")),
        sa.UniqueConstraint("card_digest", name=op.f("uq_staff_pin_card_digest")),
    )
    op.create_table(
        "book_drop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts_for", sa.Date(), nullable=False),
        sa.Column("totals", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["org_unit.id"], name=op.f("fk_book_drop_unit_id_org_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_drop")),
    )
    op.create_index(
        "uq_book_drop_open",
        "book_drop",
        ["unit_id", "actor_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    with op.batch_alter_table("staff_session") as table:
        table.add_column(sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("desk_command") as table:
        table.add_column(sa.Column("drop_id", sa.Integer(), nullable=True))
    op.create_index(
        "ix_desk_command_drop",
        "desk_command",
        ["drop_id"],
        sqlite_where=sa.text("drop_id IS NOT NULL"),
        postgresql_where=sa.text("drop_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_index("ix_desk_command_drop", table_name="desk_command")
    with op.batch_alter_table("desk_command") as table:
        table.drop_column("drop_id")
    with op.batch_alter_table("staff_session") as table:
        table.drop_column("locked_at")
    op.drop_table("book_drop")
    op.drop_table("staff_pin")
