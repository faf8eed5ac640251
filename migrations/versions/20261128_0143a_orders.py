"""budget lines, orders to suppliers, what of them came in

Revision: 0143a
Before it: 0146
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0143a'
down_revision = '0146'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
    op.create_table('budget_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('source', sa.String(length=120), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('closed', sa.Boolean(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("name <> ''", name=op.f('ck_budget_line_name_given')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_budget_line_amount_not_negative')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_budget_line_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_line')),
    sa.UniqueConstraint('library_id', 'year', 'name', name=op.f('uq_budget_line_library_id_year_name'))
    )
    op.create_table('purchase_order',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('budget_line_id', sa.Integer(), nullable=True),
    sa.Column('discount', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('serial', sa.Integer(), nullable=True),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=True),
    sa.Column('expected_on', sa.Date(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state <> 'cancelled' OR reason <> ''", name=op.f('ck_purchase_order_cancelled_with_reason')),
    sa.CheckConstraint("state <> 'sent' OR (serial IS NOT NULL AND year IS NOT NULL AND dated_on IS NOT NULL)", name=op.f('ck_purchase_order_sent_is_numbered')),
    sa.CheckConstraint("state IN ('draft', 'sent', 'cancelled')", name=op.f('ck_purchase_order_state_known')),
    sa.CheckConstraint('discount BETWEEN 0 AND 100', name=op.f('ck_purchase_order_discount_possible')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_purchase_order_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['budget_line_id'], ['budget_line.id'], name=op.f('fk_purchase_order_budget_line_id_budget_line')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_purchase_order_library_id_org_unit')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_purchase_order_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order')),
    sa.UniqueConstraint('library_id', 'year', 'serial', name=op.f('uq_purchase_order_library_id_year_serial'))
    )
    op.create_index('ix_purchase_order_state', 'purchase_order', ['library_id', 'state', 'expected_on'], unique=False)
    op.create_index('ix_purchase_order_supplier', 'purchase_order', ['supplier_id'], unique=False)
    op.create_table('budget_voucher',
    sa.Column('voucher_id', sa.Integer(), nullable=False),
    sa.Column('budget_line_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['budget_line_id'], ['budget_line.id'], name=op.f('fk_budget_voucher_budget_line_id_budget_line')),
    sa.ForeignKeyConstraint(['voucher_id'], ['voucher.id'], name=op.f('fk_budget_voucher_voucher_id_voucher'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('voucher_id', name=op.f('pk_budget_voucher'))
    )
    op.create_index('ix_budget_voucher_line', 'budget_voucher', ['budget_line_id'], unique=False)
    op.create_table('order_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=True),
    sa.Column('fresh', json, nullable=False),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=True),
    sa.Column('discount', sa.Integer(), nullable=False),
    sa.Column('budget_line_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('copies > 0', name=op.f('ck_order_line_copies_counted')),
    sa.CheckConstraint('discount BETWEEN 0 AND 100', name=op.f('ck_order_line_discount_possible')),
    sa.CheckConstraint('price IS NULL OR price >= 0', name=op.f('ck_order_line_price_not_negative')),
    sa.ForeignKeyConstraint(['budget_line_id'], ['budget_line.id'], name=op.f('fk_order_line_budget_line_id_budget_line')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_order_line_order_id_purchase_order'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_order_line_record_id_record')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_line'))
    )
    op.create_index('ix_order_line_budget', 'order_line', ['budget_line_id'], unique=False)
    op.create_index('ix_order_line_order', 'order_line', ['order_id'], unique=False)
    op.create_index('ix_order_line_record', 'order_line', ['record_id'], unique=False)
    op.create_table('order_receipt',
    sa.Column('voucher_line_id', sa.Integer(), nullable=False),
    sa.Column('order_line_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_line.id'], name=op.f('fk_order_receipt_order_line_id_order_line')),
    sa.ForeignKeyConstraint(['voucher_line_id'], ['voucher_line.id'], name=op.f('fk_order_receipt_voucher_line_id_voucher_line'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('voucher_line_id', name=op.f('pk_order_receipt'))
    )
    op.create_index('ix_order_receipt_order_line', 'order_receipt', ['order_line_id'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_index('ix_order_receipt_order_line', 'order_receipt')
    op.drop_table('order_receipt')
    op.drop_index('ix_order_line_record', 'order_line')
    op.drop_index('ix_order_line_order', 'order_line')
    op.drop_index('ix_order_line_budget', 'order_line')
    op.drop_table('order_line')
    op.drop_index('ix_budget_voucher_line', 'budget_voucher')
    op.drop_table('budget_voucher')
    op.drop_index('ix_purchase_order_supplier', 'purchase_order')
    op.drop_index('ix_purchase_order_state', 'purchase_order')
    op.drop_table('purchase_order')
    op.drop_table('budget_line')
