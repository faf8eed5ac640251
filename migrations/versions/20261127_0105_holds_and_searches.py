"""copies that are looked for; where a hold on the shelf waits when it is to travel; slips

Revision: 0105
Before it: 0113
"""

import sqlalchemy as sa
from alembic import op

import ils.core.db

revision = '0105'
down_revision = '0113'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('item_search',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('why', sa.String(length=20), nullable=False),
    sa.Column('hold_id', sa.Integer(), nullable=True),
    sa.Column('transit_id', sa.Integer(), nullable=True),
    sa.Column('flagged_at', ils.core.db.UTCDateTime(), nullable=False),
    sa.Column('flagged_by', sa.Integer(), nullable=True),
    sa.Column('closed_at', ils.core.db.UTCDateTime(), nullable=True),
    sa.Column('closed_by', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.CheckConstraint("outcome IN ('found', 'missing', 'again')", name=op.f('ck_item_search_outcome_known')),
    sa.CheckConstraint("why IN ('not_on_shelf', 'not_arrived')", name=op.f('ck_item_search_why_known')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_item_search_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['hold_id'], ['hold.id'], name=op.f('fk_item_search_hold_id_hold')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_item_search_item_id_item')),
    sa.ForeignKeyConstraint(['transit_id'], ['transit.id'], name=op.f('fk_item_search_transit_id_transit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_search'))
    )
    with op.batch_alter_table('item_search', schema=None) as batch_op:
        batch_op.create_index('ix_item_search_branch', ['branch_id', 'closed_at'], unique=False)
        batch_op.create_index('uq_item_search_open', ['item_id', 'branch_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.add_column('hold', sa.Column('shelf_was', sa.Date(), nullable=True))
    op.add_column('hold', sa.Column('printed_at', ils.core.db.UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Change them back."""
    op.drop_column('hold', 'printed_at')
    op.drop_column('hold', 'shelf_was')
    op.drop_table('item_search')
