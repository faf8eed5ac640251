"""rotating sets: points, boxes, what lay in them, what came too much, figures of the points

Revision: 0119
Before it: 0118
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0119'
down_revision = '0118'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('rotation_point',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=160), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('contact', sa.String(length=120), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.CheckConstraint("kind IN ('branch', 'commune', 'school', 'post_office', 'border_post', 'factory', 'pagoda', 'prison', 'other')", name=op.f('ck_rotation_point_kind_known')),
    sa.CheckConstraint("(kind = 'branch') = (branch_id IS NOT NULL)", name=op.f('ck_rotation_point_branch_is_unit')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_rotation_point_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_rotation_point_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rotation_point')),
    sa.UniqueConstraint('library_id', 'name', name=op.f('uq_rotation_point_library_id_name'))
    )
    op.create_table('consignment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('point_id', sa.Integer(), nullable=False),
    sa.Column('from_id', sa.Integer(), nullable=True),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('serial', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('seal', sa.String(length=40), nullable=False),
    sa.Column('seal_back', sa.String(length=40), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('sent_on', sa.Date(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('handed_by', sa.String(length=120), nullable=False),
    sa.Column('taken_by', sa.String(length=120), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=True),
    sa.Column('received_copies', sa.Integer(), nullable=True),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('closed_by', sa.Integer(), nullable=True),
    sa.Column('settlement', sa.String(length=160), nullable=False),
    sa.Column('settlement_amount', sa.BigInteger(), nullable=True),
    sa.Column('decision', sa.String(length=120), nullable=False),
    sa.Column('link', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'sent', 'closed', 'given', 'canceled')", name=op.f('ck_consignment_state_known')),
    sa.CheckConstraint("state IN ('draft', 'canceled') OR (sent_on IS NOT NULL AND due_on >= sent_on)", name=op.f('ck_consignment_sent_has_days')),
    sa.CheckConstraint("(state IN ('closed', 'given', 'canceled')) = (closed_on IS NOT NULL)", name=op.f('ck_consignment_ended_has_day')),
    sa.CheckConstraint('received_copies IS NULL OR received_copies >= 0', name=op.f('ck_consignment_copies_counted')),
    sa.CheckConstraint('settlement_amount IS NULL OR settlement_amount >= 0', name=op.f('ck_consignment_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_consignment_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['from_id'], ['consignment.id'], name=op.f('fk_consignment_from_id_consignment')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_consignment_library_id_org_unit')),
    sa.ForeignKeyConstraint(['point_id'], ['rotation_point.id'], name=op.f('fk_consignment_point_id_rotation_point')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consignment')),
    sa.UniqueConstraint('library_id', 'year', 'serial', name=op.f('uq_consignment_library_id_year_serial'))
    )
    op.create_index('ix_consignment_state', 'consignment', ['library_id', 'state', 'due_on'])
    op.create_index('ix_consignment_point', 'consignment', ['point_id'])
    op.create_table('consignment_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consignment_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('at_branch_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('new_item_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('packed', 'out', 'returned', 'damaged', 'missing_at_point', 'lost_at_point', 'given', 'taken_off', 'moved_on')", name=op.f('ck_consignment_line_state_known')),
    sa.CheckConstraint("(state IN ('packed', 'out')) = (closed_at IS NULL)", name=op.f('ck_consignment_line_open_while_there')),
    sa.CheckConstraint('uses >= 0', name=op.f('ck_consignment_line_uses_not_negative')),
    sa.ForeignKeyConstraint(['at_branch_id'], ['org_unit.id'], name=op.f('fk_consignment_line_at_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignment.id'], name=op.f('fk_consignment_line_consignment_id_consignment')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_consignment_line_item_id_item')),
    sa.ForeignKeyConstraint(['new_item_id'], ['item.id'], name=op.f('fk_consignment_line_new_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consignment_line'))
    )
    op.create_index('ix_consignment_line_consignment', 'consignment_line', ['consignment_id'])
    op.create_index('ix_consignment_line_item', 'consignment_line', ['item_id'])
    op.create_index('uq_consignment_line_open_item', 'consignment_line', ['item_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('consignment_extra',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consignment_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=True),
    sa.Column('scanned', sa.String(length=60), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignment.id'], name=op.f('fk_consignment_extra_consignment_id_consignment')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_consignment_extra_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consignment_extra')),
    sa.UniqueConstraint('consignment_id', 'scanned', name=op.f('uq_consignment_extra_consignment_id_scanned'))
    )
    op.create_table('consignment_figures',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consignment_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('visits', sa.Integer(), nullable=False),
    sa.Column('reads', sa.Integer(), nullable=False),
    sa.Column('loans', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=8), nullable=False),
    sa.Column('told_by', sa.String(length=120), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('event_ids', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.CheckConstraint("channel IN ('paper', 'phone', 'scan')", name=op.f('ck_consignment_figures_channel_known')),
    sa.CheckConstraint('visits >= 0 AND reads >= 0 AND loans >= 0', name=op.f('ck_consignment_figures_not_negative')),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignment.id'], name=op.f('fk_consignment_figures_consignment_id_consignment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consignment_figures')),
    sa.UniqueConstraint('consignment_id', 'month', name=op.f('uq_consignment_figures_consignment_id_month'))
    )


def downgrade() -> None:
    """Change them back."""
    for table in (
        *('consignment_figures', 'consignment_extra', 'consignment_line'),
        *('consignment', 'rotation_point'),
    ):
        op.drop_table(table)
