"""losses, claims, damages

Revision: 0109
Before it: 0106
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0109'
down_revision = '0106'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('damage_rate',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(amount IS NULL) <> (percent IS NULL)', name=op.f('ck_damage_rate_amount_or_percent')),
    sa.CheckConstraint('amount IS NULL OR amount > 0', name=op.f('ck_damage_rate_amount_positive')),
    sa.CheckConstraint('percent IS NULL OR percent BETWEEN 1 AND 500', name=op.f('ck_damage_rate_percent_bounds')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_damage_rate_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_damage_rate'))
    )
    with op.batch_alter_table('damage_rate', schema=None) as batch_op:
        batch_op.create_index('ix_damage_rate_library', ['library_id'], unique=False)

    op.create_table('claim',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('claimed_on', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('searched_1', sa.Date(), nullable=True),
    sa.Column('searched_1_by', sa.Integer(), nullable=True),
    sa.Column('second_from', sa.Date(), nullable=False),
    sa.Column('searched_2', sa.Date(), nullable=True),
    sa.Column('searched_2_by', sa.Integer(), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.Integer(), nullable=True),
    sa.Column('resolution', sa.String(length=10), nullable=True),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('returned', 'never_had')", name=op.f('ck_claim_kind_known')),
    sa.CheckConstraint("resolution IN ('on_shelf', 'by_reader', 'given_up', 'withdrawn')", name=op.f('ck_claim_resolution_known')),
    sa.CheckConstraint('(resolved_at IS NULL) = (resolution IS NULL)', name=op.f('ck_claim_resolved_with_resolution')),
    sa.CheckConstraint('searched_2 IS NULL OR searched_1 IS NOT NULL', name=op.f('ck_claim_searched_in_order')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_claim_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['loan_id'], ['loan.id'], name=op.f('fk_claim_loan_id_loan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim'))
    )
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.create_index('ix_claim_branch', ['branch_id', 'resolved_at'], unique=False)
        batch_op.create_index('uq_claim_open_loan', ['loan_id'], unique=True, sqlite_where=sa.text('resolved_at IS NULL'), postgresql_where=sa.text('resolved_at IS NULL'))

    op.create_table('loss_proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('proposed_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'postponed', 'gone')", name=op.f('ck_loss_proposal_state_known')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_loss_proposal_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['loan_id'], ['loan.id'], name=op.f('fk_loss_proposal_loan_id_loan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_loss_proposal'))
    )
    with op.batch_alter_table('loss_proposal', schema=None) as batch_op:
        batch_op.create_index('ix_loss_proposal_branch', ['branch_id', 'state'], unique=False)
        batch_op.create_index('uq_loss_proposal_loan', ['loan_id'], unique=True, sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))

    op.create_table('loss',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('why', sa.String(length=20), nullable=False),
    sa.Column('way', sa.String(length=10), nullable=False),
    sa.Column('price_entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('processing_entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reckoning', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('photo_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('settled_on', sa.Date(), nullable=True),
    sa.Column('settled_how', sa.String(length=20), nullable=True),
    sa.Column('replacement_item_id', sa.Integer(), nullable=True),
    sa.Column('found_on', sa.Date(), nullable=True),
    sa.Column('found_money', sa.String(length=20), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('lost', 'damaged')", name=op.f('ck_loss_kind_known')),
    sa.CheckConstraint("state IN ('open', 'settled', 'found', 'cancelled')", name=op.f('ck_loss_state_known')),
    sa.CheckConstraint("way IN ('money', 'same_book', 'none')", name=op.f('ck_loss_way_known')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_loss_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_loss_item_id_item')),
    sa.ForeignKeyConstraint(['loan_id'], ['loan.id'], name=op.f('fk_loss_loan_id_loan')),
    sa.ForeignKeyConstraint(['photo_id'], ['kept_file.id'], name=op.f('fk_loss_photo_id_kept_file'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['price_entry_id'], ['ledger_entry.id'], name=op.f('fk_loss_price_entry_id_ledger_entry')),
    sa.ForeignKeyConstraint(['processing_entry_id'], ['ledger_entry.id'], name=op.f('fk_loss_processing_entry_id_ledger_entry')),
    sa.ForeignKeyConstraint(['replacement_item_id'], ['item.id'], name=op.f('fk_loss_replacement_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_loss'))
    )
    with op.batch_alter_table('loss', schema=None) as batch_op:
        batch_op.create_index('ix_loss_branch', ['branch_id', 'kind', 'state'], unique=False)
        batch_op.create_index('ix_loss_loan', ['loan_id'], unique=False)
        batch_op.create_index('ix_loss_price_entry', ['price_entry_id'], unique=False)
        batch_op.create_index('ix_loss_processing_entry', ['processing_entry_id'], unique=False)
        batch_op.create_index('uq_loss_standing_item', ['item_id'], unique=True, sqlite_where=sa.text("kind = 'lost' AND state IN ('open', 'settled')"), postgresql_where=sa.text("kind = 'lost' AND state IN ('open', 'settled')"))

    with op.batch_alter_table('loan', schema=None) as batch_op:
        batch_op.add_column(sa.Column('claimed_on', sa.Date(), nullable=True))



def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('loan', schema=None) as batch_op:
        batch_op.drop_column('claimed_on')

    with op.batch_alter_table('loss', schema=None) as batch_op:
        batch_op.drop_index('uq_loss_standing_item', sqlite_where=sa.text("kind = 'lost' AND state IN ('open', 'settled')"), postgresql_where=sa.text("kind = 'lost' AND state IN ('open', 'settled')"))
        batch_op.drop_index('ix_loss_processing_entry')
        batch_op.drop_index('ix_loss_price_entry')
        batch_op.drop_index('ix_loss_loan')
        batch_op.drop_index('ix_loss_branch')

    op.drop_table('loss')
    with op.batch_alter_table('loss_proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_loss_proposal_loan', sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))
        batch_op.drop_index('ix_loss_proposal_branch')

    op.drop_table('loss_proposal')
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.drop_index('uq_claim_open_loan', sqlite_where=sa.text('resolved_at IS NULL'), postgresql_where=sa.text('resolved_at IS NULL'))
        batch_op.drop_index('ix_claim_branch')

    op.drop_table('claim')
    with op.batch_alter_table('damage_rate', schema=None) as batch_op:
        batch_op.drop_index('ix_damage_rate_library')

    op.drop_table('damage_rate')
