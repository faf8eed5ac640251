"""weeding: lists with council, minutes and decision; what became of the copies

Revision: 0138a
Before it: 0138
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0138a'
down_revision = '0138'
branch_labels = None
depends_on = None

STANDS = "state IN ('proposed', 'withdrawn')"


def upgrade() -> None:
    """Change the tables."""
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
    op.create_table('weeding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('council', json, nullable=False),
    sa.Column('minutes_no', sa.String(length=40), nullable=False),
    sa.Column('met_on', sa.Date(), nullable=True),
    sa.Column('decision_no', sa.String(length=40), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('proposed', 'decided', 'struck')", name=op.f('ck_weeding_state_known')),
    sa.CheckConstraint("state <> 'decided' OR (minutes_no <> '' AND met_on IS NOT NULL AND decision_no <> '' AND decided_on IS NOT NULL)", name=op.f('ck_weeding_decided_with_papers')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_weeding_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weeding'))
    )
    op.create_index('ix_weeding_library', 'weeding', ['library_id', 'state'], unique=False)
    op.create_table('disposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('weeding_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=False),
    sa.Column('receiver', sa.String(length=200), nullable=False),
    sa.Column('proceeds', sa.BigInteger(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('transferred', 'sold', 'destroyed')", name=op.f('ck_disposal_kind_known')),
    sa.CheckConstraint('proceeds IS NULL OR proceeds >= 0', name=op.f('ck_disposal_proceeds_not_negative')),
    sa.ForeignKeyConstraint(['weeding_id'], ['weeding.id'], name=op.f('fk_disposal_weeding_id_weeding')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disposal'))
    )
    op.create_index('ix_disposal_weeding', 'disposal', ['weeding_id'], unique=False)
    op.create_table('weeding_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('weeding_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('ground', sa.String(length=20), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('was', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=True),
    sa.Column('disposal_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("disposal_id IS NULL OR state = 'withdrawn'", name=op.f('ck_weeding_line_disposed_is_withdrawn')),
    sa.CheckConstraint("state IN ('proposed', 'withdrawn', 'restored')", name=op.f('ck_weeding_line_state_known')),
    sa.ForeignKeyConstraint(['disposal_id'], ['disposal.id'], name=op.f('fk_weeding_line_disposal_id_disposal')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_weeding_line_item_id_item'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['weeding_id'], ['weeding.id'], name=op.f('fk_weeding_line_weeding_id_weeding'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weeding_line')),
    sa.UniqueConstraint('weeding_id', 'item_id', name=op.f('uq_weeding_line_weeding_id_item_id'))
    )
    op.create_index('ix_weeding_line_disposal', 'weeding_line', ['disposal_id'], unique=False)
    op.create_index('uq_weeding_line_standing', 'weeding_line', ['item_id'], unique=True, sqlite_where=sa.text(STANDS), postgresql_where=sa.text(STANDS))


def downgrade() -> None:
    """Change them back."""
    op.drop_table('weeding_line')
    op.drop_table('disposal')
    op.drop_table('weeding')
