"""central purchases: titles, shares of libraries, the vouchers they were sent

Revision: 0138b
Before it: 0141
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0138b'
down_revision = '0141'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
    op.create_table('central_purchase',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('funding', sa.String(length=120), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'sent')", name=op.f('ck_central_purchase_state_known')),
    sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f('ck_central_purchase_sent_when')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_central_purchase'))
    )
    op.create_table('central_title',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('purchase_id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=True),
    sa.Column('fresh', json, nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('price IS NULL OR price >= 0', name=op.f('ck_central_title_price_not_negative')),
    sa.ForeignKeyConstraint(['purchase_id'], ['central_purchase.id'], name=op.f('fk_central_title_purchase_id_central_purchase'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_central_title_record_id_record')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_central_title'))
    )
    op.create_index('ix_central_title_purchase', 'central_title', ['purchase_id'], unique=False)
    op.create_table('central_share',
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.CheckConstraint('copies > 0', name=op.f('ck_central_share_copies_counted')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_central_share_library_id_org_unit')),
    sa.ForeignKeyConstraint(['title_id'], ['central_title.id'], name=op.f('fk_central_share_title_id_central_title'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('title_id', 'library_id', name=op.f('pk_central_share'))
    )
    op.create_table('central_voucher',
    sa.Column('purchase_id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('voucher_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_central_voucher_library_id_org_unit')),
    sa.ForeignKeyConstraint(['purchase_id'], ['central_purchase.id'], name=op.f('fk_central_voucher_purchase_id_central_purchase'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['voucher_id'], ['voucher.id'], name=op.f('fk_central_voucher_voucher_id_voucher'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('purchase_id', 'library_id', name=op.f('pk_central_voucher'))
    )
    op.create_index('ix_central_voucher_voucher', 'central_voucher', ['voucher_id'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_table('central_voucher')
    op.drop_table('central_share')
    op.drop_table('central_title')
    op.drop_table('central_purchase')
